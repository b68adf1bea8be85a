//! Image references in the grammar of the OCI distribution project:
//! `[host[:port]/]path[:tag][@digest]`.

use crate::limits::{MAX_IMAGE_NAME_BYTES, MAX_IMAGE_TAG_BYTES};

/// The part of an image reference that does not follow the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Empty,
    NameTooLong,
    Host,
    Port,
    UpperCase,
    Path,
    TagTooLong,
    Tag,
    Digest,
}

impl Fault {
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Empty => "image reference must not be empty",
            Self::NameTooLong => "image name is longer than 255 bytes",
            Self::Host => "image reference names a registry host that is not a host name",
            Self::Port => "image reference names a registry port that is not a number",
            Self::UpperCase => "image name holds an upper-case letter",
            Self::Path => {
                "image name must be parts of a-z and 0-9, joined by `/` and with `.`, `_`, `__` \
                 or hyphens only inside a part"
            }
            Self::TagTooLong => "image tag is longer than 128 bytes",
            Self::Tag => {
                "image tag must be letters, digits, `_`, `.` and `-`, and start with a letter, \
                 digit or `_`"
            }
            Self::Digest => {
                "image digest must be an algorithm, `:` and at least 32 hexadecimal digits \
                 (64 lower-case ones for sha256)"
            }
        }
    }
}

/// Checks a reference against the grammar, in one pass over each of its parts.
pub(super) fn check(reference: &str) -> Result<(), Fault> {
    if reference.is_empty() {
        return Err(Fault::Empty);
    }
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    // A colon before the last slash belongs to the registry's port.
    let tail = rest.rsplit('/').next().unwrap_or(rest);
    let (name, tag) = match tail.split_once(':') {
        Some((_, tag)) => {
            let colon = rest.len().saturating_sub(tag.len()).saturating_sub(1);
            (rest.get(..colon).unwrap_or(rest), Some(tag))
        }
        None => (rest, None),
    };
    if name.len() > MAX_IMAGE_NAME_BYTES {
        return Err(Fault::NameTooLong);
    }
    check_name(name)?;
    tag.map_or(Ok(()), check_tag)?;
    digest.map_or(Ok(()), check_digest)
}

fn check_name(name: &str) -> Result<(), Fault> {
    let path = match name.split_once('/') {
        Some((host, path)) if is_host(host) => {
            check_host(host)?;
            path
        }
        _ => name,
    };
    if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Fault::UpperCase);
    }
    if path.split('/').all(is_path_part) {
        Ok(())
    } else {
        Err(Fault::Path)
    }
}

/// Whether the first part of a name means a registry rather than a part of the path.
fn is_host(part: &str) -> bool {
    part == "localhost"
        || part
            .bytes()
            .any(|byte| matches!(byte, b'.' | b':' | b'[') || byte.is_ascii_uppercase())
}

fn check_host(host: &str) -> Result<(), Fault> {
    let (name, port) = if host.starts_with('[') {
        let end = host.find(']').ok_or(Fault::Host)?.saturating_add(1);
        let (address, port) = host.split_at_checked(end).ok_or(Fault::Host)?;
        let address = address.trim_start_matches('[').trim_end_matches(']');
        if address.parse::<core::net::Ipv6Addr>().is_err() {
            return Err(Fault::Host);
        }
        match port.strip_prefix(':') {
            Some(port) => (None, Some(port)),
            None if port.is_empty() => (None, None),
            None => return Err(Fault::Host),
        }
    } else {
        match host.split_once(':') {
            Some((name, port)) => (Some(name), Some(port)),
            None => (Some(host), None),
        }
    };
    if !name.is_none_or(|name| name.split('.').all(is_host_part)) {
        return Err(Fault::Host);
    }
    match port {
        Some(port) if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) => {
            Err(Fault::Port)
        }
        _ => Ok(()),
    }
}

fn is_host_part(part: &str) -> bool {
    !part.is_empty()
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !part.starts_with('-')
        && !part.ends_with('-')
}

