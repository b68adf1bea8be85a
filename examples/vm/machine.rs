//! What a VM is made of besides its kernel: memory and devices, as QEMU's arguments.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::Kit;
use super::share::{Share, Shared};

/// A device that the guest finds by its tag, serial or hardware address.
#[derive(Clone, Debug)]
pub enum Device {
    /// A folder or a file of the host, over virtiofs.
    Share {
        tag: String,
        shared: Shared,
        readonly: bool,
    },
    /// A disk image, over virtio-blk.
    Disk {
        serial: String,
        image: PathBuf,
        /// As QEMU names it: `raw`, `qcow2`, `vmdk`.
        format: &'static str,
        readonly: bool,
    },
    /// QEMU's user network: the guest is 10.0.2.15, the gateway 10.0.2.2, the resolver 10.0.2.3.
    Network {
        mac: [u8; 6],
        forwards: Vec<Forward>,
    },
}

/// A port of the host that leads to one of the guest.
#[derive(Clone, Debug)]
pub struct Forward {
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    pub host_bind: String,
    pub host_port: u16,
    pub guest_port: u16,
}

impl Device {
    /// The folders of the kernel modules that the guest needs for it.
    pub fn modules(&self) -> &'static str {
        match self {
            Self::Share { .. } => "virtiofs",
            Self::Disk { .. } => "disk",
            Self::Network { .. } => "network",
        }
    }
}

/// A VM to be started.
#[derive(Clone, Debug)]
pub struct Machine {
    pub memory_mib: u32,
    pub devices: Vec<Device>,
    /// More of QEMU's arguments.
    pub arguments: Vec<String>,
    /// More of the kernel's arguments.
    pub kernel_arguments: String,
}

impl Default for Machine {
    fn default() -> Self {
        Self {
            memory_mib: 256,
            devices: Vec::new(),
            arguments: Vec::new(),
            kernel_arguments: String::new(),
        }
    }
}

impl Machine {
    /// QEMU's arguments for the memory and the devices, and the daemons that serve them.
    ///
    /// # Errors
    /// Those of starting a daemon.
    pub fn attach(&self, kit: &Kit, sockets: &Path) -> io::Result<(Vec<OsString>, Vec<Share>)> {
        let memory = self.memory_mib;
        let mut args: Vec<OsString> = vec!["-m".into(), format!("{memory}M").into()];
        args.extend(self.arguments.iter().map(Into::into));
        let mut push = |option: &str, value: String| {
            args.push(option.into());
            args.push(value.into());
        };
        let mut shares = Vec::new();
        for (n, device) in self.devices.iter().enumerate() {
            match device {
                Device::Share {
                    tag,
                    shared,
                    readonly,
                } => {
                    // virtiofsd reads the guest's memory.
                    if shares.is_empty() {
                        let object = "memory-backend-memfd,id=memory,share=on";
                        push("-object", format!("{object},size={memory}M"));
                        push("-numa", "node,memdev=memory".into());
                    }
                    let socket = sockets.join(format!("share{n}"));
                    shares.push(Share::start(kit, &socket, shared, *readonly)?);
                    push(
                        "-chardev",
                        format!("socket,id=share{n},path={}", escaped(&socket)),
                    );
                    push(
                        "-device",
                        format!("vhost-user-fs-pci,chardev=share{n},tag={tag}"),
                    );
                }
                Device::Disk {
                    serial,
                    image,
                    format,
                    readonly,
                } => {
                    let readonly = if *readonly { "on" } else { "off" };
                    let image = escaped(image);
                    push(
                        "-drive",
                        format!(
                            "if=none,id=disk{n},file={image},format={format},readonly={readonly}"
                        ),
                    );
                    push(
                        "-device",
                        format!("virtio-blk-pci,drive=disk{n},serial={serial}"),
                    );
                }
                Device::Network { mac, forwards } => {
                    let forwards: String = forwards.iter().map(forward).collect();
                    push("-netdev", format!("user,id=net{n}{forwards}"));
                    let mac: Vec<_> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
                    push(
                        "-device",
                        format!("virtio-net-pci,netdev=net{n},mac={}", mac.join(":")),
                    );
                }
            }
        }
        Ok((args, shares))
    }
}

fn forward(forward: &Forward) -> String {
    let Forward {
        protocol,
        host_bind,
        host_port,
        guest_port,
    } = forward;
    format!(",hostfwd={protocol}:{host_bind}:{host_port}-:{guest_port}")
}

/// A path as a value of QEMU's options, in which a comma is doubled.
fn escaped(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}
