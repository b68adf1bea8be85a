//! What the handoff's fields are sent with elsewhere, each to the same end: pointer lists that
//! `execve` takes.
#![no_std]

extern crate alloc;

mod plain;

use alloc::ffi::CString;
use alloc::format;
use alloc::vec::Vec;
use core::ffi::c_char;
use core::hint::black_box;
use core::iter::once;
use core::ptr;

use microsandbox_types::{HandoffInit, HandoffInitRef};

pub use self::plain::Plain;

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
    ) -> Option<Self> {
        let mut lists = Self {
            pointers: Vec::with_capacity(count + 2),
            strings: Vec::with_capacity(count),
        };
        lists.push_all(argv)?;
        lists.push_all(envp)?;
        Some(lists)
    }

    fn push_all(&mut self, strings: impl Iterator<Item = impl Into<Vec<u8>>>) -> Option<()> {
        for string in strings {
            let string = CString::new(string).ok()?;
            self.pointers.push(string.as_ptr());
            self.strings.push(string);
        }
        self.pointers.push(ptr::null());
        Some(())
    }

    /// The lists of a message with strings of its own.
    pub fn of(plain: Plain) -> Option<Self> {
        let Plain {
            cmd,
            args,
            env,
            cwd,
        } = plain;
        let count = 1 + args.len() + env.len();
        let envp = env.into_iter().map(|(key, value)| format!("{key}={value}"));
        let lists = Self::of_strings(count, once(cmd).chain(args), envp);
        black_box(cwd.map(CString::new));
        lists
    }
}

/// This crate's frame, read in place.
pub mod view {
    use super::*;

    pub fn lists(frame: &[u8]) -> Option<Lists> {
        let view = HandoffInitRef::decode(frame).ok()?;
        let (argv, envp) = (view.argv_ptrs(), view.envp_ptrs());
        let mut pointers = Vec::with_capacity(argv.len() + envp.len() + 2);
        argv.for_each(|arg| pointers.push(arg));
        pointers.push(ptr::null());
        envp.for_each(|entry| pointers.push(entry));
        pointers.push(ptr::null());
        black_box(view.cwd_cstr());
        let strings = Vec::new();
        Some(Lists { pointers, strings })
    }
}

/// This crate's frame, read into strings of its own.
pub mod owned {
    use super::*;

    pub fn lists(frame: &[u8]) -> Option<Lists> {
        Lists::of(HandoffInit::decode(frame).ok()?.into())
    }
}

/// The best simple design: postcard of borrowed strings, each with its NUL, and XXH64 over it.
#[cfg(feature = "simple")]
pub mod simple {
    use alloc::string::String;
    use core::ffi::CStr;

    use serde::{Deserialize, Serialize};
    use twox_hash::XxHash64;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Message<'a> {
        cmd: &'a str,
        #[serde(borrow)]
        cwd: Option<&'a str>,
        #[serde(borrow)]
        args: Vec<&'a str>,
        #[serde(borrow)]
        env: Vec<&'a str>,
    }

    pub fn encode(plain: &Plain) -> Vec<u8> {
        let with_nul = |string: &String| format!("{string}\0");
        let cmd = with_nul(&plain.cmd);
        let cwd = plain.cwd.as_ref().map(with_nul);
        let args: Vec<_> = plain.args.iter().map(with_nul).collect();
        let entry = |(key, value): &(String, String)| format!("{key}={value}\0");
        let env: Vec<_> = plain.env.iter().map(entry).collect();
        let mut bytes = ::postcard::to_allocvec(&Message {
            cmd: &cmd,
            cwd: cwd.as_deref(),
            args: args.iter().map(String::as_str).collect(),
            env: env.iter().map(String::as_str).collect(),
        })
        .unwrap();
        bytes.extend(XxHash64::oneshot(0, &bytes).to_le_bytes());
        bytes
    }

    /// Checks the sum, and all that `execve` would stumble over.
    fn message(bytes: &[u8]) -> Option<Message<'_>> {
        let (payload, sum) = bytes.split_last_chunk()?;
        if XxHash64::oneshot(0, payload) != u64::from_le_bytes(*sum) {
            return None;
        }
        let (message, rest) = ::postcard::take_from_bytes::<Message<'_>>(payload).ok()?;
        let path = |path: &str| path.starts_with('/') && is_c_str(path);
        let valid = rest.is_empty()
            && (path(message.cmd) || message.cmd == "auto\0")
            && message.cwd.is_none_or(path)
            && message.args.iter().all(|arg| is_c_str(arg))
            && message
                .env
                .iter()
                .all(|entry| has_key(entry) && is_c_str(entry));
        valid.then_some(message)
    }

    fn is_c_str(string: &str) -> bool {
        CStr::from_bytes_with_nul(string.as_bytes()).is_ok()
    }

    fn has_key(entry: &str) -> bool {
        entry.find('=').is_some_and(|len| len > 0)
    }

    pub fn decode(bytes: &[u8]) -> Option<Plain> {
        let message = message(bytes)?;
        let owned = |string: &str| string.strip_suffix('\0').map(String::from);
        let pair = |entry: &str| {
            let (key, value) = entry.strip_suffix('\0')?.split_once('=')?;
            Some((key.into(), value.into()))
        };
        Some(Plain {
            cmd: owned(message.cmd)?,
            args: message.args.into_iter().map(owned).collect::<Option<_>>()?,
            env: message.env.into_iter().map(pair).collect::<Option<_>>()?,
            cwd: message.cwd.and_then(owned),
        })
    }

    /// In place, as the view.
    pub fn lists(bytes: &[u8]) -> Option<Lists> {
        let message = message(bytes)?;
        let pointer = |string: &str| string.as_ptr().cast::<c_char>();
        let mut pointers = Vec::with_capacity(message.args.len() + message.env.len() + 3);
        pointers.push(pointer(message.cmd));
        pointers.extend(message.args.into_iter().map(pointer));
        pointers.push(ptr::null());
        pointers.extend(message.env.into_iter().map(pointer));
        pointers.push(ptr::null());
        black_box(message.cwd);
        let strings = Vec::new();
        Some(Lists { pointers, strings })
    }
}

