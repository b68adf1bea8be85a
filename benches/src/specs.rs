//! The JSON document that both crates read and write.

/// A `SandboxSpec` with every field set.
pub const FULL_SPEC: &str = include_str!("../../tests/data/json/sandbox-spec.rich.json");
