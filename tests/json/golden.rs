//! The JSON that people store, as frozen files.
//!
//! For each kind of document, `rich` has every field set and `minimal` every optional one absent;
//! both are as this crate writes them. `sparse` is the shortest document that means `minimal`.

use std::fmt::Debug;

use microsandbox_types::*;
use serde::{Serialize, de::DeserializeOwned};

/// A kind's documents: `rich`, `minimal`, `sparse`.
pub type Documents = [&'static str; 3];

/// Returns a kind's documents.
macro_rules! documents {
    ($kind:literal) => {
        [
            include_str!(concat!("../data/json/", $kind, ".rich.json")),
            include_str!(concat!("../data/json/", $kind, ".minimal.json")),
            include_str!(concat!("../data/json/", $kind, ".sparse.json")),
        ]
    };
}

/// Makes a test of each kind, and the list of all kinds by the name of their type.
macro_rules! golden {
    ($($test:ident: $ty:ty = $kind:literal,)*) => {
        $(
            #[test]
            fn $test() {
                assert_frozen::<$ty>(documents!($kind));
            }
        )*

        pub const ALL: &[(&str, Documents)] = &[$((stringify!($test), documents!($kind)),)*];
    };
}

golden! {
    cloud_create_sandbox_request: CloudCreateSandboxRequest = "cloud-create-sandbox-request",
    cloud_error_body: CloudErrorBody = "cloud-error-body",
    cloud_message_response: CloudMessageResponse = "cloud-message-response",
    cloud_paginated: CloudPaginated<CloudSandbox> = "cloud-paginated",
    cloud_sandbox: CloudSandbox = "cloud-sandbox",
    handoff_init: HandoffInit = "handoff-init",
    named_volume_create: NamedVolumeCreate = "named-volume-create",
    network_spec: NetworkSpec = "network-spec",
    sandbox_spec: SandboxSpec = "sandbox-spec",
    snapshot_spec: SnapshotSpec = "snapshot-spec",
    volume_spec: VolumeSpec = "volume-spec",
}

fn assert_frozen<T>([rich, minimal, sparse]: Documents)
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    for written in [rich, minimal] {
        let value: T = serde_json::from_str(written).unwrap();
        assert_eq!(
            serde_json::to_string_pretty(&value).unwrap() + "\n",
            written
        );
    }
    assert_eq!(
        serde_json::from_str::<T>(sparse).unwrap(),
        serde_json::from_str::<T>(minimal).unwrap()
    );
}
