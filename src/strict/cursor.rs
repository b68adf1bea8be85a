//! A place in a JSON text that keeps step with its parser.

use core::ops::Range;

/// The parser has verified each token before its visitor is called, so a cursor only has to pass
/// what is there.
pub(super) struct Cursor<'j> {
    json: &'j str,
    source: &'j str,
    at: usize,
}

impl<'j> Cursor<'j> {
    /// `source` is what the author wrote, and `json` what the parser reads: the same but for what
    /// was blanked.
    pub(super) fn new(json: &'j str, source: &'j str) -> Self {
        Self {
            json,
            source,
            at: 0,
        }
    }

    /// Returns a cursor at another place of the same text.
    pub(super) fn at(&self, at: usize) -> Self {
        Self { at, ..*self }
    }

    pub(super) fn here(&self) -> usize {
        self.at
    }

    pub(super) fn json(&self) -> &'j str {
        self.json
    }

    /// Returns what the author wrote at a place.
    pub(super) fn source(&self, span: &Range<usize>) -> &'j str {
        self.source.get(span.clone()).unwrap_or_default()
    }

    /// Returns what the author wrote from the next token on.
    pub(super) fn rest(&mut self) -> &'j str {
        let start = self.token();
        self.source.get(start..).unwrap_or_default()
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

    /// Returns whether the next token opens an object.
    pub(super) fn is_at_object(&mut self) -> bool {
        self.token();
        self.peek() == Some(b'{')
    }

    /// Passes a whole value.
    pub(super) fn value(&mut self) -> Range<usize> {
        let (start, mut depth) = (self.token(), 0usize);
        loop {
            self.token();
            match self.peek() {
                None => return start..self.at,
                Some(b'"') => drop(self.string(None)),
                Some(b'{' | b'[') => {
                    depth = depth.saturating_add(1);
                    self.forward(1);
                }
                Some(b'}' | b']') => {
                    depth = depth.saturating_sub(1);
                    self.forward(1);
                }
                Some(b',' | b':') => self.forward(1),
                Some(_) if self.word().is_empty() => return start..self.at,
                Some(_) => {}
            }
            if depth == 0 {
                return start..self.at;
            }
        }
    }

    /// Passes a string. One that was borrowed is in the text as it is.
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
