//! The examples `check` and `inspect`, run as their users run them.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Cargo builds the examples next to the tests.
pub fn run(example: &str, args: &[impl AsRef<OsStr>], input: &[u8], colour: bool) -> Output {
    let tests = std::env::current_exe().unwrap();
    let program = tests
        .ancestors()
        .nth(2)
        .unwrap()
        .join("examples")
        .join(example);
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("COLUMNS")
        .env("CLICOLOR_FORCE", if colour { "1" } else { "" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// What a newcomer copies.
#[test]
fn the_spec_of_the_readme_has_no_mistake() {
    let readme = include_str!("../../README.md");
    let (_, block) = readme.split_once("```json\n").unwrap();
    let (spec, _) = block.split_once("```").unwrap();
    let output = run("check", &["-"], spec.as_bytes(), false);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout, "checked 1 document: 0 errors, 0 warnings\n");
}

fn check(args: &[&str]) -> (Option<i32>, String) {
    let output = run("check", args, b"", false);
    let stdout = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), stdout)
}

/// Compares a text with a frozen file. `UPDATE=1` writes the file anew.
fn assert_frozen(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let current = fs::read_to_string(&path).unwrap() == text;
    assert!(
        current,
        "{file} is not what is shown now: run with UPDATE=1"
    );
}

fn specs() -> Vec<String> {
    let mut specs: Vec<_> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/specs"))
            .unwrap()
            .map(|entry| format!("tests/data/specs/{}", entry.unwrap().file_name().display()))
            .collect();
    specs.sort();
    specs
}

/// What `check` says of every spec of the folder, as a log has it.
#[test]
fn check_on_every_spec() {
    let specs = specs();
    let args: Vec<_> = specs.iter().map(String::as_str).collect();
    let (code, text) = check(&args);
    assert_eq!(code, Some(1));
    assert!(!text.contains('\u{1b}') && !text.contains("hunter2"));
    assert_frozen("tests/data/check.txt", &text);
}

/// Every finding points at something in its file.
#[test]
fn check_for_machines() {
    let specs = specs();
    let args: Vec<_> = ["--format", "json"]
        .into_iter()
        .chain(specs.iter().map(String::as_str))
        .collect();
    let (code, text) = check(&args);
    assert_eq!(code, Some(1));
    let report: Value = serde_json::from_str(&text).unwrap();
    let mut count = 0;
    for spec in report["documents"].as_array().unwrap() {
        for finding in spec["findings"].as_array().unwrap() {
            let start = &finding["span"]["start"];
            assert!(start["line"].as_u64() >= Some(1), "{finding}");
            assert!(finding["code"].is_string() && finding["message"].is_string());
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn exit_codes_of_check() {
    let (code, text) = check(&["tests/data/specs/good-minimal.json"]);
    assert_eq!(
        (code, text.as_str()),
        (Some(0), "checked 1 document: 0 errors, 0 warnings\n")
    );
    assert_eq!(check(&["tests/data/specs/env-repeated.json"]).0, Some(0));
    assert_eq!(check(&["tests/data/specs/name-slash.json"]).0, Some(1));
    let (code, text) = check(&["no-such-file.json", "tests/data/specs/name-slash.json"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("cannot read no-such-file.json"), "{text}");
    assert!(
        text.ends_with("checked 1 document: 1 error, 0 warnings; 1 not read\n"),
        "{text}"
    );
    for usage in [&[][..], &["--format", "xml"], &["--frobnicate"]] {
        assert_eq!(check(usage).0, Some(2));
    }
    let output = run("check", &["-"], br#"{"name": "a b"}"#, false);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("--> -:1:10")
    );
}

/// What a published release ignores is a warning for those who ask for that release.
#[test]
fn check_for_a_release() {
    let spec =
        br#"{"name": "web-1", "image": {"Bind": "/srv"}, "init": {"cmd": "auto", "cwd": "/srv"}}"#;
    for (args, code, expected) in [
        (&["-"][..], 0, "0 errors, 0 warnings"),
        (&["--for", "0.6.3", "-"], 0, "warning[cwd-ignored]"),
        (&["--for", "0.9.9", "-"], 2, "--for must be one of 0.6.3"),
        (&["--for"], 2, "--for needs a value"),
    ] {
        let output = run("check", args, spec, false);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(expected), "{text}");
    }
}

/// The picture of the documentation is what a terminal shows.
#[test]
fn picture_of_check() {
    let output = run("check", &["examples/specs/mistakes.json"], b"", true);
    let text = String::from_utf8(output.stdout).unwrap();
    let command = "$ cargo run --example check -- examples/specs/mistakes.json\n";
    let picture = anstyle_svg::Term::new().render_svg(&format!("{command}{text}"));
    assert_frozen("docs/check.svg", &picture);
}

#[test]
fn inspect_whole_and_broken_frames() {
    let frame = "tests/data/handoff/gen-1/repeated-keys.bin";
    let whole = run("inspect", &[frame], b"", false);
    assert_eq!(whole.status.code(), Some(0));
    let text = String::from_utf8(whole.stdout).unwrap();
    assert!(text.ends_with("\nvalid\n"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );

    let bytes = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(frame)).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}\n")).collect();
    let from_hex = run("inspect", &[""; 0], hex.as_bytes(), false);
    assert_eq!(String::from_utf8(from_hex.stdout).unwrap(), text);

    let mut damaged = bytes.clone();
    damaged[20] ^= 1;
    let broken = run("inspect", &["-"], &damaged, false);
    let text = String::from_utf8(broken.stdout).unwrap();
    assert_eq!(broken.status.code(), Some(1));
    assert!(
        text.contains("\n>   46  41 6f dc 0b 11 d7 ba 4e  checksum          wrong, not 0x"),
        "{text}"
    );
    assert!(text.contains("\nbroken at byte 46 (code 11): "), "{text}");
    assert_eq!(
        run("inspect", &["no-such-file"], b"", false).status.code(),
        Some(2)
    );
}

/// Any prefix of a frame, and a frame with any byte changed, is shown to its end.
#[test]
fn inspect_shows_whatever_it_gets() {
    let bytes = fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/handoff/gen-1/repeated-keys.bin"),
    )
    .unwrap();
    for n in (0..bytes.len()).step_by(3) {
        let mut damaged = bytes.clone();
        damaged[n] ^= 0x80;
        for input in [&bytes[..n], &damaged] {
            let output = run("inspect", &["-"], input, false);
            assert_eq!(output.status.code(), Some(1), "{n}");
            assert!(output.stderr.is_empty(), "{n}");
        }
    }
}
