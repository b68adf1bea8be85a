//! The setup: its frame, its rules, its laws.

#[path = "../laws/mod.rs"]
#[allow(dead_code)]
mod laws;
#[path = "../shared/mod.rs"]
mod shared;

mod evolution;
mod frames;
mod heap;
mod refusals;
mod rules;
