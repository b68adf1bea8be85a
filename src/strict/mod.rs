//! Reading a spec that a person wrote: what the published leniency would pass over is told.
//!
//! Plain serde ignores a field that it does not know, keeps the last of two entries of a map and
//! stops at the first value of a wrong type. So the document is walked once beside its reading,
//! along the table of all field names. A walk can tell every unknown field and the nearest known
//! name for it, also inside mounts, whose tag makes serde buffer them out of sight.

mod fields;
mod locate;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::{self, Write};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_path_to_error::Segment;

use self::fields::Shape::{self, Any, List, Map, Mount, Object, Variants, Word};
use self::fields::{MOUNT_OPTIONS, SPEC, mount_fields};
use crate::check::{Finding, FindingCode, Findings};
use crate::check::{Place, Shown, write_field};
use crate::spec::SandboxSpec;

impl SandboxSpec {
    /// Reads a spec from JSON, and refuses what plain serde passes over: fields that no spec has
    /// (told with the nearest name that one has), fields that stand twice, and arrays in place of
    /// objects. A `$schema` for editors is let through.
    ///
    /// The spec is read, not yet [validated](Self::validate). Where several things are wrong, all
    /// unknown and repeated fields are told, and the first value of a wrong type.
    ///
    /// ```
    /// use microsandbox_types::SandboxSpec;
    ///
    /// let findings = SandboxSpec::from_json_strict(r#"{"resources": {"cpu": 2}}"#).unwrap_err();
    /// assert_eq!(
    ///     findings.to_string(),
    ///     "error[unknown-field] resources.cpu: there is no field `cpu`; did you mean `cpus`?"
    /// );
    /// ```
    ///
    /// # Errors
    /// All findings. They never show a value.
    pub fn from_json_strict(json: &str) -> Result<Self, Findings> {
        let mut found = Findings::default();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let walk = Walk {
            shape: &SPEC,
            at: Place::ROOT,
            found: &mut found,
        };
        let walked = walk.deserialize(&mut deserializer);
        if let Err(error) = walked.and_then(|()| deserializer.end()) {
            // What came before is no finding: a quote that is missing makes names of anything.
            let mut found = Findings::default();
            let message = format!("not a JSON document: {error}");
            found.note(&Place::ROOT, FindingCode::Syntax, message);
            return Err(found);
        }
        match serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json)) {
            Ok(spec) => found.into_result().map(|()| spec),
            Err(error) => {
                note_type(&mut found, &error);
                Err(found)
            }
        }
    }

    /// Returns all that is wrong with a spec as text: what
    /// [`from_json_strict`](Self::from_json_strict) finds, and, if plain serde can read it, what
    /// [`check`](Self::check) finds.
    #[must_use]
    pub fn check_json(json: &str) -> Findings {
        match Self::from_json_strict(json) {
            Ok(spec) => spec.check(),
            Err(mut found) => {
                if let Ok(spec) = serde_json::from_str::<Self>(json) {
                    found.extend(spec.check());
                }
                found
            }
        }
    }
}

/// One value of the document on its way past its shape.
struct Walk<'a> {
    shape: &'static Shape,
    at: Place<'a>,
    found: &'a mut Findings,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        if matches!(self.shape, Object(_) | Mount) {
            let message = "must be an object, not an array";
            self.found.note(&self.at, FindingCode::WrongType, message);
            while values.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let shape = if let List(of) = self.shape { of } else { &Any };
        for n in 0.. {
            let walk = Walk {
                shape,
                at: self.at.index(n),
                found: &mut *self.found,
            };
            if values.next_element_seed(walk)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        if matches!(self.shape, Word) {
            let message = "must be a text, not an object";
            self.found.note(&self.at, FindingCode::WrongType, message);
        }
        let mut names = BTreeSet::new();
        let mut tag = None;
        while let Some(name) = fields.next_key::<String>()? {
            let at = self.at.field(&name);
            let shape = match self.shape {
                Object(known) | Variants(known) => known
                    .iter()
                    .find_map(|(field, shape)| (*field == name).then_some(shape)),
                Mount => Some(match name.as_str() {
                    "options" => &MOUNT_OPTIONS,
                    "format" | "stat_virtualization" | "host_permissions" => &Word,
                    _ => &Any,
                }),
                Word | Map | Any | List(_) => Some(&Any),
            };
            if let (None, Object(known)) = (shape, self.shape) {
                unknown(
                    self.found,
                    &at,
                    &name,
                    known.iter().map(|(field, _)| *field),
                );
            }
            if names.contains(&name) {
                let message = "field stands in its object twice";
                self.found.note(&at, FindingCode::RepeatedField, message);
            }
            if matches!(self.shape, Mount) && name == "type" {
                tag = Some(fields.next_value::<Value>()?);
            } else {
                fields.next_value_seed(Walk {
                    shape: shape.unwrap_or(&Any),
                    at,
                    found: &mut *self.found,
                })?;
            }
            names.insert(name);
        }
        // Only the whole mount tells which fields it may have. Without a known type it cannot be
        // read, which is told elsewhere.
        let known = tag.as_ref().and_then(Value::as_str).and_then(mount_fields);
        if let Some(known) = known {
            for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
                unknown(
                    self.found,
                    &self.at.field(name),
                    name,
                    known.iter().copied(),
                );
            }
        }
        Ok(())
    }
}

