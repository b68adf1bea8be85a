//! The laws of fixing: what is certain is put right, nothing else changes and nothing is lost.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary, Result, Unstructured};
use microsandbox_types::*;

use crate::shared::mutate::Plan;
use crate::shared::tree::Tree;

/// Any text: what is fixed is JSON, has fewer errors and no new ones, and fixing it again changes
/// nothing.
pub fn any(text: &str) {
    let before = SandboxSpec::check_json(text);
    let Some(fixed) = SandboxSpec::fix_json(text) else {
        assert!(before.iter().all(|one| one.edits.is_empty()), "{before}");
        return;
    };
    let after = SandboxSpec::check_json(&fixed);
    assert!(after.iter().all(|one| one.code != FindingCode::Syntax));
    assert!(after.errors() < before.errors(), "{before}\n{after}");
    assert_eq!(SandboxSpec::fix_json(&fixed), None);
    nothing_is_lost(text, &fixed);
    if before.omitted() > 0 {
        return;
    }
    // What is found in the fixed text was found before, and what is not has edits that lead there.
    let told = |one: &Finding| (one.code.as_str(), one.to_string());
    let mut left: Vec<_> = after.iter().map(told).collect();
    let mut edits = Vec::new();
    for finding in &before {
        if finding.edits.is_empty() {
            let place = left.iter().position(|one| *one == told(finding));
            left.remove(place.expect("nothing goes without a fix"));
        }
        edits.extend(finding.edits.iter().cloned());
    }
    assert!(left.is_empty(), "{left:?} is new in {fixed}");
    edits.sort_by_key(|edit| edit.span.start);
    let mut edited = text.to_owned();
    for edit in edits.into_iter().rev() {
        edited.replace_range(edit.span, edit.text);
    }
    assert_eq!(edited, fixed);
}

/// The strings of a text without their quotes, and its numbers and words.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(first) = rest.chars().next() {
        let is_end = |c: char| c == '"' || c.is_whitespace() || "{}[]:,".contains(c);
        if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = 1 + end.expect("what is fixed has no open string");
            tokens.push(&rest[1..end]);
            rest = &rest[end + 1..];
        } else if is_end(first) {
            rest = &rest[first.len_utf8()..];
        } else {
            let end = rest.find(is_end).unwrap_or(rest.len());
            tokens.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
    tokens
}

/// Asserts that all strings, numbers and words are still there, in order, with nothing between but
/// names that the shapes have.
fn nothing_is_lost(before: &str, after: &str) {
    let inserted = |one: &str| ["key", "value", "Oci", "reference"].contains(&one);
    let after = tokens(after);
    let mut rest = after.as_slice();
    for token in tokens(before) {
        rest = loop {
            rest = match rest {
                ["key", key, "value", value, rest @ ..] | [key, value, rest @ ..]
                    if token == format!("{key}={value}") =>
                {
                    break rest;
                }
                [same, rest @ ..] if *same == token || fold(same) == fold(token) => break rest,
                [one, rest @ ..] if inserted(one) => rest,
                [one, ..] => panic!("{one} for {token}"),
                [] => panic!("{token} is lost"),
            };
        };
    }
    assert!(rest.iter().all(|one| inserted(one)), "{rest:?}");
}

fn fold(string: &str) -> String {
    let read: String = serde_json::from_str(&format!("\"{string}\"")).unwrap();
    fold_name(&read)
}

/// A good spec that is broken in ways that are certain to be fixed is what it was; with anything
/// else about it, the law of any text holds.
pub fn broken(data: &[u8]) {
    let _ = try_broken(&mut Unstructured::new(data));
}

fn try_broken(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = match u.ratio(1, 2)? {
        true => include_str!("../data/json/sandbox-spec.rich.json").to_owned(),
        false => serde_json::to_string(&SandboxSpec::arbitrary(u)?).unwrap(),
    };
    let plain: SandboxSpec = serde_json::from_str(&spec).unwrap();
    let mut tree = Tree::parse(&spec);
    let mut count = 0;
    break_tree(u, &mut tree, "", &mut count)?;
    let mut text = tree.print(false);
    for (at, _) in text.clone().rmatch_indices([']', '}']) {
        let is_after_value = !text[..at].trim_end().ends_with(['[', '{']);
        if is_after_value && !is_in_string(&text, at) && u.ratio(1, 16)? {
            text.insert_str(at, " ,\n");
            count += 1;
        }
    }
    if u.ratio(1, 8)? {
        text.insert(0, '\u{feff}');
        count += 1;
    }
    any(&text);
    let fixed = SandboxSpec::fix_json(&text);
    assert_eq!(fixed.is_some(), count > 0, "{text}");
    let fixed = fixed.unwrap_or(text);
    assert_eq!(SandboxSpec::from_json_strict(&fixed), Ok(plain), "{fixed}");

    let plan = Plan {
        base: 0,
        changes: Vec::from([(
            usize::from(u16::arbitrary(u)?),
            u8::arbitrary(u)?.into(),
            u16::arbitrary(u)?.into(),
        )]),
        place: 0,
        frame: 0,
        escape: u.ratio(1, 8)?,
        empty: false,
    };
    any(&plan.apply(&tree.print(false)));
    Ok(())
}

