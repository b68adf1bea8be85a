//! `--fix`: a spec with what is certain put right.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

use microsandbox_types::{FindingCode, SandboxSpec};

use super::terminal::shown;
use super::{Checked, counted, is_coloured, line_and_column, read, render};

/// Writes the fixed spec, and to standard error what was fixed and what is left.
pub fn run(name: &OsStr, output: Option<OsString>) -> ExitCode {
    let old_name = name.to_string_lossy().into_owned();
    let colour = is_coloured(&io::stderr());
    let source = match read(name) {
        Ok(source) => source,
        Err(error) => {
            eprint!("{}", render(&[], &[(old_name, error)], colour));
            return ExitCode::from(2);
        }
    };
    let before = SandboxSpec::check_json(&source);
    let is_json = !before
        .iter()
        .any(|one| one.code == FindingCode::Syntax && one.edits.is_empty());
    let fixed = SandboxSpec::fix_json(&source).unwrap_or_else(|| source.clone());
    let after = SandboxSpec::check_json(&fixed);

    let count = before.errors().saturating_sub(after.errors());
    let mut text = String::new();
    let mut listed = 0;
    for finding in before.iter().filter(|one| !one.edits.is_empty()) {
        let at = finding.span.as_ref().map_or(0, |span| span.start);
        let (line, column) = line_and_column(&source, at);
        let message = &finding.message;
        text += &shown(&format!("{old_name}:{line}:{column}: fixed: {message}"));
        text += "\n";
        listed += 1;
    }
    text += &match (count, count - listed) {
        (0, _) if is_json => String::from("nothing to fix with certainty\n\n"),
        (0, _) => String::from("nothing to fix: this is not JSON\n\n"),
        (count, 0) => format!("fixed {}\n\n", counted(count, "mistake")),
        (count, more) => format!(
            "fixed {}, {more} of them not listed\n\n",
            counted(count, "mistake")
        ),
    };

    let written = match &output {
        _ if !is_json => Ok(()),
        None => io::stdout().write_all(fixed.as_bytes()),
        Some(new) => File::create_new(new).and_then(|mut file| file.write_all(fixed.as_bytes())),
    };
    let new_name = output.map(|new| new.to_string_lossy().into_owned());
    if let Err(error) = written {
        let to = new_name.as_deref().unwrap_or("standard output");
        eprintln!("check: {}", shown(&format!("cannot write {to}: {error}")));
        return ExitCode::from(2);
    }
    let has_errors = after.errors() > 0;
    let left = Checked {
        name: new_name.unwrap_or(old_name),
        source: fixed,
        findings: after,
    };
    eprint!("{text}{}", render(&[left], &[], colour));
    ExitCode::from(u8::from(has_errors))
}
