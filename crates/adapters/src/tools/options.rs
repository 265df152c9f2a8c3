//! What can be asked of one run of a tool.

use serde::{Deserialize, Deserializer, de};
use syncmgr::Refusal;

/// Options of one run, as a JSON object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Run although a guard stopped it.
    pub approve: bool,
    /// The guard's limit for this run.
    pub max_delete: Option<MaxDelete>,
    /// Compare content, not only size and time, where the tool can.
    pub checksum: bool,
}

impl Options {
    /// Reads them; text with nothing in it is an object with nothing in it.
    ///
    /// # Errors
    /// `InvalidArgument`: what is wrong, and which there are.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let text = if text.trim().is_empty() { "{}" } else { text };
        let wrong = |why: String| Refusal::InvalidArgument(format!("the options of a tool are wrong: {why}"));
        if !text.trim_start().starts_with('{') {
            return Err(wrong("they are a JSON object".into()));
        }
        serde_json::from_str(text).map_err(|error| wrong(error.to_string()))
    }
}

/// The limit on deletions: a number, or a share with a per cent sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxDelete {
    /// At most that many entries.
    Count(u64),
    /// At most that share of what is there.
    Percent(u64),
}

impl MaxDelete {
    /// Where nobody says anything else.
    pub const DEFAULT: Self = Self::Percent(50);
    /// From how many entries up a share means anything, unless the person set it.
    const MEANINGFUL: u64 = 10;

    /// Whether so many deletions are too many.
    pub fn is_exceeded(limit: Option<Self>, deleted: u64, of: u64) -> bool {
        match limit.unwrap_or(Self::DEFAULT) {
            Self::Count(most) => deleted > most,
            Self::Percent(share) => {
                let meaningful = limit.is_some() || of >= Self::MEANINGFUL;
                deleted > 0 && meaningful && u128::from(deleted) * 100 > u128::from(of) * u128::from(share)
            }
        }
    }
}

impl std::fmt::Display for MaxDelete {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

impl<'de> Deserialize<'de> for MaxDelete {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u64),
            Text(String),
        }
        let wrong = || de::Error::custom("a limit is a number of entries, or a share (0% to 100%)");
        match Either::deserialize(deserializer)? {
            Either::Number(number) => Ok(Self::Count(number)),
            Either::Text(text) => match text.strip_suffix('%') {
                Some(share) => {
                    let share = share.parse().ok().filter(|share| *share <= 100);
                    share.map(Self::Percent).ok_or_else(wrong)
                }
                None => text.parse().map(Self::Count).map_err(|_| wrong()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_an_object_of_known_words() {
        let read = Options::read(r#"{"approve":true,"max_delete":"10%"}"#).unwrap();
        assert_eq!((read.approve, read.max_delete), (true, Some(MaxDelete::Percent(10))));
        assert_eq!(Options::read("").unwrap(), Options::default());
        for wrong in ["[]", "{\"aprove\":true}", "{\"max_delete\":\"101%\"}", "{\"max_delete\":-1}", "x"] {
            assert!(Options::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn s6_more_than_half_of_ten_or_more_is_too_much_unless_it_was_said() {
        let exceeded = MaxDelete::is_exceeded;
        assert!(exceeded(None, 6, 10) && !exceeded(None, 5, 10) && !exceeded(None, 9, 9));
        assert!(exceeded(Some(MaxDelete::Count(0)), 1, 1000) && !exceeded(Some(MaxDelete::Count(1)), 1, 1));
        assert!(
            exceeded(Some(MaxDelete::Percent(10)), 1, 9) && !exceeded(Some(MaxDelete::Percent(100)), 9, 9)
        );
        assert!(!exceeded(Some(MaxDelete::Percent(0)), 0, 0));
    }
}
