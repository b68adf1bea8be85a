//! The rules of the network.

use alloc::collections::BTreeMap;
use alloc::format;
use core::net::IpAddr;

use super::Place;
use super::place::Shown;
use super::text::{not_zero, not_zero_if_set};
use crate::check::{FindingCode, Findings};
use crate::spec::{NetworkSpec, PortProtocol};

/// The published ports of one protocol, port and address family.
#[derive(Default)]
struct Listeners {
    first: Option<usize>,
    any: Option<usize>,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Listeners {
    /// Adds a listener, and returns an earlier one that it meets.
    fn add(&mut self, address: IpAddr, n: usize) -> Option<usize> {
        let first = self.first;
        self.first.get_or_insert(n);
        if address.is_unspecified() {
            self.any.get_or_insert(n);
            return first;
        }
        let same = *self.by_address.entry(address).or_insert(n);
        self.any.or((same != n).then_some(same))
    }
}

pub(super) fn network(found: &mut Findings, at: &Place<'_>, network: &NetworkSpec) {
    let at_ports = at.field("ports");
    let mut listeners = BTreeMap::<_, Listeners>::new();
    for (n, port) in network.ports.iter().enumerate() {
        let at = at_ports.index(n);
        if port.host_port == 0 {
            found.note(
                &at.field("host_port"),
                FindingCode::HostPortZero,
                "port 0 lets the host pick any free port",
            );
        }
        not_zero(found, &at.field("guest_port"), port.guest_port);
        let Ok(address) = port.host_bind.parse::<IpAddr>() else {
            found.note_help(
                &at.field("host_bind"),
                FindingCode::BindAddress,
                format!("is not an IP address: `{}`", Shown(&port.host_bind)),
                "use `127.0.0.1` to listen on this host only, `0.0.0.0` to listen on all addresses",
            );
            continue;
        };
        // An IPv4 address in IPv6 notation is listened on as the address that it means.
        let address = address.to_canonical();
        let udp = port.protocol == PortProtocol::Udp;
        let (port, ipv6) = (port.host_port, address.is_ipv6());
        // The host picks a port that is free.
        if port == 0 {
            continue;
        }
        let other_family = listeners.get(&(port, udp, !ipv6));
        let shared = other_family.and_then(|listeners| match address {
            IpAddr::V4(_) => listeners.any,
            IpAddr::V6(address) => listeners.first.filter(|_| address.is_unspecified()),
        });
        let met = listeners
            .entry((port, udp, ipv6))
            .or_default()
            .add(address, n);
        let at_port = at.field("host_port");
        if let Some(other) = met {
            found.note(
                &at_port,
                FindingCode::PortRepeated,
                format!(
                    "{} already listens on this address, protocol and port",
                    at_ports.index(other)
                ),
            );
        } else if let Some(other) = shared {
            found.note(
                &at_port,
                FindingCode::PortDualStack,
                format!(
                    "may conflict with {}: on Linux, `::` listens on IPv4 addresses too",
                    at_ports.index(other)
                ),
            );
        }
    }
    if !network.enabled && !network.ports.is_empty() {
        let message = "ports are published, but the network is off";
        found.note(&at_ports, FindingCode::PortsWithoutNetwork, message);
    }
    let connections = network.max_connections.map(|most| u64::from(most != 0));
    not_zero_if_set(found, &at.field("max_connections"), connections);
}
