//! Names of sandboxes, and the hostnames of their guests.
//!
//! The three functions check and derive plain strings. [`SandboxName`] and [`Hostname`] are for
//! what has passed a boundary: they cannot hold an invalid value, live without heap, and
//! [`Hostname`] is stricter than [`validate_hostname`](crate::validate_hostname).

#[cfg(feature = "alloc")]
use alloc::{format, string::String};
use core::borrow::Borrow;
use core::fmt;
use core::ops::Deref;
use core::str::FromStr;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror_no_std::Error;

use crate::error::is_error;
#[cfg(feature = "alloc")]
use crate::error::{TypesError, TypesResult};
use crate::limits::{MAX_HOSTNAME_BYTES, MAX_HOSTNAME_LABEL_BYTES, MAX_SANDBOX_NAME_BYTES};

/// Why a text is not a name; it does not carry the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// A sandbox name is empty.
    #[error("sandbox name must not be empty")]
    NameEmpty,
    /// A sandbox name is longer than [`MAX_SANDBOX_NAME_BYTES`].
    #[error("sandbox name must be at most {MAX_SANDBOX_NAME_BYTES} characters: got {len}")]
    NameTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A sandbox name holds a byte that it may not hold, or not there.
    #[error(
        "sandbox name must start with an alphanumeric and contain only alphanumeric, dots, \
         hyphens, and underscores"
    )]
    NameCharacters,
    /// A hostname is empty.
    #[error("hostname must not be empty")]
    HostnameEmpty,
    /// A hostname is longer than [`MAX_HOSTNAME_BYTES`].
    #[error("hostname is too long: {len} bytes (max {MAX_HOSTNAME_BYTES})")]
    HostnameTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A hostname does not consist of labels.
    #[error(
        "hostname must be labels of 1 to {MAX_HOSTNAME_LABEL_BYTES} letters, digits and inner \
         hyphens, joined by dots"
    )]
    HostnameLabels,
    /// A hostname has the form of an IPv4 address.
    #[error("hostname must not have the form of an IPv4 address")]
    HostnameIsAddress,
}

#[cfg(not(feature = "std"))]
impl core::error::Error for InvalidName {}
const _: () = is_error::<InvalidName>();

#[cfg(feature = "alloc")]
impl From<InvalidName> for TypesError {
    fn from(invalid: InvalidName) -> Self {
        Self::InvalidConfig(format!("{invalid}"))
    }
}

fn check_sandbox_name(name: &str) -> Result<(), InvalidName> {
    let [first, ..] = name.as_bytes() else {
        return Err(InvalidName::NameEmpty);
    };
    if name.len() > MAX_SANDBOX_NAME_BYTES {
        return Err(InvalidName::NameTooLong { len: name.len() });
    }
    if !first.is_ascii_alphanumeric() || !all_name_bytes(name.as_bytes()) {
        return Err(InvalidName::NameCharacters);
    }
    Ok(())
}

fn check_hostname_len(hostname: &str) -> Result<(), InvalidName> {
    match hostname.len() {
        0 => Err(InvalidName::HostnameEmpty),
        len if len > MAX_HOSTNAME_BYTES => Err(InvalidName::HostnameTooLong { len }),
        _ => Ok(()),
    }
}

/// Checks a sandbox name: 1 to 128 bytes, the first an ASCII letter or digit, every other an ASCII
/// letter, digit, `.`, `-` or `_`.
///
/// # Errors
/// [`TypesError::InvalidConfig`] names the rule that `name` breaks.
#[cfg(feature = "alloc")]
pub fn validate_sandbox_name(name: &str) -> TypesResult<()> {
    check_sandbox_name(name).map_err(|invalid| match invalid {
        InvalidName::NameCharacters => TypesError::InvalidConfig(format!("{invalid}: {name}")),
        _ => invalid.into(),
    })
}

/// Checks a hostname's length: `None` is fine, else it is 1 to 64 bytes.
///
/// That is all that stored specs have ever been held to; what `sethostname(2)` and DNS can use is
/// [`Hostname`].
///
/// # Errors
/// [`TypesError::InvalidConfig`] names the rule that `hostname` breaks.
#[cfg(feature = "alloc")]
pub fn validate_hostname(hostname: Option<&str>) -> TypesResult<()> {
    Ok(hostname.map_or(Ok(()), check_hostname_len)?)
}

