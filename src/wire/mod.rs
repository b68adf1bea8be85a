//! Frames: what every message between host and guest travels in. Nothing here knows what a
//! message says.

mod bytes;
mod error;
mod frame;
mod header;
mod offset;
mod reader;
#[cfg(feature = "std")]
mod stream;
mod writer;

pub use self::error::{DecodeError, DecodeErrorKind, EncodeError};
pub use self::header::{FrameHeader, FrameKind, GENERATION};
#[cfg(feature = "std")]
pub use self::stream::{ReadError, WriteError, read_frame};

pub(crate) use self::bytes::{contains, count, varint_len};
pub(crate) use self::frame::{Frame, OVERHEAD, max_frame_bytes, open, payload_mut, seal};
#[cfg(feature = "alloc")]
pub(crate) use self::header::truncated;
pub(crate) use self::offset::{Offset, saturate, widen};
pub(crate) use self::reader::{Reader, Rest};
pub(crate) use self::writer::Writer;
