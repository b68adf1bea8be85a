//! What the codes of refusals mean.

/// Returns what a refusal's code means, to stand behind "the frame": what a host tells a person
/// whose guest refused it. `None` for the code of a newer guest.
///
/// ```
/// assert_eq!(microsandbox_types::refusal_text(11), Some("has a wrong checksum"));
/// ```
#[must_use]
pub const fn refusal_text(code: u8) -> Option<&'static str> {
    Some(match code {
        1 => "is cut short",
        2 => "does not start with the magic",
        3 => "is of an unknown kind",
        4 => "is of another kind than expected",
        5 => "has generations out of order",
        6 => "needs a newer guest",
        7 => "has flags set",
        8 => "announces too long a payload",
        9 => "has the reserved field set",
        10 => "is followed by more bytes",
        11 => "has a wrong checksum",
        12 => "has a payload that ends inside a field",
        13 => "has a varint that is too large",
        14 => "has a padded varint",
        15 => "has an option tag that is neither 0 nor 1",
        16 => "has lengths that do not add up to the text",
        17 => "has text that is not UTF-8",
        18 => "has a string without its NUL",
        19 => "has a NUL inside a string",
        20 => "has payload bytes left over",
        21 => "has a malformed report",
        22 => "has an unknown variant of an enum",
        23 => "has unknown flags",
        32 => "has a `cmd` that is neither an absolute path nor `auto`",
        33 => "has a `cwd` that is not an absolute path",
        34 => "has a path that is too long",
        35 => "has a string with a NUL",
        36 => "has an environment entry without a key",
        37 => "has an environment key with `=`",
        38 => "has an environment entry without `=`",
        39 => "has a string that is too long for execve",
        40 => "is too large for execve",
        41 => "has an invalid tag or serial",
        42 => "has an invalid filesystem name",
        43 => "has an invalid file name",
        44 => "has a size of 0",
        45 => "has a file mode with unknown bits",
        46 => "has a path that is not in normal form",
        47 => "mounts over /proc, /sys or /dev",
        48 => "has two mounts with the same path",
        49 => "has a mount that would hide an earlier one",
        50 => "has a mount inside a file",
        51 => "has a hostname that Linux does not accept",
        52 => "has an invalid interface name",
        53 => "has an MTU that is too small",
        54 => "has a prefix length that is too long",
        55 => "has two gateways for the same address family",
        56 => "has an invalid domain",
        57 => "has a soft limit above its hard limit",
        58 => "has a duplicate entry",
        59 => "has a time that Linux does not accept",
        60 => "has too many entries in a list",
        _ => return None,
    })
}
