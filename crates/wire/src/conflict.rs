//! Conflicts: disagreements that need a decision.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::path::PathText;
use crate::time::Time;
use crate::words::{ConflictKind, VersionState};

/// A page of open conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictsPage {
    /// The conflicts of this page.
    pub conflicts: Vec<Conflict>,
    /// How many conflicts the filter lets through.
    pub total: u64,
    /// Where the next page begins (`offset`); none after the last.
    pub next: Option<u64>,
}

/// One disagreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conflict {
    /// Its identity within the item, fit for a link.
    #[schema(value_type = String)]
    pub id: ConflictKey,
    /// Its handler.
    pub handler: String,
    /// Its item.
    pub item: String,
    /// The item's name.
    pub item_name: String,
    /// What it is about; for folder pairs the path beneath the sides.
    #[serde(flatten)]
    pub path: PathText,
    /// How the versions disagree.
    pub kind: ConflictKind,
    /// What happened, in a sentence.
    pub description: String,
    /// When it was first seen.
    pub detected: Time,
    /// The competing versions (folder pairs: A, B).
    pub versions: Vec<ConflictVersion>,
    /// Tells these versions from later ones: given back when it is settled.
    pub seen: String,
    /// The index of the one newest version; none when there is no such one.
    pub newest: Option<u32>,
    /// The index of the one largest version; none when there is no such one.
    pub largest: Option<u32>,
}

/// One of the competing versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictVersion {
    /// The side or place, as the person named it.
    pub side: String,
    /// Changed or deleted.
    pub state: VersionState,
    /// "file", "directory", "link"; empty when deleted.
    pub kind: String,
    /// Bytes; none when deleted.
    pub size: Option<u64>,
    /// Last change; none when deleted.
    pub modified: Option<Time>,
    /// Where it is, if that is not the conflict's path: another spelling, or a copy under another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub at: Option<PathText>,
}

impl From<syncmgr::conflict::ConflictVersion> for ConflictVersion {
    fn from(version: syncmgr::conflict::ConflictVersion) -> Self {
        let state = VersionState::from(version.item_type);
        let there = state == VersionState::Updated;
        Self {
            side: version.location,
            state,
            kind: version.kind,
            size: there.then_some(version.size),
            modified: there.then_some(Time(version.modified)),
            at: version.path.map(|path| PathText::new(&path)),
        }
    }
}

/// The identity of a conflict: short bytes, written as base64 for links.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConflictKey(pub Vec<u8>);

impl ConflictKey {
    /// Reads what a link says; none when it is no base64.
    pub fn read(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok().map(Self)
    }
}

impl fmt::Display for ConflictKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl Serialize for ConflictKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConflictKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom("no identity of a conflict"))
    }
}
