//! The JSON documents: frozen files, and the same behaviour as the published crate's on documents
//! that are right, wrong and in between.

use std::fmt::Debug;

use arbitrary::Arbitrary;
use serde::{Serialize, de::DeserializeOwned};

#[path = "../shared/mod.rs"]
mod shared;

mod golden;

use shared::compare::compare;
use shared::types::every_type;
use shared::{heap, plans, values};

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
every_type!(differential);

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
    values::check(
        &(values::values::<Ours>(), plans::plans()),
        |(value, plan)| {
            let generated = serde_json::to_string(&value).unwrap();
            let base = match fixed.get(plan.base % (2 * fixed.len() + 1)) {
                Some(document) => document,
                None => generated.as_str(),
            };
            compare::<Ours, Theirs>(&plan.apply(base));
            for text in plan.arrays(base) {
                compare::<Ours, Theirs>(&text);
            }
            Ok(())
        },
    );
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
                    compare::<microsandbox_types::VolumeMount, reference::VolumeMount>(&text);
                }
            }
        }
    }
}

/// The full document has a `cwd`, which the published crate passes over and this one keeps.
#[test]
fn a_full_spec_takes_the_heap_no_more_often_than_with_the_published_crate() {
    let text = include_str!("../data/json/sandbox-spec.rich.json");
    let (ours, our_reading) =
        heap::measure(|| serde_json::from_str::<microsandbox_types::SandboxSpec>(text).unwrap());
    let (theirs, their_reading) =
        heap::measure(|| serde_json::from_str::<reference::SandboxSpec>(text).unwrap());
    assert!(our_reading.allocations <= their_reading.allocations);
    let (_, our_writing) = heap::measure(|| serde_json::to_vec(&ours).unwrap());
    let (_, their_writing) = heap::measure(|| serde_json::to_vec(&theirs).unwrap());
    assert!(our_writing.allocations <= their_writing.allocations);
}

/// The published crate passes over a handoff's `cwd`, and with it over bytes that are no string.
#[test]
fn a_cwd_that_is_not_utf_8_is_refused() {
    let bytes = b"{\"cmd\":\"/init\",\"cwd\":\"/\xd1\"}";
    assert!(serde_json::from_slice::<reference::HandoffInit>(bytes).is_ok());
    assert!(serde_json::from_slice::<microsandbox_types::HandoffInit>(bytes).is_err());
}

/// A number beyond those that a float holds stands in the way only where it is kept.
#[test]
fn numbers_beyond_floats() {
    for text in [
        r#"{"unknown": 1e999}"#,
        r#"{"network": {"policy": 1e999}}"#,
        r#"{"network": {"policy": [{"a": -1e999}]}}"#,
        r#"{"resources": {"memory_mib": 1e999}}"#,
    ] {
        compare::<microsandbox_types::SandboxSpec, reference::SandboxSpec>(text);
    }
    assert!(
        serde_json::from_str::<microsandbox_types::SandboxSpec>(r#"{"unknown": 1e999}"#).is_ok()
    );
}
