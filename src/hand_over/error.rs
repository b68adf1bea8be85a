//! Why a boot failed.

use alloc::format;
use alloc::string::String;

use thiserror_no_std::Error;

use super::HandOver;
use crate::error::is_error;
use crate::report::{BootStep, GuestReport, LinuxErrno, refusal_text};
use crate::wire::{DecodeError, EncodeError, FrameKind};

/// Why a boot failed, in words for the person who asked for it: paths and names, never the value
/// of an environment entry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HandOverError {
    /// The guest reads only an older generation than the messages need; nothing was sent.
    #[error("{part}: needs a newer guest agent; this one reads generation {generation}")]
    GuestTooOld {
        /// The guest's generation.
        generation: u8,
        /// The first part that it cannot do.
        part: &'static str,
    },
    /// A message breaks a rule, or is more than this guest's `execve(2)` takes; nothing was sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// There is no handoff, and no setup that goes without one; nothing was sent.
    #[error("there is no handoff, and only a setup that says `stay` goes without one")]
    HandoffMissing,
    /// There is a handoff, which a guest that stays would not read; nothing was sent.
    #[error("there is a handoff, but the setup says `stay`")]
    HandoffAfterStay,
    /// The guest refused a message.
    #[error("the guest refused the {message}: it {text} (code {reason}, byte {offset})",
        text = refusal_text(*reason).unwrap_or("breaks a rule of a newer guest"))]
    Refused {
        /// Which message.
        message: FrameKind,
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
        /// The part of the spec or message, such as `mounts[2] (/data): `; may be empty.
        place: String,
        /// The step.
        step: BootStep,
        /// The index of what failed in the message's list, or 0.
        item: u8,
        /// Linux's `errno`.
        errno: i32,
    },
    /// The guest's bytes are not a report.
    #[error("the guest sent no report: {0}")]
    BadReport(#[from] DecodeError),
    /// The guest sent a report that cannot come at this point.
    #[error("the guest {report}, which cannot come at this point")]
    OutOfTurn {
        /// The report.
        report: GuestReport,
    },
    /// The guest sent more than [`MAX_REPORTS`](crate::MAX_REPORTS).
    #[error("the guest does not stop reporting")]
    TooManyReports,
    /// The stream ended between two reports.
    #[error("{}", ended(last))]
    Ended {
        /// The last report that came.
        last: Option<GuestReport>,
    },
}

fn ended(last: &Option<GuestReport>) -> String {
    match last {
        Some(report) => format!("the guest {report}, then closed the stream"),
        None => "the guest closed the stream before it was ready".into(),
    }
}

impl HandOver<'_> {
    /// Says where in the spec or message a failed step is.
    pub(super) fn failed(&self, step: BootStep, item: u8, errno: i32) -> HandOverError {
        HandOverError::Failed {
            place: self.place(step, item),
            step,
            item,
            errno,
        }
    }

    fn place(&self, step: BootStep, item: u8) -> String {
        let index = usize::from(item);
        let setup = self.setup;
        let (list, index, name) = match step {
            BootStep::Mount => {
                let mount = setup.and_then(|setup| setup.mounts.get(index));
                // The setup has parents first; a person knows the order of the spec.
                let index = self.mount_order.get(index).copied().unwrap_or(index);
                ("mounts", index, mount.map(|mount| escaped(&mount.guest)))
            }
            BootStep::Interface => {
                let interface = setup.and_then(|setup| setup.interfaces.get(index));
                let name = interface.map(|interface| escaped(&interface.name));
                ("interfaces", index, name)
            }
            BootStep::Rlimit => {
                let rlimit = setup.and_then(|setup| setup.rlimits.get(index));
                let name = rlimit.map(|rlimit| format!("{}", rlimit.resource));
                ("rlimits", index, name)
            }
            _ => return String::new(),
        };
        match name {
            Some(name) => format!("{list}[{index}] ({name}): "),
            None => format!("{list}[{index}]: "),
        }
    }
}

/// A text as a terminal may have it.
fn escaped(text: &str) -> String {
    format!("{}", text.escape_debug())
}

#[cfg(not(feature = "std"))]
impl core::error::Error for HandOverError {}
const _: () = is_error::<HandOverError>();
