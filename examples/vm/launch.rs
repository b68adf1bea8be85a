//! Boots the guest agent in a QEMU VM: what the example and the tests share.
//!
//! The VM starts from an initramfs with the agent as `/init`, the kernel modules that its devices
//! need, and whatever the caller adds. Host and guest talk over two virtio-serial ports: `agent.0`
//! carries setup, handoff and reports, `init.0` is there for the init.

#![allow(dead_code)] // the example and the tests use a part each

pub mod machine;
pub mod share;
#[path = "../shared/terminal.rs"]
pub mod terminal;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cpio::NewcBuilder;
use microsandbox_types::GuestReport;

use self::machine::Machine;
use self::share::Share;

/// How long to wait between two looks at whether the VM still runs.
const STEP: Duration = Duration::from_millis(10);

/// Everything that a VM is started from.
#[derive(Clone)]
pub struct Kit {
    qemu: PathBuf,
    kernel: PathBuf,
    /// `kvm` or `tcg`: KVM's device may be there and yet run nothing, so the set-up tries it.
    accel: String,
    folder: PathBuf,
    modules: Vec<Vec<u8>>,
    pub agent: Vec<u8>,
    pub test_init: Vec<u8>,
}

impl Kit {
    /// Where `examples/vm-setup` puts QEMU and the kernel.
    ///
    /// # Errors
    /// A message for people where they are not there.
    pub fn folder() -> Result<PathBuf, String> {
        let given = env::var_os("MICROSANDBOX_TYPES_VM").map(PathBuf::from);
        let cache = || {
            let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.or_else(|| Some(env::home_dir()?.join(".cache")));
            cache.map(|cache| cache.join("microsandbox-types/vm"))
        };
        let folder = given.or_else(cache).ok_or("no home folder")?;
        for file in ["qemu-system-x86_64", "vmlinuz", "modules/0.ko", "accel"] {
            if !folder.join(file).exists() {
                return Err(format!(
                    "no {file} in {}: run examples/vm-setup once, which fetches QEMU and a kernel",
                    folder.display()
                ));
            }
        }
        Ok(folder)
    }

    /// Reads what `examples/vm-setup` has fetched and builds the guest's programs.
    ///
    /// # Errors
    /// What is missing or does not build.
    pub fn new() -> io::Result<Self> {
        let folder = Self::folder().map_err(io::Error::other)?;
        let modules = read_modules(&folder.join("modules"));
        let programs = build_guest()?;
        Ok(Self {
            qemu: folder.join("qemu-system-x86_64"),
            kernel: folder.join("vmlinuz"),
            accel: fs::read_to_string(folder.join("accel"))?.trim().to_owned(),
            modules,
            folder,
            agent: fs::read(programs.join("guest-agent"))?,
            test_init: fs::read(programs.join("test-init"))?,
        })
    }

    /// Where virtiofsd is, and the libraries that it needs where it was unpacked, not installed.
    ///
    /// # Errors
    /// A message for people where there is none.
    pub fn virtiofsd(&self) -> io::Result<(PathBuf, Option<OsString>)> {
        let root = self.folder.join("qemu");
        let unpacked = root.join("usr/lib/qemu/virtiofsd");
        if unpacked.exists() {
            let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"];
            let libraries = env::join_paths(libraries.map(|folder| root.join(folder)));
            return Ok((unpacked, Some(libraries.map_err(io::Error::other)?)));
        }
        let installed = ["/usr/lib/qemu/virtiofsd", "/usr/libexec/virtiofsd"].map(PathBuf::from);
        let found = installed.into_iter().find(|path| path.exists());
        let missing = "no virtiofsd, which shares folders with the guest";
        Ok((found.ok_or_else(|| io::Error::other(missing))?, None))
    }

    /// Writes an initramfs: the agent, the modules that every guest needs and those of `sets`, and
    /// `files`.
    ///
    /// # Errors
    /// Those of writing to `path`.
    pub fn write_initramfs(
        &self,
        path: &Path,
        sets: &[&str],
        files: &[File<'_>],
    ) -> io::Result<()> {
        let mut modules = self.modules.clone();
        for set in sets {
            modules.extend(read_modules(&self.folder.join("modules").join(set)));
        }
        let mut out = io::BufWriter::new(fs::File::create(path)?);
        let names: Vec<_> = (0..modules.len())
            .map(|n| format!("modules/{n}.ko"))
            .collect();
        let mut all = vec![
            File::directory("modules"),
            File::program("init", &self.agent),
        ];
        all.extend(
            names
                .iter()
                .zip(&modules)
                .map(|(name, module)| File::data(name, module)),
        );
        all.extend_from_slice(files);
        for (ino, file) in (1..).zip(&all) {
            let len = u32::try_from(file.bytes.len()).map_err(io::Error::other)?;
            let entry = NewcBuilder::new(file.path).ino(ino).mode(file.mode);
            let mut writer = entry.write(out, len);
            io::Write::write_all(&mut writer, file.bytes)?;
            out = writer.finish()?;
        }
        io::Write::flush(&mut cpio::newc::trailer(out)?)
    }
}

/// The modules of a folder, in the order in which they are loaded.
fn read_modules(folder: &Path) -> Vec<Vec<u8>> {
    (0..)
        .map_while(|n| fs::read(folder.join(format!("{n}.ko"))).ok())
        .collect()
}

/// A file of the guest's root; its path has no leading slash, and its folder comes before it.
#[derive(Clone, Copy)]
pub struct File<'a> {
    path: &'a str,
    /// Type and permissions, as in `st_mode`.
    mode: u32,
    bytes: &'a [u8],
}

