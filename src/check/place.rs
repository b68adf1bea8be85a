//! Where in a document a check is.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::path::{FieldPath, PathStep};

/// How many bytes of a field name a path keeps: more than any name that may be used has.
const KEPT_BYTES: usize = 1024;

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

impl Place<'_> {
    /// Returns the name of the nearest field, and whether this is an element of it.
    #[cfg(feature = "std")]
    pub(crate) fn name(&self) -> (&str, bool) {
        match (self.step, self.parent) {
            (Step::Field(name), _) => (name, false),
            (Step::Index(_), Some(parent)) => (parent.name().0, true),
            _ => ("", false),
        }
    }

    /// Returns the path to keep. Only the first [`KEPT_BYTES`] of a name are in it.
    pub(crate) fn path(&self) -> FieldPath {
        let mut steps = Vec::new();
        let mut place = self;
        while let Some(parent) = place.parent {
            match place.step {
                Step::Root => {}
                Step::Index(index) => steps.push(PathStep::Index(index)),
                Step::Field(name) => {
                    let kept = kept(name);
                    steps.push(PathStep::Field(String::from(kept)));
                }
            }
            place = parent;
        }
        steps.reverse();
        FieldPath::new(steps, self.to_string())
    }
}

/// Returns as much of a name as a path keeps.
pub(crate) fn kept(name: &str) -> &str {
    let mut end = name.len().min(KEPT_BYTES);
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    name.get(..end).unwrap_or_default()
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

/// Whether a field name needs no quotes in a path.
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
