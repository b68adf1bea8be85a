//! The handoff over real boots: our agent as PID 1 of a Linux VM, a frame, and what became of it.
//!
//! Each test boots a VM of its own. They need QEMU and a kernel, which `examples/vm-setup`
//! fetches; without them they are skipped, and `--include-ignored` makes that a failure.

mod console;
mod failures;
mod inits;
#[path = "../../examples/vm/launch.rs"]
mod launch;
mod memory;
mod peers;
mod setups;
mod starts;

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use launch::machine::Machine;
use launch::{File, Kit, Vm};
use libtest_mimic::{Arguments, Failed, Trial};
use microsandbox_types::{
    BootStep, DecodeError, DecodeErrorKind, EncodeError, ExecLimits, GENERATION, GuestReport,
    HandoffInit, InvalidMessage, MessageField, MessageRule,
};
use twox_hash::XxHash64;

/// systemd alone takes up to two minutes of a busy machine without KVM.
const TIMEOUT: Duration = Duration::from_secs(300);
const INIT: &str = "/sbin/init";
const WORK_DIR: &str = "/srv/wörk \"dir\"";
/// What the kernel gives its init.
const INHERITED: [(&str, &str); 2] = [("HOME", "/"), ("TERM", "linux")];

type Test = Result<(), Failed>;
type TestFn = fn() -> Test;

const TESTS: &[(&str, TestFn)] = &[
    ("strings_arrive_byte_for_byte", strings_arrive_byte_for_byte),
    ("a_later_env_entry_wins", a_later_env_entry_wins),
    ("a_large_environment_arrives", a_large_environment_arrives),
    ("the_longest_string_arrives", the_longest_string_arrives),
    ("the_largest_total_arrives", the_largest_total_arrives),
    (
        "the_inherited_environment_counts_too",
        the_inherited_environment_counts_too,
    ),
    ("many_empty_strings_arrive", many_empty_strings_arrive),
    (
        "auto_takes_the_first_candidate",
        auto_takes_the_first_candidate,
    ),
    (
        "auto_passes_over_what_cannot_run",
        auto_passes_over_what_cannot_run,
    ),
    ("auto_without_candidates", auto_without_candidates),
    ("cwd_is_entered", cwd_is_entered),
    (
        "a_frame_before_the_guest_listens",
        a_frame_before_the_guest_listens,
    ),
    ("a_frame_in_one_byte_writes", a_frame_in_one_byte_writes),
    (
        "bytes_behind_the_frame_are_left",
        bytes_behind_the_frame_are_left,
    ),
    ("refuses_a_bad_checksum", refuses_a_bad_checksum),
    ("refuses_a_truncated_frame", refuses_a_truncated_frame),
    ("refuses_a_newer_generation", refuses_a_newer_generation),
    ("refuses_a_nul", refuses_a_nul),
    ("refuses_a_relative_cmd", refuses_a_relative_cmd),
    ("refuses_what_is_no_frame", refuses_what_is_no_frame),
    ("reports_a_missing_init", reports_a_missing_init),
    (
        "reports_an_init_that_is_not_executable",
        reports_an_init_that_is_not_executable,
    ),
    (
        "reports_an_init_that_is_a_directory",
        reports_an_init_that_is_a_directory,
    ),
    (
        "reports_an_init_that_is_no_program",
        reports_an_init_that_is_no_program,
    ),
    ("reports_a_missing_cwd", reports_a_missing_cwd),
    (
        "the_kernel_agrees_on_the_limits",
        the_kernel_agrees_on_the_limits,
    ),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let missing = Kit::folder().err();
    if let Some(missing) = &missing {
        eprintln!("vm tests are skipped: {missing}");
    }
    // More VMs than processors only make each other late.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads = arguments.test_threads.or(Some(cores));
    let no_debian = !inits::can_run();
    if no_debian {
        eprintln!("no mmdebstrap: the tests with Debian's inits are skipped");
    }
    let tests = [
        TESTS,
        setups::TESTS,
        failures::TESTS,
        peers::TESTS,
        starts::TESTS,
        memory::TESTS,
        console::TESTS,
    ];
    let no_kit = missing.is_some();
    let tests = tests.into_iter().flatten().map(|test| (test, no_kit));
    let inits = inits::TESTS.iter();
    let inits = inits.map(|test| (test, no_kit || no_debian));
    let trials = tests
        .chain(inits)
        .map(|((name, test), skipped)| Trial::test(*name, *test).with_ignored_flag(skipped));
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    show_boot_times();
    conclusion.exit_code()
}

