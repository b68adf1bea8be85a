//! From a boot plan to QEMU's devices, and the host's answers that a plan asks for.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use microsandbox_types::{
    BootDevice, BootHost, DeviceSource, DiskImageFormat, GuestNetwork, HostPath, Interface, IpNet,
    PortProtocol, SHARED_FILE_NAME, SandboxSpec,
};

use super::launch::machine::{Device, Forward, Machine};
use super::launch::share::Shared;

/// The guest's network card, and what QEMU's user network gives it.
const MAC: [u8; 6] = [0x52, 0x54, 0x00, 0x6d, 0x73, 0x62];

/// This machine.
pub struct Host;

impl BootHost for Host {
    fn is_file(&self, path: &HostPath) -> bool {
        path.is_file()
    }

    fn network(&self) -> GuestNetwork {
        GuestNetwork {
            interfaces: vec![Interface {
                mac: MAC,
                name: "eth0".into(),
                mtu: None,
                ipv4: Some(IpNet {
                    address: Ipv4Addr::new(10, 0, 2, 15),
                    prefix: 24,
                    gateway: Some(Ipv4Addr::new(10, 0, 2, 2)),
                }),
                ipv6: None,
            }],
            dns: vec![IpAddr::from([10, 0, 2, 3])],
            ..GuestNetwork::default()
        }
    }
}

/// What this example cannot boot, with a way out, before anything else looks at the spec.
///
/// # Errors
/// A message for people.
pub fn check_image(spec: &SandboxSpec) -> Result<(), String> {
    let Some(reference) = spec.image.oci_reference() else {
        return Ok(());
    };
    let reference = reference.escape_debug();
    Err(format!(
        "image: this example pulls no images. Unpack it into a folder, for instance with\n\
         \n    mkdir rootfs && docker export $(docker create {reference}) | tar -x -C rootfs\n\
         \nand write \"image\": {{ \"Bind\": \"rootfs\" }}"
    ))
}

/// The VM that a plan asks for.
///
/// # Errors
/// A message for people about what this example does not do.
pub fn machine(spec: &SandboxSpec, devices: &[BootDevice]) -> Result<Machine, Box<dyn Error>> {
    let mut machine = Machine {
        memory_mib: spec.resources.memory_mib,
        devices: devices.iter().map(device).collect::<Result<_, _>>()?,
        ..Machine::default()
    };
    if spec.network.enabled {
        let forwards = spec.network.ports.iter().map(|port| Forward {
            protocol: match port.protocol {
                PortProtocol::Tcp => "tcp",
                PortProtocol::Udp => "udp",
            },
            host_bind: port.host_bind.clone(),
            host_port: port.host_port,
            guest_port: port.guest_port,
        });
        machine.devices.push(Device::Network {
            mac: MAC,
            forwards: forwards.collect(),
        });
    }
    Ok(machine)
}

fn device(device: &BootDevice) -> Result<Device, String> {
    let share = |shared| Device::Share {
        tag: device.id.clone(),
        shared,
        readonly: device.readonly,
    };
    Ok(match &device.source {
        DeviceSource::Directory { host, .. } => share(Shared::Folder(absolute(host)?)),
        DeviceSource::File { host, .. } => share(Shared::File {
            path: absolute(host)?,
            name: SHARED_FILE_NAME.into(),
        }),
        DeviceSource::Disk { host, format } => Device::Disk {
            serial: device.id.clone(),
            image: absolute(host)?,
            format: match format {
                DiskImageFormat::Qcow2 => "qcow2",
                DiskImageFormat::Raw => "raw",
                DiskImageFormat::Vmdk => "vmdk",
            },
            readonly: device.readonly,
        },
        _ => {
            return Err(format!(
                "{}: this example keeps no named volumes",
                device.path
            ));
        }
    })
}

fn absolute(path: &HostPath) -> Result<PathBuf, String> {
    path.canonicalize()
        .map_err(|error| format!("{}: {error}", path.as_str().escape_debug()))
}

/// What a device is, in words.
pub fn describe(device: &BootDevice) -> String {
    let (kind, what) = match &device.source {
        DeviceSource::Directory { host, .. } => ("folder", host.as_str()),
        DeviceSource::File { host, .. } => ("file", host.as_str()),
        DeviceSource::Disk { host, .. } => ("disk", host.as_str()),
        DeviceSource::Volume { name, .. } => ("volume", name.as_str()),
        _ => ("device", ""),
    };
    let readonly = if device.readonly { ", read-only" } else { "" };
    format!("{kind} {}{readonly}", what.escape_debug())
}
