//! Messages and hand-made frames that several tests share.

use microsandbox_types::{GENERATION, HandoffInit};
use twox_hash::XxHash64;

pub const HEADER_LEN: usize = 16;
pub const CHECKSUM_LEN: usize = 8;

/// Every message that has a golden frame, by the frame's file name.
pub fn golden_messages() -> Vec<(&'static str, HandoffInit)> {
    vec![
        ("minimal", HandoffInit::new("/init")),
        ("auto", HandoffInit::new("auto").env("container", "microvm")),
        (
            "typical",
            HandoffInit::new("/lib/systemd/systemd")
                .arg("--unit=multi-user.target")
                .arg("--log-level=info")
                .env(
                    "PATH",
                    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                )
                .env("LANG", "C.UTF-8")
                .env("HOME", "/root")
                .cwd("/srv"),
        ),
        (
            "awkward",
            HandoffInit::new("/opt/my app/init \"quoted\"")
                .arg("")
                .arg(" ")
                .arg("it's\n\"quoted\"\t\\")
                .arg("größe=✓ 你好 🦀")
                .env("EMPTY", "")
                .env("EQUALS", "a=b=c=")
                .env(" key with spaces ", "line one\nline two\n")
                .env("ключ", "значение"),
        ),
        (
            "worked",
            HandoffInit::new("/sbin/init")
                .arg("-s")
                .env("LANG", "C")
                .cwd("/srv"),
        ),
        (
            "repeated-keys",
            HandoffInit::new("/init")
                .env("A", "1")
                .env("B", "2")
                .env("A", "3")
                .env("A", ""),
        ),
        (
            "long-lengths",
            HandoffInit {
                args: (0..130).map(|n| format!("--flag={n}")).collect(),
                env: vec![("LONG".into(), "y".repeat(300))],
                ..HandoffInit::new("/init")
            },
        ),
    ]
}

/// The frozen frame of this name, as a writer of this crate's generation makes it.
pub fn golden_frame(name: &str) -> Vec<u8> {
    golden_frame_of(GENERATION, name)
}

/// The frozen frame of this name, as a writer of some generation made it.
pub fn golden_frame_of(generation: u8, name: &str) -> Vec<u8> {
    let path = format!(
        "{}/tests/data/handoff/gen-{generation}/{name}.bin",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A header's bytes, to be broken at will.
#[derive(Clone)]
pub struct Header {
    pub magic: [u8; 4],
    pub kind: u8,
    pub generation: u8,
    pub min_generation: u8,
    pub flags: u8,
    pub payload_len: Option<u32>,
    pub reserved: u32,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            magic: *b"\x89msb",
            kind: 1,
            generation: GENERATION,
            min_generation: 1,
            flags: 0,
            payload_len: None,
            reserved: 0,
        }
    }
}

impl Header {
    /// The frame of this header and `payload`, with the checksum that fits them.
    pub fn frame(&self, payload: &[u8]) -> Vec<u8> {
        let len = self.payload_len.unwrap_or(payload.len() as u32);
        let mut frame = self.magic.to_vec();
        frame.extend([self.kind, self.generation, self.min_generation, self.flags]);
        frame.extend(len.to_le_bytes());
        frame.extend(self.reserved.to_le_bytes());
        frame.extend(payload);
        let checksum = XxHash64::oneshot(0, &frame);
        frame.extend(checksum.to_le_bytes());
        frame
    }
}

/// The frame of this generation around a hand-made payload.
pub fn frame(payload: &[u8]) -> Vec<u8> {
    Header::default().frame(payload)
}

/// The payload of a frame.
pub fn payload(frame: &[u8]) -> &[u8] {
    &frame[HEADER_LEN..frame.len() - CHECKSUM_LEN]
}

/// What the payload is defined as: the type that postcard would write.
#[derive(serde::Serialize)]
pub struct Record {
    pub cmd: u32,
    pub cwd: Option<u32>,
    pub args: Vec<u32>,
    pub env: Vec<u32>,
    pub text: String,
}

impl Record {
    pub fn of(message: &HandoffInit) -> Self {
        let HandoffInit {
            cmd,
            args,
            env,
            cwd,
        } = message;
        let env: Vec<String> = env
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let len = |s: &String| s.len() as u32;
        let strings = [cmd].into_iter().chain(cwd).chain(args).chain(&env);
        Self {
            cmd: len(cmd),
            cwd: cwd.as_ref().map(len),
            args: args.iter().map(len).collect(),
            env: env.iter().map(len).collect(),
            text: strings.map(|s| format!("{s}\0")).collect(),
        }
    }

    pub fn payload(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap()
    }
}
