//! What the example does, and tells.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use microsandbox_types::{
    BootPlan, GuestReport, HandOver, Interface, Mount, MountFlags, MountSource, Outcome, Root,
    SandboxSpec, WallClock, hand_over,
};

use super::attach::{self, Host};
use super::demo;
use super::launch::machine::{Device, Machine};
use super::launch::{Kit, Vm, shown};

const HELP: &str = "\
Boots the sandbox that a spec describes, in a QEMU VM, and tells what happens.

usage: cargo run --example vm [-- [--timeout SECONDS] [SPEC.json]]

Without a spec it boots examples/specs/full.json, whose folders and disk it makes in
target/vm-demo. `examples/vm-setup` fetches QEMU and a kernel first.

Of a spec it boots
  image        a folder (Bind) over virtiofs, or a disk image (DiskImage)
  mounts       folders, single files, disk images and tmpfs; no named volumes
  network      QEMU's user network: 10.0.2.15, published ports
  runtime.hostname, env, runtime.workdir, rlimits, security_profile, init
and names what it leaves. Shares need root, for virtiofsd.
";

/// How long the VM may run where the command line does not say.
const TIMEOUT: Duration = Duration::from_secs(120);

struct Options {
    timeout: Duration,
    spec: Option<PathBuf>,
}

fn options(mut args: impl Iterator<Item = OsString>) -> Result<Option<Options>, String> {
    let mut options = Options {
        timeout: TIMEOUT,
        spec: None,
    };
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("-h" | "--help") => return Ok(None),
            Some("--timeout") => {
                let seconds = args.next().and_then(|arg| arg.to_str()?.parse().ok());
                let seconds = seconds.ok_or("--timeout takes a number of seconds")?;
                options.timeout = Duration::from_secs(seconds);
            }
            Some(option) if option.starts_with('-') => {
                return Err(format!("no option {option:?}; see --help"));
            }
            _ if options.spec.is_none() => options.spec = Some(arg.into()),
            _ => return Err("one spec at a time; see --help".into()),
        }
    }
    Ok(Some(options))
}

pub fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = options(env::args_os().skip(1))? else {
        print!("{HELP}");
        return Ok(());
    };
    let json = match &options.spec {
        Some(path) => {
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?
        }
        None => demo::SPEC.into(),
    };
    let spec = SandboxSpec::from_json_strict(&json).map_err(|found| found.to_string())?;
    attach::check_image(&spec)?;

    let kit = Kit::new()?;
    if options.spec.is_none() {
        demo::prepare(&kit)?;
    }
    let plan = spec.plan(&Host).map_err(|found| found.to_string())?;
    let machine = attach::machine(&spec, &plan.devices)?;
    tell_plan(&spec, &plan);

    let initramfs = tempfile::NamedTempFile::new()?;
    kit.write_initramfs(initramfs.path(), &modules(&machine, &plan), &[])?;
    let vm = Vm::start(&kit, initramfs.path(), &machine, options.timeout)?;
    boot(vm, plan)
}

/// The kernel modules that the guest needs for its devices and filesystems.
fn modules(machine: &Machine, plan: &BootPlan) -> Vec<&'static str> {
    let mut sets: Vec<_> = machine.devices.iter().map(Device::modules).collect();
    if let Root::Overlay { .. } = plan.setup.root {
        sets.push("overlay");
    }
    sets.sort_unstable();
    sets.dedup();
    sets
}

