//! The types of the API, of the event stream and of the handler protocol, with their schemas. No behaviour.
//!
//! Names are those of the contract; words ("needs_decision", "edit-edit") are those of its `word()`. Times are RFC 3339
//! in UTC, durations and sizes are numbers of milliseconds and bytes.

mod access;
mod change;
mod conflict;
mod counts;
mod event;
mod handler;
mod item;
mod live;
mod page;
mod path;
mod problem;
pub mod rpc;
mod run;
mod service;
mod time;
mod words;

pub use access::{CreatedToken, NewToken, PageLink, Role, Token, TokenKind, Tokens};
pub use change::{Change, ChangeFilter};
pub use conflict::{Conflict, ConflictKey, ConflictVersion, ConflictsPage};
pub use counts::{Counts, SideCounts};
pub use event::{Event, EventGroup, EventsPage};
pub use handler::{Handler, Handlers};
pub use item::{HeadlineCounts, Item, ItemsPage, LastRun, Mark, RunAt};
pub use live::{Bar, Live, LiveHandler, LiveItem, StopStage, Waiting};
pub use page::{ConflictFilter, EventFilter, EventOrder, ItemFilter, ItemSort, RunFilter};
pub use path::PathText;
pub use problem::{Fault, Problem};
pub use run::{Run, RunEvents, RunItem, RunsPage};
pub use service::{Check, Health, Version};
pub use time::Time;
pub use words::{
    CancelRequest, ConflictKind, Headline, Level, Outcome, Phase, ProblemClass, Status, SyncState,
    VersionState,
};
