//! What things are called, for screens that show a few of them.

use syncmgr::{HandlerId, ItemId};

use crate::center::Center;

impl Center {
    /// All handlers, in the order in which they were registered.
    pub fn handlers(&self) -> Vec<HandlerId> {
        self.inner.lock().handlers.iter().map(|entry| entry.id().clone()).collect()
    }

    /// What a person calls the handler; none when there is no such handler.
    pub fn handler_name(&self, handler: &HandlerId) -> Option<String> {
        Some(self.inner.lock().handler(handler)?.name().to_owned())
    }

    /// What a person calls the item; none when there is no such item.
    pub fn item_name(&self, handler: &HandlerId, item: &ItemId) -> Option<String> {
        Some(self.inner.lock().handler(handler)?.items.get(item)?.name().to_owned())
    }
}
