//! A folder of specs as people write them, each with all that a check finds: code and path.

use std::fs;
use std::path::Path;

use microsandbox_types::*;

/// Each spec by its file's name, and its findings in order.
#[rustfmt::skip]
const SPECS: &[(&str, &[&str])] = &[
    ("good-minimal", &[]),
    ("good-schema-line", &[]),
    ("good-rich", &[]),
    ("good-mounts-in-order", &[]),
    ("good-mounts-in-any-order", &[]),
    ("good-older-readonly", &[]),
    ("good-ports-apart", &[]),
    ("good-handoff-auto", &[]),
    ("good-digest", &[]),
    ("good-disk-root", &[]),
    ("good-bind-root", &[]),
    ("good-free-network-parts", &[]),
    ("good-metrics-off", &[]),
    ("good-scripts", &[]),
    ("good-patches", &[]),
    ("good-restricted", &[]),
    ("good-restricted-flags", &[]),
    ("empty-object", &["name-invalid name", "image-reference image.Oci.reference"]),
    ("name-slash", &["name-invalid name"]),
    ("name-too-long", &["name-invalid name"]),
    ("hostname-empty", &["hostname-invalid runtime.hostname"]),
    ("hostname-long", &["hostname-invalid runtime.hostname"]),
    ("hostname-underscore", &["hostname-not-dns runtime.hostname"]),
    ("image-upper-case", &["image-reference image.Oci.reference"]),
    ("image-scheme", &["image-reference image.Oci.reference"]),
    ("image-short-digest", &["image-reference image.Oci.reference"]),
    ("image-long-tag", &["image-reference image.Oci.reference"]),
    ("image-long-name", &["image-reference image.Oci.reference"]),
    ("image-upper-zero", &["zero image.Oci.upper_size_mib"]),
    ("root-format-mismatch", &["format-extension image.DiskImage.format", "empty image.DiskImage.fstype"]),
    ("root-bind-empty", &["empty image.Bind"]),
    ("resources-zero", &["zero resources.cpus", "zero resources.memory_mib"]),
    ("workdir-relative", &["path-not-absolute runtime.workdir"]),
    ("metrics-zero", &["zero runtime.metrics_sample_interval_ms"]),
    ("script-names", &[r#"script-name runtime.scripts[""]"#, r#"script-name runtime.scripts[".."]"#, r#"script-name runtime.scripts["a/b"]"#, r#"script-name runtime.scripts["nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…"]"#]),
    ("user-and-shell-empty", &["empty runtime.shell", "empty runtime.user"]),
    ("command-empty", &["empty runtime.entrypoint[0]", "nul runtime.cmd[1]"]),
    ("env-keys", &["empty env[0].key", "env-key-equals env[1].key", "nul env[2].key", "nul env[3].value"]),
    ("env-repeated", &["env-repeated env[2].key"]),
    ("env-as-strings", &["wrong-type env[0]"]),
    ("env-as-object", &["wrong-type env"]),
    ("env-value-number", &["wrong-type env[0].value"]),
    ("label-keys", &[r#"empty labels[""]"#, r#"label-key labels["kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk…"]"#, r#"label-key labels["tab\tkey"]"#]),
    ("rlimit-order", &["rlimit-order rlimits[0].soft"]),
    ("rlimit-ceiling", &["rlimit-ceiling rlimits[0].hard"]),
    ("rlimit-repeated", &["rlimit-repeated rlimits[2].resource"]),
    ("rlimit-unknown", &["wrong-type rlimits[0].resource"]),
    ("mount-paths", &["path-not-absolute mounts[0].guest", "path-not-normal mounts[1].guest", "path-not-normal mounts[2].guest", "path-is-root mounts[4].guest", "nul mounts[5].guest", "path-too-long mounts[6].guest", "path-not-absolute mounts[7].guest"]),
    ("mount-repeated", &["mount-repeated mounts[2].guest", "mount-repeated mounts[3].guest"]),
    ("mount-setup", &["filesystem-type image.DiskImage.fstype", "mount-reserved mounts[0].guest", "mount-reserved mounts[1].guest", "filesystem-type mounts[3].fstype"]),
    ("mount-sizes-zero", &["zero mounts[0].size_mib", "zero mounts[1].quota_mib"]),
    ("mount-hosts-empty", &["empty mounts[0].host", "empty mounts[1].host"]),
    ("mount-volume-name", &["name-invalid mounts[0].name", "name-invalid mounts[1].name"]),
    ("mount-disk-format", &["format-extension mounts[0].format"]),
    ("mount-unknown-type", &["wrong-type mounts[0].type"]),
    ("mount-missing-type", &["missing mounts[0].type"]),
    ("mount-misspelt", &["unknown-field mounts[0].readOnly", "unknown-field mounts[0].option", "unknown-field mounts[1].host"]),
    ("mount-options-misspelt", &["unknown-field mounts[0].options.read_only"]),
    ("patch-paths", &["path-not-absolute patches[0].Text.path", "path-is-root patches[1].Remove.path", "path-not-normal patches[2].Append.path", "empty patches[3].CopyFile.src", "path-not-normal patches[3].CopyFile.dst"]),
    ("patch-mode", &["mode-bits patches[1].Text.mode"]),
    ("patch-mode-decimal", &["mode-decimal patches[0].Text.mode"]),
    ("patch-target-empty", &["empty patches[0].Symlink.target"]),
    ("patch-set-id-restricted", &["restricted-overrides patches[0].Text.mode"]),
    ("patch-misspelt", &["unknown-field patches[0].Text.contents"]),
    ("patch-unknown", &["wrong-type patches[0]"]),
    ("port-zero", &["host-port-zero network.ports[0].host_port", "zero network.ports[0].guest_port", "host-port-zero network.ports[1].host_port", "zero network.ports[1].guest_port"]),
    ("port-repeated", &["port-repeated network.ports[2].host_port"]),
    ("port-dual-stack", &["port-dual-stack network.ports[1].host_port"]),
    ("port-wildcard-first", &["port-repeated network.ports[1].host_port", "port-repeated network.ports[3].host_port"]),
    ("port-wildcard-last", &["port-repeated network.ports[2].host_port"]),
    ("port-bind-name", &["bind-address network.ports[0].host_bind", "bind-address network.ports[1].host_bind"]),
    ("port-missing-bind", &["missing network.ports[0].host_bind"]),
    ("port-too-large", &["wrong-type network.ports[0].host_port"]),
    ("network-off-with-ports", &["ports-without-network network.ports"]),
    ("network-no-connections", &["zero network.max_connections"]),
    ("init-relative", &["path-not-absolute init.cmd", "path-not-absolute init.cwd"]),
    ("init-strings", &["path-too-long init.cwd", "nul init.args[1]", "empty init.env[0].key", "env-key-equals init.env[1].key", "nul init.env[2].value"]),
    ("init-env-objects", &["wrong-type init.env[0]"]),
    ("init-misspelt", &["unknown-field init.argv", "unknown-field init.workdir"]),
    ("init-missing-cmd", &["missing init.cmd"]),
    ("lifecycle-zero", &["zero lifecycle.max_duration_secs", "zero lifecycle.idle_timeout_secs"]),
    ("lifecycle-idle-after-end", &["idle-after-end lifecycle.idle_timeout_secs"]),
    ("fields-misspelt", &["unknown-field resource", "unknown-field mount", "unknown-field lables", "unknown-field NAME"]),
    ("fields-misplaced", &["unknown-field cpus", "unknown-field memory_mib", "unknown-field hostname", "unknown-field idle_timeout_secs"]),
    ("fields-unknown", &["unknown-field frobnicate", r#"unknown-field ["two words"]"#]),
    ("field-repeated", &["repeated-field name"]),
    ("field-repeated-deep", &["repeated-field labels.app", "repeated-field network.policy.allow", "repeated-field mounts[0].guest"]),
    ("array-for-object", &["wrong-type resources"]),
    ("word-as-object", &["wrong-type pull_policy"]),
    ("pull-policy-lower-case", &["wrong-type pull_policy"]),
    ("not-json", &["syntax ", "image-reference image.Oci.reference"]),
    ("empty-file", &["syntax "]),
    ("image-as-string", &["wrong-type image"]),
    ("image-two-kinds", &["wrong-type image"]),
    ("ports-as-strings", &["wrong-type network.ports[0]"]),
    ("mounts-as-strings", &["wrong-type mounts[0]"]),
    ("names-brought", &["unknown-field environment", "unknown-field command", "unknown-field resources.memory", "missing mounts[0].guest", "missing mounts[0].host", "unknown-field mounts[0].source", "unknown-field mounts[0].target", "unknown-field mounts[0].read_only", "missing network.ports[0].guest_port", "missing network.ports[0].host_port", "unknown-field network.ports[0].host", "unknown-field network.ports[0].guest"]),
    ("numbers-in-quotes", &["wrong-type resources.cpus", "wrong-type resources.memory_mib", "wrong-type lifecycle.max_duration_secs"]),
    ("init-command-line", &["command-line init.cmd"]),
    ("yaml", &["syntax "]),
    ("unclosed-string", &["syntax "]),
    ("comments", &["syntax ", "zero resources.cpus"]),
    ("trailing-commas", &["syntax ", "syntax ", "syntax "]),
    ("single-quotes", &["syntax ", "syntax "]),
    ("byte-order-mark", &["syntax "]),
    ("utf-16", &["syntax "]),
    ("comma-missing", &["syntax "]),
    ("bracket-unclosed", &["syntax "]),
    ("number-too-large", &["wrong-type resources.cpus", "wrong-type resources.memory_mib"]),
    ("newer-release", &["newer-field image.Bind", "newer-field resources.max_cpus", "newer-field mounts[0].type", "newer-field mounts[1].options.override_uid", "newer-field network.strict", "newer-field network.http"]),
    ("many-at-once", &["unknown-field runtime.hostnme", "name-invalid name", "zero resources.cpus", "path-not-absolute runtime.workdir", "path-not-absolute mounts[0].guest", "name-invalid mounts[1].name", "host-port-zero network.ports[0].host_port"]),
];

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/specs");
    fs::read_to_string(folder.join(name).with_extension("json")).unwrap()
}

fn brief(findings: &Findings) -> Vec<String> {
    findings
        .iter()
        .map(|one| format!("{} {}", one.code, one.path))
        .collect()
}

#[test]
fn each_spec_has_its_findings() {
    let mut wrong = Vec::new();
    for (name, expected) in SPECS {
        let findings = SandboxSpec::check_json(&read(name));
        if brief(&findings) != *expected {
            wrong.push(format!("{name}: {expected:?} expected, found:\n{findings}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_file_is_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/specs");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned())
        .collect();
    files.sort();
    let mut table: Vec<_> = SPECS.iter().map(|(name, _)| *name).collect();
    table.sort();
    assert_eq!(files, table);
}

/// Reading and validating alone agree with the table: a spec is fine if it has warnings only.
#[test]
fn reading_and_validating_tell_errors_only() {
    for (name, _) in SPECS {
        let json = read(name);
        let errors = SandboxSpec::check_json(&json).errors();
        let read = SandboxSpec::from_json_strict(&json).and_then(|spec| spec.validate());
        assert_eq!(read.is_ok(), errors == 0, "{name}");
    }
}

/// What findings say may end up in a log.
#[test]
fn no_finding_shows_a_value_of_the_environment() {
    for (name, _) in SPECS {
        let findings = SandboxSpec::check_json(&read(name));
        let text = findings.to_string();
        assert!(!text.contains("hunter2"), "{name}: {text}");
        // Findings stand one on a line: only the line ends are control characters.
        let lines = text.lines().count();
        assert_eq!(lines, findings.as_slice().len(), "{name}: {text:?}");
        assert!(
            !text.lines().any(|line| line.contains(char::is_control)),
            "{name}: {text:?}"
        );
    }
}