/// From the start of QEMU to `Ready`, for each boot.
static BOOT_TIMES: Mutex<Vec<Duration>> = Mutex::new(Vec::new());

fn show_boot_times() {
    let mut times = BOOT_TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    times.sort_unstable();
    if let (Some(min), Some(median), Some(max)) =
        (times.first(), times.get(times.len() / 2), times.last())
    {
        let boots = times.len();
        println!("{boots} boots to Ready: min {min:.2?}, median {median:.2?}, max {max:.2?}");
    }
}

/// Built once, for all tests; what went wrong then goes wrong in each.
static KIT: LazyLock<Result<Kit, String>> = LazyLock::new(|| Kit::new().map_err(|e| e.to_string()));

fn kit() -> Result<&'static Kit, Failed> {
    KIT.as_ref().map_err(Failed::from)
}

/// A root of the guest with these files besides the agent's.
fn root(name: &str, files: &[File<'_>]) -> Result<PathBuf, Failed> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    kit()?.write_initramfs(&path, &[], files)?;
    Ok(path)
}

/// The root that most tests share.
static ROOT: LazyLock<Result<PathBuf, Failed>> = LazyLock::new(|| {
    root(
        "vm-root",
        &[
            File::directory("sbin"),
            File::program("sbin/init", &kit()?.test_init),
            File::directory("srv"),
            File::directory(&WORK_DIR[1..]),
            File::data("srv/plain", b"text"),
            File::program("srv/no-program", b"no magic number of any program"),
        ],
    )
});

/// A VM whose agent listens.
fn boot() -> Result<Vm, Failed> {
    boot_root(ROOT.as_ref().map_err(Clone::clone)?)
}

fn boot_root(root: &Path) -> Result<Vm, Failed> {
    let mut vm = Vm::start(kit()?, root, &Machine::default(), TIMEOUT)?;
    expect_ready(&mut vm)?;
    Ok(vm)
}

fn expect_ready(vm: &mut Vm) -> Test {
    let report = vm.report()?;
    if !matches!(
        report,
        GuestReport::Ready {
            generation: GENERATION,
            ..
        }
    ) {
        return Err(format!("{report:?} first\n{}", vm.console()).into());
    }
    let mut times = BOOT_TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    times.push(vm.elapsed());
    Ok(())
}

fn expect_report(vm: &mut Vm, expected: GuestReport) -> Test {
    let report = vm.report()?;
    if report != expected {
        return Err(format!("{report:?} instead of {expected:?}\n{}", vm.console()).into());
    }
    Ok(())
}

/// The VM must become the init that `handoff` asks for, as the init itself tells; `path` is the
/// init's.
fn expect_init(vm: &mut Vm, path: &str, handoff: &HandoffInit) -> Test {
    expect_report(vm, GuestReport::Accepted)?;
    expect_report(vm, GuestReport::Started)?;
    expect_same(&vm.read_init()?, &account(path, handoff))
}

/// Sends `handoff` to a VM that listens, which must become its init.
fn expect_handoff(mut vm: Vm, path: &str, handoff: &HandoffInit) -> Test {
    vm.agent.write_all(&handoff.encode()?)?;
    expect_init(&mut vm, path, handoff)
}

/// What the test init tells when it was started as `handoff` says.
fn account(path: &str, handoff: &HandoffInit) -> String {
    let mut lines = vec![String::from("pid 1")];
    let mut push = |what, string: &str| {
        lines.push(format!("{what} {}", string.as_bytes().escape_ascii()));
    };
    push("cwd", handoff.cwd.as_deref().unwrap_or("/"));
    push("argv", path);
    handoff.args.iter().for_each(|arg| push("argv", arg));
    let inherited = INHERITED.map(|(key, value)| (String::from(key), String::from(value)));
    let entries: Vec<_> = inherited.iter().chain(&handoff.env).collect();
    let mut later = HashSet::new();
    let mut env: Vec<_> = entries
        .iter()
        .rev()
        .filter(|(key, _)| later.insert(key))
        .collect();
    env.reverse();
    env.iter()
        .for_each(|(key, value)| push("env", &format!("{key}={value}")));
    // The console three times, and nothing of the agent's.
    lines.extend(["fd 0", "fd 1", "fd 2", "end", ""].map(String::from));
    lines.join("\n")
}

/// As `assert_eq!` of two texts, which are too long to show whole.
fn expect_same(found: &str, expected: &str) -> Test {
    let shorten = |line: Option<&str>| line.map(|line| line.chars().take(200).collect::<String>());
    let mut pairs = found.lines().zip(expected.lines()).enumerate();
    if let Some((n, (found, expected))) = pairs.find(|(_, (found, expected))| found != expected) {
        let (found, expected) = (shorten(Some(found)), shorten(Some(expected)));
        return Err(format!("line {n}: {found:?} instead of {expected:?}").into());
    }
    if found.len() != expected.len() {
        let (found, expected) = (found.lines().count(), expected.lines().count());
        return Err(format!("{found} lines instead of {expected}").into());
    }
    Ok(())
}

fn strings_arrive_byte_for_byte() -> Test {
    let handoff = HandoffInit::new(INIT)
        .arg("")
        .arg("plain")
        .arg("two words, 'single' and \"double\" quotes, \\ and $HOME and `x`")
        .arg("line\nline\r\n\ttab")
        .arg("größe 寸法 \u{1f4e6} e\u{301}")
        .arg("\u{1}\u{7f}\u{80}\u{fffe}")
        .arg("")
        .env("EMPTY", "")
        .env("EQUALS", "a=b==")
        .env("schlüssel", "wert")
        .env("with space", " \n ")
        .env("\u{3}", "\u{4}");
    expect_handoff(boot()?, INIT, &handoff)
}

fn a_later_env_entry_wins() -> Test {
    let handoff = HandoffInit::new(INIT)
        .env("PATH", "/first")
        .env("TERM", "dumb")
        .env("PATH", "/second")
        .env("PATHS", "/other")
        .env("PATH", "/last");
    expect_handoff(boot()?, INIT, &handoff)
}

fn a_large_environment_arrives() -> Test {
    let handoff = (0..1000).fold(HandoffInit::new(INIT), |handoff, n| {
        handoff.env(format!("VARIABLE_{n}"), format!("{n:090}"))
    });
    assert!(handoff.encoded_len() > 100_000);
    expect_handoff(boot()?, INIT, &handoff)
}

fn the_longest_string_arrives() -> Test {
    let limit = usize::try_from(ExecLimits::default().max_string_bytes())?;
    let with_value = |len| {
        HandoffInit::new(INIT)
            .env("KEY", "v".repeat(len))
            .arg("behind it")
    };
    // The key, `=` and the NUL are the rest of the string.
    let longest = limit - "KEY=".len() - 1;
    let refused = with_value(longest + 1).encode();
    let rule = MessageRule::StringTooLong {
        len: u32::try_from(limit + 1)?,
        max: u32::try_from(limit)?,
    };
    expect_refused_on_the_host(refused, MessageField::Env(0), rule)?;
    expect_handoff(boot()?, INIT, &with_value(longest))
}

fn expect_refused_on_the_host(
    result: Result<Vec<u8>, EncodeError>,
    field: MessageField,
    rule: MessageRule,
) -> Test {
    let expected = Err(EncodeError::Invalid(InvalidMessage::new(field, rule)));
    let result = result.map(|frame| frame.len());
    if result != expected.map(|()| 0) {
        return Err(format!("{result:?} instead of {expected:?}").into());
    }
    Ok(())
}

/// `handoff` with arguments that bring what `execve(2)` counts to `total`.
fn filled_to(mut handoff: HandoffInit, total: usize) -> HandoffInit {
    let pointer = 8;
    let mut counted = 2 * (handoff.cmd.len() + 1) + pointer;
    counted += handoff
        .args
        .iter()
        .map(|arg| arg.len() + 1 + pointer)
        .sum::<usize>();
    counted += handoff
        .env
        .iter()
        .map(|(k, v)| k.len() + v.len() + 2 + pointer)
        .sum::<usize>();
    while counted < total {
        let string = (total - counted).min(100_000);
        // No remainder too short for a string.
        let string = if total - counted - string < 9 {
            total - counted
        } else {
            string
        };
        handoff.args.push("f".repeat(string - 1 - pointer));
        counted += string;
    }
    handoff
}

fn largest_total() -> usize {
    usize::try_from(ExecLimits::default().max_total_bytes()).unwrap_or(usize::MAX)
}

fn the_largest_total_arrives() -> Test {
    // With these set, the inherited environment adds nothing.
    let handoff = HandoffInit::new(INIT)
        .env("HOME", "/")
        .env("TERM", "linux")
        .env("LAST", "entry");
    let max = largest_total();
    let over = filled_to(handoff.clone(), max + 1).encode();
    let rule = MessageRule::TotalTooLarge {
        len: u32::try_from(max + 1)?,
        max: u32::try_from(max)?,
    };
    expect_refused_on_the_host(over, MessageField::Message, rule)?;
    expect_handoff(boot()?, INIT, &filled_to(handoff, max))
}

fn the_inherited_environment_counts_too() -> Test {
    // HOME=/ and TERM=linux, which the host does not see, take 8 + 7 and 8 + 11 bytes.
    let inherited = 34;
    let handoff = filled_to(HandoffInit::new(INIT), largest_total() - inherited);
    expect_handoff(boot()?, INIT, &handoff)?;
    let mut vm = boot()?;
    let over = filled_to(HandoffInit::new(INIT), largest_total() - inherited + 1);
    vm.agent.write_all(&over.encode()?)?;
    expect_report(&mut vm, GuestReport::Accepted)?;
    expect_failed(vm, BootStep::Exec, 7)
}

fn many_empty_strings_arrive() -> Test {
    let mut handoff = HandoffInit::new(INIT);
    handoff.args = vec![String::new(); 200_000];
    expect_handoff(boot()?, INIT, &handoff)
}

fn auto_takes_the_first_candidate() -> Test {
    expect_handoff(boot()?, INIT, &HandoffInit::new("auto").arg("single"))
}

fn auto_passes_over_what_cannot_run() -> Test {
    let root = root(
        "vm-root-sh",
        &[
            File::directory("sbin"),
            File::data("sbin/init", &kit()?.test_init),
            File::directory("etc"),
            File::directory("etc/init"),
            File::directory("bin"),
            File::program("bin/sh", &kit()?.test_init),
        ],
    )?;
    expect_handoff(
        boot_root(&root)?,
        "/bin/sh",
        &HandoffInit::new("auto").arg("-l"),
    )
}

fn auto_without_candidates() -> Test {
    let mut vm = boot_root(&root("vm-root-empty", &[])?)?;
    vm.agent.write_all(&HandoffInit::new("auto").encode()?)?;
    expect_failed(vm, BootStep::FindInit, 2)
}

fn cwd_is_entered() -> Test {
    expect_handoff(boot()?, INIT, &HandoffInit::new(INIT).cwd(WORK_DIR))
}

fn a_frame_before_the_guest_listens() -> Test {
    let handoff = HandoffInit::new(INIT).arg("early");
    let root = ROOT.as_ref().map_err(Clone::clone)?;
    let mut vm = Vm::start(kit()?, root, &Machine::default(), TIMEOUT)?;
    vm.agent.write_all(&handoff.encode()?)?;
    expect_ready(&mut vm)?;
    expect_init(&mut vm, INIT, &handoff)
}

fn a_frame_in_one_byte_writes() -> Test {
    let handoff = HandoffInit::new(INIT).arg("slow").env("A", "b").cwd("/srv");
    let mut vm = boot()?;
    for byte in handoff.encode()? {
        vm.agent.write_all(&[byte])?;
        std::thread::sleep(Duration::from_millis(2));
    }
    expect_init(&mut vm, INIT, &handoff)
}

fn bytes_behind_the_frame_are_left() -> Test {
    let handoff = HandoffInit::new(INIT).arg("one frame");
    let mut bytes = handoff.encode()?;
    bytes.extend_from_slice(b"for the init");
    let mut vm = boot()?;
    vm.agent.write_all(&bytes)?;
    expect_init(&mut vm, INIT, &handoff)
}

/// A frame of `handoff`, changed and sealed again as the crate itself would not.
fn resealed(handoff: &HandoffInit, change: impl FnOnce(&mut [u8])) -> Result<Vec<u8>, Failed> {
    let mut frame = handoff.encode()?;
    let summed = frame.len() - 8;
    change(&mut frame[..summed]);
    let checksum = XxHash64::oneshot(0, &frame[..summed]).to_le_bytes();
    frame[summed..].copy_from_slice(&checksum);
    Ok(frame)
}

/// Replaces the first `from` of `bytes`.
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from);
    let at = at.expect("the frame has these bytes");
    bytes[at..at + to.len()].copy_from_slice(to);
}

