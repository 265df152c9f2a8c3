//! What runs and waits just now.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;
use crate::words::{CancelRequest, Outcome, Phase, Status};

/// Everything that runs or waits, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Live {
    /// Handlers with a session.
    pub handlers: Vec<LiveHandler>,
    /// Items of sessions, in the order in which they began.
    pub items: Vec<LiveItem>,
    /// Items that wait for their turn.
    pub waiting: Vec<Waiting>,
}

/// An item that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// Its handler.
    pub handler: String,
    /// The item.
    pub item: String,
}

/// A handler with a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveHandler {
    /// The handler.
    pub handler: String,
    /// Its name.
    pub name: String,
    /// Its line; may be empty.
    pub text: String,
    /// A stop of everything waits for acknowledgement.
    pub stopping: bool,
}

/// An item that is being synchronized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveItem {
    /// Its handler.
    pub handler: String,
    /// The item.
    pub item: String,
    /// Its name.
    pub name: String,
    /// The run; with several sessions on one item, the first of them.
    pub run: u64,
    /// When it began.
    pub started: Time,
    /// The last status; none before the first report.
    pub status: Option<Status>,
    /// What the handler is doing with it.
    pub phase: Option<Phase>,
    /// Its text; may be empty.
    pub text: String,
    /// What the bar shows.
    pub bar: Bar,
    /// How far it is, 0 to 100; only with a `determinate` bar.
    pub percent: Option<u8>,
    /// The last step; 0 when several sessions synchronize it.
    pub step: u64,
    /// The last maximum; 0 when several sessions synchronize it.
    pub max: u64,
    /// Error events so far.
    pub errors: u32,
    /// The stop that waits for acknowledgement.
    pub cancel: CancelRequest,
    /// How far that stop has gone.
    pub stop: Option<StopStage>,
    /// What it came to, once it is complete.
    pub outcome: Option<Outcome>,
}

/// What a progress bar shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// Nothing was reported yet.
    Waiting,
    /// Working, nobody knows how far.
    Indeterminate,
    /// That far; a full bar does not mean complete.
    Determinate,
}

/// How far a stop has gone that is not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopStage {
    /// Asked.
    Asked,
    /// Not acknowledged in time.
    NotResponding,
    /// The process that does the work was told to end.
    Terminated,
    /// That process was killed.
    Killed,
}
