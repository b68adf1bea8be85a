//! What is certain to put a mistake right: edits that delete, or insert a text that is fixed.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use core::ptr;

use super::cursor::Cursor;
use super::shape::Shape;
use super::table::{ENV_VAR, ROOTFS_SOURCE};
use crate::check::{Edit, Finding, FindingCode, Findings, Place, is_image_reference};

/// The longest name that is compared, which is longer than any that is known.
pub(super) const MAX_NAME_BYTES: usize = 64;

/// Finds the one that is `given` but for case, `_` and `-`. No two of the known ones are alike.
pub(super) fn spelt<'k>(given: &str, mut known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if given.len() > MAX_NAME_BYTES {
        return None;
    }
    known.find(|known| folded(known).eq(folded(given)))
}

pub(super) fn folded(text: &str) -> impl Iterator<Item = u8> + '_ {
    let counts = |byte: &u8| !matches!(byte, b'_' | b'-');
    text.bytes()
        .filter(counts)
        .map(|byte| byte.to_ascii_lowercase())
}

/// Returns the edit that puts another text between the quotes of a string.
pub(super) fn rewrite(string: &Range<usize>, text: &'static str) -> Vec<Edit> {
    let inside = string.start.saturating_add(1)..string.end.saturating_sub(1);
    Vec::from([Edit::new(inside, text)])
}

/// Returns what makes a value of this shape from a string, if that is certain.
pub(super) fn string(shape: &'static Shape, json: &str, string: &Range<usize>) -> Vec<Edit> {
    let quotes = [
        string.start..string.start.saturating_add(1),
        string.end.saturating_sub(1)..string.end,
    ];
    let [open, close] = &quotes;
    let text = json.get(open.end..close.start).unwrap_or_default();
    let is_plain = !text.contains('\\');
    match shape {
        Shape::Number(most) if is_number(text, *most) => quotes
            .into_iter()
            .map(|quote| Edit::new(quote, ""))
            .collect(),
        Shape::Word(words) if is_plain => {
            spelt(text, words.iter().copied()).map_or(Vec::new(), |word| rewrite(string, word))
        }
        Shape::Variants(kinds) if ptr::eq(shape, &ROOTFS_SOURCE) && is_plain => {
            let is_kind = spelt(text, kinds.iter().map(|kind| kind.name)).is_some();
            if is_kind || is_file(text) || !is_image_reference(text) {
                return Vec::new();
            }
            around(string, r#"{"Oci": {"reference": "#, "}}").into()
        }
        shape => variable(shape).map_or(Vec::new(), |form| entry(&form, text, string)),
    }
}

/// Whether a text is a whole number up to this one, as JSON writes it.
fn is_number(text: &str, most: u64) -> bool {
    let is_canonical = text == "0" || !text.starts_with(['0', '+']);
    is_canonical && text.parse::<u64>().is_ok_and(|number| number <= most)
}

/// Whether a text that could be an image reference is more likely a file's name.
fn is_file(text: &str) -> bool {
    let last = text.rsplit('/').next().unwrap_or(text);
    last.contains('.') && !last.contains([':', '@'])
}

fn around(value: &Range<usize>, before: &'static str, after: &'static str) -> [Edit; 2] {
    [
        Edit::new(value.start..value.start, before),
        Edit::new(value.end..value.end, after),
    ]
}

/// How an environment variable is written: what comes before its key, between key and value, and
/// after its value.
struct Variable {
    before: &'static str,
    for_colon: &'static str,
    for_equals: &'static str,
    after: &'static str,
}

fn variable(shape: &'static Shape) -> Option<Variable> {
    if ptr::eq(shape, &ENV_VAR) {
        return Some(Variable {
            before: r#"{"key": "#,
            for_colon: r#", "value":"#,
            for_equals: r#"", "value": ""#,
            after: "}",
        });
    }
    matches!(shape, Shape::Pair).then_some(Variable {
        before: "[",
        for_colon: ",",
        for_equals: r#"", ""#,
        after: "]",
    })
}

/// A variable written as `"KEY=value"`. What is before the `=` of another text, such as an option
/// or a URL, is no key.
fn entry(form: &Variable, text: &str, string: &Range<usize>) -> Vec<Edit> {
    let key = text.split_once('=').map_or("", |(key, _)| key);
    // A label's key may be a path.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    let is_first = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !is_first || !key.bytes().all(is_plain) {
        return Vec::new();
    }
    let equals = string.start.saturating_add(1).saturating_add(key.len());
    let [before, after] = around(string, form.before, form.after);
    let equals = Edit::new(equals..equals.saturating_add(1), form.for_equals);
    Vec::from([before, equals, after])
}

