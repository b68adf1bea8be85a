//! Reading a spec that a person wrote: what the published leniency would pass over is an error.
//!
//! One walk over the text finds every mistake of form at once, at its place. What plain serde
//! could not read is replaced by the smallest value of its shape, so that the rules can look at
//! the rest.

mod cursor;
#[cfg(all(test, feature = "schema", feature = "cloud"))]
mod generate;
mod locate;
mod newer;
mod shape;
#[rustfmt::skip]
mod table;
mod walk;

use alloc::format;

pub use self::newer::Release;
use self::shape::Shape;
use self::table::SANDBOX_SPEC;
use self::walk::walk;
use crate::check::{Finding, FindingCode, Findings, Place};
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
    #[must_use]
    pub fn check_json(json: &str) -> Findings {
        Self::check_json_with(json, &ExecLimits::default())
    }

    /// [`check_json`](Self::check_json) for a guest with these limits.
    #[must_use]
    pub fn check_json_with(json: &str, limits: &ExecLimits) -> Findings {
        check(json, limits, None)
    }

    /// [`check_json`](Self::check_json) for a spec that this release is to read. That adds a
    /// warning where the spec has what the release ignores: `init.cwd`.
    #[must_use]
    pub fn check_json_for(json: &str, release: Release) -> Findings {
        check(json, &ExecLimits::default(), Some(release))
    }
}

fn check(json: &str, limits: &ExecLimits, release: Option<Release>) -> Findings {
    let Read {
        mut found,
        spec,
        mended,
    } = read(json, &SANDBOX_SPEC);
    let Some(spec) = spec else {
        return found;
    };
    let mut ruled = spec.check_with(limits);
    let has_cwd = spec.init.is_some_and(|init| init.cwd.is_some());
    if let Some(release) = release.filter(|_| has_cwd) {
        release.note_cwd(&mut ruled);
    }
    ruled.retain(|finding| {
        let steps = finding.path.steps();
        !mended
            .iter()
            .any(|mended| steps.starts_with(mended.steps()))
    });
    locate::locate(json, &mut ruled);
    found.extend(ruled);
    found
}

struct Read {
    found: Findings,
    /// Absent if the text is not JSON, or too much of it had to be mended.
    spec: Option<SandboxSpec>,
    mended: alloc::vec::Vec<crate::check::FieldPath>,
}

fn read(json: &str, shape: &'static Shape) -> Read {
    let mut found = Findings::default();
    match walk(json, shape, &mut found) {
        Ok(mends) => {
            let spec = mends.apply(json).and_then(|text| {
                let read = serde_json::from_str(&text);
                debug_assert!(read.is_ok(), "mended text is read: {read:?}");
                read.ok()
            });
            if spec.is_none() && found.is_empty() {
                found.note(&Place::ROOT, FindingCode::WrongType, "cannot be read");
            }
            Read {
                found,
                spec,
                mended: mends.paths,
            }
        }
        Err(error) => {
            // What came before is no finding: a quote that is missing makes names of anything.
            let mut found = Findings::default();
            found.push(FindingCode::Syntax, || Finding {
                path: Place::ROOT.path(),
                code: FindingCode::Syntax,
                message: format!("not a JSON document: {error}"),
                limit: None,
                help: None,
                note: None,
                span: Some(locate::syntax_error(json, &error)),
                related: alloc::vec::Vec::new(),
            });
            Read {
                found,
                spec: None,
                mended: alloc::vec::Vec::new(),
            }
        }
    }
}
