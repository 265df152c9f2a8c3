//! The words of folder pairs in the settings, each read with an error that a person can act on.

use std::borrow::Cow;

use bytesize::ByteSize;
use folders::pair::MaxDelete;
use folders::words::{KEEP, MODES, POLICIES, keep_of, max_delete, one_of};
use reconcile::{Keep, Mode, OnConflict};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// A schema of these words.
fn words<T>(words: &[(&str, T)], description: &str) -> Schema {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json_schema!({ "description": description, "type": "string", "enum": words })
}

impl JsonSchema for ModeWord {
    fn schema_name() -> Cow<'static, str> {
        "Mode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        words(&MODES, "two-way; mirror makes B equal to A; copy brings additions and edits of A to B")
    }
}

impl JsonSchema for OnConflictWord {
    fn schema_name() -> Cow<'static, str> {
        "OnConflict".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        words(&POLICIES, "What happens to conflicts; `ask` leaves both versions and records it")
    }
}

impl JsonSchema for KeepWords {
    fn schema_name() -> Cow<'static, str> {
        "Keep".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What is kept in sync on request: whose everything is (by number), extended attributes",
            "type": "array",
            "items": { "type": "string", "enum": KEEP }
        })
    }
}

impl JsonSchema for LimitWord {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of entries, or a share of a side",
            "anyOf": [
                { "type": "integer", "minimum": 0 },
                { "type": "string", "pattern": "^([0-9]+|([0-9]|[1-9][0-9]|100)%)$" }
            ]
        })
    }
}

impl JsonSchema for SizeWord {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number of bytes, such as \"20 GiB\"",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string" }]
        })
    }
}

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

/// What is kept besides content, permissions and times.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub(super) struct KeepWords(pub(super) Keep);

impl TryFrom<Vec<String>> for KeepWords {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        keep_of(&words).map(Self)
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

/// An amount of bytes: a number, or text as people write it (`"10 GiB"`).
#[derive(Debug, Clone, Copy)]
pub(super) struct SizeWord(pub(super) u64);

impl<'de> Deserialize<'de> for SizeWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u64),
            Text(String),
        }
        match Either::deserialize(deserializer)? {
            Either::Number(bytes) => Ok(Self(bytes)),
            Either::Text(text) => bytes(&text).map(Self).map_err(serde::de::Error::custom),
        }
    }
}

/// Reads an amount of bytes as people write it.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let size: ByteSize =
        text.parse().map_err(|_| format!("\"{text}\" is no amount of bytes; write it like \"10 GiB\""))?;
    Ok(size.as_u64())
}

/// The value for an amount of bytes: with a unit where that is exact.
pub(crate) fn size_word(bytes: u64) -> toml_edit::Value {
    const UNITS: [(&str, u32); 4] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match UNITS.iter().find(|(_, shift)| bytes != 0 && bytes.trailing_zeros() >= *shift) {
        Some((unit, shift)) => format!("{} {unit}", bytes >> shift).into(),
        None => i64::try_from(bytes).unwrap_or(i64::MAX).into(),
    }
}

/// The value for a limit, as it is written into the file.
pub(crate) fn limit_word(limit: MaxDelete) -> toml_edit::Value {
    match limit {
        MaxDelete::Count(count) => i64::try_from(count).unwrap_or(i64::MAX).into(),
        MaxDelete::Percent(share) => format!("{share}%").into(),
    }
}
