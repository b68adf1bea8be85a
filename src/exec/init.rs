//! The init that a guest chooses for itself.

use core::ffi::CStr;

/// The `cmd` that leaves the choice of the init to the guest.
pub const AUTO_INIT: &str = "auto";

/// Whether `cmd` is [`AUTO_INIT`].
pub(crate) fn is_auto(cmd: &[u8]) -> bool {
    const AUTO: &[u8; AUTO_INIT.len()] = AUTO_INIT.as_bytes().first_chunk().unwrap();
    // An array's comparison is smaller than a slice's.
    cmd.len() == AUTO.len() && cmd.first_chunk() == Some(AUTO)
}

/// Where a guest looks for an init when `cmd` is [`AUTO_INIT`], best first.
///
/// `argv[0]` is then the path found, not `auto`: an init such as busybox's goes by that name. The
/// limit on the whole message counts the longest of these.
pub const AUTO_INIT_CANDIDATES: &[&CStr] = &[
    c"/sbin/init",
    c"/etc/init",
    c"/bin/init",
    c"/lib/systemd/systemd",
    c"/usr/lib/systemd/systemd",
    c"/bin/sh",
];

/// The length of the longest of [`AUTO_INIT_CANDIDATES`].
pub(super) const LONGEST_CANDIDATE: usize = {
    let mut longest = 0;
    let mut left = AUTO_INIT_CANDIDATES;
    while let Some((path, rest)) = left.split_first() {
        let len = path.count_bytes();
        if len > longest {
            longest = len;
        }
        left = rest;
    }
    longest
};
