//! Times of the calendar, as cron writes them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use croner::Cron as Pattern;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Zoned;
use jiff::civil::DateTime;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Minute, hour, day of the month, month and day of the week; or `@daily` and its like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cron {
    text: String,
    pattern: Pattern,
}

impl Cron {
    /// The first time after that one; none when there is none any more.
    ///
    /// Where the clocks are put forward, a time that does not exist becomes the first that does. Where they are put
    /// back, a time of the day comes once, and `*` in every hour that there is.
    pub fn after(&self, time: &Zoned) -> Option<Zoned> {
        self.pattern.find_next_occurrence(time, false).ok()
    }

    /// All times after that one.
    pub fn all_after(&self, time: Zoned) -> impl Iterator<Item = Zoned> + use<> {
        self.pattern.iter_after(time)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Cron {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser.parse(text).map_err(|error| {
            format!(
                "`{text}` is no cron line ({}); it has five fields: minute, hour, day, month, weekday, as in \
                 `30 2 * * *`",
                error.to_string().trim_end_matches('.')
            )
        })?;
        // Any year with everything that follows it, for a leap day, too.
        let start = DateTime::constant(2024, 1, 1, 0, 0, 0, 0);
        pattern
            .find_next_occurrence(&start, true)
            .map_err(|_| format!("`{text}` never comes: there is no such day"))?;
        Ok(Self { text: text.trim().to_owned(), pattern })
    }
}

impl TryFrom<String> for Cron {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Cron> for String {
    fn from(cron: Cron) -> Self {
        cron.text
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl JsonSchema for Cron {
    fn schema_name() -> Cow<'static, str> {
        "Cron".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A cron line of five fields: minute, hour, day of the month, month, day of the week",
            "examples": ["30 2 * * *", "0 */6 * * mon-fri", "@weekly"],
        })
    }
}
