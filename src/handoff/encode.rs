//! The payload: the strings' lengths, then the strings as `execve(2)` wants them.
//!
//! Byte for byte what postcard writes for
//! `(cmd: u32, cwd: Option<u32>, args: Vec<u32>, env: Vec<u32>, text: &str)`, written in one pass
//! over the strings.

use alloc::string::String;

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
    /// How many arguments and environment entries there are.
    strings: usize,
    /// What those come to, NULs counted.
    strings_len: usize,
}

impl Layout {
    pub(super) fn of(message: &HandoffInit) -> Self {
        Self::of_lengths(
            message.cmd.len(),
            message.cwd.as_ref().map(String::len),
            message.args.iter().map(String::len),
            message.env.iter().map(|(key, value)| entry_len(key, value)),
        )
    }

    fn of_lengths(
        cmd: usize,
        cwd: Option<usize>,
        args: impl Iterator<Item = usize>,
        env: impl Iterator<Item = usize>,
    ) -> Self {
        let mut layout = Self::default();
        layout.add(cmd);
        if let Some(cwd) = cwd {
            layout.add(cwd);
        }
        // The tag of `cwd`.
        layout.index_len = layout.index_len.saturating_add(1);
        let paths_len = layout.text_len;
        let args = layout.add_list(args);
        layout.strings = args.saturating_add(layout.add_list(env));
        layout.strings_len = layout.text_len.saturating_sub(paths_len);
        layout.add_number(layout.text_len);
        layout
    }

    fn add_list(&mut self, lens: impl Iterator<Item = usize>) -> usize {
        let mut strings = 0usize;
        for len in lens {
            self.add(len);
            strings = strings.saturating_add(1);
        }
        self.add_number(strings);
        strings
    }

    fn add_number(&mut self, number: usize) {
        self.index_len = self.index_len.saturating_add(varint_len(number));
    }

    /// Adds a string: its length as a varint to the index, itself and a NUL to the text.
    fn add(&mut self, len: usize) {
        self.index_len = self.index_len.saturating_add(varint_len(len));
        self.text_len = self.text_len.saturating_add(len).saturating_add(1);
    }

    /// Checks what all strings come to.
    fn check(&self, cmd: &str, limits: &ExecLimits) -> Result<(), MessageRule> {
        limits.check_total(cmd.as_bytes(), self.strings, self.strings_len)?;
        if self.payload_len() > MAX_PAYLOAD_BYTES {
            let (len, max) = (
                saturate(self.payload_len()),
                Offset::of(MAX_PAYLOAD_BYTES).get(),
            );
            return Err(MessageRule::PayloadTooLarge { len, max });
        }
        Ok(())
    }

    pub(super) fn payload_len(&self) -> usize {
        self.index_len.saturating_add(self.text_len)
    }
}

/// Checks a message against every rule, and measures it.
pub(super) fn check(message: &HandoffInit, limits: &ExecLimits) -> Result<Layout, InvalidMessage> {
    let at = |field| move |rule| InvalidMessage { field, rule };
    check_program(&message.cmd).map_err(at(MessageField::Cmd))?;
    if let Some(cwd) = &message.cwd {
        check_directory(cwd).map_err(at(MessageField::Cwd))?;
    }
    for (n, arg) in message.args.iter().enumerate() {
        check_arg(arg, limits).map_err(at(MessageField::Arg(saturate(n))))?;
    }
    for (n, (key, value)) in message.env.iter().enumerate() {
        check_var(key, value, limits).map_err(at(MessageField::Env(saturate(n))))?;
    }
    let layout = Layout::of(message);
    layout
        .check(&message.cmd, limits)
        .map_err(at(MessageField::Message))?;
    Ok(layout)
}

/// Checks `cmd` by itself.
pub(crate) fn check_program(cmd: &str) -> Result<(), MessageRule> {
    check_nul(cmd)?;
    check_cmd(cmd.as_bytes())
}

/// Checks `cwd` by itself.
pub(crate) fn check_directory(cwd: &str) -> Result<(), MessageRule> {
    check_nul(cwd)?;
    check_cwd(cwd.as_bytes())
}

/// Checks an argument by itself.
pub(crate) fn check_arg(arg: &str, limits: &ExecLimits) -> Result<(), MessageRule> {
    check_nul(arg)?;
    check_string(arg.len(), limits.max_string_bytes())
}

/// Checks an environment entry by itself.
pub(crate) fn check_var(key: &str, value: &str, limits: &ExecLimits) -> Result<(), MessageRule> {
    check_nul(key)?;
    check_nul(value)?;
    check_key(key)?;
    check_string(entry_len(key, value), limits.max_string_bytes())
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
        index.len(parts.iter().map(|part| part.len()).sum())?;
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
    index.len(message.args.len())?;
    for arg in &message.args {
        string(&mut index, &[arg])?;
    }
    index.len(message.env.len())?;
    for (key, value) in &message.env {
        string(&mut index, &[key, "=", value])?;
    }
    index.len(layout.text_len)
}

/// Checks what all strings come to, by their lengths.
pub(crate) fn check_lengths(
    cmd: &str,
    cwd: Option<&str>,
    args: impl Iterator<Item = usize>,
    env: impl Iterator<Item = usize>,
    limits: &ExecLimits,
) -> Result<(), MessageRule> {
    let layout = Layout::of_lengths(cmd.len(), cwd.map(str::len), args, env);
    layout.check(cmd, limits)
}

/// The length of `KEY=VALUE`.
pub(crate) fn entry_len(key: &str, value: &str) -> usize {
    key.len().saturating_add(1).saturating_add(value.len())
}
