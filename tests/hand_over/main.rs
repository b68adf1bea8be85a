//! The host's side of the conversation, over socket pairs and made-up guests.

#[path = "../laws/mod.rs"]
#[allow(dead_code)] // of the laws, one is for here
mod laws;
#[path = "../shared/mod.rs"]
mod shared;

mod any_guest;
mod clock;
#[cfg(unix)]
mod conversation;
mod errors;
#[cfg(unix)]
mod older_partners;
#[cfg(unix)]
mod partner;
#[cfg(unix)]
mod refused_early;
mod stack;
