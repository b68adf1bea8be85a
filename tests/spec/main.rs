//! The documents that people store: their types, their names, and all that a check finds in them.

#[path = "../shared/mod.rs"]
mod shared;

mod advice;
mod bombs;
mod documents;
mod enums;
mod fix;
mod generators;
mod names;
mod newer;
mod plan;
mod postcard;
mod rules;
mod spans;
mod specs;
mod strict;
mod syntax;
mod types;
mod validate;
