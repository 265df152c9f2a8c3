//! The open sessions of a connection, by the numbers that its handler knows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use syncmgr::{
    Counts, ItemId, Level, NewEvent, Outcome, Problem, ProgressStatus, Refusal, RunId, Stops, SyncCallback,
};

/// A session of the center that a handler in another process holds.
pub(crate) struct OpenSession {
    pub(crate) number: u64,
    /// The `synchronize` it belongs to.
    pub(crate) turn: Option<u64>,
    pub(crate) callback: Arc<dyn SyncCallback>,
    items: Mutex<HashMap<Box<str>, Known>>,
    told: Mutex<Told>,
}

/// An item that was named in a session.
struct Known {
    id: ItemId,
    begun: bool,
    complete: bool,
}

/// What the handler was told of stops.
#[derive(Default)]
struct Told {
    all: bool,
    items: Vec<ItemId>,
    ended: Option<Instant>,
}

/// What is to be passed on to the handler.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PassOn {
    /// Stop an item, or (none) everything.
    Cancel(Option<ItemId>),
    /// The session has ended.
    Ended,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OpenSession {
    pub(crate) fn new(number: u64, turn: Option<u64>, callback: Arc<dyn SyncCallback>) -> Self {
        Self { number, turn, callback, items: Mutex::default(), told: Mutex::default() }
    }

    /// The identifier behind a text. Each is checked and folded once.
    pub(crate) fn item(&self, text: &str) -> Result<ItemId, Refusal> {
        let mut items = locked(&self.items);
        if let Some(known) = items.get(text) {
            return Ok(known.id.clone());
        }
        let id = ItemId::new(text)?;
        items.insert(text.into(), Known { id: id.clone(), begun: false, complete: false });
        Ok(id)
    }

    /// The identifier behind the text of a progress report, which is remembered for the session's end.
    pub(crate) fn reported(&self, text: &str, status: ProgressStatus) -> Result<ItemId, Refusal> {
        let mut items = locked(&self.items);
        if let Some(known) = items.get_mut(text) {
            known.begun = true;
            known.complete |= status.completes();
            return Ok(known.id.clone());
        }
        let id = ItemId::new(text)?;
        let known = Known { id: id.clone(), begun: true, complete: status.completes() };
        items.insert(text.into(), known);
        Ok(id)
    }

    /// The process is gone: what it had begun is interrupted, and says why (R12). What it had not begun has no result.
    pub(crate) fn interrupt(&self, problem: &Problem, last_words: &[String]) {
        let begun: Vec<ItemId> = locked(&self.items)
            .values()
            .filter(|known| known.begun && !known.complete)
            .map(|known| known.id.clone())
            .collect();
        // All of these are refused only when the session has ended before; then it is explained already.
        for item in &begun {
            let counts = Counts::default();
            let _ = self.callback.report_outcome(item, Outcome::Interrupted, counts, Some(problem.clone()));
            let _ = self.callback.report_progress(item, None, ProgressStatus::Failed, 0, 0);
        }
        if !last_words.is_empty() {
            let text = format!("{}\nIt said last:\n{}", problem.text, last_words.join("\n"));
            let _ = self.callback.report_event(NewEvent::new(None, Level::Warning, "Last words", text));
        }
    }

    /// What the handler has not been told yet.
    fn news(&self, now: Instant) -> Vec<PassOn> {
        let Stops { ended, all, items } = self.callback.stops();
        let mut told = locked(&self.told);
        let mut news = Vec::new();
        if ended {
            if told.ended.is_none() {
                told.ended = Some(now);
                news.push(PassOn::Ended);
            }
            return news;
        }
        if all && !told.all {
            news.push(PassOn::Cancel(None));
        }
        // A stop that was acknowledged can be asked for again.
        news.extend(
            items.iter().filter(|item| !told.items.contains(item)).cloned().map(Some).map(PassOn::Cancel),
        );
        (told.all, told.items) = (all, items);
        news
    }

    /// Since when the handler knows that it has ended.
    fn ended_since(&self) -> Option<Instant> {
        locked(&self.told).ended
    }
}

/// All open sessions of a connection.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<u64, Arc<OpenSession>>>);

impl Sessions {
    pub(crate) fn add(&self, session: Arc<OpenSession>) {
        locked(&self.0).insert(session.number, session);
    }

    pub(crate) fn get(&self, number: u64) -> Result<Arc<OpenSession>, Refusal> {
        locked(&self.0).get(&number).cloned().ok_or(Refusal::Ended)
    }

    pub(crate) fn remove(&self, number: u64) -> Result<Arc<OpenSession>, Refusal> {
        locked(&self.0).remove(&number).ok_or(Refusal::Ended)
    }

    pub(crate) fn len(&self) -> usize {
        locked(&self.0).len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets go of the sessions of a turn.
    pub(crate) fn end_turn(&self, turn: u64) {
        let gone = self.take(|session| session.turn == Some(turn));
        // Dropped here, outside the lock: that ends them.
        drop(gone);
    }

    /// Lets go of all.
    pub(crate) fn take_all(&self) -> Vec<Arc<OpenSession>> {
        self.take(|_| true)
    }

    fn take(&self, which: impl Fn(&OpenSession) -> bool) -> Vec<Arc<OpenSession>> {
        let mut sessions = locked(&self.0);
        let numbers: Vec<u64> =
            sessions.values().filter(|session| which(session)).map(|session| session.number).collect();
        numbers.into_iter().filter_map(|number| sessions.remove(&number)).collect()
    }

    fn all(&self) -> Vec<Arc<OpenSession>> {
        locked(&self.0).values().cloned().collect()
    }

    /// What is to be passed on, session by session.
    pub(crate) fn news(&self, now: Instant) -> Vec<(u64, PassOn)> {
        let all = self.all();
        all.iter()
            .flat_map(|session| session.news(now).into_iter().map(|news| (session.number, news)))
            .collect()
    }

    /// Sessions that ended at least so long ago and were not let go of.
    pub(crate) fn kept_since(&self, before: Instant) -> Vec<Arc<OpenSession>> {
        let mut kept = self.all();
        kept.retain(|session| session.ended_since().is_some_and(|since| since <= before));
        kept
    }

    /// Whether the connection has a session of that run, and whether it has others that have not ended.
    pub(crate) fn of_run(&self, run: RunId) -> (bool, bool) {
        let all = self.all();
        let is_here = all.iter().any(|session| session.callback.run_id() == run);
        let has_others =
            all.iter().any(|session| session.callback.run_id() != run && session.ended_since().is_none());
        (is_here, has_others)
    }
}
