//! The sync center: it runs, watches, stops and explains every synchronization of one process.
//!
//! Handlers are registered with a [`Center`]; requests wait in a queue for each handler (R17); each start calls the
//! handler on a thread of its own; its sessions are [`syncmgr::Session`]s whose events and ends go to the
//! [`store`]. What is decided is decided by pure functions ([`headline()`], [`syncmgr::state`], [`syncmgr::queue`]);
//! what is here is the way of a request through them.

mod alerts;
mod beforehand;
mod callback;
mod center;
mod clock;
mod collection;
mod conflicts;
mod control;
mod dispatch;
mod elsewhere;
mod escalate;
mod events;
mod feed;
mod headline;
mod jobs;
mod live;
mod names;
mod open;
mod outside;
mod pictures;
mod process;
mod pulse;
mod registry;
mod resolve;
mod schedule;
mod sessions;
mod starts;
mod status;
mod stop;
mod turn;
mod verdict;
mod vital;

pub use alerts::{AlertWatch, Book, Channel, Notice, Occasion, Pace, Sight, Standing, Undelivered};
pub use center::{Asker, Center};
pub use clock::{Clock, SystemClock};
pub use escalate::{StopGrace, StopStage};
pub use events::{EventPage, Link};
pub use feed::{Change, ChangeId, Feed, Follower, News, NoChangeId, What};
pub use headline::{Facts, Headline, headline};
pub use jobs::{JOBS, Jobs};
pub use live::{Live, LiveHandler, LiveItem};
pub use outside::{Named, Opening, Outside};
pub use process::Process;
pub use resolve::{Outlook, Resolved, Resolving, Tally};
pub use schedule::{
    CalendarPage, Cause, Followed, Happening, RunningSchedules, ScheduleStatus, Scheduler, Senses, Skip,
    Surroundings, SystemSenses, Waits,
};
pub use starts::StartId;
pub use status::{HandlerStatus, ItemStatus};
pub use stop::Stopped;
pub use verdict::{Started, Verdict};
pub use vital::{Ailing, Vital};
// What its results are made of: who reads them needs no other crate for it.
pub use store::{
    Alert, ConflictCount, ConflictQuery, EventQuery, FOREVER, ItemState, LastRun, Log, Order, RunItem,
    RunMark, RunQuery, RunRecord, Store, StoreError,
};
