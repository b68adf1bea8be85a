//! The rules of what runs in the guest: commands, environment, resource limits, the handoff.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Place;
use super::text::{
    FirstSeen, components_fit, filled, filled_if_set, guest_directory, hostname, not_absolute,
    not_zero_if_set, nul, path_too_long, total_bytes,
};
use crate::check::{FindingCode, Findings, Limit};
use crate::exec::{AUTO_INIT, ExecLimits};
use crate::handoff::{
    HandoffInit, check_arg, check_directory, check_lengths, check_program, check_var, entry_len,
};
use crate::limits::{MAX_SCRIPT_NAME_BYTES, MAX_SCRIPTS_BYTES};
use crate::rlimit::RlimitResource;
use crate::rule::MessageRule;
use crate::spec::{Rlimit, SandboxPolicy, SandboxRuntimeOptions, SandboxSpec};

/// What local and cloud sandboxes both have.
pub(super) struct Process<'a> {
    pub(super) workdir: Option<&'a str>,
    pub(super) shell: Option<&'a str>,
    pub(super) scripts: &'a BTreeMap<String, String>,
    pub(super) hostname: Option<&'a str>,
    pub(super) user: Option<&'a str>,
}

pub(super) fn process(found: &mut Findings, at: &Place<'_>, process: &Process<'_>) {
    if let Some(workdir) = process.workdir {
        guest_directory(found, &at.field("workdir"), workdir);
    }
    filled_if_set(found, &at.field("shell"), process.shell);
    scripts(found, &at.field("scripts"), process.scripts);
    hostname(found, &at.field("hostname"), process.hostname);
    filled_if_set(found, &at.field("user"), process.user);
}

pub(super) fn runtime(found: &mut Findings, at: &Place<'_>, runtime: &SandboxRuntimeOptions) {
    let common = Process {
        workdir: runtime.workdir.as_deref(),
        shell: runtime.shell.as_deref(),
        scripts: &runtime.scripts,
        hostname: runtime.hostname.as_deref(),
        user: runtime.user.as_deref(),
    };
    process(found, at, &common);
    let interval = runtime.metrics_sample_interval_ms;
    not_zero_if_set(found, &at.field("metrics_sample_interval_ms"), interval);
}

/// Scripts become files in one directory of the guest, each under its name.
fn scripts(found: &mut Findings, at: &Place<'_>, scripts: &BTreeMap<String, String>) {
    for name in scripts.keys() {
        let (at, code) = (at.field(name), FindingCode::ScriptName);
        if name.len() > MAX_SCRIPT_NAME_BYTES {
            let message = format!("script name is {} bytes long", name.len());
            let limit = Limit::new(MAX_SCRIPT_NAME_BYTES, "Linux NAME_MAX");
            found.note_limit(&at, code, message, limit);
        } else if matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\0']) {
            let message = "script name must be a file name without `/` or NUL";
            found.note(&at, code, message);
        }
    }
    let bytes = total_bytes(scripts.iter());
    if bytes > MAX_SCRIPTS_BYTES {
        found.note_limit(
            at,
            FindingCode::ScriptsTooLarge,
            format!("scripts total {bytes} bytes"),
            Limit::new(MAX_SCRIPTS_BYTES, "one boot message"),
        );
    }
}

/// The rules of all that goes to `execve(2)`: the environment, the commands, the handoff.
pub(super) fn execution(
    found: &mut Findings,
    root: &Place<'_>,
    spec: &SandboxSpec,
    limits: &ExecLimits,
) {
    let exec = Exec { limits };

    let at_env = root.field("env");
    let mut first = FirstSeen::default();
    let mut env = BTreeMap::new();
    for (n, var) in spec.env.iter().enumerate() {
        let at = at_env.index(n);
        let (at_key, at_value) = (at.field("key"), at.field("value"));
        if exec.var(found, &at_key, &at_value, &var.key, &var.value) {
            env.insert(var.key.as_str(), var.value.as_str());
        }
        if let Some(earlier) = first.see(var.key.as_str(), n) {
            found.note(
                &at_key,
                FindingCode::EnvRepeated,
                format!(
                    "overrides {}, which has the same key",
                    at_env.index(earlier)
                ),
            );
        }
    }

    let at_runtime = root.field("runtime");
    let runtime = &spec.runtime;
    let entrypoint = exec.command(
        found,
        &at_runtime.field("entrypoint"),
        runtime.entrypoint.as_deref(),
    );
    let cmd = exec.command(found, &at_runtime.field("cmd"), runtime.cmd.as_deref());
    let args = entrypoint.chain(cmd);
    exec.together(found, &at_env, AUTO_INIT, None, args, pairs(&env));

    if let Some(init) = &spec.init {
        let at = root.field("init");
        let (cmd, args, own) = handoff_parts(&exec, found, &at, init);
        env.extend(own);
        let cwd = init.cwd.as_deref().or(runtime.workdir.as_deref());
        exec.together(found, &at, cmd, cwd, args, pairs(&env));
    }
}

