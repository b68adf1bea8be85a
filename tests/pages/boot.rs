//! The `boot` example, run as a user runs it.
#![cfg(unix)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Cargo builds the examples next to the tests.
fn boot(spec: &str) -> Output {
    let mut program = std::env::current_exe().unwrap();
    program.pop();
    program.pop();
    let program = program.join("examples/boot");
    assert!(
        program.exists(),
        "`cargo test` builds it; alone: `cargo build --example boot`"
    );
    Command::new(program)
        .arg(spec)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Writes a spec with this `init` where [`boot`] can read it.
fn spec(name: &str, init: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    let mut file = std::fs::File::create(&path).unwrap();
    write!(file, r#"{{"name":"{name}","init":{init}}}"#).unwrap();
    path
}

#[test]
fn the_shipped_specs_boot() {
    let cases: [(&str, &[&str]); 3] = [
        (
            "examples/specs/shell.json",
            &[
                "host   sandbox   web-1, hostname web-1\n",
                "hello from web-1",
                "LANG is C.UTF-8\n/\n",
            ],
        ),
        (
            "examples/specs/auto.json",
            &[
                "hostname build-worker-7-008574873432fe16\n",
                "the guest chose auto\nBUILD_ID=2\nHOME=/root\ncontainer=microvm\n",
            ],
        ),
        (
            "examples/specs/awkward.json",
            &[
                "it's a \"quoted\" \\ value\na=b=c==\ngröße ✓ 你好 🦀\nlines: 4\n",
                "CA_BUNDLE: 65054\nROUTES: 39968\narguments: 6\n",
                "[][two words][it's \"quoted\"][tab\there][naïve 你好 🦀][$(not run) `nor this`]\n",
            ],
        ),
    ];
    for (spec, expected) in cases {
        let output = boot(spec);
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{spec}: {stdout}");
        assert!(output.stderr.is_empty(), "{spec}");
        assert!(
            stdout.starts_with(&format!("host   spec      {spec}\n")),
            "{stdout}"
        );
        assert!(
            stdout.ends_with("host   init      ended with exit status: 0\n"),
            "{stdout}"
        );
        for text in expected {
            assert!(stdout.contains(text), "{spec}: no {text:?} in\n{stdout}");
        }
    }
}

#[test]
fn what_cannot_boot_is_one_clear_error() {
    let known_init = "is an init, and this guest is a process of your machine, not a VM";
    let cases = [
        (
            "relative",
            r#"{"cmd":"bin/sh"}"#,
            "init.cmd: must be an absolute path",
        ),
        (
            "key",
            r#"{"cmd":"/bin/sh","env":[["A","1"],["","2"]]}"#,
            "init.env[1]: key must not be",
        ),
        (
            "nul",
            r#"{"cmd":"/bin/sh","args":["a\u0000b"]}"#,
            "init.args[0]: must not contain a NUL",
        ),
        ("init", r#"{"cmd":"/sbin/init"}"#, known_init),
        (
            "systemd",
            r#"{"cmd":"/nowhere/systemd","args":["--user"]}"#,
            known_init,
        ),
        (
            "missing",
            r#"{"cmd":"/nowhere/program"}"#,
            "could not start /nowhere/program: No such",
        ),
        (
            "cwd",
            r#"{"cmd":"/bin/sh","cwd":"/nowhere"}"#,
            "could not start /bin/sh in /nowhere: No such",
        ),
        ("none", "null", "init: missing"),
        (
            "type",
            r#"{"cmd":1}"#,
            "init.cmd: \"cmd\" must be a string, not a number",
        ),
        (
            "-",
            r#"{"cmd":"/bin/sh"}"#,
            "name: sandbox name must start with",
        ),
    ];
    for (name, init, expected) in cases {
        let path = spec(name, init);
        let output = boot(path.to_str().unwrap());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {stderr}");
        assert!(
            stderr.lines().any(|line| line.contains(expected)),
            "{name}: {stderr}"
        );
    }
    let output = boot("/nowhere/spec.json");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("error: /nowhere/spec.json: No such file"),
        "{stderr}"
    );
}

#[test]
fn the_exit_status_is_the_inits() {
    let path = spec("status", r#"{"cmd":"auto","args":["-c","exit 7"]}"#);
    assert_eq!(boot(path.to_str().unwrap()).status.code(), Some(7));
}
