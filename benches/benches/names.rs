//! Names, against the published crate.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use microsandbox_types_benches::messages;

const OURS: &str = "microsandbox-types";
const PUBLISHED: &str = "published";

fn names(c: &mut Criterion) {
    for len in [32, 128] {
        let name = &*messages::name(len);
        let mut group = c.benchmark_group(format!("validate_sandbox_name/{len}"));
        group.bench_function(OURS, |b| {
            b.iter(|| microsandbox_types::validate_sandbox_name(black_box(name)).is_ok())
        });
        group.bench_function(PUBLISHED, |b| {
            b.iter(|| reference::validate_sandbox_name(black_box(name)).is_ok())
        });
        group.finish();
        let mut group = c.benchmark_group(format!("hostname_from_sandbox_name/{len}"));
        group.bench_function(OURS, |b| {
            b.iter(|| microsandbox_types::hostname_from_sandbox_name(black_box(name)))
        });
        group.bench_function(PUBLISHED, |b| {
            b.iter(|| reference::hostname_from_sandbox_name(black_box(name)))
        });
        group.finish();
    }
}

criterion_group!(benches, names);
criterion_main!(benches);
