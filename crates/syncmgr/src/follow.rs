//! Following: a handler that notices changes of its items has them synchronized soon after. The original has nothing of
//! the kind; there whoever notices a change asks [`Control`](crate::control::Control) for a start.

use std::time::Duration;

use crate::handler::Request;
use crate::outcome::{Counts, Outcome, Problem};

/// An item is followed as long as this lives. Dropping it ends that, and waits until nothing of it is left.
pub trait Following: Send {}

/// Who has a followed item synchronized, and hears how following goes: the center.
pub trait Runner: Send + Sync {
    /// The item may have changed. Has it synchronized with this request, waits for the end and gives what it came to.
    /// None: it was not, for following is over.
    ///
    /// This may take as long as the item is paused or its window is closed; what changes meanwhile is the handler's to
    /// remember.
    fn run(&self, request: Option<Request>) -> Option<Ran>;

    /// How following goes from now on.
    fn tell(&self, news: News);
}

/// What a run for a change came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub outcome: Outcome,
    /// What it changed.
    pub counts: Counts,
}

/// How following an item goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Changes are noticed at once.
    Following,
    /// The item is not there: it is followed again when it is back.
    Away(Problem),
    /// Changes cannot be noticed: the handler looks for them now and then.
    Periodic {
        /// Why, and what to do.
        problem: Problem,
        /// How often.
        every: Duration,
    },
}
