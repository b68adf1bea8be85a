//! The handoff as a host holds it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
#[cfg(feature = "std")]
use std::io::{Read, Write};

use super::encode::{self, Layout};
use super::{HandoffInitRef, debug};
use crate::exec::ExecLimits;
use crate::rule::InvalidMessage;
use crate::shape::shaped;
use crate::wire::{
    DecodeError, EncodeError, FrameKind, OVERHEAD, max_frame_bytes, payload_mut, seal,
};
#[cfg(feature = "std")]
use crate::wire::{ReadError, WriteError, read_frame};

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
        /// The init's program: an absolute path inside the guest, or `auto` to let the guest find
        /// one.
        ///
        /// It is `argv[0]` too; for [`AUTO_INIT`](crate::AUTO_INIT) that is the path found.
        pub cmd: String,
        /// The arguments after `argv[0]`.
        #[json(default)]
        pub args: Vec<String>,
        /// Environment variables for the init, each as a pair of key and value; of equal keys, the
        /// last wins.
        ///
        /// They are merged over the environment that the init would inherit.
        #[json(default)]
        pub env: Vec<(String, String)>,
        /// The init's working directory: an absolute path inside the guest.
        ///
        /// Without one, the init starts where the agent is.
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

/// Every check comes in two forms: one for a guest with the usual [`ExecLimits`], and one, `…_with`,
/// for a guest with other ones.
impl HandoffInit {
    /// The length in bytes of the longest frame of a handoff.
    pub const MAX_FRAME_BYTES: usize = max_frame_bytes(FrameKind::HandoffInit);

    /// Makes a handoff to `cmd` without arguments, environment or working directory.
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

    /// Checks the message against the rules that the guest holds it to.
    ///
    /// # Errors
    /// [`InvalidMessage`] names the first field that breaks a rule: `cmd` neither absolute nor
    /// `auto`, `cwd` not absolute, either longer than 4095 bytes, a NUL anywhere, an environment
    /// key that is empty or holds `=`, a string or the whole larger than `execve(2)` or a frame
    /// takes.
    pub fn validate(&self) -> Result<(), InvalidMessage> {
        self.validate_with(&ExecLimits::default())
    }

    /// [`validate`](Self::validate) for a guest with these limits.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn validate_with(&self, limits: &ExecLimits) -> Result<(), InvalidMessage> {
        encode::check(self, limits).map(|_| ())
    }

    /// Returns the length in bytes of the frame that [`encode`](Self::encode) writes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        Layout::of(self).payload_len().saturating_add(OVERHEAD)
    }

    /// Returns the lowest reader [`GENERATION`](crate::GENERATION) that may act on this message: a
    /// guest whose [`GuestReport::Ready`](crate::GuestReport::Ready) names a lower one refuses its
    /// frame.
    #[must_use]
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
    /// As [`encode`](Self::encode).
    #[allow(clippy::slow_vector_initialization)] // `vec!` asks for zeroes, which takes longer
    pub fn encode_with(&self, limits: &ExecLimits) -> Result<Vec<u8>, EncodeError> {
        let layout = encode::check(self, limits)?;
        let len = layout.payload_len().saturating_add(OVERHEAD);
        let mut frame = Vec::with_capacity(len);
        frame.resize(len, 0);
        self.write_frame(&layout, &mut frame)?;
        Ok(frame)
    }

    /// Writes the message as a frame at the start of `buffer`, without allocating, and returns
    /// the frame's length. What follows the frame is left as it was.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), and [`EncodeError::BufferTooSmall`]. Either leaves `buffer`
    /// untouched.
    pub fn encode_into(&self, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        self.encode_into_with(buffer, &ExecLimits::default())
    }

    /// [`encode_into`](Self::encode_into) for a guest with these limits.
    ///
    /// # Errors
    /// As [`encode_into`](Self::encode_into).
    pub fn encode_into_with(
        &self,
        buffer: &mut [u8],
        limits: &ExecLimits,
    ) -> Result<usize, EncodeError> {
        let layout = encode::check(self, limits)?;
        self.write_frame(&layout, buffer)
    }

    fn write_frame(&self, layout: &Layout, buffer: &mut [u8]) -> Result<usize, EncodeError> {
        let needed = layout.payload_len().saturating_add(OVERHEAD);
        let too_small = EncodeError::BufferTooSmall { needed };
        let frame = buffer.get_mut(..needed).ok_or(too_small)?;
        let payload = payload_mut(frame).ok_or(too_small)?;
        encode::write(self, layout, payload).ok_or(too_small)?;
        seal(frame, FrameKind::HandoffInit, self.min_generation()).ok_or(too_small)?;
        Ok(needed)
    }

    /// Reads a frame into a message of its own. Nothing is allocated until all has been checked.
    ///
    /// # Errors
    /// [`DecodeError`] where `bytes` are not exactly one intact, valid frame of a handoff.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_with(bytes, &ExecLimits::default())
    }

    /// [`decode`](Self::decode) for a guest with these limits.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_with(bytes: &[u8], limits: &ExecLimits) -> Result<Self, DecodeError> {
        HandoffInitRef::decode_with(bytes, limits).map(|view| view.to_owned())
    }
}

#[cfg(feature = "std")]
impl HandoffInit {
    /// Reads one frame from `reader`, and never a byte past it, and decodes it.
    ///
    /// # Errors
    /// As [`read_frame`] and [`decode`](Self::decode).
    pub fn read_from(reader: impl Read) -> Result<Self, ReadError> {
        Self::read_from_with(reader, &ExecLimits::default())
    }

    /// [`read_from`](Self::read_from) for a guest with these limits.
    ///
    /// # Errors
    /// As [`read_from`](Self::read_from).
    pub fn read_from_with(reader: impl Read, limits: &ExecLimits) -> Result<Self, ReadError> {
        let frame = read_frame(reader, FrameKind::HandoffInit)?;
        Ok(Self::decode_with(&frame, limits)?)
    }

    /// Encodes the message, writes the frame to `writer` and flushes it.
    ///
    /// # Errors
    /// [`WriteError::Encode`] as [`encode`](Self::encode), then nothing was written;
    /// [`WriteError::Io`] where the stream fails.
    pub fn write_to(&self, writer: impl Write) -> Result<(), WriteError> {
        self.write_to_with(writer, &ExecLimits::default())
    }

    /// [`write_to`](Self::write_to) for a guest with these limits.
    ///
    /// # Errors
    /// As [`write_to`](Self::write_to).
    pub fn write_to_with(
        &self,
        mut writer: impl Write,
        limits: &ExecLimits,
    ) -> Result<(), WriteError> {
        let frame = self.encode_with(limits)?;
        writer.write_all(&frame)?;
        Ok(writer.flush()?)
    }
}
