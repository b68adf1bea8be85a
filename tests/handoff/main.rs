//! The frame and what it carries: a handoff one way, reports the other.

#[path = "../shared/mod.rs"]
mod shared;

mod allocations;
mod bombs;
mod errors;
mod evolution;
mod frames;
mod report;
mod rules;
mod stream;
