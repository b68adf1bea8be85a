//! Handoff messages: made up, and checked in the plainest way.

use arbitrary::{Arbitrary, Result, Unstructured};
use microsandbox_types::{AUTO_INIT_CANDIDATES, ExecLimits, HandoffInit};

/// Makes a message that is valid more often than not, and near a bound more often than chance.
pub fn message(u: &mut Unstructured<'_>) -> Result<HandoffInit> {
    Ok(HandoffInit {
        cmd: match u.int_in_range(0..=3)? {
            0 => "auto".to_owned(),
            _ => path(u)?,
        },
        cwd: match u.int_in_range(0..=2)? {
            0 => None,
            _ => Some(path(u)?),
        },
        args: list(u, String::new(), string)?,
        env: list(u, ("A".into(), "".into()), |u| Ok((key(u)?, string(u)?)))?,
    })
}

/// Makes the limits of a guest: mostly the usual ones.
pub fn limits(u: &mut Unstructured<'_>) -> Result<ExecLimits> {
    let usual = ExecLimits::default();
    Ok(match u.int_in_range(0..=5)? {
        0..=3 => usual,
        4 => ExecLimits::new(
            *u.choose(&[0, 1, 4, 4096, 16384, u32::MAX])?,
            *u.choose(&[0, 512 << 10, 1 << 20, 8 << 20, 24 << 20, u64::MAX])?,
        ),
        _ => ExecLimits::new(u32::arbitrary(u)?, u64::arbitrary(u)?),
    })
}

fn list<T: Clone>(
    u: &mut Unstructured<'_>,
    small: T,
    item: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    Ok(match u.int_in_range(0..=255)? {
        // Around the counts at which a varint grows.
        250..=255 => vec![small; u.int_in_range(120..=136)?],
        few => (0..few % 8).map(|_| item(u)).collect::<Result<_>>()?,
    })
}

fn string(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=31)? {
        // Around the lengths at which a varint grows; the first is also the longest string that
        // `execve(2)` takes with pages of 4 bytes.
        28..=30 => "-".repeat(u.int_in_range(120..=136)?),
        // Eight of the second are about what it takes in all at the least.
        31 => "é".repeat(u.int_in_range(8185..=8200)?),
        // Any characters, a NUL among them perhaps.
        27 => String::arbitrary(u)?,
        _ => String::arbitrary(u)?.replace('\0', ""),
    })
}

fn key(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=15)? {
        15 => string(u)?,
        // Few enough for some to repeat.
        0..=9 => u.choose(&["A", "B", "PATH", "LANG", "é"])?.to_string(),
        _ => format!("K{}", string(u)?.replace('=', "")),
    })
}

fn path(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=15)? {
        15 => string(u)?,
        // Around the longest path.
        14 => format!("/{}", "p".repeat(u.int_in_range(4090..=4100)?)),
        _ => format!("/{}", string(u)?),
    })
}

/// Whether a message keeps every rule.
pub fn is_valid(message: &HandoffInit, limits: &ExecLimits) -> bool {
    let HandoffInit {
        cmd,
        args,
        env,
        cwd,
    } = message;
    let is_path = |path: &str| path.starts_with('/') && path.len() < 4096 && !path.contains('\0');
    let entries: Vec<String> = env.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let strings = || args.iter().chain(&entries);
    let longest = u128::from(limits.page_size) * 32;
    let total_max = (u128::from(limits.stack_limit) / 4).clamp(128 << 10, 6 << 20);
    let init_len = match cmd.as_str() {
        "auto" => AUTO_INIT_CANDIDATES
            .iter()
            .map(|path| path.to_bytes().len())
            .max()
            .unwrap(),
        path => path.len(),
    };
    let total = 2 * (init_len + 1)
        + strings().map(|string| string.len() + 1).sum::<usize>()
        + 8 * (1 + args.len() + env.len());
    (cmd == "auto" || is_path(cmd))
        && cwd.as_deref().is_none_or(is_path)
        && env
            .iter()
            .all(|(key, _)| !key.is_empty() && !key.contains('='))
        && strings().all(|string| !string.contains('\0') && (string.len() as u128) < longest)
        && total as u128 <= total_max
        && message.encoded_len() <= HandoffInit::MAX_FRAME_BYTES
}
