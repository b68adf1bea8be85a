//! A place in a JSON text that keeps step with its parser.

use core::ops::Range;

/// The parser has verified each token before its visitor is called, so a cursor only has to pass
/// what stands there.
pub(super) struct Cursor<'j> {
    json: &'j str,
    at: usize,
}

impl<'j> Cursor<'j> {
    pub(super) fn new(json: &'j str, at: usize) -> Self {
        Self { json, at }
    }

    pub(super) fn json(&self) -> &'j str {
        self.json
    }

    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn forward(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Passes white space, and returns where the next token starts.
    pub(super) fn token(&mut self) -> usize {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.forward(1);
        }
        self.at
    }

    /// Passes one byte of punctuation.
    pub(super) fn punctuation(&mut self) -> Range<usize> {
        let start = self.token();
        self.forward(1);
        start..self.at
    }

    /// Passes the comma before a further element, if there is one.
    pub(super) fn comma(&mut self) {
        self.token();
        if self.peek() == Some(b',') {
            self.forward(1);
        }
    }

    /// Passes a string. One that was borrowed stands in the text as it is.
    pub(super) fn string(&mut self, borrowed: Option<&str>) -> Range<usize> {
        let start = self.token();
        self.forward(1);
        if let Some(text) = borrowed {
            self.forward(text.len());
        } else {
            while let Some(byte) = self.peek().filter(|byte| *byte != b'"') {
                self.forward(if byte == b'\\' { 2 } else { 1 });
            }
        }
        self.forward(1);
        start..self.at
    }

    /// Passes a number, `true`, `false` or `null`.
    pub(super) fn word(&mut self) -> Range<usize> {
        let start = self.token();
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        while self.peek().as_ref().is_some_and(is_word) {
            self.forward(1);
        }
        start..self.at
    }
}
