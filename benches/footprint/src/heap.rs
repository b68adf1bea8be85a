//! The least that an allocator can be.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::{Buffer, ROOM};

static mut HEAP: Buffer = Buffer([0; ROOM]);

/// Hands out `HEAP` from its start and takes nothing back.
struct Bump;

#[global_allocator]
static ALLOCATOR: Bump = Bump;
static USED: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

/// How often memory was asked for.
pub fn allocations() -> u64 {
    ALLOCATIONS.load(Relaxed) as u64
}

// SAFETY: no block overlaps another, and each lies in `HEAP` at its alignment.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.store(ALLOCATIONS.load(Relaxed) + 1, Relaxed);
        let heap = &raw mut HEAP as *mut u8;
        let at = USED.load(Relaxed).next_multiple_of(layout.align());
        match at.checked_add(layout.size()) {
            Some(end) if end <= ROOM && layout.align() <= align_of::<Buffer>() => {
                USED.store(end, Relaxed);
                // SAFETY: `at` is at most `ROOM`.
                unsafe { heap.add(at) }
            }
            _ => null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
