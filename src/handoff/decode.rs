//! Reads the payload that [`encode`](super::encode) describes.

use core::ffi::CStr;
use core::iter::FusedIterator;

use super::HandoffInitRef;
use super::error::{DecodeError, HandoffField, InvalidHandoff};
use super::exec::ExecLimits;
use super::frame::{Frame, FrameHeader, GENERATION, narrow, widen};
use super::rules::{check_cmd, check_cwd, check_entry, count_nuls, has_key};

/// Reads and checks a payload in time linear in its length.
pub(super) fn read<'a>(
    frame: &Frame<'a>,
    limits: &ExecLimits,
) -> Result<HandoffInitRef<'a>, DecodeError> {
    let mut index = Reader {
        rest: frame.payload,
        end: FrameHeader::LEN.saturating_add(frame.payload.len()),
    };
    let cmd_len = index.varint()?;
    let cwd_len = index.option()?;
    let arg_count = index.varint()?;
    let arg_lens = index.varints(arg_count)?;
    let env_count = index.varint()?;
    let env_lens = index.varints(env_count)?;
    let text_len = index.varint()?;
    let text_at = index.at();
    let Some((text, left_over)) = index.rest.split_at_checked(widen(text_len)) else {
        return Err(index.truncated());
    };
    let end = text_at.saturating_add(text.len());
    if frame.generation <= GENERATION && !left_over.is_empty() {
        let offset = narrow(end);
        return Err(DecodeError::LeftOver { offset });
    }
    let text = core::str::from_utf8(text).map_err(|e| DecodeError::NotUtf8 {
        offset: narrow(text_at.saturating_add(e.valid_up_to())),
    })?;

    let strings = arg_count.saturating_add(env_count);
    let paths = if cwd_len.is_some() { 2 } else { 1 };
    let mut walk = Walk {
        rest: text.as_bytes(),
        end,
        limits,
        // Each string ends in a NUL; where there are more than that, one holds a NUL.
        has_stray: count_nuls(text.as_bytes()) != widen(strings.saturating_add(paths)),
        stray: None,
    };
    walk.string(HandoffField::Cmd, cmd_len)?;
    let (cmd, mut text) = split_before(text, walk.rest);
    let mut cwd = None;
    if let Some(len) = cwd_len {
        walk.string(HandoffField::Cwd, len)?;
        let (path, after) = split_before(text, walk.rest);
        (cwd, text) = (Some(path), after);
    }
    walk.strings(HandoffField::Arg, arg_lens)?;
    let (arg_text, env_text) = split_before(text, walk.rest);
    walk.strings(HandoffField::Env, env_lens)?;
    if !walk.rest.is_empty() {
        let offset = walk.at();
        return Err(DecodeError::LengthMismatch { offset });
    }
    if let Some(offset) = walk.stray {
        return Err(DecodeError::StrayNul { offset });
    }
    limits
        .check_total(without_nul(cmd), widen(strings), text.len())
        .map_err(|rule| DecodeError::Invalid {
            offset: narrow(text_at),
            invalid: InvalidHandoff {
                field: HandoffField::Message,
                rule,
            },
        })?;
    Ok(HandoffInitRef {
        cmd,
        cwd,
        args: Strings {
            lens: arg_lens.rest,
            text: arg_text,
            at: 0,
            left: arg_count,
        },
        env: Strings {
            lens: env_lens.rest,
            text: env_text,
            at: 0,
            left: env_count,
        },
    })
}

/// Splits `text` where `rest`, its end, begins.
fn split_before<'a>(text: &'a str, rest: &[u8]) -> (&'a str, &'a str) {
    let at = text.len().saturating_sub(rest.len());
    text.split_at_checked(at).unwrap_or_default()
}

/// Walks the index.
#[derive(Clone, Copy)]
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
        match varint(self.rest) {
            Some((value, rest)) => {
                self.rest = rest;
                Ok(value)
            }
            None => Err(self.bad_varint()),
        }
    }

    #[cold]
    fn bad_varint(&self) -> DecodeError {
        let offset = narrow(self.at());
        match take_varint(self.rest) {
            Err(VarintFault::TooLarge) => DecodeError::VarintTooLarge { offset },
            Err(VarintFault::Padded) => DecodeError::VarintPadded { offset },
            _ => self.truncated(),
        }
    }

    /// Takes varints off, as a reader of their own. They are read when the text is at hand.
    fn varints(&mut self, count: u32) -> Result<Self, DecodeError> {
        let Some((rest, after)) = split_varints(self.rest, widen(count)) else {
            return Err(self.truncated());
        };
        self.rest = after;
        let end = self.at();
        Ok(Self { rest, end })
    }

    fn option(&mut self) -> Result<Option<u32>, DecodeError> {
        match self.rest {
            [0, rest @ ..] => {
                self.rest = rest;
                Ok(None)
            }
            [1, rest @ ..] => {
                self.rest = rest;
                self.varint().map(Some)
            }
            [_, ..] => Err(DecodeError::BadOption {
                offset: narrow(self.at()),
            }),
            [] => Err(self.truncated()),
        }
    }

    /// The payload ends inside the field that is being read.
    fn truncated(&self) -> DecodeError {
        DecodeError::PayloadTruncated {
            offset: narrow(self.end),
        }
    }
}

#[inline(always)] // a call for each string takes longer than this
fn varint(bytes: &[u8]) -> Option<(u32, &[u8])> {
    match bytes {
        // Most strings are that short.
        [byte @ ..0x80, rest @ ..] => Some((u32::from(*byte), rest)),
        _ => take_varint(bytes).ok(),
    }
}

pub(super) enum VarintFault {
    Truncated,
    TooLarge,
    Padded,
}

