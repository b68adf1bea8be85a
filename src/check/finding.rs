//! What a check of a document finds.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::{FieldPath, FindingCode, Place, Severity};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::limits::MAX_FINDINGS;

/// A bound that a value goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The bound itself, in the unit that the finding's message names.
    pub value: u64,
    /// Where the bound comes from, such as `Linux PATH_MAX`.
    pub source: &'static str,
}

impl Limit {
    pub(crate) fn new(value: impl TryInto<u64>, source: &'static str) -> Self {
        Self {
            value: value.try_into().unwrap_or(u64::MAX),
            source,
        }
    }
}

/// One thing that a check found. It never shows the value of an environment entry or a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Where: a path such as `mounts[2].guest`, and an empty one for the document as a whole.
    pub path: FieldPath,
    /// Which rule, for programs.
    pub code: FindingCode,
    /// What is wrong, as a plain sentence without its full stop.
    pub message: String,
    /// The bound, for rules that have one.
    pub limit: Option<Limit>,
    /// What would put it right, where that is known.
    pub help: Option<String>,
    /// What else is good to know, such as what follows if nothing is done.
    pub note: Option<String>,
    /// The bytes of the text that the finding is about, if it is about a text. Of an object or a
    /// list that is its name, or else the opening bracket.
    pub span: Option<Range<usize>>,
    /// What is at that place, where the path would not say it.
    pub label: Option<String>,
    /// Other places in the text that the finding speaks of.
    pub related: Vec<Related>,
    /// What puts it right in the text, where that is certain: all of it together. The edits of one
    /// check do not overlap.
    pub edits: Vec<Edit>,
}

/// A further place that a finding speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Related {
    /// The bytes of the text.
    pub span: Range<usize>,
    /// What is there.
    pub label: Cow<'static, str>,
}

/// A change to a text. What it inserts is fixed, never a part of a document.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use microsandbox_types::SandboxSpec;
///
/// let json = r#"{"image": "alpine:3.20", "env": {"TZ": "UTC"}, "resources": {"CPUs": "2"}}"#;
/// let fixed = r#"{"image": {"Oci": {"reference": "alpine:3.20"}}, "env": [{"key": "TZ", "value": "UTC"}], "resources": {"cpus": 2}}"#;
/// assert_eq!(SandboxSpec::fix_json(json).as_deref(), Some(fixed));
///
/// let found = SandboxSpec::check_json(json);
/// let of_image = &found.as_slice()[0].edits;
/// assert_eq!((of_image[0].span.clone(), of_image[0].text), (10..10, r#"{"Oci": {"reference": "#));
/// assert_eq!((of_image[1].span.clone(), of_image[1].text), (23..23, "}}"));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edit {
    /// The bytes that are deleted; an empty range where text is only inserted.
    pub span: Range<usize>,
    /// What is inserted there.
    pub text: &'static str,
}

impl Edit {
    #[cfg(feature = "std")]
    pub(crate) const fn new(span: Range<usize>, text: &'static str) -> Self {
        Self { span, text }
    }
}

impl Finding {
    pub(crate) fn new(path: FieldPath, code: FindingCode, message: impl Into<String>) -> Self {
        Self {
            path,
            code,
            message: message.into(),
            limit: None,
            help: None,
            note: None,
            span: None,
            label: None,
            related: Vec::new(),
            edits: Vec::new(),
        }
    }

    /// Returns whether the finding must be put right.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = self.severity().as_str();
        write!(f, "{severity}[{}]", self.code)?;
        if !self.path.is_empty() {
            write!(f, " {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(Limit { value, source }) = self.limit {
            write!(f, " (limit {value}: {source})")?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        if let Some(note) = &self.note {
            write!(f, "; note: {note}")?;
        }
        Ok(())
    }
}

/// All that a check found, in the order of the document's fields.
///
/// At most [`MAX_FINDINGS`] are kept, so that a hostile document cannot grow the answer; the rest
/// are counted. Errors are kept before warnings.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use microsandbox_types::{FindingCode, SandboxSpec};
///
/// let found = SandboxSpec::check_json(r#"{"name": "web-1", "image": {"Bind": "/srv"}, "cpus": 2}"#);
/// assert_eq!((found.errors(), found.warnings()), (1, 0));
/// for finding in &found {
///     assert_eq!(finding.code, FindingCode::UnknownField);
///     assert_eq!(finding.path.as_str(), "cpus");
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    kept: Vec<Finding>,
    errors: usize,
    warnings: usize,
}

impl Findings {
    /// Returns the findings that were kept.
    #[must_use]
    pub fn as_slice(&self) -> &[Finding] {
        &self.kept
    }

