//! The thread that follows the feed and asks the book.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use settings::alerts::Rule;
use syncmgr::Event;

use super::book::{Book, Sight};
use super::courier::{Courier, Standing};
use super::{Desk, Notice};
use crate::center::{Center, locked};
use crate::feed::{Follower, News, What};
use crate::status::ItemStatus;
use crate::vital::Vital;

/// How often it looks although nothing happened: ages grow by themselves.
const TICK: Duration = Duration::from_secs(20);
/// How long it lets changes gather before it looks again: a look reads how everything stands.
const REST: Duration = Duration::from_millis(500);
/// How many changes are read at once.
const BATCH: usize = 1000;

/// Wakes the thread.
#[derive(Default)]
pub(crate) struct Bell {
    state: Mutex<Rung>,
    bell: Condvar,
}

#[derive(Default)]
struct Rung {
    rung: bool,
    closed: bool,
}

impl Bell {
    pub(super) fn ring(&self) {
        locked(&self.state).rung = true;
        self.bell.notify_all();
    }

    fn close(&self) {
        locked(&self.state).closed = true;
        self.bell.notify_all();
    }

    /// Waits for a ring, at most that long; gives whether to go on.
    fn wait(&self, limit: Duration) -> bool {
        let state = locked(&self.state);
        let (mut state, _) = self
            .bell
            .wait_timeout_while(state, limit, |state| !state.rung && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.rung = false;
        !state.closed
    }

    /// Waits that long, whatever rings; gives whether to go on.
    fn rest(&self, limit: Duration) -> bool {
        let state = locked(&self.state);
        let (state, _) = self
            .bell
            .wait_timeout_while(state, limit, |state| !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }
}

/// The watch over alerts; it ends when this is dropped.
pub struct AlertWatch {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for AlertWatch {
    fn drop(&mut self) {
        self.bell.close();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told where it happened.
            let _ = thread.join();
        }
    }
}

impl Center {
    /// Begins to watch over alerts, by the rules and channels of [`set_alerts`](Self::set_alerts). One at a time.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn watch_alerts(&self) -> std::io::Result<AlertWatch> {
        let bell = Arc::clone(&self.inner.alerts.bell);
        locked(&bell.state).closed = false;
        let wake = Arc::clone(&bell);
        let follower = self.feed().follow(None, move || wake.ring());
        let watch = Watch { center: self.clone(), follower, book: None };
        let thread = std::thread::Builder::new().name("alerts".into()).spawn(move || watch.run())?;
        Ok(AlertWatch { bell, thread: Some(thread) })
    }
}

struct Watch {
    center: Center,
    follower: Follower,
    /// None until the store could be read.
    book: Option<Book>,
}

impl Watch {
    fn run(mut self) {
        let bell = Arc::clone(&self.center.inner.alerts.bell);
        let at_work = self.center.inner.at_work(Vital::Alerts);
        loop {
            at_work.beat();
            let events = self.events();
            self.look(&events);
            if !bell.wait(TICK) || !bell.rest(REST) {
                return;
            }
        }
    }

    /// The lines of the results since the last look. Lines that were missed (it was too far behind) are not alerted:
    /// how their items stand is.
    fn events(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            match self.follower.next(BATCH) {
                News::Nothing => return events,
                News::Reload(_) => {}
                News::Changes(changes) => {
                    events.extend(changes.iter().filter_map(|change| match &change.what {
                        What::Event(event) => Some(event.clone()),
                        _ => None,
                    }))
                }
            }
        }
    }

    fn look(&mut self, events: &[Event]) {
        let inner = Arc::clone(&self.center.inner);
        let store = &inner.store;
        // Without the store nobody could say what was told before: better late than twice. The next tick tries again.
        let book = match &mut self.book {
            Some(book) => book,
            None => match store.alerts() {
                Ok(kept) => self.book.insert(Book::new(kept)),
                Err(_) => return,
            },
        };
        let desk = &inner.alerts;
        let rules = Arc::clone(&locked(&desk.rules));
        let items = match self.center.status() {
            Ok(handlers) => handlers.into_iter().flat_map(|handler| handler.items).collect::<Vec<_>>(),
            Err(_) => return,
        };
        let notices = decide(book, desk, &rules, &items, events, inner.clock.wall());
        let (changed, forgotten) = book.changes();
        if !changed.is_empty() || !forgotten.is_empty() {
            // It is told all the same: a person who hears twice after a restart is better off than one who never hears.
            let _ = store.save_alerts(changed, forgotten);
        }
        if !notices.is_empty() {
            inner.tell(What::Alerts);
        }
        let couriers = locked(&desk.couriers);
        for notice in notices {
            hand_over(&couriers, &notice);
        }
    }
}

fn decide(
    book: &mut Book,
    desk: &Desk,
    rules: &[Rule],
    items: &[ItemStatus],
    events: &[Event],
    now: i64,
) -> Vec<Notice> {
    let shown: Vec<&ItemStatus> = items.iter().filter(|item| !item.switches.hidden).collect();
    let sights: Vec<Sight<'_>> = shown
        .iter()
        .map(|item| Sight {
            handler: &item.handler,
            item: &item.item,
            name: &item.name,
            headline: item.headline,
            overdue: item.overdue_since.is_some(),
            last_good: item.last_good.map(|(_, ended)| ended),
            problem: item.last_run.as_ref().and_then(|run| run.result.problem.as_ref()),
            off: !item.switches.enabled || item.paused_until.is_some_and(|until| until > now),
        })
        .collect();
    let mut notices = book.look(rules, &sights, now);
    for event in events {
        let item = event
            .item()
            .and_then(|id| shown.iter().find(|status| status.handler == event.handler && status.item == *id));
        let name = item.map_or_else(|| event.handler.as_str(), |item| &item.name);
        notices.extend(book.event(rules, event, name, now));
    }
    let standings: Vec<(String, Standing)> = locked(&desk.couriers)
        .iter()
        .map(|courier| (courier.channel().id().to_owned(), courier.standing()))
        .collect();
    let ids: Vec<&str> = standings.iter().map(|(id, _)| id.as_str()).collect();
    for (id, standing) in &standings {
        let trouble = match standing {
            Standing::Unknown => continue,
            Standing::Works => None,
            Standing::Broken(why) => Some(why.as_str()),
        };
        let others: Vec<String> =
            ids.iter().filter(|other| *other != id).map(|id| (*id).to_owned()).collect();
        let notice = book.channel(id, trouble, &others, now);
        // With no other channel there is nobody to tell; it is in the list of alerts all the same.
        notices.extend(notice.filter(|_| !others.is_empty()));
    }
    book.only_channels(&ids, now);
    notices
}

fn hand_over(couriers: &[Courier], notice: &Notice) {
    let wanted = |courier: &&Courier| {
        notice.channels.is_empty() || notice.channels.iter().any(|id| id == courier.channel().id())
    };
    for courier in couriers.iter().filter(wanted) {
        courier.send(notice.clone());
    }
}
