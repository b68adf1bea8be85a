//! One list of fields, two serde shapes.
//!
//! The JSON documents leave absent fields out, tag mounts by a field and hold free-form
//! [`Value`](serde_json::Value)s. Formats that do not describe themselves, such as postcard, can
//! read none of that back: they need every field, in order, each of a known type. [`shaped!`]
//! takes a type once and derives both shapes as private mirrors of it (serde's `remote`),
//! `#[json(…)]` and `#[binary(…)]` being the `#[serde(…)]` attributes of one mirror each. Which
//! mirror serves is [`is_human_readable`](serde::Serializer::is_human_readable)'s answer.
//!
//! The mirrors live in an anonymous constant because `remote` derives inherent functions, which
//! would be public API on the type itself.

/// Defines a type together with its JSON and its binary shape.
macro_rules! shaped {
    (
        #[json($($json:tt)*)]
        #[binary($($binary:tt)*)]
        $(#[$attr:meta])*
        pub struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $(#[json($($field_json:tt)*)])?
                $(#[binary($($field_binary:tt)*)])?
                $(#[cfg_attr($($cfg:tt)*)])?
                pub $field:ident: $ty:ty,
            )*
        }
    ) => {
        $(#[$attr])*
        pub struct $name {
            $(
                $(#[doc = $doc])*
                $(#[cfg_attr($($cfg)*)])?
                pub $field: $ty,
            )*
        }

        const _: () = {
            #[derive(serde::Serialize, serde::Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
            // Without a bound of its own, serde asks `Default` of the mirror, not of the type.
            #[serde(bound = "", $($json)*)]
            struct Json {
                $(
                    $(#[doc = $doc])*
                    $(#[serde($($field_json)*)])?
                    $field: $ty,
                )*
            }

            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde($($binary)*)]
            struct Binary {
                $($(#[serde($($field_binary)*)])? $field: $ty,)*
            }

            $crate::shape::shaped!(@default $name, $($json)*);
            $crate::shape::shaped!(@choose $name);
        };
    };
    (
        #[json($($json:tt)*)]
        #[binary($($binary:tt)*)]
        $(#[$attr:meta])*
        pub enum $name:ident {
            $(
                $(#[doc = $variant_doc:literal])*
                $variant:ident {
                    $(
                        $(#[doc = $doc:literal])*
                        $(#[json($($field_json:tt)*)])?
                        $field:ident: $ty:ty,
                    )*
                },
            )*
        }
    ) => {
        $(#[$attr])*
        pub enum $name {
            $(
                $(#[doc = $variant_doc])*
                $variant {
                    $($(#[doc = $doc])* $field: $ty,)*
                },
            )*
        }

        const _: () = {
            #[derive(serde::Serialize, serde::Deserialize)]
            #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
            #[serde($($json)*)]
            enum Json {
                $($variant { $($(#[serde($($field_json)*)])? $field: $ty,)* },)*
            }

            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde($($binary)*)]
            enum Binary {
                $($variant { $($field: $ty,)* },)*
            }

            $crate::shape::shaped!(@choose $name);
        };
    };
    // A schema tells the defaults of fields by those of the whole, here the type's own.
    (@default $name:ident, remote = $remote:literal, default) => {
        #[cfg(feature = "schema")]
        impl Json {
            fn default() -> $name {
                $name::default()
            }
        }
    };
    (@default $name:ident, $($json:tt)*) => {};
    (@choose $name:ident) => {
        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> alloc::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                Json::json_schema(generator)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    Json::serialize(self, serializer)
                } else {
                    Binary::serialize(self, serializer)
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    Json::deserialize(deserializer)
                } else {
                    Binary::deserialize(deserializer)
                }
            }
        }
    };
}

pub(crate) use shaped;

/// The binary shape of an optional [`Value`](serde_json::Value): its JSON text.
pub(crate) mod json_text {
    use alloc::string::{String, ToString};

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Value::to_string).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Value>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| serde_json::from_str(&text).map_err(D::Error::custom))
            .transpose()
    }
}
