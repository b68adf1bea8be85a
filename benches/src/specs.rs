//! The JSON documents that are read, written and checked.

use std::fmt::Write;

/// A `SandboxSpec` with every field set.
pub const FULL_SPEC: &str = include_str!("../../tests/data/json/sandbox-spec.rich.json");

/// A spec that uses everything and in which nothing is wrong.
pub const GOOD_SPEC: &str = include_str!("../../examples/specs/full.json");

/// The schema of a spec, for who checks with that.
pub const SCHEMA: &str = include_str!("../../schema/sandbox-spec.json");

/// A spec of 100 kB whose every field is near to a known one, and none: what a check could be slow
/// on.
pub fn hostile_keys() -> String {
    let mut json = String::from("{\"resources\": {");
    let mut n = 0;
    while json.len() < 100_000 {
        write!(json, "\"memory_mib{n}\": {n}, ").unwrap();
        n += 1;
    }
    json + "\"cpus\": 1}}"
}
