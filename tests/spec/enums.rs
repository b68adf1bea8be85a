//! The names of the enums' variants, in JSON and in their own helpers.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use microsandbox_types::*;
use serde::{Serialize, de::DeserializeOwned};

/// Checks that an enum's variants have these names in JSON, here and in the published crate.
fn assert_json_names<Ours, Theirs>(table: &[(Ours, &str)])
where
    Ours: Serialize + DeserializeOwned + PartialEq + Debug,
    Theirs: Serialize + DeserializeOwned,
{
    for (variant, name) in table {
        let text = format!("\"{name}\"");
        assert_eq!(serde_json::to_string(variant).unwrap(), text);
        assert_eq!(&serde_json::from_str::<Ours>(&text).unwrap(), variant);
        let theirs: Theirs = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&theirs).unwrap(), text);
    }
}

macro_rules! json_names {
    ($($test:ident: $ty:ident { $($variant:ident = $name:literal,)* })*) => {
        $(
            #[test]
            fn $test() {
                assert_json_names::<$ty, reference::$ty>(&[$(($ty::$variant, $name),)*]);
            }
        )*
    };
}

json_names! {
    cloud_sandbox_status: CloudSandboxStatus {
        Created = "created",
        Starting = "starting",
        Running = "running",
        Stopping = "stopping",
        Stopped = "stopped",
        Failed = "failed",
    }
    disk_image_format: DiskImageFormat {
        Qcow2 = "Qcow2",
        Raw = "Raw",
        Vmdk = "Vmdk",
    }
    host_permissions: HostPermissions {
        Private = "private",
        Mirror = "mirror",
    }
    log_source: LogSource {
        Stdout = "stdout",
        Stderr = "stderr",
        Output = "output",
        System = "system",
    }
    named_volume_mode: NamedVolumeMode {
        Existing = "Existing",
        Create = "Create",
        EnsureExists = "EnsureExists",
    }
    port_protocol: PortProtocol {
        Tcp = "tcp",
        Udp = "udp",
    }
    pull_policy: PullPolicy {
        IfMissing = "IfMissing",
        Always = "Always",
        Never = "Never",
    }
    rlimit_resource: RlimitResource {
        Cpu = "Cpu",
        Fsize = "Fsize",
        Data = "Data",
        Stack = "Stack",
        Core = "Core",
        Rss = "Rss",
        Nproc = "Nproc",
        Nofile = "Nofile",
        Memlock = "Memlock",
        As = "As",
        Locks = "Locks",
        Sigpending = "Sigpending",
        Msgqueue = "Msgqueue",
        Nice = "Nice",
        Rtprio = "Rtprio",
        Rttime = "Rttime",
    }
    sandbox_log_level: SandboxLogLevel {
        Error = "error",
        Warn = "warn",
        Info = "info",
        Debug = "debug",
        Trace = "trace",
    }
    security_profile: SecurityProfile {
        Default = "default",
        Restricted = "restricted",
    }
    stat_virtualization: StatVirtualization {
        Strict = "strict",
        Relaxed = "relaxed",
        Off = "off",
    }
    volume_kind: VolumeKind {
        Directory = "Directory",
        Disk = "Disk",
    }
}

#[test]
fn defaults() {
    assert_eq!(PullPolicy::default(), PullPolicy::IfMissing);
    assert_eq!(SecurityProfile::default(), SecurityProfile::Default);
    assert_eq!(PortProtocol::default(), PortProtocol::Tcp);
    assert_eq!(StatVirtualization::default(), StatVirtualization::Strict);
    assert_eq!(HostPermissions::default(), HostPermissions::Private);
}

/// Texts that are close to a name, and those that are one.
const NAMES: &[&str] = &[
    "",
    " ",
    "raw",
    "RAW",
    "Raw",
    " raw",
    ".raw",
    "raw ",
    "qcow2",
    "qcow",
    "Qcow2",
    "vmdk",
    "img",
    "error",
    "warn",
    "info",
    "debug",
    "trace",
    "Error",
    "ERROR",
    "warning",
    "off",
    "cpu",
    "CPU",
    "Cpu",
    "RLIMIT_CPU",
    "nofile",
    "NoFile",
    "no_file",
    "as",
    "AS",
    "stac\u{212a}",
    "stac\u{4b}",
    "dir",
    "disk",
    "Disk",
    "DISK",
    "Directory",
];

#[test]
fn disk_image_format_names() {
    for (format, name) in [
        (DiskImageFormat::Qcow2, "qcow2"),
        (DiskImageFormat::Raw, "raw"),
        (DiskImageFormat::Vmdk, "vmdk"),
    ] {
        assert_eq!(format.as_str(), name);
        assert_eq!(format.to_string(), name);
        assert_eq!(name.parse(), Ok(format));
        assert_eq!(DiskImageFormat::from_extension(name), Some(format));
    }
    assert_eq!(
        "Raw".parse::<DiskImageFormat>().unwrap_err(),
        "unknown disk image format: Raw"
    );
    for name in NAMES {
        assert_eq!(
            name.parse::<DiskImageFormat>().map(DiskImageFormat::as_str),
            name.parse::<reference::DiskImageFormat>()
                .map(|format| format.as_str()),
        );
        assert_eq!(
            DiskImageFormat::from_extension(name).map(DiskImageFormat::as_str),
            reference::DiskImageFormat::from_extension(name).map(|format| format.as_str()),
        );
    }
}

