//! The payload: the strings' lengths, then the strings as `execve(2)` wants them.
//!
//! Byte for byte what postcard writes for
//! `(cmd: u32, cwd: Option<u32>, args: Vec<u32>, env: Vec<u32>, text: &str)`, placed by hand: the
//! reader must refuse padded varints and left-over bytes, and must not allocate.

use super::HandoffInit;
use super::error::{HandoffField, HandoffRule, InvalidHandoff};
use super::exec::ExecLimits;
use super::frame::{saturate, widen};
use super::rules::{check_cmd, check_cwd, check_key, check_nul, check_string, count_nuls};

/// Checks a message against every rule.
pub(super) fn check(message: &HandoffInit, limits: &ExecLimits) -> Result<(), InvalidHandoff> {
    check_with(message, limits, check_nul).map(|_| ())
}

/// Checks a message against every rule but that against NULs: they are faster counted in the text
/// made of it, with [`has_stray_nul`].
pub(super) fn lay_out(
    message: &HandoffInit,
    limits: &ExecLimits,
) -> Result<Layout, InvalidHandoff> {
    check_with(message, limits, |_| Ok(()))
}

fn check_with(
    message: &HandoffInit,
    limits: &ExecLimits,
    check_nul: impl Fn(&str) -> Result<(), HandoffRule>,
) -> Result<Layout, InvalidHandoff> {
    let invalid = |field| move |rule| InvalidHandoff { field, rule };
    let HandoffInit {
        cmd,
        args,
        env,
        cwd,
    } = message;
    let mut layout = Layout::default();
    check_nul(cmd)
        .and_then(|()| check_cmd(cmd.as_bytes()))
        .map_err(invalid(HandoffField::Cmd))?;
    layout.add(cmd.len());
    if let Some(cwd) = cwd {
        check_nul(cwd)
            .and_then(|()| check_cwd(cwd.as_bytes()))
            .map_err(invalid(HandoffField::Cwd))?;
        layout.add(cwd.len());
    }
    let paths_len = layout.text_len;
    for (n, arg) in args.iter().enumerate() {
        check_nul(arg)
            .and_then(|()| check_string(arg.len(), limits.max_string_bytes()))
            .map_err(invalid(HandoffField::Arg(saturate(n))))?;
        layout.add(arg.len());
    }
    for (n, (key, value)) in env.iter().enumerate() {
        let len = entry_len(key, value);
        check_nul(key)
            .and_then(|()| check_nul(value))
            .and_then(|()| check_key(key))
            .and_then(|()| check_string(len, limits.max_string_bytes()))
            .map_err(invalid(HandoffField::Env(saturate(n))))?;
        layout.add(len);
    }
    let strings = args.len().saturating_add(env.len());
    let bytes = layout.text_len.saturating_sub(paths_len);
    limits
        .check_total(cmd.as_bytes(), strings, bytes)
        .map_err(invalid(HandoffField::Message))?;
    Ok(layout.with_counts(message))
}

/// The lengths of a payload's parts, in bytes.
#[derive(Default)]
pub(super) struct Layout {
    index_len: usize,
    text_len: usize,
}

impl Layout {
    pub(super) fn of(message: &HandoffInit) -> Self {
        let HandoffInit {
            cmd,
            args,
            env,
            cwd,
        } = message;
        let mut layout = Self::default();
        layout.add(cmd.len());
        if let Some(cwd) = cwd {
            layout.add(cwd.len());
        }
        args.iter().for_each(|arg| layout.add(arg.len()));
        env.iter()
            .for_each(|(key, value)| layout.add(entry_len(key, value)));
        layout.with_counts(message)
    }

    /// Adds what the index holds besides the strings' lengths.
    fn with_counts(mut self, message: &HandoffInit) -> Self {
        // The tag of `cwd`.
        self.index_len = self.index_len.saturating_add(1);
        for number in [message.args.len(), message.env.len(), self.text_len] {
            self.index_len = self.index_len.saturating_add(varint_len(number));
        }
        self
    }

