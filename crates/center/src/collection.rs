//! Collections: providers that bring any number of handlers, which come and go.

use std::sync::Arc;

use syncmgr::handler::HandlerCollection;
use syncmgr::{HandlerId, Refusal};

use crate::center::{Center, Inner};
use crate::feed::What;
use crate::registry::{self, HandlerEntry};
use crate::verdict::Ticket;

impl Center {
    /// Takes a collection in, with all handlers that it has now.
    ///
    /// # Errors
    /// `InvalidArgument` when there is one with that name, or one of its handlers is there already; `Failed` when it
    /// cannot list its handlers, or the store cannot be read.
    pub fn register_collection(&self, collection: Arc<dyn HandlerCollection>) -> Result<(), Refusal> {
        let id = collection.id().to_owned();
        {
            let mut state = self.inner.lock();
            if state.collections.iter().any(|other| other.id() == id) {
                return Err(Refusal::InvalidArgument(format!("there is a collection '{id}' already")));
            }
            state.collections.push(collection);
        }
        self.inner.update_collection(&id)
    }
}

impl Inner {
    /// Asks a collection what handlers it has now. Those that are new come in, those that are gone go as soon as nothing
    /// of them runs, all others are read again.
    pub(crate) fn update_collection(&self, id: &str) -> Result<(), Refusal> {
        let unknown = || Refusal::InvalidArgument(format!("there is no collection '{id}'"));
        let collection = self
            .lock()
            .collections
            .iter()
            .find(|collection| collection.id() == id)
            .cloned()
            .ok_or_else(unknown)?;
        let listed = collection.handlers().map_err(|error| {
            Refusal::Failed(format!("the collection '{id}' cannot list its handlers: {error}"))
        })?;
        self.remove_gone(id, &listed);
        let mut first_refusal = None;
        for handler in &listed {
            // One handler that cannot be had keeps no other out.
            if let Err(refusal) = self.bring_in(collection.as_ref(), handler) {
                first_refusal.get_or_insert(refusal);
            }
        }
        for handler in &listed {
            self.tell(What::HandlerChanged { handler: handler.clone() });
        }
        self.announce();
        first_refusal.map_or(Ok(()), Err)
    }

    fn remove_gone(&self, collection: &str, listed: &[HandlerId]) {
        let mut state = self.lock();
        let syncing: Vec<HandlerId> = state.open.iter().map(|open| open.session.handler().clone()).collect();
        let (staying, mut gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.handlers).into_iter().partition(|entry| {
                entry.collection.as_deref() != Some(collection)
                    || listed.contains(entry.id())
                    || !entry.turns.is_empty()
                    || syncing.contains(entry.id())
            });
        state.handlers = staying;
        // Handlers are let go of outside the lock: what they do then is theirs.
        drop(state);
        for entry in &gone {
            self.tell(What::HandlerChanged { handler: entry.id().clone() });
        }
        let freed: Vec<Ticket> = gone.iter_mut().flat_map(|entry| entry.queue.stop_all()).collect();
        self.answer_canceled(&freed);
    }

    fn bring_in(&self, collection: &dyn HandlerCollection, id: &HandlerId) -> Result<(), Refusal> {
        let known = self.lock().handler(id).map(|entry| entry.collection.clone());
        match known {
            Some(of) if of.as_deref() == Some(collection.id()) => self.reload(id),
            Some(_) => Err(Refusal::InvalidArgument(format!("there is a handler '{id}' already"))),
            None => {
                let handler = collection.bind(id)?;
                let loaded = registry::load(&self.store, handler.as_ref(), self.clock.wall())?;
                let mut entry = HandlerEntry::new(handler, loaded);
                entry.collection = Some(collection.id().to_owned());
                self.lock().handlers.push(entry);
                Ok(())
            }
        }
    }
}
