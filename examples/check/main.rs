//! Checks specs and points at what is wrong in them.
//!
//! ```text
//! cargo run --example check -- spec.json …
//! ```
//!
//! `-` stands for standard input. `--format json` is for machines and editors. Ends with 0 where
//! no spec has an error, 1 where one has, 2 where one cannot be read.

mod mask;
#[path = "../shared/terminal.rs"]
mod terminal;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use microsandbox_types::{Finding, Findings, SandboxSpec, Severity};
use serde_json::{Value, json};

use mask::Mask;
use terminal::{shown, shown_lines};

const USAGE: &str = "\
Usage: check [--format text|json] FILE…

Checks sandbox specs, all mistakes at once. A FILE of `-` is standard input.
Exit: 0 no errors (warnings at the most), 1 errors, 2 a FILE cannot be read.";

/// The columns of a terminal that does not say how many it has, and of a log.
const COLUMNS: usize = 80;

/// How many characters of a value are marked: a longer one would not fit the line.
const MOST_MARKED: usize = 40;

/// A spec that was read, and what was found in it.
struct Checked {
    name: String,
    source: String,
    findings: Findings,
}

fn main() -> ExitCode {
    let mut names = Vec::new();
    let mut as_json = false;
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--help" | "-h") => {
                println!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            Some("--format") => match args.next().as_ref().and_then(|format| format.to_str()) {
                Some("text") => as_json = false,
                Some("json") => as_json = true,
                _ => return usage("--format takes `text` or `json`"),
            },
            Some(option) if option.starts_with("--") => {
                return usage(&format!("no option {}", shown(option)));
            }
            _ => names.push(arg),
        }
    }
    if names.is_empty() {
        return usage("no FILE");
    }

    let (mut checked, mut unreadable) = (Vec::new(), Vec::new());
    for name in names {
        let shown_name = name.to_string_lossy().into_owned();
        match read(name) {
            Ok(source) => checked.push(Checked {
                findings: SandboxSpec::check_json(&source),
                name: shown_name,
                source,
            }),
            Err(error) => unreadable.push((shown_name, error)),
        }
    }
    let text = if as_json {
        shown_lines(&format!("{:#}\n", report(&checked, &unreadable)))
    } else {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let colour = set("CLICOLOR_FORCE") || io::stdout().is_terminal() && !set("NO_COLOR");
        render(&checked, &unreadable, colour)
    };
    // A reader that has seen enough closes the pipe.
    let _ = io::stdout().write_all(text.as_bytes());
    match checked.iter().any(|one| one.findings.errors() > 0) {
        _ if !unreadable.is_empty() => ExitCode::from(2),
        true => ExitCode::from(1),
        false => ExitCode::SUCCESS,
    }
}

fn usage(mistake: &str) -> ExitCode {
    eprintln!("check: {mistake}\n\n{USAGE}");
    ExitCode::from(2)
}

fn read(name: OsString) -> io::Result<String> {
    let mut bytes = Vec::new();
    if name == "-" {
        io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(name)?;
    }
    // The check itself says what is wrong with UTF-16.
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
}

fn render(checked: &[Checked], unreadable: &[(String, io::Error)], colour: bool) -> String {
    let columns = std::env::var("COLUMNS").ok().and_then(|n| n.parse().ok());
    let renderer = match colour {
        true => Renderer::styled(),
        false => Renderer::plain(),
    }
    .term_width(columns.unwrap_or(COLUMNS));

    // A terminal or a log is no place for secrets.
    let mask = Mask::new();
    let mut text = String::new();
    for (name, error) in unreadable {
        let title = shown(&format!("cannot read {name}: {error}"));
        let title = Level::ERROR.primary_title(title);
        text += &renderer.render(&[Group::with_title(title)]);
        text += "\n\n";
    }
    for Checked {
        name,
        source,
        findings,
    } in checked
    {
        let name = shown(name);
        let mut findings_in_order: Vec<_> = findings.iter().collect();
        findings_in_order.sort_by_key(|finding| finding.span.as_ref().map(|span| span.start));
        for finding in findings_in_order {
            let snippet = snippet(&name, &mask, source, finding);
            text += &renderer.render(&[snippet]);
            text += "\n\n";
        }
        if findings.omitted() > 0 {
            text += &format!("{name}: {} more findings\n\n", findings.omitted());
        }
    }
    let sum = |count: fn(&Findings) -> usize| checked.iter().map(|one| count(&one.findings)).sum();
    text += &format!(
        "checked {}: {}, {}",
        counted(checked.len(), "spec"),
        counted(sum(Findings::errors), "error"),
        counted(sum(Findings::warnings), "warning"),
    );
    if !unreadable.is_empty() {
        text += &format!("; {} not read", unreadable.len());
    }
    text + "\n"
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn snippet<'a>(name: &'a str, mask: &Mask, source: &str, finding: &Finding) -> Group<'a> {
    let level = match finding.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let path = match finding.path.as_str() {
        "" => "the document",
        path => path,
    };
    let masked = mask.show(source, finding);
    // Both texts have the same characters, but not of the same lengths.
    let place = |byte: usize| {
        let mut chars = masked.char_indices().skip(source[..byte].chars().count());
        chars.next().map_or(masked.len(), |(at, _)| at)
    };
    let span = finding.span.clone().unwrap_or_default();
    let marked = source[span.clone()].chars().take(MOST_MARKED);
    let end = span.start + marked.map(char::len_utf8).sum::<usize>();
    let primary = AnnotationKind::Primary.span(place(span.start)..place(end));
    let label = finding.label.as_deref().unwrap_or(path);
    let mut annotations = vec![primary.label(shown(label))];
    for related in &finding.related {
        let context =
            AnnotationKind::Context.span(place(related.span.start)..place(related.span.end));
        annotations.push(context.label(shown(&related.label)));
    }
    let source = Snippet::source(masked).path(name).annotations(annotations);
    let mut group = level
        .primary_title(shown(&finding.message))
        .id(finding.code.as_str())
        .element(source);
    if let Some(limit) = finding.limit {
        let text = format!("the limit is {}: {}", limit.value, limit.source);
        group = group.element(Level::NOTE.message(text));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(shown(help)));
    }
    if let Some(note) = &finding.note {
        group = group.element(Level::NOTE.message(shown(note)));
    }
    group
}

fn report(checked: &[Checked], unreadable: &[(String, io::Error)]) -> Value {
    let specs = checked.iter().map(|one| {
        let findings = one.findings.iter();
        json!({
            "file": one.name,
            "errors": one.findings.errors(),
            "warnings": one.findings.warnings(),
            "omitted": one.findings.omitted(),
            "findings": findings.map(|found| entry(&one.source, found)).collect::<Vec<_>>(),
        })
    });
    let unreadable = unreadable
        .iter()
        .map(|(name, error)| json!({"file": name, "error": error.to_string()}));
    json!({
        "specs": specs.collect::<Vec<_>>(),
        "unreadable": unreadable.collect::<Vec<_>>(),
    })
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
        "span": finding.span.as_ref().map(|span| {
            json!({"start": position(source, span.start), "end": position(source, span.end)})
        }),
    })
}

/// A byte of a text as editors count: lines and columns from 1, columns in characters.
fn position(source: &str, byte: usize) -> Value {
    let before = &source[..byte];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    json!({
        "byte": byte,
        "line": before.matches('\n').count() + 1,
        "column": before[line_start..].chars().count() + 1,
    })
}
