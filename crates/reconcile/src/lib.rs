//! The planner of folder pairs: base, A, B and a policy in; a plan and conflicts out.
//!
//! Pure: it names no file system, network, environment, clock or thread. What it must know of the world it asks
//! through [`World`], which can only read.

pub mod change;
pub mod counts;
pub mod decide;
pub mod entry;
mod find;
mod fold;
pub mod guards;
#[cfg(feature = "model")]
pub mod model;
pub mod name;
mod order;
pub mod path;
pub mod plan;
pub mod planner;
pub mod policy;
pub mod scope;
pub mod visit;
pub mod world;

pub use counts::{Counts, SideCounts};
pub use entry::{Agreed, FileId, Kind, Seen, Side, Time};
pub use guards::{BaseCounts, MaxDelete, Stop};
pub use path::{Name, RelPath};
pub use plan::{Action, Contested, Note, NoteKind, Op, Origin, Plan, Settle, Tally};
pub use planner::{Planner, plan};
pub use policy::{Mode, OnConflict, Policy};
pub use scope::Scope;
pub use visit::{Node, Visited, visit};
pub use world::{Agreement, DirKey, Listing, Unreadable, World};