    /// Adds a string: its length as a varint to the index, itself and a NUL to the text.
    fn add(&mut self, len: usize) {
        // Strings in memory, and what is counted with each, come to less than `usize` holds.
        self.index_len = self.index_len.wrapping_add(varint_len(len));
        self.text_len = self.text_len.wrapping_add(len).wrapping_add(1);
    }

    pub(super) fn payload_len(&self) -> usize {
        self.index_len.saturating_add(self.text_len)
    }
}

/// Writes a payload in its place; `None` where `payload` has not the length of `layout`.
pub(super) fn write(message: &HandoffInit, layout: &Layout, payload: &mut [u8]) -> Option<()> {
    let HandoffInit {
        cmd,
        args,
        env,
        cwd,
    } = message;
    let (index, text) = payload.split_at_mut_checked(layout.index_len)?;
    let mut index = Out {
        buffer: index,
        len: 0,
    };
    let mut text = Out {
        buffer: text,
        len: 0,
    };
    index.varint(cmd.len())?;
    text.string(cmd)?;
    index.byte(u8::from(cwd.is_some()))?;
    if let Some(cwd) = cwd {
        index.varint(cwd.len())?;
        text.string(cwd)?;
    }
    index.varint(args.len())?;
    for arg in args {
        index.varint(arg.len())?;
        text.string(arg)?;
    }
    index.varint(env.len())?;
    for (key, value) in env {
        index.varint(entry_len(key, value))?;
        text.put(key.as_bytes())?;
        text.byte(b'=')?;
        text.string(value)?;
    }
    index.varint(layout.text_len)
}

/// Whether a written payload has a NUL besides those that end its strings.
pub(super) fn has_stray_nul(message: &HandoffInit, layout: &Layout, payload: &[u8]) -> bool {
    let lists = message.args.len().saturating_add(message.env.len());
    let strings = lists
        .saturating_add(1)
        .saturating_add(usize::from(message.cwd.is_some()));
    let text = payload.get(layout.index_len..).unwrap_or_default();
    count_nuls(text) != strings
}

/// The length of `KEY=VALUE`.
fn entry_len(key: &str, value: &str) -> usize {
    key.len().wrapping_add(1).wrapping_add(value.len())
}

fn varint_len(value: usize) -> usize {
    if value < 0x80 {
        return 1;
    }
    let bits = usize::BITS.saturating_sub(value.leading_zeros());
    widen(bits.div_ceil(7))
}

/// Fills a buffer from its start.
struct Out<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.len.wrapping_add(bytes.len());
        copy(self.buffer.get_mut(self.len..end)?, bytes);
        self.len = end;
        Some(())
    }

    fn string(&mut self, string: &str) -> Option<()> {
        self.put(string.as_bytes())?;
        self.byte(0)
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        *self.buffer.get_mut(self.len)? = byte;
        self.len = self.len.wrapping_add(1);
        Some(())
    }

    fn varint(&mut self, value: usize) -> Option<()> {
        let mut left = value;
        loop {
            let [low, ..] = left.to_le_bytes();
            left >>= 7;
            if left == 0 {
                return self.byte(low);
            }
            self.byte(low | 0x80)?;
        }
    }
}

/// Copies a slice to one of its length, in two blocks that overlap where it is as short as most
/// strings: half the time of a call.
fn copy(to: &mut [u8], from: &[u8]) {
    let short = from.len() <= 32
        && (copy_ends::<16>(to, from) || copy_ends::<8>(to, from) || copy_ends::<4>(to, from));
    if !short {
        to.copy_from_slice(from);
    }
}

fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else {
        return false;
    };
    if let Some(place) = to.first_chunk_mut() {
        *place = *first;
    }
    if let Some(place) = to.last_chunk_mut() {
        *place = *last;
    }
    true
}
