//! Changes to a root filesystem before the sandbox starts.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::HostPath;
use super::hidden::Hidden;

/// A change to the root filesystem, made before the sandbox starts.
///
/// `mode` holds the permission bits of `chmod(2)`, such as `0o644`; without one, the host chooses.
/// `replace` says whether an existing file is overwritten.
///
/// `Debug` does not show the content of files.
///
/// ```
/// use microsandbox_types::Patch;
///
/// // JSON numbers are decimal: 493 is octal 755.
/// let json = r#"{"Mkdir":{"path":"/srv/app","mode":493}}"#;
/// let patch: Patch = serde_json::from_str(json)?;
/// assert_eq!(patch, Patch::Mkdir { path: "/srv/app".into(), mode: Some(0o755) });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Patch {
    /// Writes a text file.
    Text {
        /// The file's path inside the guest.
        path: String,
        /// The file's content.
        content: String,
        /// The file's permission bits as a decimal number, such as 420 for octal 644.
        mode: Option<u32>,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
    /// Writes a binary file.
    File {
        /// The file's path inside the guest.
        path: String,
        /// The file's bytes; in JSON, a list of numbers from 0 to 255.
        content: Vec<u8>,
        /// The file's permission bits as a decimal number, such as 420 for octal 644.
        mode: Option<u32>,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
    /// Copies a file from the host.
    CopyFile {
        /// The file's path on the host.
        src: HostPath,
        /// The copy's path inside the guest.
        dst: String,
        /// The copy's permission bits as a decimal number, such as 420 for octal 644.
        mode: Option<u32>,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
    /// Copies a directory from the host, with everything in it.
    CopyDir {
        /// The directory's path on the host.
        src: HostPath,
        /// The copy's path inside the guest.
        dst: String,
        /// Whether existing files are overwritten.
        replace: bool,
    },
    /// Creates a symbolic link.
    Symlink {
        /// What the link points to.
        target: String,
        /// The link's path inside the guest.
        link: String,
        /// Whether an existing file is overwritten.
        replace: bool,
    },
    /// Creates a directory.
    Mkdir {
        /// The directory's path inside the guest.
        path: String,
        /// The directory's permission bits as a decimal number, such as 493 for octal 755.
        mode: Option<u32>,
    },
    /// Removes a file or a directory.
    Remove {
        /// The path inside the guest.
        path: String,
    },
    /// Appends text to a file.
    Append {
        /// The file's path inside the guest.
        path: String,
        /// The text to append.
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
