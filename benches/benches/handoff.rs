//! From bytes to `execve`-ready lists and back, against the peers and the floors.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use microsandbox_types::{FrameHeader, HandoffInit, HandoffInitRef};
use microsandbox_types_benches::messages;
use microsandbox_types_benches::peers::PEERS;
use peers::Plain;

const OURS: &str = "microsandbox-types";

fn lists(c: &mut Criterion) {
    for (name, inits) in [
        ("small", vec![messages::small()]),
        ("typical", vec![messages::typical()]),
        ("large", vec![messages::large()]),
        ("rotating", messages::rotating()),
    ] {
        let mut group = c.benchmark_group(format!("lists/{name}"));
        let frames: Vec<Vec<u8>> = inits.iter().map(|init| init.encode().unwrap()).collect();
        group.bench_function(OURS, |b| {
            let mut frames = frames.iter().cycle();
            b.iter(|| peers::view::lists(black_box(frames.next().unwrap())));
        });
        for peer in PEERS {
            let messages: Vec<Vec<u8>> = inits
                .iter()
                .map(|init| (peer.encode)(&init.clone().into()))
                .collect();
            group.bench_function(peer.name, |b| {
                let mut messages = messages.iter().cycle();
                b.iter(|| (peer.lists)(black_box(messages.next().unwrap())));
            });
        }
        group.finish();
    }
}

fn view(c: &mut Criterion) {
    let frame = messages::typical().encode().unwrap();
    let summed = &frame[..frame.len() - 8];
    let text = text(&frame);
    let mut group = c.benchmark_group("view/typical");
    group.bench_function(OURS, |b| {
        b.iter(|| HandoffInitRef::decode(black_box(&frame)))
    });
    group.bench_function("from_utf8", |b| {
        b.iter(|| std::str::from_utf8(black_box(text)))
    });
    group.bench_function("xxh64", |b| {
        b.iter(|| twox_hash::XxHash64::oneshot(0, black_box(summed)))
    });
    group.bench_function("xxh64 (xxhash-rust)", |b| {
        b.iter(|| xxhash_rust::xxh64::xxh64(black_box(summed), 0))
    });
    let mut copy = vec![0; frame.len()];
    group.bench_function("memcpy", |b| {
        b.iter(|| black_box(&mut copy).copy_from_slice(black_box(&frame)))
    });
    group.finish();
}

/// The strings at the end of a frame's payload.
fn text(frame: &[u8]) -> &[u8] {
    let view = HandoffInitRef::decode(frame).unwrap();
    let strings = view.argv().chain(view.envp()).chain(view.cwd_cstr());
    let len: usize = strings.map(|string| string.to_bytes_with_nul().len()).sum();
    let end = frame.len() - 8;
    assert!(end - len > FrameHeader::LEN);
    &frame[end - len..end]
}

fn owned(c: &mut Criterion) {
    let init = messages::typical();
    let frame = init.encode().unwrap();
    let mut group = c.benchmark_group("owned/typical");
    group.bench_function(OURS, |b| b.iter(|| HandoffInit::decode(black_box(&frame))));
    let plain = Plain::from(init);
    for peer in PEERS {
        let bytes = (peer.encode)(&plain);
        group.bench_function(peer.name, |b| b.iter(|| (peer.decode)(black_box(&bytes))));
    }
    group.finish();
}

fn encode(c: &mut Criterion) {
    let init = messages::typical();
    let plain = Plain::from(init.clone());
    let mut group = c.benchmark_group("encode/typical");
    group.bench_function(OURS, |b| b.iter(|| black_box(&init).encode()));
    let mut buffer = [0; 4096];
    group.bench_function("encode_into", |b| {
        b.iter(|| black_box(&init).encode_into(black_box(&mut buffer)))
    });
    for peer in PEERS {
        group.bench_function(peer.name, |b| b.iter(|| (peer.encode)(black_box(&plain))));
    }
    group.finish();
}

/// The time per byte must not grow.
fn growth(c: &mut Criterion) {
    let mut group = c.benchmark_group("growth");
    for env in messages::GROWTH {
        let frame = messages::growing(env).encode().unwrap();
        group.throughput(Throughput::Bytes(frame.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(env), &frame, |b, frame| {
            b.iter(|| peers::view::lists(black_box(frame)))
        });
    }
    group.finish();
}

criterion_group!(benches, view, lists, owned, encode, growth);
criterion_main!(benches);