/// The guest must report the same error that decoding gives here, tell it, and power off.
fn expect_refused(frame: &[u8], expected: fn(&DecodeError) -> bool) -> Test {
    let error = match HandoffInit::decode(frame) {
        Err(error) if expected(&error) => error,
        other => return Err(format!("the host decodes it as {other:?}").into()),
    };
    let mut vm = boot()?;
    vm.agent.write_all(frame)?;
    expect_report(&mut vm, GuestReport::from(error))?;
    expect_on_console(vm, &refused_line(error))
}

fn expect_failed(mut vm: Vm, step: BootStep, errno: i32) -> Test {
    let item = 0;
    expect_report(&mut vm, GuestReport::Failed { step, item, errno })?;
    failures::expect_told(vm, step, item, errno)
}

/// What the agent's console says of a frame that it refuses.
fn refused_line(error: DecodeError) -> String {
    let (code, offset) = (error.code(), error.offset());
    format!("agent: frame refused: code {code} at byte {offset}")
}

fn expect_on_console(mut vm: Vm, text: &str) -> Test {
    let console = vm.wait_off()?;
    if !console.contains(text) {
        return Err(format!("no {text:?} on the console:\n{console}").into());
    }
    Ok(())
}

fn refuses_a_bad_checksum() -> Test {
    let mut frame = HandoffInit::new(INIT).arg("argument").encode()?;
    replace(&mut frame, b"argument", b"Argument");
    expect_refused(&frame, |error| {
        matches!(
            error,
            DecodeError {
                kind: DecodeErrorKind::BadChecksum,
                ..
            }
        )
    })
}

