//! Everything that the fuzzer has found worth keeping goes through its law again.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[path = "../laws/mod.rs"]
mod laws;
#[path = "../shared/mod.rs"]
mod shared;

fn replay(target: &str, law: laws::Law, name: &str, data: &[u8]) {
    assert!(
        catch_unwind(|| law(data)).is_ok(),
        "the law of {target} does not hold for {name}"
    );
}

/// The names and the data of the members of an `ar` archive.
fn members(archive: &[u8]) -> Vec<(&str, &[u8])> {
    let mut rest = archive.strip_prefix(b"!<arch>\n").unwrap();
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (header, after) = rest.split_at(60);
        let header = std::str::from_utf8(header).unwrap();
        let (data, after) = after.split_at(header[48..58].trim_end().parse().unwrap());
        members.push((header[..16].trim_end(), data));
        // Members start at even places.
        rest = after.get(data.len() % 2..).unwrap_or_default();
    }
    members
}

#[test]
fn corpora() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, law) in laws::ALL {
        let archive = fs::read(folder.join(target).with_extension("a")).unwrap();
        let inputs = members(&archive);
        assert!(!inputs.is_empty(), "{target} has no corpus");
        for (name, data) in inputs {
            replay(target, law, name, data);
        }
    }
}

#[test]
fn regressions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    for entry in fs::read_dir(&folder).unwrap() {
        let target = entry.unwrap().file_name().into_string().unwrap();
        let law = laws::ALL.iter().find(|(name, _)| *name == target);
        let (_, law) = law.unwrap_or_else(|| panic!("{target} is no target"));
        for input in fs::read_dir(folder.join(&target)).unwrap() {
            let path = input.unwrap().path();
            replay(
                &target,
                *law,
                &path.display().to_string(),
                &fs::read(&path).unwrap(),
            );
        }
    }
}

/// Bytes that no one chose: the laws take them all.
#[test]
fn noise() {
    let mut state = 1u64;
    for n in 0..400 {
        let data: Vec<u8> = (0..n)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                state.to_be_bytes()[0]
            })
            .collect();
        for (_, law) in laws::ALL {
            law(&data);
        }
    }
}

/// Many inputs that no one chose, for the laws that make a value of them.
#[test]
fn long_noise() {
    let mut state = 7u64;
    for n in 0..3000 {
        let data: Vec<u8> = (0..n % 700)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                state.to_be_bytes()[0]
            })
            .collect();
        for (name, law) in laws::ALL {
            // A spec is checked many times over.
            let counts = name == "spec_fix" && n % 16 == 0;
            if ["setup_roundtrip", "plan"].contains(&name) || counts {
                law(&data);
            }
        }
    }
}