impl<'a> File<'a> {
    pub fn directory(path: &'a str) -> Self {
        Self {
            path,
            mode: 0o040_755,
            bytes: &[],
        }
    }

    pub fn program(path: &'a str, bytes: &'a [u8]) -> Self {
        Self {
            path,
            mode: 0o100_755,
            bytes,
        }
    }

    pub fn data(path: &'a str, bytes: &'a [u8]) -> Self {
        Self {
            path,
            mode: 0o100_644,
            bytes,
        }
    }
}

/// Builds the agent and the test init; returns the folder that they are in.
fn build_guest() -> io::Result<PathBuf> {
    // The tests that boot VMs are a package of their own, further down.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find(|folder| folder.join("examples/guest-agent").exists())
        .ok_or_else(|| io::Error::other("the guest agent's sources are not here"))?;
    let target = root.join("target/guest-agent");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--manifest-path"])
        .arg(root.join("examples/guest-agent/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status()?;
    if !status.success() {
        return Err(io::Error::other("the guest agent does not build"));
    }
    Ok(target.join("release"))
}

/// How much of the console is kept, in bytes: a guest may write for ever.
const MAX_CONSOLE: usize = 256 * 1024;

/// How much an init may say on its port, in bytes.
const MAX_INIT_TEXT: usize = 16 * 1024 * 1024;

/// The host's end of one of the guest's ports: reads and writes end with the VM's time, whether
/// bytes flow or not.
pub struct Port {
    stream: UnixStream,
    deadline: Instant,
}

impl Port {
    /// The bytes of both directions go nowhere from now on.
    ///
    /// # Errors
    /// Those of `shutdown(2)`.
    pub fn close(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Both)
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(ErrorKind::TimedOut, "the VM's time is up"));
        }
        Ok(left)
    }
}

/// What a stream's own time-out says, as one for people.
fn timed_out(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::new(ErrorKind::TimedOut, "no answer in time")
        }
        _ => error,
    }
}

impl Read for Port {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer).map_err(timed_out)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A busy host lets the kernel's own check of its timer fail, which is a panic.
const KERNEL_ARGUMENTS: &str = "console=ttyS0 panic=-1 reboot=t no_timer_check quiet";

/// A running VM; dropping it ends QEMU and the daemons beside it.
pub struct Vm {
    qemu: Child,
    started: Instant,
    deadline: Instant,
    console: Arc<Mutex<Console>>,
    /// The host's end of the port `agent.0`.
    pub agent: Port,
    /// The host's end of the port `init.0`.
    pub init: Port,
    _shares: Vec<Share>,
    _sockets: tempfile::TempDir,
}

