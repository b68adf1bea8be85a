//! Findings for programs.

use microsandbox_types::Finding;
use serde_json::{Value, json};

use super::terminal::{shown, shown_lines};
use super::{Checked, Unreadable, counted};

/// The version of the JSON: raised whenever something in it changes its meaning.
const VERSION: u32 = 1;

/// Writes everything as one JSON document.
pub fn as_json(checked: &[Checked], unreadable: &[Unreadable]) -> String {
    let documents = checked.iter().map(|one| {
        let findings = one.findings.iter();
        json!({
            "file": one.name,
            "kind": one.kind.name,
            "looks_like": one.likelier.map(|kind| kind.name),
            "errors": one.findings.errors(),
            "warnings": one.findings.warnings(),
            "omitted": one.findings.omitted(),
            "findings": findings.map(|found| entry(&one.source, found)).collect::<Vec<_>>(),
        })
    });
    let unreadable = unreadable
        .iter()
        .map(|one| json!({"file": one.name, "error": one.error.to_string()}));
    let report = json!({
        "version": VERSION,
        "documents": documents.collect::<Vec<_>>(),
        "unreadable": unreadable.collect::<Vec<_>>(),
    });
    shown_lines(&format!("{report:#}\n"))
}

fn entry(source: &str, finding: &Finding) -> Value {
    json!({
        "severity": finding.severity().as_str(),
        "code": finding.code.as_str(),
        "path": finding.path.as_str(),
        "pointer": finding.path.pointer(),
        "message": finding.message,
        "limit": finding.limit.map(|limit| json!({"value": limit.value, "source": limit.source})),
        "help": finding.help,
        "note": finding.note,
        "label": finding.label,
        "span": finding.span.as_ref().map(|span| {
            json!({"start": position(source, span.start), "end": position(source, span.end)})
        }),
        // In bytes alone: there may be thousands of them.
        "edits": finding.edits.iter().map(|edit| {
            json!({"start": edit.span.start, "end": edit.span.end, "text": edit.text})
        }).collect::<Vec<_>>(),
    })
}

fn position(source: &str, byte: usize) -> Value {
    let (line, column) = line_and_column(source, byte);
    json!({"byte": byte, "line": line, "column": column})
}

/// Counts lines and columns from 1, columns in characters, as editors do.
pub fn line_and_column(source: &str, byte: usize) -> (usize, usize) {
    let before = &source[..byte];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// Writes the commands that make GitHub Actions show findings in the files of a change.
pub fn as_github(checked: &[Checked], unreadable: &[Unreadable]) -> String {
    let mut text = String::new();
    for one in unreadable {
        let message = format!("cannot read {}: {}", shown(&one.name), one.error);
        text += &command("error", &[("file", one.name.clone())], &message);
    }
    for one in checked {
        for finding in &one.findings {
            let span = finding.span.clone().unwrap_or_default();
            let (line, column) = line_and_column(&one.source, span.start);
            let (end_line, end_column) = line_and_column(&one.source, span.end);
            let place = [
                ("file", one.name.clone()),
                ("line", line.to_string()),
                ("endLine", end_line.to_string()),
                ("col", column.to_string()),
                ("endColumn", end_column.to_string()),
                ("title", finding.code.to_string()),
            ];
            let mut message = match finding.path.as_str() {
                "" => finding.message.clone(),
                path => format!("{path}: {}", finding.message),
            };
            for more in [&finding.help, &finding.note].into_iter().flatten() {
                message += "\n";
                message += more;
            }
            text += &command(finding.severity().as_str(), &place, &message);
        }
        let file = ("file", one.name.clone());
        if one.findings.omitted() > 0 {
            let message = counted(one.findings.omitted(), "more finding");
            text += &command("notice", std::slice::from_ref(&file), &message);
        }
        if let Some(hint) = one.hint() {
            text += &command("notice", &[file], &hint);
        }
    }
    text
}

/// Writes one command. Its parts are escaped as GitHub reads them; what a terminal would obey does
/// not reach the log either.
fn command(name: &str, properties: &[(&str, String)], message: &str) -> String {
    let data = |text: &str| {
        let lines: Vec<_> = text.split('\n').map(shown).collect();
        lines.join("\n").replace('%', "%25").replace('\n', "%0A")
    };
    let property = |(name, value): &(&str, String)| {
        let value = data(&shown(value)).replace(':', "%3A").replace(',', "%2C");
        format!("{name}={value}")
    };
    let properties: Vec<_> = properties.iter().map(property).collect();
    format!("::{name} {}::{}\n", properties.join(","), data(message))
}
