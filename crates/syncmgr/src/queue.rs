//! What waits to be synchronized for one handler (R17): first come, first served, nothing twice.
//!
//! The original says that requests queue up behind a running sync, and neither in which order nor for which scope. Ours
//! is one queue for each handler. A request for an item that waits already is folded into the waiting one. A request
//! that carries an opaque [`Request`] is another matter: it is folded only into one that carries the same object, because
//! the handler would otherwise never see what was asked of it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::callback::Additional;
use crate::flags::SyncControlFlags;
use crate::handler::Request;
use crate::ids::ItemId;

/// What a caller asked for (the arguments of `StartItemSync`). `T` is whatever the owner keeps for the answer, for
/// instance the caller's [`SyncResult`](crate::control::SyncResult).
#[derive(Debug, Clone)]
pub struct Start<T> {
    /// The items.
    pub items: Vec<ItemId>,
    /// The opaque request.
    pub request: Option<Request>,
    /// Whether items that are syncing now are left out.
    pub flags: SyncControlFlags,
    /// Who waits for the verdict.
    pub ticket: Option<T>,
}

/// What became of a [`Start`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed<T> {
    /// Items that wait now and did not before.
    pub queued: Vec<ItemId>,
    /// Items that waited already.
    pub folded: Vec<ItemId>,
    /// Items left out because they are syncing now (`SCF_IGNORE_IF_ALREADY_SYNCING`).
    pub ignored: Vec<ItemId>,
    /// The ticket, when nothing of the request waits: whoever holds it is to be answered by the running session.
    pub unclaimed: Option<T>,
}

/// A request whose turn has come.
#[derive(Debug, Clone)]
pub struct Turn<T> {
    /// Its items, in the order in which they were asked for.
    pub items: Vec<ItemId>,
    /// The opaque request.
    pub request: Option<Request>,
    /// Everyone who waits for the verdict.
    pub tickets: Vec<T>,
}

struct Waiting<T> {
    items: BTreeMap<usize, ItemId>,
    places: HashMap<ItemId, usize>,
    request: Option<Request>,
    tickets: Vec<T>,
}

impl<T> Waiting<T> {
    fn new(request: Option<Request>) -> Self {
        Self { items: BTreeMap::new(), places: HashMap::new(), request, tickets: Vec::new() }
    }

    fn carries(&self, request: Option<&Request>) -> bool {
        match (&self.request, request) {
            (None, None) => true,
            (Some(ours), Some(theirs)) => ours.same(theirs),
            _ => false,
        }
    }

    fn add(&mut self, item: ItemId) {
        let place = self.items.last_key_value().map_or(0, |(last, _)| last + 1);
        if self.places.insert(item.clone(), place).is_none() {
            self.items.insert(place, item);
        }
    }

    fn remove(&mut self, item: &ItemId) -> bool {
        self.places.remove(item).is_some_and(|place| self.items.remove(&place).is_some())
    }

    fn has(&self, item: &ItemId) -> bool {
        self.places.contains_key(item)
    }

    fn into_turn(self) -> Turn<T> {
        Turn { items: self.items.into_values().collect(), request: self.request, tickets: self.tickets }
    }
}

/// The waiting requests of one handler.
pub struct Queue<T> {
    waiting: VecDeque<Waiting<T>>,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a request at the end, as far as it does not wait already (R17). `syncing` tells which items a session
    /// synchronizes just now; they sync once more, unless the request says otherwise.
    ///
    /// A caller whose items are folded into several waiting requests is answered by the last of them: its turn comes
    /// when those of the others have come.
    pub fn push(&mut self, start: Start<T>, syncing: impl Fn(&ItemId) -> bool) -> Pushed<T> {
        let Start { items, request, flags, ticket } = start;
        let mut pushed =
            Pushed { queued: Vec::new(), folded: Vec::new(), ignored: Vec::new(), unclaimed: None };
        let mut fresh = Waiting::new(request);
        let mut last_folded = None;
        for item in items {
            if fresh.has(&item) {
                continue;
            }
            if flags.contains(SyncControlFlags::IGNORE_IF_ALREADY_SYNCING) && syncing(&item) {
                pushed.ignored.push(item);
                continue;
            }
            let waits = self
                .waiting
                .iter()
                .position(|waiting| waiting.carries(fresh.request.as_ref()) && waiting.has(&item));
            if waits.is_some() {
                last_folded = last_folded.max(waits);
                pushed.folded.push(item);
            } else {
                pushed.queued.push(item.clone());
                fresh.add(item);
            }
        }
        if !fresh.items.is_empty() {
            fresh.tickets.extend(ticket);
            self.waiting.push_back(fresh);
        } else if let Some(waiting) = last_folded.and_then(|at| self.waiting.get_mut(at)) {
            waiting.tickets.extend(ticket);
        } else {
            pushed.unclaimed = ticket;
        }
        pushed
    }

