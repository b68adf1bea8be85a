//! Why a boot ends: what the console says, at once, and what is reported to the host.

use core::ffi::CStr;

use guest_agent::console::say;
use guest_agent::text::Digits;
use microsandbox_types::{BootStep, DecodeError, GuestReport};
use rustix::io::{self, Errno};

/// Why there is no init. Small, as each call on the way hands it up; whatever else people want to
/// know is on the console by then.
#[derive(Clone, Copy)]
pub enum Failure {
    /// A frame is not one that this agent can act on.
    Refused { reason: u8, offset: u32 },
    /// A step failed.
    Failed {
        step: BootStep,
        item: u8,
        errno: Errno,
    },
    /// The port failed, so nothing can be reported to the host.
    Port,
}

impl Failure {
    /// What is reported to the host, if anything can be.
    pub fn report(self) -> Option<GuestReport> {
        match self {
            Self::Refused { reason, offset } => Some(GuestReport::Refused { reason, offset }),
            Self::Failed { step, item, errno } => Some(GuestReport::Failed {
                step,
                item,
                errno: errno.raw_os_error(),
            }),
            Self::Port => None,
        }
    }
}

/// What a call of the system gave.
pub trait At<T> {
    /// Names the step and the thing that an error comes from; `item` is the index in the message's
    /// list, or 0.
    fn at(self, step: BootStep, item: usize, what: &CStr) -> Result<T, Failure>;
}

impl<T> At<T> for io::Result<T> {
    #[inline(always)] // a branch and a call
    fn at(self, step: BootStep, item: usize, what: &CStr) -> Result<T, Failure> {
        match self {
            Ok(value) => Ok(value),
            Err(errno) => Err(fail(step, item, what, errno)),
        }
    }
}

/// A step failed.
#[inline(never)] // the console's part is not wanted at each place
pub fn fail(step: BootStep, item: usize, what: &CStr, errno: Errno) -> Failure {
    let item = u8::try_from(item).unwrap_or(u8::MAX);
    say(&[
        b"agent: cannot ",
        step.text().as_bytes(),
        b" ",
        Digits::decimal(item.into()).as_bytes(),
        b" (",
        what.to_bytes(),
        b"): errno ",
        decimal(errno).as_bytes(),
    ]);
    Failure::Failed { step, item, errno }
}

/// A frame is not one that this agent can act on.
#[inline(never)] // as `fail`
pub fn refused(error: DecodeError) -> Failure {
    say(&[
        b"agent: frame refused: code ",
        Digits::decimal(error.code().into()).as_bytes(),
        b" at byte ",
        Digits::decimal(error.offset()).as_bytes(),
    ]);
    Failure::Refused {
        reason: error.code(),
        offset: error.offset(),
    }
}

/// The port failed.
#[inline(never)] // as `fail`
pub fn port_failed(errno: Errno) -> Failure {
    say(&[
        b"agent: the port agent.0 failed: errno ",
        decimal(errno).as_bytes(),
    ]);
    Failure::Port
}

fn decimal(errno: Errno) -> Digits {
    Digits::decimal(errno.raw_os_error().unsigned_abs())
}
