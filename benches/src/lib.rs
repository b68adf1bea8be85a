//! What the benches share: the messages and the peers.

pub mod messages;
pub mod peers;
pub mod setup;
pub mod specs;
