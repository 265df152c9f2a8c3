//! Whole numbers of any size, through readers that know only floating point.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest number that every JSON reader keeps exact: 2^53 - 1.
pub const MAX_EXACT: u64 = (1 << 53) - 1;

/// A number of steps, bytes or runs. Up to [`MAX_EXACT`] it is a JSON number, above that its digits in a string; both
/// are read at any size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Number(pub u64);

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<Number> for u64 {
    fn from(number: Number) -> Self {
        number.0
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 <= MAX_EXACT { serializer.serialize_u64(self.0) } else { serializer.collect_str(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;

        impl Visitor<'_> for Digits {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number from 0 to 2^64 - 1, or its digits in a string")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                Ok(Number(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
                u64::try_from(number)
                    .map(Number)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }

            fn visit_str<E: de::Error>(self, digits: &str) -> Result<Number, E> {
                // `parse` alone would take a leading plus.
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                digits
                    .parse()
                    .ok()
                    .filter(|_| plain)
                    .map(Number)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(digits), &self))
            }
        }

        deserializer.deserialize_any(Digits)
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A whole number from 0 to 2^64 - 1: a JSON number up to 2^53 - 1, its digits in a string above.",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": MAX_EXACT },
                { "type": "string", "pattern": "^[0-9]{1,20}$" }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_some_readers_would_round_travel_as_digits() {
        for (number, text) in [
            (0, "0"),
            (MAX_EXACT, "9007199254740991"),
            (MAX_EXACT + 1, "\"9007199254740992\""),
            (u64::MAX, "\"18446744073709551615\""),
        ] {
            assert_eq!(serde_json::to_string(&Number(number)).unwrap(), text);
            assert_eq!(serde_json::from_str::<Number>(text).unwrap(), Number(number));
        }
        // Also from those who can write it.
        assert_eq!(serde_json::from_str::<Number>("18446744073709551615").unwrap(), Number(u64::MAX));
    }

    #[test]
    fn what_is_no_whole_number_in_range_is_refused() {
        for text in ["-1", "1.5", "1e3", "\"\"", "\"+1\"", "\"18446744073709551616\"", "true", "null", "[]"] {
            assert!(serde_json::from_str::<Number>(text).is_err(), "{text}");
        }
    }
}
