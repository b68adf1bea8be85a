//! `--fix`: a document with what is certain put right.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};

use microsandbox_types::FindingCode;

use super::options::Options;
use super::report::line_and_column;
use super::terminal::shown;
use super::{Checked, Unreadable, counted, fails, is_coloured, read, render};

/// Writes the fixed document, and to standard error what was fixed and what is left; returns the
/// exit status.
pub fn run(options: &Options, output: Option<OsString>) -> u8 {
    let file = &options.files[0];
    let name = options.name_of(file);
    let colour = is_coloured(&io::stderr());
    let before = match read(file) {
        Ok(source) => Checked::new(name.clone(), source, options),
        Err(error) => {
            eprint!("{}", render(&[], &[Unreadable { name, error }], colour));
            return 2;
        }
    };
    let is_json = !before
        .findings
        .iter()
        .any(|one| one.code == FindingCode::Syntax && one.edits.is_empty());
    let fixed = (before.kind.fix)(&before.source).unwrap_or_else(|| before.source.clone());

    let written = match &output {
        // There is nothing to write.
        _ if !is_json => Ok(()),
        None => io::stdout().write_all(fixed.as_bytes()),
        Some(new) => File::create_new(new).and_then(|mut file| file.write_all(fixed.as_bytes())),
    };
    let new_name = output.map(|new| new.to_string_lossy().into_owned());
    if let Err(error) = written {
        let to = new_name.as_deref().unwrap_or("standard output");
        eprintln!("check: {}", shown(&format!("cannot write {to}: {error}")));
        return 2;
    }
    let after = Checked::new(new_name.unwrap_or(name), fixed, options);
    let count = before.findings.errors() - after.findings.errors();
    let said = fixes(&before, count, is_json);
    let fails = fails(&after.findings, options);
    eprint!("{said}{}", render(&[after], &[], colour));
    u8::from(fails)
}

/// Says what was fixed.
fn fixes(before: &Checked, count: usize, is_json: bool) -> String {
    let mut text = String::new();
    let mut listed = 0;
    let fixable = before.findings.iter();
    for finding in fixable.filter(|one| !one.edits.is_empty()) {
        let at = finding.span.as_ref().map_or(0, |span| span.start);
        let (line, column) = line_and_column(&before.source, at);
        let (name, message) = (&before.name, &finding.message);
        text += &shown(&format!("{name}:{line}:{column}: fixed: {message}"));
        text += "\n";
        listed += 1;
    }
    text += &match (count, count - listed) {
        (0, _) if is_json => String::from("nothing to fix with certainty"),
        (0, _) => String::from("nothing to fix: this is not JSON"),
        (_, 0) => format!("fixed {}", counted(count, "mistake")),
        (_, more) => {
            let count = counted(count, "mistake");
            format!("fixed {count}, {more} of them not listed")
        }
    };
    text + "\n\n"
}
