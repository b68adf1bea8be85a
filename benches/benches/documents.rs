//! Checking a spec that a person wrote, against plain reading and against its JSON Schema.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use microsandbox_types::SandboxSpec;
use microsandbox_types_benches::specs::{GOOD_SPEC, SCHEMA};
use serde_json::Value;

fn check(c: &mut Criterion) {
    assert!(SandboxSpec::check_json(GOOD_SPEC).is_empty());
    let schema = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut group = c.benchmark_group("check");
    group.bench_function("microsandbox-types", |b| {
        b.iter(|| SandboxSpec::check_json(black_box(GOOD_SPEC)))
    });
    group.bench_function("serde alone", |b| {
        b.iter(|| serde_json::from_str::<SandboxSpec>(black_box(GOOD_SPEC)))
    });
    group.bench_function("jsonschema", |b| {
        b.iter(|| {
            let document: Value = serde_json::from_str(black_box(GOOD_SPEC)).unwrap();
            validator.iter_errors(&document).count()
        })
    });
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
