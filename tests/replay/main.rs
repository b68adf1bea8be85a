//! Everything that the fuzzer has found worth keeping goes through its law again.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[path = "../laws/mod.rs"]
mod laws;
#[path = "../shared/mod.rs"]
mod shared;

/// Runs a target's law over the files of a folder, and returns how many there were.
fn replay(folder: &str, target: &str, law: laws::Law) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(folder)
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        assert!(
            catch_unwind(|| law(&data)).is_ok(),
            "the law of {target} does not hold for {}",
            path.display()
        );
        count += 1;
    }
    count
}

#[test]
fn corpora() {
    for (target, law) in laws::ALL {
        assert!(replay("corpus", target, law) > 0, "{target} has no corpus");
    }
}

#[test]
fn regressions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    for entry in fs::read_dir(folder).unwrap() {
        let target = entry.unwrap().file_name().into_string().unwrap();
        let law = laws::ALL.iter().find(|(name, _)| *name == target);
        let (_, law) = law.unwrap_or_else(|| panic!("{target} is no target"));
        assert!(replay("regressions", &target, *law) > 0, "{target}");
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
            if ["setup_roundtrip", "plan"].contains(&name) {
                law(&data);
            }
        }
    }
}
