//! Image references in the grammar of the OCI distribution project:
//! `[host[:port]/]path[:tag][@digest]`.

use core::net::Ipv6Addr;

use crate::limits::{MAX_IMAGE_NAME_BYTES, MAX_IMAGE_TAG_BYTES};

/// The part of an image reference that does not follow the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Empty,
    Identifier,
    PathTooLong,
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
            Self::Identifier => "image reference must not be a bare image ID",
            Self::PathTooLong => "image name is longer than 255 bytes",
            Self::Host => "registry host is not a valid hostname",
            Self::Port => "registry port is not a number",
            Self::UpperCase => "image name must not contain upper-case letters",
            Self::Path => {
                "image name may contain only `a-z` and `0-9`, with `/`, `.`, `_`, `__` or hyphens \
                 between them"
            }
            Self::TagTooLong => "image tag is longer than 128 bytes",
            Self::Tag => {
                "image tag may contain only letters, digits, `_`, `.` and `-`, and must start \
                 with a letter, digit or `_`"
            }
            Self::Digest => {
                "image digest must be `sha256:` and 64 lower-case hexadecimal digits, or `sha384:` \
                 and 96, or `sha512:` and 128"
            }
        }
    }
}

/// Checks a reference as it is written on a command line, where a first part without `.` or `:`
/// belongs to the image's path, in one pass over each of its parts.
pub(super) fn check(reference: &str) -> Result<(), Fault> {
    if reference.is_empty() {
        return Err(Fault::Empty);
    }
    // Commands take it for the image's ID.
    if is_hex(reference, 64) {
        return Err(Fault::Identifier);
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
    check_name(name)?;
    tag.map_or(Ok(()), check_tag)?;
    digest.map_or(Ok(()), check_digest)
}

fn check_name(name: &str) -> Result<(), Fault> {
    let path = match name.split_once('/') {
        Some((host, path)) if is_host(host) => match check_host(host) {
            Ok(()) => path,
            // Such as `my_registry.example`, which is not a host, but a part of a path.
            Err(_) if is_path_part(host) => name,
            Err(fault) => return Err(fault),
        },
        _ => name,
    };
    if path.len() > MAX_IMAGE_NAME_BYTES {
        return Err(Fault::PathTooLong);
    }
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
            .any(|byte| matches!(byte, b'.' | b':') || byte.is_ascii_uppercase())
}

fn check_host(host: &str) -> Result<(), Fault> {
    let (is_name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or(Fault::Host)?;
            // The grammar has no IPv4 notation and no zones.
            let address = address.parse::<Ipv6Addr>().is_ok() && !address.contains('.');
            match port.strip_prefix(':') {
                Some(port) => (address, Some(port)),
                None => (address && port.is_empty(), None),
            }
        }
        None => {
            let (name, port) = match host.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (host, None),
            };
            (name.split('.').all(is_host_part), port)
        }
    };
    if !is_name {
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

/// Checks a digest of the algorithms that the grammar's readers know.
fn check_digest(digest: &str) -> Result<(), Fault> {
    let (algorithm, hex) = digest.split_once(':').ok_or(Fault::Digest)?;
    let digits = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(Fault::Digest),
    };
    if is_hex(hex, digits) {
        Ok(())
    } else {
        Err(Fault::Digest)
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::{Fault, check};

    /// What the grammar's own tests take, and more at its bounds.
    #[test]
    fn references_of_the_grammar() {
        let f64 = "f".repeat(64);
        for reference in [
            "test_com",
            "test.com:tag",
            "test.com:5000",
            "test.com/repo:tag",
            "test:5000/repo",
            "test:5000/repo:tag",
            &format!("test:5000/repo@sha256:{f64}"),
            &format!("test:5000/repo:tag@sha256:{f64}"),
            "lowercase:Uppercase",
            &format!("{}a:tag-puts-this-over-max", "a/".repeat(127)),
            "sub-dom1.foo.com/bar/baz/quux:some-long-tag",
            "b.gcr.io/test.example.com/my-app:test.example.com",
            "xn--n3h.com/myimage:xn--n3h.com",
            &format!("xn--7o8h.com/myimage:xn--7o8h.com@sha512:{f64}{f64}"),
            "foo_bar.com:8080",
            "foo_bar.com/app",
            "foo/foo_bar.com:8080",
            "192.168.1.1",
            "192.168.1.1:5000",
            "192.168.1.1/repo",
            "192.168.1.1:5000/repo:5050",
            "[2001:db8::1]/repo",
            "[2001:db8:1:2:3:4:5:6]/repo:tag",
            "[2001:db8::1]:5000/repo:tag",
            "[2001:db8::]:5000/repo",
            "[::1]:5000/repo",
            "thisisthesongthatneverendsitgoesonandonandonthisisthesongthatnev",
            "docker.io/1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a",
            "dbcc1c35ac38df41fd2f5e4130b32ffdb93ebae8b3dbe638c23575912276fc9",
            "Docker/docker",
            "DOCKER/docker",
            "docker---rules/docker",
            "d/docker",
            "dock__er/docker",
            "do__cker/docker",
            "registry.io/foo/project--id.module--name.ver---sion--name",
            "Asdf.com/foo/bar",
            "0101.com/foo",
            "ab.c-om/foo",
            "[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:75050/foo",
            &format!("localhost:8080@sha256:{f64}"),
            "localhost/app",
            "local_host/app",
            "app:_tag-1.2",
            &format!("a@sha384:{f64}{}", "f".repeat(32)),
            &"a".repeat(255),
            &format!("host.example/{}", "a".repeat(255)),
            &format!("a:{}", "t".repeat(128)),
        ] {
            assert_eq!(check(reference), Ok(()), "{reference}");
        }
    }

    /// What the grammar's own tests refuse, and more right beyond its bounds.
    #[test]
    fn references_beyond_it() {
        let f64 = "f".repeat(64);
        for (reference, fault) in [
            ("", Fault::Empty),
            (&f64, Fault::Identifier),
            (":justtag", Fault::Path),
            (&format!("@sha256:{f64}"), Fault::Path),
            (&format!("repo@sha256:{}", "f".repeat(34)), Fault::Digest),
            (&format!("validname@invaliddigest:{f64}"), Fault::Digest),
            ("Uppercase:tag", Fault::UpperCase),
            ("test:5000/Uppercase/lowercase:tag", Fault::UpperCase),
            ("docker/Docker", Fault::UpperCase),
            ("docker.io/docker/Docker", Fault::UpperCase),
            ("Foo/FarB", Fault::UpperCase),
            (&format!("{}a:tag", "a/".repeat(128)), Fault::PathTooLong),
            ("aa/asdf$$^/aa", Fault::Path),
            ("[2001:db8::1]", Fault::Path),
            ("[2001:db8::1]:5000", Fault::Path),
            ("[2001:db8::1]:tag", Fault::Path),
            ("[fe80::1%eth0]:5000/repo", Fault::Host),
            ("[fe80::1%@invalidzone]:5000/repo", Fault::Path),
            ("[2001:db8:3:4::192.0.2.33]:5000/debian", Fault::Host),
            ("[fd00:1:2::3]75050/foo", Fault::Host),
            ("[fd00:1:2::3]::75050/foo", Fault::Port),
            ("[nonsense:]/app", Fault::Host),
            ("[::1/app", Fault::Host),
            ("[::1]x/app", Fault::Host),
            ("fc00::1:5000/debian", Fault::Port),
            ("https://github.com/docker/docker", Fault::Port),
            ("test.com:http/repo", Fault::Port),
            ("host:/app", Fault::Port),
            ("foo_bar.com:8080/app", Fault::Host),
            ("do__cker:8080/docker", Fault::Host),
            ("-docker", Fault::Path),
            ("-docker/docker", Fault::Path),
            ("docker-/docker", Fault::Path),
            ("-docker.io/docker/docker", Fault::Host),
            ("ab-.com/foo", Fault::Host),
            ("ab.-com/foo", Fault::Host),
            ("dock..er/docker", Fault::Host),
            ("dock_.er/docker", Fault::Host),
            ("docker./docker", Fault::Host),
            (".docker/docker", Fault::Host),
            ("docker///docker", Fault::Path),
            ("docker.io/docker///docker", Fault::Path),
            ("____/____", Fault::Path),
            ("_docker/_docker", Fault::Path),
            ("docker/", Fault::Path),
            ("foo.com/", Fault::Path),
            ("example.com/__underscore/myimage", Fault::Path),
            ("example.com/nodouble..dots/myimage", Fault::Path),
            ("a___b", Fault::Path),
            ("alpine ", Fault::Path),
            ("alpiné", Fault::Path),
            ("registry.com:8080/myapp@sha256:badbadbadbad", Fault::Digest),
            ("registry.com:8080/myapp@bad", Fault::Digest),
            ("registry.com:8080/myapp:invalid~tag", Fault::Tag),
            ("alpine:", Fault::Tag),
            ("alpine:-1", Fault::Tag),
            ("alpine:1:2", Fault::Tag),
            (&"a".repeat(256), Fault::PathTooLong),
            (
                &format!("host.example/{}", "a".repeat(256)),
                Fault::PathTooLong,
            ),
            (&format!("a:{}", "t".repeat(129)), Fault::TagTooLong),
            ("alpine@", Fault::Digest),
            (
                &format!("alpine@sha256:{}", f64.to_uppercase()),
                Fault::Digest,
            ),
            (&format!("a@sha256:{f64}@sha256:{f64}"), Fault::Digest),
        ] {
            assert_eq!(check(reference), Err(fault), "{reference}");
        }
    }
}
