//! Small inputs that ask for much: each costs no more than its length explains.
//!
//! The bounds are on heap and stack, which are exact; time is bounded by both, but for a sort.

use std::thread;

use arbitrary::{Arbitrary, Unstructured};
use microsandbox_types::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::shared::{frames, heap, types};

const MIB: usize = 1024 * 1024;

/// Runs a test with a stack of 1 MiB, half of what a test's thread has.
///
/// `serde_json` goes 128 levels deep at most. A level of a free-form document takes a few calls of
/// less than 1 KiB each without optimisation: 1 MiB leaves 8 KiB to a level. A document of 1 MiB
/// that were followed all the way down would have a byte.
fn with_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(MIB).spawn(test).unwrap();
    thread.join().unwrap();
}

/// Where free-form documents, ignored ones and typed ones begin.
const PLACES: [&str; 9] = [
    r#"{"network":{"interface":"#,
    r#"{"network":{"policy":"#,
    r#"{"network":{"dns":"#,
    r#"{"network":{"tls":"#,
    r#"{"network":{"secrets":"#,
    r#"{"mounts":[{"options":"#,
    r#"{"mounts":[{"type":"Tmpfs","unknown":"#,
    r#"{"patches":"#,
    "",
];

#[test]
fn deep_json_is_refused() {
    with_small_stack(|| {
        for place in PLACES {
            for open in ["[", r#"{"":"#, r#"[{"type":"#] {
                let text = place.to_owned() + &open.repeat(MIB / open.len());
                let (result, heap) =
                    heap::measure(|| serde_json::from_str::<SandboxSpec>(&text).is_err());
                assert!(result, "{place}{open}");
                // At most 128 levels with a key and a list of 4 items of 32 bytes; where the
                // document goes on in an unknown field, what is said of that below.
                let skipped = 3 * text.len() / open.len();
                assert!(heap.peak <= 128 * 256 + skipped, "{place}{open}: {heap:?}");
            }
        }
    });
}

