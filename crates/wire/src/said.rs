//! What may be left out of a request (null is no way to leave it out, for it could as well be a mistake), and how large
//! numbers may be.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Reads what is there.
pub(crate) fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The largest whole number that is understood: what is kept has a sign.
pub const LARGEST: u64 = i64::MAX.unsigned_abs();

/// Reads a whole number.
///
/// # Errors
/// It is none, or too large.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        number if number > LARGEST => Err(D::Error::custom(format!("{number} is more than {LARGEST}"))),
        number => Ok(number),
    }
}

/// Reads a whole number that may be left out.
///
/// # Errors
/// It is none, or too large.
pub fn said_whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    whole(deserializer).map(Some)
}