fn refuses_a_truncated_frame() -> Test {
    let frame = HandoffInit::new(INIT).arg("argument").encode()?;
    let part = &frame[..frame.len() - 3];
    let error = HandoffInit::decode(part).expect_err("three bytes are missing");
    assert!(matches!(
        error,
        DecodeError {
            kind: DecodeErrorKind::Truncated { missing: 3 },
            ..
        }
    ));
    let mut vm = boot()?;
    vm.agent.write_all(part)?;
    // A host that has closed the port cannot be told any more: the console is.
    vm.agent.close()?;
    expect_on_console(vm, &refused_line(error))
}

fn refuses_a_newer_generation() -> Test {
    let newer = |frame: &mut [u8]| frame[5..7].fill(GENERATION + 1);
    let frame = resealed(&HandoffInit::new(INIT), newer)?;
    expect_refused(&frame, |error| {
        matches!(
            error,
            DecodeError {
                kind: DecodeErrorKind::TooNew { .. },
                ..
            }
        )
    })
}

fn refuses_a_nul() -> Test {
    let nul = |frame: &mut [u8]| replace(frame, b"argument", b"argu\0ent");
    let frame = resealed(&HandoffInit::new(INIT).arg("argument"), nul)?;
    expect_refused(&frame, |_| true)
}

