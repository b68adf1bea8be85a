//! Reads the payload that [`encode`](super::encode) describes.

use core::str;

use super::HandoffInitRef;
use super::rules::{check_cmd, check_cwd, check_entry, check_string};
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

        self.string(MessageField::Cmd, cmd_len)?;
        let cwd_at = self.text.at() - text_at;
        if let Some(len) = cwd_len {
            self.string(MessageField::Cwd, len)?;
        }
        let args_at = self.text.at() - text_at;
        self.strings(args, MessageField::Arg)?;
        let env_at = self.text.at() - text_at;
        self.strings(env, MessageField::Env)?;
        if !self.text.bytes.is_empty() {
            let at = self.text.at();
            return self.index.fail(DecodeErrorKind::LengthMismatch, at);
        }
        let view = HandoffInitRef {
            text,
            cwd_at: cwd_at.index(),
            args_at: args_at.index(),
            args: Lengths(args.bytes),
            env_at: env_at.index(),
            env: Lengths(env.bytes),
        };
        let lists = widen(arg_count).saturating_add(widen(env_count));
        let paths = if cwd_len.is_some() { 2 } else { 1 };
        // Each string ends in a NUL; where there are more than that, one holds a NUL.
        if count(bytes, 0) != lists.saturating_add(paths) {
            let lengths = [Some(cmd_len), cwd_len].into_iter().flatten().map(widen);
            let at = first_stray_nul(bytes, lengths.chain(view.args).chain(view.env));
            return self
                .index
                .fail(DecodeErrorKind::StrayNul, text_at + Offset::of(at));
        }
        let cmd = view.cmd_cstr().to_bytes();
        let lists_len = bytes.len().saturating_sub(view.args_at);
        if let Err(rule) = limits.check_total(cmd, lists, lists_len) {
            return self.invalid(text_at, MessageField::Message, rule);
        }
        Some(view)
    }

    fn invalid<T>(&mut self, at: Offset, field: MessageField, rule: MessageRule) -> Option<T> {
        let invalid = InvalidMessage { field, rule };
        self.index.fail(DecodeErrorKind::Invalid(invalid), at)
    }

    /// Takes a list's strings off.
    #[inline(never)] // small code is not repeated
    fn strings(&mut self, lengths: Rest<'a>, field: fn(u32) -> MessageField) -> Option<()> {
        self.index.rest = lengths;
        let mut n = 0u32;
        while !self.index.rest.bytes.is_empty() {
            let len = self.index.varint()?;
            self.string(field(n), len)?;
            n = n.wrapping_add(1);
        }
        Some(())
    }

    /// Takes one string off, with every check but that for a NUL inside it.
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

/// Where in `text` the first NUL is that does not end its string.
#[cold]
fn first_stray_nul(text: &[u8], lengths: impl Iterator<Item = usize>) -> usize {
    let mut start = 0usize;
    for len in lengths {
        let string = text.get(start..).unwrap_or_default();
        match string.iter().position(|byte| *byte == 0) {
            Some(at) if at < len => return start.saturating_add(at),
            _ => start = start.saturating_add(len).saturating_add(1),
        }
    }
    start
}
