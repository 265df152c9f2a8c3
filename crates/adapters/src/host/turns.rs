//! What goes on between a connection and the threads in `synchronize`: the turns that have not returned, and the waiting
//! requests by the numbers that the handler knows.

use std::collections::HashMap;
use std::sync::{Mutex, mpsc};

use serde_json::value::RawValue;
use syncmgr::conflict::{Selection, Settlement};
use syncmgr::{Problem, Refusal, Request};
use wire::rpc::ErrorObject;

use super::connection::locked;

/// Requests that are remembered: those that were taken or ran since are not asked for again.
const MOST_REQUESTS: usize = 1024;

/// What a thread in `synchronize` hears.
pub(crate) enum TurnNews {
    /// The handler opens a session.
    Create {
        /// The question, if it wants an answer.
        id: Option<Box<RawValue>>,
        /// The items; none: all of the turn.
        items: Option<Vec<String>>,
    },
    /// The work is done.
    Done(Result<(), ErrorObject>),
    /// The connection is over.
    Over(Problem),
    /// The session has ended, and the handler does not let go of it.
    Kept,
}

/// A `synchronize` that has not returned: who hears of it, and what it was started with.
struct OpenTurn {
    news: mpsc::Sender<TurnNews>,
    request: Option<Request>,
}

/// The turns of a connection.
#[derive(Default)]
pub(crate) struct Turns {
    open: Mutex<HashMap<u64, OpenTurn>>,
    requests: Mutex<Vec<(u64, Request)>>,
}

impl Turns {
    /// Begins one under a number that no other has; what it is told comes out of the other end.
    pub(crate) fn begin(
        &self,
        turn: u64,
        request: Option<&Request>,
    ) -> (mpsc::Receiver<TurnNews>, mpsc::Sender<TurnNews>) {
        let (sender, receiver) = mpsc::channel();
        let open = OpenTurn { news: sender.clone(), request: request.cloned() };
        locked(&self.open).insert(turn, open);
        (receiver, sender)
    }

    pub(crate) fn end(&self, turn: u64) {
        locked(&self.open).remove(&turn);
    }

    pub(crate) fn is_empty(&self) -> bool {
        locked(&self.open).is_empty()
    }

    pub(crate) fn tell(&self, turn: u64, news: TurnNews) -> Result<(), Refusal> {
        let unknown = || Refusal::InvalidArgument(format!("there is no turn {turn}, or it is over"));
        let sender = locked(&self.open).get(&turn).map(|open| open.news.clone());
        sender.ok_or_else(unknown)?.send(news).map_err(|_| unknown())
    }

    /// The connection is over: everybody hears of it.
    pub(crate) fn over(&self, problem: &Problem) {
        let open = std::mem::take(&mut *locked(&self.open));
        for turn in open.into_values() {
            // A turn that is over does not listen.
            let _ = turn.news.send(TurnNews::Over(problem.clone()));
        }
    }

    /// What became of a conflict that a turn was to settle.
    pub(crate) fn settled(&self, turn: u64, place: usize, settlement: Settlement) -> Result<(), Refusal> {
        let open = locked(&self.open);
        let request = open.get(&turn).and_then(|open| open.request.as_ref());
        let selection = request.and_then(Request::get::<Selection>);
        let unknown = || Refusal::InvalidArgument(format!("there is no turn {turn} that settles conflicts"));
        selection.ok_or_else(unknown)?.answer(place, settlement);
        Ok(())
    }

    /// The number by which the handler knows a waiting request; `new` is taken for one that it was not told of.
    pub(crate) fn number_of(&self, request: &Request, new: impl FnOnce() -> u64) -> u64 {
        let mut requests = locked(&self.requests);
        if let Some((number, _)) = requests.iter().find(|(_, known)| known.same(request)) {
            return *number;
        }
        let number = new();
        if requests.len() >= MOST_REQUESTS {
            requests.remove(0);
        }
        requests.push((number, request.clone()));
        number
    }

    /// The request of a number.
    pub(crate) fn request(&self, number: u64) -> Result<Request, Refusal> {
        let requests = locked(&self.requests);
        let known = requests.iter().find(|(known, _)| *known == number);
        known.map(|(_, request)| request.clone()).ok_or_else(|| {
            Refusal::InvalidArgument(format!("no request {number} was told of on this connection"))
        })
    }
}
