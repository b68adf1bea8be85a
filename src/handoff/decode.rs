//! Reads the payload that [`encode`](super::encode) describes.

use super::HandoffInitRef;
use super::error::{DecodeError, HandoffField, HandoffRule, InvalidHandoff};
use super::exec::ExecLimits;
use super::frame::{Frame, FrameHeader, GENERATION, narrow, widen};
use super::rules::{
    FOR_SIZE, check_cmd, check_cwd, check_entry, check_string, count_nuls, has_key,
};
use super::utf8;

/// Reads and checks a payload in time linear in its length.
pub(super) fn read<'a>(
    frame: &Frame<'a>,
    limits: &ExecLimits,
) -> Result<HandoffInitRef<'a>, DecodeError> {
    let end = narrow(FrameHeader::LEN.wrapping_add(frame.payload.len()));
    let mut reader = Reader {
        index: frame.payload,
        index_end: end,
        text: &[],
        text_end: end,
        max_string_bytes: limits.max_string_bytes(),
        has_stray: false,
        error: DecodeError::PayloadTruncated { offset: end },
    };
    match reader.message(frame.generation, limits) {
        Some(view) => Ok(view),
        None => Err(reader.error),
    }
}

/// Takes a payload off, field by field. What fails returns `None` and leaves its reason in
/// `error`: an error handed up from call to call is copied by each, in code that a guest pays for.
struct Reader<'a> {
    /// What is left of the index, with whatever follows it.
    index: &'a [u8],
    /// Where `index` ends in the frame.
    index_end: u32,
    /// What is left of the text.
    text: &'a [u8],
    /// Where `text` ends in the frame.
    text_end: u32,
    max_string_bytes: u32,
    /// Whether some string holds a NUL that has not been come across.
    has_stray: bool,
    /// Why reading stopped: the payload ends early, unless something else has been said.
    error: DecodeError,
}

/// The lengths of a list's strings.
struct Lens<'a> {
    bytes: &'a [u8],
    /// Where they end in the frame.
    end: u32,
}

impl<'a> Reader<'a> {
    fn message(&mut self, generation: u8, limits: &ExecLimits) -> Option<HandoffInitRef<'a>> {
        let cmd_len = self.varint()?;
        let cwd_len = if self.tag()? {
            Some(self.varint()?)
        } else {
            None
        };
        let arg_count = self.varint()?;
        let arg_lens = self.lens(arg_count)?;
        let env_count = self.varint()?;
        let env_lens = self.lens(env_count)?;
        let text_len = self.varint()?;
        let (text, left_over) = self.index.split_at_checked(widen(text_len))?;
        let text_at = self.index_at();
        self.text = text;
        self.text_end = text_at.wrapping_add(text_len);
        if generation <= GENERATION && !left_over.is_empty() {
            return self.fail(DecodeError::LeftOver {
                offset: self.text_end,
            });
        }
        let valid = utf8::valid_up_to(text);
        if valid < text.len() {
            let offset = text_at.wrapping_add(narrow(valid));
            return self.fail(DecodeError::NotUtf8 { offset });
        }
        let lists = arg_count.wrapping_add(env_count);
        let paths = if cwd_len.is_some() { 2 } else { 1 };
        // Each string ends in a NUL; where there are more than that, one holds a NUL.
        self.has_stray = count_nuls(text) != widen(lists.wrapping_add(paths));