    /// The first request, for a handler that runs one session at a time.
    pub fn pop(&mut self) -> Option<Turn<T>> {
        self.waiting.pop_front().map(Waiting::into_turn)
    }

    /// The first request none of whose items is busy, for a handler that runs several sessions at once
    /// (`HCM_SUPPORTS_CONCURRENT_SESSIONS`). A request that shares an item with an earlier one never overtakes it.
    pub fn pop_ready(&mut self, busy: impl Fn(&ItemId) -> bool) -> Option<Turn<T>> {
        let ready = (0..self.waiting.len()).find(|&at| {
            let Some(candidate) = self.waiting.get(at) else { return false };
            candidate
                .items
                .values()
                .all(|item| !busy(item) && !self.waiting.iter().take(at).any(|earlier| earlier.has(item)))
        })?;
        self.waiting.remove(ready).map(Waiting::into_turn)
    }

    /// What `QueryForAdditionalItems` answers (R9): the items of plain requests, and the opaque requests. The items of
    /// an opaque request are not listed one by one, because taking them without it would lose it.
    pub fn additional(&self) -> Additional {
        let mut additional = Additional::default();
        for waiting in &self.waiting {
            match &waiting.request {
                Some(request) => {
                    if !additional.requests.iter().any(|known| known.same(request)) {
                        additional.requests.push(request.clone());
                    }
                }
                None => additional.items.extend(waiting.items.values().cloned()),
            }
        }
        additional
    }

    /// Takes the item's plain request out, because a session has added the item (R9). The tickets go with it when it was
    /// the request's last item; the running session answers them.
    pub fn take_item(&mut self, item: &ItemId) -> Vec<T> {
        self.take_where(|waiting| waiting.request.is_none() && waiting.remove(item))
    }

    /// Takes an opaque request out, because a session has added it (R9). None when it does not wait.
    pub fn take_request(&mut self, request: &Request) -> Option<Turn<T>> {
        let at = self.waiting.iter().position(|waiting| waiting.carries(Some(request)))?;
        self.waiting.remove(at).map(Waiting::into_turn)
    }

    /// Forgets whatever waits for this item, of every kind: the person stopped it. Gives the tickets of the requests that
    /// came to nothing by that.
    pub fn stop_item(&mut self, item: &ItemId) -> Vec<T> {
        self.take_where(|waiting| waiting.remove(item))
    }

    /// Forgets everything; gives all tickets.
    pub fn stop_all(&mut self) -> Vec<T> {
        self.waiting.drain(..).flat_map(|waiting| waiting.tickets).collect()
    }

    /// Whether a request for this item waits.
    pub fn has(&self, item: &ItemId) -> bool {
        self.waiting.iter().any(|waiting| waiting.has(item))
    }

    /// Every item whose request waits, as often as it does.
    pub fn items(&self) -> impl Iterator<Item = &ItemId> {
        self.waiting.iter().flat_map(|waiting| waiting.items.values())
    }

    /// How many requests wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn take_where(&mut self, mut touched: impl FnMut(&mut Waiting<T>) -> bool) -> Vec<T> {
        let mut freed = Vec::new();
        self.waiting.retain_mut(|waiting| {
            let emptied = touched(waiting) && waiting.items.is_empty();
            if emptied {
                freed.append(&mut waiting.tickets);
            }
            !emptied
        });
        freed
    }
}
