//! What several test binaries and the fuzz targets share.
#![allow(dead_code, unused_imports, unused_macros)] // each uses a part

pub mod compare;
pub mod frames;
pub mod heap;
pub mod mutate;
pub mod setup;
pub mod tree;
pub mod types;
// The fuzz targets have no proptest.
#[cfg(test)]
pub mod plans;
#[cfg(test)]
pub mod values;
