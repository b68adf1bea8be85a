//! The rules of a request to the cloud control plane.

use alloc::collections::BTreeMap;

use super::process::{self, Exec, Process};
use super::text::{not_zero, sandbox_name};
use super::{Place, mount};
use crate::check::{FindingCode, Findings};
use crate::cloud::CloudCreateSandboxRequest;
use crate::exec::{AUTO_INIT, ExecLimits};
use crate::spec::{SandboxLogLevel, SandboxPolicy};

pub(super) fn request(
    found: &mut Findings,
    root: &Place<'_>,
    request: &CloudCreateSandboxRequest,
    limits: &ExecLimits,
) {
    sandbox_name(found, &root.field("name"), &request.name);
    mount::image_reference(found, &root.field("image"), &request.image);
    not_zero(found, &root.field("vcpus"), request.vcpus);
    not_zero(found, &root.field("memory_mib"), request.memory_mib);
    execution(found, root, request, limits);
    let common = Process {
        workdir: request.workdir.as_deref(),
        shell: request.shell.as_deref(),
        scripts: &request.scripts,
        hostname: request.hostname.as_deref(),
        user: request.user.as_deref(),
    };
    process::process(found, root, &common);
    let level = request.log_level.as_deref();
    if level.is_some_and(|level| level.parse::<SandboxLogLevel>().is_err()) {
        found.note_help(
            &root.field("log_level"),
            FindingCode::LogLevel,
            "is not a log level",
            "use `error`, `warn`, `info`, `debug` or `trace`",
        );
    }
    let lifecycle = SandboxPolicy {
        ephemeral: request.ephemeral,
        max_duration_secs: request.max_duration_secs,
        idle_timeout_secs: request.idle_timeout_secs,
    };
    process::lifecycle(found, root, &lifecycle);
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
    let env = process::pairs(&env);
    exec.together(found, &at_env, AUTO_INIT, None, argv, env);
}
