//! A JSON document that keeps the order of its keys and their repetitions.

use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

#[derive(Clone, Debug)]
pub enum Tree {
    /// `null`, a boolean or a number, as its text.
    Scalar(String),
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).expect("a base document is JSON")
    }

    /// Writes the document, with every character of its strings escaped if `escape` says so.
    pub fn print(&self, escape: bool) -> String {
        let mut out = String::new();
        self.print_to(&mut out, escape);
        out
    }

    fn print_to(&self, out: &mut String, escape: bool) {
        match self {
            Self::Scalar(text) => out.push_str(text),
            Self::Text(text) => print_string(text, out, escape),
            Self::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { ", " });
                    item.print_to(out, escape);
                }
                out.push(']');
            }
            Self::Object(entries) => {
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { ", " });
                    print_string(key, out, escape);
                    out.push(':');
                    value.print_to(out, escape);
                }
                out.push('}');
            }
        }
    }

    /// Counts the document's values, itself among them.
    pub fn count(&self) -> usize {
        1 + match self {
            Self::Scalar(_) | Self::Text(_) => 0,
            Self::Array(items) => items.iter().map(Self::count).sum(),
            Self::Object(entries) => entries.iter().map(|(_, value)| value.count()).sum(),
        }
    }

    /// Returns the value at a place below [`count`](Self::count), counted depth first.
    pub fn at(&mut self, mut place: usize) -> &mut Self {
        if place == 0 {
            return self;
        }
        place -= 1;
        let children: Vec<&mut Self> = match self {
            Self::Scalar(_) | Self::Text(_) => Vec::new(),
            Self::Array(items) => items.iter_mut().collect(),
            Self::Object(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
        };
        for child in children {
            let count = child.count();
            if place < count {
                return child.at(place);
            }
            place -= count;
        }
        unreachable!("the place lies beyond the document")
    }

    /// Removes `HandoffInit`'s working directory, which the published crate does not know: the
    /// key, and the fourth element where the others stand in an array.
    pub fn forget_cwd(&mut self) {
        match self {
            Self::Scalar(_) | Self::Text(_) => {}
            Self::Array(items) => {
                if let [_, args, env, _, ..] = items.as_slice() {
                    if args.is_array() && env.is_array() {
                        items.truncate(3);
                    }
                }
                items.iter_mut().for_each(Self::forget_cwd);
            }
            Self::Object(entries) => {
                entries.retain(|(name, _)| name != "cwd");
                entries.iter_mut().for_each(|(_, value)| value.forget_cwd());
            }
        }
    }

    fn is_array(&self) -> bool {
        match self {
            Self::Scalar(text) => text.starts_with('['),
            Self::Array(_) => true,
            Self::Text(_) | Self::Object(_) => false,
        }
    }
}

fn print_string(text: &str, out: &mut String, escape: bool) {
    if escape {
        out.push('"');
        for unit in text.encode_utf16() {
            write!(out, "\\u{unit:04x}").unwrap();
        }
        out.push('"');
    } else {
        out.push_str(&serde_json::to_string(text).unwrap());
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Nodes;

        impl<'de> Visitor<'de> for Nodes {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Scalar("null".into()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Scalar(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Scalar(format!("{value:?}")))
            }

            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Text(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Tree::Array(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                // With its feature `arbitrary_precision`, serde_json passes a number as this.
                match entries.as_slice() {
                    [(key, Tree::Text(number))] if key == "$serde_json::private::Number" => {
                        Ok(Tree::Scalar(number.clone()))
                    }
                    _ => Ok(Tree::Object(entries)),
                }
            }
        }

        deserializer.deserialize_any(Nodes)
    }
}
