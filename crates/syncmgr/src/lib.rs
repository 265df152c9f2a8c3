//! The contract of the sync center.
//!
//! A *handler* synchronizes *items*; while it does so it talks to the sync center through a *callback*, one per
//! *session*. This crate holds what both sides agree on, and nothing else: identifiers, states, the rules of a
//! session (R1 to R18), and the traits. It does no I/O, reads no clock and starts no thread.

pub mod admission;
pub mod callback;
pub mod conflict;
pub mod control;
pub mod error;
pub mod event;
pub mod flags;
pub mod guid;
pub mod handler;
pub mod ids;
pub mod outcome;
pub mod queue;
pub mod session;
pub mod state;
pub mod status;
pub mod switches;
pub mod text;
pub mod ui;

pub use callback::{Additional, SessionCreator, SyncCallback};
pub use error::{HandlerError, Refusal};
pub use event::{Event, EventId, Level, NewEvent};
pub use handler::{Handler, HandlerCollection, HandlerInfo, ItemContainer, Request, SyncItem, SyncItemInfo};
pub use ids::{HandlerId, ItemId, RunId};
pub use outcome::{Counts, Outcome, Phase, Problem, ProblemClass};
pub use session::{EndReason, Ended, ItemEnd, ItemView, Progress, Session, SessionView};
pub use state::{RunResult, SyncState};
pub use status::{CancelRequest, ProgressStatus};
