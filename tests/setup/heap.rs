//! What the setup takes from the heap: nothing in a guest, one block in a host.

use microsandbox_types::{
    DecodeErrorKind, GuestSetup, GuestSetupRef, HostsEntry, MAX_SETUP_MOUNTS,
    MAX_SETUP_PAYLOAD_BYTES, Mount, MountFlags, MountSource, SetupRlimit,
};

use crate::shared::heap;
use crate::shared::setup::{RESOURCES, Record, frame, golden_setups};

const MAX_HOSTS: usize = 32;
const MAX_NAMES: usize = 16;

/// As long as the rules allow: every list full, most strings of their longest.
fn longest() -> GuestSetup {
    let (_, whole) = golden_setups().swap_remove(3);
    let long = "/".to_owned() + &["p"; 16].map(|part| part.repeat(255)).join("/");
    let mount = |n: usize| Mount {
        source: MountSource::VirtiofsFile {
            tag: "t".repeat(36),
            file: "f".repeat(255),
        },
        guest: long[..4090].to_owned() + &format!("{n:05}"),
        flags: MountFlags::default(),
    };
    GuestSetup {
        mounts: (0..MAX_SETUP_MOUNTS).map(mount).collect(),
        hostname: Some("h".repeat(64)),
        search: vec!["d".repeat(255); 6],
        hosts: vec![
            HostsEntry {
                address: [0; 16].into(),
                names: vec!["n".repeat(255); MAX_NAMES],
            };
            MAX_HOSTS
        ],
        rlimits: RESOURCES
            .map(|resource| SetupRlimit {
                resource,
                soft: u64::MAX,
                hard: u64::MAX,
            })
            .to_vec(),
        ..whole
    }
}

fn walk(view: &GuestSetupRef<'_>) -> usize {
    let names = view
        .hosts()
        .map(|entry| entry.names().count())
        .sum::<usize>();
    view.mounts().count()
        + view.interfaces().count()
        + view.dns().count()
        + view.search().count()
        + view.rlimits().count()
        + names
}

#[test]
fn a_guest_decodes_and_walks_without_heap() {
    let frame = longest().encode().unwrap();
    let items = heap::untouched(|| walk(&GuestSetupRef::decode(&frame).unwrap()));
    let names = MAX_HOSTS * MAX_NAMES;
    assert_eq!(items, MAX_SETUP_MOUNTS + 2 + 2 + 6 + 16 + names);
}

#[test]
fn the_longest_setup_fits_a_frame() {
    let len = longest().encoded_len();
    assert!((400_000..MAX_SETUP_PAYLOAD_BYTES).contains(&len), "{len}");
}

#[test]
fn a_host_encodes_in_one_allocation_of_the_exact_size() {
    for setup in [longest(), GuestSetup::default()] {
        let (frame, heap) = heap::measure(|| setup.encode().unwrap());
        assert_eq!((heap.allocations, heap.peak), (1, frame.len()));
        assert_eq!(frame.capacity(), frame.len());
        let mut buffer = vec![0; frame.len()];
        let len = heap::untouched(|| setup.encode_into(&mut buffer));
        assert_eq!(len, Ok(frame.len()));
        assert_eq!(buffer, frame);
    }
}

/// A view is small: it is what an agent keeps beside the frame.
#[test]
fn a_view_is_small() {
    assert!(size_of::<GuestSetupRef>() <= 320);
}

/// Counts of up to 2³² − 1 in a payload of a few bytes, in each list.
#[test]
fn huge_counts_take_no_heap() {
    let payload = Record::of(&GuestSetup::default()).payload();
    for at in 2..payload.len() {
        let many = [0xff, 0xff, 0xff, 0xff, 0x0f];
        let bomb = frame(&[&payload[..at], &many, &payload[at + 1..]].concat());
        heap::untouched(|| GuestSetup::decode(&bomb)).unwrap_err();
    }
}

/// 512 KiB of empty names in one line of `/etc/hosts`: refused, and once through.
#[test]
fn a_line_of_empty_names_is_refused() {
    let mut record = Record::of(&GuestSetup::default());
    let names = vec![String::new(); MAX_SETUP_PAYLOAD_BYTES - 64];
    record.hosts = vec![([0; 4].into(), names)];
    let frame = record.frame();
    let error = heap::untouched(|| GuestSetup::decode(&frame)).unwrap_err();
    let DecodeErrorKind::Invalid(invalid) = error.kind else {
        panic!("{error}")
    };
    assert_eq!(invalid.to_string(), "hosts[0]: is one too many (max 16)");
}
