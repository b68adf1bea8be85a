//! The conversation over a stream that blocks.

use std::io::{self, ErrorKind, Read, Write};

use thiserror_no_std::Error;

use super::{HandOver, HandOverError, Next, Outcome};
use crate::report::GuestReport;

/// Why a conversation did not come to a good end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConversationError {
    /// The boot failed.
    #[error(transparent)]
    Boot(#[from] HandOverError),
    /// The stream failed as the guest's reports were read, which a time-out of the caller's is
    /// too.
    #[error("cannot read the guest's reports: {0}")]
    Read(io::Error),
    /// The messages could not be written whole, and the guest has not said why.
    #[error("cannot send to the guest: {0}")]
    Write(io::Error),
}

/// Boots a guest over a stream: waits for its `Ready`, sends it what its generation and limits
/// allow, and reads on to the outcome. `progress` sees each report as it comes.
///
/// A write that fails is not the last word: a guest that refuses a long message closes its end,
/// and its refusal is read before the broken pipe is reported. The stream must block; its time-outs
/// are the caller's. At most [`MAX_REPORTS`](crate::MAX_REPORTS) reports are read, and not a byte
/// behind the outcome.
///
/// ```no_run
/// use std::os::unix::net::UnixStream;
/// use microsandbox_types::{HandOver, HandoffInit, hand_over};
///
/// let mut guest = UnixStream::connect("agent.sock")?;
/// let init = HandoffInit::new("/sbin/init").env("LANG", "C.UTF-8");
/// let boot = HandOver::new(None, Some(&init));
/// let outcome = hand_over(&mut guest, boot, |report| println!("the guest {report}"))?;
/// println!("{outcome:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ConversationError::Boot`] where the guest says why, or the messages do not suit it; else the
/// stream's own error.
pub fn hand_over(
    mut guest: impl Read + Write,
    mut boot: HandOver<'_>,
    mut progress: impl FnMut(&GuestReport),
) -> Result<Outcome, ConversationError> {
    let mut broken: Option<io::Error> = None;
    loop {
        let report = read_report(&mut guest, &mut boot).map_err(|error| match error {
            ConversationError::Read(_) | ConversationError::Boot(HandOverError::Ended { .. }) => {
                // The guest has not said why the write broke, if it did.
                broken.take().map_or(error, ConversationError::Write)
            }
            error => error,
        })?;
        progress(&report);
        match boot.on_report(report)? {
            Next::Send(bytes) => {
                broken = guest.write_all(&bytes).and_then(|()| guest.flush()).err();
            }
            Next::Read => {}
            Next::Done(outcome) => {
                // A guest that has not got all of it cannot have acted on it.
                return broken.map_or(Ok(outcome), |error| Err(ConversationError::Write(error)));
            }
        }
    }
}

fn read_report(
    guest: &mut impl Read,
    boot: &mut HandOver<'_>,
) -> Result<GuestReport, ConversationError> {
    loop {
        match guest.read(boot.room()) {
            Ok(len) => {
                if let Some(report) = boot.filled(len)? {
                    return Ok(report);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(ConversationError::Read(error)),
        }
    }
}
