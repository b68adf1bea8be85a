//! Changes to a root filesystem before the sandbox starts.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// A change to the root filesystem before the sandbox starts.
///
/// `mode` holds the permission bits of `chmod(2)`, such as `0o644`; without a value the host
/// chooses. `replace` says whether a file that is there already is overwritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Patch {
    /// Writes a text file.
    Text {
        /// The file's path inside the guest.
        path: String,
        /// What the file holds.
        content: String,
        /// The file's permission bits.
        mode: Option<u32>,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
    /// Writes a file of any bytes.
    File {
        /// The file's path inside the guest.
        path: String,
        /// What the file holds; an array of numbers in JSON.
        content: Vec<u8>,
        /// The file's permission bits.
        mode: Option<u32>,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
    /// Copies a file of the host.
    CopyFile {
        /// The file's path on the host.
        src: String,
        /// The copy's path inside the guest.
        dst: String,
        /// The copy's permission bits.
        mode: Option<u32>,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
    /// Copies a directory of the host, with all that is in it.
    CopyDir {
        /// The directory's path on the host.
        src: String,
        /// The copy's path inside the guest.
        dst: String,
        /// Whether existing files are overwritten.
        replace: bool,
    },
    /// Makes a symbolic link.
    Symlink {
        /// What the link points to.
        target: String,
        /// The link's own path inside the guest.
        link: String,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
    /// Makes a directory.
    Mkdir {
        /// The directory's path inside the guest.
        path: String,
        /// The directory's permission bits.
        mode: Option<u32>,
    },
    /// Removes a file or a directory.
    Remove {
        /// The path inside the guest.
        path: String,
    },
    /// Adds text to the end of a file.
    Append {
        /// The file's path inside the guest.
        path: String,
        /// What is added.
        content: String,
    },
}
