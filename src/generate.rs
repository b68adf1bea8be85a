//! Generators of values that a derived [`Arbitrary`] would miss or make unreadable.

use alloc::string::String;
use alloc::vec::Vec;

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::Value;

/// How deep a generated [`Value`] nests: enough for an array in an object in an array.
const MAX_DEPTH: u8 = 3;

/// Makes an absent or a free-form JSON document; `Some(null)` is among them.
pub(crate) fn optional_value(u: &mut Unstructured<'_>) -> Result<Option<Value>> {
    if bool::arbitrary(u)? {
        value(u, MAX_DEPTH).map(Some)
    } else {
        Ok(None)
    }
}

fn value(u: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    let Some(inner) = depth.checked_sub(1) else {
        return bool::arbitrary(u).map(Value::Bool);
    };
    Ok(match u.int_in_range(0..=7)? {
        0 => Value::Null,
        1 => bool::arbitrary(u)?.into(),
        2 => u64::arbitrary(u)?.into(),
        3 => i64::arbitrary(u)?.into(),
        // JSON has no infinities and no NaN; they become `null`.
        4 => f64::arbitrary(u)?.into(),
        5 => String::arbitrary(u)?.into(),
        6 => (0..u.int_in_range(0..=3)?)
            .map(|_| value(u, inner))
            .collect::<Result<Vec<_>>>()?
            .into(),
        _ => (0..u.int_in_range(0..=3)?)
            .map(|_| Ok((String::arbitrary(u)?, value(u, inner)?)))
            .collect::<Result<serde_json::Map<_, _>>>()?
            .into(),
    })
}

#[cfg(feature = "cloud")]
pub(crate) use timestamp::{optional_timestamp, timestamp};

#[cfg(feature = "cloud")]
mod timestamp {
    use arbitrary::{Arbitrary, Error, Result, Unstructured};
    use chrono::{DateTime, Utc};

    /// 0000-01-01T00:00:00Z, in seconds from the epoch: RFC 3339 starts with this year.
    const FIRST_SECOND: i64 = -62_167_219_200;

    /// 9999-12-31T23:59:59Z, in seconds from the epoch: RFC 3339 ends with this year.
    const LAST_SECOND: i64 = 253_402_300_799;

    /// Makes a timestamp that RFC 3339 can write.
    pub(crate) fn timestamp(u: &mut Unstructured<'_>) -> Result<DateTime<Utc>> {
        let seconds = u.int_in_range(FIRST_SECOND..=LAST_SECOND)?;
        let nanoseconds = u.int_in_range(0..=999_999_999)?;
        DateTime::from_timestamp(seconds, nanoseconds).ok_or(Error::IncorrectFormat)
    }

    /// Makes an absent timestamp or one that RFC 3339 can write.
    pub(crate) fn optional_timestamp(u: &mut Unstructured<'_>) -> Result<Option<DateTime<Utc>>> {
        if bool::arbitrary(u)? {
            timestamp(u).map(Some)
        } else {
            Ok(None)
        }
    }
}