impl Drop for Vm {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

impl Vm {
    /// Starts QEMU; everything after that has to happen within `timeout`.
    ///
    /// # Errors
    /// Those of starting it, and of QEMU ending before it has opened the two sockets.
    pub fn start(
        kit: &Kit,
        initramfs: &Path,
        machine: &Machine,
        timeout: Duration,
    ) -> io::Result<Self> {
        let sockets = tempfile::tempdir()?;
        let listen = |name: &str| {
            let path = sockets.path().join(name);
            let listener = UnixListener::bind(&path)?;
            listener.set_nonblocking(true)?;
            let chardev = format!("socket,id={name},path={},server=off", path.display());
            io::Result::Ok((listener, chardev))
        };
        let (agent_listener, agent_chardev) = listen("agent")?;
        let (init_listener, init_chardev) = listen("init")?;
        let (devices, shares) = machine.attach(kit, sockets.path())?;
        let started = Instant::now();
        let deadline = started + timeout;
        let mut qemu = Command::new(&kit.qemu)
            .args([
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-no-reboot",
            ])
            .args(["-accel", &kit.accel])
            .args(["-M", "q35", "-cpu", "qemu64", "-smp", "1"])
            .args(devices)
            .arg("-kernel")
            .arg(&kit.kernel)
            .arg("-initrd")
            .arg(initramfs)
            .arg("-append")
            .arg(format!("{KERNEL_ARGUMENTS} {}", machine.kernel_arguments))
            .args(["-chardev", "stdio,id=console,signal=off"])
            .args(["-device", "isa-serial,chardev=console,index=0"])
            .args(["-device", "virtio-serial-pci"])
            .args(["-chardev", &agent_chardev])
            .args(["-device", "virtserialport,chardev=agent,name=agent.0,nr=1"])
            .args(["-chardev", &init_chardev])
            .args(["-device", "virtserialport,chardev=init,name=init.0,nr=2"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let console = Arc::default();
        // QEMU's own messages are on its stderr; they explain why it ended as well as the console.
        collect(qemu.stdout.take(), &console);
        collect(qemu.stderr.take(), &console);
        let connected = accept(&agent_listener, &mut qemu, deadline)
            .and_then(|agent| Ok((agent, accept(&init_listener, &mut qemu, deadline)?)));
        let port = |stream| Port { stream, deadline };
        match connected {
            Ok((agent, init)) => Ok(Self {
                qemu,
                started,
                deadline,
                console,
                agent: port(agent),
                init: port(init),
                _shares: shares,
                _sockets: sockets,
            }),
            Err(error) => {
                let _ = qemu.kill();
                let _ = qemu.wait();
                Err(io::Error::new(
                    error.kind(),
                    format!("{error}\n{}", tail(&console)),
                ))
            }
        }
    }

    /// The time since QEMU was started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits for the agent's next report.
    ///
    /// # Errors
    /// The end of the VM or of the time, with the console's last lines; a malformed report.
    pub fn report(&mut self) -> io::Result<GuestReport> {
        GuestReport::read_from(&mut self.agent).map_err(|error| self.explain(error))
    }

    /// Reads what the test init says on its port, up to and including the line `end`.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub fn read_init(&mut self) -> io::Result<String> {
        let mut text = Vec::new();
        let mut buffer = [0; 64 * 1024];
        while text != b"end\n" && !text.ends_with(b"\nend\n") {
            match self.init.read(&mut buffer) {
                Ok(0) => return Err(self.explain("the VM ended")),
                Ok(read) => text.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.explain(error)),
            }
            if text.len() > MAX_INIT_TEXT {
                return Err(io::Error::other("the init does not stop talking"));
            }
        }
        String::from_utf8(text).map_err(io::Error::other)
    }

    /// Waits until the VM has powered itself off; returns its console's text.
    ///
    /// # Errors
    /// The end of the time, with the console's last lines.
    pub fn wait_off(&mut self) -> io::Result<String> {
        while self.qemu.try_wait()?.is_none() {
            if Instant::now() > self.deadline {
                return Err(self.explain("the VM is not off in time"));
            }
            thread::sleep(STEP);
        }
        Ok(self.console())
    }

    /// What the guest wrote to its console so far, or the last of it.
    pub fn console(&self) -> String {
        lock(&self.console).text()
    }

    /// An error that shows the console's last lines.
    pub fn explain(&self, what: impl std::fmt::Display) -> io::Error {
        io::Error::other(format!(
            "{what}; the console's last lines:\n{}",
            tail(&self.console)
        ))
    }
}

/// Accepts QEMU's connection unless QEMU ends first.
fn accept(listener: &UnixListener, qemu: &mut Child, deadline: Instant) -> io::Result<UnixStream> {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        if let Some(status) = qemu.try_wait()? {
            return Err(io::Error::other(format!("QEMU ended at once: {status}")));
        }
        if Instant::now() > deadline {
            return Err(io::Error::new(
                ErrorKind::TimedOut,
                "QEMU does not open its sockets",
            ));
        }
        thread::sleep(STEP);
    }
}

/// The last that was written to a console.
#[derive(Default)]
struct Console {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Console {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > MAX_CONSOLE {
            self.bytes.drain(..MAX_CONSOLE / 2);
            self.is_cut = true;
        }
    }

    fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        let cut = if self.is_cut { "[…]\n" } else { "" };
        format!("{cut}{text}")
    }
}

/// Appends what `from` gives to `to`, until its end.
fn collect(from: Option<impl Read + Send + 'static>, to: &Arc<Mutex<Console>>) {
    let to = Arc::clone(to);
    if let Some(mut from) = from {
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(len @ 1..) = from.read(&mut buffer) {
                lock(&to).push(&buffer[..len]);
            }
        });
    }
}

fn lock(console: &Mutex<Console>) -> MutexGuard<'_, Console> {
    // A reader that panicked leaves bytes behind that are as good as ever.
    console.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The console's last lines, for a message to people.
fn tail(console: &Mutex<Console>) -> String {
    let text = lock(console).text();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(shown)
        .collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// How much of a line is shown, in characters.
const MAX_LINE: usize = 1000;

/// A line from outside as a terminal may have it: not too long, and without control characters.
pub fn shown(line: &str) -> String {
    match line.char_indices().nth(MAX_LINE) {
        Some((end, _)) => format!("{} […]", terminal::shown(&line[..end])),
        None => terminal::shown(line),
    }
}
