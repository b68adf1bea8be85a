//! The generators reach what the other property tests rely on them to reach.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Unstructured};
use chrono::Datelike;
use microsandbox_types::*;
use proptest::prelude::RngCore;
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// Makes a thousand values, the same each time.
fn sample<T: for<'a> Arbitrary<'a>>() -> Vec<T> {
    let mut rng = TestRunner::deterministic().new_rng();
    let mut bytes = [0; 1200];
    (0..1000)
        .map(|_| {
            rng.fill_bytes(&mut bytes);
            T::arbitrary(&mut Unstructured::new(&bytes)).unwrap()
        })
        .collect()
}

fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0),
        Value::Object(entries) => entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn kind(value: &Option<Value>) -> &'static str {
    match value {
        None => "absent",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(number)) if number.is_f64() => "fraction",
        Some(Value::Number(number)) if number.is_i64() && !number.is_u64() => "negative",
        Some(Value::Number(_)) => "natural",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

#[test]
fn free_form_documents() {
    let documents: Vec<Option<Value>> = sample::<NetworkSpec>()
        .into_iter()
        .flat_map(|spec| {
            [
                spec.interface,
                spec.policy,
                spec.dns,
                spec.tls,
                spec.secrets,
            ]
        })
        .collect();
    assert_eq!(
        documents.iter().map(kind).collect::<BTreeSet<_>>(),
        BTreeSet::from([
            "absent", "array", "boolean", "fraction", "natural", "negative", "null", "object",
            "string",
        ])
    );
    let deepest = documents.iter().flatten().map(depth).max();
    assert_eq!(deepest, Some(4));
}

#[test]
fn timestamps() {
    let sandboxes = sample::<CloudSandbox>();
    for absent in [true, false] {
        assert!(sandboxes.iter().any(|s| s.started_at.is_none() == absent));
        assert!(sandboxes.iter().any(|s| s.stopped_at.is_none() == absent));
    }
    let years: BTreeSet<i32> = sandboxes.iter().map(|s| s.created_at.year()).collect();
    assert!(years.len() > 100);
    assert!(years.iter().all(|year| (0..=9999).contains(year)));
    assert!(
        sandboxes
            .iter()
            .any(|s| s.created_at.timestamp_subsec_nanos() > 0)
    );
}
