//! The words of the settings file, each read with an error that a person can act on (`toml` adds the line).

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use folders::pair::MaxDelete;
use reconcile::{Mode, OnConflict};
use serde::{Deserialize, Deserializer};
use syncmgr::ItemId;

use crate::args::parse_max_delete;

/// The words of the modes, in the order in which they are listed to people.
const MODES: [(&str, Mode); 3] = [("two-way", Mode::TwoWay), ("mirror", Mode::Mirror), ("copy", Mode::Copy)];

/// The words of the conflict policies.
const POLICIES: [(&str, OnConflict); 6] = [
    ("ask", OnConflict::Ask),
    ("newest", OnConflict::Newest),
    ("largest", OnConflict::Largest),
    ("a", OnConflict::A),
    ("b", OnConflict::B),
    ("keep-both", OnConflict::KeepBoth),
];

/// The word for a mode.
pub(crate) fn mode_word(mode: Mode) -> &'static str {
    MODES.iter().find(|(_, known)| *known == mode).map_or("two-way", |(word, _)| word)
}

/// The word for a conflict policy.
pub(crate) fn on_conflict_word(policy: OnConflict) -> &'static str {
    POLICIES.iter().find(|(_, known)| *known == policy).map_or("ask", |(word, _)| word)
}

/// An item's identity: also the name of its directory, hence no slashes and nothing that hides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct ItemKey(pub(super) ItemId);

impl TryFrom<String> for ItemKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let legal = |c: char| (c.is_alphanumeric() && c.to_lowercase().eq([c])) || "-_.".contains(c);
        if text.starts_with(['-', '.']) || !text.chars().all(legal) {
            return Err(format!(
                "`{text}` cannot be an item's identity: small letters, digits, `-`, `_` and `.` only"
            ));
        }
        ItemId::new(&text).map(Self).map_err(|refusal| refusal.to_string())
    }
}

/// An identity made of a name: small letters and digits, with hyphens between; room is left for a number.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.encode_utf16().count() >= 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "pair".to_owned() } else { slug.to_owned() }
}

/// A folder: absolute, or beneath the home directory (`~/...`), or `bytes:` and escapes where it is no UTF-8.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct FolderWord(PathBuf);

impl TryFrom<String> for FolderWord {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let path = match text.strip_prefix("bytes:") {
            Some(escaped) => unescape(escaped).ok_or_else(|| {
                "after `bytes:`, a backslash is followed by `x` and two hexadecimal digits".to_owned()
            })?,
            None => PathBuf::from(text),
        };
        if path.is_absolute() || path == Path::new("~") || path.starts_with("~/") {
            Ok(Self(path))
        } else {
            Err("a folder is given by its absolute path, or by `~/...`".to_owned())
        }
    }
}

impl FolderWord {
    /// The path; without a home directory `~` stays, and is then a folder that does not exist.
    pub(super) fn resolve(self, home: Option<&Path>) -> PathBuf {
        match (self.0.strip_prefix("~"), home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => self.0,
        }
    }
}

/// The word for a folder.
pub(crate) fn folder_word(path: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let mut word = "bytes:".to_owned();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_graphic() && byte != b'\\' || byte == b' ' {
            word.push(char::from(byte));
        } else {
            word.push_str(&format!("\\x{byte:02x}"));
        }
    }
    word
}

fn unescape(text: &str) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'\\' {
            let [b'x', high, low, tail @ ..] = tail else { return None };
            let digits = [*high, *low];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    Some(OsString::from_vec(bytes).into())
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

fn one_of<T: Copy>(words: &[(&str, T)], text: &str) -> Result<T, String> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("`{text}` is none of {}", known.join(", "))
    })
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
        parse_max_delete(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// The value for a limit, as it is written into the file.
pub(crate) fn limit_word(limit: MaxDelete) -> toml_edit::Value {
    match limit {
        MaxDelete::Count(count) => i64::try_from(count).unwrap_or(i64::MAX).into(),
        MaxDelete::Percent(share) => format!("{share}%").into(),
    }
}
