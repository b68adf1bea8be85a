//! Guest paths: Linux rules on every host.
//!
//! A guest path is a string, never the host's `Path`: `/sbin/init` is absolute in the guest even
//! where the host is Windows.

use crate::limits::MAX_PATH_BYTES;

/// Whether `path` starts at the guest's root.
pub(crate) fn is_absolute(path: &[u8]) -> bool {
    path.starts_with(b"/")
}

/// Whether `path` is short enough for the kernel's `PATH_MAX`.
pub(crate) fn fits_path_max(path: &[u8]) -> bool {
    path.len() <= MAX_PATH_BYTES
}
