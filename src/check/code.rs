//! The rules that findings are about, in one table.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// Whether a finding must be put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// A later step would refuse the document, or do something else than it says.
    Error,
    /// The document works, but probably not as its author expects.
    Warning,
}

impl Severity {
    /// Returns the severity in lower case: `error` or `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;

    /// Reads a severity by the exact name that [`as_str`](Self::as_str) gives.
    ///
    /// # Errors
    /// Any other text is refused with `unknown severity: …`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Error, Self::Warning]
            .into_iter()
            .find(|severity| severity.as_str() == name)
            .ok_or_else(|| format!("unknown severity: {name}"))
    }
}

/// Makes [`FindingCode`] of a table: each code's severity, variant, text and explanation.
macro_rules! codes {
    ($($severity:ident $code:ident = $text:literal, $($doc:literal)+;)*) => {
        /// The rule that a finding is about. Its text, [`as_str`](Self::as_str), never changes its
        /// meaning; a new rule takes a new one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FindingCode {
            $(
                #[doc = concat!("`", $text, "`: ", $($doc, " "),+)]
                $code,
            )*
        }

        impl FindingCode {
            /// Every code, by the order of their texts.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// Returns the code's stable text, such as `mount-repeated`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $text,)*
                }
            }

            /// Returns whether findings of this rule must be put right.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$code => Severity::$severity,)*
                }
            }

            /// Returns what the rule says, in a few sentences for people.
            #[must_use]
            pub const fn explain(self) -> &'static str {
                match self {
                    $(Self::$code => concat!($($doc, " "),+).trim_ascii_end(),)*
                }
            }
        }
    };
}

