//! The payload: the strings' lengths, then the strings as `execve(2)` wants them.
//!
//! Byte for byte what postcard writes for
//! `(cmd: u32, cwd: Option<u32>, args: Vec<u32>, env: Vec<u32>, text: &str)`, placed by hand: the
//! reader must refuse padded varints and left-over bytes, and must not allocate.

use core::ffi::CStr;
use core::iter::FusedIterator;
use core::mem;

use super::HandoffInit;
use super::error::{DecodeError, HandoffField, HandoffRule, InvalidHandoff};
use super::exec::{AUTO_INIT, ExecLimits};
use super::frame::{Frame, FrameHeader, GENERATION, narrow, widen};
use crate::limits::MAX_PATH_BYTES;
use crate::path;

/// The checked parts of a payload, borrowed from its frame; every string is with its NUL.
#[derive(Clone)]
pub(super) struct Record<'a> {
    pub(super) cmd: &'a str,
    pub(super) cwd: Option<&'a str>,
    pub(super) args: Strings<'a>,
    pub(super) env: Strings<'a>,
}

impl<'a> Record<'a> {
    /// Reads and checks a payload in time linear in its length.
    pub(super) fn read(frame: &Frame<'a>, limits: &ExecLimits) -> Result<Self, DecodeError> {
        let payload_end = FrameHeader::LEN.saturating_add(frame.payload.len());
        let mut payload = Reader {
            rest: frame.payload,
            end: payload_end,
        };
        let cmd_len = payload.varint()?;
        let cwd_len = payload.option()?;
        let (arg_count, mut arg_lens) = payload.list()?;
        let (env_count, mut env_lens) = payload.list()?;
        let text_len = payload.varint()?;
        let text_at = payload.at();
        let text = payload.bytes(widen(text_len))?;
        if frame.generation <= GENERATION && !payload.rest.is_empty() {
            return Err(DecodeError::LeftOver {
                offset: narrow(payload.at()),
            });
        }
        let text = core::str::from_utf8(text).map_err(|e| DecodeError::NotUtf8 {
            offset: narrow(text_at.saturating_add(e.valid_up_to())),
        })?;

        let mut rest = Text {
            rest: text,
            end: text_at.saturating_add(text.len()),
        };
        let cmd = rest.string(cmd_len, HandoffField::Cmd, check_cmd)?;
        let cwd = match cwd_len {
            Some(len) => Some(rest.string(len, HandoffField::Cwd, check_cwd)?),
            None => None,
        };
        let strings_len = rest.rest.len();
        let args = Strings {
            lens: arg_lens.rest,
            text: rest.rest,
            left: arg_count,
        };
        for n in 0..arg_count {
            let len = arg_lens.varint()?;
            rest.string(len, HandoffField::Arg(n), |arg| {
                limits.check_string(arg.len())
            })?;
        }
        let env = Strings {
            lens: env_lens.rest,
            text: rest.rest,
            left: env_count,
        };
        for n in 0..env_count {
            let len = env_lens.varint()?;
            rest.string(len, HandoffField::Env(n), |entry| {
                check_env_entry(entry, limits)
            })?;
        }
        if !rest.rest.is_empty() {
            return Err(DecodeError::LengthMismatch {
                offset: narrow(rest.at()),
            });
        }
        // Each string ends in a NUL; where there are more than that, one holds a NUL.
        let strings = widen(arg_count).saturating_add(widen(env_count));
        let paths = 1usize.saturating_add(usize::from(cwd.is_some()));
        if count_nuls(text) != strings.saturating_add(paths) {
            let mut parts = [cmd]
                .into_iter()
                .chain(cwd)
                .chain(args.clone())
                .chain(env.clone());
            return Err(stray_nul(text_at, &mut parts));
        }
        limits
            .check_total(without_nul(cmd), strings, strings_len)
            .map_err(|rule| DecodeError::Invalid {
                offset: narrow(text_at),
                invalid: InvalidHandoff {
                    field: HandoffField::Message,
                    rule,
                },
            })?;
        Ok(Self {
            cmd,
            cwd,
            args,
            env,
        })
    }
}

