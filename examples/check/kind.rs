//! The kinds of documents, and which one a text is.

use std::collections::BTreeSet;

use microsandbox_types::{
    CloudCreateSandboxRequest, CloudErrorBody, CloudSandbox, FindingCode, Findings, HandoffInit,
    NamedVolumeCreate, PathStep, Release, SandboxSpec, SnapshotSpec, VolumeSpec,
};
use serde_json::{Map, Value};

use super::mask::{self, Fields};

/// A kind of document.
pub struct Kind {
    /// Its name for `--kind`.
    pub name: &'static str,
    /// What it is, with its article.
    pub noun: &'static str,
    /// The name of its schema's file.
    file: &'static str,
    pub schema: &'static str,
    /// The fields of which a value may be shown.
    pub harmless: Fields,
    check: fn(&str) -> Findings,
    pub fix: fn(&str) -> Option<String>,
    /// The check for a release that is to read it, if that adds something.
    check_for: Option<fn(&str, Release) -> Findings>,
}

macro_rules! schema {
    ($file:literal) => {
        include_str!(concat!("../../schema/", $file))
    };
}

pub static KINDS: [Kind; 8] = [
    Kind {
        name: "sandbox",
        noun: "a sandbox spec",
        file: "sandbox-spec.json",
        schema: schema!("sandbox-spec.json"),
        harmless: mask::SANDBOX,
        check: SandboxSpec::check_json,
        fix: SandboxSpec::fix_json,
        check_for: Some(SandboxSpec::check_json_for),
    },
    Kind {
        name: "volume",
        noun: "a volume",
        file: "volume-spec.json",
        schema: schema!("volume-spec.json"),
        harmless: mask::VOLUME,
        check: VolumeSpec::check_json,
        fix: VolumeSpec::fix_json,
        check_for: None,
    },
    Kind {
        name: "volume-create",
        noun: "a request to create a volume",
        file: "named-volume-create.json",
        schema: schema!("named-volume-create.json"),
        harmless: mask::VOLUME,
        check: NamedVolumeCreate::check_json,
        fix: NamedVolumeCreate::fix_json,
        check_for: None,
    },
    Kind {
        name: "snapshot",
        noun: "a snapshot",
        file: "snapshot-spec.json",
        schema: schema!("snapshot-spec.json"),
        harmless: mask::SNAPSHOT,
        check: SnapshotSpec::check_json,
        fix: SnapshotSpec::fix_json,
        check_for: None,
    },
    Kind {
        name: "handoff",
        noun: "a handoff",
        file: "handoff-init.json",
        schema: schema!("handoff-init.json"),
        harmless: mask::HANDOFF,
        check: HandoffInit::check_json,
        fix: HandoffInit::fix_json,
        check_for: Some(HandoffInit::check_json_for),
    },
    Kind {
        name: "cloud-create",
        noun: "a request to create a cloud sandbox",
        file: "cloud-create-sandbox-request.json",
        schema: schema!("cloud-create-sandbox-request.json"),
        harmless: mask::CLOUD_CREATE,
        check: CloudCreateSandboxRequest::check_json,
        fix: CloudCreateSandboxRequest::fix_json,
        check_for: None,
    },
    Kind {
        name: "cloud-sandbox",
        noun: "a cloud sandbox",
        file: "cloud-sandbox.json",
        schema: schema!("cloud-sandbox.json"),
        harmless: mask::CLOUD_SANDBOX,
        check: CloudSandbox::check_json,
        fix: CloudSandbox::fix_json,
        check_for: None,
    },
    Kind {
        name: "cloud-error",
        noun: "a cloud error",
        file: "cloud-error-body.json",
        schema: schema!("cloud-error-body.json"),
        harmless: &[],
        check: CloudErrorBody::check_json,
        fix: CloudErrorBody::fix_json,
        check_for: None,
    },
];

impl Kind {
    /// Finds the kind of a document by its `$schema`; without one it is a sandbox spec.
    pub fn of(source: &str) -> &'static Self {
        let schema = fields(source).remove("$schema");
        let file = schema.as_ref().and_then(Value::as_str).map(|schema| {
            let path = schema.split(['?', '#']).next().unwrap_or(schema);
            path.rsplit(['/', '\\']).next().unwrap_or(path)
        });
        let named = KINDS.iter().find(|kind| Some(kind.file) == file);
        named.unwrap_or(&KINDS[0])
    }

    pub fn check(&self, source: &str, reader: Option<Release>) -> Findings {
        match (self.check_for, reader) {
            (Some(check_for), Some(release)) => check_for(source, release),
            _ => (self.check)(source),
        }
    }

    /// Finds another kind that has more of a document's fields, and to which those fit that both
    /// have.
    pub fn likelier(&self, source: &str) -> Option<&'static Self> {
        let (fields, own) = (fields(source), self.field_names());
        let known = |names: &BTreeSet<String>| fields.keys().filter(|n| names.contains(*n)).count();
        let fits = |kind: &Kind| {
            use FindingCode::{Missing, NewerField, WrongType};
            let is_shared = |name: &String| fields.contains_key(name) && own.contains(name);
            !(kind.check)(source).iter().any(|one| {
                matches!(one.code, Missing | NewerField | WrongType)
                    && matches!(one.path.steps().first(), Some(PathStep::Field(name)) if is_shared(name))
            })
        };
        let more = |kind: &&Kind| known(&kind.field_names()) > known(&own) && fits(kind);
        // The first of those with the most.
        let kinds = KINDS.iter().rev().filter(more);
        kinds.max_by_key(|kind| known(&kind.field_names()))
    }

    /// The names of the fields at the root of a document of this kind.
    fn field_names(&self) -> BTreeSet<String> {
        let schema: Value = serde_json::from_str(self.schema).unwrap_or_default();
        let fields = schema["properties"].as_object();
        fields
            .into_iter()
            .flat_map(|fields| fields.keys().cloned())
            .collect()
    }
}

/// The fields at the root of a document; none if it is no object.
fn fields(source: &str) -> Map<String, Value> {
    serde_json::from_str(source).unwrap_or_else(|_| {
        // A trailing comma does not make it another kind.
        let fixed = SandboxSpec::fix_json(source).unwrap_or_default();
        serde_json::from_str(&fixed).unwrap_or_default()
    })
}
