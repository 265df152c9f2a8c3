//! The words and flags of the contract as they travel: by name, and open for names of later versions.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use bitflags::Flags as Bits;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use syncmgr::conflict::{Abilities, ConflictItemType, ConflictKind, Feedback};
use syncmgr::control::UpdateReason;
use syncmgr::flags::{HandlerCapabilities, HandlerPolicies, HandlerType, ItemCapabilities, ItemPolicies};
use syncmgr::{CancelRequest, Level, Outcome, Phase, ProblemClass, ProgressStatus};

/// A value of the contract that travels as a word.
pub trait Worded: Copy + 'static {
    /// What it is, for schemas.
    const NAME: &'static str;
    /// All of them.
    const ALL: &'static [Self];
    /// Its word.
    fn word(self) -> &'static str;
}

/// A word, or one of a later version of the protocol, which every reader tolerates: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<T>(pub Option<T>);

impl<T> From<T> for Word<T> {
    fn from(value: T) -> Self {
        Self(Some(value))
    }
}

impl<T> Default for Word<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Worded> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.map_or("unknown", T::word))
    }
}

impl<'de, T: Worded> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneWord<T>(PhantomData<T>);

        impl<T: Worded> Visitor<'_> for OneWord<T> {
            type Value = Word<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a word for {}", T::NAME)
            }

            fn visit_str<E>(self, word: &str) -> Result<Word<T>, E> {
                Ok(Word(T::ALL.iter().copied().find(|value| value.word() == word)))
            }
        }

        deserializer.deserialize_str(OneWord(PhantomData))
    }
}

impl<T: Worded> JsonSchema for Word<T> {
    fn schema_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::ALL.iter().map(|value| value.word()).collect();
        json_schema!({
            "description": "Words of later versions may come; readers tolerate them.",
            "anyOf": [{ "enum": words }, { "type": "string" }]
        })
    }
}

macro_rules! worded {
    ($($type:ident, $name:literal: $($value:ident $(= $word:literal)?),+;)+) => {$(
        impl Worded for $type {
            const NAME: &'static str = $name;
            const ALL: &'static [Self] = &[$(Self::$value),+];

            worded!(@word $type, $($value $(= $word)?),+);
        }
    )+};
    (@word $type:ident, $($value:ident),+) => {
        fn word(self) -> &'static str {
            // The contract has words for it already.
            $type::word(self)
        }
    };
    (@word $type:ident, $($value:ident = $word:literal),+) => {
        fn word(self) -> &'static str {
            match self {
                $(Self::$value => $word),+
            }
        }
    };
}

pub(super) use worded;

worded! {
    ProgressStatus, "ProgressStatus": Updating, UpdatingIndeterminate, Succeeded, Failed, Canceled, Disconnected;
    Level, "Level": Information, Warning, Error;
    Phase, "Phase": Looking, Comparing, Moving, Finishing;
    Outcome, "Outcome": Done, Pending, Waiting, Disconnected, Canceled, Interrupted, NeedsDecision, Gaps, Failed, SafetyStop;
    ProblemClass, "ProblemClass": Config, Auth, Transient, Conflict, Space, Permission, Safety, Consent, Bug;
    ConflictKind, "ConflictKind": EditEdit, CreateCreate, KindMismatch, EditDelete, NameClash, Metadata, ForeignCopy;
    CancelRequest, "CancelRequest": None = "none", Item = "item", All = "all";
    ConflictItemType, "ConflictItemType": Updated = "updated", Deleted = "deleted";
    Feedback, "Feedback": Continue = "continue", Refresh = "refresh", Cancel = "cancel";
    UpdateReason, "UpdateReason": Added = "added", Changed = "changed", Removed = "removed";
    HandlerType, "HandlerType": Unspecified = "unspecified", Application = "application", Device = "device",
        Folder = "folder", Service = "service", Computer = "computer";
}

/// Flags of the contract.
pub trait NamedFlags: Bits<Bits = u32> + Copy + 'static {
    /// What they are, for schemas.
    const NAME: &'static str;
}

