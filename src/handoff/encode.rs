//! The payload: the strings' lengths, then the strings as `execve(2)` wants them.
//!
//! Byte for byte what postcard writes for
//! `(cmd: u32, cwd: Option<u32>, args: Vec<u32>, env: Vec<u32>, text: &str)`, written in one pass
//! over the strings.

use super::HandoffInit;
use super::rules::{check_cmd, check_cwd, check_string};
use crate::exec::ExecLimits;
use crate::limits::MAX_PAYLOAD_BYTES;
use crate::rule::{InvalidMessage, MessageField, MessageRule};
use crate::wire::{Offset, Writer, contains, saturate, varint_len};

/// The lengths of a payload's parts, in bytes.
#[derive(Default)]
pub(super) struct Layout {
    index_len: usize,
    text_len: usize,
}

impl Layout {
    pub(super) fn of(message: &HandoffInit) -> Self {
        let mut layout = Self::default();
        layout.add(message.cmd.len());
        if let Some(cwd) = &message.cwd {
            layout.add(cwd.len());
        }
        for arg in &message.args {
            layout.add(arg.len());
        }
        for (key, value) in &message.env {
            layout.add(entry_len(key, value));
        }
        // The tag of `cwd`.
        layout.index_len = layout.index_len.saturating_add(1);
        for number in [message.args.len(), message.env.len(), layout.text_len] {
            layout.index_len = layout.index_len.saturating_add(varint_len(number));
        }
        layout
    }

    /// Adds a string: its length as a varint to the index, itself and a NUL to the text.
    fn add(&mut self, len: usize) {
        self.index_len = self.index_len.saturating_add(varint_len(len));
        self.text_len = self.text_len.saturating_add(len).saturating_add(1);
    }

    pub(super) fn payload_len(&self) -> usize {
        self.index_len.saturating_add(self.text_len)
    }
}

/// Checks a message against every rule, and measures it.
pub(super) fn check(message: &HandoffInit, limits: &ExecLimits) -> Result<Layout, InvalidMessage> {
    let at = |field| move |rule| InvalidMessage { field, rule };
    check_nul(&message.cmd)
        .and_then(|()| check_cmd(message.cmd.as_bytes()))
        .map_err(at(MessageField::Cmd))?;
    if let Some(cwd) = &message.cwd {
        check_nul(cwd)
            .and_then(|()| check_cwd(cwd.as_bytes()))
            .map_err(at(MessageField::Cwd))?;
    }
    let mut bytes = 0usize;
    for (n, arg) in message.args.iter().enumerate() {
        check_nul(arg)
            .and_then(|()| check_string(arg.len(), limits.max_string_bytes()))
            .map_err(at(MessageField::Arg(saturate(n))))?;
        bytes = bytes.saturating_add(arg.len()).saturating_add(1);
    }
    for (n, (key, value)) in message.env.iter().enumerate() {
        let len = entry_len(key, value);
        check_nul(key)
            .and_then(|()| check_nul(value))
            .and_then(|()| check_key(key))
            .and_then(|()| check_string(len, limits.max_string_bytes()))
            .map_err(at(MessageField::Env(saturate(n))))?;
        bytes = bytes.saturating_add(len).saturating_add(1);
    }
    let strings = message.args.len().saturating_add(message.env.len());
    limits
        .check_total(message.cmd.as_bytes(), strings, bytes)
        .map_err(at(MessageField::Message))?;
    let layout = Layout::of(message);
    if layout.payload_len() > MAX_PAYLOAD_BYTES {
        let (len, max) = (
            saturate(layout.payload_len()),
            Offset::of(MAX_PAYLOAD_BYTES).get(),
        );
        return Err(at(MessageField::Message)(MessageRule::PayloadTooLarge {
            len,
            max,
        }));
    }
    Ok(layout)
}

fn check_nul(string: &str) -> Result<(), MessageRule> {
    if contains(string.as_bytes(), 0) {
        return Err(MessageRule::Nul);
    }
    Ok(())
}

fn check_key(key: &str) -> Result<(), MessageRule> {
    if key.is_empty() {
        return Err(MessageRule::EmptyKey);
    }
    if contains(key.as_bytes(), b'=') {
        return Err(MessageRule::EqualsInKey);
    }
    Ok(())
}

/// Writes a payload in its place; `None` where `payload` has not the length of `layout`.
pub(super) fn write(message: &HandoffInit, layout: &Layout, payload: &mut [u8]) -> Option<()> {
    let (index, text) = payload.split_at_mut_checked(layout.index_len)?;
    let (mut index, mut text) = (Writer::new(index), Writer::new(text));
    let mut string = |index: &mut Writer<'_>, parts: &[&str]| {
        index.varint(parts.iter().map(|part| part.len()).sum())?;
        parts
            .iter()
            .try_for_each(|part| text.put(part.as_bytes()))?;
        text.byte(0)
    };
    string(&mut index, &[&message.cmd])?;
    index.byte(u8::from(message.cwd.is_some()))?;
    if let Some(cwd) = &message.cwd {
        string(&mut index, &[cwd])?;
    }
    index.varint(message.args.len())?;
    for arg in &message.args {
        string(&mut index, &[arg])?;
    }
    index.varint(message.env.len())?;
    for (key, value) in &message.env {
        string(&mut index, &[key, "=", value])?;
    }
    index.varint(layout.text_len)
}

/// The length of `KEY=VALUE`.
fn entry_len(key: &str, value: &str) -> usize {
    key.len().saturating_add(1).saturating_add(value.len())
}
