//! The walk: every mistake of form at its place, and what would mend it.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::cursor::Cursor;
use super::fix::{self, Fixes};
use super::newer;
use super::shape::{Field, Root, Shape, Variant};
use crate::check::{Edit, FieldPath, Finding, FindingCode, Findings, Place, Related, Shown};

/// How many values are mended. Of a text with more mistakes the rules would tell nothing new.
const MAX_MENDS: usize = 1024;

/// What makes a text one that plain serde reads.
#[derive(Default)]
pub(super) struct Mends {
    edits: Vec<(Range<usize>, With)>,
    /// The places that are not as the author wrote them.
    pub(super) paths: Vec<FieldPath>,
    too_many: bool,
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

/// Walks the whole text.
///
/// # Errors
/// That of the parser, if the text is not JSON.
pub(super) fn walk(
    json: &str,
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
        cursor: &mut Cursor::new(json, 0),
        found,
        fixes,
        mends: &mut mends,
    }
    .deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(mends)
}

/// A field's name as it stands in the text, or unescaped.
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

/// A field's name, where it is, and where its value is.
type Member<'n> = (Cow<'n, str>, Range<usize>, Range<usize>);

/// A field's name, where it is, and the known name that it is but for its spelling.
type Misspelt<'n> = (Cow<'n, str>, Range<usize>, &'static str);

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
        match self.shape {
            Some(Shape::Optional(inner)) => Some(inner),
            shape => shape,
        }
    }

    fn note(
        &mut self,
        at: &Place<'_>,
        span: Range<usize>,
        code: FindingCode,
        tell: impl FnOnce() -> (String, Option<String>, Vec<Related>),
    ) {
        self.note_fixable(at, span, code, Vec::new(), tell);
    }

    fn note_fixable(
        &mut self,
        at: &Place<'_>,
        span: Range<usize>,
        code: FindingCode,
        edits: Vec<Edit>,
        tell: impl FnOnce() -> (String, Option<String>, Vec<Related>),
    ) {
        let has_edits = !edits.is_empty();
        let finding = |edits| {
            let (message, help, related) = tell();
            Finding {
                path: at.path(),
                code,
                message,
                limit: None,
                help,
                note: None,
                span: Some(span),
                related,
                edits,
            }
        };
        if has_edits {
            self.fixes.push(code, edits, finding);
        } else {
            self.found.push(code, || finding(edits));
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
        let value = self.cursor.json().get(whole.clone()).unwrap_or_default();
        match newer::form(&at, shape, value) {
            Some(newer) => newer.note(&at, marked, self.found),
            None => self.note_fixable(&at, marked, FindingCode::WrongType, edits, || {
                let (subject, wanted) = (subject(&at), shape.wanted());
                let message = format!("{subject} must be {wanted}, not {given}");
                (message, advice(&at, given), Vec::new())
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
                self.note_fixable(&at, span.clone(), FindingCode::WrongType, edits, || {
                    let listed: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                    let message = format!("{} must be {}", subject(&at), either(&listed));
                    let near = nearest(text, words.iter().copied());
                    (
                        message,
                        near.map(|near| format!("did you mean \"{near}\"?")),
                        Vec::new(),
                    )
                });
                if let Some(shape) = self.shape {
                    self.mends.add(&at, span, With::Value(shape));
                }
            }
            #[cfg(feature = "cloud")]
            Some(Shape::Time) if crate::cloud::is_time(text) => {}
            #[cfg(feature = "cloud")]
            Some(shape @ Shape::Time) => {
                let at = self.at;
                self.note(&at, span.clone(), FindingCode::WrongType, || {
                    let message = format!("{} must be a date and time", subject(&at));
                    let help = r#"write it as in "2026-01-31T09:30:00Z""#;
                    (message, Some(String::from(help)), Vec::new())
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
        self.inner().map_or(Vec::new(), |shape| {
            fix::string(shape, self.cursor.json(), span)
        })
    }

    fn number(&mut self) {
        let span = self.cursor.word();
        match self.inner() {
            None | Some(Shape::Any) => {}
            Some(Shape::Number(most)) => {
                let digits = self.cursor.json().get(span.clone()).unwrap_or_default();
                if digits.parse::<u64>().is_ok_and(|number| number <= *most) {
                    return;
                }
                let at = self.at;
                self.note(&at, span.clone(), FindingCode::WrongType, || {
                    let subject = subject(&at);
                    let message = format!("{subject} must be a whole number from 0 to {most}");
                    (message, None, Vec::new())
                });
                if let Some(shape) = self.shape {
                    self.mends.add(&at, span, With::Value(shape));
                }
            }
            Some(_) => self.wrong_type("a number", span.clone(), span),
        }
    }

    /// A field that no object of its kind has.
    fn unknown(&mut self, at: &Place<'_>, name: &str, span: Range<usize>, known: &'static [Field]) {
        let root = self.root;
        if root.is_open {
            return;
        }
        if let Some(newer) = self.inner().and_then(|object| newer::field(object, name)) {
            newer.note(at, span, self.found);
            return;
        }
        self.note(at, span, FindingCode::UnknownField, || {
            let near = nearest(name, known.iter().map(|field| field.name));
            let help = match (near, parent_of(root.shape, name)) {
                (Some(near), _) => Some(format!("did you mean \"{near}\"?")),
                (None, Some(parent)) => Some(format!("it belongs in \"{parent}\"")),
                (None, None) => None,
            };
            let message = format!("unknown field \"{}\"", Shown(name));
            (message, help, Vec::new())
        });
    }

    /// The fields that a known one's name would fit, but for its spelling.
    fn misspelt(
        &mut self,
        misspelt: &[Misspelt<'_>],
        names: &BTreeMap<Cow<'_, str>, Range<usize>>,
        known: &'static [Field],
        repeats: bool,
    ) {
        let object = self.at;
        let mut meant: Vec<_> = misspelt.iter().map(|(.., meant)| *meant).collect();
        meant.sort_unstable();
        for (name, span, one) in misspelt {
            let at = object.field(name);
            let first = meant.partition_point(|other| other < one);
            let is_alone = meant.get(first.saturating_add(1)) != Some(one);
            if repeats || !is_alone || names.contains_key(*one) || self.root.is_open {
                self.unknown(&at, name, span.clone(), known);
                continue;
            }
            let edits = fix::rewrite(span, one);
            self.note_fixable(&at, span.clone(), FindingCode::UnknownField, edits, || {
                let message = format!("unknown field \"{}\"", Shown(name));
                (
                    message,
                    Some(format!("did you mean \"{one}\"?")),
                    Vec::new(),
                )
            });
        }
    }

    /// Notes the fields that an object must have and has not.
    fn missing(
        &mut self,
        fields: &'static [Field],
        names: &BTreeMap<Cow<'_, str>, Range<usize>>,
        bracket: &Range<usize>,
    ) {
        let object = self.at;
        let replaced = self
            .inner()
            .and_then(|object| newer::replaced(object, names));
        if let Some(name) = replaced {
            // What its absence means for the rules has been told.
            self.mends.paths.push(object.field(name).path());
        }
        let marked = self.name.clone().unwrap_or_else(|| bracket.clone());
        let mut absent = fields
            .iter()
            .filter(|field| field.required && !names.contains_key(field.name))
            .peekable();
        while let Some(field) = absent.next() {
            let at = object.field(field.name);
            if replaced != Some(field.name) {
                self.note(&at, marked.clone(), FindingCode::Missing, || {
                    let message = format!("field \"{}\" is missing", field.name);
                    (message, None, Vec::new())
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
        members: &[Member<'_>],
        names: &BTreeMap<Cow<'_, str>, Range<usize>>,
        bracket: &Range<usize>,
        whole: Range<usize>,
        repeats: bool,
    ) {
        let mount = self.at;
        let text = |span: &Range<usize>| self.cursor.json().get(span.clone()).unwrap_or_default();
        let tag = members.iter().find(|(name, ..)| name == "type");
        let named = tag.and_then(|(_, _, value)| serde_json::from_str::<String>(text(value)).ok());
        let variant = variants
            .iter()
            .find(|variant| Some(variant.tag) == named.as_deref());
        let Some(variant) = variant else {
            let at = mount.field("type");
            let marked = self.name.clone().unwrap_or_else(|| bracket.clone());
            let listed: Vec<_> = variants
                .iter()
                .map(|one| format!("\"{}\"", one.tag))
                .collect();
            let newer = named.as_deref().and_then(newer::mount_type);
            match (tag, newer) {
                (Some((_, _, value)), Some(newer)) => newer.note(&at, value.clone(), self.found),
                (Some((_, name, value)), None) => {
                    let opening = text(value).starts_with(['{', '[']);
                    let marked = if opening { name.clone() } else { value.clone() };
                    let tags = variants.iter().map(|one| one.tag);
                    let meant = named.as_deref().and_then(|given| fix::spelt(given, tags));
                    let end = value.start.saturating_add(text(value).trim_end().len());
                    let string = value.start..end;
                    let edits = meant.map_or(Vec::new(), |meant| fix::rewrite(&string, meant));
                    self.note_fixable(&at, marked, FindingCode::WrongType, edits, || {
                        let message = format!("\"type\" must be {}", either(&listed));
                        let tags = variants.iter().map(|one| one.tag);
                        let near = named.as_deref().and_then(|given| nearest(given, tags));
                        (
                            message,
                            near.map(|near| format!("did you mean \"{near}\"?")),
                            Vec::new(),
                        )
                    });
                }
                (None, _) if self.misspelt_tag(members, names, repeats) => {}
                (None, _) => self.note(&at, marked, FindingCode::Missing, || {
                    let help = format!("it is {}", either(&listed));
                    (
                        String::from("field \"type\" is missing"),
                        Some(help),
                        Vec::new(),
                    )
                }),
            }
            if let Some(shape) = self.shape {
                self.mends.add(&mount, whole, With::Value(shape));
            }
            return;
        };
        let mut misspelt = Vec::new();
        for (key, name, value) in members.iter().filter(|(key, ..)| key != "type") {
            let at = mount.field(key);
            let known = variant.fields.iter().find(|field| field.name == key);
            // A repeated field has been told, and the first is the one that is read.
            if names.get(key) != Some(name) {
                continue;
            }
            if known.is_none() {
                let fields = variant.fields.iter().map(|field| field.name);
                match fix::spelt(key, fields) {
                    Some(meant) => misspelt.push((key.clone(), name.clone(), meant)),
                    None => self.unknown(&at, key, name.clone(), variant.fields),
                }
            }
            let mut cursor = Cursor::new(self.cursor.json(), value.start);
            let walk = Walk {
                root: self.root,
                shape: Some(known.map_or(&Shape::Any, |field| field.shape)),
                at,
                name: Some(name.clone()),
                cursor: &mut cursor,
                found: &mut *self.found,
                fixes: &mut *self.fixes,
                mends: &mut *self.mends,
            };
            let member = self.cursor.json().get(value.clone()).unwrap_or_default();
            // The text was read before.
            let _ = walk.deserialize(&mut serde_json::Deserializer::from_str(member));
        }
        self.misspelt(&misspelt, names, variant.fields, repeats);
        self.missing(variant.fields, names, bracket);
    }

    /// Notes the name of the field for a mount's kind, if it is there but for its spelling.
    fn misspelt_tag(
        &mut self,
        members: &[Member<'_>],
        names: &BTreeMap<Cow<'_, str>, Range<usize>>,
        repeats: bool,
    ) -> bool {
        let like_tag = |name: &str| fix::spelt(name, ["type"].into_iter());
        let mut like = members
            .iter()
            .filter_map(|(name, span, _)| Some((name.clone(), span.clone(), like_tag(name)?)));
        match (like.next(), like.next()) {
            (Some(only), None) if !repeats => {
                self.misspelt(&[only], names, &[], false);
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
        let bracket = self.cursor.punctuation();
        let (shape, object) = (self.inner(), self.at);
        let known: &'static [Field] = match shape {
            Some(Shape::Object(known) | Shape::Variants(known)) => known,
            _ => &[],
        };
        let mut names: BTreeMap<Cow<'de, str>, Range<usize>> = BTreeMap::new();
        let (mut members, mut misspelt) = (Vec::new(), Vec::new());
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
            if let (Some(first), true) = (names.get(&key).cloned(), shape.is_some()) {
                self.note(&at, name.clone(), FindingCode::RepeatedField, || {
                    let label = "the first is here";
                    let related = Vec::from([Related { span: first, label }]);
                    (
                        format!("duplicate field \"{}\"", Shown(&key)),
                        None,
                        related,
                    )
                });
                repeats = true;
                if matches!(shape, Some(Shape::Object(_) | Shape::Tagged(_))) {
                    self.mends.add(&at, name.clone(), With::NoName);
                }
            } else {
                names.insert(key.clone(), name.clone());
                let is_object = matches!(shape, Some(Shape::Object(_)));
                if is_object && field.is_none() && !is_schema {
                    match fix::spelt(&key, known.iter().map(|field| field.name)) {
                        Some(meant) => misspelt.push((key.clone(), name.clone(), meant)),
                        None => self.unknown(&at, &key, name.clone(), known),
                    }
                }
            }
            let value = self.cursor.token();
            let inner = match shape {
                None | Some(Shape::Tagged(_)) => None,
                Some(Shape::Map(of)) => Some(*of),
                Some(_) if is_schema => Some(&Shape::Text),
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
                let value = value..self.cursor.token();
                members.push((key, name, value));
            }
        }
        let whole = bracket.start..self.cursor.punctuation().end;
        let marked = self.name.clone().unwrap_or_else(|| bracket.clone());
        match shape {
            None | Some(Shape::Any | Shape::Map(_)) => {}
            Some(Shape::Object(known)) => {
                self.misspelt(&misspelt, &names, known, repeats);
                self.missing(known, &names, &bracket);
            }
            Some(Shape::Tagged(variants)) => {
                self.tagged(variants, &members, &names, &bracket, whole, repeats);
            }
            Some(Shape::Variants(known)) => self.variant(known, &names, repeats, marked, whole),
            Some(shape) => {
                let edits = match repeats {
                    true => Vec::new(),
                    false => fix::object(shape, self.cursor.json(), &names, &whole),
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
        names: &BTreeMap<Cow<'_, str>, Range<usize>>,
        repeats: bool,
        marked: Range<usize>,
        whole: Range<usize>,
    ) {
        let at = self.at;
        let mut in_order: Vec<_> = names.iter().collect();
        in_order.sort_by_key(|(_, span)| span.start);
        let listed: Vec<_> = known
            .iter()
            .map(|one| format!("\"{}\"", one.name))
            .collect();
        match in_order.as_slice() {
            [(name, _)] if known.iter().any(|one| one.name == *name) => {
                // A repeated kind has been told, but it is not one kind.
                if !repeats {
                    return;
                }
            }
            [(name, span)] => {
                let kinds = || known.iter().map(|one| one.name);
                let meant = fix::spelt(name, kinds()).filter(|_| !repeats);
                let edits = meant.map_or(Vec::new(), |meant| fix::rewrite(span, meant));
                self.note_fixable(
                    &at,
                    Range::clone(span),
                    FindingCode::WrongType,
                    edits,
                    || {
                        let message =
                            format!("{} must have one of {}", subject(&at), either(&listed));
                        let near = nearest(name, kinds());
                        (
                            message,
                            near.map(|near| format!("did you mean \"{near}\"?")),
                            Vec::new(),
                        )
                    },
                );
            }
            [] => self.note(&at, marked, FindingCode::WrongType, || {
                let message = format!("{} must have one of {}", subject(&at), either(&listed));
                (message, None, Vec::new())
            }),
            [(_, first), (_, second), ..] => {
                let count = in_order.len();
                self.note(&at, Range::clone(second), FindingCode::WrongType, || {
                    let given = if count == 2 {
                        "two".into()
                    } else {
                        format!("{count}")
                    };
                    let message = format!("{} must have one kind, but has {given}", subject(&at));
                    let span = Range::clone(first);
                    let related = Vec::from([Related {
                        span,
                        label: "the first is here",
                    }]);
                    (message, Some(String::from("remove one of them")), related)
                });
            }
        }
        if let Some(shape) = self.shape {
            self.mends.add(&at, whole, With::Value(shape));
        }
    }
}

/// What a finding is about, as it stands at the start of its sentence.
fn subject(at: &Place<'_>) -> String {
    let one = match at.name() {
        ("", false) => "the document",
        ("", true) => "an element",
        ("mounts", true) => "a mount",
        ("ports", true) => "a port",
        ("env", true) => "a variable",
        ("patches", true) => "a patch",
        ("rlimits", true) => "a limit",
        (name, true) => return format!("an element of \"{}\"", Shown(name)),
        (name, false) => return format!("\"{}\"", Shown(name)),
    };
    one.into()
}

/// What to write in place of a value of another type.
fn advice(at: &Place<'_>, given: &str) -> Option<String> {
    let text = match (at.name(), given) {
        (("image", false), "a string") => {
            r#"for an OCI image, write `{"Oci": {"reference": "alpine:3.20"}}`"#
        }
        (("ports", true), "a string" | "a number") => {
            r#"write `{"host_port": 8080, "guest_port": 80, "host_bind": "127.0.0.1"}`"#
        }
        (("env", false), "an object") | (("env", true), "a string") => {
            r#"write each variable as `{"key": "TOKEN", "value": "…"}`"#
        }
        (("mounts", true), "a string") => {
            r#"for a host directory, write `{"type": "Bind", "host": "/srv/app", "guest": "/app", "options": {"readonly": true}}`"#
        }
        _ => return None,
    };
    Some(text.into())
}

fn either(listed: &[String]) -> String {
    match listed {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} or {last}", before.join(", ")),
    }
}

/// How long a name may be to be compared with the known ones, which are all shorter.
const MAX_COMPARED_BYTES: usize = 64;

/// Finds the known name that differs from `name` the least, if by no more than a third.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > MAX_COMPARED_BYTES {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let most = (name.len() / 3).max(1);
    let distance = |field: &str| strsim::osa_distance(&name, &field.to_ascii_lowercase());
    known
        .map(|field| (distance(field), field))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, field)| field)
}

/// Finds the part of a document that has a field of this very name.
fn parent_of(root: &'static Shape, name: &str) -> Option<&'static str> {
    let Shape::Object(parts) = root else {
        return None;
    };
    parts.iter().find_map(|part| match part.shape {
        Shape::Object(known) if known.iter().any(|field| field.name == name) => Some(part.name),
        _ => None,
    })
}
