//! What `Debug` leaves out, since it may be a secret.

use alloc::string::String;
use core::fmt;

/// Stands for a value that is not shown.
pub(crate) struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// Shows the keys of a map alone.
pub(crate) struct Keys<'a>(pub(crate) &'a alloc::collections::BTreeMap<String, String>);

impl fmt::Debug for Keys<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.keys().map(|key| (key, Hidden)))
            .finish()
    }
}
