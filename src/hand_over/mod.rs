//! The host's side of the conversation, from the guest's first report to the outcome.
//!
//! [`HandOver`] decides and does no I/O, so that blocking and async hosts go by the same rules;
//! [`hand_over`] drives it over a stream that blocks.

mod error;
mod inbox;
#[cfg(feature = "std")]
mod stream;

use alloc::vec::Vec;

use self::inbox::Inbox;

pub use self::error::HandOverError;
#[cfg(feature = "std")]
pub use self::stream::{ConversationError, hand_over};

use crate::exec::ExecLimits;
use crate::handoff::HandoffInit;
use crate::plan::BootPlan;
use crate::report::GuestReport;
use crate::setup::{GuestSetup, Root, Then, WallClock};
use crate::wire::FrameKind;

/// The most reports that a host reads, 5,632 bytes: a conversation has four, and a newer guest may
/// send some that this host does not know. A guest that never ends its talk is not listened to for
/// ever.
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
    /// Write these bytes, and read on. A host that can do both at once learns of a refusal
    /// earlier; one that cannot reads on even where the write failed.
    Send(Vec<u8>),
    /// Read on.
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
/// A host reads from the guest into [`room`](Self::room) and says with [`filled`](Self::filled)
/// how many bytes came. That gives a report once one is whole: the host shows it, gives it to
/// [`on_report`](Self::on_report) and does what that says, until the outcome or an error. Time-outs
/// are the host's.
///
/// It holds one report and borrows the messages.
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
    clock: Option<fn() -> WallClock>,
    hostname_is_derived: bool,
    /// For each mount of the setup, its index in the spec; empty where there is no spec.
    mount_order: &'m [usize],
    inbox: Inbox,
    stage: Stage,
    /// The last report that the host knows.
    last: Option<GuestReport>,
    /// The guest's, from its `Ready`.
    generation: u8,
    reports: u32,
}

/// Hands over what the plan says.
impl<'m> From<&'m BootPlan> for HandOver<'m> {
    fn from(plan: &'m BootPlan) -> Self {
        Self {
            hostname_is_derived: plan.hostname_is_derived,
            mount_order: &plan.mount_order,
            ..Self::new(Some(&plan.setup), plan.handoff.as_ref())
        }
    }
}

impl<'m> HandOver<'m> {
    /// Starts a conversation that is to carry these messages. Only a setup that says
    /// [`Then::Stay`] goes without a handoff.
    #[must_use]
    pub const fn new(setup: Option<&'m GuestSetup>, handoff: Option<&'m HandoffInit>) -> Self {
        Self {
            setup,
            handoff,
            clock: None,
            hostname_is_derived: false,
            mount_order: &[],
            inbox: Inbox::new(),
            stage: Stage::Listening,
            last: None,
            generation: 0,
            reports: 0,
        }
    }

    /// Puts the time into the setup as it is encoded, right before it is written: a clock that was
    /// read before the guest was ready would be late by what the kernel took to boot.
    #[must_use]
    pub const fn with_clock(mut self, now: fn() -> WallClock) -> Self {
        self.clock = Some(now);
        self
    }

    /// Says that the setup's hostname only follows from the sandbox's name: a guest of generation
    /// 1 goes without it. A [`BootPlan`] says so itself.
    #[must_use]
    pub const fn with_derived_hostname(mut self) -> Self {
        self.hostname_is_derived = true;
        self
    }

    /// Returns where the next bytes from the guest go: what is missing of a report's header, then
    /// of its frame, so that not a byte behind it is read. It is never empty.
    pub fn room(&mut self) -> &mut [u8] {
        self.inbox.room()
    }

    /// Takes note that this many bytes came into [`room`](Self::room), and returns the report once
    /// it is whole. 0 bytes are the end of the stream.
    ///
    /// # Errors
    /// [`HandOverError::Ended`] and [`HandOverError::BadReport`]: the boot has failed, and the
    /// stream is of no further use.
    pub fn filled(&mut self, len: usize) -> Result<Option<GuestReport>, HandOverError> {
        if len == 0 {
            self.stage = Stage::Over;
            return Err(if self.inbox.is_empty() {
                HandOverError::Ended { last: self.last }
            } else {
                HandOverError::BadReport(self.inbox.cut_short())
            });
        }
        self.inbox.filled(len).map_err(|error| {
            self.stage = Stage::Over;
            HandOverError::BadReport(error)
        })
    }

    /// Takes the guest's next report and says what comes next.
    ///
    /// # Errors
    /// [`HandOverError`]: the boot has failed, and the stream is of no further use.
    pub fn on_report(&mut self, report: GuestReport) -> Result<Next, HandOverError> {
        let next = self.answer(report);
        if let Err(_) | Ok(Next::Done(_)) = next {
            self.stage = Stage::Over;
        }
        next
    }

