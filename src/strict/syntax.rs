//! Texts that are not JSON: what they are instead, and what can be read all the same.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use serde::de::IgnoredAny;

use super::advice::{SPEC, is_spec};
use super::fix::{AT_BYTE_ORDER_MARK, AT_TRAILING_COMMA, BYTE_ORDER_MARK, Fixes};
use super::locate::syntax_error;
use super::shape::Root;
use super::walk::{Mends, walk};
use crate::check::{Finding, FindingCode, Findings, Place, Related};

/// How many findings there are about single words and commas, and how many brackets are kept: no
/// JSON that is read has more open ones.
const MAX_KEPT: usize = 128;

/// Walks a text that is not JSON. What a person can write into JSON that no parser takes, such as a
/// comment, is an error, and is blanked for the walk: every byte keeps its place.
///
/// Returns the text that was walked, and what mends it if it is JSON.
pub(super) fn walk_broken<'j>(
    json: &'j str,
    root: Root,
    found: &mut Findings,
) -> (Cow<'j, str>, Option<Mends>) {
    if let Some(finding) = other_format(json, root) {
        found.push(FindingCode::Syntax, || finding);
        return (Cow::Borrowed(json), None);
    }
    let (blanked, blanks) = Blanking::of(json);
    for finding in blanks {
        found.push(FindingCode::Syntax, || finding);
    }
    let (mut walked, mut fixes) = (Findings::default(), Fixes::default());
    // What came before is no finding: a quote that is missing makes names of anything.
    match walk(&blanked, json, root, &mut walked, &mut fixes) {
        Ok(mends) => {
            found.extend(fixes.without_edits());
            found.extend(walked);
            found.sort_by_place();
            (Cow::Owned(blanked), Some(mends))
        }
        Err(error) => {
            let mut finding = explain(&blanked, &error);
            finding.span = finding.span.map(|span| whole_characters(json, span));
            found.push(FindingCode::Syntax, || finding);
            (Cow::Owned(blanked), None)
        }
    }
}

/// Widens a place to whole characters: what was blanked had others.
fn whole_characters(json: &str, mut span: Range<usize>) -> Range<usize> {
    while !json.is_char_boundary(span.start) {
        span.start = span.start.saturating_sub(1);
    }
    while span.end < json.len() && !json.is_char_boundary(span.end) {
        span.end = span.end.saturating_add(1);
    }
    span
}

fn finding(span: Range<usize>, message: impl Into<String>) -> Finding {
    let mut finding = Finding::new(Place::ROOT.path(), FindingCode::Syntax, message);
    finding.span = Some(span);
    finding.label = Some("here".into());
    finding
}

/// Names a text that is of another format as a whole.
fn other_format(text: &str, root: Root) -> Option<Finding> {
    let named = |span, message: &str, help: String| Finding {
        label: Some("the file starts here".into()),
        help: Some(help),
        ..finding(span, message)
    };
    if text.chars().take(4).any(|c| c == '\0') {
        let help = "convert it first: iconv -f UTF-16 -t UTF-8 spec.json > spec-utf8.json";
        let first = text.chars().next().map_or(0, char::len_utf8);
        let message = "this looks like UTF-16, but specs are UTF-8";
        return Some(named(0..first, message, help.into()));
    }
    let bare = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if bare.trim().is_empty() {
        let help = || format!("the smallest spec is `{SPEC}`");
        return Some(Finding {
            help: is_spec(root.shape).then(help),
            ..finding(0..0, "the file is empty")
        });
    }
    yaml_start(bare).map(|span| {
        let skipped = text.len().saturating_sub(bare.len());
        let span = span.start.saturating_add(skipped)..span.end.saturating_add(skipped);
        let help = "convert it first: yq -o=json spec.yaml > spec.json";
        named(
            span,
            "this looks like YAML, but specs are JSON",
            help.into(),
        )
    })
}

