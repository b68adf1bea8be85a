//! The JSON documents: frozen files, and the same behaviour as the published crate's on documents
//! that are right, wrong and in between.

use std::fmt::Debug;

use arbitrary::Arbitrary;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

#[path = "../support/mod.rs"]
mod support;

mod golden;
mod mutate;
mod tree;

/// Makes a differential test of each type.
macro_rules! differential {
    ($($test:ident: $ty:ident $(<$of:ident>)?,)*) => {
        $(
            #[test]
            fn $test() {
                assert_same::<
                    microsandbox_types::$ty $(<microsandbox_types::$of>)?,
                    reference::$ty $(<reference::$of>)?,
                >(stringify!($test));
            }
        )*
    };
}
support::every_type!(differential);

/// Checks that both crates' types take the same documents and mean the same by them.
fn assert_same<Ours, Theirs>(test: &str)
where
    Ours: Serialize + DeserializeOwned + PartialEq + Debug + for<'a> Arbitrary<'a>,
    Theirs: Serialize + DeserializeOwned,
{
    let fixed: Vec<&str> = golden::ALL
        .iter()
        .filter(|(kind, _)| *kind == test)
        .flat_map(|(_, documents)| *documents)
        .collect();
    support::check(
        &(support::values::<Ours>(), mutate::plans()),
        |(value, plan)| {
            let generated = serde_json::to_string(&value).unwrap();
            let base = match fixed.get(plan.base % (2 * fixed.len() + 1)) {
                Some(document) => document,
                None => generated.as_str(),
            };
            compare::<Ours, Theirs>(&plan.apply(base))?;
            plan.arrays(base)
                .iter()
                .try_for_each(|text| compare::<Ours, Theirs>(text))
        },
    );
}

fn compare<Ours, Theirs>(text: &str) -> Result<(), TestCaseError>
where
    Ours: Serialize + DeserializeOwned + PartialEq + Debug,
    Theirs: Serialize + DeserializeOwned,
{
    compare_results(
        text,
        serde_json::from_str::<Ours>(text),
        serde_json::from_str::<Theirs>(text),
    )?;
    // Another reader: one that has the whole document in memory.
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => compare_results(
            text,
            serde_json::from_value::<Ours>(value.clone()),
            serde_json::from_value::<Theirs>(value),
        ),
        Err(_) => Ok(()),
    }
}

fn compare_results<Ours, Theirs>(
    text: &str,
    ours: serde_json::Result<Ours>,
    theirs: serde_json::Result<Theirs>,
) -> Result<(), TestCaseError>
where
    Ours: Serialize + DeserializeOwned + PartialEq + Debug,
    Theirs: Serialize,
{
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let written = serde_json::to_string(&ours).unwrap();
            let expected = serde_json::to_string(&theirs).unwrap();
            // The published crate writes some maps in no particular order.
            if written != expected {
                prop_assert_eq!(
                    serde_json::from_str::<serde_json::Value>(&written).unwrap(),
                    serde_json::from_str::<serde_json::Value>(&expected).unwrap(),
                    "{}",
                    text
                );
                prop_assert_eq!(written.len(), expected.len(), "{}", text);
            }
            let again = serde_json::from_str::<Ours>(&written).unwrap();
            prop_assert_eq!(again, ours, "{}", text);
            Ok(())
        }
        (Err(_), Err(_)) => Ok(()),
        (Ok(ours), Err(error)) => Err(TestCaseError::fail(format!(
            "only we read {text} as {ours:?}: {error}"
        ))),
        (Err(error), Ok(_)) => Err(TestCaseError::fail(format!(
            "only we refuse {text}: {error}"
        ))),
    }
}

/// Older documents have `readonly` beside the other fields of a mount.
#[test]
fn readonly_beside_options() {
    let mounts = [
        r#""type":"Bind","host":"/h","guest":"/g""#,
        r#""type":"Named","name":"n","guest":"/g""#,
        r#""type":"Tmpfs","guest":"/g""#,
        r#""type":"DiskImage","host":"/h","guest":"/g","format":"Raw""#,
    ];
    let options = [
        "",
        r#","options":null"#,
        r#","options":{}"#,
        r#","options":{"readonly":false}"#,
        r#","options":{"readonly":true}"#,
        r#","options":[true]"#,
        r#","options":true"#,
    ];
    let readonly = ["", "true", "false", "null", r#""true""#, "1", "{}"];
    for mount in mounts {
        for options in options {
            for readonly in readonly {
                let readonly = match readonly {
                    "" => String::new(),
                    value => format!(r#","readonly":{value}"#),
                };
                for text in [
                    format!("{{{mount}{options}{readonly}}}"),
                    format!("{{{mount}{readonly}{options}}}"),
                    format!(r#"{{"x":0{readonly}{options},{mount}}}"#),
                    format!("{{{mount}{options}{readonly}{readonly}}}"),
                ] {
                    compare::<microsandbox_types::VolumeMount, reference::VolumeMount>(&text)
                        .unwrap();
                }
            }
        }
    }
}
