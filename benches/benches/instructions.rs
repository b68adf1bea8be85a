//! Instructions, which do not depend on how busy the machine is: `../count-instructions` holds
//! them to a baseline.

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use microsandbox_types::{
    BootHost, BootPlan, DecodeError, EncodeError, Findings, GuestNetwork, GuestReport, GuestSetup,
    GuestSetupRef, HandoffInit, HandoffInitRef, HostPath, RootDevice, RootfsSource, SandboxSpec,
    TypesResult, VolumeKind, hostname_from_sandbox_name, validate_sandbox_name,
};
use microsandbox_types_benches::setup::Plain;
use microsandbox_types_benches::specs::{self, FULL_SPEC, GOOD_SPEC};
use microsandbox_types_benches::{messages, setup};
use peers::Lists;

/// Leaked, since what a bench owns is dropped while it counts.
fn frame(init: HandoffInit) -> &'static [u8] {
    init.encode().unwrap().leak()
}

#[library_benchmark]
#[bench::small(frame(messages::small()))]
#[bench::typical(frame(messages::typical()))]
#[bench::large(frame(messages::large()))]
fn view(frame: &'static [u8]) -> Result<HandoffInitRef<'static>, DecodeError> {
    HandoffInitRef::decode(black_box(frame))
}

#[library_benchmark]
#[bench::typical(frame(messages::typical()))]
fn lists(frame: &'static [u8]) -> Option<Lists> {
    peers::view::lists(black_box(frame))
}

// The peer that a decoder must beat to be worth its code.
#[library_benchmark]
#[bench::typical(peers::simple::encode(&messages::typical().into()).leak())]
fn lists_simple(message: &'static [u8]) -> Option<Lists> {
    peers::simple::lists(black_box(message))
}

#[library_benchmark]
#[bench::typical(frame(messages::typical()))]
fn owned(frame: &'static [u8]) -> Result<HandoffInit, DecodeError> {
    HandoffInit::decode(black_box(frame))
}

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

#[library_benchmark]
#[bench::typical(leaked(messages::typical()))]
fn encode(init: &'static HandoffInit) -> Result<Vec<u8>, EncodeError> {
    black_box(init).encode()
}

#[library_benchmark]
#[bench::typical(leaked(messages::typical()), vec![0; 4096].leak())]
fn encode_into(
    init: &'static HandoffInit,
    buffer: &'static mut [u8],
) -> Result<usize, EncodeError> {
    black_box(init).encode_into(black_box(buffer))
}

const REPORT: GuestReport = GuestReport::ExecFailed { errno: 2 };

type ReportBuffer = [u8; GuestReport::MAX_FRAME_BYTES];

fn report_buffer() -> &'static mut ReportBuffer {
    Box::leak(Box::new([0; _]))
}

#[library_benchmark]
#[bench::exec_failed(REPORT, report_buffer())]
fn report_encode(
    report: GuestReport,
    buffer: &'static mut ReportBuffer,
) -> Result<&'static [u8], EncodeError> {
    black_box(report).encode(buffer)
}

#[library_benchmark]
#[bench::exec_failed(REPORT.encode(report_buffer()).unwrap())]
fn report_decode(frame: &'static [u8]) -> Result<GuestReport, DecodeError> {
    GuestReport::decode(black_box(frame))
}

#[library_benchmark]
#[bench::bytes_32(messages::name(32).leak())]
#[bench::bytes_128(messages::name(128).leak())]
fn sandbox_name(name: &'static str) -> TypesResult<()> {
    validate_sandbox_name(black_box(name))
}

#[library_benchmark]
#[bench::bytes_128(messages::name(128).leak())]
fn hostname(name: &'static str) -> String {
    hostname_from_sandbox_name(black_box(name))
}

#[library_benchmark]
#[bench::full()]
fn json_read() -> serde_json::Result<SandboxSpec> {
    serde_json::from_str(black_box(FULL_SPEC))
}

#[library_benchmark]
#[bench::full(leaked(serde_json::from_str(FULL_SPEC).unwrap()))]
fn json_write(spec: &'static SandboxSpec) -> serde_json::Result<String> {
    serde_json::to_string(black_box(spec))
}

fn setup_frame() -> &'static [u8] {
    setup::typical().encode().unwrap().leak()
}

#[library_benchmark]
#[bench::typical(setup_frame())]
fn setup_view(frame: &'static [u8]) -> Result<GuestSetupRef<'static>, DecodeError> {
    GuestSetupRef::decode(black_box(frame))
}

#[library_benchmark]
#[bench::typical(setup_frame())]
fn setup_owned(frame: &'static [u8]) -> Result<GuestSetup, DecodeError> {
    GuestSetup::decode(black_box(frame))
}

#[library_benchmark]
#[bench::typical(setup::cbor().leak())]
fn setup_ciborium(bytes: &'static [u8]) -> Option<Plain> {
    ciborium::from_reader(black_box(bytes)).ok()
}

#[library_benchmark]
#[bench::typical(leaked(setup::typical()))]
fn setup_encode(setup: &'static GuestSetup) -> Result<Vec<u8>, EncodeError> {
    black_box(setup).encode()
}

#[library_benchmark]
#[bench::good(GOOD_SPEC)]
#[bench::hostile(specs::hostile_keys().leak())]
fn check_json(json: &'static str) -> Findings {
    SandboxSpec::check_json(black_box(json))
}

#[library_benchmark]
#[bench::good(GOOD_SPEC)]
fn check_serde(json: &'static str) -> serde_json::Result<SandboxSpec> {
    serde_json::from_str(black_box(json))
}

/// Has what it is asked for.
struct Host;

impl BootHost for Host {
    fn root(&self, image: &RootfsSource) -> Option<RootDevice> {
        RootDevice::of(image)
    }

    fn is_file(&self, _: &HostPath) -> bool {
        false
    }

    fn volume_kind(&self, _: &str) -> Option<VolumeKind> {
        Some(VolumeKind::Directory)
    }

    fn network(&self) -> GuestNetwork {
        GuestNetwork::default()
    }
}

#[library_benchmark]
#[bench::good(leaked(serde_json::from_str(GOOD_SPEC).unwrap()))]
fn plan(spec: &'static SandboxSpec) -> Result<BootPlan, Findings> {
    black_box(spec).plan(&Host)
}

library_benchmark_group!(
    name = handoff;
    benchmarks = view, lists, lists_simple, owned, encode, encode_into, report_encode, report_decode
);
library_benchmark_group!(
    name = setups;
    benchmarks = setup_view, setup_owned, setup_ciborium, setup_encode
);
library_benchmark_group!(name = names; benchmarks = sandbox_name, hostname);
library_benchmark_group!(name = json; benchmarks = json_read, json_write);
library_benchmark_group!(name = documents; benchmarks = check_json, check_serde, plan);
main!(
    library_benchmark_groups = handoff,
    setups,
    names,
    json,
    documents
);
