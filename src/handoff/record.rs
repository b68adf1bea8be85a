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
        let (arg_count, arg_lens) = payload.list()?;
        let (env_count, env_lens) = payload.list()?;
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
            text,
            rest: text.as_bytes(),
            end: text_at.saturating_add(text.len()),
        };
        let cmd = rest.string(cmd_len)?;
        check_cmd(without_nul(cmd))
            .map_err(|rule| rest.refused(cmd_len, HandoffField::Cmd, rule))?;
        let mut cwd = None;
        if let Some(len) = cwd_len {
            let path = rest.string(len)?;
            check_cwd(without_nul(path))
                .map_err(|rule| rest.refused(len, HandoffField::Cwd, rule))?;
            cwd = Some(path);
        }
        let strings_len = rest.rest.len();
        let args = Strings {
            lens: arg_lens,
            text: rest.tail(),
            left: arg_count,
        };
        rest = rest.strings(List::Args, arg_count, payload.over(arg_lens), limits)?;
        let env = Strings {
            lens: env_lens,
            text: rest.tail(),
            left: env_count,
        };
        rest = rest.strings(List::Env, env_count, payload.over(env_lens), limits)?;
        if !rest.rest.is_empty() {
            return Err(DecodeError::LengthMismatch {
                offset: narrow(rest.at()),
            });
        }
        // Each string ends in a NUL; where there are more than that, one holds a NUL.
        let strings = widen(arg_count).saturating_add(widen(env_count));
        let paths = 1usize.saturating_add(usize::from(cwd.is_some()));
        let record = Self {
            cmd,
            cwd,
            args,
            env,
        };
        if count_nuls(text.as_bytes()) != strings.saturating_add(paths) {
            return Err(record.stray_nul(text_at));
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
        Ok(record)
    }

    #[cold]
    fn stray_nul(&self, text_at: usize) -> DecodeError {
        let mut at = text_at;
        let mut is_in = |string: &str| {
            let end = string.bytes().position(|byte| byte == 0);
            let next = end.unwrap_or_default().saturating_add(1);
            let stray = next != string.len();
            at = at.saturating_add(if stray { next.saturating_sub(1) } else { next });
            stray
        };
        let _ = is_in(self.cmd)
            || self.cwd.is_some_and(&mut is_in)
            || self.args.clone().any(&mut is_in)
            || self.env.clone().any(&mut is_in);
        DecodeError::StrayNul { offset: narrow(at) }
    }
}

/// Walks the payload's fields.
#[derive(Clone, Copy)]
struct Reader<'a> {
    rest: &'a [u8],
    /// Where `rest` ends in the frame.
    end: usize,
}

impl<'a> Reader<'a> {
    /// A reader of an earlier part of the payload.
    fn over(self, part: &'a [u8]) -> Self {
        Self { rest: part, ..self }
    }

    fn at(&self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    fn varint(&mut self) -> Result<u32, DecodeError> {
        let (value, rest) = match self.rest {
            // Most strings are that short.
            [byte @ ..0x80, rest @ ..] => (u32::from(*byte), rest),
            _ => self.long_varint()?,
        };
        self.rest = rest;
        Ok(value)
    }

    fn long_varint(self) -> Result<(u32, &'a [u8]), DecodeError> {
        take_varint(self.rest).map_err(|fault| {
            let offset = narrow(self.at());
            match fault {
                VarintFault::Truncated => self.truncated(),
                VarintFault::TooLarge => DecodeError::VarintTooLarge { offset },
                VarintFault::Padded => DecodeError::VarintPadded { offset },
            }
        })
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
    fn list(&mut self) -> Result<(u32, &'a [u8]), DecodeError> {
        let count = self.varint()?;
        let list = self.rest;
        self.rest = skip_varints(list, widen(count)).ok_or_else(|| self.truncated())?;
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
    let is_last = |byte: &u8| *byte < 0x80;
    let (single, rest) = bytes.split_at_checked(count)?;
    // Without an early exit the compiler looks at 16 bytes at a time.
    let ends: usize = single.iter().map(|byte| usize::from(is_last(byte))).sum();
    let mut left = count.saturating_sub(ends);
    let mut rest = rest;
    while left > 0 {
        let (byte, after) = rest.split_first()?;
        left = left.saturating_sub(usize::from(is_last(byte)));
        rest = after;
    }
    Some(rest)
}

/// Walks the payload's strings.
#[derive(Clone, Copy)]
struct Text<'a> {
    text: &'a str,
    /// What has not been walked; it starts at a character of `text`.
    rest: &'a [u8],
    /// Where `rest` ends in the frame.
    end: usize,
}

#[derive(Clone, Copy)]
enum List {
    Args,
    Env,
}

impl List {
    fn field(self, n: u32) -> HandoffField {
        match self {
            Self::Args => HandoffField::Arg(n),
            Self::Env => HandoffField::Env(n),
        }
    }
}

impl<'a> Text<'a> {
    fn at(self) -> usize {
        self.end.saturating_sub(self.rest.len())
    }

    /// The text from here on.
    fn tail(self) -> &'a str {
        let walked = self.text.len().saturating_sub(self.rest.len());
        self.text.get(walked..).unwrap_or_default()
    }

    /// Checks the next `count` strings and returns the text after them.
    fn strings(
        self,
        list: List,
        count: u32,
        mut lens: Reader<'_>,
        limits: &ExecLimits,
    ) -> Result<Self, DecodeError> {
        let max = limits.max_string_bytes();
        // What is never borrowed stays in a register: `self` is put together again for an error.
        let mut rest = self.rest;
        for n in 0..count {
            let len = lens.varint()?;
            let Some((string, [0, after @ ..])) = rest.split_at_checked(widen(len)) else {
                return Err(Self { rest, ..self }.fault(len));
            };
            rest = after;
            let checked = match list {
                List::Env => check_entry_key(string),
                List::Args => Ok(()),
            };
            let checked = match checked {
                Ok(()) if len >= max => {
                    let len = len.saturating_add(1);
                    Err(HandoffRule::StringTooLong { len, max })
                }
                checked => checked,
            };
            if let Err(rule) = checked {
                return Err(Self { rest, ..self }.refused(len, list.field(n), rule));
            }
        }
        Ok(Self { rest, ..self })
    }

    /// Takes the next string off, with its NUL.
    fn string(&mut self, len: u32) -> Result<&'a str, DecodeError> {
        let tail = self.tail();
        let Some((_, [0, after @ ..])) = self.rest.split_at_checked(widen(len)) else {
            return Err(self.fault(len));
        };
        self.rest = after;
        let string = tail.get(..widen(len).saturating_add(1));
        Ok(string.unwrap_or_default())
    }

