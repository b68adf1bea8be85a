//! The handoff as a guest reads it.

#[cfg(feature = "alloc")]
use alloc::string::String;
use core::ffi::{CStr, c_char};
use core::fmt;

#[cfg(feature = "alloc")]
use super::HandoffInit;
use super::{debug, decode};
use crate::exec::{
    CStrings, ExecLimits, Lengths, MergedEnv, ScratchTooSmall, Strings, c_str, is_auto,
};
use crate::wire::{DecodeError, FrameKind, open};

/// A decoded, valid handoff that borrows every string from its frame.
///
/// This is what a guest agent works with: neither decoding nor walking
/// [`argv`](Self::argv) and [`envp`](Self::envp) allocates. `Debug` shows the environment's keys,
/// not its values.
///
/// ```
/// use microsandbox_types::{HandoffInit, HandoffInitRef};
///
/// let frame = HandoffInit::new("/sbin/init").arg("-s").env("TERM", "linux").encode()?;
/// let view = HandoffInitRef::decode(&frame).unwrap();
/// assert_eq!(view.argv().collect::<Vec<_>>(), [c"/sbin/init", c"-s"]);
/// assert_eq!(view.envp().collect::<Vec<_>>(), [c"TERM=linux"]);
/// # Ok::<(), microsandbox_types::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HandoffInitRef<'a> {
    /// `cmd`, `cwd` if there is one, `args`, `env`: each string with its NUL.
    pub(super) text: &'a str,
    /// Where in `text` each begins; `cwd` and `args` at the same place where there is no `cwd`.
    pub(super) cwd_at: usize,
    pub(super) args_at: usize,
    pub(super) env_at: usize,
    pub(super) args: Lengths<'a>,
    pub(super) env: Lengths<'a>,
}

impl fmt::Debug for HandoffInitRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Args<'a>(HandoffInitRef<'a>);
        impl fmt::Debug for Args<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.0.args()).finish()
            }
        }
        let keys = self.env().map(|(key, _)| key);
        debug(
            f,
            "HandoffInitRef",
            self.cmd(),
            self.cwd(),
            &Args(*self),
            keys,
        )
    }
}

