//! Small changes to a JSON document that a careless or an older writer could have made.

use super::tree::Tree;

/// Values of each kind, at and beyond the bounds of each number's type.
#[rustfmt::skip]
const VALUES: &[&str] = &[
    "null", "true", "false", "0", "1", "-1", "-0", "1.0", "0.5", "-1.5", "1e3", "1E-2", "255",
    "256", "65535", "65536", "4294967295", "4294967296", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "1e400", "01", "+1", "NaN", r#""""#, r#""x""#, r#""1""#, r#""true""#,
    r#""null""#, r#""\ud800""#, r#""😀""#, "[]", "{}", "[null]", "[[]]", r#"["a","b"]"#,
    r#"[["a","b"]]"#, r#"[["a"]]"#, r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{"a":1,"a":2}"#, "[true]",
    "[true,false,true,false]", "[true,false,true,false,true]", r#"{"readonly":true}"#,
    r#"{"readonly":true,"readonly":true}"#, r#"{"readonly":null}"#, r#"{"nodev":true,"x":[]}"#,
    r#"{"Name":"x"}"#, r#"{"Oci":{"reference":"x"}}"#, r#"{"Oci":["x"]}"#, r#"{"Bind":"/"}"#,
    r#"{"Raw":null}"#, r#"{"tcp":null}"#, r#"{"strict":null}"#, r#"{"strict":{}}"#, r#""strict""#,
    r#""relaxed""#, r#""off""#, r#""mirror""#, r#""Raw""#, r#""raw""#, r#""tcp""#, r#""udp""#,
    r#""Disk""#, r#""Create""#, r#""Always""#, r#""restricted""#, r#""trace""#, r#""failed""#,
    r#""Nofile""#, r#""system""#, r#""Bind""#, r#""Named""#, r#""Tmpfs""#, r#""DiskImage""#,
    r#""2024-02-29T23:59:60.5+01:30""#, r#""2024-02-30T00:00:00Z""#, r#""2024-01-01 00:00:00Z""#,
    r#""2024-01-01T00:00:00""#, r#""-0001-01-01T00:00:00Z""#, "1700000000",
];

/// Keys that mean something in one type or another.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "type", "readonly", "options", "create", "quota_mib", "size_mib", "fstype", "format", "name",
    "guest", "host", "stat_virtualization", "host_permissions", "upper_size_mib", "mode",
    "replace", "content", "path", "interface", "policy", "protocol", "host_bind", "ports", "env",
    "args", "cmd", "scripts", "labels", "log_level", "ephemeral", "metrics_sample_interval_ms",
    "max_duration_secs", "next_cursor", "last_error", "started_at", "error", "code", "message",
    "Oci", "Bind", "Text", "Remove", "unknown", "", "Type", "readOnly", "0",
];

/// What is wrong about the document as a whole, if anything: text before it and text after it.
#[rustfmt::skip]
const FRAMES: &[(&str, &str)] = &[
    ("", ""), ("", ""), ("", ""), ("", ""), ("", ""), ("", ""), ("", ""), ("", ""),
    (" \n", "\t\r\n "), ("", "x"), ("", "{}"), ("", "\0"), ("\u{feff}", ""), ("", ","),
    ("[", "]"), ("[", ""),
];

/// One change: where, which, and with what; each number is taken modulo what there is.
pub type Change = (usize, usize, usize);

/// What happens to one base document.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Which of the hand-written documents is the base; beyond their number, a generated one.
    pub base: usize,
    pub changes: Vec<Change>,
    /// Which value of the document [`arrays`](Self::arrays) takes.
    pub place: usize,
    /// Which text goes around the document.
    pub frame: usize,
    /// Whether every character of a string is escaped.
    pub escape: bool,
    /// Whether nothing is left of the document.
    pub empty: bool,
}

impl Plan {
    /// Applies the plan to a base document.
    pub fn apply(&self, base: &str) -> String {
        if self.empty {
            return String::new();
        }
        let mut tree = Tree::parse(base);
        for &(place, which, with) in &self.changes {
            let count = tree.count();
            change(tree.at(place % count), which, with);
        }
        tree.forget_cwd();
        let (before, after) = FRAMES[self.frame % FRAMES.len()];
        format!("{before}{}{after}", tree.print(self.escape))
    }
}

