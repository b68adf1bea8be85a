//! Changes to a root filesystem before the sandbox starts.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::HostPath;
use super::hidden::Hidden;

/// A change to the root filesystem before the sandbox starts.
///
/// `mode` holds the permission bits of `chmod(2)`, such as `0o644`; without a value the host
/// chooses. `replace` says whether a file that is there already is overwritten.
///
/// `Debug` does not show what a file is to hold.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        src: HostPath,
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
        src: HostPath,
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

impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text {
                path,
                content: _,
                mode,
                replace,
            } => written(f, "Text", path, mode, *replace),
            Self::File {
                path,
                content: _,
                mode,
                replace,
            } => written(f, "File", path, mode, *replace),
            Self::CopyFile {
                src,
                dst,
                mode,
                replace,
            } => f
                .debug_struct("CopyFile")
                .field("src", src)
                .field("dst", dst)
                .field("mode", mode)
                .field("replace", replace)
                .finish(),
            Self::CopyDir { src, dst, replace } => f
                .debug_struct("CopyDir")
                .field("src", src)
                .field("dst", dst)
                .field("replace", replace)
                .finish(),
            Self::Symlink {
                target,
                link,
                replace,
            } => f
                .debug_struct("Symlink")
                .field("target", target)
                .field("link", link)
                .field("replace", replace)
                .finish(),
            Self::Mkdir { path, mode } => f
                .debug_struct("Mkdir")
                .field("path", path)
                .field("mode", mode)
                .finish(),
            Self::Remove { path } => f.debug_struct("Remove").field("path", path).finish(),
            Self::Append { path, content: _ } => f
                .debug_struct("Append")
                .field("path", path)
                .field("content", &Hidden)
                .finish(),
        }
    }
}

fn written(
    f: &mut fmt::Formatter<'_>,
    variant: &str,
    path: &str,
    mode: &Option<u32>,
    replace: bool,
) -> fmt::Result {
    f.debug_struct(variant)
        .field("path", &path)
        .field("content", &Hidden)
        .field("mode", mode)
        .field("replace", &replace)
        .finish()
}
