//! The walk: every mistake of form at its place, and what would mend it.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::advice::{self, either, subject};
use super::cursor::Cursor;
use super::fix::{self, Fixes};
use super::locate;
use super::names::Names;
use super::newer;
use super::shape::{Field, Root, Shape, Variant};
use crate::check::{
    Edit, FieldPath, Finding, FindingCode, Findings, PathStep, Place, Related, Shown,
};
use crate::limits::MAX_FINDINGS;
use crate::spec::MountOptions;

/// How many values are mended. Of a text with more mistakes the rules would say nothing new.
const MAX_MENDS: usize = 1024;

/// What makes a text one that plain serde reads.
#[derive(Default)]
pub(super) struct Mends {
    edits: Vec<(Range<usize>, With)>,
    /// The places that are not as the author wrote them.
    pub(super) paths: Vec<FieldPath>,
    too_many: bool,
    claims: Vec<Claim>,
}

/// A finding that says to write a field elsewhere, which is right unless that field is there.
struct Claim {
    span: Range<usize>,
    field: Vec<PathStep>,
}

enum With {
    Value(&'static Shape),
    /// A missing field, and whether others follow it.
    Field(&'static Field, bool),
    /// A name that no object has, for a field that is repeated.
    NoName,
}

impl Mends {
    fn add(&mut self, at: &Place<'_>, range: Range<usize>, with: With) {
        // What was mended inside of this goes with it.
        while self.edits.last().is_some_and(|(edit, _)| {
            edit.start >= range.start && edit.end <= range.end && range.end > range.start
        }) {
            self.edits.pop();
        }
        if self.edits.len() < MAX_MENDS && self.paths.len() < MAX_MENDS {
            self.edits.push((range, with));
            self.paths.push(at.path());
        } else {
            self.too_many = true;
        }
    }

    /// Returns the mended text, unless there was too much to mend.
    pub(super) fn apply<'j>(&self, json: &'j str) -> Option<Cow<'j, str>> {
        if self.too_many {
            return None;
        }
        if self.edits.is_empty() {
            return Some(Cow::Borrowed(json));
        }
        let mut edits: Vec<_> = self.edits.iter().collect();
        edits.sort_by_key(|(range, _)| range.start);
        let (mut text, mut at) = (String::with_capacity(json.len()), 0);
        for (range, with) in edits {
            text.push_str(json.get(at..range.start)?);
            match with {
                With::Value(shape) => shape.write_smallest(&mut text),
                With::Field(field, more) => {
                    field.write_smallest(&mut text);
                    text.push_str(if *more { "," } else { "" });
                }
                With::NoName => text.push_str("\"\""),
            }
            at = range.end;
        }
        text.push_str(json.get(at..)?);
        Some(Cow::Owned(text))
    }
}

/// Walks the whole text. `source` is the text before anything was blanked in it.
///
/// # Errors
/// That of the parser, if the text is not JSON.
pub(super) fn walk(
    json: &str,
    source: &str,
    root: Root,
    found: &mut Findings,
    fixes: &mut Fixes,
) -> Result<Mends, serde_json::Error> {
    let mut mends = Mends::default();
    let mut deserializer = serde_json::Deserializer::from_str(json);
    Walk {
        root,
        shape: Some(root.shape),
        at: Place::ROOT,
        name: None,
        cursor: &mut Cursor::new(json, source),
        found,
        fixes,
        mends: &mut mends,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    settle(json, &mends.claims, found);
    found.sort_by_place();
    Ok(mends)
}

/// Takes back what findings say of fields that turn out to be there.
fn settle(json: &str, claims: &[Claim], found: &mut Findings) {
    if claims.is_empty() {
        return;
    }
    let fields = claims.iter().map(|claim| claim.field.clone());
    let there = locate::are_there(json, fields);
    let claims = claims.iter().zip(there);
    let wrong: Vec<_> = claims
        .filter(|(_, there)| *there)
        .map(|(claim, _)| Some(&claim.span))
        .collect();
    for finding in found.iter_mut() {
        let is_wrong = wrong.contains(&finding.span.as_ref());
        if is_wrong && finding.code == FindingCode::UnknownField {
            finding.help = Some(advice::REMOVE.into());
            finding.note = None;
        }
    }
}

/// A field's name as it is in the text, or unescaped.
pub(super) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.into()))
    }
}

