//! The fifteen operations of control.

use std::sync::Arc;

use store::Switch;
use syncmgr::conflict::ConflictId;
use syncmgr::control::{Control, SyncResult, UpdateReason};
use syncmgr::flags::{
    ControlFlags, HandlerCapabilities, HandlerPolicies, ItemCapabilities, ItemPolicies, SyncControlFlags,
};
use syncmgr::switches::Origin;
use syncmgr::ui::{UiAction, UiOperation};
use syncmgr::{HandlerError, HandlerId, ItemId, Refusal, Request};

use crate::center::{Center, locked, ticket, unknown_handler};
use crate::feed::What;

impl Control for Center {
    fn start_handler_sync(
        &self,
        handler: &HandlerId,
        request: Option<Request>,
        flags: SyncControlFlags,
        result: Option<Arc<dyn SyncResult>>,
    ) -> Result<(), Refusal> {
        self.inner.start(handler, None, request, flags, ticket(result))
    }

    fn start_item_sync(
        &self,
        handler: &HandlerId,
        items: &[ItemId],
        request: Option<Request>,
        flags: SyncControlFlags,
        result: Option<Arc<dyn SyncResult>>,
    ) -> Result<(), Refusal> {
        self.inner.start(handler, Some(items), request, flags, ticket(result))
    }

    fn start_sync_all(&self) -> Result<(), Refusal> {
        let handlers: Vec<HandlerId> = {
            let state = self.inner.lock();
            let may_start = state.handlers.iter().filter(|entry| entry.may_start(Origin::Control).is_ok());
            may_start.map(|entry| entry.id().clone()).collect()
        };
        for handler in handlers {
            // One that has nothing to synchronize, or is gone by now, is passed over.
            let _ = self.inner.start(&handler, None, None, SyncControlFlags::empty(), None);
        }
        Ok(())
    }

    fn stop_handler_sync(&self, handler: &HandlerId) -> Result<(), Refusal> {
        self.inner.with_handler(handler, |entry| {
            entry
                .standing()
                .may_stop()
                .map_err(|why| Refusal::AccessDenied(format!("'{}' cannot be stopped: {why}", entry.name())))
        })?;
        self.inner.stop(|entry| entry.id() == handler);
        Ok(())
    }

    fn stop_item_sync(&self, handler: &HandlerId, items: &[ItemId]) -> Result<(), Refusal> {
        self.inner.stop_items(handler, items)
    }

    fn stop_sync_all(&self) -> Result<(), Refusal> {
        self.inner.stop(|entry| entry.standing().may_stop().is_ok());
        Ok(())
    }

    fn update_handler_collection(&self, collection: &str, _flags: ControlFlags) -> Result<(), Refusal> {
        self.inner.update_collection(collection)
    }

    fn update_handler(&self, handler: &HandlerId, _flags: ControlFlags) -> Result<(), Refusal> {
        self.inner.reload(handler)
    }

    fn update_item(&self, handler: &HandlerId, item: &ItemId, _flags: ControlFlags) -> Result<(), Refusal> {
        self.inner.reload(handler)?;
        self.inner.with_handler(handler, |entry| entry.item(item).map(drop))
    }

    fn update_events(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        _flags: ControlFlags,
    ) -> Result<(), Refusal> {
        self.announce_about(handler, item, |handler, item| match item {
            Some(item) => What::ItemChanged { handler, item },
            None => What::HandlerChanged { handler },
        })
    }

    fn update_conflict(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        conflict: &ConflictId,
        reason: UpdateReason,
    ) -> Result<(), Refusal> {
        self.known_item(handler, item)?;
        self.inner.refresh_conflict(handler, item, conflict, reason)?;
        self.announce_about(handler, item, |handler, item| What::Conflicts { handler, item })
    }

    fn update_conflicts(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        _flags: ControlFlags,
    ) -> Result<(), Refusal> {
        self.known_item(handler, item)?;
        self.inner.refresh_conflicts(handler, item)?;
        self.announce_about(handler, item, |handler, item| What::Conflicts { handler, item })
    }

    fn activate_handler(
        &self,
        active: bool,
        handler: &HandlerId,
        flags: ControlFlags,
    ) -> Result<(), Refusal> {
        use HandlerCapabilities as Can;
        use HandlerPolicies as Not;
        let change = if active {
            HandlerChange {
                verb: "set up",
                switch: Switch::Active(true),
                policy: Not::PREVENT_ACTIVATE,
                asks: Can::QUERY_BEFORE_ACTIVATE,
                question: UiAction::QueryBeforeActivate,
            }
        } else {
            HandlerChange {
                verb: "removed",
                switch: Switch::Active(false),
                policy: Not::PREVENT_DEACTIVATE,
                asks: Can::QUERY_BEFORE_DEACTIVATE,
                question: UiAction::QueryBeforeDeactivate,
            }
        };
        self.change_handler(handler, &change, flags)
    }

    fn enable_handler(&self, enabled: bool, handler: &HandlerId, flags: ControlFlags) -> Result<(), Refusal> {
        use HandlerCapabilities as Can;
        use HandlerPolicies as Not;
        let change = if enabled {
            HandlerChange {
                verb: "enabled",
                switch: Switch::Enabled(true),
                policy: Not::PREVENT_ENABLE | Not::DISABLE_ENABLE,
                asks: Can::QUERY_BEFORE_ENABLE,
                question: UiAction::QueryBeforeEnable,
            }
        } else {
            HandlerChange {
                verb: "disabled",
                switch: Switch::Enabled(false),
                policy: Not::PREVENT_DISABLE | Not::DISABLE_DISABLE,
                asks: Can::QUERY_BEFORE_DISABLE,
                question: UiAction::QueryBeforeDisable,
            }
        };
        self.change_handler(handler, &change, flags)
    }

