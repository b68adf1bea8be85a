//! What strict reading refuses, against plain serde: the same, but for a list.

use microsandbox_types::*;
use proptest::prelude::*;

use crate::shared::{heap, plans, values};

/// What plain serde reads and strict reading refuses, all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StrictOnly {
    /// A field that its object does not have.
    UnknownField,
    /// What a newer release added.
    NewerField,
    /// The older `readonly` of a mount beside its `options`.
    ReadonlyIgnored,
    /// A name twice, where plain serde does not look at it or where any name may be.
    RepeatedName,
    /// An object as the list of its fields' values.
    ListForObject,
    /// A word as an object of itself.
    ObjectForWord,
    /// A `$schema` that is no string.
    SchemaNotString,
}

/// Where any name may be.
const FREE: [&str; 7] = [
    "labels",
    "runtime.scripts",
    "network.dns",
    "network.interface",
    "network.policy",
    "network.secrets",
    "network.tls",
];

impl StrictOnly {
    /// Returns what a finding is, unless plain serde refuses the document for it.
    fn of(one: &Finding, all: &Findings) -> Option<Self> {
        let path = one.path.as_str();
        let inside = |outer: &Finding| one.path.steps().starts_with(outer.path.steps());
        match one.code {
            FindingCode::UnknownField => Some(Self::UnknownField),
            FindingCode::NewerField => Some(Self::NewerField),
            FindingCode::ReadonlyIgnored => Some(Self::ReadonlyIgnored),
            FindingCode::RepeatedField => {
                let is_inside = |free: &&str| {
                    path.strip_prefix(*free)
                        .is_some_and(|rest| rest.starts_with(['.', '[']))
                };
                let is_free = path == "$schema" || FREE.iter().any(is_inside);
                let is_unread = all.iter().any(|other| {
                    let is_unknown = matches!(
                        other.code,
                        FindingCode::UnknownField | FindingCode::NewerField
                    );
                    (is_unknown || Self::of_shape(other).is_some()) && inside(other)
                });
                Some(Self::RepeatedName).filter(|_| is_free || is_unread)
            }
            _ => Self::of_shape(one),
        }
    }

    fn of_shape(one: &Finding) -> Option<Self> {
        match one.code {
            FindingCode::WrongType if one.path.as_str() == "$schema" => Some(Self::SchemaNotString),
            FindingCode::WrongType if one.message.ends_with("must be an object, not a list") => {
                Some(Self::ListForObject)
            }
            FindingCode::WrongType if one.message.ends_with("must be a string, not an object") => {
                Some(Self::ObjectForWord)
            }
            _ => None,
        }
    }

    /// Whether plain serde may refuse what is like this.
    fn is_doubtful(self) -> bool {
        matches!(
            self,
            Self::NewerField | Self::ListForObject | Self::ObjectForWord
        )
    }
}

/// Nothing is found if plain serde reads a text, but for what is on the list, and something else
/// if it does not. What was found is mended, so that the rules can look at the rest.
fn hold_the_laws(json: &str) -> Result<(), TestCaseError> {
    // What can be fixed is taken as fixed; what that finds has laws of its own.
    let fixed = SandboxSpec::fix_json(json);
    let json = fixed.as_deref().unwrap_or(json);
    let plain = serde_json::from_str::<SandboxSpec>(json);
    let found = match SandboxSpec::from_json_strict(json) {
        Ok(spec) => {
            prop_assert_eq!(Some(spec), plain.ok(), "{}", json);
            return Ok(());
        }
        Err(found) => found,
    };
    let unmended = found.iter().find(|one| one.message == "cannot be read");
    prop_assert!(unmended.is_none(), "{found}\n{json}");
    if found.omitted() > 0 {
        return Ok(());
    }
    let mut only = found.iter().map(|one| StrictOnly::of(one, &found));
    match plain {
        Ok(_) => prop_assert!(only.all(|one| one.is_some()), "{found}\n{json}"),
        Err(error) => prop_assert!(
            only.any(|one| one.is_none_or(StrictOnly::is_doubtful)),
            "{error}: {found}\n{json}"
        ),
    }
    Ok(())
}

const RICH: &str = include_str!("../data/json/sandbox-spec.rich.json");

#[test]
fn strict_and_plain_reading_agree_but_for_the_list() {
    let documents = (values::values::<SandboxSpec>(), plans::plans());
    values::check(&documents, |(spec, plan)| {
        let generated = serde_json::to_string(&spec).unwrap();
        for base in [RICH, &generated] {
            hold_the_laws(&plan.apply(base))?;
            for text in plan.arrays(base) {
                hold_the_laws(&text)?;
            }
        }
        Ok(())
    });
}

