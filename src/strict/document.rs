//! The documents that can be read strictly.

use alloc::string::String;

#[cfg(feature = "cloud")]
use super::table::{
    CLOUD_CREATE_SANDBOX_REQUEST, CLOUD_ERROR_BODY, CLOUD_MESSAGE_RESPONSE, CLOUD_PAGINATED,
    CLOUD_SANDBOX,
};
use super::table::{HANDOFF_INIT, NAMED_VOLUME_CREATE, SANDBOX_SPEC, SNAPSHOT_SPEC, VOLUME_SPEC};
use super::{Root, Shape, check_json, fix_json, from_json};
use crate::check::{self, Findings};
#[cfg(feature = "cloud")]
use crate::cloud::{
    CloudCreateSandboxRequest, CloudErrorBody, CloudMessageResponse, CloudPaginated, CloudSandbox,
};
use crate::exec::ExecLimits;
use crate::handoff::HandoffInit;
use crate::spec::{NamedVolumeCreate, SandboxSpec, SnapshotSpec, VolumeSpec};

/// What people write: a field that no release knows is a mistake.
pub(super) const fn closed(shape: &'static Shape) -> Root {
    Root {
        shape,
        is_open: false,
    }
}

/// What a service answers, which may gain fields. It has no rules: the service keeps its own.
#[cfg(feature = "cloud")]
const fn open(shape: &'static Shape) -> Root {
    Root {
        shape,
        is_open: true,
    }
}

