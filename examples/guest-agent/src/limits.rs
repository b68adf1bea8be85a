//! What the setup puts on the init and on all that come after it. The last steps before
//! `execve(2)`, in PID 1 alone: earlier they would bind the agent, or what it leaves running.

use guest_agent::file::{open_at, read_number};
use guest_agent::text::Text;
use microsandbox_types::{BootStep, GuestSetupRef, RlimitResource, SetupRlimit};
use rustix::fs::{CWD, OFlags};
use rustix::io::{self, pwrite};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::set_no_new_privs;

use crate::failure::{At, Failure};

/// The most that Linux lets `fs.nr_open` be on 64 bits.
const MAX_NR_OPEN: u64 = 2_147_483_584;

/// Sets the limits, then `no_new_privs`.
// Lowering the stack's limit below what the agent uses is safe: the kernel has mapped 128 KiB more
// than the stack's first pages at the start, and the agent stays far from their end, so its stack
// never has to grow, which is what the limit forbids.
pub fn apply(setup: &GuestSetupRef<'_>) -> Result<(), Failure> {
    for (n, limit) in setup.rlimits().enumerate() {
        set(&limit).at(BootStep::Rlimit, n, c"the limit")?;
    }
    if setup.restricted() {
        set_no_new_privs(true).at(BootStep::NoNewPrivs, 0, c"")?;
    }
    Ok(())
}

fn set(limit: &SetupRlimit) -> io::Result<()> {
    let resource = resource(limit.resource);
    let (mut soft, mut hard) = (finite(limit.soft), finite(limit.hard));
    if let Resource::Nofile = resource {
        // Linux has no endless table of files.
        hard = Some(limit.hard.min(MAX_NR_OPEN));
        soft = Some(limit.soft.min(MAX_NR_OPEN));
        if limit.hard > getrlimit(resource).maximum.unwrap_or(u64::MAX) {
            raise_nr_open(limit.hard.min(MAX_NR_OPEN))?;
        }
    }
    setrlimit(
        resource,
        Rlimit {
            current: soft,
            maximum: hard,
        },
    )
}

fn finite(value: u64) -> Option<u64> {
    (value != u64::MAX).then_some(value)
}

/// Makes room for a hard limit of this many files, where there is not.
fn raise_nr_open(wanted: u64) -> io::Result<()> {
    let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
    let file = open_at(CWD, c"/proc/sys/fs/nr_open", OFlags::RDWR)?;
    if wanted <= read_number(&file)? {
        return Ok(());
    }
    let mut text = Text::<96>::new();
    text.push_decimal(wanted);
    // At the start: behind it the kernel ignores what is written.
    pwrite(&file, text.as_bytes(), 0).map(drop)
}

fn resource(resource: RlimitResource) -> Resource {
    match resource {
        RlimitResource::Cpu => Resource::Cpu,
        RlimitResource::Fsize => Resource::Fsize,
        RlimitResource::Data => Resource::Data,
        RlimitResource::Stack => Resource::Stack,
        RlimitResource::Core => Resource::Core,
        RlimitResource::Rss => Resource::Rss,
        RlimitResource::Nproc => Resource::Nproc,
        RlimitResource::Nofile => Resource::Nofile,
        RlimitResource::Memlock => Resource::Memlock,
        RlimitResource::As => Resource::As,
        RlimitResource::Locks => Resource::Locks,
        RlimitResource::Sigpending => Resource::Sigpending,
        RlimitResource::Msgqueue => Resource::Msgqueue,
        RlimitResource::Nice => Resource::Nice,
        RlimitResource::Rtprio => Resource::Rtprio,
        RlimitResource::Rttime => Resource::Rttime,
    }
}