    /// Iterates over the findings that were kept.
    pub fn iter(&self) -> core::slice::Iter<'_, Finding> {
        self.kept.iter()
    }

    /// Returns how many findings there are, kept or not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.errors.saturating_add(self.warnings)
    }

    /// Returns how many errors there are, kept or not.
    #[must_use]
    pub const fn errors(&self) -> usize {
        self.errors
    }

    /// Returns how many warnings there are, kept or not.
    #[must_use]
    pub const fn warnings(&self) -> usize {
        self.warnings
    }

    /// Returns whether nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many findings were counted but not kept.
    #[must_use]
    pub const fn omitted(&self) -> usize {
        self.len().saturating_sub(self.kept.len())
    }

    /// Adds what another check of the same document found.
    pub fn extend(&mut self, other: Self) {
        let (errors, warnings) = (other.errors, other.warnings);
        let mut kept_of = [0usize; 2];
        for finding in other.kept {
            let of = usize::from(finding.severity() == Severity::Warning);
            if let Some(count) = kept_of.get_mut(of) {
                *count = count.saturating_add(1);
            }
            self.push(finding.code, || finding);
        }
        let [kept_errors, kept_warnings] = kept_of;
        self.errors = self
            .errors
            .saturating_add(errors.saturating_sub(kept_errors));
        self.warnings = self
            .warnings
            .saturating_add(warnings.saturating_sub(kept_warnings));
    }

    /// Returns `Ok` unless there is an error; warnings alone do not count.
    ///
    /// # Errors
    /// The findings themselves, warnings included.
    pub fn into_result(self) -> Result<(), Self> {
        if self.errors == 0 { Ok(()) } else { Err(self) }
    }

    pub(crate) fn note(&mut self, at: &Place<'_>, code: FindingCode, message: impl Into<String>) {
        self.note_all(at, code, message, None, None);
    }

    pub(crate) fn note_limit(
        &mut self,
        at: &Place<'_>,
        code: FindingCode,
        message: impl Into<String>,
        limit: Limit,
    ) {
        self.note_all(at, code, message, Some(limit), None);
    }

    pub(crate) fn note_help(
        &mut self,
        at: &Place<'_>,
        code: FindingCode,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.note_all(at, code, message, None, Some(help.into()));
    }

    fn note_all(
        &mut self,
        at: &Place<'_>,
        code: FindingCode,
        message: impl Into<String>,
        limit: Option<Limit>,
        help: Option<String>,
    ) {
        self.push(code, || Finding {
            limit,
            help,
            ..Finding::new(at.path(), code, message)
        });
    }

    /// Sorts the findings that were kept by where they start in the text.
    #[cfg(feature = "std")]
    pub(crate) fn sort_by_place(&mut self) {
        self.kept
            .sort_by_key(|finding| finding.span.as_ref().map_or(0, |span| span.start));
    }

    #[cfg(feature = "std")]
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Finding> {
        self.kept.iter_mut()
    }

    /// Keeps the findings that `keep` wants. Those that were only counted stay so.
    #[cfg(feature = "std")]
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&Finding) -> bool) {
        let (errors, warnings) = (&mut self.errors, &mut self.warnings);
        self.kept.retain(|finding| {
            let keeps = keep(finding);
            if !keeps {
                let count = match finding.severity() {
                    Severity::Error => &mut *errors,
                    Severity::Warning => &mut *warnings,
                };
                *count = count.saturating_sub(1);
            }
            keeps
        });
    }

    /// Counts a finding, and makes and keeps it while there is room.
    pub(crate) fn push(&mut self, code: FindingCode, finding: impl FnOnce() -> Finding) {
        match code.severity() {
            Severity::Error => self.errors = self.errors.saturating_add(1),
            Severity::Warning => self.warnings = self.warnings.saturating_add(1),
        }
        if self.kept.len() < MAX_FINDINGS {
            self.kept.push(finding());
        } else if code.severity() == Severity::Error && self.errors <= MAX_FINDINGS {
            // The last warning makes way, as long as one can be left.
            let warning = |kept: &Finding| kept.severity() == Severity::Warning;
            if let Some(last) = self.kept.iter().rposition(warning) {
                self.kept.remove(last);
                self.kept.push(finding());
            }
        }
    }
}

/// Gives the findings that were kept.
impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = alloc::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.into_iter()
    }
}

/// For programs: the path as text and as a JSON Pointer (RFC 6901), code, severity, message, limit,
/// help, note, and the places in the text, in bytes, each with what is there; the edits to it.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = |span: &Range<usize>| [span.start, span.end];
        let related: Vec<_> = self
            .related
            .iter()
            .map(|related| (place(&related.span), &related.label))
            .collect();
        let edits = self.edits.iter().map(|edit| (place(&edit.span), edit.text));
        let limit = self.limit.map(|limit| (limit.value, limit.source));
        let mut fields = serializer.serialize_struct("Finding", 12)?;
        fields.serialize_field("path", self.path.as_str())?;
        fields.serialize_field("pointer", &self.path.pointer())?;
        fields.serialize_field("code", self.code.as_str())?;
        fields.serialize_field("severity", self.severity().as_str())?;
        fields.serialize_field("message", &self.message)?;
        fields.serialize_field("limit", &limit)?;
        fields.serialize_field("help", &self.help)?;
        fields.serialize_field("note", &self.note)?;
        fields.serialize_field("span", &self.span.as_ref().map(place))?;
        fields.serialize_field("label", &self.label)?;
        fields.serialize_field("related", &related)?;
        fields.serialize_field("edits", &edits.collect::<Vec<_>>())?;
        fields.end()
    }
}

/// For programs: the findings that were kept, and how many errors and warnings there are in all.
impl Serialize for Findings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Findings", 3)?;
        fields.serialize_field("findings", &self.kept)?;
        fields.serialize_field("errors", &self.errors)?;
        fields.serialize_field("warnings", &self.warnings)?;
        fields.end()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = core::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Each finding on a line of its own, then how many were left out.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, finding) in self.kept.iter().enumerate() {
            let line_break = if n == 0 { "" } else { "\n" };
            write!(f, "{line_break}{finding}")?;
        }
        match self.omitted() {
            0 => Ok(()),
            omitted => write!(f, "\nand {omitted} more"),
        }
    }
}

impl core::error::Error for Findings {}
