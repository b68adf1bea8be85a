//! Reads the payload that [`encode`](super::encode) describes.

use core::str;

use super::HandoffInitRef;
use super::rules::{check_cmd, check_cwd, check_entry, check_string, has_key};
use crate::exec::{ExecLimits, Lengths};
use crate::rule::{InvalidMessage, MessageField, MessageRule};
use crate::wire::{DecodeError, DecodeErrorKind, Frame, Offset, Reader, Rest, count, widen};

/// Reads and checks a payload in time linear in its length.
pub(super) fn read<'a>(
    frame: &Frame<'a>,
    limits: &ExecLimits,
) -> Result<HandoffInitRef<'a>, DecodeError> {
    let index = Reader::new(frame);
    let mut message = Message {
        text: index.rest,
        index,
        max_string_bytes: limits.max_string_bytes(),
        has_stray: false,
    };
    match message.read(frame.generation, limits) {
        Some(view) => Ok(view),
        None => Err(message.index.error),
    }
}

/// Takes a message off its payload. What fails returns `None` and leaves its reason in `index`.
struct Message<'a> {
    /// The strings' lengths.
    index: Reader<'a>,
    /// The strings.
    text: Rest<'a>,
    max_string_bytes: u32,
    /// Whether some string holds a NUL that has not been found yet.
    has_stray: bool,
}

impl<'a> Message<'a> {
    fn read(&mut self, generation: u8, limits: &ExecLimits) -> Option<HandoffInitRef<'a>> {
        let index = &mut self.index;
        let cmd_len = index.varint()?;
        let cwd_len = if index.tag()? {
            Some(index.varint()?)
        } else {
            None
        };
        let arg_count = index.varint()?;
        let args = index.varints(arg_count)?;
        let env_count = index.varint()?;
        let env = index.varints(env_count)?;
        let text_len = index.varint()?;
        self.text = index.rest.take(widen(text_len))?;
        index.finish(generation)?;
        let bytes = self.text.bytes;
        let text_at = self.text.at();
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = text_at + Offset::of(error.valid_up_to());
                return index.fail(DecodeErrorKind::NotUtf8, at);
            }
        };

        let lists = widen(arg_count).saturating_add(widen(env_count));
        let paths = if cwd_len.is_some() { 2 } else { 1 };
        // Each string ends in a NUL; where there are more than that, one holds a NUL.
        self.has_stray = count(bytes, 0) != lists.saturating_add(paths);

        self.string(MessageField::Cmd, cmd_len)?;
        let cwd_at = self.text.at() - text_at;
        if let Some(len) = cwd_len {
            self.string(MessageField::Cwd, len)?;
        }
        let args_at = self.text.at() - text_at;
        self.strings(args, false)?;
        let env_at = self.text.at() - text_at;
        self.strings(env, true)?;
        if !self.text.bytes.is_empty() {
            let at = self.text.at();
            return self.index.fail(DecodeErrorKind::LengthMismatch, at);
        }
        if self.index.error.kind == DecodeErrorKind::StrayNul {
            return None;
        }
        let cmd = bytes.get(..widen(cmd_len)).unwrap_or_default();
        let lists_len = bytes.len().saturating_sub(args_at.index());
        if let Err(rule) = limits.check_total(cmd, lists, lists_len) {
            return self.invalid(text_at, MessageField::Message, rule);
        }
        Some(HandoffInitRef {
            text,
            cwd_at: cwd_at.index(),
            args_at: args_at.index(),
            args: Lengths(args.bytes),
            env_at: env_at.index(),
            env: Lengths(env.bytes),
        })
    }

    fn invalid<T>(&mut self, at: Offset, field: MessageField, rule: MessageRule) -> Option<T> {
        let invalid = InvalidMessage { field, rule };
        self.index.fail(DecodeErrorKind::Invalid(invalid), at)
    }

    /// Takes a list's strings off: of the environment, or the arguments.
    fn strings(&mut self, lengths: Rest<'a>, is_env: bool) -> Option<()> {
        self.index.rest = lengths;
        let mut n = 0u32;
        loop {
            n = n.wrapping_add(self.plain_strings(is_env));
            if self.index.rest.bytes.is_empty() {
                return Some(());
            }
            let field = if is_env {
                MessageField::Env(n)
            } else {
                MessageField::Arg(n)
            };
            let len = self.index.varint()?;
            self.string(field, len)?;
            n = n.wrapping_add(1);
        }
    }

    /// Takes strings off that are short and break no rule, as far as the first that does not show
    /// it at once; returns how many.
    ///
    /// Against taking each off with [`string`](Self::string), decoding the typical message takes
    /// 38 % fewer instructions.
    #[inline(never)] // on its own, the loop's state stays in registers
    fn plain_strings(&mut self, is_env: bool) -> u32 {
        if self.has_stray {
            return 0;
        }
        // What is shorter than this has a length of one byte, and is not too long.
        let short = u8::try_from(self.max_string_bytes)
            .unwrap_or(0x80)
            .min(0x80);
        let (mut lengths, mut text) = (self.index.rest.bytes, self.text.bytes);
        while let [len, after_len @ ..] = lengths {
            if *len >= short {
                break;
            }
            match text.split_at_checked(usize::from(*len)) {
                Some((string, [0, after @ ..])) if !is_env || has_key(string) => {
                    (lengths, text) = (after_len, after);
                }
                _ => break,
            }
        }
        let count = self.index.rest.bytes.len().wrapping_sub(lengths.len());
        (self.index.rest.bytes, self.text.bytes) = (lengths, text);
        Offset::of(count).get()
    }

    /// Takes one string off, with every check.
    #[inline(never)] // small code is not repeated
    fn string(&mut self, field: MessageField, len: u32) -> Option<()> {
        let at = self.text.at();
        let (string, after) = match self.text.bytes.split_at_checked(widen(len)) {
            Some((string, [0, after @ ..])) => (string, after),
            Some((_, [_, ..])) => {
                let at = at + Offset::new(len);
                return self.index.fail(DecodeErrorKind::MissingNul, at);
            }
            _ => return self.index.fail(DecodeErrorKind::LengthMismatch, at),
        };
        let stray = if self.has_stray {
            string.iter().position(|byte| *byte == 0)
        } else {
            None
        };
        if let Some(stray) = stray {
            // Noted: whatever else is wrong comes first.
            self.index.error = DecodeErrorKind::StrayNul.at(at + Offset::of(stray));
            self.has_stray = false;
        }
        let check_string = || check_string(string.len(), self.max_string_bytes);
        let checked = match field {
            MessageField::Cmd => check_cmd(string),
            MessageField::Cwd => check_cwd(string),
            MessageField::Env(_) => check_entry(string).and_then(|()| check_string()),
            _ => check_string(),
        };
        if let Err(rule) = checked {
            return self.invalid(at, field, rule);
        }
        self.text.bytes = after;
        Some(())
    }
}
