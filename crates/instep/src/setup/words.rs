//! The words of folder pairs in the settings, each read with an error that a person can act on.

use folders::pair::MaxDelete;
use folders::words::{MODES, POLICIES, max_delete, one_of};
use reconcile::{Mode, OnConflict};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ModeWord(pub(super) Mode);

impl TryFrom<String> for ModeWord {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_of(&MODES, &text).map(Self)
    }
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct OnConflictWord(pub(super) OnConflict);

impl TryFrom<String> for OnConflictWord {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        one_of(&POLICIES, &text).map(Self)
    }
}

/// A limit: a number, or text as it is typed (`"10%"`).
#[derive(Debug, Clone, Copy)]
pub(super) struct LimitWord(pub(super) MaxDelete);

impl<'de> Deserialize<'de> for LimitWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(i64),
            Text(String),
        }
        let text = match Either::deserialize(deserializer)? {
            Either::Number(number) => number.to_string(),
            Either::Text(text) => text,
        };
        max_delete(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// The value for a limit, as it is written into the file.
pub(crate) fn limit_word(limit: MaxDelete) -> toml_edit::Value {
    match limit {
        MaxDelete::Count(count) => i64::try_from(count).unwrap_or(i64::MAX).into(),
        MaxDelete::Percent(share) => format!("{share}%").into(),
    }
}