fn refuses_a_relative_cmd() -> Test {
    let relative = |frame: &mut [u8]| replace(frame, b"/sbin", b"xsbin");
    let frame = resealed(&HandoffInit::new(INIT), relative)?;
    expect_refused(&frame, |_| true)
}

fn refuses_what_is_no_frame() -> Test {
    expect_refused(b"GET / HTTP/1.1\r\n", |error| {
        matches!(
            error,
            DecodeError {
                kind: DecodeErrorKind::BadMagic,
                ..
            }
        )
    })
}

/// The agent must not get as far as `Accepted`.
fn expect_not_accepted(handoff: &HandoffInit, step: BootStep, errno: i32) -> Test {
    let mut vm = boot()?;
    vm.agent.write_all(&handoff.encode()?)?;
    expect_failed(vm, step, errno)
}

fn reports_a_missing_init() -> Test {
    expect_not_accepted(&HandoffInit::new("/srv/missing"), BootStep::FindInit, 2)
}

fn reports_an_init_that_is_not_executable() -> Test {
    expect_not_accepted(&HandoffInit::new("/srv/plain"), BootStep::CheckInit, 13)
}

fn reports_an_init_that_is_a_directory() -> Test {
    expect_not_accepted(&HandoffInit::new("/srv"), BootStep::CheckInit, 13)
}

