//! `WIRE.md`'s worked example is the code's frame, and its tables name every error code.

use crate::shared::frames::{golden_frame, golden_messages};
use microsandbox_types::{AUTO_INIT_CANDIDATES, HandoffInit};

const WIRE: &str = include_str!("../../WIRE.md");

/// The bytes at the start of a line of the example; the first word that is not one ends them.
fn bytes(line: &str) -> impl Iterator<Item = u8> {
    line.split(' ').map_while(|word| {
        let is_byte = word.len() == 2 && word.bytes().all(|b| b.is_ascii_hexdigit());
        is_byte.then(|| u8::from_str_radix(word, 16).unwrap())
    })
}

#[test]
fn the_worked_frame_is_what_the_code_writes() {
    let (_, example) = WIRE.split_once("```text\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let frame: Vec<u8> = example.lines().flat_map(bytes).collect();
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
fn auto_stands_for_the_documented_candidates() {
    let candidates: Vec<String> = AUTO_INIT_CANDIDATES
        .iter()
        .map(|path| format!("`{}`", path.to_str().unwrap()))
        .collect();
    assert!(WIRE.contains(&format!(": {}. ", candidates.join(", "))));
}

#[test]
fn every_code_stands_in_a_table_once() {
    let tables = WIRE
        .split("\n\n")
        .filter(|block| block.starts_with("| code"));
    let mut codes: Vec<u8> = tables
        .flat_map(|table| table.lines())
        .filter_map(|row| row.split('|').nth(1)?.trim().parse().ok())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, (1..=21).chain(32..=40).collect::<Vec<u8>>());
}
