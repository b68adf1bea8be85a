//! What the fuzz targets share: the laws, and a mutator that knows frames.

#[path = "../../tests/laws/mod.rs"]
pub mod laws;
#[path = "../../tests/shared/mod.rs"]
mod shared;

/// Changes a frame as the fuzzer sees fit, then mostly puts its length and checksum right, which
/// chance never would.
pub fn mutate_frame(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let size = libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    if !seed.is_multiple_of(8) {
        laws::reseal(&mut data[..size]);
    }
    size
}