/// Values that only some of plain serde's readers take, in every place of a document.
#[test]
fn they_agree_on_values_that_are_only_passed() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let values = [
        "1e999",
        "-1e999",
        r#""\ud800""#,
        &deep,
        r#"{"a": 1, "a": 1e999}"#,
        "-0",
        "1.0",
    ];
    for value in values {
        for document in [
            r#"{"x": $}"#,
            r#"{"x": [{"y": $}]}"#,
            r#"{"$schema": $}"#,
            r#"{"resources": {"cpus": $}}"#,
            r#"{"resources": {"x": $}}"#,
            r#"{"network": {"policy": $}}"#,
            r#"{"network": {"max_connections": $}}"#,
            r#"{"labels": {"a": $}}"#,
            r#"{"image": {"x": $}}"#,
            r#"{"image": {"Oci": {"reference": "a", "x": $}}}"#,
            r#"{"init": {"cmd": "auto", "env": [["A", $]]}}"#,
            r#"{"patches": [{"File": {"path": "/a", "content": [$], "replace": true}}]}"#,
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "size_mib": $}]}"#,
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "x": $}]}"#,
            r#"{"mounts": [{"guest": $, "type": "Tmpfs"}]}"#,
            r#"{"pull_policy": $}"#,
            r#"{"resources": [$]}"#,
        ] {
            let json = document.replace(": $", &format!(": {value}"));
            let json = json.replace("[$]", &format!("[{value}]"));
            let json = json.replace(", $]", &format!(", {value}]"));
            hold_the_laws(&json).unwrap();
        }
    }
}

/// The list is as short as it can be: each of it is refused, and plain serde reads it.
#[test]
fn the_list_of_what_is_refused() {
    use StrictOnly::*;
    for (json, expected) in [
        (r#"{"x": 1}"#, UnknownField),
        (r#"{"x": 1e999}"#, UnknownField),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "x": 1}]}"#,
            UnknownField,
        ),
        (r#"{"resources": {"max_cpus": 4}}"#, NewerField),
        (
            r#"{"mounts": [{"type": "Tmpfs", "guest": "/a", "readonly": true, "options": {}}]}"#,
            ReadonlyIgnored,
        ),
        (r#"{"labels": {"a": "", "a": ""}}"#, RepeatedName),
        (r#"{"network": {"policy": {"a": 1, "a": 2}}}"#, RepeatedName),
        (r#"{"$schema": "", "$schema": ""}"#, RepeatedName),
        (r#"{"resources": [1, 512]}"#, ListForObject),
        (
            r#"{"mounts": [["Tmpfs", "/a", null, null, false]]}"#,
            ListForObject,
        ),
        (r#"{"pull_policy": {"Never": null}}"#, ObjectForWord),
        (r#"{"$schema": 1}"#, SchemaNotString),
    ] {
        assert!(serde_json::from_str::<SandboxSpec>(json).is_ok(), "{json}");
        let found = SandboxSpec::from_json_strict(json).unwrap_err();
        let only: Vec<_> = found
            .iter()
            .map(|one| StrictOnly::of(one, &found))
            .collect();
        assert_eq!(only, [Some(expected)], "{json}: {found}");
    }
}

/// A hostile text takes no more of the heap than 16 bytes for each of its own.
#[test]
fn heap_that_a_hostile_text_takes() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| {
        (0..count).map(one).collect::<Vec<_>>().join(",")
    };
    for (what, json) in [
        (
            "unknown fields",
            format!("{{{}}}", many(20_000, &|n| format!("\"a{n}\":1"))),
        ),
        (
            "repeated fields",
            format!("{{{}}}", many(20_000, &|_| "\"a\":1".into())),
        ),
        (
            "names from elsewhere",
            format!("{{{}}}", many(20_000, &|n| format!("\"memory{n}\":1"))),
        ),
        (
            // Shorter names take plain serde itself 15 bytes for each of theirs.
            "a mount's members",
            format!(
                "{{\"mounts\":[{{\"type\":\"Tmpfs\",{}}}]}}",
                many(20_000, &|n| format!("\"member{n}\":1"))
            ),
        ),
        (
            "a mount's repeated members",
            format!(
                "{{\"mounts\":[{{\"type\":\"Tmpfs\",{}}}]}}",
                many(20_000, &|_| "\"guest\":1".into())
            ),
        ),
        (
            "mistakes in a list",
            format!("{{\"env\":[{}]}}", many(20_000, &|_| "{}".into())),
        ),
        ("open brackets", "[".repeat(100_000)),
        ("comments", "//\n".repeat(30_000)),
        ("commas", format!("[{}]", "[1,],".repeat(20_000))),
        (
            "digits in quotes",
            format!(
                "{{\"patches\":[{{\"File\":{{\"content\":[{}]}}}}]}}",
                many(20_000, &|_| "\"1\"".into())
            ),
        ),
        (
            // Each variable has three edits: with shorter ones, 19 bytes.
            "an environment as an object",
            format!(
                "{{\"env\":{{{}}}}}",
                many(20_000, &|n| format!("\"KEY_{n}\":\"a longer value\""))
            ),
        ),
        (
            "variables as strings",
            format!(
                "{{\"env\":[{}]}}",
                many(20_000, &|n| format!("\"K{n}=a longer value\""))
            ),
        ),
        (
            "names spelt another way",
            format!(
                "{{\"env\":[{}]}}",
                many(20_000, &|_| "{\"Key\":\"\",\"Value\":\"\"}".into())
            ),
        ),
        (
            "single quotes",
            format!("[{}]", many(20_000, &|_| "''".into())),
        ),
    ] {
        let (found, heap) = heap::measure(|| SandboxSpec::check_json(&json));
        assert!(!found.is_empty(), "{what}");
        let most = 16 * json.len();
        assert!(heap.peak <= most, "{what}: {} of {most}", heap.peak);
    }
}
