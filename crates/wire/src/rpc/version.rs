//! The version of the protocol and what two versions make of each other.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The version that this code speaks.
pub const VERSION: Version = Version { major: 1, minor: 0 };

/// A version of the protocol. Versions of one major number understand each other: a greater minor number only adds
/// methods, members and words, which the other side does not use or passes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Differs: they cannot talk.
    pub major: u32,
    /// The smaller of both is spoken.
    pub minor: u32,
}

impl Version {
    /// The version that two sides speak with each other.
    ///
    /// # Errors
    /// [`NewerOrOlder`] when their major numbers differ.
    pub fn with(self, other: Self) -> Result<Self, NewerOrOlder> {
        if self.major == other.major {
            Ok(self.min(other))
        } else {
            Err(NewerOrOlder { ours: self, theirs: other })
        }
    }
}

/// Two versions that cannot talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it speaks version {theirs} of the handler protocol, and this Instep speaks version {ours}")]
pub struct NewerOrOlder {
    /// Ours.
    pub ours: Version,
    /// The other side's.
    pub theirs: Version,
}

impl NewerOrOlder {
    /// What to do about it.
    pub fn fix(self) -> &'static str {
        if self.theirs > self.ours {
            "update Instep, or use an older version of the handler"
        } else {
            "update the handler"
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u32>().ok()).flatten()
        };
        text.split_once('.')
            .and_then(|(major, minor)| Some(Self { major: number(major)?, minor: number(minor)? }))
            .ok_or_else(|| {
                let shown: String = text.chars().take(40).collect();
                format!("'{shown}' is no version; it has the form \"1.0\"")
            })
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A version of the protocol, for instance \"1.0\".",
            "type": "string",
            "pattern": "^[0-9]+\\.[0-9]+$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn one_major_number_speaks_the_smaller_minor_number() {
        assert_eq!(version("1.0").with(version("1.7")), Ok(version("1.0")));
        assert_eq!(version("1.7").with(version("1.3")), Ok(version("1.3")));
    }

    #[test]
    fn other_major_numbers_do_not_talk_and_the_advice_says_who_is_old() {
        let newer = version("1.0").with(version("2.0")).unwrap_err();
        assert!(newer.to_string().contains("version 2.0"), "{newer}");
        assert!(newer.fix().contains("update Instep"));
        assert!(version("1.0").with(version("0.9")).unwrap_err().fix().contains("update the handler"));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "1", "1.", ".1", "1.0.0", "v1.0", "1.-1", "+1.0", "99999999999.0"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }
}
