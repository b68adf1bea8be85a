//! Writes what is measured once to standard output: the typical message as a peer sends it, or as
//! a frame, or a name of 128 bytes: `message ID`.

use std::env;
use std::io::{self, Write};

use microsandbox_types_benches::messages;
use microsandbox_types_benches::peers::PEERS;

fn main() -> io::Result<()> {
    let id = env::args().nth(1).unwrap_or_default();
    let init = messages::typical();
    let bytes = match PEERS.iter().find(|peer| peer.id == id) {
        Some(peer) => (peer.encode)(&init.into()),
        None if id.starts_with("hostname") => messages::name(128).into(),
        None => init.encode().map_err(io::Error::other)?,
    };
    io::stdout().write_all(&bytes)
}
