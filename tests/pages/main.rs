//! What people read and try first: the format page and the examples.

mod boot;
mod check;
mod examples;
mod secrets;
#[path = "../shared/mod.rs"]
mod shared;
mod terminal;
mod wire_md;