/// Whether `part` is runs of `a-z0-9`, joined by `.`, `_`, `__` or any number of hyphens.
fn is_path_part(part: &str) -> bool {
    let is_word = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let joined = part
        .as_bytes()
        .split(is_word)
        .all(|gap| matches!(gap, b"" | b"." | b"_" | b"__") || gap.iter().all(|b| *b == b'-'));
    let ends =
        part.as_bytes().first().is_some_and(is_word) && part.as_bytes().last().is_some_and(is_word);
    joined && ends
}

fn check_tag(tag: &str) -> Result<(), Fault> {
    if tag.len() > MAX_IMAGE_TAG_BYTES {
        return Err(Fault::TagTooLong);
    }
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let first = tag.bytes().next().is_some_and(is_word);
    if first && tag.bytes().all(|b| is_word(b) || matches!(b, b'.' | b'-')) {
        Ok(())
    } else {
        Err(Fault::Tag)
    }
}

fn check_digest(digest: &str) -> Result<(), Fault> {
    let (algorithm, hex) = digest.split_once(':').ok_or(Fault::Digest)?;
    let algorithm_fits = algorithm.split(['+', '.', '_', '-']).all(|part| {
        part.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    let lower = |hex: &str| hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let hex_fits = match algorithm {
        "sha256" => hex.len() == 64 && lower(hex),
        "sha512" => hex.len() == 128 && lower(hex),
        _ => hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()),
    };
    if algorithm_fits && hex_fits {
        Ok(())
    } else {
        Err(Fault::Digest)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::{Fault, check};

    #[test]
    fn references_of_the_grammar() {
        let hex = "0123456789abcdef".repeat(4);
        for reference in [
            "alpine",
            "alpine:3.20",
            "library/alpine",
            "docker.io/library/alpine:latest",
            "localhost/app",
            "localhost:5000/app:v1",
            "Registry.example/app",
            "10.0.0.1:5000/a/b/c",
            "[2001:db8::1]:5000/app:tag",
            "[::1]/app",
            "a-b--c/d_e__f.g",
            "app:_tag-1.2",
            &format!("alpine@sha256:{hex}"),
            &format!("alpine:3.20@sha512:{hex}{hex}"),
            &format!("alpine@multi+a.b-c:{hex}"),
            &"a".repeat(255),
            &format!("a:{}", "t".repeat(128)),
        ] {
            assert_eq!(check(reference), Ok(()), "{reference}");
        }
    }

    #[test]
    fn references_beyond_it() {
        let hex = "0123456789abcdef".repeat(4);
        for (reference, fault) in [
            ("", Fault::Empty),
            (&"a".repeat(256), Fault::NameTooLong),
            ("-host.example/app", Fault::Host),
            ("a..b/app", Fault::Host),
            ("[::1/app", Fault::Host),
            ("[nonsense]/app", Fault::Host),
            ("[::1]x/app", Fault::Host),
            ("host:port/app", Fault::Port),
            ("host:/app", Fault::Port),
            ("Alpine", Fault::UpperCase),
            ("library/Alpine", Fault::UpperCase),
            ("https://docker.io/alpine", Fault::Port),
            ("alpine ", Fault::Path),
            ("/alpine", Fault::Path),
            ("alpine/", Fault::Path),
            ("a//b", Fault::Path),
            ("a___b", Fault::Path),
            ("a._b", Fault::Path),
            ("-a", Fault::Path),
            ("a-", Fault::Path),
            (":tag", Fault::Path),
            ("@sha256:00", Fault::Path),
            ("alpiné", Fault::Path),
            (&format!("a:{}", "t".repeat(129)), Fault::TagTooLong),
            ("alpine:", Fault::Tag),
            ("alpine:-1", Fault::Tag),
            ("alpine:1:2", Fault::Tag),
            ("alpine@", Fault::Digest),
            ("alpine@sha256", Fault::Digest),
            ("alpine@sha256:abc", Fault::Digest),
            (
                &format!("alpine@sha256:{}", hex.to_uppercase()),
                Fault::Digest,
            ),
            (&format!("alpine@sha-:{hex}"), Fault::Digest),
            (&format!("a@x:{hex}@x:{hex}"), Fault::Digest),
        ] {
            assert_eq!(check(reference), Err(fault), "{reference}");
        }
    }
}