codes! {
    Error BindAddress = "bind-address",
        "`host_bind` is not an IP address. Host names do not work there. Use `127.0.0.1` to"
        "listen on this host only, or `0.0.0.0` to listen on all addresses.";
    Error CapacityMissing = "capacity-missing",
        "A disk volume that is to be created has no `capacity_mib`. A disk has a fixed size.";
    Error CapacityOnDirectory = "capacity-on-directory",
        "A directory volume has a `capacity_mib`, which only disks have. Use `quota_mib` to limit"
        "a directory.";
    Warning CommandLine = "command-line",
        "`init.cmd` looks like a whole command line. It takes the path of the program alone: the"
        "arguments go to `init.args`.";
    Warning CwdIgnored = "cwd-ignored",
        "The release that is to read the document ignores `init.cwd`: the init would start in"
        "another directory.";
    Error Empty = "empty",
        "A value is empty that must not be, such as a path, a user or a key.";
    Error EnvKeyEquals = "env-key-equals",
        "The key of an environment variable contains `=`. In the guest, the key ends at the first"
        "`=`, so the variable would get another name and value.";
    Warning EnvRepeated = "env-repeated",
        "Two environment variables have the same key. The later one wins.";
    Error ExecTooLarge = "exec-too-large",
        "The arguments and the environment together are larger than `execve(2)` or one boot"
        "message allows, so no program could start with them.";
    Error FilesystemType = "filesystem-type",
        "A filesystem type is not a name that Linux could have for one: lower-case letters,"
        "digits, `.`, `-` and `_`, such as `ext4`.";
    Warning FormatExtension = "format-extension",
        "The file extension of a disk image suggests another format than the document. Reading a"
        "disk in the wrong format can destroy it.";
    Error HostAnswer = "host-answer",
        "What the host says about itself does not fit the spec, such as the limits of the guest"
        "that it is going to start.";
    Warning HostPortZero = "host-port-zero",
        "A published port has `host_port` 0: the host picks a free port, a different one each"
        "time.";
    Error HostnameInvalid = "hostname-invalid",
        "The kernel or `/etc/hosts` cannot hold the hostname: it is empty, longer than 64 bytes,"
        "or contains a space, `/` or a control character.";
    Warning HostnameNotDns = "hostname-not-dns",
        "The hostname is not a valid DNS hostname. The kernel takes it, but programs may not be"
        "able to resolve it.";
    Warning IdleAfterEnd = "idle-after-end",
        "`idle_timeout_secs` is longer than `max_duration_secs`, so it never takes effect.";
    Error ImageReference = "image-reference",
        "An image reference does not follow the grammar of container registries, as in"
        "`registry.example/team/app:1.2`.";
    Error LabelKey = "label-key",
        "The key of a label is too long or contains a control character.";
    Error LabelRepeated = "label-repeated",
        "Two labels have the same key.";
    Error LabelsTooLarge = "labels-too-large",
        "The keys and values of all labels together are too large.";
    Error LogLevel = "log-level",
        "There is no log level of this name. The levels are `error`, `warn`, `info`, `debug` and"
        "`trace`.";
    Error Missing = "missing",
        "A required field is missing.";
    Error ModeBits = "mode-bits",
        "A file mode has bits that `chmod(2)` does not know: the highest mode is 4095, which is"
        "7777 in octal.";
    Warning ModeDecimal = "mode-decimal",
        "A file mode looks like an octal number, but JSON numbers are decimal: 644 in octal is"
        "420 in JSON.";
    Error MountRepeated = "mount-repeated",
        "Two mounts have the same path in the guest. The later one would hide the earlier one.";
    Error MountReserved = "mount-reserved",
        "A mount has a path that the guest mounts itself, such as `/proc`.";
    Error MountsTooMany = "mounts-too-many",
        "There are more mounts than one boot message can carry.";
    Error NameInvalid = "name-invalid",
        "A name is empty, too long, or contains a character that names must not contain. Names"
        "become directories on the host: they consist of ASCII letters, digits, `.`, `-` and `_`,"
        "and start with a letter or digit.";
    Error NewerField = "newer-field",
        "A field, or the form of one, was added in a newer release. This release would ignore it"
        "or could not read the document.";
    Error Nul = "nul",
        "A string contains a NUL character, where the guest would cut it off.";
    Error PathIsRoot = "path-is-root",
        "A path is `/` where it must be a file or directory below the root.";
    Error PathNotAbsolute = "path-not-absolute",
        "A path in the guest does not start with `/`.";
    Error PathNotNormal = "path-not-normal",
        "A path in the guest contains `//`, or a component `.` or `..`; or it ends with `/`"
        "though it is a file's.";
    Error PathTooLong = "path-too-long",
        "A path, or one of its components, is longer than Linux allows.";
    Warning PortDualStack = "port-dual-stack",
        "One port is published on `::` and on an IPv4 address. On Linux, `::` usually listens on"
        "all IPv4 addresses too, so only one of them may work.";
    Error PortRepeated = "port-repeated",
        "Two published ports use the same address, protocol and host port. `0.0.0.0` and `::`"
        "include every address of their family.";
    Warning PortsWithoutNetwork = "ports-without-network",
        "Ports are published, but the network is disabled.";
    Warning QuotaOnDisk = "quota-on-disk",
        "A disk volume has a `quota_mib`, which only directories have. A disk is limited by its"
        "`capacity_mib`.";
    Error ReadonlyIgnored = "readonly-ignored",
        "A mount has `options` and, beside them, the `readonly` of older documents, which is"
        "ignored there: the mount would be writable.";
    Error RepeatedField = "repeated-field",
        "A JSON object has the same field twice. Readers disagree about which one counts.";
    Warning RestrictedOverrides = "restricted-overrides",
        "The security profile `restricted` overrides a setting: set-user-ID and set-group-ID bits"
        "have no effect under it.";
    Warning RlimitCeiling = "rlimit-ceiling",
        "A limit of open files is higher than Linux allows, unless the guest raises `fs.nr_open`"
        "first.";
    Error RlimitOrder = "rlimit-order",
        "A soft limit is above its hard limit.";
    Error RlimitRepeated = "rlimit-repeated",
        "Two entries limit the same resource.";
    Error ScriptName = "script-name",
        "The name of a script is not a valid file name: it is empty, too long, `.` or `..`, or"
        "contains `/`.";
    Error ScriptsTooLarge = "scripts-too-large",
        "The names and contents of all scripts together are too large.";
    Error StringTooLong = "string-too-long",
        "An argument or environment variable is longer than `execve(2)` allows for one string.";
    Error Syntax = "syntax",
        "The text is not valid JSON.";
    Error UnknownField = "unknown-field",
        "A JSON object has a field that its type does not have. It would be ignored.";
    Error VolumeMismatch = "volume-mismatch",
        "A mount names one volume, and its request to create the volume names another.";
    Error WrongType = "wrong-type",
        "A JSON value has another type than its field, or is not one of the values that the field"
        "allows.";
    Error Zero = "zero",
        "A number is 0 that must be at least 1.";
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FindingCode {
    type Err = String;

    /// Reads a code by the exact text that [`as_str`](Self::as_str) gives.
    ///
    /// # Errors
    /// Any other text is refused with `unknown finding code: …`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| format!("unknown finding code: {text}"))
    }
}