/// The rules of a handoff by itself: nothing is merged into its environment.
#[cfg(feature = "std")]
pub(super) fn handoff(
    found: &mut Findings,
    at: &Place<'_>,
    init: &HandoffInit,
    limits: &ExecLimits,
) {
    let exec = Exec { limits };
    let (cmd, args, env) = handoff_parts(&exec, found, at, init);
    let cwd = init.cwd.as_deref();
    exec.together(found, at, cmd, cwd, args, env.into_iter());
}

/// Checks each part of a handoff by itself, and returns those that are fine.
fn handoff_parts<'a>(
    exec: &Exec<'_>,
    found: &mut Findings,
    at: &Place<'_>,
    init: &'a HandoffInit,
) -> (
    &'a str,
    impl Iterator<Item = usize> + use<>,
    Vec<(&'a str, &'a str)>,
) {
    let at_cmd = at.field("cmd");
    let cmd = rule(found, &at_cmd, check_program(&init.cmd));
    if is_command_line(&init.cmd) {
        found.note_help(
            &at_cmd,
            FindingCode::CommandLine,
            "\"init.cmd\" takes a path, but this looks like a command line",
            r#"write `"cmd": "/bin/sh", "args": ["-c", "sleep 1"]`"#,
        );
    }
    if cmd {
        components_fit(found, &at_cmd, &init.cmd);
    }
    if let Some(cwd) = &init.cwd {
        let at_cwd = at.field("cwd");
        if rule(found, &at_cwd, check_directory(cwd)) {
            components_fit(found, &at_cwd, cwd);
        }
    }
    let args = exec.args(found, &at.field("args"), &init.args);
    let at_env = at.field("env");
    let mut env = Vec::new();
    for (n, (key, value)) in init.env.iter().enumerate() {
        let at = at_env.index(n);
        if exec.var(found, &at.field("key"), &at.field("value"), key, value) {
            env.push((key.as_str(), value.as_str()));
        }
    }
    let cmd = if cmd { init.cmd.as_str() } else { AUTO_INIT };
    (cmd, args, env)
}

/// The entries of an environment in which each key is there once.
pub(super) fn pairs<'a>(
    env: &BTreeMap<&'a str, &'a str>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    env.iter().map(|(key, value)| (*key, *value))
}

/// Whether a program looks as if its arguments were given along with it. A path may have spaces,
/// too, but hardly so that it ends like this.
fn is_command_line(cmd: &str) -> bool {
    let Some((_, arguments)) = cmd.trim().split_once(char::is_whitespace) else {
        return false;
    };
    arguments
        .split_whitespace()
        .any(|word| word.starts_with(['-', '/', '"', '\'']))
        || arguments
            .split_whitespace()
            .last()
            .is_some_and(|word| !word.contains('/'))
}

/// Asks the handoff's rules about one part after the other, so that no finding hides the next.
pub(super) struct Exec<'l> {
    pub(super) limits: &'l ExecLimits,
}

impl Exec<'_> {
    /// Checks an environment entry, of which key and value have places of their own.
    pub(super) fn var(
        &self,
        found: &mut Findings,
        at_key: &Place<'_>,
        at_value: &Place<'_>,
        key: &str,
        value: &str,
    ) -> bool {
        let in_key = key.is_empty() || key.contains(['=', '\0']);
        let at = if in_key { at_key } else { at_value };
        rule(found, at, check_var(key, value, self.limits))
    }

    /// Checks each argument by itself and returns the lengths of those that are fine.
    fn args(
        &self,
        found: &mut Findings,
        at: &Place<'_>,
        args: &[String],
    ) -> impl Iterator<Item = usize> + use<> {
        let fine =
            |(n, arg): &(usize, &String)| rule(found, &at.index(*n), check_arg(arg, self.limits));
        let fine = args.iter().enumerate().filter(fine);
        let lens: Vec<_> = fine.map(|(_, arg)| arg.len()).collect();
        lens.into_iter()
    }

    /// Checks a command: arguments of which the first names a program.
    pub(super) fn command(
        &self,
        found: &mut Findings,
        at: &Place<'_>,
        command: Option<&[String]>,
    ) -> impl Iterator<Item = usize> + use<> {
        let command = command.unwrap_or_default();
        if command.first().is_some_and(String::is_empty) {
            filled(found, &at.index(0), "");
        }
        self.args(found, at, command)
    }

    /// Checks what all strings of one `execve(2)` come to, with the environment as it then is.
    pub(super) fn together<'a>(
        &self,
        found: &mut Findings,
        at: &Place<'_>,
        cmd: &str,
        cwd: Option<&str>,
        args: impl Iterator<Item = usize>,
        env: impl Iterator<Item = (&'a str, &'a str)>,
    ) {
        let env = env.map(|(key, value)| entry_len(key, value));
        rule(found, at, check_lengths(cmd, cwd, args, env, self.limits));
    }
}

