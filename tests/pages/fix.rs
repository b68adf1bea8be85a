//! `check --fix`: the fixed spec goes one way, what is said about it the other.

use std::ffi::OsStr;
use std::fs;

use super::examples::run;

const BROKEN: &str = r#"{"name": "web-1", "image": "alpine", "env": {"TOKEN": "hunter2"},
  "resources": {"cpus": "0"}}"#;

const FIXED: &str = r#"{"name": "web-1", "image": {"Oci": {"reference": "alpine"}}, "env": [{"key": "TOKEN", "value": "hunter2"}],
  "resources": {"cpus": 0}}"#;

/// Runs `check --fix`, and returns its exit code and what it wrote.
fn fix(args: &[impl AsRef<OsStr>], input: &str) -> (Option<i32>, String, String) {
    let args: Vec<_> = [OsStr::new("--fix")]
        .into_iter()
        .chain(args.iter().map(AsRef::as_ref))
        .collect();
    let output = run("check", &args, input.as_bytes(), false);
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|out| String::from_utf8(out).unwrap());
    assert!(!stderr.contains("hunter2"), "{stderr}");
    (output.status.code(), stdout, stderr)
}

#[test]
fn to_standard_output() {
    let (code, fixed, said) = fix(&["-"], BROKEN);
    assert_eq!((code, fixed.as_str()), (Some(1), FIXED));
    assert_eq!(
        said,
        r#"-:1:28: fixed: "image" must be an object, not a string
-:1:38: fixed: "env" must be a list, not an object
-:2:25: fixed: "cpus" must be a number, not a string
fixed 3 mistakes

error[zero]: must not be 0
 --> -:2:25
  |
2 |   "resources": {"cpus": 0}}
  |                         ^ resources.cpus

checked 1 document: 1 error, 0 warnings
"#
    );
}

#[test]
fn where_little_or_nothing_is_to_be_fixed() {
    let good = r#"{"name": "a", "image": {"Bind": "/srv"}}"#;
    let left = "checked 1 document: 0 errors, 0 warnings\n";
    let nothing = format!("nothing to fix with certainty\n\n{left}");
    assert_eq!(fix(&["-"], good), (Some(0), good.into(), nothing));

    let (code, fixed, said) = fix(&["-"], &good.replace('}', ",}"));
    assert_eq!((code, fixed.as_str()), (Some(0), good));
    assert!(
        said.ends_with(&format!("\nfixed 2 mistakes\n\n{left}")),
        "{said}"
    );

    // A trailing comma does not hide what the document is.
    let volume = r#"{"$schema": "volume-spec.json", "name": "data", "kind": "disk",}"#;
    let (_, fixed, _) = fix(&["-"], volume);
    let right = r#"{"$schema": "volume-spec.json", "name": "data", "kind": "Disk"}"#;
    assert_eq!(fixed, right);

    // What is not JSON has no result.
    let (code, fixed, said) = fix(&["-"], r#"{"name": "a", "image": "alpine""#);
    assert_eq!((code, fixed.as_str()), (Some(1), ""));
    assert!(
        said.starts_with("nothing to fix: this is not JSON\n\nerror[syntax]"),
        "{said}"
    );
}

#[test]
fn more_than_is_listed() {
    let list: Vec<_> = (0..300).map(|n| format!(r#""A{n}=b""#)).collect();
    let (_, fixed, said) = fix(&["-"], &format!(r#"{{"env": [{}]}}"#, list.join(",")));
    assert_eq!(fixed.matches(r#", "value": "b"}"#).count(), 300);
    assert!(
        said.contains("\nfixed 300 mistakes, 200 of them not listed\n"),
        "{said}"
    );
}

#[test]
fn to_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new] = ["old.json", "new.json"].map(|name| folder.path().join(name));
    fs::write(&old, BROKEN).unwrap();
    let args = ["--output".as_ref(), new.as_os_str(), old.as_os_str()];
    let (code, stdout, said) = fix(&args, "");
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(said.contains("new.json:2:25\n"), "{said}");
    assert_eq!(fs::read_to_string(&new).unwrap(), FIXED);

    // It overwrites nothing, the spec itself included.
    for existing in [&new, &old] {
        fs::write(existing, BROKEN).unwrap();
        let (code, stdout, said) = fix(
            &["--output".as_ref(), existing.as_os_str(), old.as_os_str()],
            "",
        );
        assert_eq!((code, stdout.as_str()), (Some(2), ""));
        assert!(said.starts_with("check: cannot write "), "{said}");
        assert_eq!(fs::read_to_string(existing).unwrap(), BROKEN);
    }
    let (code, ..) = fix(&["--output", "no-such-folder/new.json", "-"], BROKEN);
    assert_eq!(code, Some(2));
}

#[test]
fn mistakes_of_use() {
    for args in [
        &["--fix"][..],
        &["--fix", "a", "b"],
        &["--fix", "--format", "json", "-"],
        &["--output", "new.json", "-"],
        &["--fix", "-", "--output"],
    ] {
        let output = run("check", args, BROKEN.as_bytes(), false);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            output.stdout.is_empty() && output.stderr.starts_with(b"check: "),
            "{args:?}"
        );
    }
    let (code, _, said) = fix(&["no-such-file.json"], "");
    assert_eq!(code, Some(2));
    assert!(said.contains("cannot read no-such-file.json"), "{said}");
}
