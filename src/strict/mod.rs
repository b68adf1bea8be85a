//! Reading a spec that a person wrote: what the published leniency would pass over is an error.
//!
//! One walk over the text finds every mistake of form at once, at its place. What plain serde
//! could not read is replaced by the smallest value of its shape, so that the rules can look at
//! the rest.

mod advice;
mod cursor;
#[cfg(all(test, feature = "schema"))]
mod generate;
mod locate;
mod names;
mod shape;
mod syntax;
#[rustfmt::skip]
mod table;
mod walk;

use alloc::borrow::Cow;
use alloc::vec::Vec;

use self::shape::Shape;
use self::syntax::walk_any;
use self::table::SANDBOX_SPEC;
use crate::check::{FieldPath, FindingCode, Findings, Place};
use crate::exec::ExecLimits;
use crate::spec::SandboxSpec;

impl SandboxSpec {
    /// Reads a spec from JSON, and refuses what plain serde passes over: unknown fields (with what
    /// to write instead), repeated fields, and lists in place of objects. A `$schema` for editors is
    /// let through.
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
    /// All findings, each with its place in the text. They never show a value, but for short numbers
    /// of sizes, times and modes.
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
    #[must_use]
    pub fn check_json(json: &str) -> Findings {
        Self::check_json_with(json, &ExecLimits::default())
    }

    /// [`check_json`](Self::check_json) for a guest with these limits.
    #[must_use]
    pub fn check_json_with(json: &str, limits: &ExecLimits) -> Findings {
        let Read {
            text,
            mut found,
            spec,
            mended,
        } = read(json, &SANDBOX_SPEC);
        let Some(spec) = spec else {
            return found;
        };
        let mut ruled = spec.check_with(limits);
        ruled.retain(|finding| {
            let steps = finding.path.steps();
            !mended
                .iter()
                .any(|mended| steps.starts_with(mended.steps()))
        });
        locate::locate(&text, &mut ruled);
        found.extend(ruled);
        found
    }
}

struct Read<'j> {
    /// The text as it was walked: comments are blanked.
    text: Cow<'j, str>,
    found: Findings,
    /// Absent if the text is not JSON, or too much of it had to be mended.
    spec: Option<SandboxSpec>,
    mended: Vec<FieldPath>,
}

fn read<'j>(json: &'j str, shape: &'static Shape) -> Read<'j> {
    let mut found = Findings::default();
    let (text, mends) = walk_any(json, shape, &mut found);
    let Some(mends) = mends else {
        return Read {
            text,
            found,
            spec: None,
            mended: Vec::new(),
        };
    };
    let spec = mends.apply(&text).and_then(|text| {
        let read = serde_json::from_str(&text);
        if read.is_err() {
            found.note(&Place::ROOT, FindingCode::WrongType, "cannot be read");
        }
        read.ok()
    });
    Read {
        text,
        found,
        spec,
        mended: mends.paths,
    }
}
