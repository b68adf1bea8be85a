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
        22 => "has an enum of an unknown variant",
        23 => "has unknown flags",
        32 => "has a `cmd` that is neither an absolute path nor `auto`",
        33 => "has a `cwd` that is not an absolute path",
        34 => "has a path that is too long",
        35 => "has a string with a NUL",
        36 => "has an environment entry without a key",
        37 => "has an environment key with a `=`",
        38 => "has an environment entry without a `=`",
        39 => "has a string that is too long for execve",
        40 => "is too large for execve",
        41 => "has a tag or serial that is not one",
        42 => "has a filesystem name that is not one",
        43 => "has a file name that is not one",
        44 => "has a size of 0",
        45 => "has a file mode with unknown bits",
        46 => "has a path that is not in normal form",
        47 => "mounts over /proc, /sys or /dev",
        48 => "has two mounts on one path",
        49 => "has a mount after one below it",
        50 => "has a mount inside a file",
        51 => "has a hostname that Linux does not take",
        52 => "has an interface name that is not one",
        53 => "has an MTU that is too small",
        54 => "has a prefix length that is too long",
        55 => "has two gateways of one family",
        56 => "has a domain that is not one",
        57 => "has a soft limit above its hard limit",
        58 => "has an item twice",
        59 => "has a time that Linux does not take",
        60 => "has too many items in a list",
        _ => return None,
    })
}
