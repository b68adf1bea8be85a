//! Why a boot failed.

use alloc::string::String;

use thiserror_no_std::Error;

use crate::error::is_error;
use crate::report::{BootStep, GuestReport, LinuxErrno, refusal_text};
use crate::setup::GuestSetup;
use crate::wire::EncodeError;

/// Why a boot failed, in words for the person who asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// The guest reads only an older generation than the messages need; nothing was sent.
    #[error("{part} needs a newer guest agent: this one reads generation {generation}")]
    GuestTooOld {
        /// The guest's generation.
        generation: u8,
        /// The first part that it cannot do.
        part: &'static str,
    },
    /// A message breaks a rule for this guest; nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// There is neither a setup nor a handoff.
    #[error("neither a setup nor a handoff to send")]
    NothingToSay,
    /// The guest refused a message.
    #[error("the guest refused the {message}: it {text} (code {reason}, byte {offset})",
        message = if *setup { "setup" } else { "handoff" },
        text = refusal_text(*reason).unwrap_or("breaks a rule of a newer guest"))]
    Refused {
        /// Whether the message was the setup; else the handoff.
        setup: bool,
        /// The code; see [`refusal_text`].
        reason: u8,
        /// The byte of the message's frame.
        offset: u32,
    },
    /// A guest of generation 1 could not start the init.
    #[error("cannot start the init: {errno}", errno = LinuxErrno(*errno))]
    ExecFailed {
        /// Linux's `errno`.
        errno: i32,
    },
    /// A step of the boot failed.
    #[error("{place}cannot {step}: {errno}", errno = LinuxErrno(*errno))]
    Failed {
        /// The part of the message, such as `mounts[2] (/data): `; may be empty.
        place: String,
        /// The step.
        step: BootStep,
        /// The index of what failed in the message's list, or 0.
        item: u8,
        /// Linux's `errno`.
        errno: i32,
    },
    /// The guest sent a report that cannot come at this point.
    #[error("the guest {report} out of turn")]
    OutOfTurn {
        /// The report.
        report: GuestReport,
    },
    /// The guest sent more reports than a conversation has.
    #[error("the guest does not stop reporting")]
    TooManyReports,
}

impl HandOverError {
    /// Says where in the setup a failed step is.
    pub(super) fn failed(setup: Option<&GuestSetup>, step: BootStep, item: u8, errno: i32) -> Self {
        let index = usize::from(item);
        let place = match (step, setup) {
            (BootStep::Mount, Some(setup)) => match setup.mounts.get(index) {
                Some(mount) => alloc::format!("mounts[{item}] ({}): ", escaped(&mount.guest)),
                None => alloc::format!("mounts[{item}]: "),
            },
            (BootStep::Interface, Some(setup)) => match setup.interfaces.get(index) {
                Some(interface) => {
                    alloc::format!("interfaces[{item}] ({}): ", escaped(&interface.name))
                }
                None => alloc::format!("interfaces[{item}]: "),
            },
            (BootStep::Rlimit, Some(setup)) => match setup.rlimits.get(index) {
                Some(rlimit) => alloc::format!("rlimits[{item}] ({}): ", rlimit.resource),
                None => alloc::format!("rlimits[{item}]: "),
            },
            _ => String::new(),
        };
        Self::Failed {
            place,
            step,
            item,
            errno,
        }
    }
}

/// A text as a terminal may have it.
fn escaped(text: &str) -> impl core::fmt::Display {
    text.escape_debug()
}

#[cfg(not(feature = "std"))]
impl core::error::Error for HandOverError {}
const _: () = is_error::<HandOverError>();
