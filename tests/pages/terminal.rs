//! Nothing from a file, a file's name or an error steers the terminal.

use super::examples::run;

/// C0, DEL, C1 and a bidi override.
const CONTROLS: &str = "\u{1b}]0;\u{7}\u{7f}\u{9b}\u{202e}";

const SHOWN: &str = r"\u001b]0;\u0007\u007f\u009b\u202e";

fn assert_harmless(text: &[u8]) -> String {
    let text = String::from_utf8(text.to_vec()).unwrap();
    let controls = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(controls), "{text:?}");
    text
}

#[test]
fn names_of_files() {
    let name = format!("no{CONTROLS}\n.json");
    for format in ["text", "json"] {
        let output = run("check", &["--format", format, &name], b"", false);
        let text = assert_harmless(&output.stdout);
        assert!(text.contains(&format!("no{SHOWN}\\")), "{text}");
    }
    let output = run("check", &[&format!("--{CONTROLS}")], b"", false);
    let text = assert_harmless(&output.stderr);
    assert!(text.contains(SHOWN), "{text}");
    #[cfg(unix)]
    {
        let output = run("boot", &[&name], b"", false);
        let text = assert_harmless(&output.stderr);
        assert!(text.contains(SHOWN), "{text}");
    }
}

#[test]
fn texts_of_documents() {
    let json = format!(
        r#"{{"name": "{0}", "{0}": 1, "init": {{"cmd": "{0}"}}}}"#,
        "\u{7f}\u{9b}\u{202e}\u{61c}"
    );
    for format in ["text", "json"] {
        let output = run("check", &["--format", format, "-"], json.as_bytes(), false);
        assert_eq!(output.status.code(), Some(1));
        assert_harmless(&output.stdout);
    }
}

/// An argument that is not UTF-8 names a file like any other.
#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let name = OsStr::from_bytes(b"no\xff.json");
    for (example, code) in [("check", 2), ("inspect", 2), ("boot", 1)] {
        let output = run(example, &[name], b"", false);
        assert_eq!(output.status.code(), Some(code), "{example}");
        let said = [output.stdout, output.stderr].concat();
        let text = assert_harmless(&said);
        assert!(
            text.contains("cannot read") || text.contains("no\u{fffd}.json"),
            "{text}"
        );
    }
}