    #[cold]
    fn fault(self, len: u32) -> DecodeError {
        let start = narrow(self.at());
        let next = widen(len).saturating_add(1);
        if self.tail().is_char_boundary(next) {
            let offset = start.saturating_add(len);
            DecodeError::MissingNul { offset }
        } else {
            DecodeError::LengthMismatch { offset: start }
        }
    }

    /// The error for the string of `len` bytes that was taken off last.
    #[cold]
    fn refused(self, len: u32, field: HandoffField, rule: HandoffRule) -> DecodeError {
        let after_start = widen(len).saturating_add(1);
        DecodeError::Invalid {
            offset: narrow(self.at().saturating_sub(after_start)),
            invalid: InvalidHandoff { field, rule },
        }
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

fn count_nuls(text: &[u8]) -> usize {
    let mut nuls = 0usize;
    // The count of a chunk fits a byte, which lets the compiler count 32 bytes at a time; a
    // multiple of 32 leaves it no odd ones.
    for chunk in text.chunks(7 * 32) {
        let in_chunk = chunk
            .iter()
            .fold(0u8, |n, byte| n.wrapping_add(u8::from(*byte == 0)));
        nuls = nuls.saturating_add(usize::from(in_chunk));
    }
    nuls
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
    // Inlined, its state stays in registers: a third of the time of walking the lists.
    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        let (len, lens) = match self.lens {
            [byte @ ..0x80, rest @ ..] => (u32::from(*byte), rest),
            _ => take_varint(self.lens).ok()?,
        };
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
    check_with(message, limits, check_nul)
}

/// Whether a message keeps every rule but that against NULs, for which [`count_nuls`] in the text
/// made of it is faster.
pub(super) fn is_valid_but_for_nuls(message: &HandoffInit, limits: &ExecLimits) -> bool {
    check_with(message, limits, |_| Ok(())).is_ok()
}

fn check_with(
    message: &HandoffInit,
    limits: &ExecLimits,
    check_nul: impl Fn(&str) -> Result<(), HandoffRule>,
) -> Result<(), InvalidHandoff> {
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
    if holds(string.as_bytes(), 0) {
        Err(HandoffRule::Nul)
    } else {
        Ok(())
    }
}

fn check_key(key: &str) -> Result<(), HandoffRule> {
    if key.is_empty() {
        return Err(HandoffRule::EmptyKey);
    }
    if holds(key.as_bytes(), b'=') {
        return Err(HandoffRule::EqualsInKey);
    }
    Ok(())
}

/// Whether `byte` is in `string`, in blocks: most strings are too short for a search that starts
/// by aligning itself.
#[inline]
fn holds(string: &[u8], byte: u8) -> bool {
    let mut rest = string;
    while let Some((block, after)) = rest.split_first_chunk::<16>() {
        if in_block(block, byte) {
            return true;
        }
        rest = after;
    }
    // The last block overlaps the one before it.
    match (
        string.last_chunk::<16>(),
        rest.first_chunk::<8>(),
        rest.last_chunk::<8>(),
    ) {
        (Some(last), _, _) => in_block(last, byte),
        (None, Some(first), Some(last)) => in_block(first, byte) | in_block(last, byte),
        _ => rest.contains(&byte),
    }
}

fn in_block<const N: usize>(block: &[u8; N], byte: u8) -> bool {
    // Without an early exit the compiler compares the whole block at once.
    block.iter().fold(false, |any, b| any | (*b == byte))
}

fn check_entry_key(entry: &[u8]) -> Result<(), HandoffRule> {
    if entry.starts_with(b"=") {
        return Err(HandoffRule::EmptyKey);
    }
    if !holds(entry, b'=') {
        return Err(HandoffRule::NoEquals);
    }
    Ok(())
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
    key.len().saturating_add(1).saturating_add(value.len())
}

fn varint_len(value: usize) -> usize {
    if value < 0x80 {
        return 1;
    }
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
        copy(place, bytes);
        self.rest = rest;
        Some(())
    }

    fn string(&mut self, string: &str) -> Option<()> {
        self.put(string.as_bytes())?;
        self.byte(0)
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        let (place, rest) = mem::take(&mut self.rest).split_first_mut()?;
        *place = byte;
        self.rest = rest;
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
