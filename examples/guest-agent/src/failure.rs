//! Why a boot ends: what the host is told, and what the console says.

use core::ffi::CStr;

use guest_agent::console::say;
use guest_agent::text::Digits;
use microsandbox_types::{BootStep, DecodeError, GuestReport};
use rustix::io::Errno;

/// Why there is no init.
#[derive(Clone, Copy)]
pub enum Failure {
    /// The frame is not one that this agent can act on.
    Refused(DecodeError),
    /// A step failed.
    Step {
        step: BootStep,
        /// The index in the message's list, or 0.
        item: u8,
        errno: Errno,
        /// The path or the name that the step was about.
        what: &'static CStr,
    },
    /// The port failed, so the host cannot be told.
    Port(Errno),
}

impl Failure {
    /// What the host is told, if it can be.
    pub fn report(&self) -> Option<GuestReport> {
        match *self {
            Self::Refused(error) => Some(GuestReport::from(error)),
            Self::Step {
                step, item, errno, ..
            } => Some(GuestReport::Failed {
                step,
                item,
                errno: errno.raw_os_error(),
            }),
            Self::Port(_) => None,
        }
    }

    /// Tells the console.
    pub fn say(&self) {
        match self {
            Self::Refused(error) => say(&[
                b"agent: frame refused: code ",
                Digits::decimal(error.code().into()).as_bytes(),
                b" at byte ",
                Digits::decimal(error.offset()).as_bytes(),
            ]),
            Self::Step {
                step,
                item,
                errno,
                what,
            } => say(&[
                b"agent: ",
                name(*step).as_bytes(),
                b" ",
                Digits::decimal((*item).into()).as_bytes(),
                b" (",
                what.to_bytes(),
                b") failed: errno ",
                decimal(*errno).as_bytes(),
            ]),
            Self::Port(errno) => say(&[
                b"agent: the port agent.0 failed: errno ",
                decimal(*errno).as_bytes(),
            ]),
        }
    }
}

fn decimal(errno: Errno) -> Digits {
    Digits::decimal(errno.raw_os_error().unsigned_abs())
}

/// What the console calls a step.
fn name(step: BootStep) -> &'static str {
    match step {
        BootStep::Root => "root",
        BootStep::Mount => "mount",
        BootStep::Hostname => "hostname",
        BootStep::Interface => "interface",
        BootStep::Resolver => "resolver",
        BootStep::Hosts => "hosts",
        BootStep::Rlimit => "rlimit",
        BootStep::Clock => "clock",
        BootStep::Cwd => "cwd",
        BootStep::FindInit => "finding the init",
        BootStep::CheckInit => "checking the init",
        BootStep::Exec => "exec",
        BootStep::ExecInterpreter => "exec (interpreter or loader missing)",
        BootStep::Memory => "memory",
        BootStep::BaseMounts => "base mount",
        BootStep::NoNewPrivs => "no_new_privs",
        _ => "step",
    }
}

/// Names the step and the thing that an `Errno` comes from.
pub fn at(step: BootStep, item: usize, what: &'static CStr) -> impl Fn(Errno) -> Failure {
    let item = u8::try_from(item).unwrap_or(u8::MAX);
    move |errno| Failure::Step {
        step,
        item,
        errno,
        what,
    }
}
