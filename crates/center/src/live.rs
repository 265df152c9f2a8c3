//! What screens show of running sessions, several times a second.

use std::collections::HashMap;

use syncmgr::{CancelRequest, HandlerId, ItemId, ItemView, Outcome, Phase, Progress, ProgressStatus, RunId};

use crate::center::{Center, Inner, State, locked};
use crate::escalate::StopStage;
use crate::open::Open;

/// Everything that runs or waits, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Grows whenever something begins, ends, waits or completes; for [`Center::wait_for_change`].
    pub version: u64,
    /// Handlers with a session.
    pub handlers: Vec<LiveHandler>,
    /// Items of sessions, in the order in which they began; also those that are complete, until their session ends.
    pub items: Vec<LiveItem>,
    /// Items that wait for their turn.
    pub waiting: Vec<(HandlerId, ItemId)>,
}

/// A handler with a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveHandler {
    /// The handler.
    pub handler: HandlerId,
    /// Its name.
    pub name: String,
    /// Its line.
    pub text: String,
    /// A stop of everything waits for acknowledgement.
    pub stopping: bool,
}

/// An item that is being synchronized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveItem {
    /// Its handler.
    pub handler: HandlerId,
    /// The item.
    pub item: ItemId,
    /// Its name.
    pub name: String,
    /// The run; with several sessions on one item, the first of them.
    pub run: RunId,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// The last status; none before the first report.
    pub status: Option<ProgressStatus>,
    /// What the handler is doing with it.
    pub phase: Option<Phase>,
    /// Its text; empty when there is none.
    pub text: String,
    /// The bar; indeterminate when two sessions synchronize it (R7).
    pub progress: Progress,
    /// The last step; 0 when two sessions synchronize it.
    pub step: u64,
    /// The last maximum; 0 when two sessions synchronize it.
    pub max: u64,
    /// Error events so far.
    pub errors: u32,
    /// The stop that waits for acknowledgement.
    pub cancel: CancelRequest,
    /// How far that stop has gone.
    pub stop: Option<StopStage>,
    /// What it came to, once it is complete.
    pub outcome: Option<Outcome>,
}

impl Center {
    /// What runs and waits just now. Cheap enough for ten times a second.
    pub fn live(&self) -> Live {
        self.inner.live()
    }
}

impl Inner {
    pub(crate) fn live(&self) -> Live {
        let now = self.clock.steady();
        let state = self.lock();
        let mut live = Live { version: state.version, ..Live::default() };
        for entry in &state.handlers {
            let waiting = entry.waiting().into_iter();
            live.waiting.extend(waiting.map(|item| (entry.id().clone(), item)));
        }
        let mut places: HashMap<(HandlerId, ItemId), usize> = HashMap::new();
        for open in &state.open {
            let line = state.live_handler(open);
            match live.handlers.iter_mut().find(|other| other.handler == line.handler) {
                Some(other) => other.merge(line),
                None => live.handlers.push(line),
            }
            for view in open.session.snapshot().items {
                let new = state.live_view(open, view, now);
                let key = (new.handler.clone(), new.item.clone());
                match places.get(&key).and_then(|at| live.items.get_mut(*at)) {
                    Some(old) => old.merge(new),
                    None => {
                        places.insert(key, live.items.len());
                        live.items.push(new);
                    }
                }
            }
        }
        live
    }
}

impl State {
    /// A session's handler.
    pub(crate) fn live_handler(&self, open: &Open) -> LiveHandler {
        let handler = open.session.handler();
        let (text, stopping) = open.session.line();
        let name = self.handler(handler).map_or_else(|| handler.to_string(), |entry| entry.name().to_owned());
        LiveHandler { handler: handler.clone(), name, text, stopping }
    }

    /// One item, from all sessions that synchronize it.
    pub(crate) fn live_item(&self, handler: &HandlerId, item: &ItemId, now: i64) -> Option<LiveItem> {
        let views = self.open_of(handler).filter_map(|open| Some((open, open.session.item(item)?)));
        views.map(|(open, view)| self.live_view(open, view, now)).reduce(|mut first, next| {
            first.merge(next);
            first
        })
    }

    fn live_view(&self, open: &Open, view: ItemView, now: i64) -> LiveItem {
        let handler = open.session.handler();
        let name = self
            .handler(handler)
            .and_then(|entry| entry.items.get(&view.id))
            .map_or_else(|| view.id.to_string(), |entry| entry.name().to_owned());
        LiveItem {
            handler: handler.clone(),
            name,
            run: open.session.run_id(),
            started: open.started,
            status: view.status,
            phase: view.phase,
            text: view.text,
            progress: view.progress,
            step: view.step,
            max: view.max,
            errors: view.errors,
            cancel: view.cancel,
            stop: locked(&open.stopping).stage(&view.id, view.cancel, now, &self.stop_grace),
            outcome: view.outcome,
            item: view.id,
        }
    }
}

impl LiveHandler {
    /// Another session of the same handler.
    pub(crate) fn merge(&mut self, other: Self) {
        self.stopping |= other.stopping;
        if !other.text.is_empty() {
            self.text = other.text;
        }
    }
}

impl LiveItem {
    /// Whether a stop waits for its acknowledgement.
    pub fn is_stopping(&self) -> bool {
        self.cancel != CancelRequest::None
    }

    /// Whether it has not answered a stop in time.
    pub fn not_responding(&self) -> bool {
        self.stop >= Some(StopStage::NotResponding)
    }

    /// Another session of the same item. A second running one makes its bar indeterminate (R7).
    fn merge(&mut self, new: Self) {
        if self.outcome.is_some() {
            *self = new;
        } else if new.outcome.is_none() {
            self.progress = Progress::of_sessions([self.progress, new.progress]);
            (self.step, self.max) = (0, 0);
            self.errors = self.errors.saturating_add(new.errors);
            self.cancel = self.cancel.max(new.cancel);
            self.stop = self.stop.max(new.stop);
            if !new.text.is_empty() {
                self.text = new.text;
            }
        }
    }
}
