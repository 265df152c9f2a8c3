//! A length of time as a person writes it: `90s`, `1h 30m`, `2 days`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The largest unit first, with its milliseconds. A day is 24 hours and a week seven days: what counts from one moment
/// to another knows no calendar.
const UNITS: [(u64, &str); 6] =
    [(604_800_000, "w"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];

/// A length of time, longer than nothing and at most a hundred years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(u64);

impl Period {
    const LONGEST: u64 = 100 * 366 * 86_400_000;

    /// So many seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self(if seconds == 0 { 1 } else { seconds as u64 * 1000 })
    }

    /// So many milliseconds; none when that is no time, or more than a hundred years.
    pub fn from_millis(millis: i64) -> Option<Self> {
        u64::try_from(millis).ok().filter(|millis| (1..=Self::LONGEST).contains(millis)).map(Self)
    }

    /// In milliseconds, as times of the center are.
    pub fn millis(self) -> i64 {
        // Never more than `LONGEST`.
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// As the standard library has it.
    pub fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || format!("`{text}` is no length of time; write it like `90s`, `1h 30m` or `2d`");
        let span: Span = text.trim().parse().map_err(|_| unreadable())?;
        if span.get_months() != 0 || span.get_years() != 0 {
            return Err(format!("`{text}`: months and years are not all as long; say it in days or weeks"));
        }
        let length: SignedDuration =
            span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| unreadable())?;
        match u64::try_from(length.as_millis()) {
            Ok(millis) if (1..=Self::LONGEST).contains(&millis) => Ok(Self(millis)),
            Ok(0) => Err(format!("`{text}` is no time at all")),
            Ok(_) => Err(format!("`{text}` is more than a hundred years")),
            Err(_) => Err(format!("`{text}` is less than no time")),
        }
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

/// As it may be written: `1h 30m`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0;
        let mut space = "";
        for (unit, name) in UNITS {
            if left >= unit {
                write!(f, "{space}{}{name}", left / unit)?;
                (left, space) = (left % unit, " ");
            }
        }
        Ok(())
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A length of time: weeks, days, hours, minutes and seconds",
            "examples": ["90s", "15m", "1h 30m", "2d"],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_are_read_as_people_write_them() {
        for (text, millis, shown) in [
            ("90s", 90_000, "1m 30s"),
            ("1h 30m", 5_400_000, "1h 30m"),
            ("2 days", 172_800_000, "2d"),
            ("1w", 604_800_000, "1w"),
            ("500ms", 500, "500ms"),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!((period.millis(), period.to_string().as_str()), (millis, shown));
        }
    }

    #[test]
    fn what_is_no_length_of_time_is_refused_with_a_reason() {
        for (text, word) in [
            ("", "write it like"),
            ("5", "write it like"),
            ("0s", "no time"),
            ("-1h", "less"),
            ("1 month", "months"),
            ("9000w", "hundred"),
        ] {
            let error = text.parse::<Period>().unwrap_err();
            assert!(error.contains(word), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_as_the_same(millis in 1..Period::LONGEST) {
            prop_assert_eq!(Period(millis).to_string().parse(), Ok(Period(millis)));
        }
    }
}
