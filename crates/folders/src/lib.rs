//! The built-in handler: keeps pairs of folders in sync. The only crate that touches users' files.
//!
//! A run goes one way: [`side`]s are read into a [`reconcile::Plan`] with no write handle in reach, guards look at
//! the plan, then it is applied, side by side with the base and the trash.

mod ancestors;
mod apply;
pub mod base;
pub mod checkup;
mod clash;
pub mod drive;
pub mod filter;
mod follow;
pub mod handler;
pub mod journal;
pub mod lone;
pub mod look;
pub mod notes;
pub mod options;
pub mod pair;
pub mod plans;
pub mod preview;
mod request;
mod resolve;
pub mod roots;
mod rows;
mod run;
pub mod scan;
pub mod side;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
#[cfg(test)]
mod tests;
pub mod trash;
mod undo;
pub mod verify;
pub mod watch;
pub mod words;

pub use handler::FoldersHandler;
pub use options::{ChangeRequest, Home, RunOptions, UndoRequest};
pub use pair::{Pair, PairSide};