/// Returns what makes a list of variables from an object, if all its values are strings. It has
/// `count` names, all different.
pub(super) fn object(
    shape: &'static Shape,
    json: &str,
    count: usize,
    whole: &Range<usize>,
) -> Vec<Edit> {
    let form = match shape {
        Shape::List(of) => variable(of),
        _ => None,
    };
    let edits = form.and_then(|form| entries(&form, json, count, whole));
    edits.unwrap_or_default()
}

fn entries(form: &Variable, json: &str, count: usize, whole: &Range<usize>) -> Option<Vec<Edit>> {
    // There may be as many as the text has room for.
    let mut edits = Vec::with_capacity(count.saturating_mul(3).saturating_add(2));
    let (mut has_key, mut has_value) = (false, false);
    let mut cursor = Cursor::new(json, json).at(whole.start);
    edits.push(Edit::new(cursor.punctuation(), "["));
    for _ in 0..count {
        let key = cursor.string(None);
        let name = json.get(key.clone())?.trim_matches('"');
        match spelt(name, ["key", "name", "value"].into_iter()) {
            Some("value") => has_value = true,
            Some(_) => has_key = true,
            None => {}
        }
        edits.push(Edit::new(key.start..key.start, form.before));
        edits.push(Edit::new(cursor.punctuation(), form.for_colon));
        let value = cursor.token();
        if json.as_bytes().get(value) != Some(&b'"') {
            return None;
        }
        let end = cursor.string(None).end;
        edits.push(Edit::new(end..end, form.after));
        cursor.comma();
    }
    edits.push(Edit::new(cursor.punctuation(), "]"));
    // That would be one variable by itself, as in `{"name": "A", "value": "b"}`.
    (!has_key || !has_value).then_some(edits)
}

/// Finds what keeps a text from being JSON and can go: a byte order mark and trailing commas.
pub(super) fn syntax(json: &str) -> Fixes {
    let mut fixes = Fixes::default();
    if json.len() > MAX_BYTES {
        return fixes;
    }
    if json.starts_with(BYTE_ORDER_MARK) {
        fixes.push_syntax(0..BYTE_ORDER_MARK.len(), AT_BYTE_ORDER_MARK);
    }
    // The last token and where it is.
    let (mut last, mut before) = ((b'[', 0..0), b'[');
    let mut cursor = Cursor::new(json, json);
    while let Some(byte) = json.as_bytes().get(cursor.token()) {
        if matches!(byte, b']' | b'}') && last.0 == b',' && !b"[{,:".contains(&before) {
            fixes.push_syntax(last.1, AT_TRAILING_COMMA);
        }
        let token = match byte {
            b'"' => cursor.string(None),
            _ => cursor.punctuation(),
        };
        before = last.0;
        last = (*byte, token);
    }
    fixes
}

pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a finding says, and its help.
pub(super) type Says = (&'static str, &'static str);

pub(super) const AT_BYTE_ORDER_MARK: Says = (
    "the file starts with a byte order mark",
    "save it as UTF-8 without one",
);
pub(super) const AT_TRAILING_COMMA: Says = ("JSON does not allow trailing commas", "remove it");

/// The longest text that is fixed. Its places, and those in what becomes of it, are kept in 32 bits.
pub(super) const MAX_BYTES: usize = 64 * 1024 * 1024;

/// An edit in few bytes, for there may be as many as the text has room for.
struct Op {
    start: u32,
    /// How many bytes are deleted: those of a name at most.
    deleted: u16,
    /// Which of the texts is inserted.
    text: u16,
}

/// The findings of a walk that have edits.
#[derive(Default)]
pub(super) struct Fixes {
    pub(super) found: Findings,
    /// The edits of all findings, kept or only counted.
    ops: Vec<Op>,
    /// What they insert: punctuation, names and words.
    texts: Vec<&'static str>,
}