/// Walks the payload's fields.
struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` ends in the frame.
    end: usize,
}

impl<'a> Reader<'a> {
    fn at(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    fn varint(&mut self) -> Result<u32, DecodeError> {
        match take_varint(self.rest) {
            Ok((value, rest)) => {
                self.rest = rest;
                Ok(value)
            }
            Err(fault) => {
                let offset = narrow(self.at());
                Err(match fault {
                    VarintFault::Truncated => self.truncated(),
                    VarintFault::TooLarge => DecodeError::VarintTooLarge { offset },
                    VarintFault::Padded => DecodeError::VarintPadded { offset },
                })
            }
        }
    }

    fn option(&mut self) -> Result<Option<u32>, DecodeError> {
        match self.rest.split_first() {
            Some((0, rest)) => {
                self.rest = rest;
                Ok(None)
            }
            Some((1, rest)) => {
                self.rest = rest;
                self.varint().map(Some)
            }
            Some(_) => Err(DecodeError::BadOption {
                offset: narrow(self.at()),
            }),
            None => Err(self.truncated()),
        }
    }

    /// Takes a list of varints off: their number, and a reader of them. They are only counted
    /// here; they are read, once, when the text is at hand.
    fn list(&mut self) -> Result<(u32, Self), DecodeError> {
        let count = self.varint()?;
        let list = Self { ..*self };
        self.rest = skip_varints(self.rest, widen(count)).ok_or_else(|| self.truncated())?;
        Ok((count, list))
    }

    fn bytes(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or_else(|| self.truncated())?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The payload ends inside the field that is being read.
    fn truncated(&self) -> DecodeError {
        DecodeError::PayloadTruncated {
            offset: narrow(self.end),
        }
    }
}

pub(super) enum VarintFault {
    Truncated,
    TooLarge,
    Padded,
}

/// Takes a `u32` as postcard writes it: seven bits a byte, the lowest first.
pub(super) fn take_varint(bytes: &[u8]) -> Result<(u32, &[u8]), VarintFault> {
    let mut value = 0u32;
    let mut rest = bytes;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, after) = rest.split_first().ok_or(VarintFault::Truncated)?;
        rest = after;
        if shift == 28 && *byte > 0x0f {
            return Err(VarintFault::TooLarge);
        }
        value |= u32::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            let padded = *byte == 0 && shift != 0;
            return if padded {
                Err(VarintFault::Padded)
            } else {
                Ok((value, rest))
            };
        }
    }
    Err(VarintFault::TooLarge)
}

/// Skips `count` varints by counting their last bytes.
fn skip_varints(bytes: &[u8], count: usize) -> Option<&[u8]> {
    let mut rest = bytes;
    let mut left = count;
    while let Some((block, after)) = rest.split_first_chunk::<16>() {
        let ends = block.iter().filter(|byte| **byte < 0x80).count();
        if ends >= left {
            break;
        }
        left = left.saturating_sub(ends);
        rest = after;
    }
    while left > 0 {
        let (byte, after) = rest.split_first()?;
        left = left.saturating_sub(usize::from(*byte < 0x80));
        rest = after;
    }
    Some(rest)
}

/// Walks the payload's strings.
struct Text<'a> {
    rest: &'a str,
    /// Where `rest` ends in the frame.
    end: usize,
}

impl<'a> Text<'a> {
    fn at(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    /// Takes the next string off, with its NUL, and checks it.
    fn string(
        &mut self,
        len: u32,
        field: HandoffField,
        check: impl FnOnce(&str) -> Result<(), HandoffRule>,
    ) -> Result<&'a str, DecodeError> {
        let start = self.at();
        let (string, after) = widen(len)
            .checked_add(1)
            .and_then(|len| self.rest.split_at_checked(len))
            .ok_or(DecodeError::LengthMismatch {
                offset: narrow(start),
            })?;
        let Some(checked) = string.strip_suffix('\0') else {
            let offset = narrow(start.saturating_add(widen(len)));
            return Err(DecodeError::MissingNul { offset });
        };
        check(checked).map_err(|rule| DecodeError::Invalid {
            offset: narrow(start),
            invalid: InvalidHandoff { field, rule },
        })?;
        self.rest = after;
        Ok(string)
    }
}

/// A string of the text as `&str`.
pub(super) fn without_nul(string: &str) -> &str {
    string.strip_suffix('\0').unwrap_or(string)
}

/// A string of the text as `&CStr`: decoding has shown that it ends in its only NUL.
pub(super) fn c_str(string: &str) -> &CStr {
    CStr::from_bytes_with_nul(string.as_bytes()).unwrap_or_default()
}

fn count_nuls(text: &str) -> usize {
    let mut nuls = 0usize;
    // A block's count fits a byte, which lets the compiler count 16 bytes at a time.
    for block in text.as_bytes().chunks(255) {
        let in_block = block
            .iter()
            .fold(0u8, |n, byte| n.wrapping_add(u8::from(*byte == 0)));
        nuls = nuls.saturating_add(usize::from(in_block));
    }
    nuls
}

#[cold]
fn stray_nul(text_at: usize, parts: &mut dyn Iterator<Item = &str>) -> DecodeError {
    let mut at = text_at;
    for part in parts {
        if let Some(nul) = without_nul(part).find('\0') {
            at = at.saturating_add(nul);
            break;
        }
        at = at.saturating_add(part.len());
    }
    DecodeError::StrayNul { offset: narrow(at) }
}

/// A run of checked strings: their lengths and where they start.
#[derive(Clone)]
pub(super) struct Strings<'a> {
    lens: &'a [u8],
    text: &'a str,
    left: u32,
}

impl<'a> Strings<'a> {
    /// The text from the first of these strings on.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Where each string starts in [`text`](Self::text).
    pub(super) fn offsets(mut self) -> impl Iterator<Item = u32> {
        let len = self.text.len();
        core::iter::from_fn(move || {
            let at = narrow(len.saturating_sub(self.text.len()));
            self.next().map(|_| at)
        })
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a str;

    /// The next string, with its NUL.
    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        let (len, lens) = take_varint(self.lens).ok()?;
        let (string, text) = self.text.split_at_checked(widen(len).checked_add(1)?)?;
        self.lens = lens;
        self.text = text;
        Some(string)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (widen(self.left), Some(widen(self.left)))
    }
}

impl ExactSizeIterator for Strings<'_> {}
impl FusedIterator for Strings<'_> {}

/// Checks a message against every rule.
pub(super) fn check(message: &HandoffInit, limits: &ExecLimits) -> Result<(), InvalidHandoff> {
    let invalid = |field| move |rule| InvalidHandoff { field, rule };
    let HandoffInit {
        cmd,
        args,
        env,
        cwd,
    } = message;
    check_nul(cmd)
        .and_then(|()| check_cmd(cmd))
        .map_err(invalid(HandoffField::Cmd))?;
    if let Some(cwd) = cwd {
        check_nul(cwd)
            .and_then(|()| check_cwd(cwd))
            .map_err(invalid(HandoffField::Cwd))?;
    }
    let mut bytes = 0usize;
    for (n, arg) in args.iter().enumerate() {
        check_nul(arg)
            .and_then(|()| limits.check_string(arg.len()))
            .map_err(invalid(HandoffField::Arg(narrow(n))))?;
        bytes = bytes.saturating_add(arg.len()).saturating_add(1);
    }
    for (n, (key, value)) in env.iter().enumerate() {
        let len = entry_len(key, value);
        check_nul(key)
            .and_then(|()| check_nul(value))
            .and_then(|()| check_key(key))
            .and_then(|()| limits.check_string(len))
            .map_err(invalid(HandoffField::Env(narrow(n))))?;
        bytes = bytes.saturating_add(len).saturating_add(1);
    }
    limits
        .check_total(cmd, args.len().saturating_add(env.len()), bytes)
        .map_err(invalid(HandoffField::Message))
}

fn check_cmd(cmd: &str) -> Result<(), HandoffRule> {
    if cmd == AUTO_INIT {
        return Ok(());
    }
    if !path::is_absolute(cmd) {
        return Err(HandoffRule::NotAbsoluteOrAuto);
    }
    check_path_len(cmd)
}

fn check_cwd(cwd: &str) -> Result<(), HandoffRule> {
    if !path::is_absolute(cwd) {
        return Err(HandoffRule::NotAbsolute);
    }
    check_path_len(cwd)
}

fn check_path_len(path: &str) -> Result<(), HandoffRule> {
    if !path::fits_path_max(path) {
        let (len, max) = (narrow(path.len()), narrow(MAX_PATH_BYTES));
        return Err(HandoffRule::PathTooLong { len, max });
    }
    Ok(())
}

fn check_nul(string: &str) -> Result<(), HandoffRule> {
    if string.as_bytes().contains(&0) {
        Err(HandoffRule::Nul)
    } else {
        Ok(())
    }
}

fn check_key(key: &str) -> Result<(), HandoffRule> {
    if key.is_empty() {
        return Err(HandoffRule::EmptyKey);
    }
    if key.as_bytes().contains(&b'=') {
        return Err(HandoffRule::EqualsInKey);
    }
    Ok(())
}

fn check_env_entry(entry: &str, limits: &ExecLimits) -> Result<(), HandoffRule> {
    let Some(key) = entry.as_bytes().iter().position(|byte| *byte == b'=') else {
        return Err(HandoffRule::NoEquals);
    };
    if key == 0 {
        return Err(HandoffRule::EmptyKey);
    }
    limits.check_string(entry.len())
}

/// The lengths of a payload's parts, in bytes.
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
        // Each length adds its varint to the index, itself and a NUL to the text.
        let mut layout = Self {
            index_len: 1,
            text_len: 0,
        };
        layout.add(cmd.len());
        if let Some(cwd) = cwd {
            layout.add(cwd.len());
        }
        args.iter().for_each(|arg| layout.add(arg.len()));
        env.iter()
            .for_each(|(key, value)| layout.add(entry_len(key, value)));
        for number in [args.len(), env.len(), layout.text_len] {
            layout.index_len = layout.index_len.saturating_add(varint_len(number));
        }
        layout
    }

    fn add(&mut self, len: usize) {
        self.index_len = self.index_len.saturating_add(varint_len(len));
        self.text_len = self.text_len.saturating_add(len).saturating_add(1);
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
    let (mut index, mut text) = (Out { rest: index }, Out { rest: text });
    index.varint(cmd.len())?;
    text.string(&[cmd])?;
    index.put(&[u8::from(cwd.is_some())])?;
    if let Some(cwd) = cwd {
        index.varint(cwd.len())?;
        text.string(&[cwd])?;
    }
    index.varint(args.len())?;
    for arg in args {
        index.varint(arg.len())?;
        text.string(&[arg])?;
    }
    index.varint(env.len())?;
    for (key, value) in env {
        index.varint(entry_len(key, value))?;
        text.string(&[key, "=", value])?;
    }
    index.varint(layout.text_len)
}

/// The length of `KEY=VALUE`.
fn entry_len(key: &str, value: &str) -> usize {
    key.len().saturating_add(1).saturating_add(value.len())
}

fn varint_len(value: usize) -> usize {
    let bits = usize::BITS.saturating_sub(value.leading_zeros()).max(1);
    widen(bits.div_ceil(7))
}

/// Fills a buffer from its start.
struct Out<'a> {
    rest: &'a mut [u8],
}

impl Out<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let (place, rest) = mem::take(&mut self.rest).split_at_mut_checked(bytes.len())?;
        place.copy_from_slice(bytes);
        self.rest = rest;
        Some(())
    }

    fn string(&mut self, parts: &[&str]) -> Option<()> {
        for part in parts {
            self.put(part.as_bytes())?;
        }
        self.put(&[0])
    }

    fn varint(&mut self, value: usize) -> Option<()> {
        let mut left = value;
        loop {
            let [low, ..] = left.to_le_bytes();
            left >>= 7;
            if left == 0 {
                return self.put(&[low]);
            }
            self.put(&[low | 0x80])?;
        }
    }
}
