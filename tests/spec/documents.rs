//! Every kind of document is read as strictly as a spec, each mistake at its place.

use microsandbox_types::*;
use proptest::prelude::*;
use serde::Serialize;

use crate::shared::mutate::Plan;
use crate::shared::values;

/// A kind of document, and what reads it.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    check: fn(&str) -> Findings,
    read_strictly: fn(&str) -> Result<(), Findings>,
    is_read: fn(&str) -> bool,
}

macro_rules! kind {
    ($document:ty) => {
        Kind {
            name: stringify!($document),
            check: <$document>::check_json,
            read_strictly: |json| <$document>::from_json_strict(json).map(drop),
            is_read: |json| serde_json::from_str::<$document>(json).is_ok(),
        }
    };
}

const SPEC: Kind = kind!(SandboxSpec);
const VOLUME: Kind = kind!(VolumeSpec);
const CREATE: Kind = kind!(NamedVolumeCreate);
const SNAPSHOT: Kind = kind!(SnapshotSpec);
const HANDOFF: Kind = kind!(HandoffInit);
const REQUEST: Kind = kind!(CloudCreateSandboxRequest);
const SANDBOX: Kind = kind!(CloudSandbox);
const PAGE: Kind = kind!(CloudPaginated<CloudSandbox>);
const ERROR: Kind = kind!(CloudErrorBody);
const MESSAGE: Kind = kind!(CloudMessageResponse);

