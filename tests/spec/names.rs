//! Sandbox names and hostnames: the functions, the validated types, the derivation.

use std::collections::{BTreeMap, HashMap};

use microsandbox_types::{
    Hostname, MAX_HOSTNAME_BYTES, MAX_SANDBOX_NAME_BYTES, SandboxName, TypesError,
    hostname_from_sandbox_name, validate_hostname, validate_sandbox_name,
};
use proptest::prelude::*;

fn x(len: usize) -> String {
    "x".repeat(len)
}

#[test]
fn sandbox_names_are_accepted_or_refused_with_the_rule() {
    const CHARSET: &str = "sandbox name must start with an alphanumeric and contain only \
                           alphanumeric, dots, hyphens, and underscores: ";
    let accepted = ["a", "Z", "0", "a.", "a-", "a_", "web-1.2_x", &x(128)];
    for name in accepted {
        assert_eq!(validate_sandbox_name(name), Ok(()), "{name}");
        assert_eq!(SandboxName::new(name).unwrap().as_str(), name);
    }
    let refused = [
        (String::new(), "sandbox name must not be empty".to_owned()),
        (
            x(129),
            "sandbox name must be at most 128 characters: got 129".into(),
        ),
        (
            " ".repeat(129),
            "sandbox name must be at most 128 characters: got 129".into(),
        ),
        (".a".into(), format!("{CHARSET}.a")),
        ("-a".into(), format!("{CHARSET}-a")),
        ("_a".into(), format!("{CHARSET}_a")),
        ("a b".into(), format!("{CHARSET}a b")),
        ("é".into(), format!("{CHARSET}é")),
        ("a\0".into(), format!("{CHARSET}a\0")),
    ];
    for (name, message) in refused {
        let error = TypesError::InvalidConfig(message.clone());
        assert_eq!(error.to_string(), format!("invalid config: {message}"));
        assert_eq!(validate_sandbox_name(&name), Err(error.clone()));
        // The type's own error does not carry the name.
        let invalid = SandboxName::new(&name).unwrap_err().to_string();
        let with_name = format!("{invalid}: {name}");
        assert!([invalid, with_name].contains(&message), "{message}");
    }
}

/// Every byte at every place of every length: no block of the check is skipped.
#[test]
fn every_byte_of_a_name_counts() {
    for len in 1..=MAX_SANDBOX_NAME_BYTES {
        for at in 0..len {
            let mut name = vec![b'a'; len];
            name[at] = b'/';
            assert!(validate_sandbox_name(std::str::from_utf8(&name).unwrap()).is_err());
        }
    }
    for byte in 0..128u8 {
        let inner = byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        for len in [3, 16, 40] {
            let mut name = vec![b'a'; len];
            name[1] = byte;
            let name = std::str::from_utf8(&name).unwrap();
            assert_eq!(validate_sandbox_name(name).is_ok(), inner, "{name:?}");
        }
        let first = char::from(byte).to_string();
        assert_eq!(
            validate_sandbox_name(&first).is_ok(),
            byte.is_ascii_alphanumeric()
        );
    }
}

/// Names are looked at 32 bytes at a time: two wrong bytes do not make up for each other.
#[test]
fn two_wrong_bytes_are_two_wrong_bytes() {
    for len in [32, 40, 64, 128] {
        for (first, second) in [(1, 2), (1, 31), (15, 16), (0, len - 1)] {
            let mut name = vec![b'a'; len];
            (name[first], name[second]) = (b' ', b' ');
            let name = String::from_utf8(name).unwrap();
            assert!(validate_sandbox_name(&name).is_err(), "{name:?}");
        }
    }
}

#[test]
fn hostnames_are_held_to_their_length_alone() {
    assert_eq!(validate_hostname(None), Ok(()));
    for hostname in ["a", "_", "-", "not a hostname", &x(64)] {
        assert_eq!(validate_hostname(Some(hostname)), Ok(()), "{hostname}");
    }
    let error = |message: &str| Err(TypesError::InvalidConfig(message.into()));
    assert_eq!(
        validate_hostname(Some("")),
        error("hostname must not be empty")
    );
    assert_eq!(
        validate_hostname(Some(&x(65))),
        error("hostname is too long: 65 bytes (max 64)")
    );
    assert_eq!(
        validate_hostname(Some(&"é".repeat(33))),
        error("hostname is too long: 66 bytes (max 64)")
    );
}

