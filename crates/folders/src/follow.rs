//! Following as the contract has it: a [`Follower`] on a thread of its own, whose runs a sync center makes.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use syncmgr::conflict::ConflictLedger;
use syncmgr::follow::{self, Following, Ran};
use syncmgr::outcome::{Counts, Outcome};
use syncmgr::{HandlerError, HandlerId, ProblemClass, Request};

use crate::options::{ChangeRequest, Home};
use crate::pair::Pair;
use crate::roots::Surroundings;
use crate::watch::{Ended, Follower, Ground, News, Runner};

/// What following a pair needs of its handler.
pub(crate) struct Place {
    pub(crate) pair: Pair,
    pub(crate) home: Home,
    pub(crate) surroundings: Surroundings,
    pub(crate) handler: HandlerId,
    pub(crate) conflicts: Arc<dyn ConflictLedger>,
}

/// Follows a pair until it is dropped.
struct Followed {
    follower: Arc<Follower>,
    thread: Option<JoinHandle<()>>,
}

impl Following for Followed {}

impl Drop for Followed {
    fn drop(&mut self) {
        self.follower.stop();
        if let Some(thread) = self.thread.take() {
            // One that panicked follows nothing any more, either.
            let _ = thread.join();
        }
    }
}

pub(crate) fn follow(
    place: Place,
    runner: Arc<dyn follow::Runner>,
) -> Result<Box<dyn Following>, HandlerError> {
    let name = place.pair.name.clone();
    let cannot = |error: std::io::Error| {
        let text = format!("cannot follow '{name}': {}", syncmgr::reason(&error));
        HandlerError::new(ProblemClass::Transient, text)
    };
    let follower = Arc::new(Follower::new().map_err(cannot)?);
    let followed = Arc::clone(&follower);
    let follow = move || {
        let ground = Ground {
            pair: &place.pair,
            home: &place.home,
            surroundings: &place.surroundings,
            handler: &place.handler,
            conflicts: &*place.conflicts,
        };
        followed.follow(&ground, &Relay { follower: &followed, runner: &*runner });
    };
    let thread = thread::Builder::new().name("follow".into()).spawn(follow).map_err(cannot)?;
    Ok(Box::new(Followed { follower, thread: Some(thread) }))
}

/// Passes runs and news on.
struct Relay<'f> {
    follower: &'f Follower,
    runner: &'f dyn follow::Runner,
}

impl Runner for Relay<'_> {
    fn run(&self, change: ChangeRequest) -> Ended {
        match self.runner.run(Some(Request::new(change))) {
            Some(Ran { outcome, counts }) => Ended { outcome, counts },
            None => {
                self.follower.stop();
                Ended { outcome: Outcome::Canceled, counts: Counts::default() }
            }
        }
    }

    fn tell(&self, news: News) {
        self.runner.tell(match news {
            News::Following { .. } => follow::News::Following,
            News::Away(problem) => follow::News::Away(problem),
            News::Periodic { problem, every } => follow::News::Periodic { problem, every },
        });
    }
}
