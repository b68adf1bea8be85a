//! Reading a document that a person wrote: what the published leniency would pass over is an error.
//!
//! One walk over the text finds every mistake of form at once, at its place. What plain serde
//! could not read is replaced by the smallest value of its shape, so that the rules can look at
//! the rest.

mod advice;
mod cursor;
mod document;
mod fix;
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
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::DeserializeOwned;

use self::fix::{Fixes, Moves};
use self::locate::is_element;
pub use self::newer::Release;
use self::shape::{Root, Shape};
use self::syntax::walk_broken;
use self::walk::{Mends, walk};
use crate::check::{Finding, FindingCode, Findings, PathStep, Place};

/// Reads a document, if nothing is wrong with its form.
fn from_json<T: DeserializeOwned>(json: &str, root: Root) -> Result<T, Findings> {
    let mut form = Form::of(json, root);
    match form.read() {
        Some(document) if form.found.is_empty() => Ok(document),
        _ => Err(form.found),
    }
}

/// Finds all that is wrong with a document's form, and what `check` finds in all that could be
/// read.
fn check_json<T: DeserializeOwned>(
    json: &str,
    root: Root,
    check: impl FnOnce(&T) -> Findings,
) -> Findings {
    let mut form = Form::of(json, root);
    let Some(document) = form.read() else {
        return form.found;
    };
    let mut ruled = check(&document);
    ruled.retain(|finding| {
        let mut mended = form.mends.iter().flat_map(|mends| &mends.paths);
        !mended.any(|path| depends_on(finding, path.steps()))
    });
    locate::locate(&form.text, &mut ruled);
    undo(&form.moves, &mut ruled);
    form.found.extend(ruled);
    form.found
}

/// Returns a text with all that is certain fixed, if there is anything.
fn fix_json(json: &str, root: Root) -> Option<String> {
    let form = Form::of(json, root);
    (!form.moves.is_empty()).then(|| form.text.into_owned())
}

/// Whether a finding is about a mended value, or comes from comparing another one with it.
fn depends_on(finding: &Finding, mended: &[PathStep]) -> bool {
    let steps = finding.path.steps();
    // What an init may take depends on the stack limit.
    if finding.code == FindingCode::ExecTooLarge
        && matches!(mended.first(), Some(PathStep::Field(name)) if name == "rlimits")
    {
        return true;
    }
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
    let is_compared = steps.len().checked_sub(up).is_some_and(|common| {
        // One of these fields, or an element that holds it.
        let holds = match mended.last() {
            Some(PathStep::Field(name)) => {
                mended.len() == steps.len() && compared.contains(&name.as_str())
            }
            _ => mended.len() > common && mended.len() < steps.len(),
        };
        holds && steps.get(..common) == mended.get(..common)
    });
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

/// How many times fixes are made and looked through: more than there are names, kinds and values
/// on the way to any value.
const MAX_ROUNDS: usize = 8;

/// A document's form: what is wrong with it, and a text that can be read.
struct Form<'j> {
    found: Findings,
    /// The text with all that is certain fixed, or with comments and the like blanked.
    text: Cow<'j, str>,
    /// What each round of fixes changed.
    moves: Vec<Moves>,
    /// Absent if the text is not JSON.
    mends: Option<Mends>,
}

impl<'j> Form<'j> {
    fn of(json: &'j str, root: Root) -> Self {
        let mut form = Self {
            found: Findings::default(),
            text: Cow::Borrowed(json),
            moves: Vec::new(),
            mends: None,
        };
        loop {
            let (mut found, mut fixes) = (Findings::default(), Fixes::default());
            let text = &form.text;
            let mends = match walk(text, text, root, &mut found, &mut fixes) {
                Ok(mends) => mends,
                Err(_) => {
                    if form.moves.is_empty() {
                        let fixes = fix::syntax(json);
                        if !fixes.found.is_empty() {
                            form.fix(fixes, json);
                            continue;
                        }
                    }
                    // More than that is wrong, or a fix has brought a number to light that is too
                    // large for the parser. Then nothing is fixed.
                    form.moves.clear();
                    form.found = Findings::default();
                    (form.text, form.mends) = walk_broken(json, root, &mut form.found);
                    return form;
                }
            };
            undo(&form.moves, &mut fixes.found);
            if !fixes.found.is_empty() && form.moves.len() < MAX_ROUNDS {
                // What was mended is looked at in the fixed text.
                drop(mends);
                let text = core::mem::take(&mut form.text);
                form.fix(fixes, &text);
                continue;
            }
            form.found.extend(fixes.found);
            undo(&form.moves, &mut found);
            form.found.extend(found);
            if !form.moves.is_empty() {
                form.found.sort_by_place();
            }
            form.mends = Some(mends);
            return form;
        }
    }

    /// Makes the fixes that were found in `text`.
    fn fix(&mut self, fixes: Fixes, text: &str) {
        let (found, text, moves) = fixes.apply(text);
        self.found.extend(found);
        self.text = Cow::Owned(text);
        self.moves.push(moves);
    }

    /// Returns the document, unless its text is not JSON or too much of it had to be mended.
    fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        let text = self.mends.as_ref()?.apply(&self.text);
        let read = text.and_then(|text| {
            let read = serde_json::from_str(&text);
            debug_assert!(
                read.is_ok(),
                "mended text is read: {:?}",
                read.as_ref().err()
            );
            read.ok()
        });
        if read.is_none() && self.found.is_empty() {
            let found = &mut self.found;
            found.note(&Place::ROOT, FindingCode::WrongType, "cannot be read");
        }
        read
    }
}

/// Gives findings about a fixed text their places in the one that it was.
fn undo(moves: &[Moves], found: &mut Findings) {
    for finding in found.iter_mut() {
        moves.iter().rev().for_each(|moves| moves.undo(finding));
    }
}
