//! The rules of what runs in the guest: commands, environment, resource limits, the handoff.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Place;
use super::text::{
    FirstSeen, PATH_MAX, filled, filled_if_set, guest_path, hostname, not_zero_if_set, total_bytes,
};
use crate::check::{FindingCode, Findings, Limit};
use crate::exec::{AUTO_INIT, ExecLimits};
use crate::handoff::HandoffInit;
use crate::limits::{MAX_SCRIPT_NAME_BYTES, MAX_SCRIPTS_BYTES};
use crate::rule::MessageRule;
use crate::spec::{Rlimit, SandboxPolicy, SandboxRuntimeOptions, SandboxSpec};

pub(super) fn runtime(found: &mut Findings, at: &Place<'_>, runtime: &SandboxRuntimeOptions) {
    if let Some(workdir) = &runtime.workdir {
        guest_path(found, &at.field("workdir"), workdir);
    }
    filled_if_set(found, &at.field("shell"), runtime.shell.as_deref());
    scripts(found, &at.field("scripts"), &runtime.scripts);
    hostname(found, &at.field("hostname"), runtime.hostname.as_deref());
    filled_if_set(found, &at.field("user"), runtime.user.as_deref());
    let interval = runtime.metrics_sample_interval_ms;
    not_zero_if_set(found, &at.field("metrics_sample_interval_ms"), interval);
}

/// Scripts become files in one directory of the guest, each under its name.
pub(super) fn scripts(found: &mut Findings, at: &Place<'_>, scripts: &BTreeMap<String, String>) {
    for name in scripts.keys() {
        let (at, code) = (at.field(name), FindingCode::ScriptName);
        if name.len() > MAX_SCRIPT_NAME_BYTES {
            let message = format!("script's name is {} bytes long", name.len());
            let limit = Limit::new(MAX_SCRIPT_NAME_BYTES, "Linux NAME_MAX");
            found.note_limit(&at, code, message, limit);
        } else if matches!(name.as_str(), "" | "." | "..") || name.contains(['/', '\0']) {
            let message = "script's name must be a file name, without `/` or NUL";
            found.note(&at, code, message);
        }
    }
    let bytes = total_bytes(scripts.iter());
    if bytes > MAX_SCRIPTS_BYTES {
        found.note_limit(
            at,
            FindingCode::ScriptsTooLarge,
            format!("scripts are {bytes} bytes large together"),
            Limit::new(MAX_SCRIPTS_BYTES, "what one boot message can carry"),
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
        if exec.entry(found, &at_key, &at_value, &var.key, &var.value) {
            env.insert(var.key.as_str(), var.value.as_str());
        }
        if let Some(earlier) = first.see(var.key.as_str(), n) {
            found.note(
                &at_key,
                FindingCode::EnvRepeated,
                format!("replaces {}, which has the same key", at_env.index(earlier)),
            );
        }
    }

    let at_runtime = root.field("runtime");
    let mut argv = exec.command(
        found,
        &at_runtime.field("entrypoint"),
        spec.runtime.entrypoint.as_deref(),
    );
    argv.extend(exec.command(found, &at_runtime.field("cmd"), spec.runtime.cmd.as_deref()));
    exec.together(found, &at_env, AUTO_INIT, argv, &env);

    if let Some(init) = &spec.init {
        handoff(&exec, found, &root.field("init"), init, env);
    }
}

fn handoff<'a>(
    exec: &Exec<'_>,
    found: &mut Findings,
    at: &Place<'_>,
    init: &'a HandoffInit,
    mut env: BTreeMap<&'a str, &'a str>,
) {
    let alone = HandoffInit::new(init.cmd.as_str());
    exec.rule(found, &at.field("cmd"), &alone);
    if let Some(cwd) = &init.cwd {
        let alone = HandoffInit::new(AUTO_INIT).cwd(cwd.as_str());
        exec.rule(found, &at.field("cwd"), &alone);
    }
    let args = exec.strings(found, &at.field("args"), &init.args);
    let at_env = at.field("env");
    for (n, (key, value)) in init.env.iter().enumerate() {
        let at = at_env.index(n);
        if exec.entry(found, &at.field("key"), &at.field("value"), key, value) {
            env.insert(key, value);
        }
    }
    exec.together(found, at, &init.cmd, args, &env);
}

/// Asks the handoff's own check about one part after the other, each in a message of its own, so
/// that no finding hides the next.
pub(super) struct Exec<'l> {
    pub(super) limits: &'l ExecLimits,
}