    fn answer(&mut self, report: GuestReport) -> Result<Next, HandOverError> {
        self.reports = self.reports.saturating_add(1);
        if self.reports > MAX_REPORTS {
            return Err(HandOverError::TooManyReports);
        }
        if report == GuestReport::Unknown {
            return Ok(Next::Read);
        }
        self.last = Some(report);
        match (self.stage, report) {
            (Stage::Over, report) => Err(HandOverError::OutOfTurn { report }),
            (_, GuestReport::ExecFailed { errno }) => Err(HandOverError::ExecFailed { errno }),
            (_, GuestReport::Failed { step, item, errno }) => Err(self.failed(step, item, errno)),
            (Stage::Listening, GuestReport::Ready { generation, facts }) => {
                self.generation = generation;
                self.send(facts.exec_limits())
            }
            (Stage::Listening, report) => Err(HandOverError::OutOfTurn { report }),
            (stage, GuestReport::Refused { reason, offset }) => Err(HandOverError::Refused {
                message: match stage {
                    Stage::SettingUp => FrameKind::GuestSetup,
                    _ => FrameKind::HandoffInit,
                },
                reason,
                offset,
            }),
            (Stage::SettingUp, GuestReport::SetUp) if self.handoff.is_none() => {
                Ok(Next::Done(Outcome::SetUp))
            }
            (Stage::SettingUp, GuestReport::SetUp) => Ok(self.read_at(Stage::HandingOff)),
            (Stage::HandingOff, GuestReport::Accepted) if self.generation < 2 => {
                Ok(Next::Done(Outcome::Accepted))
            }
            (Stage::HandingOff, GuestReport::Accepted) => Ok(self.read_at(Stage::Starting)),
            (Stage::Starting, GuestReport::Started) => Ok(Next::Done(Outcome::Started)),
            (_, report) => Err(HandOverError::OutOfTurn { report }),
        }
    }

    fn read_at(&mut self, stage: Stage) -> Next {
        self.stage = stage;
        Next::Read
    }

    /// Both messages in one piece: a guest takes one frame and not a byte more.
    fn send(&mut self, mut limits: ExecLimits) -> Result<Next, HandOverError> {
        match (self.setup.map(|setup| setup.then), self.handoff) {
            (Some(Then::Stay), Some(_)) => return Err(HandOverError::HandoffAfterStay),
            (Some(Then::Handoff) | None, None) => return Err(HandOverError::HandoffMissing),
            _ => {}
        }
        let generation = self.generation;
        let too_old = |part| HandOverError::GuestTooOld { generation, part };
        let mut bytes = Vec::new();
        if let Some(setup) = self.setup {
            if generation >= GuestSetup::MIN_GENERATION {
                limits = limits.after(
                    setup
                        .rlimits
                        .iter()
                        .map(|limit| (limit.resource, limit.soft)),
                );
                bytes = match self.clock {
                    Some(now) => GuestSetup {
                        clock: Some(now()),
                        ..setup.clone()
                    }
                    .encode()?,
                    None => setup.encode()?,
                };
            } else if let Some(part) = needed_part(setup, self.hostname_is_derived) {
                return Err(too_old(part));
            }
        }
        self.stage = if bytes.is_empty() {
            Stage::HandingOff
        } else {
            Stage::SettingUp
        };
        if let Some(handoff) = self.handoff {
            if generation < handoff.min_generation() {
                return Err(too_old("init"));
            }
            let handoff = handoff.encode_with(&limits)?;
            if bytes.is_empty() {
                bytes = handoff;
            } else {
                bytes.extend_from_slice(&handoff);
            }
        }
        Ok(Next::Send(bytes))
    }
}

/// The first part of a setup without which the guest would be another than the host asks for.
///
/// A clock, and a hostname that only follows from the name, are welcome, but not needed.
fn needed_part(setup: &GuestSetup, hostname_is_derived: bool) -> Option<&'static str> {
    let parts = [
        (setup.then == Then::Stay, "then"),
        (setup.root != Root::Initramfs, "root"),
        (!setup.mounts.is_empty(), "mounts"),
        (setup.hostname.is_some() && !hostname_is_derived, "hostname"),
        (!setup.interfaces.is_empty(), "interfaces"),
        (!setup.dns.is_empty(), "dns"),
        (!setup.search.is_empty(), "search"),
        (!setup.hosts.is_empty(), "hosts"),
        (!setup.rlimits.is_empty(), "rlimits"),
        (setup.restricted, "security_profile"),
    ];
    let needed = parts.iter().find(|(is_set, _)| *is_set);
    needed.map(|(_, part)| *part)
}
