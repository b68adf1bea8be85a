//! The last steps of PID 1 as the agent, and who tells the host what became of them.

use core::convert::Infallible;
use core::ffi::CStr;

use microsandbox_types::{BootStep, GuestReport, GuestSetupRef};
use rustix::fd::OwnedFd;
use rustix::io::{Errno, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, setsid, waitpid};
use rustix::runtime::{Fork, execve, exit_group, kernel_fork};
use syscalls::{Sysno, syscall};

use crate::failure::{At, Failure, fail};
use crate::handoff::check;
use crate::host::Host;
use crate::limits;
use crate::resident;
use crate::target::is_there;

/// Two of the kernel's schedulers.
const SCHED_NORMAL: usize = 0;
const SCHED_FIFO: usize = 1;

/// What is to become PID 1.
pub struct Init<'m> {
    /// The paths to try, best first.
    pub candidates: &'m [&'static CStr],
    /// The addresses of C strings that outlive the process, then a null; the first is replaced by
    /// the path.
    pub argv: &'m mut [usize],
    /// As `argv`.
    pub envp: &'m mut [usize],
}

/// Starts the init, and leaves a child behind that tells the host so: once `execve(2)` works,
/// nobody else is left who could. A host of generation 1 does not know that report, and has no
/// child made for it.
pub fn start(
    host: &Host,
    setup: Option<&GuestSetupRef<'static>>,
    init: Init<'_>,
) -> Result<Infallible, Failure> {
    if host.generation < 2 {
        return become_init(host, setup, init);
    }
    let what = c"the child";
    // Both ends are closed on `execve(2)`.
    let (outcome, told) = pipe_with(PipeFlags::CLOEXEC).at(BootStep::Memory, 0, what)?;
    // SAFETY: this process has one thread, no memory shared with another, and no state in a libc.
    let fork = unsafe { kernel_fork() };
    match fork.at(BootStep::Memory, 0, what)? {
        Fork::Child(_) => {
            // First: while this end is open, the other does not end.
            drop(told);
            watch(host, &outcome)
        }
        Fork::ParentOf(child) => {
            drop(outcome);
            // An init may die as soon as it starts, and the VM with it: the child must be able to
            // interrupt it, as a real-time process does.
            set_scheduler(Some(child), SCHED_FIFO);
            let result = become_init(host, setup, init);
            // The host hears it from this process, which outlives the child.
            let _ = write(&told, b"no");
            let _ = waitpid(Some(child), WaitOptions::empty());
            result
        }
    }
}

/// The child's part. Its zombie is the init's to reap, as any orphan is.
fn watch(host: &Host, outcome: &OwnedFd) -> ! {
    // The session of PID 1 and its terminal are the init's.
    let _ = setsid();
    let end = loop {
        match read(outcome, &mut [0; 1]) {
            Err(Errno::INTR) => {}
            end => break end,
        }
    };
    if end == Ok(0) && host.send(GuestReport::Started).is_ok() {
        set_scheduler(None, SCHED_NORMAL);
        resident::after_start(host);
    }
    exit_group(0)
}

fn become_init(
    host: &Host,
    setup: Option<&GuestSetupRef<'static>>,
    init: Init<'_>,
) -> Result<Infallible, Failure> {
    if let Some(setup) = setup {
        limits::apply(setup)?;
    }
    host.send(GuestReport::Accepted)?;
    let mut first = None;
    for path in init.candidates {
        // One that cannot start makes way for the next, as with the kernel's own choice.
        if is_there(path) {
            let failure = check(path).err();
            let failure = failure.unwrap_or_else(|| exec(path, init.argv, init.envp));
            first.get_or_insert(failure);
        }
    }
    // Of the candidates that are there, the best is the one that was meant.
    Err(first.unwrap_or_else(|| fail(BootStep::FindInit, 0, c"auto", Errno::NOENT)))
}

/// Replaces this program; returns only if that fails.
fn exec(path: &'static CStr, argv: &mut [usize], envp: &[usize]) -> Failure {
    // An init such as busybox's goes by it.
    if let Some(first) = argv.first_mut() {
        *first = path.as_ptr().expose_provenance();
    }
    // SAFETY: both lists are addresses of C strings that outlive the call, and end in a null.
    let errno = unsafe { execve(path, argv.as_ptr().cast(), envp.as_ptr().cast()) };
    let step = match errno {
        // The file itself has been found and checked.
        Errno::NOENT | Errno::NOTDIR => BootStep::ExecInterpreter,
        _ => BootStep::Exec,
    };
    fail(step, 0, path, errno)
}

/// Sets the scheduler of a child, or of this process. If the kernel refuses, `Started` may come too
/// late, nothing worse.
fn set_scheduler(process: Option<Pid>, policy: usize) {
    // The lowest real-time priority; `SCHED_NORMAL` takes only 0.
    let priority = i32::from(policy == SCHED_FIFO);
    let parameter = &raw const priority;
    // SAFETY: the kernel reads one `sched_param`, a number, and no more.
    let _ = unsafe {
        syscall!(
            Sysno::sched_setscheduler,
            Pid::as_raw(process),
            policy,
            parameter
        )
    };
}
