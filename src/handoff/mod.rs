//! The handoff: the one message that tells the guest agent which init to become.

mod decode;
mod encode;
mod error;
mod exec;
mod frame;
mod report;
mod rules;
#[cfg(feature = "std")]
mod stream;
mod strings;
mod utf8;

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::{CStr, c_char};
use core::fmt;

pub use self::error::{
    DecodeError, EncodeError, HandoffField, HandoffRule, InvalidHandoff, ScratchTooSmall,
};
#[cfg(feature = "std")]
pub use self::error::{ReadError, WriteError};
pub use self::exec::{AUTO_INIT, AUTO_INIT_CANDIDATES, CStrings, EnvpOver, ExecLimits};
pub use self::frame::{FrameHeader, FrameKind, GENERATION};
pub use self::report::GuestReport;
#[cfg(feature = "std")]
pub use self::stream::read_frame;

use self::encode::Layout;
use self::frame::OVERHEAD;
use self::strings::{Strings, Strs, as_str, c_str};
use crate::limits::MAX_PAYLOAD_BYTES;
use crate::shape::shaped;

shaped! {
    #[json(remote = "HandoffInit")]
    #[binary(remote = "HandoffInit")]
    /// Which program becomes the guest's init once the agent has set the guest up, with which
    /// arguments and environment.
    ///
    /// The fields hold whatever the JSON held; [`validate`](Self::validate) checks them, as do
    /// [`encode`](Self::encode) and [`decode`](Self::decode). `Debug` shows the environment's
    /// keys, not its values.
    ///
    /// ```
    /// use microsandbox_types::HandoffInit;
    ///
    /// let init = HandoffInit::new("/sbin/init").arg("--unit=rescue.target").env("LANG", "C.UTF-8");
    /// let frame = init.encode()?;
    /// assert_eq!(HandoffInit::decode(&frame), Ok(init));
    /// # Ok::<(), microsandbox_types::EncodeError>(())
    /// ```
    #[derive(Clone, PartialEq, Eq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub struct HandoffInit {
        /// The init: an absolute path inside the guest, or [`AUTO_INIT`] to let the guest choose.
        /// It is `argv[0]` too; for [`AUTO_INIT`] that is the path found.
        pub cmd: String,
        /// The arguments after `argv[0]`.
        #[json(default)]
        pub args: Vec<String>,
        /// Environment entries, merged over the environment that the init would inherit; of
        /// entries with one key, the last wins.
        #[json(default)]
        pub env: Vec<(String, String)>,
        /// The init's working directory: an absolute path inside the guest. Absent, the init
        /// starts where the agent is.
        #[json(default, skip_serializing_if = "Option::is_none")]
        pub cwd: Option<String>,
    }
}

impl fmt::Debug for HandoffInit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.env.iter().map(|(key, _)| key.as_str());
        debug(
            f,
            "HandoffInit",
            &self.cmd,
            self.cwd.as_deref(),
            &self.args,
            keys,
        )
    }
}

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

impl HandoffInit {
    /// A handoff to `cmd` without arguments, environment or working directory.
    pub fn new(cmd: impl Into<String>) -> Self {
        Self {
            cmd: cmd.into(),
            args: Vec::new(),
            env: Vec::new(),
            cwd: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds an environment entry, which wins over earlier ones of the same key.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<String>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// Checks the message against the rules that the guest holds it to, for a guest with the
    /// usual [`ExecLimits`].
    ///
    /// # Errors
    /// [`InvalidHandoff`] names the first field that breaks a rule: `cmd` neither absolute nor
    /// `auto`, `cwd` not absolute, either longer than 4095 bytes, a NUL anywhere, an environment
    /// key that is empty or holds `=`, a string or the whole larger than `execve(2)` takes.
    pub fn validate(&self) -> Result<(), InvalidHandoff> {
        self.validate_with(&ExecLimits::default())
    }

    /// [`validate`](Self::validate) for a guest with these limits.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_with(&self, limits: &ExecLimits) -> Result<(), InvalidHandoff> {
        encode::check(self, limits)
    }

    /// The length in bytes of the frame that [`encode`](Self::encode) writes.
    pub fn encoded_len(&self) -> usize {
        Layout::of(self).payload_len().saturating_add(OVERHEAD)
    }

    /// The lowest reader [`GENERATION`] that may act on this message: a guest whose
    /// [`GuestReport::Ready`] names a lower one refuses its frame.
    pub const fn min_generation(&self) -> u8 {
        // A field newer than this, where it is set, raises it.
        1
    }

    /// Writes the message as a frame, in one allocation of its exact size.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] where [`validate`](Self::validate) refuses the message.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        self.encode_with(&ExecLimits::default())
    }

    /// [`encode`](Self::encode) for a guest with these limits.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] where [`validate_with`](Self::validate_with) refuses the message,
    /// [`EncodeError::PayloadTooLarge`] where a valid message is too long for a frame.
    #[allow(clippy::slow_vector_initialization)] // `vec!` asks for zeroes, which takes longer
    pub fn encode_with(&self, limits: &ExecLimits) -> Result<Vec<u8>, EncodeError> {
        let layout = self.lay_out(limits)?;
        let len = layout.payload_len().saturating_add(OVERHEAD);
        let mut frame = Vec::with_capacity(len);
        frame.resize(len, 0);
        self.write_frame(&layout, limits, &mut frame)?;
        Ok(frame)
    }

