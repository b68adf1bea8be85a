//! `tests/data/setup/vectors.tsv`: frames that every reader accepts or refuses, the latter with
//! the code and the offset that stand beside each.

use microsandbox_types::{GuestSetupRef, refusal_text};

use crate::laws;

fn vectors() -> Vec<(Vec<u8>, String, String)> {
    let text = include_str!("../data/setup/vectors.tsv");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let [frame, expected, note] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let digits = frame.as_bytes().chunks(2);
            let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            let frame = digits.map(byte).collect();
            (frame, expected.to_owned(), note.to_owned())
        })
        .collect()
}

#[test]
fn each_vector_is_read_as_it_says() {
    for (frame, expected, note) in vectors() {
        let read = match GuestSetupRef::decode(&frame) {
            Ok(_) => "ok".to_owned(),
            Err(error) => format!("{} {}", error.code(), error.offset()),
        };
        assert_eq!(read, expected, "{note}");
        laws::run("setup_decode", &frame);
    }
}

#[test]
fn every_code_of_a_setup_has_a_vector_and_a_text() {
    let vectors = vectors();
    for code in [12, 13, 14, 15, 17, 18, 19, 20, 22, 23, 33, 34]
        .into_iter()
        .chain(41..=60)
    {
        let of_code = |(_, expected, _): &(_, String, _)| expected.starts_with(&format!("{code} "));
        assert!(vectors.iter().any(of_code), "no vector for code {code}");
        assert!(refusal_text(code).is_some(), "no text for code {code}");
    }
    assert_eq!(refusal_text(61), None);
}
