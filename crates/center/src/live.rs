//! What screens show of running sessions, several times a second.

use std::collections::HashMap;

use syncmgr::{CancelRequest, HandlerId, ItemId, Outcome, Phase, Progress, ProgressStatus, RunId};

use crate::center::{Center, Inner};

/// After so many milliseconds without acknowledgement of a stop, an item is "not responding".
const PATIENCE: i64 = 10_000;

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
    /// It does not answer a stop.
    pub not_responding: bool,
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
            let waiting = entry.items.iter().map(|item| item.item.id()).filter(|item| entry.waits(item));
            live.waiting.extend(waiting.map(|item| (entry.id().clone(), item.clone())));
        }
        let mut places = HashMap::new();
        for open in &state.open {
            let id = open.session.handler();
            let entry = state.handler(id);
            let view = open.session.snapshot();
            let name = entry.map_or_else(|| id.to_string(), |entry| entry.name().to_owned());
            match live.handlers.iter_mut().find(|other| other.handler == *id) {
                Some(other) => {
                    other.stopping |= view.stopping;
                    if !view.text.is_empty() {
                        other.text = view.text;
                    }
                }
                None => live.handlers.push(LiveHandler {
                    handler: id.clone(),
                    name,
                    text: view.text,
                    stopping: view.stopping,
                }),
            }
            for item in view.items {
                let ignores_stop = open.ignores_stop_for(item.cancel, now);
                let name = entry
                    .and_then(|entry| entry.items.get(&item.id))
                    .map_or_else(|| item.id.to_string(), |entry| entry.name().to_owned());
                live.add(
                    &mut places,
                    LiveItem {
                        handler: id.clone(),
                        item: item.id,
                        name,
                        run: open.session.run_id(),
                        started: open.started,
                        status: item.status,
                        phase: item.phase,
                        text: item.text,
                        progress: item.progress,
                        step: item.step,
                        max: item.max,
                        errors: item.errors,
                        cancel: item.cancel,
                        not_responding: ignores_stop >= PATIENCE,
                        outcome: item.outcome,
                    },
                );
            }
        }
        live
    }
}

impl Live {
    /// An item of one session. A second running session makes its bar indeterminate (R7).
    fn add(&mut self, places: &mut HashMap<(HandlerId, ItemId), usize>, new: LiveItem) {
        let key = (new.handler.clone(), new.item.clone());
        let Some(old) = places.get(&key).and_then(|at| self.items.get_mut(*at)) else {
            places.insert(key, self.items.len());
            self.items.push(new);
            return;
        };
        if old.outcome.is_some() {
            *old = new;
        } else if new.outcome.is_none() {
            old.progress = Progress::of_sessions([old.progress, new.progress]);
            (old.step, old.max) = (0, 0);
            old.errors = old.errors.saturating_add(new.errors);
            old.cancel = old.cancel.max(new.cancel);
            old.not_responding |= new.not_responding;
            if !new.text.is_empty() {
                old.text = new.text;
            }
        }
    }
}