fn tell_plan(spec: &SandboxSpec, plan: &BootPlan) {
    println!("attached");
    for device in &plan.devices {
        println!("  {:<9} {}", device.id, shown(&attach::describe(device)));
    }
    for port in &spec.network.ports {
        println!(
            "  {:<9} {} port {} to the guest's {}",
            "port",
            shown(&port.host_bind),
            port.host_port,
            port.guest_port
        );
    }
    println!("guest setup");
    let setup = &plan.setup;
    if let Some(hostname) = &setup.hostname {
        println!("  {:<9} {}", "hostname", shown(hostname));
    }
    for mount in &setup.mounts {
        println!("  {:<9} {}{}", "mount", shown(&mount.guest), mounted(mount));
    }
    for interface in &setup.interfaces {
        println!(
            "  {:<9} {}{}",
            "interface",
            shown(&interface.name),
            addresses(interface)
        );
    }
    for rlimit in &setup.rlimits {
        println!(
            "  {:<9} {} {} of {}",
            "rlimit", rlimit.resource, rlimit.soft, rlimit.hard
        );
    }
    if setup.restricted {
        println!("  {:<9} mounts nosuid and nodev, no_new_privs", "profile");
    }
    match &plan.handoff {
        Some(handoff) => println!(
            "  {:<9} {} with {} arguments and {} variables",
            "init",
            shown(&handoff.cmd),
            handoff.args.len(),
            handoff.env.len()
        ),
        None => println!("  {:<9} the agent itself stays", "init"),
    }
    // The rest of what a host does, this example does too.
    const DONE: [&str; 2] = ["resources", "network.ports"];
    let left: Vec<_> = plan
        .left
        .iter()
        .filter(|left| !DONE.contains(&left.path))
        .collect();
    if !left.is_empty() {
        println!("left");
    }
    for left in left {
        println!("  {} ({})", left.path, left.who);
    }
}

fn mounted(mount: &Mount<String>) -> String {
    let source = match &mount.source {
        MountSource::Virtiofs { tag } => format!(" from {tag}"),
        MountSource::VirtiofsFile { tag, .. } => format!(", one file, from {tag}"),
        MountSource::Block(device) => format!(" from {}", device.serial),
        MountSource::Tmpfs { size_mib, .. } => match size_mib {
            Some(size) => format!(", {size} MiB of memory"),
            None => ", memory".into(),
        },
    };
    let MountFlags {
        readonly,
        noexec,
        nosuid,
        nodev,
    } = mount.flags;
    let names = [
        (readonly, "read-only"),
        (noexec, "noexec"),
        (nosuid, "nosuid"),
        (nodev, "nodev"),
    ];
    let set = names.iter().filter(|(set, _)| *set);
    source + &set.map(|(_, name)| format!(", {name}")).collect::<String>()
}

fn addresses(interface: &Interface<String>) -> String {
    let v4 = interface
        .ipv4
        .map(|net| format!(" {}/{}", net.address, net.prefix));
    let v6 = interface
        .ipv6
        .map(|net| format!(" {}/{}", net.address, net.prefix));
    v4.into_iter().chain(v6).collect()
}

fn boot(mut vm: Vm, plan: BootPlan) -> Result<(), Box<dyn Error>> {
    println!("booting");
    let started = Instant::now();
    let progress = |report: &GuestReport| {
        println!(
            "{:>6.2} s  the guest {report}",
            started.elapsed().as_secs_f32()
        );
    };
    let outcome = hand_over(
        &mut vm.agent,
        HandOver::from(&plan).with_clock(WallClock::now),
        progress,
    );
    let outcome = outcome.map_err(|error| vm.explain(shown(&error.to_string())))?;
    if outcome == Outcome::SetUp {
        println!("the agent stays: the VM runs until the time is up");
    }
    print_init(&mut vm)?;
    let off = vm.wait_off();
    let console = vm.console();
    if !console.trim().is_empty() {
        println!("the console:");
        for line in console.lines().filter(|line| !line.trim().is_empty()) {
            println!("  {}", shown(line));
        }
    }
    off?;
    println!("{:>6.2} s  off", started.elapsed().as_secs_f32());
    Ok(())
}

/// Prints what the init says on its own port, up to the line `end`, with which the test init asks
/// to be let go. Other inits may not know the port.
fn print_init(vm: &mut Vm) -> io::Result<()> {
    const MAX_LINES: usize = 1000;
    let mut lines = BufReader::new(vm.init.by_ref().take(1 << 20)).lines();
    for _ in 0..MAX_LINES {
        match lines.next() {
            Some(Ok(line)) if line == "end" => break,
            Some(Ok(line)) => println!("  init: {}", shown(&line)),
            // It has gone, or its time is up.
            Some(Err(_)) | None => break,
        }
    }
    vm.init.close()
}
