//! Every type survives a format that does not describe itself, with nothing dropped.

use std::fmt::Debug;

use microsandbox_types::*;
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::shared::types::every_type;
use crate::shared::values;

fn round_trip<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let bytes = postcard::to_allocvec(value).unwrap();
    let (again, rest) = postcard::take_from_bytes(&bytes).unwrap();
    assert_eq!(rest, [0; 0]);
    again
}

#[track_caller]
fn assert_round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    assert_eq!(round_trip(&value), value);
}

macro_rules! any_value {
    ($($test:ident: $ty:ident $(<$of:ident>)?,)*) => {
        $(
            #[test]
            fn $test() {
                values::check(&values::values::<$ty $(<$of>)?>(), |value| {
                    prop_assert_eq!(round_trip(&value), value);
                    Ok(())
                });
            }
        )*
    };
}
every_type!(any_value);

/// A skipped field before others that are there would shift them.
#[test]
fn absent_fields_before_present_ones() {
    assert_round_trip(CloudCreateSandboxRequest {
        workdir: None,
        hostname: Some("web".into()),
        idle_timeout_secs: Some(60),
        ..CloudCreateSandboxRequest::default()
    });
    assert_round_trip(NetworkSpec {
        interface: None,
        ports: vec![PublishedPortSpec::default()],
        max_connections: Some(7),
        ..NetworkSpec::default()
    });
    assert_round_trip((OciRootfsSource::new("alpine"), 1_u8));
    assert_round_trip((
        HandoffInit {
            cmd: "auto".into(),
            args: vec![],
            env: vec![],
            cwd: None,
        },
        1_u8,
    ));
}

#[test]
fn a_spec_of_defaults() {
    assert_round_trip(SandboxSpec::default());
}

#[test]
fn the_request_for_a_volume_in_a_mount() {
    assert_round_trip(VolumeMount::Named {
        name: "data".into(),
        guest: "/data".into(),
        options: MountOptions::default(),
        stat_virtualization: StatVirtualization::Off,
        host_permissions: HostPermissions::Mirror,
        create: Some(NamedVolumeCreate::new(
            NamedVolumeMode::EnsureExists,
            VolumeSpec {
                kind: VolumeKind::Disk,
                capacity_mib: Some(64),
                labels: vec![("a".into(), "b".into())],
                ..VolumeSpec::new("data")
            },
        )),
    });
}

#[test]
fn free_form_documents() {
    let documents = [
        None,
        Some(Value::Null),
        Some(json!(false)),
        Some(json!(u64::MAX)),
        Some(json!(i64::MIN)),
        Some(json!(0.5)),
        Some(json!("null")),
        Some(json!([null, {"": [1, -1]}])),
    ];
    for document in documents {
        for place in 0..5 {
            let mut network = NetworkSpec::default();
            let fields = [
                &mut network.interface,
                &mut network.policy,
                &mut network.dns,
                &mut network.tls,
                &mut network.secrets,
            ];
            *fields.into_iter().nth(place).unwrap() = document.clone();
            assert_round_trip(network);
        }
    }
}

/// The binary shape as it is, field by field, so that a reordering shows.
#[test]
fn fields_in_table_order_and_enums_by_index() {
    let bytes = postcard::to_allocvec(&VolumeMount::Tmpfs {
        guest: "/t".into(),
        size_mib: Some(3),
        options: MountOptions {
            noexec: true,
            ..MountOptions::default()
        },
    })
    .unwrap();
    assert_eq!(bytes, [2, 2, b'/', b't', 1, 3, 0, 1, 0, 0]);

    let bytes = postcard::to_allocvec(&NetworkSpec {
        dns: Some(json!({})),
        ..NetworkSpec::default()
    })
    .unwrap();
    assert_eq!(bytes, [1, 0, 0, 0, 1, 2, b'{', b'}', 0, 0, 0, 0]);
}

#[test]
fn a_free_form_document_that_is_not_json_is_refused() {
    let bytes = [1, 1, 1, b'{', 0, 0, 0, 0, 0, 0, 0];
    assert!(postcard::from_bytes::<NetworkSpec>(&bytes).is_err());
}
