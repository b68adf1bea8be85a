//! The conversation over a stream that blocks.

use std::io::{self, Read, Write};

use thiserror_no_std::Error;

use super::{HandOver, HandOverError, Next, Outcome};
use crate::handoff::HandoffInit;
use crate::report::GuestReport;
use crate::setup::GuestSetup;
use crate::wire::ReadError;

/// Why a conversation did not come to a good end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConversationError {
    /// The boot failed.
    #[error(transparent)]
    Boot(#[from] HandOverError),
    /// The guest's reports could not be read: the stream ended or failed, or they are malformed.
    #[error("cannot read the guest's report: {0}")]
    Read(ReadError),
    /// The messages could not be written, and the guest has not said why.
    #[error("cannot send to the guest: {0}")]
    Write(io::Error),
}

/// Boots a guest over a stream: waits for its `Ready`, sends it what its generation and limits
/// allow, and reads on to the outcome. `progress` sees each report as it comes.
///
/// A write that fails is not the last word: a guest that refuses a long message closes its end,
/// and its refusal is read before the broken pipe is told. The stream must block; its time-outs
/// are the caller's. At most [`MAX_REPORTS`](crate::MAX_REPORTS) reports are read, and nothing
/// behind the outcome.
///
/// ```no_run
/// use std::os::unix::net::UnixStream;
/// use microsandbox_types::{HandoffInit, hand_over};
///
/// let mut guest = UnixStream::connect("agent.sock")?;
/// let init = HandoffInit::new("/sbin/init").env("LANG", "C.UTF-8");
/// let outcome = hand_over(&mut guest, None, Some(&init), |report| println!("the guest {report}"))?;
/// println!("{outcome:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ConversationError::Boot`] where the guest says why, or the messages do not suit it; else the
/// stream's own error.
pub fn hand_over(
    mut guest: impl Read + Write,
    setup: Option<&GuestSetup>,
    handoff: Option<&HandoffInit>,
    mut progress: impl FnMut(&GuestReport),
) -> Result<Outcome, ConversationError> {
    let mut boot = HandOver::new(setup, handoff);
    let mut broken: Option<io::Error> = None;
    loop {
        let report = match GuestReport::read_from(&mut guest) {
            Ok(report) => report,
            Err(error) => {
                return Err(match broken {
                    Some(error) => ConversationError::Write(error),
                    None => ConversationError::Read(error),
                });
            }
        };
        progress(&report);
        match boot.on_report(report)? {
            Next::Send(bytes) => {
                if let Err(error) = guest.write_all(&bytes).and_then(|()| guest.flush()) {
                    broken = Some(error);
                }
            }
            Next::Read => {}
            Next::Done(outcome) => return Ok(outcome),
        }
    }
}
