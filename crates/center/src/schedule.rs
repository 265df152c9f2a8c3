//! Schedules: when items run by themselves.
//!
//! The decision is a pure function ([`decide`](decide::decide)): of what the settings say, what is known, and what time
//! it is, to what begins, what waits for what, and when to look again. Around it is a thin [`Scheduler`] that looks, and
//! writes down that a run begins before it does: whatever happens to the process, no due time has two runs, and none is
//! forgotten.

mod api;
mod backoff;
pub(crate) mod book;
mod cause;
mod changes;
mod decide;
mod kept;
mod mind;
mod run;
mod scheduler;
mod senses;
pub(crate) mod status;
mod times;

pub use api::CalendarPage;
pub use cause::{Cause, Happening, Skip, Waits};
pub use changes::Followed;
pub use run::RunningSchedules;
pub use scheduler::Scheduler;
pub use senses::{Senses, Surroundings, SystemSenses};
pub use status::ScheduleStatus;