/// JSON in base64url, an environment variable for each field.
#[cfg(feature = "incumbent")]
pub mod incumbent {
    use alloc::string::String;
    use core::ffi::CStr;

    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;

    use super::*;

    /// The four values as the kernel lays them out: each with its NUL.
    pub fn encode(plain: &Plain) -> Vec<u8> {
        let args = BASE64URL.encode(serde_json::to_vec(&plain.args).unwrap());
        let env = BASE64URL.encode(serde_json::to_vec(&plain.env).unwrap());
        let cwd = plain.cwd.as_deref().unwrap_or_default();
        [&plain.cmd, "\0", &args, "\0", &env, "\0", cwd, "\0"]
            .concat()
            .into()
    }

    pub fn decode(mut values: &[u8]) -> Option<Plain> {
        let mut value = || {
            let value = CStr::from_bytes_until_nul(values).ok()?.to_bytes();
            values = &values[value.len() + 1..];
            Some(value)
        };
        let cmd = value()?;
        let args = BASE64URL.decode(value()?).ok()?;
        let env = BASE64URL.decode(value()?).ok()?;
        let cwd = value()?;
        let string = |value: &[u8]| String::from_utf8(value.to_vec()).ok();
        Some(Plain {
            cmd: string(cmd)?,
            args: serde_json::from_slice(&args).ok()?,
            env: serde_json::from_slice(&env).ok()?,
            cwd: string(cwd).filter(|cwd| !cwd.is_empty()),
        })
    }

    pub fn lists(values: &[u8]) -> Option<Lists> {
        Lists::of(decode(values)?)
    }
}

#[cfg(feature = "ciborium")]
pub mod ciborium {
    use super::*;

    pub fn encode(plain: &Plain) -> Vec<u8> {
        let mut bytes = Vec::new();
        ::ciborium::into_writer(plain, &mut bytes).unwrap();
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Option<Plain> {
        ::ciborium::from_reader(bytes).ok()
    }

    pub fn lists(bytes: &[u8]) -> Option<Lists> {
        Lists::of(decode(bytes)?)
    }
}

#[cfg(feature = "postcard")]
pub mod postcard {
    use super::*;

    pub fn encode(plain: &Plain) -> Vec<u8> {
        ::postcard::to_allocvec(plain).unwrap()
    }

    pub fn decode(bytes: &[u8]) -> Option<Plain> {
        ::postcard::from_bytes(bytes).ok()
    }

    pub fn lists(bytes: &[u8]) -> Option<Lists> {
        Lists::of(decode(bytes)?)
    }
}

#[cfg(feature = "bincode")]
pub mod bincode {
    use ::bincode::config::{Configuration, standard};

    use super::*;

    const CONFIG: Configuration = standard();

    pub fn encode(plain: &Plain) -> Vec<u8> {
        ::bincode::encode_to_vec(plain, CONFIG).unwrap()
    }

    pub fn decode(bytes: &[u8]) -> Option<Plain> {
        let (plain, _) = ::bincode::decode_from_slice(bytes, CONFIG).ok()?;
        Some(plain)
    }

    pub fn lists(bytes: &[u8]) -> Option<Lists> {
        Lists::of(decode(bytes)?)
    }
}

#[cfg(feature = "rkyv")]
pub mod rkyv {
    use alloc::string::String;

    use ::rkyv::rancor::Failure;

    use super::plain::ArchivedPlain;
    use super::*;

    pub fn encode(plain: &Plain) -> Vec<u8> {
        ::rkyv::to_bytes::<Failure>(plain).unwrap().to_vec()
    }

    pub fn decode(bytes: &[u8]) -> Option<Plain> {
        ::rkyv::from_bytes::<Plain, Failure>(bytes).ok()
    }

    /// Straight from the checked archive: no owned value in between.
    pub fn lists(bytes: &[u8]) -> Option<Lists> {
        let plain = ::rkyv::access::<ArchivedPlain, Failure>(bytes).ok()?;
        let argv = plain.args.iter().map(|arg| String::from(arg.as_str()));
        let envp = plain
            .env
            .iter()
            .map(|pair| format!("{}={}", pair.0, pair.1));
        let count = 1 + argv.len() + envp.len();
        let cmd = once(String::from(plain.cmd.as_str()));
        let lists = Lists::of_strings(count, cmd.chain(argv), envp);
        black_box(plain.cwd.as_ref().map(|cwd| CString::new(cwd.as_str())));
        lists
    }
}

#[cfg(feature = "bitcode")]
pub mod bitcode {
    use super::*;

    pub fn encode(plain: &Plain) -> Vec<u8> {
        ::bitcode::encode(plain)
    }

    pub fn decode(bytes: &[u8]) -> Option<Plain> {
        ::bitcode::decode(bytes).ok()
    }

    pub fn lists(bytes: &[u8]) -> Option<Lists> {
        Lists::of(decode(bytes)?)
    }
}
