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
    any: Option<usize>,
    by_address: BTreeMap<IpAddr, usize>,
}

impl Listeners {
    /// Adds a listener, and returns an earlier one that it meets.
    fn add(&mut self, address: IpAddr, n: usize) -> Option<usize> {
        if !address.is_unspecified() {
            let same = *self.by_address.entry(address).or_insert(n);
            return self.any.or((same != n).then_some(same));
        }
        let any = *self.any.get_or_insert(n);
        let met = self.by_address.values().next().copied();
        (any != n).then_some(any).or(met)
    }
}

pub(super) fn network(found: &mut Findings, at: &Place<'_>, network: &NetworkSpec) {
    let at_ports = at.field("ports");
    let mut listeners = BTreeMap::<_, Listeners>::new();
    for (n, port) in network.ports.iter().enumerate() {
        let at = at_ports.index(n);
        not_zero(found, &at.field("host_port"), port.host_port);
        not_zero(found, &at.field("guest_port"), port.guest_port);
        let Ok(address) = port.host_bind.parse::<IpAddr>() else {
            found.note_help(
                &at.field("host_bind"),
                FindingCode::BindAddress,
                format!("is not an IP address: `{}`", Shown(&port.host_bind)),
                "use `127.0.0.1` for this host only, `0.0.0.0` for all",
            );
            continue;
        };
        // An IPv4 address in IPv6 notation is listened on as what it stands for.
        let address = address.to_canonical();
        let udp = port.protocol == PortProtocol::Udp;
        let key = (port.host_port, udp, address.is_ipv6());
        let met = listeners.entry(key).or_default().add(address, n);
        if let Some(other) = met.filter(|_| port.host_port != 0) {
            found.note(
                &at.field("host_port"),
                FindingCode::PortRepeated,
                format!(
                    "{} listens on this address, protocol and port too",
                    at_ports.index(other)
                ),
            );
        }
    }
    if !network.enabled && !network.ports.is_empty() {
        let message = "ports are published, though the network is off";
        found.note(&at_ports, FindingCode::PortsWithoutNetwork, message);
    }
    let connections = network.max_connections.map(|most| u64::from(most != 0));
    not_zero_if_set(found, &at.field("max_connections"), connections);
}
