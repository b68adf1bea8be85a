//! The laws of the JSON documents.

use std::fmt::Debug;

use arbitrary::{Arbitrary, Result, Unstructured};
use serde::de::IgnoredAny;
use serde::{Serialize, de::DeserializeOwned};

use crate::shared::compare::compare;
use crate::shared::mutate::Plan;
use crate::shared::tree::Tree;
use crate::shared::types::every_type;

/// Documents with every field set, to change in places that made-up ones seldom have.
const RICH: [&str; 3] = [
    include_str!("../data/json/sandbox-spec.rich.json"),
    include_str!("../data/json/cloud-paginated.rich.json"),
    include_str!("../data/json/network-spec.rich.json"),
];

/// Any bytes as JSON: the sandbox's spec and the cloud types read and write as the published
/// crate's do.
pub fn any(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        let ours = serde_json::from_slice::<microsandbox_types::SandboxSpec>(data);
        let theirs = serde_json::from_slice::<reference::SandboxSpec>(data);
        // A string of a field that is ignored need not be UTF-8, and the published crate ignores a
        // handoff's working directory.
        let text = String::from_utf8_lossy(data);
        let has_cwd = text.contains("cwd") || text.contains(r"\u");
        let may_differ = has_cwd && theirs.is_ok();
        assert!(ours.is_ok() == theirs.is_ok() || may_differ, "{data:?}");
        return;
    };
    let text = match serde_json::from_str::<Tree>(text) {
        Ok(mut tree) => {
            let as_read = tree.print(false);
            tree.forget_cwd();
            let without_cwd = tree.print(false);
            if as_read == without_cwd {
                text.to_owned()
            } else {
                without_cwd
            }
        }
        // It is not JSON.
        Err(_) if serde_json::from_str::<IgnoredAny>(text).is_err() => text.to_owned(),
        // It has a number or a string that only an ignored field may have. A handoff in such a
        // document may have the working directory that the published crate does not know.
        Err(_) if text.contains("init") || text.contains(r"\u") => return,
        Err(_) => text.to_owned(),
    };
    compare::<microsandbox_types::SandboxSpec, reference::SandboxSpec>(&text);
    compare::<microsandbox_types::CloudSandbox, reference::CloudSandbox>(&text);
    compare::<microsandbox_types::CloudCreateSandboxRequest, reference::CloudCreateSandboxRequest>(
        &text,
    );
    compare::<
        microsandbox_types::CloudPaginated<microsandbox_types::CloudSandbox>,
        reference::CloudPaginated<reference::CloudSandbox>,
    >(&text);
    compare::<microsandbox_types::CloudErrorBody, reference::CloudErrorBody>(&text);
    compare::<microsandbox_types::CloudMessageResponse, reference::CloudMessageResponse>(&text);
}

/// A made-up value of any type as a document, with a few changes: read and written as the
/// published crate does.
pub fn generated(data: &[u8]) {
    let _ = try_generated(&mut Unstructured::new(data));
}

/// Makes the list of comparisons, one for each type.
macro_rules! comparisons {
    ($($test:ident: $ty:ident $(<$of:ident>)?,)*) => {
        [$(
            compare_changed::<
                microsandbox_types::$ty $(<microsandbox_types::$of>)?,
                reference::$ty $(<reference::$of>)?,
            > as fn(&mut Unstructured<'_>, &Plan) -> Result<()>,
        )*]
    };
}

fn try_generated(u: &mut Unstructured<'_>) -> Result<()> {
    let plan = Plan {
        base: usize::from(u8::arbitrary(u)?),
        changes: (0..u.int_in_range(0..=4)?)
            .map(|_| Ok((place(u)?, place(u)?, place(u)?)))
            .collect::<Result<_>>()?,
        place: place(u)?,
        frame: usize::from(u8::arbitrary(u)?),
        escape: u.int_in_range(0..=15)? == 15,
        empty: u.int_in_range(0..=255)? == 255,
    };
    match plan.base {
        0..100 => {
            compare_plan::<microsandbox_types::SandboxSpec, reference::SandboxSpec>(&plan, RICH[0]);
        }
        100..120 => compare_plan::<
            microsandbox_types::CloudPaginated<microsandbox_types::CloudSandbox>,
            reference::CloudPaginated<reference::CloudSandbox>,
        >(&plan, RICH[1]),
        120..140 => {
            compare_plan::<microsandbox_types::NetworkSpec, reference::NetworkSpec>(&plan, RICH[2]);
        }
        _ => u.choose(&every_type!(comparisons))?(u, &plan)?,
    }
    Ok(())
}

fn place(u: &mut Unstructured<'_>) -> Result<usize> {
    u16::arbitrary(u).map(usize::from)
}

fn compare_changed<Ours, Theirs>(u: &mut Unstructured<'_>, plan: &Plan) -> Result<()>
where
    Ours: Serialize + DeserializeOwned + PartialEq + Debug + for<'a> Arbitrary<'a>,
    Theirs: Serialize + DeserializeOwned,
{
    let base = serde_json::to_string(&Ours::arbitrary(u)?).unwrap();
    compare_plan::<Ours, Theirs>(plan, &base);
    Ok(())
}

fn compare_plan<Ours, Theirs>(plan: &Plan, base: &str)
where
    Ours: Serialize + DeserializeOwned + PartialEq + Debug,
    Theirs: Serialize + DeserializeOwned,
{
    compare::<Ours, Theirs>(&plan.apply(base));
    for text in plan.arrays(base) {
        compare::<Ours, Theirs>(&text);
    }
}
