//! Moments.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A moment, in milliseconds since 1970; written as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl From<i64> for Time {
    fn from(milliseconds: i64) -> Self {
        Self(milliseconds)
    }
}

/// The moments that RFC 3339 can write: its years have four digits.
const FIRST: i64 = -62_167_219_200_000;
const LAST: i64 = 253_402_207_200_000;

impl fmt::Display for Time {
    /// A moment that cannot be written is shown as the nearest that can.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0.clamp(FIRST, LAST)).unwrap_or_default();
        write!(f, "{moment:.3}")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let moment: jiff::Timestamp = text.parse().map_err(de::Error::custom)?;
        Ok(Self(moment.as_millisecond()))
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

// Written where it is used, not by name: it is a format of strings.
impl ToSchema for Time {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc_and_read_back() {
        let time = Time(1_700_000_000_123);
        let text = serde_json::to_string(&time).unwrap();
        assert_eq!(text, r#""2023-11-14T22:13:20.123Z""#);
        assert_eq!(serde_json::from_str::<Time>(&text).unwrap(), time);
        assert_eq!(serde_json::from_str::<Time>(r#""2023-11-14T23:13:20.123+01:00""#).unwrap(), time);
        assert!(serde_json::from_str::<Time>(r#""yesterday""#).is_err());
    }

    #[test]
    fn moments_beyond_the_calendar_are_shown_as_its_ends() {
        assert_eq!(serde_json::to_string(&Time(i64::MAX)).unwrap(), r#""9999-12-30T22:00:00.000Z""#);
        assert_eq!(serde_json::to_string(&Time(i64::MIN)).unwrap(), r#""0000-01-01T00:00:00.000Z""#);
    }
}
