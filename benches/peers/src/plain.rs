use alloc::string::String;
use alloc::vec::Vec;

use microsandbox_types::HandoffInit;

/// The handoff as a plain struct that every peer derives its format on.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "bincode", derive(bincode::Encode, bincode::Decode))]
#[cfg_attr(feature = "bitcode", derive(bitcode::Encode, bitcode::Decode))]
#[cfg_attr(
    feature = "rkyv",
    derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)
)]
pub struct Plain {
    pub cmd: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub cwd: Option<String>,
}

impl From<HandoffInit> for Plain {
    fn from(init: HandoffInit) -> Self {
        let HandoffInit {
            cmd,
            args,
            env,
            cwd,
        } = init;
        Self {
            cmd,
            args,
            env,
            cwd,
        }
    }
}
