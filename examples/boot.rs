//! A small boot without a VM: the host half reads a spec, checks it and frames its init; the
//! guest half, a process of its own at the other end of a socket pair, reads the frame and becomes
//! that init.
//!
//! `cargo run --example boot [-- SPEC.json]`
//!
//! The guest half runs on this machine, so here `auto` is the first shell found, and a `cmd` that
//! is a well-known init is refused. What else a spec names is really started: read it first.

#[path = "shared/terminal.rs"]
mod terminal;

use std::process::ExitCode;

const USAGE: &str = "\
Hands an init over without a VM: a host half reads a spec and sends the frame of its init
to a guest half, a process of its own, which becomes that init on this machine.

Usage: boot [SPEC.json]

Without a SPEC it takes examples/specs/shell.json. auto.json and awkward.json lie beside it.
What a spec of your own names is really started: read it first.";

fn main() -> ExitCode {
    let arg = std::env::args_os().nth(1);
    if arg.is_some_and(|arg| arg == "--help" || arg == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    #[cfg(unix)]
    let result = if std::env::args_os()
        .nth(1)
        .is_some_and(|arg| arg == guest::ARG)
    {
        guest::run()
    } else {
        host::run()
    };
    #[cfg(not(unix))]
    let result: Result<ExitCode, String> = Err("needs a Unix machine: it really calls exec".into());
    result.unwrap_or_else(|error| {
        eprintln!("error: {}", terminal::shown_lines(&error));
        ExitCode::FAILURE
    })
}

/// Prints one line of a side's account.
#[cfg(unix)]
fn say(side: &str, what: &str, text: impl std::fmt::Display) {
    let text = terminal::shown(&text.to_string());
    println!("{side:<6} {what:<9} {text}");
}

#[cfg(unix)]
mod host {
    use std::io::Write;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::path::PathBuf;
    use std::process::{Child, Command, ExitCode, Stdio};
    use std::time::Instant;

    use microsandbox_types::{GuestReport, HandoffInit, Hostname, SandboxName, SandboxSpec};

    use super::{guest, say};

    const DEFAULT_SPEC: &str = include_str!("specs/shell.json");

    pub fn run() -> Result<ExitCode, String> {
        let (source, json) = match std::env::args_os().nth(1) {
            None => (
                "examples/specs/shell.json".to_owned(),
                DEFAULT_SPEC.to_owned(),
            ),
            Some(path) => {
                let path = PathBuf::from(path);
                let source = path.display().to_string();
                let json = std::fs::read_to_string(&path).map_err(|e| format!("{source}: {e}"))?;
                (source, json)
            }
        };
        let in_spec = |error: String| format!("{source}: {error}");
        let spec = SandboxSpec::from_json_strict(&json).map_err(|e| in_spec(e.to_string()))?;
        let name = SandboxName::new(&spec.name).map_err(|e| in_spec(format!("name: {e}")))?;
        let hostname = match &spec.runtime.hostname {
            None => Hostname::from(&name),
            Some(hostname) => {
                Hostname::new(hostname).map_err(|e| in_spec(format!("runtime.hostname: {e}")))?
            }
        };
        let init = spec
            .init
            .ok_or_else(|| in_spec("init: missing: nothing to hand over to".into()))?;

        let start = Instant::now();
        let frame = init.encode().map_err(|e| in_spec(format!("init.{e}")))?;
        let encoded_in = start.elapsed();
        let checksum = frame
            .last_chunk()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes));
        say("host", "spec", &source);
        say("host", "sandbox", format!("{name}, hostname {hostname}"));
        say(
            "host",
            "frame",
            format!("{} bytes, checksum {checksum:016x}", frame.len()),
        );
        say("host", "encode", format!("{encoded_in:.1?}"));

        let (mut stream, guest_end) = UnixStream::pair().map_err(|e| format!("socketpair: {e}"))?;
        let mut guest = start_guest(guest_end)?;
        let handed_over = hand_over(&init, &frame, &mut stream);
        let status = guest
            .wait()
            .map_err(|e| format!("cannot wait for the guest: {e}"))?;
        if !handed_over? {
            return Ok(ExitCode::FAILURE);
        }
        println!();
        say("host", "init", format!("ended with {status}"));
        let code = status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1);
        Ok(ExitCode::from(code))
    }

    /// Starts this program again as the guest half, with the stream as its standard input and the
    /// environment that Linux gives to its init.
    fn start_guest(stream: UnixStream) -> Result<Child, String> {
        let this = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
        Command::new(this)
            .arg(guest::ARG)
            .stdin(Stdio::from(OwnedFd::from(stream)))
            .env_clear()
            .envs([
                ("HOME", "/"),
                ("TERM", "linux"),
                ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            ])
            .spawn()
            .map_err(|e| format!("cannot start the guest: {e}"))
    }

    /// Whether the guest became the init; where it did not want to, it has said why.
    fn hand_over(
        init: &HandoffInit,
        frame: &[u8],
        stream: &mut UnixStream,
    ) -> Result<bool, String> {
        match report(stream)? {
            GuestReport::Ready { generation, .. } if generation < init.min_generation() => {
                return Err(format!("the guest reads only generation {generation}"));
            }
            GuestReport::Ready { .. } => {}
            other => return Err(format!("the guest {other} before it was ready")),
        }
        send_in_pieces(frame, stream).map_err(|e| format!("cannot send the frame: {e}"))?;
        match report(stream)? {
            GuestReport::Accepted => {}
            GuestReport::ExecFailed { .. } => return Ok(false),
            other => return Err(format!("the guest {other}")),
        }
        // The guest's end closes when exec succeeds; only a failure has more to say.
        match GuestReport::read_from(stream) {
            Ok(GuestReport::ExecFailed { errno }) => {
                let error = std::io::Error::from_raw_os_error(errno);
                let cwd = init
                    .cwd
                    .as_ref()
                    .map(|cwd| format!(" in {cwd}"))
                    .unwrap_or_default();
                Err(format!(
                    "the guest could not start {}{cwd}: {error}",
                    init.cmd
                ))
            }
            _ => Ok(true),
        }
    }

    fn report(stream: &mut UnixStream) -> Result<GuestReport, String> {
        GuestReport::read_from(stream).map_err(|e| format!("no report from the guest: {e}"))
    }

    /// Sends the frame in pieces of 1, 2, 3, … bytes: no reader may count on one read a frame.
    fn send_in_pieces(frame: &[u8], stream: &mut UnixStream) -> std::io::Result<()> {
        let mut rest = frame;
        for piece in 1.. {
            let (head, tail) = rest.split_at(rest.len().min(piece));
            stream.write_all(head)?;
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
mod guest {
    use std::ffi::{CStr, OsStr};
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::{Command, ExitCode, Stdio};
    use std::time::Instant;

    use microsandbox_types::{
        AUTO_INIT, DecodeError, FrameKind, GENERATION, GuestFacts, GuestReport, HandoffInitRef,
        ReadError, read_frame,
    };

    use super::say;

    /// The argument that makes this program the guest half.
    pub const ARG: &str = "--as-guest";

    const SHELLS: [&str; 4] = ["/bin/sh", "/usr/bin/sh", "/bin/bash", "/usr/bin/bash"];

    /// Programs that, started as root, could take the machine down.
    const INITS: [&str; 19] = [
        "dinit",
        "finit",
        "halt",
        "init",
        "launchd",
        "linuxrc",
        "openrc",
        "openrc-init",
        "poweroff",
        "reboot",
        "runit",
        "runit-init",
        "s6-linux-init",
        "s6-svscan",
        "shutdown",
        "systemctl",
        "systemd",
        "telinit",
        "upstart",
    ];

    pub fn run() -> Result<ExitCode, String> {
        let stdin = std::io::stdin().as_fd().try_clone_to_owned();
        let mut stream = UnixStream::from(stdin.map_err(|e| format!("no stream: {e}"))?);
        send(
            &mut stream,
            GuestReport::Ready {
                generation: GENERATION,
                facts: GuestFacts::default(),
            },
        )?;
        let frame = match read_frame(&mut stream, FrameKind::HandoffInit) {
            Ok(frame) => frame,
            Err(ReadError::Decode(error)) => return refuse(&mut stream, error),
            Err(error) => return Err(error.to_string()),
        };
        let start = Instant::now();
        let view = match HandoffInitRef::decode(&frame) {
            Ok(view) => view,
            Err(error) => return refuse(&mut stream, error),
        };
        let decoded_in = start.elapsed();

        let inherited = inherited_environment();
        let inherited: Vec<&CStr> = inherited.iter().map(AsRef::as_ref).collect();
        let mut scratch = vec![0; inherited.len() + view.envp().len()];
        let envp = view
            .merge_env(&inherited, &mut scratch)
            .map_err(|e| e.to_string())?;

        say(
            "guest",
            "frame",
            format!("{} bytes, checksum verified", frame.len()),
        );
        say("guest", "decode", format!("{decoded_in:.1?}"));
        let program = match resolve(&view) {
            Ok(program) => program,
            Err(hint) => {
                send(&mut stream, GuestReport::ExecFailed { errno: EPERM })?;
                return Err(hint);
            }
        };
        let args = view
            .argv()
            .skip(1)
            .map(|arg| OsStr::from_bytes(arg.to_bytes()));
        let mut command = Command::new(program);
        command.args(args).env_clear().stdin(Stdio::null());
        command.envs(envp.clone().filter_map(|entry| {
            let entry = entry.to_bytes();
            let (key, value) = entry.split_at(entry.iter().position(|byte| *byte == b'=')?);
            Some((OsStr::from_bytes(key), OsStr::from_bytes(&value[1..])))
        }));
        if let Some(cwd) = view.cwd() {
            command.current_dir(cwd);
            say("guest", "cwd", cwd);
        }
        say("guest", "argv[0]", program);
        for (n, arg) in view.args().enumerate() {
            say("guest", &format!("argv[{}]", n + 1), shortened(arg));
        }
        say("guest", "envp", format!("{} entries", envp.len()));
        println!();
        send(&mut stream, GuestReport::Accepted)?;

        // Returns only where it fails.
        let error = command.exec();
        let errno = error.raw_os_error().unwrap_or(0);
        send(&mut stream, GuestReport::ExecFailed { errno })?;
        Ok(ExitCode::FAILURE)
    }

    /// `EPERM` of every Unix.
    const EPERM: i32 = 1;

    fn send(stream: &mut UnixStream, report: GuestReport) -> Result<(), String> {
        let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
        let frame = report.encode(&mut buffer).map_err(|e| e.to_string())?;
        stream
            .write_all(frame)
            .map_err(|e| format!("cannot send a report: {e}"))
    }

    /// The host says what it means; this side only ends.
    fn refuse(stream: &mut UnixStream, error: DecodeError) -> Result<ExitCode, String> {
        send(stream, error.into())?;
        Ok(ExitCode::FAILURE)
    }

    fn inherited_environment() -> Vec<std::ffi::CString> {
        std::env::vars_os()
            .filter_map(|(key, value)| {
                let entry = [key.as_bytes(), b"=", value.as_bytes()].concat();
                std::ffi::CString::new(entry).ok()
            })
            .collect()
    }

    /// The program to become, or why not.
    fn resolve<'a>(view: &HandoffInitRef<'a>) -> Result<&'a str, String> {
        let cmd = view.cmd();
        if cmd == AUTO_INIT {
            return SHELLS
                .into_iter()
                .find(|shell| Path::new(shell).exists())
                .ok_or_else(|| "init.cmd: `auto` found no shell".into());
        }
        let target = std::fs::canonicalize(cmd).unwrap_or_default();
        // A multi-call binary takes its name from its first argument too.
        let applet = Path::new(view.args().next().unwrap_or_default());
        let is_init = |path: &Path| {
            path.file_name()
                .is_some_and(|name| INITS.iter().any(|init| name == *init))
        };
        let is_multi_call = target.ends_with("busybox") || target.ends_with("toybox");
        if is_init(Path::new(cmd)) || is_init(&target) || (is_multi_call && is_init(applet)) {
            return Err(format!(
                "init.cmd: {cmd} is an init, and this guest is a process of your machine, not a \
                 VM: name a shell or a program, or `auto`"
            ));
        }
        Ok(cmd)
    }

    /// The start of a string that would fill the screen.
    fn shortened(text: &str) -> String {
        const SHOWN: usize = 56;
        let start: String = text.chars().take(SHOWN).collect();
        if start.len() == text.len() {
            format!("{text:?}")
        } else {
            format!("{start:?}… ({} bytes)", text.len())
        }
    }
}