/// The hostname of a sandbox that does not set one: a name of at most 64 bytes as it is, a longer
/// one as its first 55 bytes (fewer where a character would be cut), `-`, and the first 8
/// hexadecimal digits of its SHA-256.
///
/// The result is at most 64 bytes long. This is the hostname that sandboxes have always had; it may
/// hold what a hostname in the strict sense may not, such as `_`. `Hostname::from` derives one for
/// new sandboxes that is always valid: see [`Hostname`].
#[cfg(feature = "alloc")]
pub fn hostname_from_sandbox_name(name: &str) -> String {
    if name.len() <= MAX_HOSTNAME_BYTES {
        return name.into();
    }
    let digest = hex_digest::<8>(name);
    let mut end = MAX_HOSTNAME_BYTES
        .saturating_sub(digest.len())
        .saturating_sub(1);
    let prefix = loop {
        if let Some(prefix) = name.get(..end) {
            break prefix;
        }
        end = end.saturating_sub(1);
    };
    let mut hostname = String::with_capacity(MAX_HOSTNAME_BYTES);
    hostname.push_str(prefix);
    hostname.push('-');
    hostname.extend(digest.map(char::from));
    hostname
}

fn all_name_bytes(bytes: &[u8]) -> bool {
    let mut blocks = bytes.chunks_exact(32);
    let rest = blocks.remainder();
    // Without an early exit the compiler checks 16 bytes at a time. For less than a block, looking
    // each byte up is faster.
    blocks.all(|block| block.iter().fold(true, |ok, byte| ok & is_name_byte(*byte)))
        && rest
            .iter()
            .all(|byte| NAME_BYTES.get(usize::from(*byte)) == Some(&true))
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'-' | b'_')
}

/// What [`is_name_byte`] says of each byte.
static NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut rest: &mut [bool] = &mut table;
    let mut byte = 0u8;
    while let Some((entry, after)) = rest.split_first_mut() {
        *entry = is_name_byte(byte);
        byte = byte.wrapping_add(1);
        rest = after;
    }
    table
};

/// The first `N` lower-case hexadecimal digits of the SHA-256 of `name`.
fn hex_digest<const N: usize>(name: &str) -> [u8; N] {
    let digest = hmac_sha256::Hash::hash(name.as_bytes());
    let mut digits = [0; N];
    for (pair, byte) in digits.chunks_mut(2).zip(digest) {
        for (digit, nibble) in pair.iter_mut().zip([byte >> 4, byte & 0xf]) {
            *digit = if nibble < 10 {
                b'0' | nibble
            } else {
                (b'a' - 10).wrapping_add(nibble)
            };
        }
    }
    digits
}

/// A valid sandbox name, held without heap.
///
/// Every way to make one checks it as [`validate_sandbox_name`](crate::validate_sandbox_name) does.
///
/// ```
/// use microsandbox_types::SandboxName;
///
/// let name: SandboxName = "web-1".parse()?;
/// assert_eq!(name.as_str(), "web-1");
/// assert!(SandboxName::new("../etc").is_err());
/// # Ok::<(), microsandbox_types::InvalidName>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SandboxName(heapless::String<MAX_SANDBOX_NAME_BYTES>);

/// A valid hostname in the strict sense, held without heap: what goes to `sethostname(2)`.
///
/// It is at most 64 bytes long (Linux's `__NEW_UTS_LEN`) and consists of labels joined by `.`
/// (RFC 1123, section 2.1): 1 to 63 ASCII letters, digits and hyphens each, with no hyphen at
/// either end. Four numbers are an IPv4 address, not a hostname.
///
/// [`validate_hostname`](crate::validate_hostname) asks only for 1 to 64 bytes: a stored spec may
/// hold a hostname that it accepts and this type does not, such as `my_app`.
///
/// # From a sandbox name
/// `Hostname::from(&name)` gives every sandbox name a hostname of its own:
/// - A name that is a valid hostname without upper-case letters is its own hostname.
/// - Any other becomes one label: its first 46 bytes in lower case, with every byte that is not a
///   letter or digit as `-` (trailing ones dropped), then `-` and the first 16 hexadecimal digits
///   of the name's SHA-256. So does a name that already ends like that, so that no name takes the
///   hostname of another.
///
/// [`hostname_from_sandbox_name`](crate::hostname_from_sandbox_name) derives other hostnames for
/// names that are not hostnames: an existing sandbox keeps the one that it has. Names differ in
/// case, hostnames do not, hence the digits for upper case. Two derived hostnames are equal with
/// odds of 2⁻⁶⁴. The mapping never changes.
///
/// ```
/// use microsandbox_types::{Hostname, SandboxName};
///
/// let name = SandboxName::new("web-1")?;
/// assert_eq!(Hostname::from(&name).as_str(), "web-1");
/// let name = SandboxName::new("my_app")?;
/// assert_eq!(Hostname::from(&name).as_str(), "my-app-3fe582255b848a66");
/// # Ok::<(), microsandbox_types::InvalidName>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hostname(heapless::String<MAX_HOSTNAME_BYTES>);

