//! Large documents: each costs no more heap than its length explains.

use std::fmt::Write;

use microsandbox_types::*;

use crate::shared::heap;

/// A host that is never asked.
struct Host;

impl BootHost for Host {
    fn root(&self, _: &RootfsSource) -> Option<RootDevice> {
        panic!("asked for a root")
    }

    fn is_file(&self, _: &HostPath) -> bool {
        panic!("asked for a path")
    }

    fn volume_kind(&self, _: &str) -> Option<VolumeKind> {
        panic!("asked for a volume")
    }

    fn network(&self) -> GuestNetwork {
        panic!("asked for a network")
    }
}

/// No setup has so many: said before anything is planned.
#[test]
fn ten_thousand_mounts_are_refused() {
    let mount = |n| VolumeMount::Tmpfs {
        guest: format!("/mnt/{n}"),
        size_mib: None,
        options: MountOptions::default(),
    };
    let spec = SandboxSpec {
        name: "web-1".into(),
        image: RootfsSource::Bind("/srv".into()),
        mounts: (0..10_000).map(mount).collect(),
        ..SandboxSpec::default()
    };
    let (plan, heap) = heap::measure(|| spec.plan(&Host));
    let findings = plan.unwrap_err();
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::MountsTooMany]);
    // A map from path to index, in which a node may be half empty.
    assert!(heap.peak <= 10_000 * 64, "{heap:?}");
}

/// Of five megabytes without a known field, the findings that are kept and what tells a repeated
/// name.
#[test]
fn nothing_but_unknown_fields() {
    let mut json = String::from("{");
    let mut n = 0;
    while json.len() < 5_000_000 {
        write!(json, "\"memory_mib{n}\": {n}, ").unwrap();
        n += 1;
    }
    json += "\"name\": \"web-1\"}";
    let (findings, heap) = heap::measure(|| SandboxSpec::check_json(&json));
    assert!(findings.errors() > n);
    assert!(heap.peak <= 16 * json.len(), "{heap:?}");
}
