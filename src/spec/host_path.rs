//! Paths on the host.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

/// A path on the host, as UTF-8: a plain string in JSON.
///
/// The crate never looks at the host, so that any text is taken, and the host's own rules tell
/// whether it is absolute. With `std` it can be used as a [`Path`](std::path::Path). A path inside
/// the guest is a `String` instead: it follows Linux's rules whatever the host is.
///
/// ```
/// use microsandbox_types::{HostPath, RootfsSource};
///
/// let path = HostPath::from("/srv/alpine");
/// assert_eq!(path.as_str(), "/srv/alpine");
/// # #[cfg(feature = "std")]
/// assert!(path.join("etc").starts_with("/srv"));
/// let image = RootfsSource::Bind(path);
/// # let _ = image;
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[serde(transparent)]
pub struct HostPath(String);

impl HostPath {
    /// Returns the path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for HostPath {
    fn from(path: &str) -> Self {
        Self(path.into())
    }
}

impl From<String> for HostPath {
    fn from(path: String) -> Self {
        Self(path)
    }
}

impl From<HostPath> for String {
    fn from(path: HostPath) -> Self {
        path.0
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for HostPath {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> alloc::borrow::Cow<'static, str> {
        "HostPath".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(feature = "std")]
mod std_paths {
    use core::ops::Deref;
    use std::format;
    use std::path::{Path, PathBuf};

    use super::HostPath;
    use crate::error::TypesError;

    impl Deref for HostPath {
        type Target = Path;

        fn deref(&self) -> &Path {
            Path::new(&self.0)
        }
    }

    impl AsRef<Path> for HostPath {
        fn as_ref(&self) -> &Path {
            self
        }
    }

    impl From<HostPath> for PathBuf {
        fn from(path: HostPath) -> Self {
            path.0.into()
        }
    }

    impl TryFrom<&Path> for HostPath {
        type Error = TypesError;

        /// Takes the path over.
        ///
        /// # Errors
        /// A path that is not UTF-8 is refused: JSON cannot hold it.
        fn try_from(path: &Path) -> Result<Self, TypesError> {
            path.to_path_buf().try_into()
        }
    }

    impl TryFrom<PathBuf> for HostPath {
        type Error = TypesError;

        /// Takes the path over.
        ///
        /// # Errors
        /// A path that is not UTF-8 is refused: JSON cannot hold it.
        fn try_from(path: PathBuf) -> Result<Self, TypesError> {
            path.into_os_string()
                .into_string()
                .map(Self)
                .map_err(|path| {
                    let message = format!("host path is not UTF-8: {path:?}");
                    TypesError::InvalidConfig(message)
                })
        }
    }
}
