//! What the benches share: the messages, the peers, a counting allocator.

pub mod allocations;
pub mod messages;
pub mod peers;
pub mod specs;
