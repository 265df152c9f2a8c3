//! The words of the file that several sections use, each read with an error that a person can act on.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// What a reference to a secret begins with.
const SECRET: &str = "secret:";

/// The identity of an item, handler or channel: it is also the name of a directory or a part of an address, hence no
/// slashes and nothing that hides.
pub(crate) fn check_id(text: &str) -> Result<(), String> {
    let legal = |c: char| (c.is_alphanumeric() && c.to_lowercase().eq([c])) || "-_.".contains(c);
    if text.starts_with(['-', '.']) || !text.chars().all(legal) {
        return Err(format!(
            "`{text}` cannot be an identity: small letters, digits, `-`, `_` and `.` only, and it begins with a letter \
             or a digit"
        ));
    }
    syncmgr::ItemId::new(text).map(drop).map_err(|refusal| refusal.to_string())
}

/// A path: absolute, or beneath the home directory (`~/...`), or `bytes:` and escapes where it is no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PathWord(PathBuf);

impl TryFrom<String> for PathWord {
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
            Err("a path is absolute, or begins with `~/`".to_owned())
        }
    }
}

impl PathWord {
    /// The path; without a home directory `~` stays, and is then one that does not exist.
    pub fn resolve(&self, home: Option<&Path>) -> PathBuf {
        match (self.0.strip_prefix("~"), home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => self.0.clone(),
        }
    }
}

impl JsonSchema for PathWord {
    fn schema_name() -> Cow<'static, str> {
        "Path".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A path: absolute, or `~/...`; `bytes:` and `\\xNN` where it is no UTF-8.",
            "type": "string",
            "pattern": "^(/|~$|~/|bytes:/)"
        })
    }
}

/// The word for a path, as [`PathWord`] reads it.
pub fn path_word(path: &Path) -> String {
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

/// The name of a secret, as `secret:NAME` refers to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName(String);

impl SecretName {
    /// A name: 1 to 63 letters, digits, `-`, `_` and `.`, so that it can be a part of any provider's own.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.is_empty() || text.len() > 63 || text.starts_with(['-', '.']) || !text.chars().all(legal) {
            return Err(format!(
                "`{text}` cannot be the name of a secret: 1 to 63 letters, digits, `-`, `_` and `.`, and it begins \
                 with a letter or a digit"
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that may be a reference to a secret (`"secret:NAME"`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Text {
    /// As it stands.
    Plain(String),
    /// What the secrets hold under this name.
    Secret(SecretName),
}

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.strip_prefix(SECRET) {
            Some(name) => SecretName::new(name).map(Self::Secret),
            None => Ok(Self::Plain(text)),
        }
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Text, or `secret:NAME` for what the secrets hold under that name.", "type": "string" })
    }
}

/// A program with its arguments, started as it is: no shell reads it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Command {
    /// The program: a path, or a name that is looked for in `PATH`.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
}

impl TryFrom<Vec<String>> for Command {
    type Error = String;

    fn try_from(words: Vec<String>) -> Result<Self, String> {
        let mut words = words.into_iter();
        match words.next() {
            Some(program) if !program.is_empty() => Ok(Self { program, args: words.collect() }),
            _ => Err(
                "a command is a program and its arguments, such as [\"/usr/bin/logger\", \"-t\", \"sync\"]"
                    .to_owned(),
            ),
        }
    }
}

impl JsonSchema for Command {
    fn schema_name() -> Cow<'static, str> {
        "Command".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A program and its arguments; no shell reads them.",
            "type": "array",
            "items": { "type": "string" },
            "minItems": 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_any_encoding_survive() {
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/x/caf\xe9\\\n"));
        let word = path_word(path);
        assert_eq!(word, "bytes:/x/caf\\xe9\\x5c\\x0a");
        assert_eq!(PathWord::try_from(word).unwrap().resolve(None), path);
    }

    #[test]
    fn a_path_may_begin_at_home() {
        let word = PathWord::try_from("~/x".to_owned()).unwrap();
        assert_eq!(word.resolve(Some(Path::new("/home/me"))), Path::new("/home/me/x"));
        assert!(PathWord::try_from("x".to_owned()).is_err());
    }

    #[test]
    fn a_text_may_be_a_secrets_name() {
        let text = |text: &str| Text::try_from(text.to_owned());
        assert_eq!(text("hello"), Ok(Text::Plain("hello".into())));
        assert_eq!(text("secret:ops"), Ok(Text::Secret(SecretName::new("ops").unwrap())));
        assert!(text("secret:").is_err() && text("secret:../x").is_err());
    }
}
