//! Where in a document a check is.

use core::fmt;

/// How many characters of a field name or a value a finding shows.
const SHOWN_CHARS: usize = 64;

/// A field path as a list on the stack: its text is made only once there is something to report.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    pub(crate) const ROOT: Self = Self {
        parent: None,
        step: Step::Root,
    };

    pub(crate) fn field(&'a self, name: &'a str) -> Self {
        Self {
            parent: Some(self),
            step: Step::Field(name),
        }
    }

    pub(crate) fn index(&'a self, index: usize) -> Self {
        Self {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else {
            return Ok(());
        };
        write!(f, "{parent}")?;
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Field(name) => write_field(f, parent.parent.is_none(), name),
        }
    }
}

/// Writes a field's name at the end of a path, which is empty where `first` says so.
pub(crate) fn write_field(path: &mut impl fmt::Write, first: bool, name: &str) -> fmt::Result {
    if !is_plain(name) {
        write!(path, "[\"{}\"]", Shown(name))
    } else if first {
        path.write_str(name)
    } else {
        write!(path, ".{name}")
    }
}

/// Whether a field name can stand in a path without quotes.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
    (1..=SHOWN_CHARS).contains(&name.len()) && name.bytes().all(plain)
}

/// A text from a document as a finding shows it: cut short, and without control characters.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        for c in chars.by_ref().take(SHOWN_CHARS) {
            // Quotes and backslashes are escaped as in JSON, apostrophes are not.
            match c {
                '\'' => f.write_str("'")?,
                c => write!(f, "{}", c.escape_debug())?,
            }
        }
        if chars.next().is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}
