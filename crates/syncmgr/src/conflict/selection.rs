//! Conflicts with what was decided about them, settled together.

use std::sync::{Mutex, PoisonError};

use super::{Choice, Conflict};
use crate::error::HandlerError;
use crate::ids::ItemId;

/// What became of a conflict that was to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// The choice was carried out.
    Settled(Choice),
    /// Left for later.
    Left,
    /// It could not be carried out; the conflict stands.
    Failed(HandlerError),
    /// A version is another than the one that was shown: nothing was done, and it is to be looked at again.
    Changed,
    /// It was no open conflict any more: somebody else has settled it, or both sides agree by now.
    Gone,
    /// It was stopped before, or its handler wanted no more.
    NotReached,
}

/// A conflict as it was shown, and what was chosen for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The conflict, with the versions that the person saw: only those are settled (S1).
    pub conflict: Conflict,
    /// The choice.
    pub choice: Choice,
}

/// What was decided about many conflicts: the request of a session that settles all of them. The handler answers for
/// each; what it does not answer was not reached.
#[derive(Debug)]
pub struct Selection {
    decided: Vec<Decided>,
    settlements: Mutex<Vec<Settlement>>,
}

impl Selection {
    /// All of these, none of them reached yet.
    pub fn new(decided: Vec<Decided>) -> Self {
        let settlements = Mutex::new(vec![Settlement::NotReached; decided.len()]);
        Self { decided, settlements }
    }

    /// What was decided.
    pub fn decided(&self) -> &[Decided] {
        &self.decided
    }

    /// What was decided about conflicts of one item, each with its place in the whole.
    pub fn of_item<'s>(&'s self, item: &'s ItemId) -> impl Iterator<Item = (usize, &'s Decided)> {
        self.decided.iter().enumerate().filter(move |(_, one)| one.conflict.item == *item)
    }

    /// What became of the conflict at this place.
    pub fn answer(&self, place: usize, settlement: Settlement) {
        if let Some(answer) = self.settlements.lock().unwrap_or_else(PoisonError::into_inner).get_mut(place) {
            *answer = settlement;
        }
    }

    /// What became of each so far, in the order of [`decided`](Self::decided).
    pub fn settlements(&self) -> Vec<Settlement> {
        self.settlements.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