/// Returns the first words of a text that are YAML's.
fn yaml_start(text: &str) -> Option<Range<usize>> {
    let mut start = 0usize;
    for line in text.split_inclusive('\n') {
        let words = line.trim_start();
        let at = start.saturating_add(line.len().saturating_sub(words.len()));
        start = start.saturating_add(line.len());
        let words = words.trim_end();
        if words.is_empty() || words.starts_with('#') {
            continue;
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.$".contains(c);
        let name = words.find(|c| !is_name(c)).unwrap_or(words.len());
        let is_field = words
            .get(name..)
            .is_some_and(|rest| rest == ":" || rest.starts_with(": "));
        let len = if ["---", "%YAML"].iter().any(|mark| words.starts_with(mark)) {
            3
        } else if words.starts_with("- ") {
            1
        } else if name > 0 && is_field {
            name
        } else {
            return None;
        };
        return Some(at..at.saturating_add(len));
    }
    None
}

/// A pass over the tokens of a text that is hardly JSON.
struct Blanking<'j> {
    json: &'j str,
    text: Vec<u8>,
    at: usize,
    found: Vec<Finding>,
    comments: Vec<Range<usize>>,
    single_quoted: Vec<Range<usize>>,
    /// A comma that nothing has followed yet.
    comma: Option<usize>,
    /// Whether a comma here would follow a value.
    after_value: bool,
}

impl<'j> Blanking<'j> {
    /// Returns the text with all that could be blanked or spelt as JSON, and what that was.
    fn of(json: &'j str) -> (String, Vec<Finding>) {
        let mut pass = Self {
            json,
            text: json.as_bytes().to_vec(),
            at: 0,
            found: Vec::new(),
            comments: Vec::new(),
            single_quoted: Vec::new(),
            comma: None,
            after_value: false,
        };
        if json.starts_with(BYTE_ORDER_MARK) {
            pass.at = BYTE_ORDER_MARK.len();
            pass.blank(0..pass.at);
            let (message, help) = AT_BYTE_ORDER_MARK;
            pass.tell(0..pass.at, message, help);
        }
        while pass.token().is_some() {}
        pass.trailing_comma();
        let (comments, quoted) = (
            core::mem::take(&mut pass.comments),
            core::mem::take(&mut pass.single_quoted),
        );
        pass.tell_all(
            &comments,
            "JSON does not allow comments",
            ["remove it", "remove them"],
            "comments",
        );
        let help = "write `\"` in place of each `'`";
        pass.tell_all(
            &quoted,
            "strings must be in double quotes",
            [help; 2],
            "strings in single quotes",
        );
        match String::from_utf8(pass.text) {
            Ok(text) => (text, pass.found),
            // Only whole characters are blanked.
            Err(_) => (json.into(), pass.found),
        }
    }

    fn tell(&mut self, span: Range<usize>, message: &str, help: &str) {
        if self.found.len() < MAX_KEPT {
            self.found.push(Finding {
                help: Some(help.into()),
                ..finding(span, message)
            });
        }
    }

    /// One finding about many places.
    fn tell_all(&mut self, places: &[Range<usize>], message: &str, help: [&str; 2], what: &str) {
        let ([one, many], count) = (help, places.len());
        let Some(first) = places.first() else { return };
        if count == 1 {
            return self.tell(first.clone(), message, one);
        }
        self.found.push(Finding {
            help: Some(many.into()),
            label: Some("the first is here".into()),
            note: Some(format!("there are {count} {what}")),
            ..finding(first.clone(), message)
        });
    }

    fn blank(&mut self, span: Range<usize>) {
        for byte in self.text.get_mut(span).into_iter().flatten() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }

    fn write(&mut self, start: usize, text: &str) {
        let end = start.saturating_add(text.len());
        if let Some(bytes) = self.text.get_mut(start..end) {
            bytes.copy_from_slice(text.as_bytes());
        }
    }