impl Fixes {
    pub(super) fn push(
        &mut self,
        code: FindingCode,
        edits: Vec<Edit>,
        finding: impl FnOnce(Vec<Edit>) -> Finding,
    ) {
        self.ops.reserve(edits.len());
        for edit in &edits {
            self.add(edit);
        }
        self.found.push(code, || finding(edits));
    }

    fn add(&mut self, edit: &Edit) -> Option<()> {
        let known = self.texts.iter().position(|text| *text == edit.text);
        let text = known.unwrap_or(self.texts.len());
        if known.is_none() {
            self.texts.push(edit.text);
        }
        self.ops.push(Op {
            start: edit.span.start.try_into().ok()?,
            deleted: edit.span.len().try_into().ok()?,
            text: text.try_into().ok()?,
        });
        Some(())
    }

    fn push_syntax(&mut self, span: Range<usize>, (message, help): Says) {
        let edits = Vec::from([Edit::new(span.clone(), "")]);
        self.push(FindingCode::Syntax, edits, |edits| Finding {
            help: Some(help.into()),
            span: Some(span),
            edits,
            ..Finding::new(Place::ROOT.path(), FindingCode::Syntax, message)
        });
    }

    /// Returns the findings of a text that edits alone do not make JSON of.
    pub(super) fn without_edits(self) -> Findings {
        let mut found = self.found;
        for finding in found.iter_mut() {
            finding.edits.clear();
        }
        found
    }

    /// Returns the findings, the text with all edits made, and where its parts were.
    pub(super) fn apply(mut self, json: &str) -> (Findings, String, Moves) {
        self.ops.sort_unstable_by_key(|op| (op.start, op.deleted));
        let (texts, mut at, mut starts) = (self.texts, 0, Vec::with_capacity(self.ops.len()));
        let inserted = self.ops.iter().map(|op| op.text(&texts).len());
        let capacity = json.len().saturating_add(inserted.sum::<usize>());
        let mut text = String::with_capacity(capacity);
        for op in &self.ops {
            let span = op.span();
            let before = json.get(at..span.start);
            debug_assert!(before.is_some(), "edits do not overlap");
            text.push_str(before.unwrap_or_default());
            starts.push(text.len().try_into().unwrap_or(u32::MAX));
            text.push_str(op.text(&texts));
            at = span.end;
        }
        text.push_str(json.get(at..).unwrap_or_default());
        let ops = self.ops;
        (self.found, text, Moves { ops, texts, starts })
    }
}

impl Op {
    fn span(&self) -> Range<usize> {
        let start = as_usize(self.start);
        start..start.saturating_add(self.deleted.into())
    }

    fn text(&self, texts: &[&'static str]) -> &'static str {
        texts
            .get(usize::from(self.text))
            .copied()
            .unwrap_or_default()
    }
}

fn as_usize(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// What edits put into a text, and in place of what, in order.
pub(super) struct Moves {
    ops: Vec<Op>,
    texts: Vec<&'static str>,
    /// Where in the new text each edit's text is.
    starts: Vec<u32>,
}

impl Moves {
    /// Gives a finding about the new text its places in the old one.
    pub(super) fn undo(&self, finding: &mut Finding) {
        let related = finding.related.iter_mut().map(|related| &mut related.span);
        let edits = finding.edits.iter_mut().map(|edit| &mut edit.span);
        for span in finding.span.iter_mut().chain(related).chain(edits) {
            *span = self.old(span);
        }
    }

    fn old(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.old_byte(span.start).start;
        if span.is_empty() {
            return start..start;
        }
        start..self.old_byte(span.end.saturating_sub(1)).end.max(start)
    }

    /// Returns where a byte was, or all that stood where it was inserted.
    fn old_byte(&self, byte: usize) -> Range<usize> {
        let last = self
            .starts
            .partition_point(|start| as_usize(*start) <= byte)
            .checked_sub(1);
        let last = last.and_then(|last| Some((self.starts.get(last)?, self.ops.get(last)?)));
        let Some((start, op)) = last else {
            return byte..byte.saturating_add(1);
        };
        let end = as_usize(*start).saturating_add(op.text(&self.texts).len());
        if byte < end {
            return op.span();
        }
        let byte = op.span().end.saturating_add(byte.saturating_sub(end));
        byte..byte.saturating_add(1)
    }
}
