//! Waiting for devices, woken by the kernel's own word that something has come or changed.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::io::{self, Errno, read};
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// How long a device may take to turn up.
const PATIENCE_SECONDS: i64 = 10;

/// Calls `look` until it says `true`: at once, then whenever the kernel announces a device, for
/// ten seconds. Returns what it said last.
pub fn wait_until(look: &mut dyn FnMut() -> bool) -> bool {
    if look() {
        return true;
    }
    let Ok(events) = listen() else { return false };
    let mut deadline = clock_gettime(ClockId::Monotonic);
    deadline.tv_sec += PATIENCE_SECONDS;
    // What came before the socket was there is not announced again, so it begins with a look.
    while !look() {
        let left = deadline - clock_gettime(ClockId::Monotonic);
        if left.tv_sec < 0 || !wait(&events, &left) {
            return look();
        }
    }
    true
}

fn listen() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let protocol = Some(KOBJECT_UEVENT);
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, protocol)?;
    // Group 1 is the kernel's own.
    bind(&socket, &SocketAddrNetlink::new(0, 1))?;
    Ok(socket)
}

/// Waits for an event and takes all that there are; `false` where the time is up.
fn wait(events: &OwnedFd, time: &Timespec) -> bool {
    match poll(&mut [PollFd::new(events, PollFlags::IN)], Some(time)) {
        Ok(0) => return false,
        Ok(_) | Err(Errno::INTR) => {}
        Err(_) => return false,
    }
    // What they say does not matter, nor that some were lost (`NOBUFS`): a look tells it all.
    while let Ok(_) | Err(Errno::NOBUFS) = read(events, &mut [0; 16]) {}
    true
}