    fn enable_item(
        &self,
        enabled: bool,
        handler: &HandlerId,
        item: &ItemId,
        flags: ControlFlags,
    ) -> Result<(), Refusal> {
        use ItemCapabilities as Can;
        use ItemPolicies as Not;
        let (verb, policy, asks, question) = if enabled {
            (
                "enabled",
                Not::PREVENT_ENABLE | Not::DISABLE_ENABLE,
                Can::QUERY_BEFORE_ENABLE,
                UiAction::QueryBeforeEnable,
            )
        } else {
            (
                "disabled",
                Not::PREVENT_DISABLE | Not::DISABLE_DISABLE,
                Can::QUERY_BEFORE_DISABLE,
                UiAction::QueryBeforeDisable,
            )
        };
        let entry = self.inner.with_handler(handler, |entry| entry.item(item).cloned())?;
        if entry.switches.enabled == enabled {
            return Ok(());
        }
        let name = entry.name();
        let loaded = entry.loaded.as_ref().map_err(|why| refused(name, verb, &why.to_string()))?;
        if loaded.policies.intersects(policy) {
            return Err(refused(name, verb, "a policy prevents it"));
        }
        if loaded.capabilities.contains(asks) {
            self.ask(entry.item.ui_operation(&question), name, verb, flags)?;
        }
        entry.item.enable(enabled).map_err(|error| said_no(name, verb, &error))?;
        self.inner.store.set_switch(
            handler,
            Some(item),
            Switch::Enabled(enabled),
            self.inner.clock.wall(),
        )?;
        self.inner.reload(handler)?;
        if !enabled {
            self.inner.forget_waiting(handler, Some(item));
        }
        Ok(())
    }
}

/// A switch of a handler that is to be thrown, and what may stand in the way.
struct HandlerChange {
    verb: &'static str,
    switch: Switch,
    policy: HandlerPolicies,
    asks: HandlerCapabilities,
    question: UiAction,
}

impl Center {
    fn change_handler(
        &self,
        id: &HandlerId,
        change: &HandlerChange,
        flags: ControlFlags,
    ) -> Result<(), Refusal> {
        let (handler, loaded, switches, name) = self.inner.with_handler(id, |entry| {
            Ok((Arc::clone(&entry.handler), entry.loaded.clone(), entry.switches, entry.name().to_owned()))
        })?;
        let (before, on) = match change.switch {
            Switch::Active(on) => (switches.active, on),
            Switch::Enabled(on) | Switch::Hidden(on) => (switches.enabled, on),
            Switch::PausedUntil(_) => return Ok(()),
        };
        if before == on {
            return Ok(());
        }
        let loaded = loaded.map_err(|why| refused(&name, change.verb, &why.to_string()))?;
        if loaded.policies.intersects(change.policy) {
            return Err(refused(&name, change.verb, "a policy prevents it"));
        }
        if loaded.capabilities.contains(change.asks) {
            self.ask(handler.ui_operation(&change.question), &name, change.verb, flags)?;
        }
        match change.switch {
            Switch::Active(_) => handler.activate(on),
            _ => handler.enable(on),
        }
        .map_err(|error| said_no(&name, change.verb, &error))?;
        self.inner.store.set_switch(id, None, change.switch, self.inner.clock.wall())?;
        self.inner.reload(id)?;
        if !on {
            self.inner.forget_waiting(id, None);
        }
        Ok(())
    }

    /// A handler that wants to ask first gets its answer from a person, or none; without one it is not done.
    fn ask(
        &self,
        operation: Option<Arc<dyn UiOperation>>,
        name: &str,
        verb: &str,
        flags: ControlFlags,
    ) -> Result<(), Refusal> {
        // It said that it asks, and has nothing to ask.
        let Some(operation) = operation else { return Ok(()) };
        let asker = locked(&self.inner.asker).clone().filter(|_| !flags.contains(ControlFlags::NO_UI));
        let yes = asker.as_ref().is_some_and(|ask| ask(&operation.request()));
        operation.answered(yes);
        match (yes, asker) {
            (true, _) => Ok(()),
            (false, Some(_)) => Err(refused(name, verb, "the answer to its question was no")),
            (false, None) => Err(refused(name, verb, "it wants to ask first, and there is nobody to ask")),
        }
    }

    fn known_item(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<(), Refusal> {
        let state = self.inner.lock();
        let entry = state.handler(handler).ok_or_else(|| unknown_handler(handler))?;
        item.map_or(Ok(()), |item| entry.item(item).map(drop))
    }

    fn announce_about(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        what: impl FnOnce(HandlerId, Option<ItemId>) -> What,
    ) -> Result<(), Refusal> {
        self.known_item(handler, item)?;
        self.inner.tell(what(handler.clone(), item.cloned()));
        self.inner.announce();
        Ok(())
    }
}

fn refused(name: &str, verb: &str, why: &str) -> Refusal {
    Refusal::AccessDenied(format!("'{name}' cannot be {verb}: {why}"))
}

fn said_no(name: &str, verb: &str, error: &HandlerError) -> Refusal {
    refused(name, verb, &error.to_string())
}
