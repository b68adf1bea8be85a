//! What an agent does that does not leave when the guest is up. This one has nothing to do then:
//! **here is where a resident agent goes on**, over a protocol of its own, on this port or another.

use crate::failure::Failure;
use crate::host::Host;

/// The setup said to stay: no init follows, and the agent remains PID 1. When this returns, the VM
/// is powered off.
///
/// A resident agent starts its processes from here. As PID 1 it also has to wait for those that
/// lose their parents.
pub fn stay(host: &Host) -> Result<(), Failure> {
    host.wait_for_end()
}

/// The init runs, and this is the child that has told the host so. When this returns, the child
/// ends, which closes its port.
///
/// A resident agent serves the host from here, beside the init and unbound by its limits.
pub fn after_start(_host: &Host) {}
