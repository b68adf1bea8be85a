//! The peers by name.

use peers::{Lists, Plain};

pub struct Peer {
    /// The feature of the crate `peers`.
    pub id: &'static str,
    pub name: &'static str,
    pub encode: fn(&Plain) -> Vec<u8>,
    pub decode: fn(&[u8]) -> Option<Plain>,
    pub lists: fn(&[u8]) -> Option<Lists>,
}

/// Every peer, the incumbent first.
pub const PEERS: [Peer; 7] = [
    Peer {
        id: "incumbent",
        name: "base64url(JSON)",
        encode: peers::incumbent::encode,
        decode: peers::incumbent::decode,
        lists: peers::incumbent::lists,
    },
    Peer {
        id: "simple",
        name: "best simple design",
        encode: peers::simple::encode,
        decode: peers::simple::decode,
        lists: peers::simple::lists,
    },
    Peer {
        id: "ciborium",
        name: "ciborium",
        encode: peers::ciborium::encode,
        decode: peers::ciborium::decode,
        lists: peers::ciborium::lists,
    },
    Peer {
        id: "postcard",
        name: "postcard",
        encode: peers::postcard::encode,
        decode: peers::postcard::decode,
        lists: peers::postcard::lists,
    },
    Peer {
        id: "bincode",
        name: "bincode 2",
        encode: peers::bincode::encode,
        decode: peers::bincode::decode,
        lists: peers::bincode::lists,
    },
    Peer {
        id: "rkyv",
        name: "rkyv",
        encode: peers::rkyv::encode,
        decode: peers::rkyv::decode,
        lists: peers::rkyv::lists,
    },
    Peer {
        id: "bitcode",
        name: "bitcode",
        encode: peers::bitcode::encode,
        decode: peers::bitcode::decode,
        lists: peers::bitcode::lists,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages;

    #[test]
    fn every_peer_reads_what_it_wrote() {
        for init in [messages::small(), messages::typical(), messages::large()] {
            let lists = peers::view::lists(&init.encode().unwrap()).unwrap();
            let plain = Plain::from(init);
            for peer in PEERS {
                let bytes = (peer.encode)(&plain);
                assert_eq!(
                    (peer.decode)(&bytes).as_ref(),
                    Some(&plain),
                    "{}",
                    peer.name
                );
                let theirs = (peer.lists)(&bytes).unwrap();
                assert_eq!(theirs.pointers.len(), lists.pointers.len(), "{}", peer.name);
            }
        }
    }
}
