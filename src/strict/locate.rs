//! Where in the text the findings of the rules are, by one more pass over it.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::cursor::Cursor;
use super::walk::Key;
use crate::check::{Finding, FindingCode, Findings, PathStep, kept};

/// Gives each finding the bytes that it is about, or those of what is nearest around it.
pub(super) fn locate(json: &str, found: &mut Findings) {
    if found.is_empty() {
        return;
    }
    let mut sought: Vec<_> = found
        .iter()
        .map(|finding| Sought::new(finding.path.steps().to_vec(), of_name(finding)))
        .collect();
    pass(json, &mut sought);
    for (finding, sought) in found.iter_mut().zip(sought) {
        finding.span = Some(sought.span);
    }
}

/// Returns which of these fields are there.
pub(super) fn are_there(json: &str, fields: impl Iterator<Item = Vec<PathStep>>) -> Vec<bool> {
    let mut sought: Vec<_> = fields.map(|steps| Sought::new(steps, false)).collect();
    pass(json, &mut sought);
    sought.iter().map(|sought| sought.is_there).collect()
}

fn pass(json: &str, sought: &mut [Sought]) {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let pass = Pass {
        cursor: &mut Cursor::new(json, json),
        inside: (0..sought.len()).collect(),
        sought,
        depth: 0,
        name: None,
    };
    // The text was read before.
    let _ = pass.deserialize(&mut deserializer);
}

/// A path, and the bytes of what it leads to.
struct Sought {
    steps: Vec<PathStep>,
    of_name: bool,
    span: Range<usize>,
    is_there: bool,
}

impl Sought {
    fn new(steps: Vec<PathStep>, of_name: bool) -> Self {
        Self {
            steps,
            of_name,
            span: 0..0,
            is_there: false,
        }
    }
}

/// Whether a finding is about a field's name.
fn of_name(finding: &Finding) -> bool {
    matches!(
        finding.code,
        FindingCode::ScriptName | FindingCode::LabelKey
    )
}

/// Whether a step leads to element `n` of a list. A pair's go by the names of what they are, too.
pub(super) fn is_element(step: &PathStep, n: usize) -> bool {
    match step {
        PathStep::Index(index) => *index == n,
        PathStep::Field(name) => ["key", "value"]
            .get(n)
            .is_some_and(|of_pair| name == of_pair),
    }
}

/// Returns the byte at which `json` stops being JSON, or the end.
pub(super) fn syntax_error(json: &str, error: &serde_json::Error) -> Range<usize> {
    let before = json
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let line_start = before.fold(0, |sum: usize, line| sum.saturating_add(line.len()));
    // Column 0 is the line break before.
    let mut start = match error.column() {
        0 => line_start.saturating_sub(1),
        column => line_start.saturating_add(column.saturating_sub(1)),
    }
    .min(json.len());
    while !json.is_char_boundary(start) {
        start = start.saturating_sub(1);
    }
    let rest = json.get(start..).unwrap_or_default();
    let len = rest.chars().next().map_or(0, char::len_utf8);
    start..start.saturating_add(len)
}

/// One value, and the paths that lead to it or into it.
struct Pass<'a, 'j> {
    cursor: &'a mut Cursor<'j>,
    sought: &'a mut [Sought],
    inside: Vec<usize>,
    depth: usize,
    name: Option<Range<usize>>,
}

impl Pass<'_, '_> {
    fn found(&mut self, here: &Range<usize>) {
        for n in &self.inside {
            if let Some(sought) = self.sought.get_mut(*n) {
                let is_there = sought.steps.len() == self.depth;
                let name = self.name.as_ref();
                let of_name = sought.of_name && is_there;
                sought.span = name.filter(|_| of_name).unwrap_or(here).clone();
                sought.is_there |= is_there;
            }
        }
    }

    fn word(&mut self) {
        let here = self.cursor.word();
        self.found(&here);
    }

    fn after(&self, leads: impl Fn(&PathStep) -> bool) -> Vec<usize> {
        let leads = |n: &usize| {
            let sought = self.sought.get(*n);
            sought
                .and_then(|sought| sought.steps.get(self.depth))
                .is_some_and(&leads)
        };
        self.inside.iter().copied().filter(leads).collect()
    }
}

impl<'de> DeserializeSeed<'de> for Pass<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.inside.is_empty() {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            self.cursor.value();
            return Ok(());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pass<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        self.word();
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        self.word();
        Ok(())
    }

    fn visit_i64<E>(mut self, _: i64) -> Result<(), E> {
        self.word();
        Ok(())
    }

    fn visit_u64<E>(mut self, _: u64) -> Result<(), E> {
        self.word();
        Ok(())
    }

    fn visit_f64<E>(mut self, _: f64) -> Result<(), E> {
        self.word();
        Ok(())
    }

    fn visit_str<E>(mut self, _: &str) -> Result<(), E> {
        let here = self.cursor.string(None);
        self.found(&here);
        Ok(())
    }

    fn visit_borrowed_str<E>(mut self, text: &'de str) -> Result<(), E> {
        let here = self.cursor.string(Some(text));
        self.found(&here);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<(), A::Error> {
        let bracket = self.cursor.punctuation();
        let here = self.name.clone().unwrap_or(bracket);
        self.found(&here);
        for n in 0usize.. {
            let inside = self.after(|step| is_element(step, n));
            self.cursor.comma();
            let pass = Pass {
                cursor: &mut *self.cursor,
                sought: &mut *self.sought,
                inside,
                depth: self.depth.saturating_add(1),
                name: None,
            };
            if values.next_element_seed(pass)?.is_none() {
                break;
            }
        }
        self.cursor.punctuation();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        // With its feature `arbitrary_precision`, serde_json passes a number as an object.
        if !self.cursor.is_at_object() {
            while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            self.word();
            return Ok(());
        }
        let bracket = self.cursor.punctuation();
        let here = self.name.clone().unwrap_or(bracket);
        self.found(&here);
        while let Some(key) = fields.next_key_seed(Key)? {
            self.cursor.comma();
            let borrowed = match &key {
                Cow::Borrowed(key) => Some(*key),
                Cow::Owned(_) => None,
            };
            let name = self.cursor.string(borrowed);
            self.cursor.punctuation();
            let kept = kept(&key);
            let inside = self.after(|step| matches!(step, PathStep::Field(name) if name == kept));
            fields.next_value_seed(Pass {
                cursor: &mut *self.cursor,
                sought: &mut *self.sought,
                inside,
                depth: self.depth.saturating_add(1),
                name: Some(name),
            })?;
        }
        self.cursor.punctuation();
        Ok(())
    }
}
