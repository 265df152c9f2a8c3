//! Ten times a second, and only while somebody follows: progress and queues find their way into the feed.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use syncmgr::{HandlerId, ItemId};

use crate::center::{Inner, State};
use crate::feed::What;
use crate::live::{LiveHandler, LiveItem};
use crate::vital::Vital;

/// How often.
const BEAT: Duration = Duration::from_millis(100);

/// What the last beat told, so that the next one tells only what is another.
#[derive(Default)]
struct Told {
    handlers: HashMap<HandlerId, LiveHandler>,
    stopping: HashMap<(HandlerId, ItemId), LiveItem>,
}

impl Inner {
    /// Begins to beat, if there is something to tell to somebody.
    pub(crate) fn pulse(self: &Arc<Self>) {
        if !self.feed.is_open() || !self.feed.is_followed() {
            return;
        }
        {
            let mut state = self.lock();
            if !has_news(&state) || std::mem::replace(&mut state.beating, true) {
                return;
            }
        }
        let inner = Arc::clone(self);
        let spawned = thread::Builder::new().name("feed".into()).spawn(move || inner.beat());
        if spawned.is_err() {
            // The next change tries again; until then progress is not told, and everything else is.
            self.lock().beating = false;
        }
    }

    fn beat(self: &Arc<Self>) {
        let at_work = self.at_work(Vital::Feed);
        let mut told = Told::default();
        loop {
            at_work.beat();
            // A moment for reports to come together, also after the first of them.
            drop(self.wait(BEAT, |state| !has_news(state)));
            let mut state = self.lock();
            // Under the center's lock: nothing of a session is told after its end.
            self.tell_live(&mut state, &mut told);
            state.beating = has_news(&state) && self.feed.is_followed();
            let goes_on = state.beating;
            drop(state);
            self.feed.ring();
            if !goes_on {
                return;
            }
        }
    }

    fn tell_live(&self, state: &mut State, told: &mut Told) {
        let (now, wall) = (self.clock.steady(), self.clock.wall());
        for handler in std::mem::take(&mut state.queues_changed) {
            let waiting = state.handler(&handler).map(|entry| entry.waiting()).unwrap_or_default();
            self.feed.note(wall, What::Queue { handler, waiting });
        }
        let mut handlers: HashMap<HandlerId, LiveHandler> = HashMap::new();
        let mut items: HashMap<(HandlerId, ItemId), LiveItem> = HashMap::new();
        for open in &state.open {
            let line = state.live_handler(open);
            match handlers.get_mut(&line.handler) {
                Some(other) => other.merge(line),
                None => drop(handlers.insert(line.handler.clone(), line)),
            }
            for view in open.session.changes() {
                if let Some(live) = state.live_item(open.session.handler(), &view.id, now) {
                    items.insert((live.handler.clone(), live.item.clone()), live);
                }
            }
        }
        // An item that is being stopped changes by not answering.
        told.stopping.retain(|key, _| match state.live_item(&key.0, &key.1, now) {
            Some(live) => {
                items.insert(key.clone(), live);
                true
            }
            None => false,
        });
        for (key, live) in items {
            if told.stopping.get(&key) == Some(&live) {
                continue;
            }
            if live.is_stopping() {
                told.stopping.insert(key, live.clone());
            } else {
                told.stopping.remove(&key);
            }
            self.feed.note(wall, What::Progress(live));
        }
        for (handler, line) in &handlers {
            if told.handlers.get(handler) != Some(line) {
                self.feed.note(wall, What::HandlerProgress(line.clone()));
            }
        }
        told.handlers = handlers;
    }
}

fn has_news(state: &State) -> bool {
    !state.open.is_empty() || !state.queues_changed.is_empty()
}
