//! Answers for frames as the crate does: `H hex` or `R hex` a line on standard
//! input, `ok …` or `CODE OFFSET` a line on standard output.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufWriter, Write};

use microsandbox_types::{DecodeError, GuestReport, HandoffInit};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (who, frame) = line.split_once(' ').expect("a line is `H hex` or `R hex`");
        let frame = bytes(frame);
        let answer = match who {
            "H" => handoff(&frame),
            "R" => report(&frame),
            _ => panic!("`{who}` is neither `H` nor `R`"),
        };
        writeln!(out, "{}", answer.unwrap_or_else(|error| refusal(&error)))?;
    }
    out.flush()
}

fn handoff(frame: &[u8]) -> Result<String, DecodeError> {
    let init = HandoffInit::decode(frame)?;
    let mut answer = String::from("ok");
    put(&mut answer, "cmd", &[&init.cmd]);
    if let Some(cwd) = &init.cwd {
        put(&mut answer, "cwd", &[cwd]);
    }
    for arg in &init.args {
        put(&mut answer, "arg", &[arg]);
    }
    for (key, value) in &init.env {
        put(&mut answer, "env", &[key, "=", value]);
    }
    Ok(answer)
}

fn report(frame: &[u8]) -> Result<String, DecodeError> {
    GuestReport::decode(frame).map(|_| String::from("ok"))
}

fn refusal(error: &DecodeError) -> String {
    format!("{} {}", error.code(), error.offset())
}

fn put(answer: &mut String, name: &str, parts: &[&str]) {
    write!(answer, " {name}=").expect("a string takes it");
    for byte in parts.concat().bytes() {
        write!(answer, "{byte:02x}").expect("a string takes it");
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "hex has two digits a byte");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
        .collect()
}
