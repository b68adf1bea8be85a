//! The JSON of a full `SandboxSpec`, against the published crate.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use microsandbox_types::SandboxSpec;
use microsandbox_types_benches::specs::FULL_SPEC;

const OURS: &str = "microsandbox-types";
const PUBLISHED: &str = "published";

fn json(c: &mut Criterion) {
    let mut group = c.benchmark_group("json/read");
    group.bench_function(OURS, |b| {
        b.iter(|| serde_json::from_str::<SandboxSpec>(black_box(FULL_SPEC)))
    });
    group.bench_function(PUBLISHED, |b| {
        b.iter(|| serde_json::from_str::<reference::SandboxSpec>(black_box(FULL_SPEC)))
    });
    group.finish();
    let ours: SandboxSpec = serde_json::from_str(FULL_SPEC).unwrap();
    let published: reference::SandboxSpec = serde_json::from_str(FULL_SPEC).unwrap();
    let mut group = c.benchmark_group("json/write");
    group.bench_function(OURS, |b| b.iter(|| serde_json::to_string(black_box(&ours))));
    group.bench_function(PUBLISHED, |b| {
        b.iter(|| serde_json::to_string(black_box(&published)))
    });
    group.finish();
}

criterion_group!(benches, json);
criterion_main!(benches);
