//! The handlers and items that the center knows, and what it read of them.
//!
//! Handlers are asked outside the center's lock and the answers are kept: a handler may call the center from wherever
//! it likes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use store::{HandlerState, ItemState, Store, StoreError, Switch};
use syncmgr::admission::{self, HandlerProperties, Inadmissible, ItemProperties};
use syncmgr::flags::{HandlerCapabilities, HandlerPolicies, ItemCapabilities, ItemPolicies};
use syncmgr::handler::{Handler, SyncItem};
use syncmgr::queue::Queue;
use syncmgr::switches::{HandlerStanding, ItemStanding, Origin, Switches};
use syncmgr::{HandlerId, ItemId, Refusal};

use crate::turn::Turn;
use crate::verdict::Ticket;

/// A handler, its items, and what waits and runs for it.
pub(crate) struct HandlerEntry {
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) loaded: Result<HandlerProperties, Inadmissible>,
    pub(crate) switches: Switches,
    pub(crate) items: Items,
    pub(crate) queue: Queue<Ticket>,
    /// Calls of `synchronize` that have not returned.
    pub(crate) turns: Vec<Arc<Turn>>,
    /// The collection that brought it.
    pub(crate) collection: Option<String>,
}

/// An item and what was read of it.
#[derive(Clone)]
pub(crate) struct ItemEntry {
    pub(crate) item: Arc<dyn SyncItem>,
    pub(crate) loaded: Result<ItemProperties, Inadmissible>,
    pub(crate) switches: Switches,
}

/// Items in the handler's order, found by identifier.
#[derive(Default)]
pub(crate) struct Items {
    entries: Vec<ItemEntry>,
    places: HashMap<ItemId, usize>,
}

impl Items {
    pub(crate) fn get(&self, id: &ItemId) -> Option<&ItemEntry> {
        self.entries.get(*self.places.get(id)?)
    }