/// Gives a type `from_json_strict`, `check_json` and `fix_json`, and `check_json_with` if its rules
/// depend on the guest's limits.
macro_rules! document {
    (
        $(#[$docs:meta])*
        $document:ty, $root:expr, $check:expr $(, with limits $check_with:expr)?
    ) => {
        impl $document {
            $(#[$docs])*
            ///
            /// # Errors
            /// All findings, each with its place in the text. They never show a value.
            pub fn from_json_strict(json: &str) -> Result<Self, Findings> {
                from_json(json, $root)
            }

            /// Returns all that is wrong with a document as text: what
            /// [`from_json_strict`](Self::from_json_strict) finds, and which rules are broken in
            /// all that could be read.
            ///
            /// What has [edits](crate::Edit) is looked at as if they were made, so that all
            /// mistakes are found at once. A path then leads through the fixed document: that of a
            /// `"Cpus"` without a number is `resources.cpus`.
            #[must_use]
            pub fn check_json(json: &str) -> Findings {
                check_json::<Self>(json, $root, $check)
            }

            /// Puts right what is certain in a document as text, and returns the new text, or
            /// `None` if there is nothing to fix. These mistakes are:
            ///
            /// - a byte order mark and trailing commas;
            /// - the name of a field, or a word of a list such as `"tcp"`, that differs only in
            ///   case or in `_` and `-`, unless the object has the right field too;
            /// - digits in quotes where a number is wanted;
            /// - an environment written as an object, or as `"KEY=value"` strings;
            /// - the image of a spec written as a string, if that is a valid image reference.
            ///
            /// All of them are fixed at once, also those beyond
            /// [`MAX_FINDINGS`](crate::MAX_FINDINGS): the result is the text with the
            /// [edits](crate::Edit) of all findings made, kept or not.
            /// [`check_json`](Self::check_json) finds nothing in it that it did not find before,
            /// and fixing it again returns `None`. Time and memory are in proportion to the text; one
            /// of more than 64 MiB is not fixed.
            #[must_use]
            pub fn fix_json(json: &str) -> Option<String> {
                fix_json(json, $root)
            }

            $(
                /// [`check_json`](Self::check_json) for a guest with these limits.
                #[must_use]
                pub fn check_json_with(json: &str, limits: &ExecLimits) -> Findings {
                    check_json(json, $root, |document: &Self| $check_with(document, limits))
                }
            )?
        }
    };
}

document! {
    /// Reads a spec from JSON, and refuses what plain serde passes over: unknown fields (with the
    /// nearest name that a spec has), repeated fields, and lists in place of objects. A
    /// `$schema` for editors is let through.
    ///
    /// The spec is read, not yet [validated](Self::validate).
    ///
    /// ```
    /// use microsandbox_types::SandboxSpec;
    ///
    /// let findings = SandboxSpec::from_json_strict(r#"{"resources": {"cpu": 2}}"#).unwrap_err();
    /// assert_eq!(
    ///     findings.to_string(),
    ///     "error[unknown-field] resources.cpu: unknown field \"cpu\"; did you mean \"cpus\"?"
    /// );
    /// ```
    SandboxSpec, closed(&SANDBOX_SPEC), Self::check, with limits Self::check_with
}

document! {
    /// Reads a volume from JSON as strictly as
    /// [`SandboxSpec::from_json_strict`](SandboxSpec::from_json_strict) reads a spec.
    ///
    /// ```
    /// use microsandbox_types::VolumeSpec;
    ///
    /// let findings = VolumeSpec::check_json(
    ///     r#"{"name": "data", "kind": "disk", "quota_mib": null, "capacity_mib": 64, "labels": []}"#,
    /// );
    /// assert_eq!(
    ///     findings.to_string(),
    ///     "error[wrong-type] kind: \"kind\" must be \"Directory\" or \"Disk\"; did you mean \"Disk\"?"
    /// );
    /// ```
    VolumeSpec, closed(&VOLUME_SPEC), Self::check
}

document! {
    /// Reads a request from JSON as strictly as
    /// [`SandboxSpec::from_json_strict`](SandboxSpec::from_json_strict) reads a spec.
    ///
    /// ```
    /// use microsandbox_types::NamedVolumeCreate;
    ///
    /// let findings = NamedVolumeCreate::check_json(
    ///     r#"{"mode": "Create", "name": "data", "kind": "Disk", "labels": []}"#,
    /// );
    /// assert_eq!(
    ///     findings.to_string(),
    ///     "error[capacity-missing] capacity_mib: a disk volume needs a capacity in MiB"
    /// );
    /// ```
    NamedVolumeCreate, closed(&NAMED_VOLUME_CREATE), Self::check
}

document! {
    /// Reads a snapshot from JSON as strictly as
    /// [`SandboxSpec::from_json_strict`](SandboxSpec::from_json_strict) reads a spec.
    ///
    /// ```
    /// use microsandbox_types::SnapshotSpec;
    ///
    /// let findings = SnapshotSpec::check_json(
    ///     r#"{"source_sandbox": "web-1", "destination": {"Name": "a b"}, "labels": [],
    ///         "force": false, "record_integrity": true}"#,
    /// );
    /// assert_eq!(findings.as_slice()[0].path.as_str(), "destination.Name");
    /// ```
    SnapshotSpec, closed(&SNAPSHOT_SPEC), Self::check
}

document! {
    /// Reads a handoff from JSON as strictly as
    /// [`SandboxSpec::from_json_strict`](SandboxSpec::from_json_strict) reads a spec.
    ///
    /// The handoff is read, not yet [validated](Self::validate). [`check_json`](Self::check_json)
    /// finds every part that breaks a rule, not only the first.
    ///
    /// ```
    /// use microsandbox_types::HandoffInit;
    ///
    /// let findings = HandoffInit::check_json(r#"{"cmd": "sbin/init", "env": [["A=B", "c"]]}"#);
    /// let paths: Vec<_> = findings.iter().map(|one| one.path.as_str()).collect();
    /// assert_eq!(paths, ["cmd", "env[0].key"]);
    /// ```
    HandoffInit,
    closed(&HANDOFF_INIT),
    |init| check::handoff(init, &ExecLimits::default()),
    with limits check::handoff
}

#[cfg(feature = "cloud")]
document! {
    /// Reads a request from JSON as strictly as
    /// [`SandboxSpec::from_json_strict`](SandboxSpec::from_json_strict) reads a spec.
    ///
    /// The request is read, not yet [validated](Self::validate).
    ///
    /// ```
    /// use microsandbox_types::CloudCreateSandboxRequest;
    ///
    /// let findings = CloudCreateSandboxRequest::check_json(
    ///     r#"{"name": "web-1", "image": "alpine:3.20", "cpus": 2}"#,
    /// );
    /// assert_eq!(
    ///     findings.to_string(),
    ///     "error[unknown-field] cpus: unknown field \"cpus\"; write `\"vcpus\": 2`"
    /// );
    /// ```
    CloudCreateSandboxRequest,
    closed(&CLOUD_CREATE_SANDBOX_REQUEST),
    Self::check,
    with limits Self::check_with
}

#[cfg(feature = "cloud")]
document! {
    /// Reads a response from JSON: every value of another type than its field's, and every field
    /// that is missing or repeated, is found at once. Unknown fields are let through, since a newer
    /// control plane may send more.
    ///
    /// ```
    /// use microsandbox_types::CloudSandbox;
    ///
    /// let json = r#"{"id": "1", "org_id": "1", "name": "web-1", "status": "Paused", "config": {},
    ///     "ephemeral": true, "created_at": "yesterday", "region": "eu"}"#;
    /// let findings = CloudSandbox::from_json_strict(json).unwrap_err();
    /// let paths: Vec<_> = findings.iter().map(|one| one.path.as_str()).collect();
    /// assert_eq!(paths, ["status", "created_at"]);
    /// ```
    CloudSandbox, open(&CLOUD_SANDBOX), |_| Findings::default()
}

#[cfg(feature = "cloud")]
document! {
    /// Reads a page from JSON as [`CloudSandbox::from_json_strict`] reads one sandbox.
    ///
    /// ```
    /// use microsandbox_types::{CloudPaginated, CloudSandbox};
    ///
    /// let page = CloudPaginated::<CloudSandbox>::from_json_strict(r#"{"data": [], "total": 0}"#);
    /// assert!(page.is_ok());
    /// ```
    CloudPaginated<CloudSandbox>, open(&CLOUD_PAGINATED), |_| Findings::default()
}

#[cfg(feature = "cloud")]
document! {
    /// Reads an error from JSON as [`CloudSandbox::from_json_strict`] reads a sandbox.
    ///
    /// ```
    /// use microsandbox_types::CloudErrorBody;
    ///
    /// let findings = CloudErrorBody::from_json_strict(r#"{"code": 404}"#).unwrap_err();
    /// assert_eq!(
    ///     findings.to_string(),
    ///     "error[wrong-type] code: \"code\" must be a string, not a number; put it in quotes"
    /// );
    /// ```
    CloudErrorBody, open(&CLOUD_ERROR_BODY), |_| Findings::default()
}

#[cfg(feature = "cloud")]
document! {
    /// Reads a message from JSON as [`CloudSandbox::from_json_strict`] reads a sandbox.
    ///
    /// ```
    /// use microsandbox_types::CloudMessageResponse;
    ///
    /// let response = CloudMessageResponse::from_json_strict(r#"{"message": "stopped"}"#)?;
    /// assert_eq!(response.message, "stopped");
    /// # Ok::<(), microsandbox_types::Findings>(())
    /// ```
    CloudMessageResponse, open(&CLOUD_MESSAGE_RESPONSE), |_| Findings::default()
}
