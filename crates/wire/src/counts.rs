//! What a run changed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a run changed on one side, in entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SideCounts {
    /// Entries that appeared.
    #[serde(deserialize_with = "crate::said::whole")]
    pub created: u64,
    /// Entries whose content or metadata was replaced.
    #[serde(deserialize_with = "crate::said::whole")]
    pub updated: u64,
    /// Entries that went away.
    #[serde(deserialize_with = "crate::said::whole")]
    pub deleted: u64,
    /// Entries that were renamed or moved.
    #[serde(deserialize_with = "crate::said::whole")]
    pub moved: u64,
}

/// What a run of an item changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Counts {
    /// On side A.
    pub a: SideCounts,
    /// On side B; for handlers without sides everything.
    pub b: SideCounts,
    /// Conflicts that are open after the run.
    #[serde(deserialize_with = "crate::said::whole")]
    pub conflicts: u64,
    /// Entries that could not be synchronized.
    #[serde(deserialize_with = "crate::said::whole")]
    pub errors: u64,
    /// Entries left out by their kind.
    #[serde(deserialize_with = "crate::said::whole")]
    pub skipped: u64,
    /// Bytes of content that were transferred.
    #[serde(deserialize_with = "crate::said::whole")]
    pub bytes: u64,
}

impl From<syncmgr::outcome::SideCounts> for SideCounts {
    fn from(side: syncmgr::outcome::SideCounts) -> Self {
        Self { created: side.created, updated: side.updated, deleted: side.deleted, moved: side.moved }
    }
}

impl From<SideCounts> for syncmgr::outcome::SideCounts {
    fn from(side: SideCounts) -> Self {
        Self { created: side.created, updated: side.updated, deleted: side.deleted, moved: side.moved }
    }
}

impl From<syncmgr::Counts> for Counts {
    fn from(counts: syncmgr::Counts) -> Self {
        let syncmgr::Counts { a, b, conflicts, errors, skipped, bytes } = counts;
        Self { a: a.into(), b: b.into(), conflicts, errors, skipped, bytes }
    }
}

impl From<Counts> for syncmgr::Counts {
    fn from(counts: Counts) -> Self {
        let Counts { a, b, conflicts, errors, skipped, bytes } = counts;
        Self { a: a.into(), b: b.into(), conflicts, errors, skipped, bytes }
    }
}
