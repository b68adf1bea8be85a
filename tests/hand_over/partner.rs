//! A guest at the other end of a socket pair.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use microsandbox_types::{
    ConversationError, FrameKind, GuestFacts, GuestReport, HandOver, Outcome, hand_over, read_frame,
};

/// What a guest does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends a report, as this crate writes it.
    Say(GuestReport),
    /// Sends bytes.
    Send(Vec<u8>),
    /// Reads a frame of this kind.
    Take(FrameKind),
    /// Reads this many bytes.
    Read(usize),
}

pub fn ready() -> Act {
    Act::Say(GuestReport::Ready {
        generation: 2,
        facts: GuestFacts::default(),
    })
}

/// What a boot came to: the outcome or error in words, the reports that were shown, and the frames
/// that the guest took, then what it left unread.
pub struct Boot {
    pub result: Result<Outcome, ConversationError>,
    pub seen: Vec<GuestReport>,
    pub taken: Vec<Vec<u8>>,
}

impl Boot {
    pub fn text(&self) -> String {
        match &self.result {
            Ok(outcome) => format!("{outcome:?}"),
            Err(error) => error.to_string(),
        }
    }
}

/// Runs a host against a guest that acts so, then closes its end.
pub fn boot(host: HandOver<'_>, acts: &[Act]) -> Boot {
    let (mut ours, mut guest) = UnixStream::pair().unwrap();
    thread::scope(|scope| {
        let guest = scope.spawn(move || {
            let mut taken = Vec::new();
            for act in acts {
                match act {
                    // A host that knows enough has gone.
                    Act::Say(report) => drop(report.write_to(&mut guest)),
                    Act::Send(bytes) => drop(guest.write_all(bytes)),
                    Act::Take(kind) => taken.push(read_frame(&mut guest, *kind).unwrap()),
                    Act::Read(len) => {
                        let mut bytes = vec![0; *len];
                        guest.read_exact(&mut bytes).unwrap();
                        taken.push(bytes);
                    }
                }
            }
            taken
        });
        let mut seen = Vec::new();
        let result = hand_over(&mut ours, host, |report| seen.push(*report));
        drop(ours);
        let taken = guest.join().unwrap();
        Boot {
            result,
            seen,
            taken,
        }
    })
}
