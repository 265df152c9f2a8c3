//! What an entry has besides its content: each part is a change of its own, and goes its own way.

use std::fmt;

use crate::entry::{Kind, Owner, Seen, Side};

/// A part that is no content and no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Facet {
    Mode,
    Owner,
    Attributes,
}

impl Facet {
    pub(crate) const ALL: [Self; 3] = [Self::Mode, Self::Owner, Self::Attributes];

    /// What it is, as a number; none where it is unknown, or nobody's.
    pub(crate) fn of(self, seen: &Seen) -> Option<u64> {
        match self {
            // The permissions of a link mean nothing.
            Self::Mode => (seen.kind != Kind::Link).then_some(u64::from(seen.mode)),
            Self::Owner => {
                let Owner { user, group } = seen.extras.owner;
                (seen.extras.owner != Owner::UNKNOWN).then_some(u64::from(user) << 32 | u64::from(group))
            }
            Self::Attributes => (seen.extras.attributes != 0).then_some(seen.extras.attributes),
        }
    }

    /// Whether it is known to be another.
    pub(crate) fn differs(self, one: &Seen, other: &Seen) -> bool {
        matches!((self.of(one), self.of(other)), (Some(one), Some(other)) if one != other)
    }
}

/// Some parts of an entry besides its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facets {
    /// The permission bits.
    pub mode: bool,
    /// The owner.
    pub owner: bool,
    /// The extended attributes.
    pub attributes: bool,
    /// The time of the last change.
    pub mtime: bool,
}

impl Facets {
    /// None.
    pub const NONE: Self = Self { mode: false, owner: false, attributes: false, mtime: false };
    /// The permission bits alone.
    pub const MODE: Self = Self { mode: true, ..Self::NONE };

    /// Whether there is any.
    pub fn any(self) -> bool {
        self != Self::NONE
    }

    /// Those of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            mode: self.mode | other.mode,
            owner: self.owner | other.owner,
            attributes: self.attributes | other.attributes,
            mtime: self.mtime | other.mtime,
        }
    }

    /// Whether these are kept on request alone.
    pub fn extras(self) -> bool {
        self.owner || self.attributes
    }

    pub(crate) fn has(self, facet: Facet) -> bool {
        match facet {
            Facet::Mode => self.mode,
            Facet::Owner => self.owner,
            Facet::Attributes => self.attributes,
        }
    }

    /// Those of which this holds; never the time.
    pub(crate) fn which(holds: impl Fn(Facet) -> bool) -> Self {
        Self {
            mode: holds(Facet::Mode),
            owner: holds(Facet::Owner),
            attributes: holds(Facet::Attributes),
            mtime: false,
        }
    }

    /// `seen` with these parts as `source` has them.
    #[must_use]
    pub fn taken(self, source: &Seen, seen: &Seen) -> Seen {
        let mut taken = *seen;
        if self.mode {
            taken.mode = source.mode;
        }
        if self.owner {
            taken.extras.owner = source.extras.owner;
        }
        if self.attributes {
            taken.extras.attributes = source.extras.attributes;
        }
        if self.mtime {
            taken.mtime = source.mtime;
        }
        taken
    }
}

/// As people are told: "permissions, owner and time".
impl fmt::Display for Facets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, owner, attributes, mtime } = *self;
        let all = [(mode, "permissions"), (owner, "owner"), (attributes, "attributes"), (mtime, "time")];
        let words: Vec<&str> = all.into_iter().filter_map(|(has, word)| has.then_some(word)).collect();
        match words.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, rest)) => write!(f, "{} and {last}", rest.join(", ")),
            None => Ok(()),
        }
    }
}

/// Which side follows the other, part by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Follow {
    /// In its permissions.
    pub mode: Option<Side>,
    /// In its owner.
    pub owner: Option<Side>,
    /// In its extended attributes.
    pub attributes: Option<Side>,
    /// In its time.
    pub mtime: Option<Side>,
}

impl Follow {
    /// Neither follows.
    pub const NONE: Self = Self { mode: None, owner: None, attributes: None, mtime: None };

    /// What a side takes over.
    pub fn on(self, side: Side) -> Facets {
        Facets {
            mode: self.mode == Some(side),
            owner: self.owner == Some(side),
            attributes: self.attributes == Some(side),
            mtime: self.mtime == Some(side),
        }
    }

    /// Whether any part is taken over.
    pub fn any(self) -> bool {
        self != Self::NONE
    }
}
