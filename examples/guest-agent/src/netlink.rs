//! Requests to the kernel's network configuration (`rtnetlink(7)`), one at a time.

use core::net::IpAddr;

use guest_agent::file::write_all;
use rustix::fd::OwnedFd;
use rustix::io::{self, Errno, read};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_CREATE: u16 = 0x400;
const NLMSG_ERROR: u16 = 2;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;

const IFF_UP: u32 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_BROADCAST: u16 = 4;
const IFA_F_NODAD: u8 = 2;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_BOOT: u8 = 3;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RTN_UNICAST: u8 = 1;
const RTNH_F_ONLINK: u32 = 4;

pub struct Netlink {
    socket: OwnedFd,
}

impl Netlink {
    pub fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC;
        // `NETLINK_ROUTE` is 0, which stands for the first protocol of a family.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        Ok(Self { socket })
    }

    /// Takes an interface up or down.
    pub fn set_up(&self, index: u32, up: bool) -> io::Result<()> {
        self.request(&link(index, if up { IFF_UP } else { 0 }, IFF_UP))
    }

    /// Renames an interface, which must be down.
    pub fn rename(&self, index: u32, name: &[u8]) -> io::Result<()> {
        let mut message = link(index, 0, 0);
        message.attribute(IFLA_IFNAME, name);
        self.request(&message)
    }

    pub fn set_mtu(&self, index: u32, mtu: u32) -> io::Result<()> {
        let mut message = link(index, 0, 0);
        message.attribute(IFLA_MTU, &mtu.to_ne_bytes());
        self.request(&message)
    }

    /// Gives an interface an address.
    pub fn add_address(&self, index: u32, address: IpAddr, prefix: u8) -> io::Result<()> {
        let mut message = Message::new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
        // Looking for duplicates would keep programs from binding an IPv6 address for a second.
        message.push(&[family(&address), prefix, IFA_F_NODAD, RT_SCOPE_UNIVERSE]);
        message.push(&index.to_ne_bytes());
        message.address(IFA_LOCAL, address);
        message.address(IFA_ADDRESS, address);
        if let (IpAddr::V4(v4), 0..=30) = (address, prefix) {
            let host = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
            message.attribute(IFA_BROADCAST, &(v4.to_bits() | host).to_be_bytes());
        }
        self.request(&message)
    }

    /// Sends by way of `gateway` what has no other route. The gateway need not be within the
    /// interface's own network.
    pub fn add_default_route(&self, index: u32, gateway: IpAddr) -> io::Result<()> {
        let mut message = Message::new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
        // The lengths of the networks, 0 for all, and the type of service come behind the family.
        message.push(&[family(&gateway), 0, 0, 0]);
        message.push(&[RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST]);
        message.push(&RTNH_F_ONLINK.to_ne_bytes());
        message.address(RTA_GATEWAY, gateway);
        message.attribute(RTA_OIF, &index.to_ne_bytes());
        self.request(&message)
    }

    /// Sends a request and waits for its answer.
    #[inline(never)] // as `Message::push`
    fn request(&self, message: &Message) -> io::Result<()> {
        write_all(&self.socket, message.as_bytes())?;
        let mut answer = [0; 512];
        read(&self.socket, &mut answer)?;
        // A header of 16 bytes with the type at 4, then the negative errno, or 0.
        let [
            _,
            _,
            _,
            _,
            t0,
            t1,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            e0,
            e1,
            e2,
            e3,
            ..,
        ] = answer;
        if u16::from_ne_bytes([t0, t1]) != NLMSG_ERROR {
            return Err(Errno::PROTO);
        }
        match i32::from_ne_bytes([e0, e1, e2, e3]) {
            0 => Ok(()),
            error => Err(Errno::from_raw_os_error(error.wrapping_neg())),
        }
    }
}

fn family(address: &IpAddr) -> u8 {
    let family = match address {
        IpAddr::V4(_) => AddressFamily::INET,
        IpAddr::V6(_) => AddressFamily::INET6,
    };
    let [low, _] = family.as_raw().to_le_bytes();
    low
}

fn link(index: u32, flags: u32, change: u32) -> Message {
    let mut message = Message::new(RTM_NEWLINK, 0);
    // The family and the type, which are for answers.
    message.push(&[0; 4]);
    for word in [index, flags, change] {
        message.push(&word.to_ne_bytes());
    }
    message
}

/// A message that grows, its length always at its start. No request fills it.
struct Message {
    bytes: [u8; 128],
    len: usize,
}

impl Message {
    fn new(kind: u16, flags: u16) -> Self {
        let mut message = Self {
            bytes: [0; 128],
            len: 0,
        };
        message.push(&[0; 4]);
        message.push(&kind.to_ne_bytes());
        message.push(&(NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
        // The sequence number and the sender, which a single socket can do without.
        message.push(&[0; 8]);
        message
    }

    #[inline(never)] // once, not at each place
    fn push(&mut self, part: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.len..self.len + part.len()) {
            room.copy_from_slice(part);
            self.len += part.len();
        }
        // All lengths are of the C ABI: 32 bits, in the order of the machine.
        let len = u32::try_from(self.len).unwrap_or(0).to_ne_bytes();
        if let Some(room) = self.bytes.first_chunk_mut() {
            *room = len;
        }
    }

    #[inline(never)] // as `push`
    fn attribute(&mut self, kind: u16, value: &[u8]) {
        let len = u16::try_from(value.len() + 4).unwrap_or(0);
        self.push(&len.to_ne_bytes());
        self.push(&kind.to_ne_bytes());
        self.push(value);
        // Each begins at a multiple of four bytes.
        let padding = self.len.next_multiple_of(4) - self.len;
        self.push([0; 4].get(..padding).unwrap_or_default());
    }

    fn address(&mut self, kind: u16, address: IpAddr) {
        match address {
            IpAddr::V4(v4) => self.attribute(kind, &v4.octets()),
            IpAddr::V6(v6) => self.attribute(kind, &v6.octets()),
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
