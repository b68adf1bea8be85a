//! Boots the guest agent in a QEMU VM: what the example and the tests share.
//!
//! The VM has no disk. Its root is an initramfs with the agent as `/init`, the kernel modules that
//! the agent loads, and whatever the caller adds. Host and guest talk over two virtio-serial
//! ports: `agent.0` carries the handoff, `init.0` is there for the init.

use std::env;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cpio::NewcBuilder;
use microsandbox_types::{FrameHeader, GuestReport};

/// How long to wait between two looks at whether the VM still runs.
const STEP: Duration = Duration::from_millis(100);

/// Everything that a VM is started from.
pub struct Kit {
    qemu: PathBuf,
    kernel: PathBuf,
    /// `kvm` or `tcg`: KVM's device may be there and yet run nothing, so the set-up tries it.
    accel: String,
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
        let mut modules = Vec::new();
        while let Ok(module) = fs::read(folder.join(format!("modules/{}.ko", modules.len()))) {
            modules.push(module);
        }
        let programs = build_guest()?;
        Ok(Self {
            qemu: folder.join("qemu-system-x86_64"),
            kernel: folder.join("vmlinuz"),
            accel: fs::read_to_string(folder.join("accel"))?.trim().to_owned(),
            modules,
            agent: fs::read(programs.join("guest-agent"))?,
            test_init: fs::read(programs.join("test-init"))?,
        })
    }

    /// Writes an initramfs: the agent, its modules, and `files`.
    ///
    /// # Errors
    /// Those of writing to `path`.
    pub fn write_initramfs(&self, path: &Path, files: &[File<'_>]) -> io::Result<()> {
        let mut out = io::BufWriter::new(fs::File::create(path)?);
        let names: Vec<_> = (0..self.modules.len())
            .map(|n| format!("modules/{n}.ko"))
            .collect();
        let mut all = vec![
            File::directory("modules"),
            File::program("init", &self.agent),
        ];
        all.extend(
            names
                .iter()
                .zip(&self.modules)
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

/// A running VM; dropping it ends QEMU.
pub struct Vm {
    qemu: Child,
    started: Instant,
    deadline: Instant,
    console: Arc<Mutex<Vec<u8>>>,
    /// The host's end of the port `agent.0`.
    pub agent: UnixStream,
    /// The host's end of the port `init.0`.
    pub init: UnixStream,
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
    pub fn start(kit: &Kit, initramfs: &Path, timeout: Duration) -> io::Result<Self> {
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
            .args(["-M", "q35", "-cpu", "qemu64", "-smp", "1", "-m", "256M"])
            .arg("-kernel")
            .arg(&kit.kernel)
            .arg("-initrd")
            .arg(initramfs)
            .args(["-append", "console=ttyS0 panic=-1 reboot=t quiet"])
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
        let console = Arc::new(Mutex::new(Vec::new()));
        // QEMU's own messages are on its stderr; they explain why it ended as well as the console.
        collect(qemu.stdout.take(), &console);
        collect(qemu.stderr.take(), &console);
        let connected = accept(&agent_listener, &mut qemu, deadline)
            .and_then(|agent| Ok((agent, accept(&init_listener, &mut qemu, deadline)?)));
        match connected {
            Ok((agent, init)) => Ok(Self {
                qemu,
                started,
                deadline,
                console,
                agent,
                init,
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
        self.report_with(|_| {})
    }

    /// [`report`](Self::report), with a call of `progress` now and then.
    pub fn report_with(&mut self, mut progress: impl FnMut(Duration)) -> io::Result<GuestReport> {
        let mut frame = vec![0; FrameHeader::LEN];
        self.fill(&mut frame, 0, &mut progress)?;
        let header = FrameHeader::parse(&frame).map_err(io::Error::other)?;
        frame.resize(header.frame_len(), 0);
        self.fill(&mut frame, FrameHeader::LEN, &mut progress)?;
        GuestReport::decode(&frame).map_err(io::Error::other)
    }

    fn fill(
        &mut self,
        buffer: &mut [u8],
        mut len: usize,
        progress: &mut impl FnMut(Duration),
    ) -> io::Result<()> {
        self.agent.set_read_timeout(Some(STEP))?;
        while len < buffer.len() {
            match self.agent.read(&mut buffer[len..]) {
                Ok(0) => return Err(self.explain(ErrorKind::UnexpectedEof, "the VM ended")),
                Ok(read) => len += read,
                Err(error) => self.tolerate(error)?,
            }
            progress(self.started.elapsed());
        }
        Ok(())
    }

    /// Reads what the test init says on its port, up to and including the line `end`.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub fn read_init(&mut self) -> io::Result<String> {
        self.init.set_read_timeout(Some(STEP))?;
        let mut text = Vec::new();
        let mut buffer = [0; 64 * 1024];
        while text != b"end\n" && !text.ends_with(b"\nend\n") {
            match self.init.read(&mut buffer) {
                Ok(0) => return Err(self.explain(ErrorKind::UnexpectedEof, "the VM ended")),
                Ok(read) => text.extend_from_slice(&buffer[..read]),
                Err(error) => self.tolerate(error)?,
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
            self.tolerate(ErrorKind::TimedOut.into())?;
            thread::sleep(STEP / 10);
        }
        Ok(self.console())
    }

    /// What the guest wrote to its console so far.
    pub fn console(&self) -> String {
        String::from_utf8_lossy(&lock(&self.console)).into_owned()
    }

    /// Turns a read's time-out into another round, unless the time is up.
    fn tolerate(&self, error: io::Error) -> io::Result<()> {
        match error.kind() {
            ErrorKind::Interrupted => Ok(()),
            ErrorKind::WouldBlock | ErrorKind::TimedOut if Instant::now() < self.deadline => Ok(()),
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                let elapsed = self.started.elapsed().as_secs();
                Err(self.explain(ErrorKind::TimedOut, &format!("no answer in {elapsed} s")))
            }
            _ => Err(error),
        }
    }

    fn explain(&self, kind: ErrorKind, what: &str) -> io::Error {
        io::Error::new(
            kind,
            format!("{what}; the console's last lines:\n{}", tail(&self.console)),
        )
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
        thread::sleep(STEP / 10);
    }
}

/// Appends what `from` gives to `to`, until its end.
fn collect(from: Option<impl Read + Send + 'static>, to: &Arc<Mutex<Vec<u8>>>) {
    let to = Arc::clone(to);
    if let Some(mut from) = from {
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(len @ 1..) = from.read(&mut buffer) {
                lock(&to).extend_from_slice(&buffer[..len]);
            }
        });
    }
}

fn lock(console: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    // A reader that panicked leaves bytes behind that are as good as ever.
    console.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The console's last lines, for a message.
fn tail(console: &Mutex<Vec<u8>>) -> String {
    let bytes = lock(console);
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}
