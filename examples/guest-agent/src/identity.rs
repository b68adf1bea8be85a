//! What the guest takes itself for: its name, and the time.

use microsandbox_types::{BootStep, GuestSetupRef, WallClock};
use rustix::io;
use rustix::system::sethostname;
use rustix::time::{ClockId, Timespec, clock_gettime, clock_settime};

use crate::failure::{At, Failure};

/// How far the clock may be off.
const TOLERANCE_NANOSECONDS: i64 = 100_000_000;

/// Sets the hostname and the clock; `received` is when the setup came, in monotonic time.
pub fn set(setup: &GuestSetupRef<'_>, received: Timespec) -> Result<(), Failure> {
    if let Some(name) = setup.hostname() {
        sethostname(name.as_bytes()).at(BootStep::Hostname, 0, c"the hostname")?;
    }
    if let Some(clock) = setup.clock() {
        set_clock(&clock, received).at(BootStep::Clock, 0, c"the clock")?;
    }
    Ok(())
}

fn set_clock(clock: &WallClock, received: Timespec) -> io::Result<()> {
    let sent = Timespec {
        tv_sec: clock.seconds.cast_signed(),
        tv_nsec: clock.nanoseconds.into(),
    };
    // The mounts may have taken seconds since the host looked at its clock.
    let now = sent + (clock_gettime(ClockId::Monotonic) - received);
    let off = clock_gettime(ClockId::Realtime) - now;
    // A step takes time back or leaves some out, which is worse than to be a little off.
    let close = match off.tv_sec {
        0 => off.tv_nsec <= TOLERANCE_NANOSECONDS,
        -1 => off.tv_nsec >= 1_000_000_000 - TOLERANCE_NANOSECONDS,
        _ => false,
    };
    if close {
        return Ok(());
    }
    clock_settime(ClockId::Realtime, now)
}
