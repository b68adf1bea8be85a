//! `WIRE.md` says what the code does: its example frames, its tables, and the vectors that it
//! names.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::shared::frames::{golden_frame, golden_messages};
use microsandbox_types::{
    AUTO_INIT_CANDIDATES, DecodeError, GuestReport, GuestSetup, HandoffInit, HandoffInitRef, Mount,
    MountFlags, MountSource, Root,
};

const WIRE: &str = include_str!("../../WIRE.md");
const VECTORS: &str = include_str!("../data/vectors.tsv");
const SETUP_VECTORS: &str = include_str!("../data/setup/vectors.tsv");

struct Vector {
    is_handoff: bool,
    frame: Vec<u8>,
    answer: &'static str,
    note: &'static str,
}

impl Vector {
    /// The code and the offset, where the frame is to be refused.
    fn refusal(&self) -> Option<(u8, u32)> {
        let (code, offset) = self.answer.split_once(' ')?;
        Some((code.parse().ok()?, offset.parse().unwrap()))
    }
}

fn vectors() -> Vec<Vector> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let [kind, frame, answer, note] = columns[..] else {
                panic!("not four columns: {line}");
            };
            let is_handoff = match kind {
                "H" => true,
                "R" => false,
                _ => panic!("unknown kind: {line}"),
            };
            Vector {
                is_handoff,
                frame: bytes(frame),
                answer,
                note,
            }
        })
        .collect()
}

/// The bytes that a vector's notation stands for: `6162+00*3` is `61 62 00 00 00`.
fn bytes(notation: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in notation.split('+') {
        let (hex, times) = piece.split_once('*').unwrap_or((piece, "1"));
        assert!(hex.is_ascii() && hex.len() % 2 == 0, "{piece}");
        let once: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        bytes.extend(once.repeat(times.parse().unwrap()));
    }
    bytes
}

