//! The program that takes over as the guest's init.

use alloc::string::String;
use alloc::vec::Vec;

use crate::shape::shaped;

shaped! {
    #[json(remote = "HandoffInit")]
    #[binary(remote = "HandoffInit")]
    /// The program that takes over as the guest's init.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub struct HandoffInit {
        /// An absolute path inside the guest, or the literal `auto`.
        pub cmd: String,
        /// The arguments that follow `argv[0]`.
        #[json(default)]
        pub args: Vec<String>,
        /// Variables merged over the inherited environment; a later entry wins.
        #[json(default)]
        pub env: Vec<(String, String)>,
        /// The working directory inside the guest.
        #[json(default, skip_serializing_if = "Option::is_none")]
        pub cwd: Option<String>,
    }
}
