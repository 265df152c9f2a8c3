//! The planner of folder pairs: base, A, B and a policy in; a plan and conflicts out.
//!
//! Pure: it names no file system, network, environment, clock or thread. What it must know of the world it asks
//! through [`World`], which can only read.
//!
//! # How a plan comes to be
//! [`visit()`] looks at one directory on both sides and in the base, and [`decide`](decide::decide)s about each name in
//! it. It is called for many directories at the same time, by whomever. What it finds goes to the [`Planner`], which
//! says what is to be looked at next: first all directories that both sides have; then, to know moves from deletions
//! and creations, those that only one side has. In the end trees are folded to the fewest actions that say it all, and
//! put in an order in which they can be carried out. [`guards`] look at the [`Plan`] before anybody does that.
//!
//! A move that is recognised only saves work: whatever is not recognised is a deletion and a creation, which is always
//! right. So in doubt (moves into each other, names taken, identities that may have been given again) it is none.
//!
//! ```
//! use reconcile::{Mode, OnConflict, Plan, Planner, Policy, World, visit};
//!
//! fn plan(world: &dyn World, policy: &Policy, base_is_empty: bool) -> Plan {
//!     let mut planner = Planner::new(policy.clone(), base_is_empty);
//!     loop {
//!         let mut open = planner.next_nodes();
//!         if open.is_empty() {
//!             return planner.finish();
//!         }
//!         while let Some(node) = open.pop() {
//!             let mut visited = visit(&node, world, policy);
//!             open.extend(visited.take_children());
//!             planner.absorb(visited);
//!         }
//!     }
//! }
//! ```

pub mod change;
pub mod choices;
pub mod counts;
pub mod decide;
pub mod entry;
pub mod facets;
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
mod questions;
pub mod scope;
pub mod visit;
pub mod world;

pub use choices::{Choices, Unturned};
pub use counts::{Counts, SideCounts};
pub use entry::{Agreed, Extras, FileId, Kind, Owner, Seen, Side, Time};
pub use facets::{Facets, Follow};
pub use guards::{BaseCounts, MaxDelete, Stop};
pub use path::{Name, RelPath};
pub use plan::{Action, Alike, Contested, Holder, Note, NoteKind, Op, Origin, Plan, Settle, Tally};
pub use planner::{Planner, plan};
pub use policy::{AskAlso, Keep, Mode, OnConflict, Policy};
pub use scope::Scope;
pub use visit::{Node, Visited, visit};
pub use world::{Agreement, DirKey, Listing, Unreadable, World};
