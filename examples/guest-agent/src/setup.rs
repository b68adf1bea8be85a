//! Everything that is done before there is an init, in its order.

use microsandbox_types::GuestSetupRef;
use rustix::fd::OwnedFd;
use rustix::time::{ClockId, clock_gettime};

use crate::failure::Failure;
use crate::{base, etc, identity, mounts, network, root};

/// Sets the guest up as the setup says. What is left open in `hidden` is the disk under the root.
#[inline(never)]
pub fn set_up(setup: &GuestSetupRef<'static>, hidden: &mut Option<OwnedFd>) -> Result<(), Failure> {
    let received = clock_gettime(ClockId::Monotonic);
    *hidden = root::enter(&setup.root())?;
    base::mount_rest()?;
    etc::write(setup)?;
    mounts::mount_all(setup)?;
    network::set_up_loopback()?;
    network::set_up(setup)?;
    identity::set(setup, received)
}

/// What a guest has without a setup too.
pub fn set_up_bare() -> Result<(), Failure> {
    base::mount_rest()?;
    network::set_up_loopback()
}
