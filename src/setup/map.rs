//! The parts of a setup with strings of another kind.

use super::{BlockDevice, Interface, Mount, MountSource, Root, Upper};

impl<S> Root<S> {
    pub(super) fn map<T>(self, f: fn(S) -> T) -> Root<T> {
        match self {
            Self::Initramfs => Root::Initramfs,
            Self::Virtiofs { tag, readonly } => Root::Virtiofs {
                tag: f(tag),
                readonly,
            },
            Self::Block { device, readonly } => Root::Block {
                device: device.map(f),
                readonly,
            },
            Self::Overlay { lower, upper } => Root::Overlay {
                lower: lower.map(f),
                upper: match upper {
                    Upper::Block(device) => Upper::Block(device.map(f)),
                    Upper::Tmpfs { size_mib } => Upper::Tmpfs { size_mib },
                },
            },
        }
    }
}

impl<S> BlockDevice<S> {
    fn map<T>(self, f: fn(S) -> T) -> BlockDevice<T> {
        BlockDevice {
            serial: f(self.serial),
            fstype: self.fstype.map(f),
        }
    }
}

impl<S> Mount<S> {
    pub(super) fn map<T>(self, f: fn(S) -> T) -> Mount<T> {
        Mount {
            source: match self.source {
                MountSource::Virtiofs { tag } => MountSource::Virtiofs { tag: f(tag) },
                MountSource::VirtiofsFile { tag, file } => MountSource::VirtiofsFile {
                    tag: f(tag),
                    file: f(file),
                },
                MountSource::Block(device) => MountSource::Block(device.map(f)),
                MountSource::Tmpfs { size_mib, mode } => MountSource::Tmpfs { size_mib, mode },
            },
            guest: f(self.guest),
            flags: self.flags,
        }
    }
}

impl<S> Interface<S> {
    pub(super) fn map<T>(self, f: fn(S) -> T) -> Interface<T> {
        Interface {
            mac: self.mac,
            name: f(self.name),
            mtu: self.mtu,
            ipv4: self.ipv4,
            ipv6: self.ipv6,
        }
    }
}
