//! The host's side of the conversation, from the guest's first report to the outcome.
//!
//! [`HandOver`] decides and does no I/O, so that blocking and async hosts go by the same rules;
//! [`hand_over`] drives it over a stream that blocks.

mod error;
#[cfg(feature = "std")]
mod stream;

use alloc::vec::Vec;

pub use self::error::HandOverError;
#[cfg(feature = "std")]
pub use self::stream::{ConversationError, hand_over};

use crate::exec::ExecLimits;
use crate::handoff::HandoffInit;
use crate::report::GuestReport;
use crate::setup::{GuestSetup, Then};

/// The most reports that a host reads: a conversation has at most four, and a newer guest may send
/// some that this host does not know. One that never ends its talk is not listened to for ever.
pub const MAX_REPORTS: u32 = 64;

/// How a boot ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The init's program is PID 1.
    Started,
    /// A guest of generation 1 has accepted the handoff; of the `execve(2)` it tells only a
    /// failure. Later reports and the end of the stream are the caller's.
    Accepted,
    /// The setup is done and the agent stays.
    SetUp,
}

/// What a host does next.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// Write these bytes, then read a report.
    Send(Vec<u8>),
    /// Read a report.
    Read,
    /// Nothing: this is the outcome.
    Done(Outcome),
}

/// Where the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Listening,
    SettingUp,
    HandingOff,
    Starting,
    Over,
}

/// The host's side of one boot, without I/O.
///
/// A host reads a [`GuestReport`], gives it to [`on_report`](Self::on_report) and does what that
/// says, until the outcome or an error. Time-outs are the host's.
///
/// ```
/// use microsandbox_types::{GuestFacts, GuestReport, HandOver, HandoffInit, Next, Outcome};
///
/// let init = HandoffInit::new("/sbin/init");
/// let mut boot = HandOver::new(None, Some(&init));
/// let ready = GuestReport::Ready { generation: 2, facts: GuestFacts::default() };
/// assert!(matches!(boot.on_report(ready)?, Next::Send(_)));
/// assert_eq!(boot.on_report(GuestReport::Accepted)?, Next::Read);
/// assert_eq!(boot.on_report(GuestReport::Started)?, Next::Done(Outcome::Started));
/// # Ok::<(), microsandbox_types::HandOverError>(())
/// ```
#[derive(Debug)]
pub struct HandOver<'m> {
    setup: Option<&'m GuestSetup>,
    handoff: Option<&'m HandoffInit>,
    stage: Stage,
    /// The guest's, from its `Ready`.
    generation: u8,
    reports: u32,
}

impl<'m> HandOver<'m> {
    /// Starts a conversation that is to carry these messages; either may be absent.
    #[must_use]
    pub fn new(setup: Option<&'m GuestSetup>, handoff: Option<&'m HandoffInit>) -> Self {
        Self {
            setup,
            handoff,
            stage: Stage::Listening,
            generation: 0,
            reports: 0,
        }
    }

    /// Takes the guest's next report and says what comes next.
    ///
    /// # Errors
    /// [`HandOverError`]: the boot has failed, and the stream is of no further use.
    pub fn on_report(&mut self, report: GuestReport) -> Result<Next, HandOverError> {
        self.reports = self.reports.saturating_add(1);
        if self.reports > MAX_REPORTS {
            return Err(HandOverError::TooManyReports);
        }
        let about_setup = matches!(self.stage, Stage::SettingUp);
        match report {
            GuestReport::Unknown => return Ok(Next::Read),
            GuestReport::Refused { reason, offset } => {
                return Err(HandOverError::Refused {
                    setup: about_setup,
                    reason,
                    offset,
                });
            }
            GuestReport::ExecFailed { errno } => return Err(HandOverError::ExecFailed { errno }),
            GuestReport::Failed { step, item, errno } => {
                return Err(HandOverError::failed(self.setup, step, item, errno));
            }
            _ => {}
        }
        match (self.stage, report) {
            (Stage::Listening, GuestReport::Ready { generation, facts }) => {
                self.generation = generation;
                self.send(facts.exec_limits())
            }
            (Stage::SettingUp, GuestReport::SetUp) if self.handoff.is_none() => {
                self.end(Outcome::SetUp)
            }
            (Stage::SettingUp, GuestReport::SetUp) => {
                self.stage = Stage::HandingOff;
                Ok(Next::Read)
            }
            (Stage::HandingOff, GuestReport::Accepted) if self.generation < 2 => {
                self.end(Outcome::Accepted)
            }
            (Stage::HandingOff, GuestReport::Accepted) => {
                self.stage = Stage::Starting;
                Ok(Next::Read)
            }
            (Stage::Starting, GuestReport::Started) => self.end(Outcome::Started),
            (_, report) => Err(HandOverError::OutOfTurn { report }),
        }
    }

    /// Both messages in one piece: a reader takes one frame and not a byte more.
    fn send(&mut self, limits: ExecLimits) -> Result<Next, HandOverError> {
        let setup = self.setup.filter(|setup| setup.is_needed());
        let mut bytes = Vec::new();
        if let Some(setup) = setup {
            if self.generation < GuestSetup::MIN_GENERATION {
                return Err(HandOverError::GuestTooOld {
                    generation: self.generation,
                    part: setup.needed_part(),
                });
            }
            bytes = setup.encode()?;
        } else if self.generation >= GuestSetup::MIN_GENERATION {
            // Not needed, but welcome.
            bytes = self.setup.map_or(Ok(Vec::new()), GuestSetup::encode)?;
        }
        let has_setup = !bytes.is_empty();
        if let Some(handoff) = self.handoff {
            if self.generation < handoff.min_generation() {
                return Err(HandOverError::GuestTooOld {
                    generation: self.generation,
                    part: "init",
                });
            }
            bytes.extend(handoff.encode_with(&limits)?);
        }
        self.stage = if has_setup {
            Stage::SettingUp
        } else {
            Stage::HandingOff
        };
        if bytes.is_empty() {
            return Err(HandOverError::NothingToSay);
        }
        Ok(Next::Send(bytes))
    }

    fn end(&mut self, outcome: Outcome) -> Result<Next, HandOverError> {
        self.stage = Stage::Over;
        Ok(Next::Done(outcome))
    }
}

impl GuestSetup {
    /// Returns whether a guest that cannot read a setup would be another than the host asks for.
    ///
    /// A clock, and a hostname alone, do not make a setup needed.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !self.needed_part().is_empty()
    }

    /// The first part that a guest of generation 1 cannot do, or nothing.
    fn needed_part(&self) -> &'static str {
        let parts = [
            (self.then == Then::Stay, "then"),
            (self.root != crate::setup::Root::Initramfs, "root"),
            (!self.mounts.is_empty(), "mounts"),
            (!self.interfaces.is_empty(), "interfaces"),
            (!self.dns.is_empty(), "dns"),
            (!self.search.is_empty(), "search"),
            (!self.hosts.is_empty(), "hosts"),
            (!self.rlimits.is_empty(), "rlimits"),
            (self.restricted, "security_profile"),
        ];
        let needed = parts.iter().find(|(is_set, _)| *is_set);
        needed.map_or("", |(_, part)| part)
    }
}