    /// The first of several with one ID counts.
    pub(crate) fn add(&mut self, entry: ItemEntry) {
        let id = entry.item.id().clone();
        if !self.places.contains_key(&id) {
            self.places.insert(id, self.entries.len());
            self.entries.push(entry);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ItemEntry> {
        self.entries.iter()
    }
}

/// What was read of a handler, before it has a place in the registry.
pub(crate) struct Loaded {
    properties: Result<HandlerProperties, Inadmissible>,
    switches: Switches,
    items: Items,
}

impl HandlerEntry {
    pub(crate) fn new(handler: Arc<dyn Handler>, loaded: Loaded) -> Self {
        Self {
            handler,
            loaded: loaded.properties,
            switches: loaded.switches,
            items: loaded.items,
            queue: Queue::new(),
            turns: Vec::new(),
            collection: None,
        }
    }

    /// Takes what was read again. Items that were committed and that the handler does not list (yet) stay (R8). The
    /// answer is what was there before, for the caller to let go of outside the lock.
    #[must_use]
    pub(crate) fn reload(&mut self, loaded: Loaded, keep: impl Fn(&ItemId) -> bool) -> Items {
        let before = std::mem::replace(&mut self.items, loaded.items);
        for entry in before.iter().filter(|entry| keep(entry.item.id())) {
            self.items.add(entry.clone());
        }
        self.loaded = loaded.properties;
        self.switches = loaded.switches;
        before
    }

    pub(crate) fn id(&self) -> &HandlerId {
        self.handler.id()
    }

    pub(crate) fn name(&self) -> &str {
        self.loaded.as_ref().map_or_else(|_| self.handler.id().as_str(), |loaded| &loaded.name)
    }

    pub(crate) fn is_concurrent(&self) -> bool {
        self.loaded.as_ref().is_ok_and(|loaded| {
            loaded.capabilities.contains(HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS)
        })
    }

    pub(crate) fn standing(&self) -> HandlerStanding {
        HandlerStanding {
            switches: self.switches,
            policies: self.loaded.as_ref().map_or(HandlerPolicies::empty(), |loaded| loaded.policies),
        }
    }

    /// An item by its identifier.
    pub(crate) fn item(&self, id: &ItemId) -> Result<&ItemEntry, Refusal> {
        self.items.get(id).ok_or_else(|| {
            Refusal::InvalidArgument(format!("the handler '{}' has no item '{id}'", self.name()))
        })
    }

    /// Whether the handler may be synchronized at all; the refusal is a sentence.
    pub(crate) fn may_start(&self, origin: Origin) -> Result<(), Refusal> {
        let refuse =
            |why: &str| Refusal::AccessDenied(format!("'{}' cannot be synchronized: {why}", self.name()));
        if let Err(why) = &self.loaded {
            return Err(refuse(&why.to_string()));
        }
        // "its handler is disabled", said of the handler itself.
        self.standing().may_start(origin).map_err(|why| {
            refuse(&why.to_string().replace("its handler is", "it is").replace("of its handler ", ""))
        })
    }

    /// Whether an item may be synchronized; the refusal is a sentence.
    pub(crate) fn item_may_start(&self, entry: &ItemEntry, origin: Origin) -> Result<(), Refusal> {
        let refuse =
            |why: &str| Refusal::AccessDenied(format!("'{}' cannot be synchronized: {why}", entry.name()));
        if let Err(why) = &entry.loaded {
            return Err(refuse(&why.to_string()));
        }
        if let Err(why) = &self.loaded {
            return Err(refuse(&format!("its handler is left out, because {why}")));
        }
        entry.standing().may_start(&self.standing(), origin).map_err(|why| refuse(&why.to_string()))
    }

    /// Whether a request for the item waits, in the queue or for its session.
    pub(crate) fn waits(&self, item: &ItemId) -> bool {
        self.queue.has(item) || self.is_about_to_sync(item)
    }

    /// All items for which a request waits, in the order of their turns.
    pub(crate) fn waiting(&self) -> Vec<ItemId> {
        let about_to = self.turns.iter().filter(|turn| !turn.has_begun()).flat_map(|turn| &turn.items);
        let mut seen = HashSet::new();
        about_to.chain(self.queue.items()).filter(|item| seen.insert(*item)).cloned().collect()
    }

    /// Whether a request for the item has begun and not reached a session yet.
    pub(crate) fn is_about_to_sync(&self, item: &ItemId) -> bool {
        self.turns.iter().any(|turn| !turn.has_begun() && turn.items.contains(item))
    }
}

impl ItemEntry {
    pub(crate) fn name(&self) -> &str {
        self.loaded.as_ref().map_or_else(|_| self.item.id().as_str(), |loaded| &loaded.name)
    }

    pub(crate) fn can_be_deleted(&self) -> bool {
        self.loaded.as_ref().is_ok_and(|loaded| {
            loaded.capabilities.contains(ItemCapabilities::CAN_DELETE)
                && !loaded.policies.contains(ItemPolicies::DISABLE_DELETE)
        })
    }

    pub(crate) fn standing(&self) -> ItemStanding {
        ItemStanding {
            switches: self.switches,
            policies: self.loaded.as_ref().map_or(ItemPolicies::empty(), |loaded| loaded.policies),
        }
    }
}

/// Asks a handler for everything. Calls the handler: not to be done under a lock.
pub(crate) fn load(store: &Store, handler: &dyn Handler, now: i64) -> Result<Loaded, StoreError> {
    let kept = store.handler_states()?.into_iter().find(|kept| kept.handler == *handler.id());
    let properties = admission::handler(handler);
    let switches = match &properties {
        Ok(properties) => {
            let hides = properties.policies.contains(HandlerPolicies::HIDDEN_BY_DEFAULT);
            let before = kept_handler(kept.as_ref(), hides);
            if hides && kept.as_ref().is_none_or(|kept| kept.hidden.is_none()) {
                // The policy counts only the first time: from now on it is the person's choice. A store that cannot be
                // written now makes this load a first time again, no more.
                let _ = store.set_switch(handler.id(), None, Switch::Hidden(true), now);
            }
            Switches::of_handler(Some(before), &properties.info, properties.policies)
        }
        // Hidden and never synchronized (R18).
        Err(_) => Switches { hidden: true, ..Switches::default() },
    };
    let states: HashMap<ItemId, ItemState> =
        store.item_states(Some(handler.id()))?.into_iter().map(|state| (state.item.clone(), state)).collect();
    let mut items = Items::default();
    for item in handler.items().all() {
        let state = states.get(item.id());
        let entry = load_item(item, state);
        if entry.hides_by_default() && state.is_none_or(|state| state.hidden.is_none()) {
            let _ = store.set_switch(handler.id(), Some(entry.item.id()), Switch::Hidden(true), now);
        }
        items.add(entry);
    }
    Ok(Loaded { properties, switches, items })
}

/// Asks an item for everything. Calls the handler's code: not to be done under a lock.
pub(crate) fn load_item(item: Arc<dyn SyncItem>, state: Option<&ItemState>) -> ItemEntry {
    let loaded = admission::item(item.as_ref());
    let switches = match &loaded {
        Ok(properties) => {
            let hides = properties.policies.contains(ItemPolicies::HIDDEN_BY_DEFAULT);
            let before = Switches {
                enabled: state.and_then(|state| state.enabled).unwrap_or(true),
                hidden: state.and_then(|state| state.hidden).unwrap_or(hides),
                ..Switches::default()
            };
            Switches::of_item(Some(before), &properties.info, properties.policies)
        }
        Err(_) => Switches { hidden: true, ..Switches::default() },
    };
    ItemEntry { item, loaded, switches }
}

impl ItemEntry {
    fn hides_by_default(&self) -> bool {
        self.loaded.as_ref().is_ok_and(|loaded| loaded.policies.contains(ItemPolicies::HIDDEN_BY_DEFAULT))
    }
}

fn kept_handler(kept: Option<&HandlerState>, hides_by_default: bool) -> Switches {
    Switches {
        active: kept.and_then(|kept| kept.active).unwrap_or(true),
        enabled: kept.and_then(|kept| kept.enabled).unwrap_or(true),
        connected: true,
        hidden: kept.and_then(|kept| kept.hidden).unwrap_or(hides_by_default),
    }
}
