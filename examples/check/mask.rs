//! Specs without the values of their environments, to be shown.

/// An object or array that is being passed, and the name or number of its current element.
enum Level {
    Object { field: String, value: bool },
    Array { index: usize },
}

/// Puts `*` for every byte of a value in `env`, `init.env` and `network.secrets`, so that all
/// places in the text stay as they are. Keys are left.
pub fn mask(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    let mut levels: Vec<Level> = Vec::new();
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(token_len(rest, first));
        rest = after;
        let value = !matches!(levels.last(), Some(Level::Object { value: false, .. }));
        match (first, levels.last_mut()) {
            ('{', _) => levels.push(Level::Object {
                field: String::new(),
                value: false,
            }),
            ('[', _) => levels.push(Level::Array { index: 0 }),
            ('}' | ']', _) => drop(levels.pop()),
            (':', Some(Level::Object { value, .. })) => *value = true,
            (',', Some(Level::Object { value, .. })) => *value = false,
            (',', Some(Level::Array { index })) => *index += 1,
            (
                '"',
                Some(Level::Object {
                    field,
                    value: false,
                }),
            ) => {
                *field = token.trim_matches('"').into();
            }
            _ => {}
        }
        let plain = first.is_whitespace() || "{}[]:,".contains(first);
        if plain || !value || !is_secret(&levels, token) {
            shown.push_str(token);
        } else if first == '"' && token.len() >= 2 {
            shown.extend(["\"", &"*".repeat(token.len() - 2), "\""]);
        } else {
            shown.push_str(&"*".repeat(token.len()));
        }
    }
    shown
}

/// The length of a string, of a run of letters and digits, or of one character.
fn token_len(rest: &str, first: char) -> usize {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    if first == '"' {
        let mut escaped = false;
        let end = rest[1..].find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        end.map_or(rest.len(), |end| end + 2)
    } else if is_word(first) {
        rest.find(|c| !is_word(c)).unwrap_or(rest.len())
    } else {
        first.len_utf8()
    }
}

fn is_secret(levels: &[Level], token: &str) -> bool {
    let field = |n: usize| match levels.get(n) {
        Some(Level::Object { field, .. }) => field.as_str(),
        _ => "",
    };
    let inner = match (field(0), field(1)) {
        ("env", _) => levels.get(1..),
        ("init", "env") | ("network", "secrets") => levels.get(2..),
        _ => None,
    };
    let is_key = match inner {
        None => return false,
        Some([Level::Array { .. }, Level::Object { field, .. }]) => field == "key",
        Some([Level::Array { .. }, Level::Array { index }]) => *index == 0,
        Some(_) => false,
    };
    // A key with a `=` holds a value by mistake.
    !is_key || token.contains('=')
}