/// A vector's answer with each string in plain hex.
fn expanded(answer: &str) -> String {
    let words = answer.split(' ').map(|word| match word.split_once('=') {
        Some((field, string)) => format!("{field}={}", hex(&bytes(string))),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn handoff_answer(frame: &[u8]) -> Result<String, DecodeError> {
    let view = HandoffInitRef::decode(frame)?;
    let mut answer = format!("ok cmd={}", hex(view.cmd().as_bytes()));
    let mut add = |field, string: &str| {
        write!(answer, " {field}={}", hex(string.as_bytes())).unwrap();
    };
    if let Some(cwd) = view.cwd() {
        add("cwd", cwd);
    }
    for arg in view.args() {
        add("arg", arg);
    }
    for (key, value) in view.env() {
        add("env", &format!("{key}={value}"));
    }
    Ok(answer)
}

fn report_answer(frame: &[u8]) -> Result<String, DecodeError> {
    Ok(match GuestReport::decode(frame)? {
        GuestReport::Ready { generation, facts } => format!(
            "ok ready {generation} {} {} {} {}",
            facts.page_size, facts.stack_limit, facts.inherited_strings, facts.inherited_bytes
        ),
        GuestReport::Accepted => "ok accepted".to_owned(),
        GuestReport::Refused { reason, offset } => format!("ok refused {reason} {offset}"),
        GuestReport::ExecFailed { errno } => format!("ok exec-failed {errno}"),
        GuestReport::SetUp => "ok set up".to_owned(),
        GuestReport::Started => "ok started".to_owned(),
        GuestReport::Failed { step, item, errno } => {
            format!("ok failed {} {item} {errno}", step.as_u8())
        }
        GuestReport::Unknown => "ok unknown".to_owned(),
        other => panic!("no vector has a {other:?}"),
    })
}

/// A row of a table of codes.
struct Row {
    writer_only: bool,
    /// The offset, where it is one and the same whatever the frame.
    offset: Option<u32>,
}

/// The page's tables of codes, as one.
fn code_rows() -> BTreeMap<u8, Row> {
    let tables = WIRE
        .split("\n\n")
        .filter(|block| block.starts_with("| code"));
    let mut rows = BTreeMap::new();
    for line in tables.flat_map(str::lines) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, code, what, offset, _] = cells[..] else {
            panic!("not three cells: {line}");
        };
        let Ok(code) = code.parse() else {
            continue;
        };
        let row = Row {
            writer_only: what.contains("(for a writer only"),
            offset: offset.parse().ok(),
        };
        assert!(rows.insert(code, row).is_none(), "code {code} stands twice");
    }
    rows
}

/// The bytes at the start of a line of an example; the first word that is not one ends them.
fn line_bytes(line: &str) -> impl Iterator<Item = u8> {
    line.split(' ').map_while(|word| {
        let is_byte = word.len() == 2 && word.bytes().all(|b| b.is_ascii_hexdigit());
        is_byte.then(|| u8::from_str_radix(word, 16).unwrap())
    })
}

/// The frame of the example under a heading.
fn example(heading: &str) -> Vec<u8> {
    let (_, section) = WIRE.split_once(heading).unwrap();
    let (_, example) = section.split_once("```text\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    example.lines().flat_map(line_bytes).collect()
}

#[test]
fn the_example_handoff_is_what_the_code_writes() {
    let frame = example("\n### A handoff\n");
    let message = HandoffInit::new("/sbin/init")
        .arg("-s")
        .env("LANG", "C")
        .cwd("/srv");
    assert_eq!(message.encode(), Ok(frame.clone()));
    assert_eq!(HandoffInit::decode(&frame), Ok(message));
    assert_eq!(golden_frame("worked"), frame);
    assert!(golden_messages().iter().any(|(name, _)| *name == "worked"));
}

#[test]
fn the_example_report_is_what_the_code_writes() {
    let frame = example("\n### A report\n");
    let report = GuestReport::Refused {
        reason: 17,
        offset: 300,
    };
    let mut buffer = [0; GuestReport::MAX_FRAME_BYTES];
    assert_eq!(report.encode(&mut buffer), Ok(&frame[..]));
    assert_eq!(GuestReport::decode(&frame), Ok(report));
}

#[test]
fn the_example_setup_is_what_the_code_writes() {
    let frame = example("\n### A setup\n");
    let setup = GuestSetup {
        root: Root::Virtiofs {
            tag: "root".into(),
            readonly: false,
        },
        mounts: vec![Mount {
            source: MountSource::Virtiofs { tag: "m0".into() },
            guest: "/data".into(),
            flags: MountFlags {
                readonly: true,
                ..MountFlags::default()
            },
        }],
        hostname: Some("web-1".into()),
        ..GuestSetup::default()
    };
    assert_eq!(setup.encode(), Ok(frame.clone()));
    assert_eq!(GuestSetup::decode(&frame), Ok(setup));
}

#[test]
fn auto_stands_for_the_documented_candidates() {
    let candidates: Vec<String> = AUTO_INIT_CANDIDATES
        .iter()
        .map(|path| format!("`{}`", path.to_str().unwrap()))
        .collect();
    assert!(WIRE.contains(&format!(": {}. ", candidates.join(", "))));
}

#[test]
fn the_code_gives_every_vectors_answer() {
    for vector in vectors() {
        let answer = if vector.is_handoff {
            handoff_answer(&vector.frame)
        } else {
            report_answer(&vector.frame)
        };
        let answer = answer.unwrap_or_else(|e| format!("{} {}", e.code(), e.offset()));
        assert!(
            answer == expanded(vector.answer),
            "{}: the vector says {:.200}, the code {answer:.200}",
            vector.note,
            vector.answer
        );
    }
}

/// The codes of the setup's vectors, whose answers its own tests hold.
fn setup_codes() -> impl Iterator<Item = u8> {
    let lines = SETUP_VECTORS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let (code, _) = line.split('\t').nth(1)?.split_once(' ')?;
        code.parse().ok()
    })
}

#[test]
fn the_tables_have_the_codes_of_the_vectors_and_no_others() {
    let rows = code_rows();
    let read: Vec<u8> = rows
        .iter()
        .filter(|(_, row)| !row.writer_only)
        .map(|(code, _)| *code)
        .collect();
    let mut in_vectors: Vec<u8> = vectors()
        .iter()
        .filter_map(|vector| Some(vector.refusal()?.0))
        .chain(setup_codes())
        .collect();
    in_vectors.sort_unstable();
    in_vectors.dedup();
    assert_eq!(in_vectors, read);
}

#[test]
fn a_fixed_offset_in_the_tables_is_that_of_the_vectors() {
    let rows = code_rows();
    for vector in vectors() {
        let Some((code, offset)) = vector.refusal() else {
            continue;
        };
        if let Some(fixed) = rows[&code].offset {
            assert_eq!(offset, fixed, "code {code}: {}", vector.note);
        }
    }
    let fixed = rows.values().filter(|row| row.offset.is_some()).count();
    assert!(fixed >= 7, "only {fixed} rows have a fixed offset");
}

#[test]
fn the_page_names_the_folder_of_the_vectors_and_the_golden_frames() {
    for path in ["tests/data/vectors.tsv", "tests/data/handoff"] {
        assert!(WIRE.contains(&format!("`{path}`")), "{path}");
    }
}