/// Each document with what is found in it, between `«` and `»`.
#[rustfmt::skip]
const DOCUMENTS: &[(Kind, &str, &str)] = &[
    (SPEC, "", r#"{"$schema": "x", "name": "a", "image": {"Bind": "/a"}}"#),
    (SPEC, "wrong-type $schema", r#"{"$schema": «null», "name": "a", "image": {"Bind": "/a"}}"#),

    (VOLUME, "", r#"{"$schema": "x", "name": "a", "kind": "Directory", "labels": []}"#),
    (VOLUME, "wrong-type $schema", r#"{"$schema": «1», "name": "a", "kind": "Directory", "labels": []}"#),
    (VOLUME, "unknown-field size", r#"{"name": "a", "kind": "Directory", "labels": [], «"size"»: 1}"#),
    (VOLUME, "unknown-field guest_port", r#"{"name": "a", "kind": "Directory", "labels": [], «"guest_port"»: 1}"#),
    (VOLUME, "wrong-type kind", r#"{"name": "a", "kind": «"dir"», "labels": []}"#),
    (VOLUME, "wrong-type labels[0][0]", r#"{"name": "a", "kind": "Directory", "labels": [[«1», ""]]}"#),
    (VOLUME, "wrong-type labels", r#"{"name": "a", "kind": "Directory", «"labels"»: {}}"#),
    (VOLUME, "repeated-field name", r#"{"name": "a", "kind": "Directory", "labels": [], «"name"»: "a"}"#),
    (VOLUME, "missing labels", r#"«{»"name": "a", "kind": "Directory"}"#),
    (VOLUME, "name-invalid name", r#"{"name": «"a/b"», "kind": "Directory", "labels": []}"#),
    (VOLUME, "label-repeated labels[1].key", r#"{"name": "a", "kind": "Directory", "labels": [["a", ""], [«"a"», ""]]}"#),

    (CREATE, "", r#"{"$schema": "x", "mode": "Existing", "name": "a", "kind": "Disk", "labels": []}"#),
    (CREATE, "wrong-type $schema", r#"{«"$schema"»: [], "mode": "Existing", "name": "a", "kind": "Disk", "labels": []}"#),
    (CREATE, "unknown-field Mode", r#"{«"Mode"»: 1, "mode": "Create", "name": "a", "kind": "Directory", "labels": []}"#),
    (CREATE, "wrong-type quota_mib", r#"{"mode": "Create", "name": "a", "kind": "Directory", "quota_mib": «4294967296», "labels": []}"#),
    (CREATE, "repeated-field mode", r#"{"mode": "Create", "name": "a", "kind": "Directory", "labels": [], «"mode"»: "Create"}"#),
    (CREATE, "capacity-on-directory capacity_mib", r#"{"mode": "Create", "name": "a", "kind": "Directory", "capacity_mib": «8», "labels": []}"#),
    (CREATE, "capacity-missing capacity_mib", r#"«{»"mode": "Create", "name": "a", "kind": "Disk", "labels": []}"#),

    (SNAPSHOT, "", r#"{"$schema": "x", "source_sandbox": "a", "destination": {"Path": "/a"}, "labels": [], "force": false, "record_integrity": true}"#),
    (SNAPSHOT, "wrong-type $schema", r#"{"$schema": «true», "source_sandbox": "a", "destination": {"Path": "/a"}, "labels": [], "force": false, "record_integrity": true}"#),
    (SNAPSHOT, "unknown-field sandbox", r#"{«"sandbox"»: "b", "source_sandbox": "a", "destination": {"Name": "a"}, "labels": [], "force": false, "record_integrity": true}"#),
    (SNAPSHOT, "wrong-type destination", r#"{"source_sandbox": "a", "destination": «"b"», "labels": [], "force": false, "record_integrity": true}"#),
    (SNAPSHOT, "repeated-field force", r#"{"source_sandbox": "a", "destination": {"Name": "a"}, "labels": [], "force": false, «"force"»: true, "record_integrity": true}"#),
    (SNAPSHOT, "name-invalid destination.Name", r#"{"source_sandbox": "a", "destination": {"Name": «"a b"»}, "labels": [], "force": false, "record_integrity": true}"#),
    (SNAPSHOT, "missing record_integrity", r#"«{»"source_sandbox": "a", "destination": {"Name": "a"}, "labels": [], "force": false}"#),

    (HANDOFF, "", r#"{"$schema": "x", "cmd": "auto", "env": [["A", "b"]], "cwd": null}"#),
    (HANDOFF, "wrong-type $schema", r#"{«"$schema"»: {}, "cmd": "auto"}"#),
    (HANDOFF, "unknown-field entrypoint", r#"{"cmd": "auto", «"entrypoint"»: []}"#),
    (HANDOFF, "wrong-type args", r#"{"cmd": "auto", "args": «"-x"»}"#),
    (HANDOFF, "wrong-type env[0][1]", r#"{"cmd": "auto", "env": [["A", «1»]]}"#),
    (HANDOFF, "wrong-type env[0][0]", r#"{"cmd": "auto", "env": [[«null», "b"]]}"#),
    (HANDOFF, "repeated-field cmd", r#"{"cmd": "auto", «"cmd"»: "auto"}"#),
    (HANDOFF, "missing cmd", r#"«{»"args": []}"#),
    (HANDOFF, "path-not-absolute cmd", r#"{"cmd": «"init"»}"#),
    (HANDOFF, "path-not-absolute cwd", r#"{"cmd": "auto", "cwd": «"srv"»}"#),
    (HANDOFF, "nul args[1]", r#"{"cmd": "auto", "args": ["a", «"\u0000"»]}"#),
    (HANDOFF, "env-key-equals env[1].key", r#"{"cmd": "auto", "env": [["A", "b"], [«"A=b"», ""]]}"#),

    (REQUEST, "", r#"{"$schema": "x", "name": "a", "image": "a", "env": {"A": "b"}}"#),
    (REQUEST, "wrong-type $schema", r#"{"$schema": «false», "name": "a", "image": "a"}"#),
    (REQUEST, "unknown-field cpus", r#"{"name": "a", "image": "a", «"cpus"»: 1}"#),
    (REQUEST, "wrong-type image", r#"{"name": "a", «"image"»: ["a"]}"#),
    (REQUEST, "wrong-type vcpus", r#"{"name": "a", "image": "a", "vcpus": «256»}"#),
    (REQUEST, "repeated-field env.A", r#"{"name": "a", "image": "a", "env": {"A": "b", «"A"»: "c"}}"#),
    (REQUEST, "zero memory_mib", r#"{"name": "a", "image": "a", "memory_mib": «0»}"#),
    (REQUEST, "script-name scripts[\"a/b\"]", r#"{"name": "a", "image": "a", "scripts": {«"a/b"»: ""}}"#),

    (SANDBOX, "", r#"{"id": "a", "org_id": "a", "name": "a/b", "status": "running", "config": {"vcpus": 0, "gpu": 1}, "ephemeral": true, "created_at": "2024-02-29T23:59:60.5+01:30", "region": "a"}"#),
    (SANDBOX, "wrong-type status", r#"{"id": "a", "org_id": "a", "name": "a", "status": «"Running"», "config": {}, "ephemeral": true, "created_at": "2024-01-01T00:00:00Z"}"#),
    (SANDBOX, "wrong-type created_at", r#"{"id": "a", "org_id": "a", "name": "a", "status": "running", "config": {}, "ephemeral": true, "created_at": «"2024-02-30T00:00:00Z"»}"#),
    (SANDBOX, "wrong-type stopped_at", r#"{"id": "a", "org_id": "a", "name": "a", "status": "running", "config": {}, "ephemeral": true, "created_at": "2024-01-01T00:00:00Z", "stopped_at": «0»}"#),
    (SANDBOX, "wrong-type config.vcpus", r#"{"id": "a", "org_id": "a", "name": "a", "status": "running", "config": {"x": 1, "vcpus": «""»}, "ephemeral": true, "created_at": "2024-01-01T00:00:00Z"}"#),
    (SANDBOX, "repeated-field id", r#"{"id": "a", "org_id": "a", "name": "a", "status": "running", "config": {}, "ephemeral": true, "created_at": "2024-01-01T00:00:00Z", «"id"»: "a"}"#),
    (PAGE, "", r#"{"data": [], "next_cursor": null, "total": 1}"#),
    (PAGE, "missing data", r#"«{»"next_cursor": "a"}"#),
    (PAGE, "wrong-type data[0]", r#"{"data": [«"a"»]}"#),
    (ERROR, "", r#"{"error": {"code": "a", "request": 1}, "status": 404}"#),
    (ERROR, "wrong-type error", r#"{"error": «"a"»}"#),
    (ERROR, "wrong-type error.code", r#"{"error": {"code": «404»}}"#),
    (MESSAGE, "", r#"{"message": "a", "id": 1}"#),
    (MESSAGE, "wrong-type message", r#"{«"message"»: []}"#),
];

#[test]
fn each_mistake_has_its_place() {
    for (kind, expected, marked) in DOCUMENTS {
        let json = marked.replace(['«', '»'], "");
        let found = (kind.check)(&json);
        let brief: Vec<_> = found
            .iter()
            .map(|one| (format!("{} {}", one.code, one.path), one.span.clone()))
            .collect();
        let span = marked.find('«').map(|start| {
            // The first mark has two bytes.
            start..marked.find('»').unwrap() - '«'.len_utf8()
        });
        let expected: Vec<_> = span
            .into_iter()
            .map(|span| ((*expected).to_owned(), Some(span)))
            .collect();
        assert_eq!(brief, expected, "{}: {marked}\n{found}", kind.name);
    }
}

/// A field of another kind's part is no hint in a document that has no such part.
#[test]
fn hints_are_of_the_kind_itself() {
    let found = VolumeSpec::check_json(
        r#"{"name": "a", "kind": "Directory", "labels": [], "guest_port": 80}"#,
    );
    assert_eq!(found.as_slice()[0].help, None);
}

/// What passes the check of a handoff is encoded: entries of one key count each for itself.
#[test]
fn a_handoff_that_passes_is_encoded() {
    for entries in [10, 40, 60] {
        let value = "x".repeat(100_000);
        let env = vec![("A".to_owned(), value); entries];
        let init = HandoffInit {
            env,
            ..HandoffInit::new("auto")
        };
        let json = serde_json::to_string(&init).unwrap();
        let found = HandoffInit::check_json(&json);
        assert_eq!(
            found.is_empty(),
            init.encode().is_ok(),
            "{entries}: {found}"
        );
        let more = ExecLimits::new(64 * 1024, 64 * 1024 * 1024);
        let found = HandoffInit::check_json_with(&json, &more);
        assert_eq!(
            found.is_empty(),
            init.encode_with(&more).is_ok(),
            "{entries}: {found}"
        );
    }
}

/// A rule that compares two fields says nothing if one of them could not be read.
#[test]
fn what_was_mended_breaks_no_rule() {
    let volume =
        r#"{"name": "a", "kind": "disc", "quota_mib": 1, "capacity_mib": 64, "labels": []}"#;
    let create = r#"{"mode": 1, "name": "a", "kind": "Disk", "labels": []}"#;
    for (kind, json) in [(VOLUME, volume), (CREATE, create)] {
        let found = (kind.check)(json);
        assert_eq!(found.len(), 1, "{found}");
    }
    let limits = r#"{"name": "a", "image": {"Bind": "/a"}, "rlimits": [
        {"resource": "cpus", "soft": 1, "hard": "two"}, {"resource": "Cpu", "soft": 2, "hard": 1}]}"#;
    let network = r#"{"name": "a", "image": {"Bind": "/a"}, "network": {"enabled": "yes", "ports": [
        {"host_port": 1, "guest_port": 1, "host_bind": "::1", "protocol": "sctp"},
        {"host_port": 1, "guest_port": 2, "host_bind": "::1"}]}}"#;
    let entry = r#"{"name": "a", "image": {"Bind": "/a"},
        "rlimits": ["nofile=1024", {"resource": "Cpu", "soft": 1, "hard": 1}]}"#;
    let args = vec!["a".repeat(100_000); 3];
    let stack = format!(
        r#"{{"name": "a", "image": {{"Bind": "/a"}}, "init": {{"cmd": "auto", "args": {args:?}}},
        "rlimits": [{{"resource": "Stack", "soft": "much", "hard": 2}}]}}"#
    );
    for (json, expected) in [
        (stack.as_str(), "wrong-type"),
        (entry, "wrong-type"),
        (limits, "wrong-type wrong-type rlimit-order"),
        (network, "wrong-type wrong-type"),
    ] {
        let found = SandboxSpec::check_json(json);
        let codes: Vec<_> = found.iter().map(|one| one.code.as_str()).collect();
        assert_eq!(codes.join(" "), expected, "{found}");
    }
}

fn assert_law(kind: Kind, json: &str) -> Result<(), TestCaseError> {
    let found = (kind.check)(json);
    match (kind.read_strictly)(json) {
        Ok(()) => prop_assert!((kind.is_read)(json), "{}: {json}", kind.name),
        Err(strict) => {
            prop_assert!(strict.errors() > 0 && found.errors() >= strict.errors());
            // What plain serde reads is refused for what only strict reading minds.
            let minds = |one: &Finding| {
                matches!(
                    one.code,
                    // What a field lacks whose name is nearly right.
                    FindingCode::Missing
                        | FindingCode::NewerField
                        | FindingCode::UnknownField
                        | FindingCode::ReadonlyIgnored
                        | FindingCode::RepeatedField
                        | FindingCode::WrongType
                        | FindingCode::Syntax
                )
            };
            prop_assert!(
                !(kind.is_read)(json) || strict.iter().all(minds),
                "{}: {json}\n{strict}",
                kind.name
            );
        }
    }
    Ok(())
}

/// Documents as the crate writes them are read strictly; with a few changes, what is read strictly
/// is read plainly.
fn strict_and_plain<T>(kind: Kind)
where
    T: Serialize + std::fmt::Debug + for<'a> arbitrary::Arbitrary<'a>,
{
    let changes = prop::collection::vec((any::<usize>(), any::<usize>(), any::<usize>()), 0..4);
    let strategy = (values::values::<T>(), changes, any::<usize>());
    values::check(&strategy, |(value, changes, frame)| {
        let json = serde_json::to_string(&value).unwrap();
        prop_assert_eq!((kind.read_strictly)(&json), Ok(()), "{}", json);
        let plan = Plan {
            base: 0,
            changes,
            place: 0,
            frame,
            escape: frame % 16 == 15,
            empty: false,
        };
        assert_law(kind, &plan.apply(&json))
    });
}

#[test]
fn what_is_read_strictly_is_read_plainly() {
    strict_and_plain::<SandboxSpec>(SPEC);
    strict_and_plain::<VolumeSpec>(VOLUME);
    strict_and_plain::<NamedVolumeCreate>(CREATE);
    strict_and_plain::<SnapshotSpec>(SNAPSHOT);
    strict_and_plain::<HandoffInit>(HANDOFF);
    strict_and_plain::<CloudCreateSandboxRequest>(REQUEST);
    strict_and_plain::<CloudSandbox>(SANDBOX);
    strict_and_plain::<CloudPaginated<CloudSandbox>>(PAGE);
    strict_and_plain::<CloudErrorBody>(ERROR);
    strict_and_plain::<CloudMessageResponse>(MESSAGE);
}