#[test]
fn sandbox_log_level_names() {
    for (level, name) in [
        (SandboxLogLevel::Error, "error"),
        (SandboxLogLevel::Warn, "warn"),
        (SandboxLogLevel::Info, "info"),
        (SandboxLogLevel::Debug, "debug"),
        (SandboxLogLevel::Trace, "trace"),
    ] {
        assert_eq!(level.as_str(), name);
        assert_eq!(name.parse(), Ok(level));
    }
    assert_eq!(
        "WARN".parse::<SandboxLogLevel>().unwrap_err(),
        "unknown sandbox log level: WARN"
    );
    for name in NAMES {
        assert_eq!(
            name.parse::<SandboxLogLevel>().map(SandboxLogLevel::as_str),
            name.parse::<reference::SandboxLogLevel>()
                .map(|level| level.as_str()),
        );
    }
}

#[test]
fn rlimit_resource_names() {
    use RlimitResource::*;
    let all = [
        Cpu, Fsize, Data, Stack, Core, Rss, Nproc, Nofile, Memlock, As, Locks, Sigpending,
        Msgqueue, Nice, Rtprio, Rttime,
    ];
    for resource in all {
        let name = format!("{resource:?}");
        assert_eq!(resource.as_str(), name.to_lowercase());
        for name in [name.to_lowercase(), name.to_uppercase(), name] {
            assert_eq!(RlimitResource::try_from(name.as_str()), Ok(resource));
            let theirs = reference::RlimitResource::try_from(name.as_str()).unwrap();
            assert_eq!(resource.as_str(), theirs.as_str());
        }
    }
    assert_eq!(
        RlimitResource::try_from("RLIMIT_CPU").unwrap_err(),
        "unknown rlimit resource: RLIMIT_CPU"
    );
    for name in NAMES {
        assert_eq!(
            RlimitResource::try_from(*name).map(RlimitResource::as_str),
            reference::RlimitResource::try_from(*name).map(|resource| resource.as_str()),
        );
    }
}

#[test]
fn volume_kind_in_the_database() {
    assert_eq!(VolumeKind::Directory.as_str(), "dir");
    assert_eq!(VolumeKind::Disk.as_str(), "disk");
    assert_eq!(VolumeKind::from_db_value("disk"), VolumeKind::Disk);
    for name in ["dir", "Disk", "DISK", "", "anything"] {
        assert_eq!(VolumeKind::from_db_value(name), VolumeKind::Directory);
    }
    for name in NAMES {
        assert_eq!(
            VolumeKind::from_db_value(name).as_str(),
            reference::VolumeKind::from_db_value(name).as_str()
        );
    }
}

/// Each name that an enum has is what it is shown as and read from.
#[test]
fn names_are_shown_and_read() {
    fn assert_name<T: Copy + Debug + PartialEq + Display + FromStr<Err = String>>(
        value: T,
        name: &str,
    ) {
        assert_eq!(format!("{value} {value:>9}"), format!("{name} {name:>9}"));
        assert_eq!(name.parse(), Ok(value));
    }
    assert_name(DiskImageFormat::Qcow2, "qcow2");
    assert_name(SandboxLogLevel::Warn, "warn");
    assert_name(RlimitResource::Nofile, "nofile");
    assert_name(VolumeKind::Directory, "dir");
    assert_name(VolumeKind::Disk, "disk");
    assert_eq!(
        "Disk".parse::<VolumeKind>().unwrap_err(),
        "unknown volume kind: Disk"
    );
    assert_eq!("NOFILE".parse(), Ok(RlimitResource::Nofile));
}

#[test]
fn effective_log_sources() {
    use LogSource::*;
    let table: &[(&[LogSource], &[LogSource])] = &[
        (&[], &[Stdout, Stderr, Output]),
        (&[System], &[System]),
        (&[System, Stdout], &[Stdout, System]),
        (&[Output, Output], &[Output]),
        (
            &[System, Output, Stderr, Stdout, System],
            &[Stdout, Stderr, Output, System],
        ),
    ];
    for (requested, effective) in table {
        assert_eq!(LogSource::effective(requested), *effective);

        let text = serde_json::to_string(requested).unwrap();
        let theirs: Vec<reference::LogSource> = serde_json::from_str(&text).unwrap();
        assert_eq!(
            serde_json::to_string(&reference::LogSource::effective(&theirs)).unwrap(),
            serde_json::to_string(effective).unwrap()
        );
    }
}

#[test]
fn finding_codes() {
    let texts: Vec<_> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
    assert!(texts.is_sorted() && texts.len() >= 50, "{texts:?}");
    for code in FindingCode::ALL {
        assert_eq!(code.as_str().parse(), Ok(*code));
        assert_eq!(code.to_string(), code.as_str());
        let text = code.explain();
        assert!(
            text.ends_with('.') && !text.contains("  "),
            "{code}: {text}"
        );
    }
    assert_eq!(
        "Zero".parse::<FindingCode>(),
        Err("unknown finding code: Zero".into())
    );
    for severity in [Severity::Error, Severity::Warning] {
        assert_eq!(severity.to_string().parse(), Ok(severity));
    }
    assert_eq!(
        "Error".parse::<Severity>(),
        Err("unknown severity: Error".into())
    );
}
