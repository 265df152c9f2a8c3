//! The pictures that handlers and items bring along.

use std::sync::Arc;

use syncmgr::flags::{HandlerCapabilities, ItemCapabilities};
use syncmgr::ui::Icon;
use syncmgr::{HandlerId, ItemId};

use crate::center::Center;

impl Center {
    /// The handler's own picture; none when it has none, or cannot be asked just now.
    pub fn handler_icon(&self, handler: &HandlerId) -> Option<Icon> {
        let handler = {
            let state = self.inner.lock();
            let entry = state.handler(handler)?;
            let can = entry.loaded.as_ref().ok()?.capabilities;
            can.contains(HandlerCapabilities::PROVIDES_ICON).then(|| Arc::clone(&entry.handler))?
        };
        // Asked outside the lock: what a handler does is its own affair.
        handler.icon()
    }

    /// The item's own picture; none when it has none, or cannot be asked just now.
    pub fn item_icon(&self, handler: &HandlerId, item: &ItemId) -> Option<Icon> {
        let item = {
            let state = self.inner.lock();
            let entry = state.handler(handler)?.items.get(item)?;
            let can = entry.loaded.as_ref().ok()?.capabilities;
            can.contains(ItemCapabilities::PROVIDES_ICON).then(|| Arc::clone(&entry.item))?
        };
        item.icon()
    }
}