#[test]
fn a_long_name_is_cut_and_marked() {
    assert_eq!(hostname_from_sandbox_name(&x(64)), x(64));
    // SHA-256 of 65 × `x`, and of the others, by another implementation.
    let cases = [
        (x(65), format!("{}-{}", x(55), &sha256(&x(65))[..8])),
        (x(128), format!("{}-{}", x(55), &sha256(&x(128))[..8])),
        // A character of two bytes is not cut at byte 55.
        (
            "é".repeat(40),
            format!("{}-{}", "é".repeat(27), &sha256(&"é".repeat(40))[..8]),
        ),
    ];
    for (name, hostname) in cases {
        assert_eq!(hostname_from_sandbox_name(&name), hostname);
    }
}

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn strict_hostnames_are_labels() {
    let accepted = [
        "a",
        "0",
        "web-1",
        "A.b.C",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.a4",
        "a--b",
        &x(63),
        &format!("{}.{}", x(62), "y"),
    ];
    for hostname in accepted {
        assert_eq!(Hostname::new(hostname).unwrap().as_str(), hostname);
    }
    let refused = [
        "",
        "1.2.3.4",
        "999.2.3.4",
        ".",
        "a.",
        ".a",
        "a..b",
        "-a",
        "a-",
        "a.-b",
        "a-.b",
        "a_b",
        "a b",
        "é",
        "a\0",
        &x(64),
        &format!("{}.y", x(64)),
        &format!("{}.yy", x(62)),
        &format!("{}.y", x(64)),
    ];
    for hostname in refused {
        assert!(Hostname::new(hostname).is_err(), "{hostname:?}");
    }
    assert_eq!(
        Hostname::new("a_b").unwrap_err().to_string(),
        "hostname must be labels of 1 to 63 letters, digits and inner hyphens, \
         joined by dots"
    );
    let too_long = format!("{}.yy", x(62));
    assert_eq!(
        Hostname::new(&too_long).unwrap_err().to_string(),
        "hostname is too long: 65 bytes (max 64)"
    );
}

/// These pairs are frozen: a sandbox keeps its hostname across releases.
#[test]
fn a_hostname_is_derived_as_it_always_was() {
    let digits = |name: &str| sha256(name)[..16].to_owned();
    let as_it_stands = [
        "web-1",
        "a",
        "1.2.3",
        &x(63),
        &format!("{}.y", x(62)),
        // One digit short of a derived name's ending, one over it, and not a digit.
        "a-0123456789abcde",
        "a-0123456789abcdef0",
        "a-0123456789abcdeg",
        "0123456789abcdef",
    ];
    for name in as_it_stands {
        assert_eq!(derive(name), name);
    }
    let derived = [
        ("my_app", "my-app"),
        ("Web", "web"),
        ("a..b", "a--b"),
        ("a-", "a"),
        ("a_._-", "a"),
        ("v1.2.-rc", "v1-2--rc"),
        ("x-0123456789abcdef", "x-0123456789abcdef"),
        (&x(64), &x(46)),
        (&x(128), &x(46)),
        (&format!("{}_{}", x(45), x(30)), &x(45)),
    ];
    for (name, prefix) in derived {
        assert_eq!(derive(name), format!("{prefix}-{}", digits(name)));
    }
    assert_eq!(derive("my_app"), "my-app-3fe582255b848a66");
}

fn derive(name: &str) -> String {
    Hostname::from(&SandboxName::new(name).unwrap()).to_string()
}

#[test]
fn every_constructor_checks() {
    assert_eq!("a_b".parse::<SandboxName>().unwrap().as_str(), "a_b");
    assert_eq!(SandboxName::try_from("a_b").unwrap().as_str(), "a_b");
    assert_eq!(
        SandboxName::try_from("a_b".to_owned()).unwrap().as_str(),
        "a_b"
    );
    assert!("/".parse::<SandboxName>().is_err());
    assert!(SandboxName::try_from("/").is_err());
    assert!(SandboxName::try_from("/".to_owned()).is_err());
    assert!("a_b".parse::<Hostname>().is_err());
    assert!(Hostname::try_from("a_b").is_err());
    assert!(Hostname::try_from("a_b".to_owned()).is_err());
    assert_eq!("a.b".parse::<Hostname>().unwrap().as_str(), "a.b");
}

