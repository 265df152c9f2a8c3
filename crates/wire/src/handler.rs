//! Handlers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::words::{HandlerKind, SyncState};

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
    /// Its resource: `/api/v1/handlers/...`.
    pub href: String,
    /// What a person reads.
    pub name: String,
    /// Its summary; may be empty.
    pub comment: String,
    /// What it is.
    pub kind: HandlerKind,
    /// Whether it has a picture of its own: `icon` beneath its resource.
    pub icon: bool,
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

/// Whether a handler could synchronize just now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandlerTest {
    /// What it says of itself, such as a version; may be empty.
    pub said: String,
    /// What is in the way; null when nothing is.
    pub problem: Option<Problem>,
}
