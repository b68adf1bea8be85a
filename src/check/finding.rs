//! What a check of a document finds.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::{FieldPath, Place};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::limits::MAX_FINDINGS;

/// Whether a finding must be put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// A later step would refuse the document, or do other than it says.
    Error,
    /// The document works, though hardly as its author thinks.
    Warning,
}

impl Severity {
    /// Returns the severity in lower case: `error` or `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// The rule that a finding is about. Its text, [`as_str`](Self::as_str), never changes its
/// meaning; a new rule takes a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingCode {
    /// `bind-address`: an address to listen on is not an IP address.
    BindAddress,
    /// `capacity-missing`: a disk volume has no capacity.
    CapacityMissing,
    /// `capacity-on-directory`: a directory volume has a capacity.
    CapacityOnDirectory,
    /// `command-line` (a warning): what should be the path of a program is a whole command line.
    CommandLine,
    /// `empty`: a text that is needed is empty.
    Empty,
    /// `env-key-equals`: the key of an environment entry holds `=`.
    EnvKeyEquals,
    /// `env-repeated` (a warning): an environment key stands twice, and the later entry wins.
    EnvRepeated,
    /// `exec-too-large`: arguments and environment together are more than `execve(2)` takes.
    ExecTooLarge,
    /// `filesystem-type`: a filesystem's type is not a name that Linux gives one.
    FilesystemType,
    /// `format-extension` (a warning): a disk image's extension stands for another format.
    FormatExtension,
    /// `host-port-zero` (a warning): a published port leaves the choice of its number to the host.
    HostPortZero,
    /// `host-answer`: what the host says of itself does not fit the spec.
    HostAnswer,
    /// `hostname-invalid`: a hostname is empty, too long for the kernel, or holds a character that
    /// no hostname may hold.
    HostnameInvalid,
    /// `hostname-not-dns` (a warning): a hostname cannot be looked up.
    HostnameNotDns,
    /// `idle-after-end` (a warning): the idle timeout is longer than the sandbox may live.
    IdleAfterEnd,
    /// `image-reference`: an image reference does not follow the distribution grammar.
    ImageReference,
    /// `label-key`: the key of a label is too long or holds a control character.
    LabelKey,
    /// `label-repeated`: two labels have one key.
    LabelRepeated,
    /// `labels-too-large`: the labels are too large together.
    LabelsTooLarge,
    /// `log-level`: a log level has no such name.
    LogLevel,
    /// `missing`: something that is needed is absent.
    Missing,
    /// `mode-bits`: a file mode has bits that `chmod(2)` does not know.
    ModeBits,
    /// `mode-decimal` (a warning): a file mode's decimal digits are those of a usual octal one.
    ModeDecimal,
    /// `mount-repeated`: two mounts are on one path.
    MountRepeated,
    /// `mount-reserved`: a mount is on a path that the guest mounts for itself.
    MountReserved,
    /// `mounts-too-many`: there are more mounts than a guest's setup holds.
    MountsTooMany,
    /// `name-invalid`: a name is empty, too long, or holds a character that names may not hold.
    NameInvalid,
    /// `nul`: a text holds a NUL, which would end it early in the guest.
    Nul,
    /// `path-is-root`: a path is the root itself where that cannot be.
    PathIsRoot,
    /// `path-not-absolute`: a guest path does not start with `/`.
    PathNotAbsolute,
    /// `path-not-normal`: a guest path has a part that is empty, `.` or `..`.
    PathNotNormal,
    /// `path-too-long`: a path is longer than the kernel takes.
    PathTooLong,
    /// `port-dual-stack` (a warning): a port is published on `::` and on an IPv4 address, which meet
    /// on Linux.
    PortDualStack,
    /// `port-repeated`: two published ports meet on one address, protocol and port.
    PortRepeated,
    /// `ports-without-network` (a warning): ports are published while the network is off.
    PortsWithoutNetwork,
    /// `quota-on-disk` (a warning): a disk volume has a quota, which only directories have.
    QuotaOnDisk,
    /// `repeated-field`: a JSON object has one field twice.
    RepeatedField,
    /// `restricted-overrides` (a warning): the `restricted` profile overrides an option.
    RestrictedOverrides,
    /// `rlimit-ceiling` (a warning): a limit is above what the guest's kernel takes by default.
    RlimitCeiling,
    /// `rlimit-order`: a soft limit is above its hard limit.
    RlimitOrder,
    /// `rlimit-repeated`: one resource is limited twice.
    RlimitRepeated,
    /// `script-name`: a script's name is not a file name.
    ScriptName,
    /// `scripts-too-large`: the scripts are too large together.
    ScriptsTooLarge,
    /// `string-too-long`: one string is longer than `execve(2)` takes.
    StringTooLong,
    /// `syntax`: the text is not JSON.
    Syntax,
    /// `unknown-field`: a JSON object has a field that its type does not have.
    UnknownField,
    /// `volume-mismatch`: a mount and its request name two volumes.
    VolumeMismatch,
    /// `wrong-type`: a JSON value is not of the type that its field has.
    WrongType,
    /// `zero`: a number that cannot be 0 is.
    Zero,
}

