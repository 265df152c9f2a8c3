//! Results, conflicts, runs and item states in SQLite.
//!
//! One file, `instep.db`, shared by every process of a home: a daemon, and each command that runs without one. Writes
//! go through one thread per process, which commits whatever waits as one group; reads have a read-only connection of
//! their own and never wait for a writer. What is damaged is put aside, never in the way of a sync.

mod alerts;
mod conflicts;
mod database;
mod error;
mod examine;
mod items;
mod log;
mod owner;
mod read;
mod record;
mod recorder;
mod retain;
mod schedules;
mod schema;
mod search;
mod store;
mod writer;

pub use alerts::Alert;
pub use conflicts::{ConflictCount, ConflictQuery};
pub use error::StoreError;
pub use examine::{Examined, examine};
pub use log::{Log, LogWriter, Logs};
pub use record::run_of;
pub use record::{
    EventQuery, HandlerState, ItemState, LastRun, NewRun, Order, RunEnd, RunItem, RunItemEnd, RunMark,
    RunQuery, RunRecord, Switch,
};
pub use recorder::RunRecorder;
pub use retain::{Removed, Retention};
pub use schedules::{DueState, FOREVER, ScheduleRow, ScheduleState};
pub use store::{Options, Store};
