//! What `execve(2)` takes: its limits, the inits to choose from, `argv` and `envp`.

mod init;
mod limits;
mod merge;
mod strings;

pub use self::init::{AUTO_INIT, AUTO_INIT_CANDIDATES};
pub use self::limits::ExecLimits;
pub use self::merge::{MergedEnv, ScratchTooSmall};
pub use self::strings::CStrings;

pub(crate) use self::init::is_auto;
pub(crate) use self::strings::{Lengths, Strings, c_str};