/// A value that plain serde ignores: it is passed, and not looked into.
struct Skip<'a, 'j>(&'a mut Cursor<'j>);

impl<'de> DeserializeSeed<'de> for Skip<'_, '_> {
    type Value = Range<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_ignored_any(IgnoredAny)?;
        Ok(self.0.value())
    }
}

/// Where a member of a mount is.
struct Member {
    name: usize,
    value: Range<usize>,
}

/// Reads a name that was read before.
fn key_at(json: &str, start: usize) -> Cow<'_, str> {
    let text = json.get(start..).unwrap_or_default();
    let read = Key.deserialize(&mut serde_json::Deserializer::from_str(text));
    read.unwrap_or_default()
}

/// A field that no object of its kind has, until all names of its object are known.
struct Unknown<'de, 'j> {
    name: Cow<'de, str>,
    span: Range<usize>,
    value: &'j str,
}

/// One value of the document on its way past its shape. Without a shape it is only passed.
struct Walk<'a, 'j> {
    root: Root,
    shape: Option<&'static Shape>,
    at: Place<'a>,
    name: Option<Range<usize>>,
    cursor: &'a mut Cursor<'j>,
    found: &'a mut Findings,
    /// The findings that have edits.
    fixes: &'a mut Fixes,
    mends: &'a mut Mends,
}

