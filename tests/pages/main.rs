//! What people read and try first: the format page and the examples.

mod boot;
mod examples;
#[path = "../shared/mod.rs"]
mod shared;
mod wire_md;