/// How many hexadecimal digits end a derived hostname.
const DERIVED_DIGITS: usize = 16;

impl SandboxName {
    /// Checks and copies `name`.
    ///
    /// # Errors
    /// [`InvalidName`] names the rule that `name` breaks.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        check_sandbox_name(name)?;
        let len = name.len();
        let copied = heapless::String::try_from(name);
        copied
            .map(Self)
            .map_err(|_| InvalidName::NameTooLong { len })
    }
}

impl Hostname {
    /// Checks and copies `hostname`.
    ///
    /// # Errors
    /// [`InvalidName`] names the rule that `hostname` breaks.
    pub fn new(hostname: &str) -> Result<Self, InvalidName> {
        check_hostname_len(hostname)?;
        if !hostname.split('.').all(is_label) {
            return Err(InvalidName::HostnameLabels);
        }
        if is_dotted_decimal(hostname) {
            return Err(InvalidName::HostnameIsAddress);
        }
        let len = hostname.len();
        let copied = heapless::String::try_from(hostname);
        copied
            .map(Self)
            .map_err(|_| InvalidName::HostnameTooLong { len })
    }
}

fn is_label(label: &str) -> bool {
    let is_label_byte = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    (1..=MAX_HOSTNAME_LABEL_BYTES).contains(&label.len())
        && label.bytes().all(|byte| is_label_byte(&byte))
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether `hostname` is four numbers, as RFC 1123 (section 2.1) has programs ask before they
/// look a name up.
fn is_dotted_decimal(hostname: &str) -> bool {
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    hostname.split('.').count() == 4 && hostname.split('.').all(is_number)
}

impl From<&SandboxName> for Hostname {
    fn from(name: &SandboxName) -> Self {
        let plain = !name.bytes().any(|byte| byte.is_ascii_uppercase()) && !looks_derived(name);
        match Self::new(name) {
            Ok(hostname) if plain => hostname,
            _ => Self(derived(name)),
        }
    }
}

/// Whether `name` ends in `-` and the digits that a derived hostname ends in.
fn looks_derived(name: &str) -> bool {
    name.as_bytes()
        .split_last_chunk::<DERIVED_DIGITS>()
        .is_some_and(|(prefix, digits)| {
            prefix.ends_with(b"-")
                && digits
                    .iter()
                    .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
}

fn derived(name: &str) -> heapless::String<MAX_HOSTNAME_BYTES> {
    let prefix = MAX_HOSTNAME_LABEL_BYTES
        .saturating_sub(DERIVED_DIGITS)
        .saturating_sub(1);
    let mut hostname = heapless::String::new();
    for byte in name.bytes().take(prefix) {
        let byte = if byte.is_ascii_alphanumeric() {
            byte.to_ascii_lowercase()
        } else {
            b'-'
        };
        // At most one label is pushed in all, which fits.
        let _ = hostname.push(char::from(byte));
    }
    while hostname.ends_with('-') {
        hostname.pop();
    }
    for byte in [b'-'].into_iter().chain(hex_digest::<DERIVED_DIGITS>(name)) {
        let _ = hostname.push(char::from(byte));
    }
    hostname
}

/// The impls that a validated string has, all through its one constructor.
macro_rules! validated_string {
    ($name:ident, $expecting:literal) => {
        impl $name {
            /// The value as a string slice.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(value: &str) -> Result<Self, InvalidName> {
                Self::new(value)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidName;

            fn try_from(value: &str) -> Result<Self, InvalidName> {
                Self::new(value)
            }
        }

        #[cfg(feature = "alloc")]
        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(value: String) -> Result<Self, InvalidName> {
                Self::new(&value)
            }
        }

        #[cfg(feature = "alloc")]
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().into()
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                self.as_str()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name))
                    .field(&self.as_str())
                    .finish()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Checked;
                impl Visitor<'_> for Checked {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<$name, E> {
                        $name::new(value).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Checked)
            }
        }
    };
}

validated_string!(SandboxName, "a sandbox name");
validated_string!(Hostname, "a hostname");
