//! Where in a document a finding is, to keep.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One step of a path into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// Into an object, by a field's name.
    Field(String),
    /// Into a list.
    Index(usize),
}

/// A path to a value of a document, such as `mounts[2].guest`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath {
    steps: Vec<PathStep>,
    text: String,
}

impl FieldPath {
    pub(crate) fn new(steps: Vec<PathStep>, text: String) -> Self {
        Self { steps, text }
    }

    /// Returns the steps from the root of the document.
    #[must_use]
    pub fn steps(&self) -> &[PathStep] {
        &self.steps
    }

    /// Returns the path as text. A long name is cut short, and one that is not plain is in quotes,
    /// as in `labels["a b"]`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether this is the path to the whole document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Returns the path as a JSON Pointer (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        let step = |step: &PathStep| match step {
            PathStep::Field(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            PathStep::Index(index) => format!("/{index}"),
        };
        self.steps.iter().map(step).collect()
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