#[test]
fn serde_checks_and_keeps_the_plain_string() {
    let name: SandboxName = serde_json::from_str(r#""a_b""#).unwrap();
    assert_eq!(serde_json::to_string(&name).unwrap(), r#""a_b""#);
    let error = serde_json::from_str::<SandboxName>(r#""""#).unwrap_err();
    assert!(
        error.to_string().contains("sandbox name must not be empty"),
        "{error}"
    );
    assert!(serde_json::from_str::<SandboxName>("1").is_err());
    // An escape makes the string owned, which is another visitor's way.
    assert_eq!(
        serde_json::from_str::<SandboxName>(r#""\u0061""#)
            .unwrap()
            .as_str(),
        "a"
    );
    assert!(serde_json::from_str::<Hostname>(r#""a_b""#).is_err());
    let hostname: Hostname = serde_json::from_str(r#""a.b""#).unwrap();
    let bytes = postcard::to_allocvec(&(&name, &hostname)).unwrap();
    assert_eq!(bytes, b"\x03a_b\x03a.b");
    assert_eq!(
        postcard::from_bytes::<(SandboxName, Hostname)>(&bytes).unwrap(),
        (name, hostname)
    );
    assert!(postcard::from_bytes::<Hostname>(b"\x03a_b").is_err());
}

#[test]
fn validated_strings_serve_as_strings() {
    let name = SandboxName::new("web").unwrap();
    assert_eq!(
        format!("{name} {name:>5} {name:?}"),
        r#"web   web SandboxName("web")"#
    );
    assert_eq!(
        (name.len(), name.as_ref(), String::from(name.clone())),
        (3, "web", "web".into())
    );
    assert!(name == "web" && name != *"web-1" && name < SandboxName::new("wec").unwrap());
    // `Borrow` lets maps be asked with a plain `&str`.
    assert_eq!(HashMap::from([(name.clone(), 1)]).get("web"), Some(&1));
    assert_eq!(BTreeMap::from([(name, 1)]).get("web"), Some(&1));
}

const NAME: &str = "[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}";

proptest! {
    #[test]
    fn the_functions_agree_with_the_published_ones(name in prop_oneof![
        "\\PC{0,40}", NAME, "[a-z._-]{0,140}", "[é🦀a]{20,60}",
    ]) {
        let text = |result: Result<(), String>| result.err();
        prop_assert_eq!(
            text(validate_sandbox_name(&name).map_err(|e| e.to_string())),
            text(reference::validate_sandbox_name(&name).map_err(|e| e.to_string()))
        );
        prop_assert_eq!(
            text(validate_hostname(Some(&name)).map_err(|e| e.to_string())),
            text(reference::validate_hostname(Some(&name)).map_err(|e| e.to_string()))
        );
        prop_assert_eq!(
            hostname_from_sandbox_name(&name),
            reference::hostname_from_sandbox_name(&name)
        );
        prop_assert_eq!(SandboxName::new(&name).is_ok(), validate_sandbox_name(&name).is_ok());
    }

    #[test]
    fn any_name_has_a_hostname_of_its_own(a in NAME, b in NAME) {
        let (a, b) = (SandboxName::new(&a).unwrap(), SandboxName::new(&b).unwrap());
        let (host_a, host_b) = (Hostname::from(&a), Hostname::from(&b));
        prop_assert!(Hostname::new(&host_a).is_ok());
        prop_assert!(host_a.len() <= MAX_HOSTNAME_BYTES);
        prop_assert_eq!(&host_a, &Hostname::from(&a));
        prop_assert_eq!(host_a.eq_ignore_ascii_case(&host_b), a == b);
    }

    /// A hostname is a sandbox name too: taken as one, it must not claim the first one's place.
    #[test]
    fn a_derived_hostname_is_no_other_names_hostname(name in NAME) {
        let name = SandboxName::new(&name).unwrap();
        let hostname = Hostname::from(&name);
        let taken = SandboxName::new(&hostname).unwrap();
        prop_assert_eq!(Hostname::from(&taken) == hostname, taken == name);
    }
}
