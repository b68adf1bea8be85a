//! Frames made and read in the plainest way, to compare with.

use microsandbox_types::{ExecLimits, GENERATION, HandoffInit, MAX_PAYLOAD_BYTES};
use twox_hash::XxHash64;

use super::messages;
use crate::shared::frames::{CHECKSUM_LEN, HEADER_LEN, Header};

/// What a payload is by definition: the lengths of the strings and the strings themselves.
type Record<'a> = (u32, Option<u32>, Vec<u32>, Vec<u32>, &'a str);

/// Writes a frame around a payload.
pub fn sealed(kind: u8, generation: u8, min_generation: u8, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        kind,
        generation,
        min_generation,
        ..Header::default()
    };
    header.frame(payload)
}

/// Puts right what a change to a frame's payload has broken: its length and checksum.
pub fn reseal(frame: &mut [u8]) {
    let Some(payload_len) = frame.len().checked_sub(HEADER_LEN + CHECKSUM_LEN) else {
        return;
    };
    frame[8..12].copy_from_slice(&(payload_len as u32).to_le_bytes());
    let (summed, checksum) = frame.split_at_mut(HEADER_LEN + payload_len);
    checksum.copy_from_slice(&XxHash64::oneshot(0, summed).to_le_bytes());
}

/// Reads a handoff's frame; `None` where it is to be refused.
pub fn read(frame: &[u8], limits: &ExecLimits) -> Option<HandoffInit> {
    let [0x89, b'm', b's', b'b', 1, generation, min_generation, 0, ..] = *frame else {
        return None;
    };
    if min_generation == 0 || min_generation > generation || min_generation > GENERATION {
        return None;
    }
    let payload = frame.get(HEADER_LEN..frame.len().checked_sub(CHECKSUM_LEN)?)?;
    if payload.len() > MAX_PAYLOAD_BYTES {
        return None;
    }
    let mut again = frame.to_vec();
    again[12..16].fill(0);
    reseal(&mut again);
    if again != frame {
        return None;
    }
    let (record, rest) = postcard::take_from_bytes::<Record>(payload).ok()?;
    let canonical = postcard::to_allocvec(&record).unwrap();
    if payload.strip_prefix(&canonical[..])? != rest {
        return None;
    }
    if generation <= GENERATION && !rest.is_empty() {
        return None;
    }
    let (cmd, cwd, args, env, mut text) = record;
    let mut string = |len: u32| {
        let (string, rest) = text.split_at_checked(len as usize)?;
        text = rest.strip_prefix('\0')?;
        Some(string.to_owned())
    };
    let message = HandoffInit {
        cmd: string(cmd)?,
        cwd: match cwd {
            Some(len) => Some(string(len)?),
            None => None,
        },
        args: args.into_iter().map(&mut string).collect::<Option<_>>()?,
        env: env
            .into_iter()
            .map(|len| {
                let entry = string(len)?;
                let (key, value) = entry.split_once('=')?;
                Some((key.to_owned(), value.to_owned()))
            })
            .collect::<Option<_>>()?,
    };
    (text.is_empty() && messages::is_valid(&message, limits)).then_some(message)
}
