//! Sides in memory that fail on purpose: the machine of the deterministic simulation.
//!
//! A [`Machine`] has two disks, a clock that only operations move, and a list of [`Fault`]s. Every operation is a
//! point where it may be refused, where the program is killed, where the power fails, or where a person's program
//! acts. What a killed program calls afterwards has no effect, so that its way out of the run leaves no trace.

mod chance;
mod disk;
mod ledger;
mod loss;
mod machine;
mod person;
mod read;
mod write;

pub use chance::Chance;
pub(crate) use disk::{Body, Key, Traits, clock};
pub(crate) use ledger::{DOUBTFUL, Place, place_of, tree};
pub(crate) use loss::Order;
pub(crate) use machine::{Call, Count, End, Fault, Machine, State, What};
pub(crate) use person::{Act, Acts, Tastes, choose, edit_one_of};
pub(crate) use write::SimulatedSide;

pub(crate) use disk::Disk;

#[cfg(test)]
mod tests;
