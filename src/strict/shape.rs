//! What JSON the types read: the shapes that [`table`](super::table) is made of.

use alloc::string::String;

/// The smallest mount.
const SMALLEST_MOUNT: &str = r#"{"type":"Tmpfs","guest":""}"#;

/// What a whole document may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Root {
    pub(super) shape: &'static Shape,
    /// Whether fields that this release does not know are let through.
    pub(super) is_open: bool,
}

/// What a value of a document may be.
#[derive(Debug)]
pub(super) enum Shape {
    /// Any document, which is passed through.
    Any,
    Text,
    /// A string that is a time.
    #[cfg(feature = "cloud")]
    Time,
    Bool,
    /// A whole number from 0 to this one.
    Number(u64),
    /// One of these strings.
    Word(&'static [&'static str]),
    /// A value of this shape, or `null`.
    Optional(&'static Shape),
    List(&'static Shape),
    /// A list of exactly two strings.
    Pair,
    /// An object with free keys.
    Map(&'static Shape),
    Object(&'static [Field]),
    /// An object whose one field names the variant.
    Variants(&'static [Field]),
    /// An object whose field `type` names the variant.
    Tagged(&'static [Variant]),
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: &'static Shape,
    pub(super) required: bool,
}

#[derive(Debug)]
pub(super) struct Variant {
    pub(super) tag: &'static str,
    pub(super) fields: &'static [Field],
}

impl Shape {
    /// The shape of a value that is not `null`.
    pub(super) fn inner(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner,
            shape => shape,
        }
    }

    /// Returns a field of an object, or the value of a variant.
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        match self.inner() {
            Self::Object(fields) | Self::Variants(fields) => {
                fields.iter().find(|field| field.name == name)
            }
            _ => None,
        }
    }

    /// Writes the smallest value of this shape.
    pub(super) fn write_smallest(&self, json: &mut String) {
        match self {
            Self::Any | Self::Optional(_) => json.push_str("null"),
            Self::Text => json.push_str("\"\""),
            #[cfg(feature = "cloud")]
            Self::Time => json.push_str(r#""1970-01-01T00:00:00Z""#),
            Self::Bool => json.push_str("false"),
            Self::Number(_) => json.push('0'),
            Self::Word(words) => {
                json.push('"');
                json.push_str(words.first().copied().unwrap_or_default());
                json.push('"');
            }
            Self::List(_) => json.push_str("[]"),
            Self::Pair => json.push_str(r#"["",""]"#),
            Self::Map(_) => json.push_str("{}"),
            Self::Object(fields) => {
                json.push('{');
                let mut first = true;
                for field in fields.iter().filter(|field| field.required) {
                    if !first {
                        json.push(',');
                    }
                    first = false;
                    field.write_smallest(json);
                }
                json.push('}');
            }
            Self::Variants(variants) => {
                json.push('{');
                if let Some(first) = variants.first() {
                    first.write_smallest(json);
                }
                json.push('}');
            }
            Self::Tagged(_) => json.push_str(SMALLEST_MOUNT),
        }
    }

    /// Returns what a value must be, as it follows "must be".
    pub(super) const fn wanted(&self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::Text | Self::Word(_) => "a string",
            #[cfg(feature = "cloud")]
            Self::Time => "a string",
            Self::Bool => "true or false",
            Self::Number(_) => "a number",
            Self::Optional(inner) => inner.wanted(),
            Self::List(_) => "a list",
            Self::Pair => "a list of two strings",
            Self::Map(_) | Self::Object(_) | Self::Variants(_) | Self::Tagged(_) => "an object",
        }
    }
}

impl Field {
    pub(super) fn write_smallest(&self, json: &mut String) {
        json.push('"');
        json.push_str(self.name);
        json.push_str("\":");
        self.shape.write_smallest(json);
    }
}