impl Plan {
    /// Returns a base document with one of its objects given as an array of the same values: of
    /// the first alone, of the first two and so on, and with one more than there are.
    pub fn arrays(&self, base: &str) -> Vec<String> {
        let mut tree = Tree::parse(base);
        tree.forget_cwd();
        let place = self.place % tree.count();
        let Tree::Object(entries) = tree.at(place) else {
            return Vec::new();
        };
        let mut values: Vec<Tree> = entries.iter().map(|(_, value)| value.clone()).collect();
        values.push(Tree::Scalar("null".into()));
        (0..=values.len())
            .map(|count| {
                let mut tree = tree.clone();
                *tree.at(place) = Tree::Array(values[..count].to_vec());
                tree.forget_cwd();
                tree.print(false)
            })
            .collect()
    }
}

fn pick<'a>(from: &[&'a str], with: usize) -> &'a str {
    from[with % from.len()]
}

fn value(with: usize) -> Tree {
    // Printed as it stands, so that it may repeat keys and break JSON's rules.
    Tree::Scalar(pick(VALUES, with).into())
}

fn change(tree: &mut Tree, which: usize, with: usize) {
    let rest = with / VALUES.len();
    match tree {
        Tree::Object(entries) => change_object(entries, which, with, rest).map_or((), |new| {
            *tree = new;
        }),
        Tree::Array(items) => match which % 6 {
            0 => *tree = value(with),
            1 => items.push(value(with)),
            2 => items.insert(rest % (items.len() + 1), value(with)),
            3 => items.truncate(with % (items.len() + 1)),
            4 => items.reverse(),
            _ => *tree = Tree::Object(vec![(pick(KEYS, with).into(), tree.clone())]),
        },
        Tree::Text(text) => match which % 6 {
            0 => *text = text.to_uppercase(),
            1 => *text = text.to_lowercase(),
            2 => *tree = Tree::Object(vec![(text.clone(), value(with))]),
            3 => *tree = Tree::Array(vec![tree.clone()]),
            _ => *tree = value(with),
        },
        Tree::Scalar(text) => match which % 6 {
            // Beyond 15 digits, serde_json may not read back the fraction that it wrote.
            0 if text.len() < 15 => text.push_str(".0"),
            1 if text.len() < 15 => text.push_str("e0"),
            2 => *tree = Tree::Text(text.clone()),
            3 => *tree = Tree::Array(vec![tree.clone()]),
            _ => *tree = value(with),
        },
    }
}

/// Changes an object's entries, or returns what takes its place.
fn change_object(
    entries: &mut Vec<(String, Tree)>,
    which: usize,
    with: usize,
    rest: usize,
) -> Option<Tree> {
    let new_key = String::from(pick(KEYS, rest));
    if entries.is_empty() {
        entries.push((new_key, value(with)));
        return None;
    }
    let one = rest % entries.len();
    let (key, old) = entries[one].clone();
    match which % 14 {
        0 => drop(entries.remove(one)),
        1 => entries[one].1 = Tree::Scalar("null".into()),
        2 => entries[one].0 = key.to_uppercase(),
        3 => entries[one].0 = new_key,
        4 => entries.push((key, old)),
        5 => entries.insert(0, (key, value(with))),
        6 => entries.push((key, value(with))),
        7 => entries.push((new_key, value(with))),
        8 => entries.insert(with % entries.len(), (new_key, value(with))),
        9 => entries.rotate_left(one),
        10 => entries.reverse(),
        11 => entries.push(("readonly".into(), value(with))),
        12 => {
            // A struct may be given as an array of its fields, and some may be missing.
            let most = if with.is_multiple_of(2) {
                entries.len()
            } else {
                one
            };
            let values = entries.iter().take(most).map(|(_, value)| value.clone());
            return Some(Tree::Array(values.collect()));
        }
        _ => return Some(value(with)),
    }
    None
}