fn reports_an_init_that_is_no_program() -> Test {
    let mut vm = boot()?;
    vm.agent
        .write_all(&HandoffInit::new("/srv/no-program").encode()?)?;
    // Only the kernel can tell, once it is too late to take this back.
    expect_report(&mut vm, GuestReport::Accepted)?;
    expect_failed(vm, BootStep::Exec, 8)
}

fn reports_a_missing_cwd() -> Test {
    let handoff = HandoffInit::new(INIT).cwd("/srv/missing");
    expect_not_accepted(&handoff, BootStep::Cwd, 2)
}

/// The kernel must take what our arithmetic says and refuse a byte more, with the errno `E2BIG`.
fn the_kernel_agrees_on_the_limits() -> Test {
    const MIB: u64 = 1024 * 1024;
    let total = |stack_limit| {
        let limits = ExecLimits::new(4096, stack_limit);
        (stack_limit, limits.max_total_bytes())
    };
    let mut steps = vec![format!(
        "string:{}",
        ExecLimits::default().max_string_bytes()
    )];
    // The usual limit, a small one, one that falls under the floor, one that hits the ceiling;
    // with few long strings, and with as many short ones as there can be.
    for (stack, total) in [8 * MIB, MIB, MIB / 4, 64 * MIB].map(total) {
        steps.push(format!("total:{stack}:{total}:100000"));
        if stack <= 8 * MIB {
            steps.push(format!("total:{stack}:{total}:10"));
        }
    }
    let handoff = HandoffInit::new(INIT)
        .arg("probe")
        .arg(format!("start,{}", steps.join(",")));
    let mut vm = boot()?;
    vm.agent.write_all(&handoff.encode()?)?;
    expect_report(&mut vm, GuestReport::Accepted)?;
    let expected = steps
        .iter()
        .map(|step| format!("{step} +1 errno 7\n{step} ok\n"));
    let expected = format!("start ok\n{}end\n", expected.collect::<String>());
    let found = vm.read_init()?;
    expect_same(&found, &expected).map_err(|_| format!("{found}instead of\n{expected}").into())
}