fn is_in_string(text: &str, at: usize) -> bool {
    let (mut inside, mut escaped) = (false, false);
    for c in text[..at].chars() {
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
    }
    inside
}

/// Fields whose value has no shape, or names that are free.
const FREE: [&str; 7] = [
    "labels",
    "scripts",
    "policy",
    "dns",
    "tls",
    "interface",
    "secrets",
];

/// Fields whose value is a word of a list.
#[rustfmt::skip]
const WORDS: [&str; 9] = [
    "type", "format", "pull_policy", "security_profile", "protocol", "log_level", "resource",
    "host_permissions", "stat_virtualization",
];

/// Breaks values and names here and there, and counts how many.
fn break_tree(
    u: &mut Unstructured<'_>,
    tree: &mut Tree,
    name: &str,
    count: &mut usize,
) -> Result<()> {
    if FREE.contains(&name) {
        return Ok(());
    }
    match tree {
        Tree::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                break_tree(u, value, name, count)?;
                break_spelling(u, name, count)?;
            }
            let [(kind, Tree::Object(source))] = fields.as_slice() else {
                return Ok(());
            };
            let [(_, reference @ Tree::Text(text)), rest @ ..] = source.as_slice() else {
                return Ok(());
            };
            let rest_is_null = rest
                .iter()
                .all(|(_, value)| matches!(value, Tree::Scalar(text) if text == "null"));
            let last = text.rsplit('/').next().unwrap();
            let is_file = last.contains('.') && !last.contains([':', '@']);
            let is_plain = !text.contains(['"', '\\']) && !is_file;
            if kind == "Oci" && rest_is_null && is_plain && is_reference(text) && u.ratio(1, 2)? {
                *count += 1;
                *tree = reference.clone();
            }
        }
        Tree::Array(_) if name == "env" => break_env(u, tree, count)?,
        Tree::Array(items) => {
            for item in items {
                break_tree(u, item, "", count)?;
            }
        }
        Tree::Text(word) if WORDS.contains(&name) => break_spelling(u, word, count)?,
        // A mode in quotes could be octal.
        Tree::Scalar(number)
            if name != "mode" && number.parse::<u64>().is_ok() && u.ratio(1, 8)? =>
        {
            *count += 1;
            *tree = Tree::Text(number.clone());
        }
        Tree::Text(_) | Tree::Scalar(_) => {}
    }
    Ok(())
}

fn break_spelling(u: &mut Unstructured<'_>, name: &mut String, count: &mut usize) -> Result<()> {
    if !u.ratio(1, 8)? {
        return Ok(());
    }
    let broken = match u.int_in_range(0..=4)? {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => name.replace('_', "-"),
        3 => name.replace('_', ""),
        _ => format!("_{name}"),
    };
    *count += usize::from(*name != broken);
    *name = broken;
    Ok(())
}

/// Breaks an environment as a whole or one variable after the other: objects, or pairs.
fn break_env(u: &mut Unstructured<'_>, env: &mut Tree, count: &mut usize) -> Result<()> {
    let Tree::Array(items) = env else {
        return Ok(());
    };
    let variables: Vec<_> = items.iter().map(variable).collect();
    let names: BTreeSet<_> = variables.iter().map(|(key, _)| fold_name(key)).collect();
    let keys: BTreeSet<_> = variables.iter().map(|(key, _)| key).collect();
    let is_one = names.contains("value") && (names.contains("key") || names.contains("name"));
    if keys.len() == variables.len() && !is_one && u.ratio(1, 4)? {
        *count += 1;
        let fields = variables
            .into_iter()
            .map(|(key, value)| (key, Tree::Text(value)));
        *env = Tree::Object(fields.collect());
        return Ok(());
    }
    for (item, (key, value)) in items.iter_mut().zip(variables) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-/".contains(c);
        let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if is_key && key.chars().all(is_plain) && u.ratio(1, 4)? {
            *count += 1;
            *item = Tree::Text(format!("{key}={value}"));
        } else if let Tree::Object(fields) = item {
            for (name, _) in fields {
                break_spelling(u, name, count)?;
            }
        }
    }
    Ok(())
}

fn fold_name(name: &str) -> String {
    name.replace(['_', '-'], "").to_ascii_lowercase()
}

fn variable(item: &Tree) -> (String, String) {
    match item {
        Tree::Array(pair) => match pair.as_slice() {
            [Tree::Text(key), Tree::Text(value)] => (key.clone(), value.clone()),
            _ => panic!("{item:?}"),
        },
        Tree::Object(fields) => match fields.as_slice() {
            [(_, Tree::Text(key)), (_, Tree::Text(value))] => (key.clone(), value.clone()),
            _ => panic!("{item:?}"),
        },
        _ => panic!("{item:?}"),
    }
}

fn is_reference(text: &str) -> bool {
    let source = OciRootfsSource::new(text);
    let spec = SandboxSpec {
        name: "a".into(),
        image: RootfsSource::Oci(source),
        ..SandboxSpec::default()
    };
    let is_kind = ["oci", "bind", "diskimage", "disk_image", "disk-image"].contains(&text);
    !is_kind && spec.check().is_empty()
}
