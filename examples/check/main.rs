//! Checks documents and points at what is wrong in them.
//!
//! ```text
//! cargo run --example check -- spec.json …
//! cargo run --example check -- --help
//! ```

mod fix;
mod kind;
mod mask;
mod options;
mod report;
#[path = "../shared/terminal.rs"]
mod terminal;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use microsandbox_types::{Finding, Findings, Severity};

use kind::Kind;
use mask::Mask;
use options::{Command, Format, Options, USAGE};
use terminal::shown;

/// The columns of a terminal that does not say how many it has, and of a log.
const COLUMNS: usize = 80;

/// How many characters of a value are marked: a longer one would not fit the line.
const MOST_MARKED: usize = 40;

/// A document that was read, and what was found in it.
struct Checked {
    name: String,
    source: String,
    kind: &'static Kind,
    /// The kind that it rather looks like.
    likelier: Option<&'static Kind>,
    findings: Findings,
}

/// A file that could not be read.
struct Unreadable {
    name: String,
    error: io::Error,
}

impl Checked {
    fn new(name: String, source: String, options: &Options) -> Self {
        let kind = options.kind.unwrap_or_else(|| Kind::of(&source));
        let findings = kind.check(&source, options.reader);
        let likelier = (findings.errors() > 0)
            .then(|| kind.likelier(&source))
            .flatten();
        Self {
            name,
            source,
            kind,
            likelier,
            findings,
        }
    }

    /// Says which kind to check the document as, if it looks like another one.
    fn hint(&self) -> Option<String> {
        self.likelier.map(|other| {
            format!(
                "this was checked as {}, but looks like {}: try `--kind {}`",
                self.kind.noun, other.noun, other.name
            )
        })
    }
}

/// Whether findings are a failure.
fn fails(findings: &Findings, options: &Options) -> bool {
    findings.errors() > 0 || options.deny_warnings && findings.warnings() > 0
}

fn main() -> ExitCode {
    let (text, code) = match options::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => (format!("{USAGE}\n"), 0),
        Ok(Command::Explain(code)) => {
            let (severity, text) = (code.severity(), code.explain());
            (format!("{code} ({severity})\n\n{text}\n"), 0)
        }
        Ok(Command::Check(options)) => run(&options),
        Ok(Command::Fix(options, output)) => (String::new(), fix::run(&options, output)),
        Err(mistake) => {
            eprintln!("check: {}\n\n{USAGE}", shown(&mistake));
            return ExitCode::from(2);
        }
    };
    // A reader that has seen enough closes the pipe.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::from(code)
}

/// Checks every file; returns what to write, and the exit status.
fn run(options: &Options) -> (String, u8) {
    let (mut checked, mut unreadable) = (Vec::new(), Vec::new());
    for file in &options.files {
        let name = options.name_of(file);
        match read(file) {
            Ok(source) => checked.push(Checked::new(name, source, options)),
            Err(error) => unreadable.push(Unreadable { name, error }),
        }
    }
    let text = match options.format {
        Format::Text => render(&checked, &unreadable, is_coloured(&io::stdout())),
        Format::Json => report::as_json(&checked, &unreadable),
        Format::GitHub => report::as_github(&checked, &unreadable),
    };
    let code = match checked.iter().any(|one| fails(&one.findings, options)) {
        _ if !unreadable.is_empty() => 2,
        true => 1,
        false => 0,
    };
    (text, code)
}

fn is_coloured(output: &impl IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("CLICOLOR_FORCE") || output.is_terminal() && !set("NO_COLOR")
}

fn read(name: &OsString) -> io::Result<String> {
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

fn render(checked: &[Checked], unreadable: &[Unreadable], colour: bool) -> String {
    let columns = std::env::var("COLUMNS").ok().and_then(|n| n.parse().ok());
    let renderer = match colour {
        true => Renderer::styled(),
        false => Renderer::plain(),
    }
    .term_width(columns.unwrap_or(COLUMNS));

    let mut text = String::new();
    for Unreadable { name, error } in unreadable {
        let title = shown(&format!("cannot read {name}: {error}"));
        let title = Level::ERROR.primary_title(title);
        text += &renderer.render(&[Group::with_title(title)]);
        text += "\n\n";
    }
    for one in checked {
        let (name, findings) = (shown(&one.name), &one.findings);
        let mut findings_in_order: Vec<_> = findings.iter().collect();
        findings_in_order.sort_by_key(|finding| finding.span.as_ref().map(|span| span.start));
        // A terminal or a log is no place for secrets.
        let mut mask = None;
        for finding in findings_in_order {
            let mask = mask.get_or_insert_with(|| Mask::new(one.kind, &one.source));
            let snippet = snippet(&name, mask, &one.source, finding);
            text += &renderer.render(&[snippet]);
            text += "\n\n";
        }
        if findings.omitted() > 0 {
            let more = counted(findings.omitted(), "more finding");
            text += &format!("{name}: {more}\n\n");
        }
        if let Some(hint) = one.hint() {
            let hint = Level::NOTE.primary_title(format!("{name}: {hint}"));
            text += &renderer.render(&[Group::with_title(hint)]);
            text += "\n\n";
        }
    }
    let sum = |count: fn(&Findings) -> usize| checked.iter().map(|one| count(&one.findings)).sum();
    text += &format!(
        "checked {}: {}, {}",
        counted(checked.len(), "document"),
        counted(sum(Findings::errors), "error"),
        counted(sum(Findings::warnings), "warning"),
    );
    let all = checked.iter().flat_map(|one| &one.findings);
    let fixable = all.filter(|finding| !finding.edits.is_empty()).count();
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
