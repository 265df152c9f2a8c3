//! Handlers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::SyncState;

/// All handlers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Handlers {
    /// In the order in which they were registered; hidden ones included.
    pub handlers: Vec<Handler>,
}

/// A provider of synchronization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Handler {
    /// Its identifier.
    pub id: String,
    /// What a person reads.
    pub name: String,
    /// Its summary; may be empty.
    pub comment: String,
    /// Its state, folded from those of its items.
    pub state: SyncState,
    /// Listed among the partnerships.
    pub active: bool,
    /// May be synchronized.
    pub enabled: bool,
    /// A fact that it reports.
    pub connected: bool,
    /// Shown only on request.
    pub hidden: bool,
    /// Why it cannot be synchronized just now, as a sentence.
    pub refusal: Option<String>,
    /// How many items it has.
    pub items: u64,
}
