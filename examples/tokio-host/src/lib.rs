//! The host's side of a boot, for tokio: the crate's [`HandOver`] decides, this moves the bytes.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use microsandbox_types::{GuestReport, HandOver, HandOverError, Next, Outcome};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::select;
use tokio::time::{Instant, sleep_until};

/// How long a guest may take.
#[derive(Clone, Copy, Debug)]
pub struct TimeOuts {
    /// Until it is ready: the kernel's boot.
    pub ready: Duration,
    /// From then to the outcome: the setup and the start of the init.
    pub outcome: Duration,
}

/// Why a boot failed.
#[derive(Debug)]
pub enum HostError {
    /// The guest said why, or the messages do not suit it.
    Boot(HandOverError),
    /// The guest was silent for too long; its last report, if there was one.
    TimedOut(Option<GuestReport>),
    /// The stream failed as reports were read.
    Read(io::Error),
    /// The messages could not be written whole, and the guest has not said why.
    Write(io::Error),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boot(error) => error.fmt(f),
            Self::TimedOut(None) => f.write_str("the guest is not ready in time"),
            Self::TimedOut(Some(last)) => write!(f, "the guest {last}, then took too long"),
            Self::Read(error) => write!(f, "cannot read the guest's reports: {error}"),
            Self::Write(error) => write!(f, "cannot send to the guest: {error}"),
        }
    }
}

impl std::error::Error for HostError {}

/// Boots a guest over a stream: a Unix socket, a vsock, or anything else that tokio reads and
/// writes. `progress` sees each report as it comes.
///
/// It writes and reads at once, so that a guest which refuses a long message is heard while most of
/// that is still to be written.
pub async fn boot<S: AsyncRead + AsyncWrite + Unpin>(
    guest: S,
    mut boot: HandOver<'_>,
    time_outs: TimeOuts,
    mut progress: impl FnMut(&GuestReport),
) -> Result<Outcome, HostError> {
    let (mut reader, mut writer) = split(guest);
    let mut frames = Vec::new();
    let mut written = 0;
    let mut broken: Option<io::Error> = None;
    let mut last = None;
    let mut deadline = Instant::now() + time_outs.ready;
    loop {
        // What is read and written stays so where the other comes first.
        select! {
            result = writer.write(&frames[written..]), if !frames.is_empty() => {
                match result {
                    Ok(0) => broken = Some(ErrorKind::WriteZero.into()),
                    Ok(len) => written += len,
                    Err(error) => broken = Some(error),
                }
                if broken.is_some() || written == frames.len() {
                    (frames, written) = (Vec::new(), 0);
                }
            }
            result = reader.read(boot.room()) => {
                let report = match result.map(|len| boot.filled(len)) {
                    Ok(Ok(Some(report))) => report,
                    error => {
                        let error = match error {
                            Ok(Err(error)) => HostError::Boot(error),
                            Err(error) => HostError::Read(error),
                            Ok(Ok(_)) => continue,
                        };
                        return Err(match (error, broken) {
                            // The guest has not said why the write broke.
                            (
                                HostError::Read(_) | HostError::Boot(HandOverError::Ended { .. }),
                                Some(broken),
                            ) => HostError::Write(broken),
                            (error, _) => error,
                        });
                    }
                };
                progress(&report);
                last = Some(report);
                match boot.on_report(report).map_err(HostError::Boot)? {
                    Next::Send(bytes) => {
                        frames = bytes;
                        deadline = Instant::now() + time_outs.outcome;
                    }
                    Next::Done(outcome) => {
                        // A guest that has not got all of it cannot have acted on it.
                        return match broken {
                            Some(error) => Err(HostError::Write(error)),
                            None if !frames.is_empty() => {
                                Err(HostError::Write(ErrorKind::WriteZero.into()))
                            }
                            None => Ok(outcome),
                        };
                    }
                    _ => {}
                }
            }
            () = sleep_until(deadline) => return Err(HostError::TimedOut(last)),
        }
    }
}