        self.string(HandoffField::Cmd, cmd_len)?;
        let cwd_at = text.len().wrapping_sub(self.text.len());
        if let Some(len) = cwd_len {
            self.string(HandoffField::Cwd, len)?;
        }
        let args_at = text.len().wrapping_sub(self.text.len());
        self.strings(false, &arg_lens)?;
        let env_at = text.len().wrapping_sub(self.text.len());
        self.strings(true, &env_lens)?;
        if !self.text.is_empty() {
            let offset = self.text_at();
            return self.fail(DecodeError::LengthMismatch { offset });
        }
        if let DecodeError::StrayNul { .. } = self.error {
            return None;
        }
        let cmd = text.get(..widen(cmd_len)).unwrap_or_default();
        let lists_len = text.len().wrapping_sub(args_at);
        if let Err(rule) = limits.check_total(cmd, widen(lists), lists_len) {
            return self.invalid(text_at, HandoffField::Message, rule);
        }
        Some(HandoffInitRef {
            text,
            cwd_at,
            args_at,
            arg_lens: arg_lens.bytes,
            env_at,
            env_lens: env_lens.bytes,
        })
    }

    fn index_at(&self) -> u32 {
        self.index_end.wrapping_sub(narrow(self.index.len()))
    }

    fn text_at(&self) -> u32 {
        self.text_end.wrapping_sub(narrow(self.text.len()))
    }

    fn fail<T>(&mut self, error: DecodeError) -> Option<T> {
        self.error = error;
        None
    }

    fn invalid<T>(&mut self, offset: u32, field: HandoffField, rule: HandoffRule) -> Option<T> {
        let invalid = InvalidHandoff { field, rule };
        self.fail(DecodeError::Invalid { offset, invalid })
    }

    /// Takes the byte off that says whether an optional field follows.
    fn tag(&mut self) -> Option<bool> {
        let (tag, rest) = self.index.split_first()?;
        if *tag > 1 {
            let offset = self.index_at();
            return self.fail(DecodeError::BadOption { offset });
        }
        self.index = rest;
        Some(*tag == 1)
    }

    /// Takes a `u32` off as postcard writes it: seven bits a byte, the lowest first.
    #[inline(never)] // small code is not repeated, and what is rare stays out of the loops
    fn varint(&mut self) -> Option<u32> {
        let offset = self.index_at();
        let (mut value, mut shift) = (0u64, 0u32);
        loop {
            let (byte, rest) = self.index.split_first()?;
            self.index = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                if *byte == 0 && shift > 0 {
                    return self.fail(DecodeError::VarintPadded { offset });
                }
                break;
            }
            shift = shift.wrapping_add(7);
            if shift > 28 {
                // What a sixth byte would add to is too large already.
                value = u64::MAX;
                break;
            }
        }
        match u32::try_from(value) {
            Ok(value) => Some(value),
            Err(_) => self.fail(DecodeError::VarintTooLarge { offset }),
        }
    }

    /// Takes the lengths of `count` strings off. They are read when the text is at hand.
    #[inline(never)] // as `varint`
    fn lens(&mut self, count: u32) -> Option<Lens<'a>> {
        let (all, mut left) = (self.index, count);
        let block = |bytes: &'a [u8], left| {
            let whole = !FOR_SIZE && left >= 16;
            bytes.split_first_chunk::<16>().filter(|_| whole)
        };
        while let Some((block, rest)) = block(self.index, left) {
            // Without an early exit the compiler looks at the whole block at once.
            let ends = block
                .iter()
                .fold(0u8, |ends, byte| ends.wrapping_add(u8::from(*byte < 0x80)));
            left = left.wrapping_sub(u32::from(ends));
            self.index = rest;
        }
        while left > 0 {
            let (byte, rest) = self.index.split_first()?;
            left = left.wrapping_sub(u32::from(*byte < 0x80));
            self.index = rest;
        }
        let len = all.len().wrapping_sub(self.index.len());
        Some(Lens {
            bytes: all.get(..len)?,
            end: self.index_at(),
        })
    }

    /// Takes a list's strings off: entries of the environment where they are `keyed`.
    #[inline(never)] // as `varint`
    fn strings(&mut self, keyed: bool, lens: &Lens<'a>) -> Option<()> {
        // What `plain_strings` takes off is shorter than 128 bytes and not searched for NULs.
        let some_plain = !FOR_SIZE && !self.has_stray && self.max_string_bytes >= 0x80;
        (self.index, self.index_end) = (lens.bytes, lens.end);
        let mut n = 0u32;
        loop {
            if some_plain {
                n = n.wrapping_add(self.plain_strings(keyed));
            }
            if self.index.is_empty() {
                return Some(());
            }
            let len = self.varint()?;
            let field = if keyed {
                HandoffField::Env(n)
            } else {
                HandoffField::Arg(n)
            };
            self.string(field, len)?;
            n = n.wrapping_add(1);
        }
    }

    /// Takes strings off that are short and break no rule, as far as the first that does not show
    /// it at once; returns how many.
    #[inline(never)] // on its own, the loop's state stays in registers
    fn plain_strings(&mut self, keyed: bool) -> u32 {
        let (mut lens, mut text) = (self.index, self.text);
        while let [len @ ..0x80, after_len @ ..] = lens {
            match text.split_at_checked(usize::from(*len)) {
                Some((string, [0, after @ ..])) if !keyed || has_key(string) => {
                    (lens, text) = (after_len, after);
                }
                _ => break,
            }
        }
        let count = self.index.len().wrapping_sub(lens.len());
        (self.index, self.text) = (lens, text);
        narrow(count)
    }

    /// Takes one string off, with every check.
    #[inline(never)] // as `varint`
    fn string(&mut self, field: HandoffField, len: u32) -> Option<()> {
        let offset = self.text_at();
        let (string, after) = match self.text.split_at_checked(widen(len)) {
            Some((string, [0, after @ ..])) => (string, after),
            Some((_, [_, ..])) => {
                let offset = offset.wrapping_add(len);
                return self.fail(DecodeError::MissingNul { offset });
            }
            _ => return self.fail(DecodeError::LengthMismatch { offset }),
        };
        let stray = if self.has_stray {
            string.iter().position(|byte| *byte == 0)
        } else {
            None
        };
        if let Some(at) = stray {
            // Noted: whatever else is wrong comes first.
            let offset = offset.wrapping_add(narrow(at));
            self.error = DecodeError::StrayNul { offset };
            self.has_stray = false;
        }
        let check_string = || check_string(string.len(), self.max_string_bytes);
        let checked = match field {
            HandoffField::Cmd => check_cmd(string),
            HandoffField::Cwd => check_cwd(string),
            HandoffField::Env(_) => check_entry(string).and_then(|()| check_string()),
            _ => check_string(),
        };
        if let Err(rule) = checked {
            return self.invalid(offset, field, rule);
        }
        self.text = after;
        Some(())
    }
}
