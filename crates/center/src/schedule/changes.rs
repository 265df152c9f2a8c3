//! `on = ["change"]`: what a handler that follows an item asks for waits here until the scheduler lets it begin.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use syncmgr::follow::{Following, News, Ran, Runner};
use syncmgr::outcome::{Counts, Outcome};
use syncmgr::{HandlerId, ItemId, Request};

use crate::center::{Inner, locked};
use crate::feed::What;
use crate::verdict::Started;

/// How often somebody who waits for a run looks whether following is over.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How following an item goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// What its handler said last; none yet: it has just begun.
    News(Option<News>),
    /// It cannot be followed, for this reason.
    Not(String),
}

/// An item that is followed.
pub(crate) struct Follow {
    desk: Arc<Desk>,
    /// Dropped after the desk is closed, so that nobody waits at it.
    following: Option<Box<dyn Following>>,
}

/// Where the handler asks and the scheduler answers.
struct Desk {
    inner: Weak<Inner>,
    handler: HandlerId,
    item: ItemId,
    state: Mutex<DeskState>,
    answered: Condvar,
}

#[derive(Default)]
struct DeskState {
    is_closed: bool,
    asks: Option<Option<Request>>,
    given: Option<Answer>,
    news: Option<News>,
}

/// What came of what was asked.
enum Answer {
    Started(Started),
    Refused,
}

impl Follow {
    /// Has the handler follow the item; the reason why not, if it cannot.
    pub(crate) fn begin(inner: &Arc<Inner>, handler: &HandlerId, item: &ItemId) -> Result<Self, String> {
        let desk = Arc::new(Desk {
            inner: Arc::downgrade(inner),
            handler: handler.clone(),
            item: item.clone(),
            state: Mutex::default(),
            answered: Condvar::new(),
        });
        let follower = inner
            .with_handler(handler, |entry| Ok(Arc::clone(&entry.handler)))
            .map_err(|refusal| refusal.to_string())?;
        match follower.follow(item, Arc::clone(&desk) as Arc<dyn Runner>) {
            Ok(Some(following)) => Ok(Self { desk, following: Some(following) }),
            Ok(None) => Err("its handler cannot notice changes; give it an interval".to_owned()),
            Err(error) => Err(error.problem.text),
        }
    }

    /// Whether a change waits to be synchronized.
    pub(crate) fn asks(&self) -> bool {
        locked(&self.desk.state).asks.is_some()
    }

    /// Takes what is asked.
    pub(crate) fn take(&self) -> Option<Request> {
        locked(&self.desk.state).asks.take().flatten()
    }

    /// It was started, or refused.
    pub(crate) fn answer(&self, started: Option<Started>) {
        locked(&self.desk.state).given = Some(started.map_or(Answer::Refused, Answer::Started));
        self.desk.answered.notify_all();
    }

    /// How it goes.
    pub(crate) fn news(&self) -> Option<News> {
        locked(&self.desk.state).news.clone()
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        locked(&self.desk.state).is_closed = true;
        self.desk.answered.notify_all();
        self.following = None;
    }
}

impl Runner for Desk {
    fn run(&self, request: Option<Request>) -> Option<Ran> {
        let mut state = locked(&self.state);
        if state.is_closed {
            return None;
        }
        state.asks = Some(request);
        drop(state);
        self.inner.upgrade()?.hurry();
        let state = locked(&self.state);
        let mut state = self
            .answered
            .wait_while(state, |state| state.given.is_none() && !state.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
        let given = state.given.take();
        state.asks = None;
        drop(state);
        match given? {
            Answer::Refused => Some(Ran { outcome: Outcome::Waiting, counts: Counts::default() }),
            Answer::Started(started) => self.wait_for(&started),
        }
    }

    fn tell(&self, news: News) {
        locked(&self.state).news = Some(news);
        if let Some(inner) = self.inner.upgrade() {
            inner.tell(What::ItemChanged { handler: self.handler.clone(), item: self.item.clone() });
            inner.announce();
        }
    }
}

impl Desk {
    fn wait_for(&self, started: &Started) -> Option<Ran> {
        loop {
            if let Some(verdict) = started.wait_for(LOOK_EVERY) {
                let end = verdict.items.iter().find(|end| end.item == self.item);
                let outcome = end.map_or(verdict.result.outcome, |end| end.outcome);
                return Some(Ran { outcome, counts: end.map(|end| end.counts).unwrap_or_default() });
            }
            if locked(&self.state).is_closed {
                return None;
            }
        }
    }
}