impl FindingCode {
    /// Returns the code's stable text, such as `mount-repeated`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BindAddress => "bind-address",
            Self::CapacityMissing => "capacity-missing",
            Self::CapacityOnDirectory => "capacity-on-directory",
            Self::CommandLine => "command-line",
            Self::Empty => "empty",
            Self::EnvKeyEquals => "env-key-equals",
            Self::EnvRepeated => "env-repeated",
            Self::ExecTooLarge => "exec-too-large",
            Self::FilesystemType => "filesystem-type",
            Self::FormatExtension => "format-extension",
            Self::HostPortZero => "host-port-zero",
            Self::HostAnswer => "host-answer",
            Self::HostnameInvalid => "hostname-invalid",
            Self::HostnameNotDns => "hostname-not-dns",
            Self::IdleAfterEnd => "idle-after-end",
            Self::ImageReference => "image-reference",
            Self::LabelKey => "label-key",
            Self::LabelRepeated => "label-repeated",
            Self::LabelsTooLarge => "labels-too-large",
            Self::LogLevel => "log-level",
            Self::Missing => "missing",
            Self::ModeBits => "mode-bits",
            Self::ModeDecimal => "mode-decimal",
            Self::MountRepeated => "mount-repeated",
            Self::MountReserved => "mount-reserved",
            Self::MountsTooMany => "mounts-too-many",
            Self::NameInvalid => "name-invalid",
            Self::Nul => "nul",
            Self::PathIsRoot => "path-is-root",
            Self::PathNotAbsolute => "path-not-absolute",
            Self::PathNotNormal => "path-not-normal",
            Self::PathTooLong => "path-too-long",
            Self::PortDualStack => "port-dual-stack",
            Self::PortRepeated => "port-repeated",
            Self::PortsWithoutNetwork => "ports-without-network",
            Self::QuotaOnDisk => "quota-on-disk",
            Self::RepeatedField => "repeated-field",
            Self::RestrictedOverrides => "restricted-overrides",
            Self::RlimitCeiling => "rlimit-ceiling",
            Self::RlimitOrder => "rlimit-order",
            Self::RlimitRepeated => "rlimit-repeated",
            Self::ScriptName => "script-name",
            Self::ScriptsTooLarge => "scripts-too-large",
            Self::StringTooLong => "string-too-long",
            Self::Syntax => "syntax",
            Self::UnknownField => "unknown-field",
            Self::VolumeMismatch => "volume-mismatch",
            Self::WrongType => "wrong-type",
            Self::Zero => "zero",
        }
    }

    /// Returns whether findings of this rule must be put right.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::CommandLine
            | Self::EnvRepeated
            | Self::FormatExtension
            | Self::HostPortZero
            | Self::HostnameNotDns
            | Self::IdleAfterEnd
            | Self::ModeDecimal
            | Self::PortDualStack
            | Self::PortsWithoutNetwork
            | Self::QuotaOnDisk
            | Self::RestrictedOverrides
            | Self::RlimitCeiling => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

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
    /// What else there is to know.
    pub note: Option<String>,
    /// The bytes of the text that the finding is about, if it is about a text. Of an object or a
    /// list that is its name, or else the opening bracket.
    pub span: Option<Range<usize>>,
    /// What is at that place, where the path would not say it.
    pub label: Option<String>,
    /// Other places in the text that the finding speaks of.
    pub related: Vec<Related>,
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

    /// Keeps the findings that `keep` wants. Those that were only counted stay so.
    #[cfg(feature = "std")]
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&mut Finding) -> bool) {
        let (errors, warnings) = (&mut self.errors, &mut self.warnings);
        self.kept.retain_mut(|finding| {
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
/// help, note, and the places in the text, in bytes, each with what is there.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = |span: &Range<usize>| [span.start, span.end];
        let related: Vec<_> = self
            .related
            .iter()
            .map(|related| (place(&related.span), &related.label))
            .collect();
        let limit = self.limit.map(|limit| (limit.value, limit.source));
        let mut fields = serializer.serialize_struct("Finding", 11)?;
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
