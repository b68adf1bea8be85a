//! The law of the names.

use std::borrow::Borrow;

use microsandbox_types::{
    Hostname, InvalidName, SandboxName, TypesError, hostname_from_sandbox_name, validate_hostname,
    validate_sandbox_name,
};

/// Any text as a name, or as two names, one a line: the functions do as a plain check and as the
/// published crate say, the types hold what the functions accept, and names do not share a derived
/// hostname.
pub fn any(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (one, other) = text.split_once('\n').unwrap_or((&text, ""));
    let [one, other] = [one, other].map(|name| {
        check_functions(name);
        check_hostname(name);
        check_sandbox_name(name)
    });
    if let (Some(one), Some(other)) = (one, other) {
        // The odds of two that meet are 2⁻⁶⁴.
        assert_eq!(one == other, Hostname::from(&one) == Hostname::from(&other));
    }
}

fn check_functions(name: &str) {
    let ours = validate_sandbox_name(name).map_err(|e| e.to_string());
    let theirs = reference::validate_sandbox_name(name).map_err(|e| e.to_string());
    assert_eq!(ours, theirs);
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let first = name.chars().next();
    let valid = name.len() <= 128
        && name.chars().all(allowed)
        && first.is_some_and(|c| c.is_ascii_alphanumeric());
    assert_eq!(ours.is_ok(), valid);

    for hostname in [None, Some(name)] {
        let ours = validate_hostname(hostname).map_err(|e| e.to_string());
        let theirs = reference::validate_hostname(hostname).map_err(|e| e.to_string());
        assert_eq!(ours, theirs);
        assert_eq!(
            ours.is_ok(),
            hostname.is_none_or(|h| (1..=64).contains(&h.len()))
        );
    }

    let hostname = hostname_from_sandbox_name(name);
    assert_eq!(hostname, reference::hostname_from_sandbox_name(name));
    assert!(hostname.len() <= 64);
    let naive = if name.len() <= 64 {
        name.to_owned()
    } else {
        let cut = (0..=55)
            .rev()
            .find(|end| name.is_char_boundary(*end))
            .unwrap();
        format!("{}-{}", &name[..cut], &digest(name)[..8])
    };
    assert_eq!(hostname, naive);
}

fn digest(name: &str) -> String {
    let digest = hmac_sha256::Hash::hash(name.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_sandbox_name(text: &str) -> Option<SandboxName> {
    let valid = validate_sandbox_name(text);
    let name = SandboxName::new(text);
    let invalid = name.as_ref().err().map(InvalidName::to_string);
    let expected = valid.as_ref().err().map(TypesError::to_string);
    match (invalid, expected) {
        // The general error carries the name too.
        (Some(invalid), Some(expected)) => {
            assert!(expected.contains(&invalid), "{expected}: {invalid}");
        }
        (invalid, expected) => assert_eq!(invalid, expected),
    }
    let read = serde_json::from_value::<SandboxName>(text.into());
    assert_eq!(read.as_ref().ok(), name.as_ref().ok());
    if let (Err(read), Err(e)) = (&read, &name) {
        assert_eq!(read.to_string(), e.to_string());
    }
    assert_eq!(text.parse().as_ref(), name.as_ref());
    assert_eq!(SandboxName::try_from(text), name);
    assert_eq!(SandboxName::try_from(text.to_owned()), name);
    let name = name.ok()?;
    assert_eq!(
        format!("{name} {name:?}"),
        format!("{text} SandboxName({text:?})")
    );
    assert_eq!(String::from(name.clone()), text);
    assert_eq!([name.as_ref(), Borrow::borrow(&name)], [text; 2]);
    assert_eq!(name.as_str(), text);
    assert_eq!(serde_json::to_value(&name).unwrap(), text);

    let hostname = Hostname::from(&name);
    assert_eq!(hostname.as_str(), derived(text));
    assert_eq!(Hostname::new(&hostname).as_ref(), Ok(&hostname));
    assert!(!hostname.contains(char::is_uppercase));
    Some(name)
}

/// The hostname that a valid sandbox name gets.
fn derived(name: &str) -> String {
    let digits = name.rsplit_once('-').map_or("", |(_, digits)| digits);
    let looks_derived =
        digits.len() == 16 && digits.chars().all(|c| "0123456789abcdef".contains(c));
    if is_hostname(name) && name.to_lowercase() == name && !looks_derived {
        return name.to_owned();
    }
    let dashed = name.replace(['.', '_'], "-").to_lowercase();
    let prefix = dashed[..dashed.len().min(46)].trim_end_matches('-');
    format!("{prefix}-{}", &digest(name)[..16])
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.trim_matches('-') == label
            && label.chars().all(|c| c == '-' || c.is_ascii_alphanumeric())
    };
    let is_number = |label: &str| label.chars().all(|c| c.is_ascii_digit());
    let labels: Vec<_> = text.split('.').collect();
    let is_address = labels.len() == 4 && labels.iter().all(|label| is_number(label));
    text.len() <= 64 && labels.iter().all(|label| is_label(label)) && !is_address
}

fn check_hostname(text: &str) {
    let hostname = Hostname::new(text);
    assert_eq!(hostname.is_ok(), is_hostname(text));
    let read = serde_json::from_value::<Hostname>(text.into());
    assert_eq!(read.as_ref().ok(), hostname.as_ref().ok());
    assert_eq!(text.parse().as_ref(), hostname.as_ref());
    assert_eq!(Hostname::try_from(text), hostname);
    assert_eq!(Hostname::try_from(text.to_owned()), hostname);
    if let Ok(hostname) = hostname {
        assert_eq!(
            format!("{hostname} {hostname:?}"),
            format!("{text} Hostname({text:?})")
        );
        assert_eq!(String::from(hostname.clone()), text);
        assert_eq!([hostname.as_ref(), Borrow::borrow(&hostname)], [text; 2]);
        let number = serde_json::from_value::<Hostname>(text.len().into());
        assert!(
            number
                .unwrap_err()
                .to_string()
                .ends_with("expected a hostname")
        );
        assert_eq!(hostname.as_str(), text);
        assert_eq!(validate_hostname(Some(text)), Ok(()));
        assert_eq!(serde_json::to_value(&hostname).unwrap(), text);
    }
}
