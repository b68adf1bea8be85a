//! What must hold for any bytes: one law for each fuzz target.
//!
//! The targets in `fuzz/` call them with what the fuzzer makes up, `tests/replay` with what it
//! has found. A law panics where it does not hold.

mod checks;
mod documents;
mod fixes;
mod frames;
mod hand_over;
mod handoff;
mod messages;
mod names;
mod plan;
mod report;
mod setup;

#[allow(unused_imports)] // for the targets that mutate whole frames
pub use frames::reseal;

/// A law: it takes any bytes.
pub type Law = fn(&[u8]);

/// Every law, by the name of its target.
pub const ALL: [(&str, Law); 14] = [
    ("handoff_decode", handoff::decode),
    ("handoff_roundtrip", handoff::roundtrip),
    ("handoff_mutate", handoff::mutate),
    ("handoff_evolve", handoff::evolve),
    ("guest_report", report::any),
    ("hand_over", hand_over::any),
    ("setup_decode", setup::decode),
    ("setup_roundtrip", setup::roundtrip),
    ("plan", plan::any),
    ("names", names::any),
    ("spec_json", documents::any),
    ("spec_json_structured", documents::generated),
    ("spec_check", checks::any),
    ("spec_fix", fixes::broken),
];

/// Runs the law of a target.
#[allow(dead_code)] // the replay goes through `ALL`
pub fn run(target: &str, data: &[u8]) {
    let (_, law) = ALL
        .into_iter()
        .find(|(name, _)| *name == target)
        .expect("each target has its law");
    law(data);
}
