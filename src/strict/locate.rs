//! Where in a JSON text a finding is.

use alloc::string::String;
use core::ops::Range;

use serde_json::Value;

use crate::check::write_field;
use crate::check::{Finding, FindingCode};

impl Finding {
    /// Returns the bytes of `json` that the finding is about: a name that is itself at
    /// fault, else the value, or the nearest thing around it that is in the text. Of an object
    /// or array that has a name, that is the name, else the opening bracket.
    ///
    /// `json` must be the text that was checked. Of another text the answer may be `None`, or
    /// a range of no use, though one within the text.
    #[must_use]
    pub fn span(&self, json: &str) -> Option<Range<usize>> {
        if self.code == FindingCode::Syntax {
            return syntax_error(json);
        }
        let names = matches!(
            self.code,
            FindingCode::UnknownField
                | FindingCode::RepeatedField
                | FindingCode::ScriptName
                | FindingCode::LabelKey
        );
        let mut text = Text { json, at: 0 };
        let span = text.locate(&self.path, true, None, names)?;
        json.get(span.clone()).map(|_| span)
    }
}

/// Returns the byte at which `json` stops being JSON, or the end.
fn syntax_error(json: &str) -> Option<Range<usize>> {
    // A `Value`, since what is only passed over may hold numbers that cannot be read.
    let error = serde_json::from_str::<Value>(json).err()?;
    let before = json
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let line_start = before.fold(0, |sum: usize, line| sum.saturating_add(line.len()));
    let mut start = line_start
        .saturating_add(error.column().saturating_sub(1))
        .min(json.len());
    while !json.is_char_boundary(start) {
        start = start.saturating_sub(1);
    }
    let len = json.get(start..)?.chars().next().map_or(0, char::len_utf8);
    Some(start..start.saturating_add(len))
}

/// A JSON text that is read from front to back.
struct Text<'j> {
    json: &'j str,
    at: usize,
}

impl Text<'_> {
    /// Reads a value and returns the span of what `path`, which starts at the value, leads to.
    /// `name` is the span of the value's own name.
    ///
    /// Only the values along the path are gone into, each once.
    fn locate(
        &mut self,
        path: &str,
        at_root: bool,
        name: Option<Range<usize>>,
        names: bool,
    ) -> Option<Range<usize>> {
        let opening = self.peek()?;
        let start = self.at;
        let here = if matches!(opening, b'{' | b'[') {
            name.clone().unwrap_or(start..start.saturating_add(1))
        } else {
            start..self.after_value()?
        };
        if path.is_empty() {
            self.at = start;
            self.at = self.after_value()?;
            return Some(if names { name.unwrap_or(here) } else { here });
        }
        let mut found = None;
        match opening {
            b'{' => {
                self.skip(1);
                while self.peek()? != b'}' {
                    let key_start = self.at;
                    let key_end = self.after_value()?;
                    let key: String =
                        serde_json::from_str(self.json.get(key_start..key_end)?).ok()?;
                    self.at = key_end;
                    self.expect(b':')?;
                    self.peek()?;
                    let mut step = String::new();
                    // Writing to a string does not fail.
                    let _ = write_field(&mut step, at_root, &key);
                    // Of a field that stands twice, the last is meant.
                    found = match after_step(path, &step) {
                        Some(rest) => self.locate(rest, false, Some(key_start..key_end), names),
                        None => {
                            self.at = self.after_value()?;
                            found
                        }
                    };
                    self.separator()?;
                }
            }
            b'[' => {
                self.skip(1);
                let mut n = 0usize;
                while self.peek()? != b']' {
                    let index = alloc::format!("[{n}]");
                    // A pair's elements go by the names of what they are.
                    let pair = ["key", "value"].get(n).copied().unwrap_or_default();
                    let rest = after_step(path, &index)
                        .or_else(|| after_step(path, &alloc::format!(".{pair}")));
                    match rest {
                        Some(rest) => found = self.locate(rest, false, None, names),
                        None => self.at = self.after_value()?,
                    }
                    self.separator()?;
                    n = n.saturating_add(1);
                }
            }
            _ => self.at = here.end,
        }
        if matches!(opening, b'{' | b'[') {
            self.skip(1);
        }
        Some(found.unwrap_or(here))
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn byte(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    /// Passes white space and returns the byte that follows it.
    fn peek(&mut self) -> Option<u8> {
        while self.byte()?.is_ascii_whitespace() {
            self.skip(1);
        }
        self.byte()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.skip(1))
    }

    /// Passes what stands between two elements.
    fn separator(&mut self) -> Option<()> {
        if self.peek()? == b',' {
            self.skip(1);
        }
        Some(())
    }

    /// Returns where the value that starts here ends.
    fn after_value(&self) -> Option<usize> {
        let bytes = self.json.as_bytes().get(self.at..)?;
        let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
        for (n, byte) in bytes.iter().enumerate() {
            let mut ends = false;
            let after = self.at.saturating_add(n).saturating_add(1);
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    in_string = !in_string;
                    ends = !in_string && depth == 0;
                }
                _ if in_string => {}
                b'{' | b'[' => depth = depth.saturating_add(1),
                b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => {
                    // Without a value nothing is passed: the text is not JSON.
                    return (n > 0).then(|| after.saturating_sub(1));
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    ends = depth == 0;
                }
                _ => {}
            }
            if ends {
                return Some(after);
            }
        }
        Some(self.json.len())
    }
}

/// Returns what follows `step` in `path`, if that starts with the whole step.
fn after_step<'p>(path: &'p str, step: &str) -> Option<&'p str> {
    path.strip_prefix(step)
        .filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