impl Exec<'_> {
    /// Checks a message with one part that is in question; returns whether that is fine.
    fn rule(&self, found: &mut Findings, at: &Place<'_>, alone: &HandoffInit) -> bool {
        let Err(invalid) = alone.validate_with(self.limits) else {
            return true;
        };
        let (code, limit) = code_of(invalid.rule);
        match limit {
            Some(limit) => found.note_limit(at, code, format!("{}", invalid.rule), limit),
            None => found.note(at, code, format!("{}", invalid.rule)),
        }
        false
    }

    /// Checks an environment entry, of which key and value have places of their own.
    pub(super) fn entry(
        &self,
        found: &mut Findings,
        at_key: &Place<'_>,
        at_value: &Place<'_>,
        key: &str,
        value: &str,
    ) -> bool {
        let in_key = key.is_empty() || key.contains(['=', '\0']);
        let at = if in_key { at_key } else { at_value };
        self.rule(found, at, &HandoffInit::new(AUTO_INIT).env(key, value))
    }

    /// Checks each string by itself and returns those that are fine.
    fn strings<'a>(
        &self,
        found: &mut Findings,
        at: &Place<'_>,
        strings: &'a [String],
    ) -> Vec<&'a str> {
        let fine = |(n, string): &(usize, &String)| {
            let alone = HandoffInit::new(AUTO_INIT).arg(string.as_str());
            self.rule(found, &at.index(*n), &alone)
        };
        let fine = strings.iter().enumerate().filter(fine);
        fine.map(|(_, string)| string.as_str()).collect()
    }

    /// Checks a command: strings of which the first names a program.
    pub(super) fn command<'a>(
        &self,
        found: &mut Findings,
        at: &Place<'_>,
        command: Option<&'a [String]>,
    ) -> Vec<&'a str> {
        let command = command.unwrap_or_default();
        if command.first().is_some_and(String::is_empty) {
            filled(found, &at.index(0), "");
        }
        self.strings(found, at, command)
    }

    /// Checks what all strings of one `execve(2)` come to, with the environment as it then is.
    pub(super) fn together(
        &self,
        found: &mut Findings,
        at: &Place<'_>,
        cmd: &str,
        args: Vec<&str>,
        env: &BTreeMap<&str, &str>,
    ) {
        let mut message = HandoffInit::new(AUTO_INIT);
        if HandoffInit::new(cmd).validate_with(self.limits).is_ok() {
            message.cmd = cmd.into();
        }
        message.args = args.into_iter().map(String::from).collect();
        let pairs = env.iter();
        message.env = pairs
            .map(|(key, value)| (String::from(*key), String::from(*value)))
            .collect();
        self.rule(found, at, &message);
    }
}

/// The code and the bound of a handoff's rule.
fn code_of(rule: MessageRule) -> (FindingCode, Option<Limit>) {
    let execve = |max| Some(Limit::new(max, "Linux execve(2)"));
    match rule {
        MessageRule::NotAbsoluteOrAuto | MessageRule::NotAbsolute => {
            (FindingCode::PathNotAbsolute, None)
        }
        MessageRule::PathTooLong { .. } => (FindingCode::PathTooLong, Some(PATH_MAX)),
        MessageRule::Nul => (FindingCode::Nul, None),
        MessageRule::EmptyKey => (FindingCode::Empty, None),
        MessageRule::EqualsInKey | MessageRule::NoEquals => (FindingCode::EnvKeyEquals, None),
        MessageRule::StringTooLong { max, .. } => (FindingCode::StringTooLong, execve(max)),
        MessageRule::TotalTooLarge { max, .. } => (FindingCode::ExecTooLarge, execve(max)),
        MessageRule::PayloadTooLarge { max, .. } => (
            FindingCode::ExecTooLarge,
            Some(Limit::new(max, "the boot message")),
        ),
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
                    "soft limit {} is above the hard one, {}",
                    rlimit.soft, rlimit.hard
                ),
            );
        }
        let resource = rlimit.resource.as_str();
        if let Some(earlier) = first.see(resource, n) {
            let message = format!("{} limits {resource} too", at.index(earlier));
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
            let message = format!("never applies: the sandbox ends after {most} seconds");
            let at = at.field("idle_timeout_secs");
            found.note(&at, FindingCode::IdleAfterEnd, message);
        }
    }
}
