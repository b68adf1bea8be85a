//! The handoff: the message that tells the guest agent which init to become.

mod decode;
#[cfg(feature = "alloc")]
mod encode;
#[cfg(feature = "alloc")]
mod message;
mod rules;
mod view;

use core::fmt;

#[cfg(feature = "alloc")]
pub(crate) use self::encode::{
    check_arg, check_directory, check_lengths, check_program, check_var, entry_len,
};
#[cfg(feature = "alloc")]
pub use self::message::HandoffInit;
pub use self::view::HandoffInitRef;

fn debug<'a>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    cmd: &str,
    cwd: Option<&str>,
    args: &dyn fmt::Debug,
    keys: impl Iterator<Item = &'a str> + Clone,
) -> fmt::Result {
    struct Keys<I>(I);
    impl<'a, I: Iterator<Item = &'a str> + Clone> fmt::Debug for Keys<I> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_map()
                .entries(self.0.clone().map(|key| (key, format_args!("_"))))
                .finish()
        }
    }
    f.debug_struct(name)
        .field("cmd", &cmd)
        .field("args", args)
        .field("env", &Keys(keys))
        .field("cwd", &cwd)
        .finish()
}