impl NamedFlags for HandlerCapabilities {
    const NAME: &'static str = "HandlerCapabilities";
}

impl NamedFlags for HandlerPolicies {
    const NAME: &'static str = "HandlerPolicies";
}

impl NamedFlags for ItemCapabilities {
    const NAME: &'static str = "ItemCapabilities";
}

impl NamedFlags for ItemPolicies {
    const NAME: &'static str = "ItemPolicies";
}

impl NamedFlags for Abilities {
    const NAME: &'static str = "Abilities";
}

/// A set of flags as a list of their names, in lower case. Names of later versions are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<F>(pub F);

impl<F: Bits> Default for Names<F> {
    fn default() -> Self {
        Self(F::empty())
    }
}

impl<F: NamedFlags> Serialize for Names<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for (name, _) in self.0.iter_names() {
            list.serialize_element(&name.to_ascii_lowercase())?;
        }
        list.end()
    }
}

impl<'de, F: NamedFlags> Deserialize<'de> for Names<F> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<F>(PhantomData<F>);

        impl<'de, F: NamedFlags> Visitor<'de> for List<F> {
            type Value = Names<F>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of names of {}", F::NAME)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names<F>, A::Error> {
                let mut flags = F::empty();
                while let Some(name) = list.next_element::<Cow<'de, str>>()? {
                    if let Some(flag) = F::from_name(&name.to_ascii_uppercase()) {
                        flags.insert(flag);
                    }
                }
                Ok(Names(flags))
            }
        }

        deserializer.deserialize_seq(List(PhantomData))
    }
}

impl<F: NamedFlags> JsonSchema for Names<F> {
    fn schema_name() -> Cow<'static, str> {
        F::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<String> = F::FLAGS.iter().map(|flag| flag.name().to_ascii_lowercase()).collect();
        json_schema!({
            "description": "Names of later versions may come; readers pass them over.",
            "type": "array",
            "items": { "anyOf": [{ "enum": names }, { "type": "string" }] }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn travels<T: Worded + PartialEq + fmt::Debug>() {
        for value in T::ALL {
            let text = serde_json::to_string(&Word(Some(*value))).unwrap();
            assert_eq!(serde_json::from_str::<Word<T>>(&text).unwrap(), Word(Some(*value)), "{text}");
        }
        assert_eq!(serde_json::from_str::<Word<T>>("\"of-tomorrow\"").unwrap(), Word(None));
        assert!(serde_json::from_str::<Word<T>>("7").is_err());
    }

    #[test]
    fn every_word_travels_and_words_of_tomorrow_are_tolerated() {
        travels::<ProgressStatus>();
        travels::<Level>();
        travels::<Phase>();
        travels::<Outcome>();
        travels::<ProblemClass>();
        travels::<ConflictKind>();
        travels::<CancelRequest>();
        travels::<ConflictItemType>();
        travels::<Feedback>();
        travels::<UpdateReason>();
        travels::<HandlerType>();
    }

    #[test]
    fn the_list_of_words_is_whole() {
        // Those of the contract that know all their words must have no other ones.
        assert_eq!(<ProgressStatus as Worded>::ALL, ProgressStatus::ALL);
        assert_eq!(<Level as Worded>::ALL, Level::ALL);
        assert_eq!(<HandlerType as Worded>::ALL, HandlerType::ALL);
        assert_eq!(<UpdateReason as Worded>::ALL, UpdateReason::ALL);
    }

    #[test]
    fn flags_travel_by_name_and_unknown_names_are_passed_over() {
        let flags = ItemCapabilities::CAN_DELETE | ItemCapabilities::QUERY_BEFORE_DELETE;
        let text = serde_json::to_string(&Names(flags)).unwrap();
        assert_eq!(text, r#"["can_delete","query_before_delete"]"#);
        let read: Names<ItemCapabilities> =
            serde_json::from_str(r#"["can_delete","can_fly","query_before_delete"]"#).unwrap();
        assert_eq!(read, Names(flags));
    }
}
