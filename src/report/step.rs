//! The steps of a boot.

use core::fmt;

/// The step of a boot that failed; each has a stable number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BootStep {
    /// 1: mounting the root filesystem.
    Root,
    /// 2: a mount; the item is its index in the setup.
    Mount,
    /// 3: `sethostname(2)`, or `/etc/hostname`.
    Hostname,
    /// 4: a network interface; the item is its index in the setup.
    Interface,
    /// 5: `/etc/resolv.conf`.
    Resolver,
    /// 6: `/etc/hosts`.
    Hosts,
    /// 7: `setrlimit(2)`; the item is its index in the setup.
    Rlimit,
    /// 8: setting the clock.
    Clock,
    /// 9: entering the init's working directory.
    Cwd,
    /// 10: finding the init.
    FindInit,
    /// 11: checking that the init can run.
    CheckInit,
    /// 12: `execve(2)`.
    Exec,
    /// 13: `execve(2)`, where the file is there, but its interpreter or loader is not.
    ExecInterpreter,
    /// 14: having enough memory.
    Memory,
    /// 15: the base mounts, such as `/proc`.
    BaseMounts,
    /// 16: setting `no_new_privs`.
    NoNewPrivs,
    /// The step of a newer guest that this crate does not know.
    Other(
        /// Its number.
        u8,
    ),
}

impl BootStep {
    /// The steps that this crate knows, the first with number 1.
    const KNOWN: [Self; 16] = [
        Self::Root,
        Self::Mount,
        Self::Hostname,
        Self::Interface,
        Self::Resolver,
        Self::Hosts,
        Self::Rlimit,
        Self::Clock,
        Self::Cwd,
        Self::FindInit,
        Self::CheckInit,
        Self::Exec,
        Self::ExecInterpreter,
        Self::Memory,
        Self::BaseMounts,
        Self::NoNewPrivs,
    ];

    /// Returns the step of this number.
    #[must_use]
    pub fn from_u8(number: u8) -> Self {
        let index = usize::from(number).checked_sub(1);
        let known = index.and_then(|index| Self::KNOWN.get(index));
        known.copied().unwrap_or(Self::Other(number))
    }

    /// Returns the step's number.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        match self {
            Self::Root => 1,
            Self::Mount => 2,
            Self::Hostname => 3,
            Self::Interface => 4,
            Self::Resolver => 5,
            Self::Hosts => 6,
            Self::Rlimit => 7,
            Self::Clock => 8,
            Self::Cwd => 9,
            Self::FindInit => 10,
            Self::CheckInit => 11,
            Self::Exec => 12,
            Self::ExecInterpreter => 13,
            Self::Memory => 14,
            Self::BaseMounts => 15,
            Self::NoNewPrivs => 16,
            Self::Other(number) => number,
        }
    }

    /// Returns what the step does, to stand behind "cannot", such as `set the hostname`.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Root => "mount the root filesystem",
            Self::Mount => "mount",
            Self::Hostname => "set the hostname",
            Self::Interface => "set up the network interface",
            Self::Resolver => "write /etc/resolv.conf",
            Self::Hosts => "write /etc/hosts",
            Self::Rlimit => "set the resource limit",
            Self::Clock => "set the clock",
            Self::Cwd => "enter the working directory",
            Self::FindInit => "find the init",
            Self::CheckInit => "run the init",
            Self::Exec => "execute the init",
            Self::ExecInterpreter => "execute the init: its interpreter or loader is missing",
            Self::Memory => "get enough memory",
            Self::BaseMounts => "mount the base filesystems",
            Self::NoNewPrivs => "set no_new_privs",
            Self::Other(_) => "take an unknown step",
        }
    }
}

/// As [`text`](BootStep::text), but with the number of an unknown step.
impl fmt::Display for BootStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(number) => write!(f, "take step {number}"),
            known => f.pad(known.text()),
        }
    }
}
