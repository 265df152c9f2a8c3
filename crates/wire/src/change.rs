//! What the event stream tells.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::event::Event;
use crate::live::{LiveHandler, LiveItem};
use crate::run::RunItem;
use crate::time::Time;
use crate::words::{Level, Outcome, Status};

/// Which changes a stream tells.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeFilter {
    /// Only changes of this handler, and those that are of no handler.
    #[param(nullable = false)]
    pub handler: Option<String>,
    /// Only changes of this item (of `handler`), and those that are of no item.
    #[param(nullable = false)]
    pub item: Option<String>,
    /// Only events of this level or a more serious one.
    #[param(nullable = false)]
    pub level: Option<Level>,
    /// Whether progress is told, too; it is if not said.
    #[param(nullable = false)]
    pub progress: Option<bool>,
    /// Tells what came after this change, for clients that cannot send `Last-Event-ID`.
    #[param(nullable = false)]
    pub since: Option<String>,
}

/// A change: the data of one message of the stream. Where the new value is not here, ask for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Change {
    /// The place from which the stream was to go on is not there any more: look at everything anew. Changes from here on
    /// come next.
    Reload,
    /// A session began: its items run, and wait no longer.
    SessionBegan {
        /// When it was told.
        time: Time,
        /// The run.
        run: u64,
        /// Whose.
        handler: String,
        /// Its items.
        items: Vec<String>,
        /// When it began.
        started: Time,
    },
    /// Further items became part of a session.
    ItemsJoined {
        /// When it was told.
        time: Time,
        /// The run.
        run: u64,
        /// Whose.
        handler: String,
        /// The items.
        items: Vec<String>,
    },
    /// A session ended and is on record: all its items stand differently now.
    SessionEnded {
        /// When it was told.
        time: Time,
        /// The run.
        run: u64,
        /// Whose.
        handler: String,
        /// When it began.
        started: Time,
        /// The aggregated status.
        status: Status,
        /// The worst outcome of its items.
        outcome: Outcome,
        /// Its error events.
        errors: u64,
        /// Open conflicts of its items.
        conflicts: u64,
        /// What each item came to.
        items: Vec<RunItem>,
    },
    /// How far an item of a running session is: the latest value, ten times a second at most.
    Progress {
        /// When it was told.
        time: Time,
        /// The item.
        live: LiveItem,
    },
    /// The line of a handler with a session: the latest value.
    HandlerProgress {
        /// When it was told.
        time: Time,
        /// The handler.
        live: LiveHandler,
    },
    /// A line of the results.
    Event {
        /// The line.
        event: Event,
    },
    /// The items of a handler that wait for their turn: the latest value.
    Queue {
        /// When it was told.
        time: Time,
        /// Whose.
        handler: String,
        /// All that wait, in the order of their turns.
        waiting: Vec<String>,
    },
    /// An item stands differently.
    ItemChanged {
        /// When it was told.
        time: Time,
        /// Its handler.
        handler: String,
        /// The item.
        item: String,
    },
    /// A handler came, went, or has other items or properties.
    HandlerChanged {
        /// When it was told.
        time: Time,
        /// The handler.
        handler: String,
    },
    /// Conflicts were found, settled or are others now, outside of a session; what came of them in one, its end says.
    Conflicts {
        /// When it was told.
        time: Time,
        /// Whose.
        handler: String,
        /// Of which item; none: of any.
        item: Option<String>,
    },
    /// When an item runs next, or why it does not, is another now.
    Schedule {
        /// When it was told.
        time: Time,
        /// Its handler.
        handler: String,
        /// The item.
        item: String,
    },
    /// The settings were read again.
    Settings {
        /// When it was told.
        time: Time,
    },
    /// Something that this version of the API has no word for: look at everything anew.
    Other {
        /// When it was told.
        time: Time,
    },
}
