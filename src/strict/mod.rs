//! Reading a spec that a person wrote: what the published leniency would pass over is an error.
//!
//! One walk over the text finds every mistake of form at once, at its place. What plain serde
//! could not read is replaced by the smallest value of its shape, so that the rules can look at
//! the rest.

mod cursor;
mod fix;
#[cfg(all(test, feature = "schema"))]
mod generate;
mod locate;
mod shape;
#[rustfmt::skip]
mod table;
mod walk;

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use self::fix::{Fixes, Moves};
use self::shape::Shape;
use self::table::SANDBOX_SPEC;
use self::walk::walk;
use crate::check::{FieldPath, Finding, FindingCode, Findings, Place};
use crate::exec::ExecLimits;
use crate::spec::SandboxSpec;

impl SandboxSpec {
    /// Reads a spec from JSON, and refuses what plain serde passes over: unknown fields (with the
    /// nearest name that a spec has), repeated fields, and lists in place of objects. A
    /// `$schema` for editors is let through.
    ///
    /// The spec is read, not yet [validated](Self::validate).
    ///
    /// ```
    /// use microsandbox_types::SandboxSpec;
    ///
    /// let findings = SandboxSpec::from_json_strict(r#"{"resources": {"cpu": 2}}"#).unwrap_err();
    /// assert_eq!(
    ///     findings.to_string(),
    ///     "error[unknown-field] resources.cpu: unknown field \"cpu\"; did you mean \"cpus\"?"
    /// );
    /// ```
    ///
    /// # Errors
    /// All findings, each with its place in the text. They never show a value.
    pub fn from_json_strict(json: &str) -> Result<Self, Findings> {
        let read = read(json, &SANDBOX_SPEC);
        match read.spec {
            Some(spec) if read.found.is_empty() => Ok(spec),
            _ => Err(read.found),
        }
    }

    /// Returns all that is wrong with a spec as text: what
    /// [`from_json_strict`](Self::from_json_strict) finds, and what [`check`](Self::check) finds
    /// in all that could be read.
    ///
    /// What has [`edits`](Finding::edits) is looked at as if they were made, so that all mistakes
    /// are found at once. A path then leads through the fixed document: that of a `"Cpus"` without
    /// a number is `resources.cpus`.
    #[must_use]
    pub fn check_json(json: &str) -> Findings {
        Self::check_json_with(json, &ExecLimits::default())
    }

    /// [`check_json`](Self::check_json) for a guest with these limits.
    #[must_use]
    pub fn check_json_with(json: &str, limits: &ExecLimits) -> Findings {
        let mut read = read(json, &SANDBOX_SPEC);
        let Some(spec) = &read.spec else {
            return read.found;
        };
        let mut ruled = spec.check_with(limits);
        ruled.retain(|finding| {
            let steps = finding.path.steps();
            !read
                .mended
                .iter()
                .any(|mended| steps.starts_with(mended.steps()))
        });
        locate::locate(&read.text, &mut ruled);
        undo(&read.moves, &mut ruled);
        read.found.extend(ruled);
        read.found
    }
}

/// How many times fixes are made and looked through: more than there are names, kinds and values
/// on the way to any value.
const MAX_ROUNDS: usize = 8;

struct Read<'j> {
    found: Findings,
    /// The text with all that is certain fixed.
    text: Cow<'j, str>,
    /// What each round of fixes changed.
    moves: Vec<Moves>,
    /// Absent if the text is not JSON, or too much of it had to be mended.
    spec: Option<SandboxSpec>,
    mended: Vec<FieldPath>,
}

impl Read<'_> {
    fn fixed(self) -> Option<String> {
        match self.text {
            Cow::Borrowed(_) => None,
            Cow::Owned(fixed) => Some(fixed),
        }
    }
}

/// Gives findings about a fixed text their places in the one that it was.
fn undo(moves: &[Moves], found: &mut Findings) {
    found.retain(|finding| {
        moves.iter().rev().for_each(|moves| moves.undo(finding));
        true
    });
}

fn read<'j>(json: &'j str, shape: &'static Shape) -> Read<'j> {
    let mut read = Read {
        found: Findings::default(),
        text: Cow::Borrowed(json),
        moves: Vec::new(),
        spec: None,
        mended: Vec::new(),
    };
    loop {
        let (mut found, mut fixes) = (Findings::default(), Fixes::default());
        let mends = match walk(&read.text, shape, &mut found, &mut fixes) {
            Ok(mends) => mends,
            Err(error) => {
                if let Some((found, text, moves)) = fix_syntax(&read.text) {
                    read.found = found;
                    read.text = Cow::Owned(text);
                    read.moves.push(moves);
                    continue;
                }
                // What came before is no finding: a quote that is missing makes names of anything.
                read.found = not_json(json, &error);
                return read;
            }
        };
        let fixed = (!fixes.found.is_empty() && read.moves.len() < MAX_ROUNDS)
            .then(|| fixes.apply(&read.text));
        undo(&read.moves, &mut fixes.found);
        read.found.extend(fixes.found);
        if let Some((text, moves)) = fixed {
            read.text = Cow::Owned(text);
            read.moves.push(moves);
            continue;
        }
        undo(&read.moves, &mut found);
        read.found.extend(found);
        if !read.moves.is_empty() {
            read.found.sort();
        }
        read.spec = mends.apply(&read.text).and_then(|text| {
            let spec = serde_json::from_str(&text);
            debug_assert!(spec.is_ok(), "mended text is read: {spec:?}");
            spec.ok()
        });
        if read.spec.is_none() && read.found.is_empty() {
            let found = &mut read.found;
            found.note(&Place::ROOT, FindingCode::WrongType, "cannot be read");
        }
        read.mended = mends.paths;
        return read;
    }
}

/// Fixes a text if that makes JSON of it.
fn fix_syntax(json: &str) -> Option<(Findings, String, Moves)> {
    let fixes = fix::syntax(json);
    if fixes.found.is_empty() {
        return None;
    }
    let (text, moves) = fixes.apply(json);
    let (found, fixable) = (&mut Findings::default(), &mut Fixes::default());
    let is_json = walk(&text, &Shape::Any, found, fixable).is_ok();
    is_json.then_some((fixes.found, text, moves))
}

fn not_json(json: &str, error: &serde_json::Error) -> Findings {
    let mut found = Findings::default();
    found.push(FindingCode::Syntax, || Finding {
        path: Place::ROOT.path(),
        code: FindingCode::Syntax,
        message: format!("not a JSON document: {error}"),
        limit: None,
        help: None,
        span: Some(locate::syntax_error(json, error)),
        related: Vec::new(),
        edits: Vec::new(),
    });
    found
}
