//! One document, both crates: what each makes of it.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Checks that both crates' types take the document or both refuse it, and write the same; and
/// that ours reads back what it wrote.
pub fn compare<Ours, Theirs>(text: &str)
where
    Ours: Serialize + DeserializeOwned + PartialEq + Debug,
    Theirs: Serialize + DeserializeOwned,
{
    compare_results(
        text,
        serde_json::from_str::<Ours>(text),
        serde_json::from_str::<Theirs>(text),
    );
    // Another reader: one that has the whole document in memory.
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        compare_results(
            text,
            serde_json::from_value::<Ours>(value.clone()),
            serde_json::from_value::<Theirs>(value),
        );
    }
}

fn compare_results<Ours, Theirs>(
    text: &str,
    ours: serde_json::Result<Ours>,
    theirs: serde_json::Result<Theirs>,
) where
    Ours: Serialize + DeserializeOwned + PartialEq + Debug,
    Theirs: Serialize,
{
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let written = serde_json::to_string(&ours).unwrap();
            let expected = serde_json::to_string(&theirs).unwrap();
            // The published crate writes the maps of its cloud types in no particular order.
            if std::any::type_name::<Theirs>().contains("::Cloud") {
                assert_eq!(
                    serde_json::from_str::<Value>(&written).unwrap(),
                    serde_json::from_str::<Value>(&expected).unwrap(),
                    "{text}"
                );
                assert_eq!(written.len(), expected.len(), "{text}");
            } else {
                assert_eq!(written, expected, "{text}");
            }
            let again = serde_json::from_str::<Ours>(&written).unwrap();
            assert_eq!(again, ours, "{text}");
        }
        (Err(_), Err(_)) => {}
        (Ok(ours), Err(error)) => panic!("only we read {text} as {ours:?}: {error}"),
        (Err(error), Ok(_)) => panic!("only we refuse {text}: {error}"),
    }
}