impl Walk<'_, '_> {
    /// The shape of a value that is not `null`.
    fn inner(&self) -> Option<&'static Shape> {
        self.shape.map(Shape::inner)
    }

    /// Counts a finding, and fills it in if it is kept.
    fn note(
        &mut self,
        at: &Place<'_>,
        span: Range<usize>,
        code: FindingCode,
        fill: impl FnOnce(&mut Finding),
    ) {
        self.note_fixable(at, span, code, Vec::new(), fill);
    }

    fn note_fixable(
        &mut self,
        at: &Place<'_>,
        span: Range<usize>,
        code: FindingCode,
        edits: Vec<Edit>,
        fill: impl FnOnce(&mut Finding),
    ) {
        let is_fixable = !edits.is_empty() && self.cursor.json().len() <= fix::MAX_BYTES;
        let finding = |edits| {
            let mut finding = Finding::new(at.path(), code, "");
            finding.span = Some(span);
            finding.edits = edits;
            fill(&mut finding);
            finding
        };
        if is_fixable {
            self.fixes.push(code, edits, finding);
        } else {
            self.found.push(code, || finding(Vec::new()));
        }
    }

    /// A value of another type than its shape's; `whole` are its bytes, `marked` those to show.
    fn wrong_type(&mut self, given: &str, marked: Range<usize>, whole: Range<usize>) {
        self.wrong_type_fixable(given, marked, whole, Vec::new());
    }

    fn wrong_type_fixable(
        &mut self,
        given: &str,
        marked: Range<usize>,
        whole: Range<usize>,
        edits: Vec<Edit>,
    ) {
        let (Some(shape), at) = (self.shape, self.at) else {
            return;
        };
        let value = self.cursor.source(&whole);
        let is_root = core::ptr::eq(shape, self.root.shape);
        match newer::form(&at, shape, value) {
            Some(newer) => newer.note(&at, marked, self.found),
            None => self.note_fixable(&at, marked, FindingCode::WrongType, edits, |finding| {
                finding.message =
                    format!("{} must be {}, not {given}", subject(&at), shape.wanted());
                advice::of_type(&at, is_root, shape, given, value).give(finding);
            }),
        }
        self.mends.add(&at, whole, With::Value(shape));
    }

    fn string(&mut self, text: &str, span: Range<usize>) {
        match self.inner() {
            None | Some(Shape::Any | Shape::Text) => {}
            Some(Shape::Word(words)) if words.contains(&text) => {}
            Some(Shape::Word(words)) => {
                let at = self.at;
                let edits = self.edits_of_string(&span);
                self.note_fixable(
                    &at,
                    span.clone(),
                    FindingCode::WrongType,
                    edits,
                    |finding| {
                        finding.message = format!("{} must be {}", subject(&at), either(words));
                        finding.help = advice::of_word(text, words);
                    },
                );
                if let Some(shape) = self.shape {
                    self.mends.add(&at, span, With::Value(shape));
                }
            }
            #[cfg(feature = "cloud")]
            Some(Shape::Time) if crate::cloud::is_time(text) => {}
            #[cfg(feature = "cloud")]
            Some(shape @ Shape::Time) => {
                let at = self.at;
                self.note(&at, span.clone(), FindingCode::WrongType, |finding| {
                    finding.message = format!("{} must be a date and time", subject(&at));
                    finding.help = Some(r#"write it as in "2026-01-31T09:30:00Z""#.into());
                });
                self.mends.add(&at, span, With::Value(shape));
            }
            Some(_) => {
                let edits = self.edits_of_string(&span);
                self.wrong_type_fixable("a string", span.clone(), span, edits);
            }
        }
    }

    fn edits_of_string(&self, span: &Range<usize>) -> Vec<Edit> {
        // A file's mode in quotes is octal more often than not.
        if self.at.name().0 == "mode" && matches!(self.inner(), Some(Shape::Number(_))) {
            return Vec::new();
        }
        self.inner().map_or(Vec::new(), |shape| {
            fix::string(shape, self.cursor.json(), span)
        })
    }

    fn number(&mut self) {
        let span = self.cursor.word();
        let digits = self.cursor.source(&span);
        let message = match self.inner() {
            None => return,
            // A number that was blanked is too large for its parser.
            Some(Shape::Any) if digits.parse::<serde_json::Number>().is_ok() => return,
            Some(Shape::Any) => String::from("this number is too large"),
            Some(Shape::Number(most)) => {
                if digits.parse::<u64>().is_ok_and(|number| number <= *most) {
                    return;
                }
                format!(
                    "{} must be a whole number from 0 to {most}",
                    subject(&self.at)
                )
            }
            Some(_) => return self.wrong_type("a number", span.clone(), span),
        };
        let at = self.at;
        self.note(&at, span.clone(), FindingCode::WrongType, |finding| {
            finding.message = message;
            advice::of_number(&at, digits).give(finding);
        });
        if let Some(shape) = self.shape {
            self.mends.add(&at, span, With::Value(shape));
        }
    }

    /// The line for editors, which plain serde ignores.
    fn schema(&mut self, at: &Place<'_>, value: &str, name: Range<usize>, whole: Range<usize>) {
        let (given, marked) = match value.as_bytes().first() {
            Some(b'"') => return,
            Some(b'{') => ("an object", name),
            Some(b'[') => ("a list", name),
            Some(b't' | b'f') => ("true or false", whole),
            Some(b'n') => ("null", whole),
            _ => ("a number", whole),
        };
        self.note(at, marked, FindingCode::WrongType, |finding| {
            finding.message = format!("{} must be a string, not {given}", subject(at));
        });
    }

    /// A field that no object of its kind has. `names` are those that this object has.
    fn unknown(
        &mut self,
        unknown: &Unknown<'_, '_>,
        known: &'static [Field],
        names: &Names<'_>,
        edits: Vec<Edit>,
    ) {
        let object = self.at;
        let Unknown { name, span, value } = unknown;
        let (root, mut claim) = (self.root, None);
        if root.is_open {
            return;
        }
        let at = object.field(name);
        if let Some(newer) = self.inner().and_then(|object| newer::field(object, name)) {
            newer.note(&at, span.clone(), self.found);
            return;
        }
        let code = FindingCode::UnknownField;
        self.note_fixable(&at, span.clone(), code, edits, |finding| {
            finding.message = format!("unknown field \"{}\"", Shown(name));
            if let [edit] = finding.edits.as_slice() {
                finding.help = Some(format!("did you mean \"{}\"?", edit.text));
                return;
            }
            let is_there = |name: &str| names.get(name).is_some();
            let (advice, field) =
                advice::of_name(root.shape, &object, known, &is_there, name, value);
            advice.give(finding);
            claim = field;
        });
        if let Some(field) = claim {
            let span = span.clone();
            self.mends.claims.push(Claim { span, field });
        }
    }

    /// Fields that are known ones but for their spelling.
    fn misspelt(
        &mut self,
        misspelt: &[(Unknown<'_, '_>, &'static str)],
        known: &'static [Field],
        names: &Names<'_>,
        repeats: bool,
    ) {
        let mut meant: Vec<_> = misspelt.iter().map(|(_, meant)| *meant).collect();
        meant.sort_unstable();
        for (unknown, one) in misspelt {
            let first = meant.partition_point(|other| other < one);
            let is_alone = meant.get(first.saturating_add(1)) != Some(one);
            // A mount has it in its options; beside them is the place of older documents.
            let has_options = known.iter().any(|field| field.name == "options");
            let is_elsewhere = *one == "readonly" && has_options;
            let is_taken = names.get(one).is_some() || is_elsewhere;
            let edits = if repeats || !is_alone || is_taken {
                Vec::new()
            } else {
                fix::rewrite(&unknown.span, one)
            };
            self.unknown(unknown, known, names, edits);
        }
    }

    /// Notes the fields that an object must have and has not.
    fn missing(&mut self, fields: &'static [Field], names: &Names<'_>, bracket: &Range<usize>) {
        let object = self.at;
        let replaced = self
            .inner()
            .and_then(|object| newer::replaced(object, names));
        if let Some(name) = replaced {
            // What its absence means for the rules was reported.
            self.mends.paths.push(object.field(name).path());
        }
        let marked = self.name.clone().unwrap_or_else(|| bracket.clone());
        let mut absent = fields
            .iter()
            .filter(|field| field.required && names.get(field.name).is_none())
            .peekable();
        while let Some(field) = absent.next() {
            let at = object.field(field.name);
            if replaced != Some(field.name) {
                self.note(&at, marked.clone(), FindingCode::Missing, |finding| {
                    finding.message = format!("field \"{}\" is missing", field.name);
                    finding.help = advice::of_missing(field);
                });
            }
            let more = absent.peek().is_some() || !names.is_empty();
            self.mends
                .add(&at, bracket.end..bracket.end, With::Field(field, more));
        }
    }

    /// The members of a mount, whose kind may stand anywhere among them.
    fn tagged(
        &mut self,
        variants: &'static [Variant],
        members: &[Member],
        names: &Names<'_>,
        bracket: &Range<usize>,
        whole: Range<usize>,
        repeats: bool,
    ) {
        let mount = self.at;
        let text = |span: &Range<usize>| self.cursor.json().get(span.clone()).unwrap_or_default();
        let tag = names.get("type");
        let tag = tag.and_then(|start| members.iter().find(|member| member.name == start));
        let named = tag.and_then(|tag| serde_json::from_str::<String>(text(&tag.value)).ok());
        let variant = variants
            .iter()
            .find(|variant| Some(variant.tag) == named.as_deref());
        let Some(variant) = variant else {
            let at = mount.field("type");
            let marked = self.name.clone().unwrap_or_else(|| bracket.clone());
            let tags: Vec<_> = variants.iter().map(|one| one.tag).collect();
            let newer = named.as_deref().and_then(newer::mount_type);
            match (tag, newer) {
                (Some(tag), Some(newer)) => newer.note(&at, tag.value.clone(), self.found),
                (Some(tag), None) => {
                    let marked = match text(&tag.value).starts_with(['{', '[']) {
                        true => self.cursor.at(tag.name).string(None),
                        false => tag.value.clone(),
                    };
                    let given = named.as_deref().unwrap_or_default();
                    let meant = fix::spelt(given, tags.iter().copied());
                    let edits = meant.map_or(Vec::new(), |meant| fix::rewrite(&tag.value, meant));
                    self.note_fixable(&at, marked, FindingCode::WrongType, edits, |finding| {
                        finding.message = format!("\"type\" must be {}", either(&tags));
                        let named = named.as_deref();
                        finding.help = named.and_then(|given| advice::of_word(given, &tags));
                    });
                }
                (None, _) if self.misspelt_tag(members, names, repeats) => {}
                (None, _) => self.note(&at, marked, FindingCode::Missing, |finding| {
                    finding.message = "field \"type\" is missing".into();
                    finding.help = Some(format!("it is {}", either(&tags)));
                }),
            }
            if let Some(shape) = self.shape {
                self.mends.add(&mount, whole, With::Value(shape));
            }
            return;
        };
        let mut misspelt = Vec::new();
        for Member { name, value } in members {
            let (key, name) = (key_at(self.cursor.json(), *name), *name);
            if key == "type" {
                continue;
            }
            let known = variant.fields.iter().find(|field| field.name == key);
            let is_first = names.get(&key) == Some(name);
            let name = self.cursor.at(name).string(None);
            match known {
                Some(_) if is_first => {}
                // It was reported as a duplicate, and the first is the one that is read.
                Some(_) => continue,
                None if is_first => {
                    let unknown = Unknown {
                        name: key.clone(),
                        span: name.clone(),
                        value: self.cursor.source(value),
                    };
                    let fields = variant.fields.iter().map(|field| field.name);
                    match fix::spelt(&key, fields) {
                        Some(meant) => misspelt.push((unknown, meant)),
                        None => self.unknown(&unknown, variant.fields, names, Vec::new()),
                    }
                }
                None => {}
            }
            let mut cursor = self.cursor.at(value.start);
            let walk = Walk {
                root: self.root,
                // Plain serde reads all that a mount has before it knows the kind.
                shape: Some(known.map_or(&Shape::Any, |field| field.shape)),
                at: mount.field(&key),
                name: Some(name),
                cursor: &mut cursor,
                found: &mut *self.found,
                fixes: &mut *self.fixes,
                mends: &mut *self.mends,
            };
            let member = self.cursor.json().get(value.clone()).unwrap_or_default();
            // The text was read before.
            let _ = walk.deserialize(&mut serde_json::Deserializer::from_str(member));
        }
        self.misspelt(&misspelt, variant.fields, names, repeats);
        self.missing(variant.fields, names, bracket);
        self.older_readonly(members, names);
    }

    /// A mount that its author takes for read-only: `options` make its older `readonly` void.
    fn older_readonly(&mut self, members: &[Member], names: &Names<'_>) {
        let member = |name| {
            let start = names.get(name)?;
            members.iter().find(|member| member.name == start)
        };
        let (Some(older), Some(options)) = (member("readonly"), member("options")) else {
            return;
        };
        let text = |member: &Member| {
            let span = member.value.clone();
            self.cursor.json().get(span).unwrap_or_default()
        };
        let options = serde_json::from_str::<Option<MountOptions>>(text(options));
        let is_writable = options.is_ok_and(|options| options.is_some_and(|o| !o.readonly));
        if is_writable && text(older) == "true" {
            let mount = self.at;
            let at = mount.field("readonly");
            let span = self.cursor.at(older.name).string(None);
            self.note(&at, span, FindingCode::ReadonlyIgnored, |finding| {
                finding.message = "\"readonly\" is ignored beside \"options\"".into();
                finding.help = Some("in \"options\", write `\"readonly\": true`".into());
                finding.note = Some("the mount would be writable".into());
            });
        }
    }

    /// Notes the name of the field for a mount's kind, if it is there but for its spelling.
    fn misspelt_tag(&mut self, members: &[Member], names: &Names<'_>, repeats: bool) -> bool {
        let mut like = members.iter().filter_map(|member| {
            let name = key_at(self.cursor.json(), member.name);
            let meant = fix::spelt(&name, ["type"].into_iter())?;
            let span = self.cursor.at(member.name).string(None);
            let value = self.cursor.source(&member.value);
            Some((Unknown { name, span, value }, meant))
        });
        match (like.next(), like.next()) {
            (Some(only), None) if !repeats => {
                self.misspelt(&[only], &[], names, false);
                true
            }
            _ => false,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(mut self) -> Result<(), E> {
        let span = self.cursor.word();
        if !matches!(self.shape, None | Some(Shape::Any | Shape::Optional(_))) {
            self.wrong_type("null", span.clone(), span);
        }
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        let span = self.cursor.word();
        if !matches!(self.inner(), None | Some(Shape::Any | Shape::Bool)) {
            self.wrong_type("true or false", span.clone(), span);
        }
        Ok(())
    }

    fn visit_i64<E>(mut self, _: i64) -> Result<(), E> {
        self.number();
        Ok(())
    }

    fn visit_u64<E>(mut self, _: u64) -> Result<(), E> {
        self.number();
        Ok(())
    }

    fn visit_f64<E>(mut self, _: f64) -> Result<(), E> {
        self.number();
        Ok(())
    }

    fn visit_str<E>(mut self, text: &str) -> Result<(), E> {
        let span = self.cursor.string(None);
        self.string(text, span);
        Ok(())
    }

    fn visit_borrowed_str<E>(mut self, text: &'de str) -> Result<(), E> {
        let span = self.cursor.string(Some(text));
        self.string(text, span);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<(), A::Error> {
        let bracket = self.cursor.punctuation();
        let of = match self.inner() {
            None => None,
            Some(Shape::List(of)) => Some(*of),
            Some(Shape::Pair) => Some(&Shape::Text),
            Some(_) => Some(&Shape::Any),
        };
        let list = self.at;
        let mut count = 0usize;
        loop {
            self.cursor.comma();
            let walk = Walk {
                root: self.root,
                shape: of,
                at: list.index(count),
                name: None,
                cursor: &mut *self.cursor,
                found: &mut *self.found,
                fixes: &mut *self.fixes,
                mends: &mut *self.mends,
            };
            if values.next_element_seed(walk)?.is_none() {
                break;
            }
            count = count.saturating_add(1);
        }
        let whole = bracket.start..self.cursor.punctuation().end;
        let marked = self.name.clone().unwrap_or(bracket);
        match self.inner() {
            None | Some(Shape::Any | Shape::List(_)) => {}
            Some(Shape::Pair) if count == 2 => {}
            Some(Shape::Pair) => {
                let given = format!("a list of {count}");
                self.wrong_type(&given, marked, whole);
            }
            Some(_) => self.wrong_type("a list", marked, whole),
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        // With its feature `arbitrary_precision`, serde_json passes a number as an object.
        if !self.cursor.is_at_object() {
            while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            self.number();
            return Ok(());
        }
        let bracket = self.cursor.punctuation();
        let (shape, object) = (self.inner(), self.at);
        let known: &'static [Field] = match shape {
            Some(Shape::Object(known) | Shape::Variants(known)) => known,
            _ => &[],
        };
        let mut names = Names::new(match shape {
            // The first kind has most of the fields that the others have.
            Some(Shape::Tagged([first, ..])) => first.fields,
            _ => known,
        });
        let (mut members, mut unknown, mut misspelt) = (Vec::new(), Vec::new(), Vec::new());
        let mut repeats = false;
        while let Some(key) = fields.next_key_seed(Key)? {
            self.cursor.comma();
            let borrowed = match &key {
                Cow::Borrowed(key) => Some(*key),
                Cow::Owned(_) => None,
            };
            let name = self.cursor.string(borrowed);
            self.cursor.punctuation();
            let at = object.field(&key);
            let field = known.iter().find(|field| field.name == key);
            // The root has room for a line that editors read.
            let is_schema = key == "$schema" && object.name() == ("", false);
            let first = shape.and_then(|_| names.first(key.clone(), name.start));
            if let Some(first) = first {
                let first = self.cursor.at(first).string(None);
                self.note(&at, name.clone(), FindingCode::RepeatedField, |finding| {
                    finding.message = format!("duplicate field \"{}\"", Shown(&key));
                    let label = "the first is here".into();
                    finding.related = Vec::from([Related { span: first, label }]);
                });
                repeats = true;
                // Plain serde takes any number of fields that it does not know.
                if field.is_some() && matches!(shape, Some(Shape::Object(_)))
                    || matches!(shape, Some(Shape::Tagged(_)))
                {
                    self.mends.add(&at, name.clone(), With::NoName);
                }
            }
            if matches!(shape, Some(Shape::Object(_))) && field.is_none() {
                let value = self.cursor.rest();
                let whole = fields.next_value_seed(Skip(&mut *self.cursor))?;
                if is_schema {
                    self.schema(&at, value, name, whole);
                } else if first.is_none() {
                    let span = name;
                    let one = Unknown {
                        name: key,
                        span,
                        value,
                    };
                    match fix::spelt(&one.name, known.iter().map(|field| field.name)) {
                        Some(meant) => misspelt.push((one, meant)),
                        None if unknown.len() < MAX_FINDINGS => unknown.push(one),
                        // The others are only counted.
                        None => self.unknown(&one, known, &names, Vec::new()),
                    }
                }
                continue;
            }
            let value = self.cursor.token();
            let inner = match shape {
                None | Some(Shape::Tagged(_)) => None,
                Some(Shape::Map(of)) => Some(*of),
                Some(_) => Some(field.map_or(&Shape::Any, |field| field.shape)),
            };
            fields.next_value_seed(Walk {
                root: self.root,
                shape: inner,
                at,
                name: Some(name.clone()),
                cursor: &mut *self.cursor,
                found: &mut *self.found,
                fixes: &mut *self.fixes,
                mends: &mut *self.mends,
            })?;
            if matches!(shape, Some(Shape::Tagged(_))) {
                let (name, value) = (name.start, value..self.cursor.here());
                members.push(Member { name, value });
            }
        }
        let whole = bracket.start..self.cursor.punctuation().end;
        for one in &unknown {
            self.unknown(one, known, &names, Vec::new());
        }
        self.misspelt(&misspelt, known, &names, repeats);
        let marked = self.name.clone().unwrap_or_else(|| bracket.clone());
        match shape {
            None | Some(Shape::Any | Shape::Map(_)) => {}
            Some(Shape::Object(known)) => self.missing(known, &names, &bracket),
            Some(Shape::Tagged(variants)) => {
                self.tagged(variants, &members, &names, &bracket, whole, repeats);
            }
            Some(Shape::Variants(known)) => self.variant(known, &names, repeats, marked, whole),
            Some(shape) => {
                let edits = match repeats {
                    true => Vec::new(),
                    false => fix::object(shape, self.cursor.json(), names.len(), &whole),
                };
                self.wrong_type_fixable("an object", marked, whole, edits);
            }
        }
        Ok(())
    }
}

impl Walk<'_, '_> {
    /// An object whose one field is its kind.
    fn variant(
        &mut self,
        known: &'static [Field],
        names: &Names<'_>,
        repeats: bool,
        marked: Range<usize>,
        whole: Range<usize>,
    ) {
        let at = self.at;
        let span = |start| self.cursor.at(start).string(None);
        let in_order = names.in_order().into_iter();
        let in_order: Vec<_> = in_order.map(|(name, start)| (name, span(start))).collect();
        let kinds: Vec<_> = known.iter().map(|one| one.name).collect();
        let is_kind = |name: &str| kinds.contains(&name);
        let is_one_of = |finding: &mut Finding| {
            finding.message = format!("{} must have one of {}", subject(&at), either(&kinds));
        };
        let mut given = in_order.iter().filter(|(name, _)| is_kind(name));
        match (given.next(), given.next(), in_order.as_slice()) {
            (None, _, [(name, span), others @ ..]) => {
                let meant = fix::spelt(name, kinds.iter().copied());
                let meant = meant.filter(|_| others.is_empty() && !repeats);
                let edits = meant.map_or(Vec::new(), |meant| fix::rewrite(span, meant));
                let (span, code) = (Range::clone(span), FindingCode::WrongType);
                self.note_fixable(&at, span, code, edits, |finding| {
                    is_one_of(finding);
                    advice::of_kind(&at, known, name).give(finding);
                });
            }
            (None, _, []) => self.note(&at, marked, FindingCode::WrongType, |finding| {
                is_one_of(finding);
                advice::of_kind(&at, known, "").give(finding);
            }),
            // A repeated kind was reported as a duplicate, but the object is not of one kind.
            (Some(_), None, [_]) if repeats => {}
            (Some(_), None, [_]) => return,
            (Some((kind, first)), None, others) => {
                let other = others.iter().find(|(name, _)| name != kind);
                let Some((name, span)) = other else { return };
                self.note(&at, Range::clone(span), FindingCode::WrongType, |finding| {
                    let (shown, kind) = (Shown(name), Shown(kind));
                    finding.message = format!("unknown field \"{shown}\" beside \"{kind}\"");
                    let label = format!("{} has its kind here", subject(&at)).into();
                    let span = Range::clone(first);
                    finding.related = Vec::from([Related { span, label }]);
                    finding.help = advice::of_other(known, name);
                });
            }
            (Some((name, first)), Some((second_name, second)), _) => {
                let count = given.count().saturating_add(2);
                self.note(
                    &at,
                    Range::clone(second),
                    FindingCode::WrongType,
                    |finding| {
                        let count = if count == 2 {
                            "two".into()
                        } else {
                            format!("{count}")
                        };
                        finding.message =
                            format!("{} must have one kind, but has {count}", subject(&at));
                        finding.label = Some(format!("\"{second_name}\" is the second"));
                        let label = format!("\"{name}\" is the first").into();
                        let span = Range::clone(first);
                        finding.related = Vec::from([Related { span, label }]);
                        finding.help = Some("remove one of them".into());
                    },
                );
            }
        }
        if let Some(shape) = self.shape {
            self.mends.add(&at, whole, With::Value(shape));
        }
    }
}