    fn rest(&self) -> &'j str {
        self.json.get(self.at..).unwrap_or_default()
    }

    /// Passes so many bytes, and returns where they are.
    fn pass(&mut self, len: usize) -> Range<usize> {
        let start = self.at;
        self.at = start.saturating_add(len).min(self.json.len());
        start..self.at
    }

    /// Passes a token, unless there is none or the rest makes no sense.
    fn token(&mut self) -> Option<()> {
        let rest = self.rest();
        let first = rest.chars().next()?;
        let line_len = || rest.find('\n').unwrap_or(rest.len());
        if let "//" | "/*" = rest.get(..2).unwrap_or_default() {
            let len = if rest.starts_with("//") {
                line_len()
            } else {
                let end = rest.get(2..)?.find("*/");
                end.map_or(rest.len(), |end| end.saturating_add(4))
            };
            return self.comment(len, 2);
        }
        match first {
            '#' => return self.comment(line_len(), 1),
            ' ' | '\t' | '\n' | '\r' => {
                self.pass(1);
                return Some(());
            }
            ',' => {
                let span = self.pass(1);
                self.comma = Some(span.start).filter(|_| self.after_value);
                self.after_value = false;
                return Some(());
            }
            '}' | ']' => {
                self.trailing_comma();
                self.pass(1);
                self.after_value = true;
                return Some(());
            }
            _ => {}
        }
        self.comma = None;
        self.after_value = !matches!(first, '{' | '[' | ':');
        match first {
            '"' => {
                let len = string_len(rest, '"')?;
                self.pass(len);
            }
            '\'' => {
                let len = string_len(rest, '\'')?;
                let span = self.pass(len);
                if rest.get(..len)?.contains(['"', '\\']) {
                    return None;
                }
                self.write(span.start, "\"");
                self.write(span.end.saturating_sub(1), "\"");
                self.single_quoted.push(span);
            }
            c if is_word(c) => {
                let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let span = self.pass(len);
                self.word(span, rest.get(..len)?);
            }
            c => drop(self.pass(c.len_utf8())),
        }
        Some(())
    }

    fn comment(&mut self, len: usize, mark: usize) -> Option<()> {
        let span = self.pass(len);
        self.comments
            .push(span.start..span.start.saturating_add(mark));
        self.blank(span);
        Some(())
    }

    /// Takes out a comma that nothing follows.
    fn trailing_comma(&mut self) {
        if let Some(at) = self.comma.take() {
            let span = at..at.saturating_add(1);
            self.blank(span.clone());
            let (message, help) = AT_TRAILING_COMMA;
            self.tell(span, message, help);
        }
    }

    /// Spells a word as JSON does, and makes a number small that is too large for the parser.
    fn word(&mut self, span: Range<usize>, word: &str) {
        let is_name = self.rest().trim_start().starts_with(':');
        let spelt = match word {
            "True" | "TRUE" => "true",
            "False" | "FALSE" => "false",
            "None" | "Null" | "NULL" => "null",
            _ => {
                let is_number = serde_json::from_str::<IgnoredAny>(word).is_ok();
                if is_number && word.parse::<f64>().is_ok_and(f64::is_infinite) {
                    let zeros = word.len().saturating_sub(2);
                    self.write(span.start, &format!("0.{}", "0".repeat(zeros)));
                }
                return;
            }
        };
        if !is_name {
            self.write(span.start, spelt);
            self.tell(
                span,
                &format!("this is not how JSON spells `{spelt}`"),
                &format!("write `{spelt}`"),
            );
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+-._$".contains(c)
}

/// The length of a string with its quotes, if it is closed on its line.
fn string_len(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    let end = rest.get(1..)?.find(|c| {
        let ends = c == '\n' || c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    let is_closed = rest.get(1..)?.get(end..)?.starts_with(quote);
    is_closed.then(|| end.saturating_add(2))
}

/// Says in words why a text is not JSON, and where.
fn explain(text: &str, error: &serde_json::Error) -> Finding {
    let place = syntax_error(text, error);
    let mut finding = match unclosed_string(text, place.start) {
        Some(start) => Finding {
            label: Some("it starts here".into()),
            help: Some(r#"add a closing `"`; inside a string, write `\"` for a quote and `\n` for a line break"#.into()),
            ..finding(start..start.saturating_add(1), "this string is never closed")
        },
        None => unexpected(text, place, error),
    };
    finding.note = Some("the rest of the file was not checked".into());
    finding
}

/// Returns where a string starts that is not closed on this line, if there is one.
fn unclosed_string(text: &str, at: usize) -> Option<usize> {
    let start = text
        .get(..at)?
        .rfind('\n')
        .map_or(0, |end| end.saturating_add(1));
    let line = text.get(start..)?.split('\n').next()?;
    let (mut offset, mut suspect) = (0usize, None);
    loop {
        let rest = line.get(offset..)?;
        offset = offset.saturating_add(rest.find('"')?);
        let rest = line.get(offset..)?;
        let first = start.saturating_add(offset);
        let Some(len) = string_len(rest, '"') else {
            return Some(suspect.unwrap_or(first));
        };
        // A string that ends as only what is between strings does took the next one's quote.
        let inside = rest.get(1..len.saturating_sub(1))?.trim_end();
        if inside.ends_with([':', ',', '{', '[']) && suspect.is_none() {
            suspect = Some(first);
        }
        offset = offset.saturating_add(len);
    }
}

/// What comes before a place, as far as it tells what belongs there.
struct Before {
    /// The open brackets, the innermost last.
    open: Vec<(char, usize)>,
    /// The last character that is no white space.
    last: Option<char>,
}

impl Before {
    fn of(text: &str, end: usize) -> Self {
        let mut before = Self {
            open: Vec::new(),
            last: None,
        };
        let mut at = 0;
        while let Some(first) = text.get(at..end).and_then(|rest| rest.chars().next()) {
            let len = match first {
                '"' => text
                    .get(at..)
                    .and_then(|rest| string_len(rest, '"'))
                    .unwrap_or(1),
                first => first.len_utf8(),
            };
            match first {
                '{' | '[' if before.open.len() < MAX_KEPT => before.open.push((first, at)),
                '}' | ']' => drop(before.open.pop()),
                _ => {}
            }
            if !first.is_whitespace() {
                before.last = Some(first);
            }
            at = at.saturating_add(len);
        }
        before
    }
}

/// Says what is wrong at a place that a parser stopped at.
fn unexpected(text: &str, mut place: Range<usize>, error: &serde_json::Error) -> Finding {
    let says = format!("{error}");
    let report = |place, message: &str, help: &str| Finding {
        help: Some(help.into()).filter(|help: &String| !help.is_empty()),
        ..finding(place, message)
    };
    // What is wrong inside a string only its parser knows.
    for (reason, message, help) in [
        (
            "recursion limit",
            "lists and objects are nested too deeply",
            "the limit is 127 levels",
        ),
        (
            "control character",
            "a string must not contain a control character",
            r"write `\t` for a tab and `\n` for a line break",
        ),
        (
            "invalid escape",
            "JSON has no such escape",
            r"write `\\` for a backslash",
        ),
        (
            "surrogate",
            "this escape is half a character",
            "write the character itself",
        ),
        (
            "end of hex escape",
            "this escape is half a character",
            "write the character itself",
        ),
        (
            "unicode code point",
            "this escape is no character",
            "write the character itself",
        ),
    ] {
        if says.contains(reason) {
            let token = inside_string(text, &place);
            return report(token.unwrap_or(place), message, help);
        }
    }
    if error.is_eof() {
        return too_short(text, place);
    }
    let next = text
        .get(place.clone())
        .and_then(|c| c.chars().next())
        .unwrap_or(' ');
    let word_start = text
        .get(..place.start)
        .map_or(0, |before| before.trim_end_matches(is_word).len());
    let word = text.get(word_start..).unwrap_or_default();
    let is_number = word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let is_inside = word_start < place.start && is_word(next) || says.contains("expected value");
    if says.contains("invalid number") || is_number && is_inside {
        place.start = word_start;
        place.end = word_end(text, word_start).max(place.end);
        return number(text, place);
    }
    if says.contains("expected ident") {
        place.start = word_start;
    }
    place.end = place.end.max(word_end(text, place.start));
    let next = text
        .get(place.clone())
        .and_then(|c| c.chars().next())
        .unwrap_or(next);
    let before = Before::of(text, place.start);
    let in_object = matches!(before.open.last(), Some(('{', _)));
    let starts_value = is_word(next) || "\"'{[".contains(next);
    match (before.last, next) {
        (_, '“' | '”' | '‘' | '’') => {
            let help = "write a straight quote: `\"`";
            report(place, "strings must be in double quotes", help)
        }
        (_, '\'' | '`') => report(place, "strings must be in double quotes", "write `\"`"),
        (_, c) if c.is_whitespace() || !c.is_ascii() || c.is_control() => {
            report(place, "this character may only be in a string", "")
        }
        (_, '}' | ']') if before.open.is_empty() => {
            report(place, &format!("this `{next}` closes nothing"), "remove it")
        }
        (_, '}' | ']') if in_object != (next == '}') => {
            let mut finding = report(
                place,
                &format!("this `{next}` does not fit the bracket that is open"),
                "",
            );
            finding.related = before
                .open
                .last()
                .map(|(bracket, at)| Related {
                    span: *at..at.saturating_add(1),
                    label: format!("this `{bracket}` is open").into(),
                })
                .into_iter()
                .collect();
            finding
        }
        (Some(':' | ','), '}' | ']' | ',' | ':') | (Some('['), ',') | (Some(':'), _)
            if !starts_value =>
        {
            report(
                place,
                &format!("a value is missing before this `{next}`"),
                "",
            )
        }
        (Some(_), _) if before.open.is_empty() => report(
            place,
            "the document has ended before this",
            "a file holds one document",
        ),
        (Some('{' | ','), c) if in_object && is_word(c) => {
            report(place, "a field's name must be in double quotes", "")
        }
        (Some('{' | ','), _) if in_object => report(place, "a field's name is missing here", ""),
        (Some('{' | '[' | ',' | ':') | None, c) if is_word(c) => report(
            place,
            "this word is not JSON",
            "a string must be in double quotes; the only words are `true`, `false` and `null`",
        ),
        (Some(_), '=') => report(
            place,
            "a field's name and its value need a colon between them",
            "write `:`",
        ),
        (Some('"'), _) if says.contains("expected `:`") => {
            report(place, "a colon is missing before this", "")
        }
        (Some('{' | '[' | ',' | ':') | None, _) => {
            report(place, &format!("a value must not start with `{next}`"), "")
        }
        (Some(_), _) if starts_value => report(place, "a comma is missing before this", ""),
        (Some(_), ':') => report(
            place,
            "only the name of an object's field takes a colon",
            "",
        ),
        _ => report(place, &format!("`{next}` does not belong here"), ""),
    }
}

fn word_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    start.saturating_add(rest.find(|c| !is_word(c)).unwrap_or(rest.len()))
}

/// Returns the escape or the control character that a parser means, which may have stopped just
/// before or behind it.
fn inside_string(text: &str, place: &Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(place.start..)?;
    let control = rest.char_indices().take(2).find(|(_, c)| *c < ' ');
    if let Some((offset, _)) = control {
        let start = place.start.saturating_add(offset);
        return Some(start..start.saturating_add(1));
    }
    let start = text.get(..place.end)?.rfind('\\')?;
    let is_hex = text.get(start..)?.starts_with("\\u");
    let end = start.saturating_add(if is_hex { 6 } else { 2 });
    text.get(start..end).map(|_| start..end)
}

/// A number that JSON would write in another way.
fn number(text: &str, place: Range<usize>) -> Finding {
    let word = text.get(place.clone()).unwrap_or_default();
    let digits = word.trim_start_matches('-');
    let help = match digits.as_bytes() {
        [b'0', b'0'..=b'9' | b'x' | b'o' | b'b', ..] => {
            "write it in decimal, without a 0 before it"
        }
        _ => "a number is digits, with a fraction or an exponent if need be",
    };
    Finding {
        help: Some(help.into()),
        ..finding(place, "JSON has no such number")
    }
}

/// A text that ends too early.
fn too_short(text: &str, end: Range<usize>) -> Finding {
    let before = Before::of(text, text.len());
    let Some((bracket, at)) = before.open.last() else {
        return finding(end, "the file holds no document");
    };
    let closing = if *bracket == '{' { '}' } else { ']' };
    Finding {
        label: Some("it is opened here".into()),
        help: Some(format!("add a closing `{closing}`")),
        ..finding(
            *at..at.saturating_add(1),
            format!("this `{bracket}` is never closed"),
        )
    }
}
