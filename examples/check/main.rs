//! Checks specs and points at what is wrong in them.
//!
//! ```text
//! cargo run --example check -- spec.json …
//! ```
//!
//! `-` stands for standard input. `--format json` is for machines and editors. `--fix` writes a
//! spec with what is certain put right. Ends with 0 where no spec has an error, 1 where one has,
//! 2 where one cannot be read.

mod fix;
mod mask;
#[path = "../shared/terminal.rs"]
mod terminal;

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use microsandbox_types::{Finding, Findings, Release, SandboxSpec, Severity};
use serde_json::{Value, json};

use mask::Mask;
use terminal::{shown, shown_lines};

const USAGE: &str = "\
Usage: check [--format text|json] [--for RELEASE] FILE…
       check --fix [--output NEW] FILE

Checks sandbox specs, all mistakes at once. A FILE of `-` is standard input.
With `--for 0.6.3` it also warns of what that published release ignores.

--fix writes the spec to standard output with every mistake fixed that can be
fixed with certainty, and what it fixed and what is left to standard error.
--output writes it to a file that does not exist yet.

Exit: 0 no errors, or none are left; 1 errors; 2 a file cannot be read or
written.";

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
    let (mut fixes, mut output) = (false, None);
    let mut reader = None;
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
            Some("--fix") => fixes = true,
            Some("--output") => match args.next() {
                Some(new) => output = Some(new),
                None => return usage("--output takes a file"),
            },
            Some("--for") => {
                let given = args.next().unwrap_or_default();
                let mut known = Release::ALL.iter();
                match known.find(|release| given == release.as_str()) {
                    Some(release) => reader = Some(*release),
                    None => {
                        let known: Vec<_> = Release::ALL.iter().map(|one| one.as_str()).collect();
                        return usage(&format!("--for takes one of: {}", known.join(", ")));
                    }
                }
            }
            Some(option) if option.starts_with("--") => {
                return usage(&format!("no option {}", shown(option)));
            }
            _ => names.push(arg),
        }
    }
    if names.is_empty() {
        return usage("no FILE");
    }
    match (fixes, output, names.as_slice()) {
        (true, output, [name]) if !as_json => return fix::run(name, output),
        (true, ..) => return usage("--fix takes one FILE and no --format json"),
        (false, Some(_), _) => return usage("--output needs --fix"),
        (false, None, _) => {}
    }

    let (mut checked, mut unreadable) = (Vec::new(), Vec::new());
    for name in names {
        let shown_name = name.to_string_lossy().into_owned();
        match read(&name) {
            Ok(source) => checked.push(Checked {
                findings: match reader {
                    Some(release) => SandboxSpec::check_json_for(&source, release),
                    None => SandboxSpec::check_json(&source),
                },
                name: shown_name,
                source,
            }),
            Err(error) => unreadable.push((shown_name, error)),
        }
    }
    let text = if as_json {
        shown_lines(&format!("{:#}\n", report(&checked, &unreadable)))
    } else {
        render(&checked, &unreadable, is_coloured(&io::stdout()))
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

fn is_coloured(output: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("CLICOLOR_FORCE") || output.is_terminal() && !set("NO_COLOR")
}

fn read(name: &OsStr) -> io::Result<String> {
    if name != "-" {
        return std::fs::read_to_string(name);
    }
    let mut source = String::new();
    io::stdin().read_to_string(&mut source)?;
    Ok(source)
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
    let is_fixable = |finding: &&Finding| !finding.edits.is_empty();
    let all = checked.iter().flat_map(|one| &one.findings);
    let fixable = all.filter(is_fixable).count();
    if fixable > 0 {
        text += &format!("; {fixable} can be fixed with --fix");
    }
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
    let mut annotations = vec![primary.label(shown(path))];
    for related in &finding.related {
        let context =
            AnnotationKind::Context.span(place(related.span.start)..place(related.span.end));
        annotations.push(context.label(related.label));
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
        // There may be thousands of them: no lines and columns.
        "edits": finding.edits.iter().map(|edit| {
            json!({"start": edit.span.start, "end": edit.span.end, "text": edit.text})
        }).collect::<Vec<_>>(),
    })
}

/// A byte of a text as editors count.
fn position(source: &str, byte: usize) -> Value {
    let (line, column) = line_and_column(source, byte);
    json!({"byte": byte, "line": line, "column": column})
}

/// Counts lines and columns from 1, columns in characters.
fn line_and_column(source: &str, byte: usize) -> (usize, usize) {
    let before = &source[..byte];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}
