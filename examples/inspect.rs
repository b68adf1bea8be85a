//! Shows a frame byte by byte, and where it is broken, the very byte and the reason.
//!
//! ```text
//! cargo run --example inspect -- frame.bin
//! xxd -p frame.bin | cargo run --example inspect
//! ```
//!
//! Standard input may be the frame itself or its bytes in hexadecimal. Every string of the message
//! is shown, environment values included. Ends with 0 for a valid frame, 1 for a broken one, 2
//! where there is nothing to read.

#[path = "shared/terminal.rs"]
mod terminal;

use std::fmt::Write as _;
use std::hash::Hasher;
use std::io::{self, IsTerminal, Read, Write as _};
use std::process::ExitCode;

use microsandbox_types::{DecodeError, FrameHeader, GuestReport, HandoffInitRef};
use twox_hash::XxHash64;

use terminal::{shown, shown_lines};

/// How many bytes stand on a line: with offset, field and meaning they fill 80 columns.
const BYTES_PER_LINE: usize = 8;

/// How many lines one field may take before its middle is left out.
const MOST_LINES: usize = 6;

/// The kind of a frame from guest to host.
const REPORT: u8 = 2;

const USAGE: &str = "\
Shows a frame byte by byte, and where it is broken, the byte and the reason.

Usage: inspect [FILE]

Without a FILE, or with `-`, it reads standard input: the frame itself or its bytes in hexadecimal.
Frames to try lie in tests/data/handoff:

  cargo run --example inspect -- tests/data/handoff/gen-1/typical.bin";

fn main() -> ExitCode {
    let bytes = match std::env::args_os().nth(1) {
        Some(arg) if arg == "--help" || arg == "-h" => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        None if io::stdin().is_terminal() => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
        None => standard_input(),
        Some(arg) if arg == "-" => standard_input(),
        Some(file) => std::fs::read(file),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            let error = shown(&error.to_string());
            eprintln!("inspect: cannot read the frame: {error}");
            return ExitCode::from(2);
        }
    };
    let verdict = decode(&bytes);
    let text = shown_lines(&Page::new(&bytes, verdict).show());
    // A reader that has seen enough closes the pipe.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::from(u8::from(verdict.is_err()))
}

fn standard_input() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    Ok(from_hex(&bytes).unwrap_or(bytes))
}

/// Reads hexadecimal text, white space left out; `None` where the bytes are something else.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    let digits: Option<Vec<u8>> = digits
        .map(|byte| char::from(*byte).to_digit(16).map(|digit| digit as u8))
        .collect();
    let pairs = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(pairs.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn decode(bytes: &[u8]) -> Result<(), DecodeError> {
    if bytes.get(4) == Some(&REPORT) {
        GuestReport::decode(bytes).map(drop)
    } else {
        HandoffInitRef::decode(bytes).map(drop)
    }
}

/// A frame on its way from front to back, as far as its bytes make sense.
struct Page<'a> {
    bytes: &'a [u8],
    at: usize,
    verdict: Result<(), DecodeError>,
    text: String,
    marked: bool,
}

impl<'a> Page<'a> {
    fn new(bytes: &'a [u8], verdict: Result<(), DecodeError>) -> Self {
        Self {
            bytes,
            at: 0,
            verdict,
            text: String::new(),
            marked: false,
        }
    }

    fn show(mut self) -> String {
        self.line("offset", "bytes", "field", "meaning");
        self.line("------", &"-".repeat(23), &"-".repeat(16), &"-".repeat(29));
        let end = self.fields();
        if end.is_none() && self.at < self.bytes.len() {
            let rest = self.bytes.len() - self.at;
            self.field(rest, "?", |_| "not understood".into());
        }
        match self.verdict {
            Ok(()) => self.text.push_str("\nvalid\n"),
            Err(error) => {
                if !self.marked {
                    let offset = error.offset().to_string();
                    self.line(&format!(">{offset:>5}"), "", "(end)", "");
                }
                let (offset, code) = (error.offset(), error.code());
                let _ = write!(
                    self.text,
                    "\nbroken at byte {offset} (code {code}): {error}\n"
                );
            }
        }
        self.text
    }

