//! The last changes, within a budget of memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use syncmgr::{HandlerId, ItemId};

use super::{Change, ChangeId, News, What};

/// About as many bytes of changes are kept: some 50,000 of the usual kind.
const BUDGET: usize = 16 << 20;
/// What a change takes besides its texts and lists.
const PLAIN: usize = 320;

/// What only has a latest value.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Item(HandlerId, ItemId),
    Handler(HandlerId),
    Queue(HandlerId),
}

#[derive(Default)]
pub(super) struct Ring {
    epoch: u64,
    changes: BTreeMap<u64, Arc<Change>>,
    latest: HashMap<Key, u64>,
    /// The number of the last change.
    last: u64,
    /// The number of the last change that had to go.
    gone: u64,
    weight: usize,
}

impl Ring {
    /// The first moment of this life.
    pub(super) fn begin(&mut self, now: i64) {
        self.epoch = u64::try_from(now).unwrap_or_default();
    }

    pub(super) fn now(&self) -> ChangeId {
        ChangeId { epoch: self.epoch, number: self.last }
    }

    pub(super) fn push(&mut self, time: i64, what: What) {
        self.last += 1;
        if let Some(key) = key(&what)
            && let Some(before) = self.latest.insert(key, self.last)
        {
            self.remove(before);
        }
        self.weight += weight(&what);
        self.changes.insert(self.last, Arc::new(Change { id: self.now(), time, what }));
        while self.weight > BUDGET
            && let Some((&oldest, _)) = self.changes.first_key_value()
        {
            if let Some(key) = self.remove(oldest).and_then(|change| key(&change.what)) {
                self.latest.remove(&key);
            }
            self.gone = oldest;
        }
    }

    fn remove(&mut self, number: u64) -> Option<Arc<Change>> {
        let change = self.changes.remove(&number)?;
        self.weight -= weight(&change.what);
        Some(change)
    }

    pub(super) fn since(&self, seen: ChangeId, limit: usize) -> News {
        if seen.epoch != self.epoch || seen.number > self.last || seen.number < self.gone {
            return News::Reload(self.now());
        }
        let after = self.changes.range(seen.number + 1..).map(|(_, change)| change);
        let changes: Vec<Arc<Change>> = after.take(limit.max(1)).cloned().collect();
        if changes.is_empty() { News::Nothing } else { News::Changes(changes) }
    }
}

fn key(what: &What) -> Option<Key> {
    match what {
        What::Progress(live) => Some(Key::Item(live.handler.clone(), live.item.clone())),
        What::HandlerProgress(live) => Some(Key::Handler(live.handler.clone())),
        What::Queue { handler, .. } => Some(Key::Queue(handler.clone())),
        _ => None,
    }
}

/// About how many bytes it takes.
fn weight(what: &What) -> usize {
    PLAIN
        + match what {
            What::SessionBegan { items, .. }
            | What::ItemsJoined { items, .. }
            | What::Queue { waiting: items, .. } => items.len() * size_of::<ItemId>(),
            What::SessionEnded { items, .. } => items.len() * PLAIN,
            What::Progress(live) => live.text.len() + live.name.len(),
            What::HandlerProgress(live) => live.text.len(),
            What::Event(event) => event.event.name.len() + event.event.description.len(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> HandlerId {
        HandlerId::new(name).unwrap()
    }

    fn changed(name: &str) -> What {
        What::HandlerChanged { handler: id(name) }
    }

    fn queue(name: &str, waiting: usize) -> What {
        What::Queue { handler: id(name), waiting: vec![ItemId::new("x").unwrap(); waiting] }
    }

    fn numbers(news: &News) -> Vec<u64> {
        match news {
            News::Changes(changes) => changes.iter().map(|change| change.id.number).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn at(number: u64) -> ChangeId {
        ChangeId { epoch: 7, number }
    }

    fn ring() -> Ring {
        let mut ring = Ring::default();
        ring.begin(7);
        ring
    }

    #[test]
    fn a_reader_gets_what_came_after_its_place_in_order_and_in_pages() {
        let mut ring = ring();
        for name in ["a", "b", "c"] {
            ring.push(0, changed(name));
        }
        assert_eq!(numbers(&ring.since(at(0), 2)), [1, 2]);
        assert_eq!(numbers(&ring.since(at(2), 2)), [3]);
        assert_eq!(ring.since(at(3), 2), News::Nothing);
    }

    #[test]
    fn of_what_has_a_latest_value_only_that_is_kept_and_nothing_else_is_merged() {
        let mut ring = ring();
        ring.push(0, queue("a", 1));
        ring.push(0, changed("a"));
        ring.push(0, changed("a"));
        ring.push(0, queue("a", 2));
        ring.push(0, queue("b", 3));
        assert_eq!(numbers(&ring.since(at(0), 9)), [2, 3, 4, 5]);
        // Who had seen the old value gets the new one.
        assert_eq!(numbers(&ring.since(at(1), 9)), [2, 3, 4, 5]);
        assert_eq!(ring.weight, ring.changes.values().map(|change| weight(&change.what)).sum::<usize>());
    }

    #[test]
    fn who_is_too_far_behind_or_of_another_life_has_to_look_anew() {
        let mut ring = ring();
        for _ in 0..=BUDGET / PLAIN {
            ring.push(0, changed("a"));
        }
        assert!(ring.weight <= BUDGET);
        assert_eq!(ring.gone, 1);
        assert_eq!(ring.since(at(0), 9), News::Reload(ring.now()));
        assert_eq!(numbers(&ring.since(at(1), 2)), [2, 3]);
        assert_eq!(ring.since(ChangeId { epoch: 6, number: 1 }, 9), News::Reload(ring.now()));
        assert_eq!(ring.since(at(ring.last + 1), 9), News::Reload(ring.now()), "of the future");
    }
}
