//! What the handoff's fields are sent with elsewhere, each to the same end: pointer lists that
//! `execve` takes.

use std::ffi::{CString, c_char};
use std::ptr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use microsandbox_types::{HandoffInit, HandoffInitRef};
use serde::{Deserialize, Serialize};

/// The handoff as a plain struct that every peer derives its format on.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
    bitcode::Encode,
    bitcode::Decode,
    rkyv::Archive,
    rkyv::Serialize,
    rkyv::Deserialize,
)]
pub struct Plain {
    pub cmd: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub cwd: Option<String>,
}

impl From<&HandoffInit> for Plain {
    fn from(init: &HandoffInit) -> Self {
        let HandoffInit {
            cmd,
            args,
            env,
            cwd,
        } = init.clone();
        Self {
            cmd,
            args,
            env,
            cwd,
        }
    }
}

/// What a guest hands to `execve`.
pub struct Lists {
    /// `argv` and `envp`, each with the null that ends it.
    pub pointers: Vec<*const c_char>,
    /// What the pointers point into; nothing where that is the message itself.
    pub strings: Vec<CString>,
}

impl Lists {
    fn of_strings<S: Into<Vec<u8>>>(
        count: usize,
        argv: impl Iterator<Item = S>,
        envp: impl Iterator<Item = S>,
    ) -> Self {
        let mut lists = Self {
            pointers: Vec::with_capacity(count + 2),
            strings: Vec::with_capacity(count),
        };
        argv.for_each(|string| lists.push(string));
        lists.pointers.push(ptr::null());
        envp.for_each(|string| lists.push(string));
        lists.pointers.push(ptr::null());
        lists
    }

    fn push(&mut self, string: impl Into<Vec<u8>>) {
        let string = CString::new(string).unwrap();
        self.pointers.push(string.as_ptr());
        self.strings.push(string);
    }
}

impl From<Plain> for Lists {
    fn from(plain: Plain) -> Self {
        let Plain {
            cmd,
            args,
            env,
            cwd,
        } = plain;
        let count = 1 + args.len() + env.len();
        let envp = env.into_iter().map(|(key, value)| format!("{key}={value}"));
        let lists = Self::of_strings(count, std::iter::once(cmd).chain(args), envp);
        std::hint::black_box(cwd.map(CString::new));
        lists
    }
}

/// The lists of one of this crate's frames.
pub fn frame_lists(frame: &[u8]) -> Lists {
    let view = HandoffInitRef::decode(frame).unwrap();
    let (argv, envp) = (view.argv_ptrs(), view.envp_ptrs());
    let mut pointers = Vec::with_capacity(argv.len() + envp.len() + 2);
    argv.for_each(|arg| pointers.push(arg));
    pointers.push(ptr::null());
    envp.for_each(|entry| pointers.push(entry));
    pointers.push(ptr::null());
    std::hint::black_box(view.cwd_cstr());
    let strings = Vec::new();
    Lists { pointers, strings }
}

/// A message as a peer sends it; only the incumbent sends more than one part.
pub type Parts = [Vec<u8>; 4];

pub struct Peer {
    pub name: &'static str,
    pub encode: fn(&Plain) -> Parts,
    pub decode: fn(&Parts) -> Plain,
    pub lists: fn(&Parts) -> Lists,
}