/// Tells the rule that a part of a handoff breaks; returns whether it breaks none.
fn rule(found: &mut Findings, at: &Place<'_>, checked: Result<(), MessageRule>) -> bool {
    let Err(rule) = checked else {
        return true;
    };
    let execve = |max| Limit::new(max, "Linux execve(2)");
    match rule {
        MessageRule::NotAbsoluteOrAuto => found.note(
            at,
            FindingCode::PathNotAbsolute,
            "must be an absolute path in the guest or `auto`",
        ),
        MessageRule::NotAbsolute => not_absolute(found, at),
        MessageRule::PathTooLong { len, .. } => path_too_long(found, at, len),
        MessageRule::Nul => nul(found, at),
        MessageRule::EmptyKey => found.note(at, FindingCode::Empty, "key must not be empty"),
        MessageRule::EqualsInKey | MessageRule::NoEquals => {
            found.note(at, FindingCode::EnvKeyEquals, "key must not contain `=`");
        }
        MessageRule::StringTooLong { len, max } => found.note_limit(
            at,
            FindingCode::StringTooLong,
            format!("is {len} bytes long, counting the NUL at its end"),
            execve(max),
        ),
        MessageRule::TotalTooLarge { len, max } => found.note_limit(
            at,
            FindingCode::ExecTooLarge,
            format!("arguments and environment total {len} bytes, counting a pointer to each"),
            execve(max),
        ),
        MessageRule::PayloadTooLarge { len, max } => found.note_limit(
            at,
            FindingCode::ExecTooLarge,
            format!("arguments and environment make a boot message of {len} bytes"),
            Limit::new(max, "one boot message"),
        ),
        // A handoff breaks no rule of a setup.
        _ => {}
    }
    false
}

/// What `setrlimit(2)` takes for open files, unless the guest raises it.
const NR_OPEN: Limit = Limit {
    value: 1024 * 1024,
    source: "Linux fs.nr_open",
};

/// The highest that the guest can raise it to, on 64-bit machines.
const NR_OPEN_MAX: Limit = Limit {
    value: 0x7fff_ffc0,
    source: "Linux, highest fs.nr_open",
};

fn open_files(found: &mut Findings, at: &Place<'_>, hard: u64) {
    let code = FindingCode::RlimitCeiling;
    if hard > NR_OPEN_MAX.value {
        let message = format!("hard limit {hard} is more open files than Linux allows");
        found.note_limit(at, code, message, NR_OPEN_MAX);
    } else if hard > NR_OPEN.value {
        let message = format!("hard limit {hard} needs a guest that raises `fs.nr_open` first");
        found.note_limit(at, code, message, NR_OPEN);
    }
}

pub(super) fn rlimits(found: &mut Findings, at: &Place<'_>, rlimits: &[Rlimit]) {
    let mut first = FirstSeen::default();
    for (n, rlimit) in rlimits.iter().enumerate() {
        let at_rlimit = at.index(n);
        if rlimit.soft > rlimit.hard {
            found.note(
                &at_rlimit.field("soft"),
                FindingCode::RlimitOrder,
                format!(
                    "soft limit {} is above the hard limit {}",
                    rlimit.soft, rlimit.hard
                ),
            );
        }
        if rlimit.resource == RlimitResource::Nofile {
            open_files(found, &at_rlimit.field("hard"), rlimit.hard);
        }
        let resource = rlimit.resource.as_str();
        if let Some(earlier) = first.see(resource, n) {
            let message = format!("{} already limits {resource}", at.index(earlier));
            let at = at_rlimit.field("resource");
            found.note(&at, FindingCode::RlimitRepeated, message);
        }
    }
}

pub(super) fn lifecycle(found: &mut Findings, at: &Place<'_>, lifecycle: &SandboxPolicy) {
    let (most, idle) = (lifecycle.max_duration_secs, lifecycle.idle_timeout_secs);
    not_zero_if_set(found, &at.field("max_duration_secs"), most);
    not_zero_if_set(found, &at.field("idle_timeout_secs"), idle);
    if let (Some(most), Some(idle)) = (most, idle) {
        if idle > most && most != 0 {
            let message = format!("never takes effect: the sandbox stops after {most} seconds");
            let at = at.field("idle_timeout_secs");
            found.note(&at, FindingCode::IdleAfterEnd, message);
        }
    }
}