/// Takes a `u32` as postcard writes it: seven bits a byte, the lowest first.
#[inline(never)] // what is rare stays out of the loops
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

/// Splits `bytes` behind `count` varints.
fn split_varints(bytes: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    let single = bytes.split_at_checked(count)?;
    // Without an early exit the compiler looks at 16 bytes at a time.
    if single.0.iter().fold(0, |all, byte| all | byte) < 0x80 {
        return Some(single);
    }
    let (mut len, mut left) = (0usize, count);
    while left > 0 {
        left = left.saturating_sub(usize::from(*bytes.get(len)? < 0x80));
        len = len.saturating_add(1);
    }
    bytes.split_at_checked(len)
}

/// Walks the text.
struct Walk<'a, 'l> {
    rest: &'a [u8],
    /// Where `rest` ends in the frame.
    end: usize,
    limits: &'l ExecLimits,
    /// Whether some string holds a NUL.
    has_stray: bool,
    /// The first such NUL that was walked over.
    stray: Option<u32>,
}

impl<'a> Walk<'a, '_> {
    fn at(&self) -> u32 {
        narrow(self.end.saturating_sub(self.rest.len()))
    }

    /// Takes a list's strings off.
    #[inline(never)] // once for both lists
    fn strings(
        &mut self,
        field: fn(u32) -> HandoffField,
        mut lens: Reader<'a>,
    ) -> Result<(), DecodeError> {
        let keyed = matches!(field(0), HandoffField::Env(_));
        // What `plain_strings` takes off is shorter than 128 bytes and not searched for NULs.
        let some_plain = !self.has_stray && self.limits.max_string_bytes() >= 0x80;
        let mut n = 0u32;
        loop {
            if some_plain {
                n = n.saturating_add(self.plain_strings(keyed, &mut lens));
            }
            if lens.rest.is_empty() {
                return Ok(());
            }
            let len = lens.varint()?;
            self.string(field(n), len)?;
            n = n.saturating_add(1);
        }
    }

    /// Takes strings off that are short and break no rule, as far as the first that does not show
    /// it at once; returns how many.
    #[inline(never)] // on its own, the loop's state stays in registers
    fn plain_strings(&mut self, keyed: bool, lens: &mut Reader<'a>) -> u32 {
        let (mut rest, mut bytes) = (self.rest, lens.rest);
        while let [len @ ..0x80, after_len @ ..] = bytes {
            match rest.split_at_checked(usize::from(*len)) {
                Some((string, [0, after @ ..])) if !keyed || has_key(string) => {
                    (bytes, rest) = (after_len, after);
                }
                _ => break,
            }
        }
        let count = lens.rest.len().saturating_sub(bytes.len());
        (lens.rest, self.rest) = (bytes, rest);
        narrow(count)
    }

    /// Takes one string off, with every check.
    fn string(&mut self, field: HandoffField, len: u32) -> Result<(), DecodeError> {
        let start = self.at();
        let (string, rest) = match self.rest.split_at_checked(widen(len)) {
            Some((string, [0, rest @ ..])) => (string, rest),
            Some((_, [_, ..])) => {
                let offset = start.saturating_add(len);
                return Err(DecodeError::MissingNul { offset });
            }
            _ => return Err(DecodeError::LengthMismatch { offset: start }),
        };
        if self.has_stray && self.stray.is_none() {
            let at = string.iter().position(|byte| *byte == 0);
            self.stray = at.map(|at| start.saturating_add(narrow(at)));
        }
        self.rest = rest;
        match field {
            HandoffField::Cmd => check_cmd(string),
            HandoffField::Cwd => check_cwd(string),
            HandoffField::Env(_) => {
                check_entry(string).and_then(|()| self.limits.check_string(string.len()))
            }
            _ => self.limits.check_string(string.len()),
        }
        .map_err(|rule| DecodeError::Invalid {
            offset: start,
            invalid: InvalidHandoff { field, rule },
        })
    }
}

/// A string of the text as `&str`.
pub(super) fn without_nul(string: &str) -> &str {
    string.strip_suffix('\0').unwrap_or(string)
}

/// The string at the start of `tail`: decoding has shown that it ends in a NUL.
pub(super) fn c_str(tail: &[u8]) -> &CStr {
    CStr::from_bytes_until_nul(tail).unwrap_or_default()
}

/// A run of checked strings.
#[derive(Clone)]
pub(super) struct Strings<'a> {
    /// The lengths of those that are left.
    lens: &'a [u8],
    text: &'a str,
    /// Where the first of those that are left starts in `text`.
    at: usize,
    left: u32,
}

impl<'a> Strings<'a> {
    /// The strings from the first on, one behind the other.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Steps over the next string; where it starts in [`text`](Self::text).
    // Inlined, its state stays in registers: a third of the time of walking the lists.
    #[inline]
    pub(super) fn next_at(&mut self) -> Option<usize> {
        let (len, lens) = varint(self.lens)?;
        self.lens = lens;
        self.left = self.left.wrapping_sub(1);
        let at = self.at;
        self.at = at.wrapping_add(widen(len)).wrapping_add(1);
        Some(at)
    }

    /// The text from the next string on.
    #[inline]
    pub(super) fn next_tail(&mut self) -> Option<&'a [u8]> {
        let at = self.next_at()?;
        self.text.as_bytes().get(at..)
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a str;

    /// The next string, with its NUL.
    fn next(&mut self) -> Option<&'a str> {
        let at = self.next_at()?;
        self.text.get(at..self.at)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (widen(self.left), Some(widen(self.left)))
    }
}

impl ExactSizeIterator for Strings<'_> {}
impl FusedIterator for Strings<'_> {}
