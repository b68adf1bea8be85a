//! Prints how often each of these asks for memory.

use std::hint::black_box;

use microsandbox_types::{HandoffInit, HandoffInitRef, SandboxSpec};
use microsandbox_types_benches::messages;
use microsandbox_types_benches::specs::FULL_SPEC;

// The counter has more uses elsewhere.
#[allow(dead_code)]
#[path = "../../../tests/shared/heap.rs"]
mod heap;

fn main() {
    let init = messages::typical();
    let frame = init.encode().unwrap();
    print("view", || walk(&frame));
    print("owned", || HandoffInit::decode(&frame));
    print("encode", || init.encode());
    let mut buffer = [0; 4096];
    print("encode_into", || init.encode_into(&mut buffer));

    print("json/read", || {
        serde_json::from_str::<SandboxSpec>(FULL_SPEC)
    });
    print("json/read/published", || {
        serde_json::from_str::<reference::SandboxSpec>(FULL_SPEC)
    });
    let ours: SandboxSpec = serde_json::from_str(FULL_SPEC).unwrap();
    print("json/write", || serde_json::to_string(&ours));
    let published: reference::SandboxSpec = serde_json::from_str(FULL_SPEC).unwrap();
    print("json/write/published", || serde_json::to_string(&published));
}

fn print<T>(name: &str, code: impl FnOnce() -> T) {
    let (_, heap) = heap::measure(|| black_box(code()));
    println!("{name} {}", heap.allocations);
}

/// Decodes a frame and walks all of it, in each way that there is.
fn walk(frame: &[u8]) {
    let view = HandoffInitRef::decode(black_box(frame)).unwrap();
    view.argv().chain(view.envp()).for_each(use_up);
    view.argv_ptrs().chain(view.envp_ptrs()).for_each(use_up);
    view.args().for_each(use_up);
    view.env().for_each(use_up);
    let mut scratch = [0; 64];
    view.merge_env(&[c"TERM=linux", c"LANG=C"], &mut scratch)
        .unwrap()
        .for_each(use_up);
}

fn use_up<T>(value: T) {
    black_box(value);
}
