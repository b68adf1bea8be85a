//! Counts what a piece of code takes from the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting for each thread on its own.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a piece of code took from the heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heap {
    /// The most bytes it held at a time, beyond those that were there before.
    pub peak: usize,
    /// How often it asked for memory.
    pub allocations: usize,
}

thread_local! {
    // Neither needs a destructor: both may be used while the thread starts and ends.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static SEEN: Cell<(isize, usize)> = const { Cell::new((0, 0)) };
}

fn add(size: usize) {
    let live = LIVE.get() + size as isize;
    LIVE.set(live);
    let (peak, allocations) = SEEN.get();
    SEEN.set((peak.max(live), allocations + 1));
}

fn remove(size: usize) {
    LIVE.set(LIVE.get() - size as isize);
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        remove(layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // As if both existed for a moment, which is the worst that a system does.
        add(size);
        remove(layout.size());
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Runs `code` and counts what it takes from the heap.
pub fn measure<T>(code: impl FnOnce() -> T) -> (T, Heap) {
    let before = LIVE.get();
    let outer = SEEN.replace((before, 0));
    let value = code();
    let (peak, allocations) = SEEN.replace(outer);
    let heap = Heap {
        peak: usize::try_from(peak - before).unwrap(),
        allocations,
    };
    (value, heap)
}

/// Runs `code`, which must not touch the heap.
#[track_caller]
pub fn untouched<T>(code: impl FnOnce() -> T) -> T {
    let (value, heap) = measure(code);
    assert_eq!(heap, Heap::default());
    value
}
