//! Whether a text is UTF-8.
//!
//! The standard library's check, which a guest would not have otherwise, is a quarter of what a
//! small guest's decoder may weigh.

use super::rules::FOR_SIZE;

const BLOCK: usize = 32;

/// How far `text` is UTF-8, in bytes: all of it, or as far as the first character that is not.
pub(super) fn valid_up_to(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        if !FOR_SIZE {
            while let Some((block, after)) = rest.split_first_chunk() {
                if !is_ascii(block) {
                    break;
                }
                rest = after;
            }
            // What is left of the last block is looked at with what comes before it.
            if rest.len() < BLOCK && text.last_chunk().is_some_and(is_ascii) {
                return text.len();
            }
        }
        let end = rest.len().saturating_sub(BLOCK);
        while rest.len() > end {
            match after_char(rest) {
                Some(after) => rest = after,
                None => return text.len().wrapping_sub(rest.len()),
            }
        }
        if rest.is_empty() {
            return text.len();
        }
    }
}

fn is_ascii(block: &[u8; BLOCK]) -> bool {
    // Without an early exit the compiler looks at the whole block at once.
    !block.iter().fold(false, |any, byte| any | (*byte >= 0x80))
}

/// What follows the character that `bytes` start with (Unicode, table 3-7).
fn after_char(bytes: &[u8]) -> Option<&[u8]> {
    let (first, mut rest) = bytes.split_first()?;
    // The least value that takes so many bytes.
    let least = match first {
        ..0x80 => return Some(rest),
        0xc0..0xe0 => 0x80,
        0xe0..0xf0 => 0x800,
        0xf0..0xf8 => 0x1_0000,
        _ => return None,
    };
    let (mut lead, mut value, mut bits) = (first << 1, u32::from(*first), 0x3f_u32);
    // The first byte has as many leading ones as the character has bytes.
    while lead >= 0x80 {
        let (byte, after) = rest.split_first()?;
        if byte & 0xc0 != 0x80 {
            return None;
        }
        value = value << 6 | u32::from(byte & 0x3f);
        bits = bits << 5 | 0x1f;
        (lead, rest) = (lead << 1, after);
    }
    let value = value & bits;
    (value >= least && char::from_u32(value).is_some()).then_some(rest)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use alloc::vec::Vec;
    use core::str;

    use super::valid_up_to;

    fn expected(text: &[u8]) -> usize {
        str::from_utf8(text).map_or_else(|e| e.valid_up_to(), str::len)
    }

    #[test]
    fn every_character_and_its_neighbours_are_judged_as_the_standard_library_does() {
        // Every first and second byte, with later ones at both sides of each bound.
        const LATER: [u8; 8] = [0, 0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0, 0xff];
        for first in 0..=0xff {
            for second in 0..=0xff {
                for third in LATER {
                    for fourth in LATER {
                        let text = [first, second, third, fourth];
                        assert_eq!(valid_up_to(&text), expected(&text), "{text:x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn blocks_of_ascii_are_passed_over_and_no_more() {
        for len in 0..100 {
            let mut text: Vec<u8> = b"abcdefghij".iter().copied().cycle().take(len).collect();
            assert_eq!(valid_up_to(&text), len);
            for at in 0..len {
                text[at] = 0x80;
                assert_eq!(valid_up_to(&text), at, "{len} bytes");
                for char in ["ü", "水", "🦀"] {
                    let mut with = text[..at].to_vec();
                    with.extend(char.bytes());
                    with.extend(&text[at + 1..]);
                    assert_eq!(
                        valid_up_to(&with),
                        with.len(),
                        "{len} bytes, {char} at {at}"
                    );
                    with.push(0xff);
                    assert_eq!(
                        valid_up_to(&with),
                        with.len() - 1,
                        "{len} bytes, {char} at {at}"
                    );
                }
                text[at] = b'x';
            }
        }
    }
}
