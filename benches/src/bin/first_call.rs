//! Does one thing once, as a process that has just been born: `first_call ID`, on what standard
//! input holds, and prints how many nanoseconds it took. With any other word it does nothing: what
//! that costs is the process's own.

use std::env;
use std::hint::black_box;
use std::io::{self, Read};
use std::mem::forget;
use std::str;
use std::time::Instant;

use microsandbox_types_benches::peers::PEERS;

fn main() -> io::Result<()> {
    let id = env::args().nth(1).unwrap_or_default();
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    let bytes = black_box(bytes.as_slice());
    let lists = match id.as_str() {
        "view" => Some(peers::view::lists as fn(&[u8]) -> _),
        _ => PEERS
            .iter()
            .find(|peer| peer.id == id)
            .map(|peer| peer.lists),
    };
    // The first reading of the clock is slower than those that follow.
    black_box(Instant::now());
    let start = Instant::now();
    // What is returned is not freed: a process that calls `execve` would not either.
    match (lists, id.as_str()) {
        (Some(lists), _) => forget(black_box(lists(bytes).unwrap())),
        (_, "hostname") => forget(black_box(microsandbox_types::hostname_from_sandbox_name(
            text(bytes),
        ))),
        (_, "hostname-published") => forget(black_box(reference::hostname_from_sandbox_name(
            text(bytes),
        ))),
        _ => {}
    }
    println!("{}", start.elapsed().as_nanos());
    Ok(())
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}
