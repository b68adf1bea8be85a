//! What the handoff takes from the heap: nothing in a guest, one block in a host.

use std::hint::black_box;

use microsandbox_types::{HandoffInit, HandoffInitRef};

use crate::shared::heap;

fn message() -> HandoffInit {
    let init = HandoffInit::new("/lib/systemd/systemd").cwd("/srv");
    let init = (0..8).fold(init, |init, n| init.arg(format!("--argument={n}")));
    (0..32).fold(init, |init, n| init.env(format!("KEY_{n}"), "v".repeat(n)))
}

fn use_up<T>(value: T) {
    black_box(value);
}

#[test]
fn a_guest_decodes_and_walks_without_heap() {
    let frame = message().encode().unwrap();
    let inherited = [c"HOME=/", c"TERM=linux", c"KEY_1=inherited"];
    let mut scratch = [0; 64];
    heap::untouched(|| {
        let view = HandoffInitRef::decode(&frame).unwrap();
        use_up((view.cmd(), view.cmd_cstr(), view.cwd(), view.cwd_cstr()));
        view.argv().for_each(use_up);
        view.envp().for_each(use_up);
        view.argv_ptrs().for_each(use_up);
        view.envp_ptrs().for_each(use_up);
        view.args().for_each(use_up);
        view.env().for_each(use_up);
        let merged = view.merge_env(&inherited, &mut scratch).unwrap();
        merged.for_each(use_up);
    });
}

#[test]
fn a_host_encodes_in_one_allocation_of_the_exact_size() {
    let message = message();
    let (frame, heap) = heap::measure(|| message.encode().unwrap());
    assert_eq!((heap.allocations, heap.peak), (1, frame.len()));
    assert_eq!(frame.capacity(), frame.len());
    let mut buffer = [0; 4096];
    let len = heap::untouched(|| message.encode_into(&mut buffer)).unwrap();
    assert_eq!(buffer[..len], frame);
}