impl<'a> HandoffInitRef<'a> {
    /// Reads a frame without copying or allocating.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact, valid frame of a handoff, for a
    /// guest with the usual [`ExecLimits`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Self::decode_with(bytes, &ExecLimits::default())
    }

    /// [`decode`](Self::decode) for a guest with these limits.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_with(bytes: &'a [u8], limits: &ExecLimits) -> Result<Self, DecodeError> {
        let frame = open(bytes, FrameKind::HandoffInit)?;
        decode::read(&frame, limits)
    }

    /// The init: an absolute path inside the guest, or [`AUTO_INIT`](crate::AUTO_INIT).
    pub fn cmd(&self) -> &'a str {
        self.text
            .get(..self.cwd_at.wrapping_sub(1))
            .unwrap_or_default()
    }

    /// Whether the choice of the init is left to the guest: `cmd` is [`AUTO_INIT`](crate::AUTO_INIT).
    pub fn is_auto(&self) -> bool {
        is_auto(self.cmd_cstr().to_bytes())
    }

    /// The init's working directory, an absolute path inside the guest.
    pub fn cwd(&self) -> Option<&'a str> {
        let cwd = self.text.get(self.cwd_at..self.args_at)?;
        cwd.strip_suffix('\0')
    }

    /// The arguments after `argv[0]`.
    pub fn args(&self) -> impl ExactSizeIterator<Item = &'a str> + Clone + use<'a> {
        self.arg_strings().strs()
    }

    /// The environment's entries in order; of entries with one key, the last wins.
    pub fn env(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        // Decoding has shown that each entry has its `=`.
        self.env_strings()
            .strs()
            .map(|entry| entry.split_once('=').unwrap_or_default())
    }

    /// [`cmd`](Self::cmd) as `execve(2)` takes it.
    pub fn cmd_cstr(&self) -> &'a CStr {
        c_str(self.text.as_bytes())
    }

    /// [`cwd`](Self::cwd) as `chdir(2)` takes it.
    pub fn cwd_cstr(&self) -> Option<&'a CStr> {
        let cwd = self.text.get(self.cwd_at..self.args_at)?;
        (!cwd.is_empty()).then(|| c_str(cwd.as_bytes()))
    }

    /// `argv` as `execve(2)` takes it: `cmd`, then the arguments.
    ///
    /// For [`AUTO_INIT`](crate::AUTO_INIT) an agent puts the path that it found in place of the first.
    ///
    /// A `&CStr` is made by searching its string for the NUL; where only the pointers are wanted,
    /// [`argv_ptrs`](Self::argv_ptrs) is several times as fast.
    pub fn argv(&self) -> CStrings<'a> {
        CStrings::new(self.argv_strings())
    }

    /// `envp` as `execve(2)` takes it: every entry in order, repeated keys included.
    ///
    /// As with [`argv`](Self::argv), [`envp_ptrs`](Self::envp_ptrs) is faster.
    pub fn envp(&self) -> CStrings<'a> {
        CStrings::new(self.env_strings())
    }

    /// The pointers of [`argv`](Self::argv), valid as long as the frame is borrowed; the null that
    /// ends the list for `execve(2)` is the caller's to add.
    pub fn argv_ptrs(&self) -> impl ExactSizeIterator<Item = *const c_char> + Clone + use<'a> {
        self.argv_strings().pointers()
    }

    /// The pointers of [`envp`](Self::envp), as [`argv_ptrs`](Self::argv_ptrs).
    pub fn envp_ptrs(&self) -> impl ExactSizeIterator<Item = *const c_char> + Clone + use<'a> {
        self.env_strings().pointers()
    }

    /// The pointer of [`cwd_cstr`](Self::cwd_cstr), as [`argv_ptrs`](Self::argv_ptrs).
    pub fn cwd_ptr(&self) -> Option<*const c_char> {
        let cwd = self.text.as_ptr().wrapping_add(self.cwd_at);
        (self.cwd_at < self.args_at).then_some(cwd.cast())
    }

    fn arg_strings(&self) -> Strings<'a> {
        Strings {
            lengths: self.args,
            text: self.text,
            at: self.args_at,
            first: false,
        }
    }

    fn argv_strings(&self) -> Strings<'a> {
        Strings {
            first: true,
            ..self.arg_strings()
        }
    }

    fn env_strings(&self) -> Strings<'a> {
        Strings {
            lengths: self.env,
            text: self.text,
            at: self.env_at,
            first: false,
        }
    }

    /// `envp` merged over an inherited environment: each key once, its last entry, in order.
    ///
    /// A key ends before the entry's first `=`; an inherited entry without one is all key.
    /// `scratch` needs a slot for each entry of both. Nothing is allocated, and n entries take
    /// about n log n comparisons of keys.
    ///
    /// ```
    /// # use microsandbox_types::{HandoffInit, HandoffInitRef};
    /// let frame = HandoffInit::new("auto").env("PATH", "/bin").env("PATH", "/sbin").encode()?;
    /// let view = HandoffInitRef::decode(&frame).unwrap();
    /// let envp = view.merge_env(&[c"PATH=/", c"HOME=/"], &mut [0; 4]).unwrap().collect::<Vec<_>>();
    /// assert_eq!(envp, [c"HOME=/", c"PATH=/sbin"]);
    /// # Ok::<(), microsandbox_types::EncodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`ScratchTooSmall`] says how many slots are needed.
    pub fn merge_env<'i, 's>(
        &self,
        inherited: &'i [&'i CStr],
        scratch: &'s mut [u32],
    ) -> Result<MergedEnv<'i, 's>, ScratchTooSmall>
    where
        'a: 'i,
    {
        MergedEnv::new(inherited, self.env_strings(), scratch)
    }

    /// The message with strings of its own.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_owned(&self) -> HandoffInit {
        HandoffInit {
            cmd: self.cmd().into(),
            args: self.args().map(String::from).collect(),
            env: self
                .env()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            cwd: self.cwd().map(String::from),
        }
    }
}