    /// Shows one field after the other; `None` where the bytes end or make no sense.
    fn fields(&mut self) -> Option<()> {
        self.field(4, "magic", |b| match b {
            [0x89, b'm', b's', b'b'] => "a frame".into(),
            _ => "not a frame".into(),
        })?;
        let kind = self.field(1, "kind", |b| match b {
            [1] => "handoff, host to guest".into(),
            [2] => "report, guest to host".into(),
            _ => "unknown".into(),
        })?[0];
        self.field(1, "generation", |b| {
            format!("written by generation {}", b[0])
        })?;
        self.field(1, "min_generation", |b| {
            format!("for readers from generation {}", b[0])
        })?;
        self.field(1, "flags", |b| format!("{} (must be 0)", b[0]))?;
        let len = self.field(4, "payload length", |b| format!("{} bytes", number(b)))?;
        let payload = number(len) as usize;
        self.field(4, "reserved", |b| format!("{} (must be 0)", number(b)))?;

        let end = FrameHeader::LEN.checked_add(payload)?;
        if kind == REPORT {
            let report = match GuestReport::decode(self.bytes) {
                Ok(report) => format!("{report:?}"),
                Err(_) => "malformed".into(),
            };
            self.field(payload, "report", |_| report)?;
        } else {
            self.record(end)?;
        }
        let left = end.checked_sub(self.at)?;
        if left > 0 {
            self.field(left, "later fields", |_| {
                "unknown to this generation".into()
            })?;
        }
        let mut hash = XxHash64::with_seed(0);
        hash.write(self.bytes.get(..end)?);
        let sum = hash.finish();
        self.field(8, "checksum", |b| match number(b) == sum {
            true => "fits".into(),
            false => format!("wrong, not {sum:#018x}"),
        })?;
        let left = self.bytes.len() - self.at;
        if left > 0 {
            self.field(left, "trailing", |_| "does not belong to the frame".into());
        }
        Some(())
    }

    /// Shows the index and the strings of a handoff.
    fn record(&mut self, end: usize) -> Option<()> {
        let mut strings = vec![("cmd".to_string(), self.varint("cmd length", "bytes", end)?)];
        if *self.bytes.get(self.at)? == 0 {
            self.field(1, "cwd", |_| "absent".into())?;
        } else {
            self.field(1, "cwd", |_| "present".into())?;
            strings.push(("cwd".into(), self.varint("cwd length", "bytes", end)?));
        }
        for list in ["args", "env"] {
            let count = self.varint(&format!("{list} count"), "entries", end)?;
            for n in 0..count {
                let name = format!("{list}[{n}]");
                let len = self.varint(&format!("{name} length"), "bytes", end)?;
                strings.push((name, len));
            }
        }
        self.varint("text length", "bytes", end)?;
        for (name, len) in strings {
            let len = len.checked_add(1)?;
            self.at.checked_add(len).filter(|after| *after <= end)?;
            self.field(len, &name, |b| match b.split_last() {
                Some((0, text)) => format!("{:?}", String::from_utf8_lossy(text)),
                _ => "no NUL at its end".into(),
            })?;
        }
        Some(())
    }

    /// Shows a postcard varint: seven bits a byte, the lowest first.
    fn varint(&mut self, name: &str, unit: &str, end: usize) -> Option<usize> {
        let rest = self.bytes.get(self.at..end.min(self.bytes.len()))?;
        let len = rest.iter().take(5).position(|byte| byte & 0x80 == 0)? + 1;
        let value = rest[..len]
            .iter()
            .rev()
            .fold(0usize, |value, byte| value << 7 | usize::from(byte & 0x7f));
        self.field(len, name, |_| format!("{value} {unit}"))?;
        Some(value)
    }

    /// Shows a field of `len` bytes, or those that there are, and passes it.
    fn field(
        &mut self,
        len: usize,
        name: &str,
        meaning: impl FnOnce(&[u8]) -> String,
    ) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(self.at..)?;
        let whole = bytes.get(..len);
        if whole.is_none() && bytes.is_empty() {
            return None;
        }
        let bytes = whole.unwrap_or(bytes);
        let meaning: Vec<char> = match whole {
            Some(bytes) => meaning(bytes),
            None => format!("cut short: {} of {len} bytes", bytes.len()),
        }
        .chars()
        .collect();

        let wrapped = meaning
            .chunks(29)
            .map(|part| part.iter().collect::<String>());
        let mut wrapped = wrapped.peekable();
        let lines = bytes
            .len()
            .div_ceil(BYTES_PER_LINE)
            .max(meaning.len().div_ceil(29))
            .max(1);
        for n in 0..lines {
            let from = (n * BYTES_PER_LINE).min(bytes.len());
            let to = (from + BYTES_PER_LINE).min(bytes.len());
            let start = self.at + from;
            let broken = self.is_broken_at(start, to - from);
            let part = wrapped.next().unwrap_or_default();
            // Of a long field, its first lines and the broken one are enough.
            if n >= MOST_LINES && !broken {
                if n == MOST_LINES {
                    self.line("", "...", "", &format!("({} bytes in all)", bytes.len()));
                }
                continue;
            }
            let hex: Vec<String> = bytes[from..to].iter().map(|b| format!("{b:02x}")).collect();
            let mark = if broken { ">" } else { " " };
            let offset = if hex.is_empty() {
                String::new()
            } else {
                start.to_string()
            };
            let name = if n == 0 { name } else { "" };
            self.line(&format!("{mark}{offset:>5}"), &hex.join(" "), name, &part);
        }
        self.at += bytes.len();
        whole
    }

    fn is_broken_at(&mut self, start: usize, len: usize) -> bool {
        let Err(error) = self.verdict else {
            return false;
        };
        let broken = (start..start + len).contains(&(error.offset() as usize));
        self.marked |= broken;
        broken
    }

    fn line(&mut self, offset: &str, hex: &str, name: &str, meaning: &str) {
        let line = format!("{offset:>6}  {hex:<23}  {name:<16}  {meaning}");
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// A little-endian number of up to 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}