/// Every peer, the incumbent first.
pub const PEERS: [Peer; 6] = [
    Peer {
        name: "base64url(JSON)",
        encode: incumbent_encode,
        decode: incumbent_decode,
        lists: |parts| incumbent_decode(parts).into(),
    },
    Peer {
        name: "ciborium",
        encode: |plain| {
            let mut bytes = Vec::new();
            ciborium::into_writer(plain, &mut bytes).unwrap();
            alone(bytes)
        },
        decode: |[bytes, ..]| ciborium::from_reader(bytes.as_slice()).unwrap(),
        lists: |[bytes, ..]| {
            ciborium::from_reader::<Plain, _>(bytes.as_slice())
                .unwrap()
                .into()
        },
    },
    Peer {
        name: "postcard",
        encode: |plain| alone(postcard::to_allocvec(plain).unwrap()),
        decode: |[bytes, ..]| postcard::from_bytes(bytes).unwrap(),
        lists: |[bytes, ..]| postcard::from_bytes::<Plain>(bytes).unwrap().into(),
    },
    Peer {
        name: "bincode 2",
        encode: |plain| alone(bincode::encode_to_vec(plain, BINCODE).unwrap()),
        decode: bincode_decode,
        lists: |parts| bincode_decode(parts).into(),
    },
    Peer {
        name: "rkyv",
        encode: |plain| {
            alone(
                rkyv::to_bytes::<rkyv::rancor::Error>(plain)
                    .unwrap()
                    .to_vec(),
            )
        },
        decode: |[bytes, ..]| rkyv::from_bytes::<Plain, rkyv::rancor::Error>(bytes).unwrap(),
        lists: rkyv_lists,
    },
    Peer {
        name: "bitcode",
        encode: |plain| alone(bitcode::encode(plain)),
        decode: |[bytes, ..]| bitcode::decode(bytes).unwrap(),
        lists: |[bytes, ..]| bitcode::decode::<Plain>(bytes).unwrap().into(),
    },
];

const BINCODE: bincode::config::Configuration = bincode::config::standard();

fn alone(bytes: Vec<u8>) -> Parts {
    [bytes, Vec::new(), Vec::new(), Vec::new()]
}

/// One environment variable each: `cmd` as it is, arguments and environment as JSON in base64url.
fn incumbent_encode(plain: &Plain) -> Parts {
    let args = serde_json::to_vec(&plain.args).unwrap();
    let env = serde_json::to_vec(&plain.env).unwrap();
    [
        plain.cmd.clone().into(),
        BASE64URL.encode(args).into(),
        BASE64URL.encode(env).into(),
        plain.cwd.clone().unwrap_or_default().into(),
    ]
}

fn incumbent_decode(parts: &Parts) -> Plain {
    let [cmd, args, env, cwd] = parts;
    let args = BASE64URL.decode(args).unwrap();
    let env = BASE64URL.decode(env).unwrap();
    let string = |part: &Vec<u8>| String::from_utf8(part.clone()).unwrap();
    Plain {
        cmd: string(cmd),
        args: serde_json::from_slice(&args).unwrap(),
        env: serde_json::from_slice(&env).unwrap(),
        cwd: Some(string(cwd)).filter(|cwd| !cwd.is_empty()),
    }
}

fn bincode_decode([bytes, ..]: &Parts) -> Plain {
    bincode::decode_from_slice(bytes, BINCODE).unwrap().0
}

/// Straight from the checked archive: no owned value in between.
fn rkyv_lists([bytes, ..]: &Parts) -> Lists {
    let plain = rkyv::access::<ArchivedPlain, rkyv::rancor::Error>(bytes).unwrap();
    let argv = plain.args.iter().map(|arg| arg.as_str().to_owned());
    let envp = plain
        .env
        .iter()
        .map(|pair| format!("{}={}", pair.0, pair.1));
    let count = 1 + argv.len() + envp.len();
    let cmd = std::iter::once(plain.cmd.as_str().to_owned());
    let lists = Lists::of_strings(count, cmd.chain(argv), envp);
    std::hint::black_box(plain.cwd.as_ref().map(|cwd| CString::new(cwd.as_str())));
    lists
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages;

    #[test]
    fn every_peer_reads_what_it_wrote() {
        for init in [messages::small(), messages::typical(), messages::large()] {
            let plain = Plain::from(&init);
            let lists = frame_lists(&init.encode().unwrap());
            for peer in PEERS {
                let parts = (peer.encode)(&plain);
                assert_eq!((peer.decode)(&parts), plain, "{}", peer.name);
                let peers = (peer.lists)(&parts);
                assert_eq!(peers.pointers.len(), lists.pointers.len(), "{}", peer.name);
            }
        }
    }
}
