//! Identifiers and their rules (R5).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::error::Refusal;

/// Longest identifier, in UTF-16 units (the original's `MAX_SYNCMGR_ID` less its terminating null).
pub const MAX_ID: usize = 63;

/// The text of an identifier: 1 to [`MAX_ID`] UTF-16 units, compared by code point without case (R5).
#[derive(Clone)]
struct IdText {
    text: Arc<str>,
    /// Hash of the case-folded text, so that looking an item up in a hot path hashes nothing.
    folded_hash: u64,
}

/// One character for one, and none from outside ASCII into it: like the original's ordinal comparison, and unlike full
/// folding, which takes "ß" for "SS" and the dotless "ı" for "i".
fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(|c| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(one), None) if c.is_ascii() || !one.is_ascii() => one,
            _ => c,
        }
    })
}

impl IdText {
    fn new(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            return Err(Refusal::InvalidArgument("an identifier must not be empty".into()));
        }
        if text.contains('\0') {
            return Err(Refusal::InvalidArgument("an identifier must not contain a null character".into()));
        }
        let units = text.encode_utf16().count();
        if units > MAX_ID {
            return Err(Refusal::InvalidArgument(format!(
                "an identifier has at most {MAX_ID} UTF-16 units, this one has {units}"
            )));
        }
        // FNV-1a: short keys, no dependency, and not stored anywhere.
        let folded_hash = folded(text).fold(0xcbf2_9ce4_8422_2325_u64, |hash, c| {
            (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Ok(Self { text: text.into(), folded_hash })
    }
}

impl PartialEq for IdText {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text)
            || (self.folded_hash == other.folded_hash
                // Nearly always the same spelling; folding is for the rest.
                && (self.text == other.text || folded(&self.text).eq(folded(&other.text))))
    }
}

impl Eq for IdText {}

impl Hash for IdText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.folded_hash);
    }
}

impl PartialOrd for IdText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for IdText {
    fn cmp(&self, other: &Self) -> Ordering {
        folded(&self.text).cmp(folded(&other.text))
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(IdText);

        impl $name {
            /// Checks and takes an identifier.
            ///
            /// # Errors
            /// [`Refusal::InvalidArgument`] when it is empty, longer than [`MAX_ID`] UTF-16 units (R5), or has a
            /// null character in it, which no foreign caller could send.
            pub fn new(text: &str) -> Result<Self, Refusal> {
                IdText::new(text).map(Self)
            }

            /// The identifier as it was given.
            pub fn as_str(&self) -> &str {
                &self.0.text
            }
        }

        impl std::str::FromStr for $name {
            type Err = Refusal;

            fn from_str(text: &str) -> Result<Self, Refusal> {
                Self::new(text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

id! {
    /// Identifies a handler, uniquely in one sync center (the original's handler ID string).
    HandlerId
}
id! {
    /// Identifies an item, uniquely within its handler; it never changes (the original's item ID string).
    ItemId
}

impl ItemId {
    /// The hash of the case-folded text, computed once: a lookup hashes nothing.
    pub(crate) fn folded_hash(&self) -> u64 {
        self.0.folded_hash
    }
}

/// Identifies a session and the run that it leaves in the results. Given by the center, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
