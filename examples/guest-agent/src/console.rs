//! The guest's console: for people, when the host cannot hear it or should not be alone to know.

use rustix::fs::{CWD, OFlags};
use rustix::termios::tcdrain;

use crate::file::{open_at, write_all};
use crate::text::Text;

/// Writes one line, given in parts, to the console; what cannot be written is lost. Whatever is
/// not printable ASCII is shown as `\xNN`: a name from outside must not steer a terminal.
// `core::fmt` would be a fifth of the agent.
pub fn say(parts: &[&[u8]]) {
    let Ok(console) = open_at(CWD, c"/dev/console", OFlags::WRONLY | OFlags::NOCTTY) else {
        return;
    };
    let mut line = Text::<256>::new();
    for byte in parts.iter().flat_map(|part| part.iter()) {
        if matches!(byte, b' '..=b'~') {
            line.push(&[*byte]);
        } else {
            line.push(&[b'\\', b'x', hex(byte >> 4), hex(byte & 15)]);
        }
        if line.room() < 8 {
            let _ = write_all(&console, line.as_bytes());
            line.clear();
        }
    }
    line.push(b"\n");
    let _ = write_all(&console, line.as_bytes());
    // A serial line is slow: the VM must not be off before the line is out.
    let _ = tcdrain(&console);
}

/// The hexadecimal digit of a number below 16.
pub fn hex(digit: u8) -> u8 {
    match digit {
        0..10 => b'0' + digit,
        _ => b'a' + digit - 10,
    }
}