/// How long a name may be to be compared with the known ones, which are all shorter.
const MAX_COMPARED_BYTES: usize = 64;

fn unknown<'k>(
    found: &mut Findings,
    at: &Place<'_>,
    name: &str,
    known: impl Iterator<Item = &'k str>,
) {
    let (code, message) = (
        FindingCode::UnknownField,
        format!("there is no field `{}`", Shown(name)),
    );
    if let Some(near) = nearest(name, known) {
        let help = format!("did you mean `{near}`?");
        found.note_help(at, code, message, help);
    } else if let Some(parent) = parent_of(name) {
        let help = format!("did you mean `{parent}.{name}`?");
        found.note_help(at, code, message, help);
    } else {
        found.note(at, code, message);
    }
}

/// Finds the known name that differs from `name` the least, if by no more than a third.
fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > MAX_COMPARED_BYTES {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let most = (name.len() / 3).max(1);
    known
        .map(|field| {
            (
                strsim::osa_distance(&name, &field.to_ascii_lowercase()),
                field,
            )
        })
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, field)| field)
}

/// Finds the part of a spec that has a field of this very name.
fn parent_of(name: &str) -> Option<&'static str> {
    let Object(parts) = &SPEC else {
        return None;
    };
    parts.iter().find_map(|(part, shape)| match shape {
        Object(known) if known.iter().any(|(field, _)| *field == name) => Some(*part),
        _ => None,
    })
}

/// Tells serde's own error with the value left out, since it may be a secret.
fn note_type(found: &mut Findings, error: &serde_path_to_error::Error<serde_json::Error>) {
    let text = error.inner().to_string();
    let text = match text.rsplit_once(" at line ") {
        Some((text, _)) => text,
        None => &text,
    };
    // The walk has told it already.
    if text.starts_with("duplicate field") {
        return;
    }
    let code = if text.starts_with("missing field") {
        FindingCode::Missing
    } else {
        FindingCode::WrongType
    };
    let (message, help) = if let Some(names) = text.strip_prefix("unknown variant `") {
        // The name that was given may hold a backtick; those after it do not.
        let (given, expected) = names.rsplit_once("`, expected ").unwrap_or((names, ""));
        let near = nearest(given, expected.split('`').skip(1).step_by(2));
        let message = format!("there is no `{}`, expected {expected}", Shown(given));
        (message, near.map(|near| format!("did you mean `{near}`?")))
    } else {
        (without_value(text), None)
    };
    let mut path = String::new();
    for segment in error.path() {
        let first = path.is_empty();
        // Writing to a string does not fail.
        let _ = match segment {
            Segment::Seq { index } => write!(path, "[{index}]"),
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                write_field(&mut path, first, name)
            }
            Segment::Unknown => Ok(()),
        };
    }
    found.push(code, || Finding {
        path,
        code,
        message,
        limit: None,
        help,
    });
}

/// Leaves the value out of `invalid type: string "…", expected …`.
fn without_value(text: &str) -> String {
    let Some((given, expected)) = text.rsplit_once(", expected ") else {
        return text.into();
    };
    let kind = given.split(['`', '"']).next().unwrap_or(given).trim_end();
    format!("{kind}, expected {expected}")
}
