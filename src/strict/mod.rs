//! Reading a document that a person wrote: what the published leniency would pass over is an error.
//!
//! One walk over the text finds every mistake of form at once, at its place. What plain serde
//! could not read is replaced by the smallest value of its shape, so that the rules can look at
//! the rest.

mod advice;
mod cursor;
mod document;
#[cfg(all(test, feature = "schema", feature = "cloud"))]
mod generate;
mod locate;
mod names;
mod newer;
mod shape;
mod syntax;
#[rustfmt::skip]
mod table;
mod walk;

use alloc::borrow::Cow;
use alloc::vec::Vec;

use serde::de::DeserializeOwned;

use self::locate::is_element;
pub use self::newer::Release;
use self::shape::{Root, Shape};
use self::syntax::walk_any;
use crate::check::{FieldPath, Finding, FindingCode, Findings, PathStep, Place};

/// Reads a document, if nothing is wrong with its form.
fn from_json<T: DeserializeOwned>(json: &str, root: Root) -> Result<T, Findings> {
    let read = read(json, root);
    match read.document {
        Some(document) if read.found.is_empty() => Ok(document),
        _ => Err(read.found),
    }
}

/// Finds all that is wrong with a document's form, and what `check` finds in all that could be
/// read.
fn check_json<T: DeserializeOwned>(
    json: &str,
    root: Root,
    check: impl FnOnce(&T) -> Findings,
) -> Findings {
    let Read {
        text,
        mut found,
        document,
        mended,
    } = read(json, root);
    let Some(document) = document else {
        return found;
    };
    let mut ruled = check(&document);
    ruled.retain(|finding| !mended.iter().any(|path| depends_on(finding, path.steps())));
    locate::locate(&text, &mut ruled);
    found.extend(ruled);
    found
}

/// Whether a finding is about a mended value, or comes from comparing another one with it.
fn depends_on(finding: &Finding, mended: &[PathStep]) -> bool {
    let steps = finding.path.steps();
    // The fields that a rule compares, and how far up from its own one these are.
    let (compared, up): (&[&str], usize) = match finding.code {
        FindingCode::CapacityMissing
        | FindingCode::CapacityOnDirectory
        | FindingCode::QuotaOnDisk => (&["kind", "mode"], 1),
        FindingCode::PortsWithoutNetwork => (&["enabled"], 1),
        FindingCode::RlimitOrder => (&["hard"], 1),
        FindingCode::RlimitRepeated => (&["resource"], 2),
        FindingCode::PortRepeated | FindingCode::PortDualStack => (&["protocol"], 2),
        _ => (&[], 0),
    };
    let is_compared = match (mended.split_last(), steps.len().checked_sub(up)) {
        (Some((PathStep::Field(name), before)), Some(common)) => {
            compared.contains(&name.as_str())
                && before.len().checked_add(1) == Some(steps.len())
                && steps.get(..common) == before.get(..common)
        }
        _ => false,
    };
    is_compared || leads_to(mended, steps)
}

/// Whether a mended value holds the place of a finding.
fn leads_to(mended: &[PathStep], steps: &[PathStep]) -> bool {
    let same = |(mended, step): (&PathStep, &PathStep)| match mended {
        PathStep::Index(n) => is_element(step, *n),
        PathStep::Field(_) => mended == step,
    };
    mended.len() <= steps.len() && mended.iter().zip(steps).all(same)
}

struct Read<'j, T> {
    /// The text as it was walked: comments are blanked.
    text: Cow<'j, str>,
    found: Findings,
    /// Absent if the text is not JSON, or too much of it had to be mended.
    document: Option<T>,
    mended: Vec<FieldPath>,
}

fn read<T: DeserializeOwned>(json: &str, root: Root) -> Read<'_, T> {
    let mut found = Findings::default();
    let (text, mends) = walk_any(json, root, &mut found);
    let Some(mends) = mends else {
        return Read {
            text,
            found,
            document: None,
            mended: Vec::new(),
        };
    };
    let document = mends.apply(&text).and_then(|text| {
        let read = serde_json::from_str(&text);
        if read.is_err() {
            found.note(&Place::ROOT, FindingCode::WrongType, "cannot be read");
        }
        read.ok()
    });
    Read {
        text,
        found,
        document,
        mended: mends.paths,
    }
}
