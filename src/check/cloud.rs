//! The rules of a request to the cloud control plane.

use alloc::collections::BTreeMap;

use super::process::{self, Exec, Process};
use super::text::{not_zero, sandbox_name};
use super::{Place, mount};
use crate::check::{FindingCode, Findings};
use crate::cloud::CloudCreateSandboxRequest;
use crate::exec::{AUTO_INIT, ExecLimits};
use crate::spec::{SandboxLogLevel, SandboxPolicy};

impl CloudCreateSandboxRequest {
    /// Checks the whole request, for a guest with the usual [`ExecLimits`].
    ///
    /// # Errors
    /// All findings, warnings included, if at least one of them is an error.
    pub fn validate(&self) -> Result<(), Findings> {
        self.check().into_result()
    }

    /// [`validate`](Self::validate) for a guest with these limits.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_with(&self, limits: &ExecLimits) -> Result<(), Findings> {
        self.check_with(limits).into_result()
    }

    /// Returns all errors and warnings about the request, for a guest with the usual
    /// [`ExecLimits`].
    #[must_use]
    pub fn check(&self) -> Findings {
        self.check_with(&ExecLimits::default())
    }

    /// [`check`](Self::check) for a guest with these limits.
    #[must_use]
    pub fn check_with(&self, limits: &ExecLimits) -> Findings {
        let mut findings = Findings::default();
        let (found, root) = (&mut findings, Place::ROOT);
        sandbox_name(found, &root.field("name"), &self.name);
        mount::image_reference(found, &root.field("image"), &self.image);
        not_zero(found, &root.field("vcpus"), self.vcpus);
        not_zero(found, &root.field("memory_mib"), self.memory_mib);
        execution(found, &root, self, limits);
        let common = Process {
            workdir: self.workdir.as_deref(),
            shell: self.shell.as_deref(),
            scripts: &self.scripts,
            hostname: self.hostname.as_deref(),
            user: self.user.as_deref(),
        };
        process::process(found, &root, &common);
        let level = self.log_level.as_deref();
        if level.is_some_and(|level| level.parse::<SandboxLogLevel>().is_err()) {
            found.note_help(
                &root.field("log_level"),
                FindingCode::LogLevel,
                "is not a log level",
                "use `error`, `warn`, `info`, `debug` or `trace`",
            );
        }
        let lifecycle = SandboxPolicy {
            ephemeral: self.ephemeral,
            max_duration_secs: self.max_duration_secs,
            idle_timeout_secs: self.idle_timeout_secs,
        };
        process::lifecycle(found, &root, &lifecycle);
        findings
    }
}

fn execution(
    found: &mut Findings,
    root: &Place<'_>,
    request: &CloudCreateSandboxRequest,
    limits: &ExecLimits,
) {
    let exec = Exec { limits };
    let at_env = root.field("env");
    let mut env = BTreeMap::new();
    for (key, value) in &request.env {
        // A key with `=` may hold a value by mistake: it is not shown.
        let at_entry = at_env.field(key);
        let shown = if key.contains('=') {
            &at_env
        } else {
            &at_entry
        };
        if exec.var(found, shown, shown, key, value) {
            env.insert(key.as_str(), value.as_str());
        }
    }
    let command = request.entrypoint.as_deref();
    let argv = exec.command(found, &root.field("entrypoint"), command);
    exec.together(found, &at_env, AUTO_INIT, None, argv, &env);
}