/// What is ignored is read without recursion: a level takes a bit, and a byte of heap at most,
/// twice over while the list of open brackets doubles.
#[test]
fn deep_json_in_an_unknown_field_is_skipped() {
    with_small_stack(|| {
        let text = format!(r#"{{"unknown":{}{}}}"#, "[".repeat(MIB), "]".repeat(MIB));
        let (spec, heap) = heap::measure(|| serde_json::from_str::<SandboxSpec>(&text));
        assert_eq!(spec.unwrap(), SandboxSpec::default());
        assert!(heap.peak <= 3 * MIB + 4096, "{heap:?}");
    });
}

/// The deepest document that is read can be written, compared, copied and dropped.
#[test]
fn the_deepest_document_is_handled() {
    with_small_stack(|| {
        let nested = |depth| {
            let (open, close) = ("[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"network":{{"policy":{open}{close}}}}}"#)
        };
        // 127 levels are read, two of which are the spec's and the network's.
        let deepest = serde_json::from_str::<SandboxSpec>(&nested(125)).unwrap();
        serde_json::from_str::<SandboxSpec>(&nested(126)).unwrap_err();
        let text = serde_json::to_string(&deepest).unwrap();
        assert_eq!(serde_json::from_str::<SandboxSpec>(&text).unwrap(), deepest);
        let bytes = postcard::to_allocvec(&deepest).unwrap();
        assert_eq!(postcard::from_bytes::<SandboxSpec>(&bytes), Ok(deepest));
    });
}

/// In the binary shape a free-form document is JSON text: it is held to the same depth.
#[test]
fn deep_json_in_the_binary_shape_is_refused() {
    with_small_stack(|| {
        let shallow = NetworkSpec {
            policy: Some("here".into()),
            ..NetworkSpec::default()
        };
        let bytes = postcard::to_allocvec(&shallow).unwrap();
        // A string of 6 bytes: its length, then `"here"`.
        let at = bytes.windows(7).position(|w| w == b"\x06\"here\"").unwrap();
        let mut deep = bytes[..at].to_vec();
        deep.extend(postcard::to_allocvec(&"[".repeat(MIB)).unwrap());
        deep.extend(&bytes[at + 7..]);
        let (result, heap) = heap::measure(|| postcard::from_bytes::<NetworkSpec>(&deep).is_err());
        assert!(result);
        // The text itself.
        assert!(heap.peak <= MIB + 128 * 256, "{heap:?}");
    });
}

/// Counts and lengths of up to 2³² − 1 in a payload of a few bytes.
#[test]
fn huge_counts_in_a_frame_take_no_heap() {
    const MANY: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0x0f];
    // cmd, no cwd, args, env, text: each in turn, then all.
    let payloads = [
        [MANY, &[0, 0, 0, 6], b"/init\0"].concat(),
        [&[5, 1], MANY, &[0, 0, 6], b"/init\0"].concat(),
        [&[5, 0], MANY, &[0, 6], b"/init\0"].concat(),
        [&[5, 0, 0], MANY, &[6], b"/init\0"].concat(),
        [&[5, 0, 0, 0], MANY, b"/init\0"].concat(),
        [MANY, &[1], MANY, MANY, MANY, MANY].concat(),
    ];
    for payload in payloads {
        let frame = frames::frame(&payload);
        heap::untouched(|| HandoffInit::decode(&frame)).unwrap_err();
    }
}

/// A list's count is a claim: serde makes room for 1 MiB of items ahead of them at most, and no
/// type has more than three lists in each other.
#[test]
fn huge_counts_in_the_binary_shape_take_little_heap() {
    macro_rules! check_every {
        ($($name:ident: $ty:ident $(<$of:ident>)?,)*) => {
            $(check_counts::<$ty $(<$of>)?>();)*
        };
    }
    types::every_type!(check_every);
}

fn check_counts<T: Serialize + DeserializeOwned + for<'a> Arbitrary<'a>>() {
    let noise: Vec<u8> = (0..400u32).map(|n| (n * n % 251) as u8).collect();
    for values in noise.chunks(40) {
        let value = T::arbitrary(&mut Unstructured::new(values)).unwrap();
        let bytes = postcard::to_allocvec(&value).unwrap();
        for at in 0..bytes.len() {
            for many in [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[0xff, 0xff, 0x7f]] {
                let bomb = [&bytes[..at], many, &bytes[at + 1..]].concat();
                let (_, heap) = heap::measure(|| postcard::from_bytes::<T>(&bomb).is_ok());
                assert!(heap.peak <= 3 * MIB + 64 * bomb.len() + 4096, "{heap:?}");
            }
        }
    }
}

fn strings(args: usize, env: usize, arg: &str, entry: &str) -> Vec<u8> {
    let record = frames::Record {
        cmd: 5,
        cwd: None,
        args: vec![arg.len() as u32; args],
        env: vec![entry.len() as u32; env],
        text: format!(
            "/init\0{}{}",
            format!("{arg}\0").repeat(args),
            format!("{entry}\0").repeat(env)
        ),
    };
    record.payload()
}

/// 4 MiB of empty strings: two bytes each in the frame, eight and one for `execve(2)`.
#[test]
fn a_frame_of_empty_strings_is_refused_without_heap() {
    let payload = strings(MAX_PAYLOAD_BYTES / 2 - 16, 0, "", "");
    assert!((MAX_PAYLOAD_BYTES - 32..=MAX_PAYLOAD_BYTES).contains(&payload.len()));
    let frame = frames::frame(&payload);
    let error = heap::untouched(|| HandoffInit::decode(&frame)).unwrap_err();
    let DecodeError {
        kind: DecodeErrorKind::Invalid(invalid),
        ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(invalid.field, MessageField::Message);
}

/// As many empty strings as `execve(2)` takes: 2 MiB at nine bytes each. Owned, each is a `String`
/// (or two, with the one byte of its key) and nothing else.
#[test]
fn as_many_strings_as_execve_takes_are_read() {
    // Besides, `cmd` counts twice with its NUL and once as a pointer.
    let room = 2 * MIB - 2 * 6 - 8;
    let args = room / 9;
    let frame = frames::frame(&strings(args, 0, "", ""));
    let view = heap::untouched(|| HandoffInitRef::decode(&frame)).unwrap();
    assert_eq!(heap::untouched(|| view.argv().count()), 1 + args);
    let (_, heap) = heap::measure(|| view.to_owned());
    assert_eq!(heap.peak, args * size_of::<String>() + "/init".len());
    HandoffInit::decode(&frames::frame(&strings(args + 1, 0, "", ""))).unwrap_err();

    // `A=` and its NUL, and a pointer.
    let env = room / 11;
    let frame = frames::frame(&strings(0, env, "", "A="));
    let view = heap::untouched(|| HandoffInitRef::decode(&frame)).unwrap();
    let (_, heap) = heap::measure(|| view.to_owned());
    assert_eq!(
        heap.peak,
        env * (2 * size_of::<String>() + 1) + "/init".len()
    );
    // One key for all: the last of them is left.
    let mut scratch = vec![0; env + 1];
    let merged = heap::untouched(|| view.merge_env(&[c"A=0"], &mut scratch)).unwrap();
    assert!(merged.eq([c"A="]));
    HandoffInit::decode(&frames::frame(&strings(0, env + 1, "", "A="))).unwrap_err();
}

/// A key as long as `execve` takes, at the root's left child of a heap whose right half is greater:
/// a heap sort compares it 32,767 times before it takes it out. Reading all of it each time would
/// be 4 * 10^9 bytes; it differs from all others at its first.
#[test]
fn a_long_key_is_merged() {
    let entries = (0..65_535).map(|n| {
        let mut ancestor = n;
        while ancestor > 2 {
            ancestor = (ancestor - 1) / 2;
        }
        let key = match (n, ancestor) {
            (1, _) => "y".repeat(131_000),
            (_, 1) => "x".to_owned(),
            _ => "z".to_owned(),
        };
        (key, String::new())
    });
    let message = HandoffInit {
        env: entries.collect(),
        ..HandoffInit::new("/init")
    };
    let frame = message.encode().unwrap();
    let view = HandoffInitRef::decode(&frame).unwrap();
    let mut scratch = vec![0; 65_535];
    let merged = view.merge_env(&[], &mut scratch).unwrap();
    assert_eq!(merged.count(), 3);
}

/// Nearly 4 MiB in one string: the index says how long it is, which is enough to refuse it.
#[test]
fn a_frame_of_one_string_is_refused_without_heap() {
    let long = "x".repeat(MAX_PAYLOAD_BYTES - 32);
    for (frame, field) in [
        (
            frames::frame(&strings(1, 0, &long, "")),
            MessageField::Arg(0),
        ),
        (
            frames::frame(&strings(0, 1, "", &format!("A={long}"))),
            MessageField::Env(0),
        ),
    ] {
        let error = heap::untouched(|| HandoffInit::decode(&frame)).unwrap_err();
        let DecodeError {
            kind: DecodeErrorKind::Invalid(invalid),
            ..
        } = error
        else {
            panic!("{error}")
        };
        assert_eq!(invalid.field, field);
    }
}

/// A reader takes no more than the list of what it read: 4 MiB of the smallest items of each kind.
///
/// A list doubles as it grows, and its old room and its new one are both there for a moment: three
/// times its items. What an item holds of its own comes on top.
#[test]
fn a_document_of_small_items_takes_a_multiple_of_its_length() {
    let string = size_of::<String>();
    let value = size_of::<serde_json::Value>();
    // A leaf of a `BTreeMap` has room for 11 entries, and some words of its own.
    let map = 11 * (string + value) + 4 * size_of::<usize>();
    for (before, item, slot, own, after) in [
        (r#"{"init":{"cmd":"","args":["#, r#""""#, string, 0, "]}}"),
        (
            r#"{"init":{"cmd":"","env":["#,
            r#"["",""]"#,
            2 * string,
            0,
            "]}}",
        ),
        (r#"{"network":{"policy":["#, "0", value, 0, "]}}"),
        // Rust's smallest list has room for 4 items.
        (r#"{"network":{"policy":["#, "[0]", value, 4 * value, "]}}"),
        (r#"{"network":{"policy":["#, r#"{"":0}"#, value, map, "]}}"),
        (r#"{"runtime":{"cmd":["#, r#""""#, string, 0, "]}}"),
        (
            r#"{"mounts":["#,
            r#"{"type":"Tmpfs","guest":""}"#,
            size_of::<VolumeMount>(),
            512,
            "]}",
        ),
    ] {
        let items = 4 * MIB / (item.len() + 1);
        let list = vec![item; items].join(",");
        let text = [before, &list, after].concat();
        let (spec, heap) = heap::measure(|| serde_json::from_str::<SandboxSpec>(&text));
        spec.unwrap();
        let most = items * (3 * slot + own) + 4096;
        assert!(heap.peak <= most, "{item}: {heap:?} is more than {most}");
    }
}

/// One string of 4 MiB is copied once; where it has escapes, it is put together first in a buffer
/// that doubles.
#[test]
fn a_document_of_one_string_takes_a_multiple_of_its_length() {
    let plain = format!(r#"{{"name":"{}"}}"#, "x".repeat(4 * MIB));
    let (spec, heap) = heap::measure(|| serde_json::from_str::<SandboxSpec>(&plain));
    assert_eq!(spec.unwrap().name.len(), 4 * MIB);
    assert!(heap.peak <= 4 * MIB + 4096, "{heap:?}");

    // Six bytes of the document to one of the value.
    let len = 4 * MIB / 6;
    let escaped = format!(r#"{{"name":"{}"}}"#, r"\u0041".repeat(len));
    let (spec, heap) = heap::measure(|| serde_json::from_str::<SandboxSpec>(&escaped));
    assert_eq!(spec.unwrap().name.len(), len);
    assert!(heap.peak <= 3 * len + 4096, "{heap:?}");
}

/// A name is refused by its length before it is looked at or repeated in a message.
#[test]
fn a_name_of_4_mib_takes_no_heap_of_its_length() {
    let name = "x".repeat(4 * MIB);
    for result in [
        heap::measure(|| SandboxName::new(&name).is_err()),
        heap::measure(|| Hostname::new(&name).is_err()),
        heap::measure(|| validate_hostname(Some(&name)).is_err()),
    ] {
        let (refused, heap) = result;
        assert!(refused);
        assert!(heap.peak <= 512, "{heap:?}");
    }
    let (hostname, heap) = heap::measure(|| hostname_from_sandbox_name(&name));
    assert_eq!(
        (hostname.len(), heap.peak),
        (MAX_HOSTNAME_BYTES, MAX_HOSTNAME_BYTES)
    );
}