    /// Writes the message as a frame at the start of `buffer`, without allocating, and returns
    /// the frame's length. What follows the frame is left as it was.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), and [`EncodeError::BufferTooSmall`], which leaves `buffer`
    /// untouched. Where a string holds a NUL, `buffer` may hold some of the message, but no frame.
    pub fn encode_into(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        let limits = ExecLimits::default();
        let layout = self.lay_out(&limits)?;
        self.write_frame(&layout, &limits, buffer)
    }

    fn lay_out(&self, limits: &ExecLimits) -> Result<Layout, EncodeError> {
        let layout = match encode::lay_out(self, limits) {
            Ok(layout) => layout,
            Err(invalid) => {
                // A NUL may come before what was found.
                encode::check(self, limits)?;
                return Err(invalid.into());
            }
        };
        let len = layout.payload_len();
        if len > MAX_PAYLOAD_BYTES {
            // A NUL comes first.
            encode::check(self, limits)?;
            return Err(EncodeError::PayloadTooLarge { len });
        }
        Ok(layout)
    }

    fn write_frame(
        &self,
        layout: &Layout,
        limits: &ExecLimits,
        buffer: &mut [u8],
    ) -> Result<usize, EncodeError> {
        let needed = layout.payload_len().saturating_add(OVERHEAD);
        let too_small = EncodeError::BufferTooSmall { needed };
        let Some(frame) = buffer.get_mut(..needed) else {
            // A larger buffer would not help a message with a NUL.
            encode::check(self, limits)?;
            return Err(too_small);
        };
        let payload = frame::payload_mut(frame).ok_or(too_small)?;
        encode::write(self, layout, payload).ok_or(too_small)?;
        if encode::has_stray_nul(self, layout, payload) {
            encode::check(self, limits)?;
        }
        frame::seal(frame, FrameKind::HandoffInit).ok_or(too_small)?;
        Ok(needed)
    }

    /// Reads a frame into a message of its own. Nothing is allocated until all has been checked.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact, valid frame of a handoff.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        HandoffInitRef::decode(bytes).map(|view| view.to_owned())
    }
}

/// A decoded, valid handoff that borrows every string from its frame.
///
/// This is what a guest agent works with: neither decoding nor walking
/// [`argv`](Self::argv) and [`envp`](Self::envp) allocates. `Debug` shows the environment's keys,
/// not its values.
#[derive(Clone)]
pub struct HandoffInitRef<'a> {
    /// `cmd`, `cwd` if there is one, `args`, `env`: UTF-8, each string with its NUL.
    text: &'a [u8],
    /// Where in `text` each begins; `cwd` and `args` at the same place where there is no `cwd`.
    cwd_at: usize,
    args_at: usize,
    env_at: usize,
    /// The lengths of `args`, as the frame has them.
    arg_lens: &'a [u8],
    env_lens: &'a [u8],
}

impl fmt::Debug for HandoffInitRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Args<'a>(Strs<'a>);
        impl fmt::Debug for Args<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.0.clone()).finish()
            }
        }
        let keys = self.env().map(|(key, _)| key);
        debug(
            f,
            "HandoffInitRef",
            self.cmd(),
            self.cwd(),
            &Args(self.arg_strings().strs()),
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
        let frame = frame::open(bytes, FrameKind::HandoffInit)?;
        decode::read(&frame, limits)
    }

    /// The init: an absolute path inside the guest, or [`AUTO_INIT`].
    pub fn cmd(&self) -> &'a str {
        as_str(self.cmd_cstr().to_bytes())
    }

    /// Whether the choice of the init is left to the guest: `cmd` is [`AUTO_INIT`].
    pub fn is_auto(&self) -> bool {
        exec::is_auto(self.cmd_cstr().to_bytes())
    }

    /// The init's working directory, an absolute path inside the guest.
    pub fn cwd(&self) -> Option<&'a str> {
        self.cwd_cstr().map(|cwd| as_str(cwd.to_bytes()))
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
        c_str(self.text)
    }

    /// [`cwd`](Self::cwd) as `chdir(2)` takes it.
    pub fn cwd_cstr(&self) -> Option<&'a CStr> {
        let cwd = self.text.get(self.cwd_at..self.args_at)?;
        (!cwd.is_empty()).then(|| c_str(cwd))
    }

    /// `argv` as `execve(2)` takes it: `cmd`, then the arguments.
    ///
    /// For [`AUTO_INIT`] an agent puts the path that it found in place of the first.
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
            lens: self.arg_lens,
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
            lens: self.env_lens,
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
    /// let envp = view.envp_over(&[c"PATH=/", c"HOME=/"], &mut [0; 4]).unwrap().collect::<Vec<_>>();
    /// assert_eq!(envp, [c"HOME=/", c"PATH=/sbin"]);
    /// # Ok::<(), microsandbox_types::EncodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`ScratchTooSmall`] says how many slots are needed.
    pub fn envp_over<'i, 's>(
        &self,
        inherited: &'i [&'i CStr],
        scratch: &'s mut [u32],
    ) -> Result<EnvpOver<'i, 's>, ScratchTooSmall>
    where
        'a: 'i,
    {
        EnvpOver::new(inherited, self.env_strings(), scratch)
    }

    /// The message with strings of its own.
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
