//! What may be left out of a request: null is no way to leave it out, for it could as well be a mistake.

use serde::{Deserialize, Deserializer};

/// Reads what is there.
pub(crate) fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
