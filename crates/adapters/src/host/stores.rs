//! Events and conflicts that a handler keeps itself.

use std::sync::Arc;

use syncmgr::conflict::{Conflict, ConflictId, ConflictStore};
use syncmgr::event::{Event, EventId, EventStore};
use syncmgr::{HandlerId, ItemId, Refusal};
use wire::rpc::Bytes;
use wire::rpc::handler as ask;

use super::shared::Host;

/// No list has more pages.
const MOST_PAGES: usize = 1000;

/// The events of a handler or item.
pub(crate) struct RemoteEvents {
    host: Arc<Host>,
    item: Option<ItemId>,
}

impl RemoteEvents {
    pub(crate) fn new(host: &Arc<Host>, item: Option<ItemId>) -> Self {
        Self { host: Arc::clone(host), item }
    }
}

impl EventStore for RemoteEvents {
    fn events(&self) -> Vec<Event> {
        let (mut events, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let question =
                ask::ListEvents { item: self.item.as_ref().map(ItemId::to_string), after: after.take() };
            // A store that cannot be read now has nothing to show now.
            let Ok(page) = self.host.call(&question, self.host.limits.answer) else { break };
            events.extend(page.events.into_iter().filter_map(|event| event.into_contract(&self.host.id)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        events
    }

    fn event(&self, id: EventId) -> Option<Event> {
        self.events().into_iter().find(|event| event.id == id)
    }

    fn remove(&self, ids: &[EventId]) {
        let events = ids.iter().map(|id| id.0.into()).collect();
        let item = self.item.as_ref().map(ItemId::to_string);
        let _ = self.host.call(&ask::RemoveEvents { item, events }, self.host.limits.answer);
    }
}

/// The conflicts of a handler.
pub(crate) struct RemoteConflicts {
    host: Arc<Host>,
}

impl RemoteConflicts {
    pub(crate) fn new(host: &Arc<Host>) -> Self {
        Self { host: Arc::clone(host) }
    }
}

impl ConflictStore for RemoteConflicts {
    fn conflicts(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<Vec<Conflict>, Refusal> {
        let (mut conflicts, mut after) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let question = ask::ListConflicts { item: item.map(ItemId::to_string), after: after.take() };
            let page = self.host.call(&question, self.host.limits.answer)?;
            for conflict in page.conflicts {
                conflicts.push(conflict.into_contract(handler, 0)?);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        conflicts.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(conflicts)
    }

    fn count(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<u64, Refusal> {
        self.conflicts(handler, item).map(|conflicts| conflicts.len() as u64)
    }

    fn bind(&self, handler: &HandlerId, item: &ItemId, id: &ConflictId) -> Result<Option<Conflict>, Refusal> {
        let conflicts = self.conflicts(handler, Some(item))?;
        Ok(conflicts.into_iter().find(|conflict| conflict.id == *id))
    }

    fn remove(&self, _handler: &HandlerId, item: &ItemId, ids: &[ConflictId]) -> Result<(), Refusal> {
        let conflicts = ids.iter().map(|id| Bytes(id.0.clone())).collect();
        let question = ask::RemoveConflicts { item: item.to_string(), conflicts };
        self.host.call(&question, self.host.limits.answer)?;
        Ok(())
    }
}
