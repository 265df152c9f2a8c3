//! What a handler can say before anything is done.

use std::sync::Arc;

use syncmgr::handler::Handler;
use syncmgr::plan::{Preview, PreviewError, Verification, Watch};
use syncmgr::{HandlerError, HandlerId, ItemId, Refusal};

use crate::center::Center;

impl Center {
    /// What a start of the item with these options would do; touches nothing. May take as long as looking does.
    ///
    /// # Errors
    /// What [`Handler::preview`] says; `InvalidArgument` for something unknown.
    pub fn preview(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        options: &str,
        watch: &dyn Watch,
    ) -> Result<Preview, PreviewError> {
        self.of_item(handler, item)?.preview(item, options, watch)
    }

    /// Whether the item is as its last run left it; touches nothing. May take as long as looking does.
    ///
    /// # Errors
    /// What [`Handler::verify`] says; `InvalidArgument` for something unknown.
    pub fn verify(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        options: &str,
        watch: &dyn Watch,
    ) -> Result<Verification, PreviewError> {
        self.of_item(handler, item)?.verify(item, options, watch)
    }

    /// The command that a plain start of the item runs, as a person would type it; none when there is none.
    ///
    /// # Errors
    /// `InvalidArgument` for something unknown.
    pub fn command_line(&self, handler: &HandlerId, item: &ItemId) -> Result<Option<String>, Refusal> {
        Ok(self.of_item(handler, item)?.command_line(item))
    }

    /// Tries whether a handler could synchronize just now ([`Handler::test`]); none when there is no such handler.
    pub fn test_handler(&self, handler: &HandlerId) -> Option<Result<String, HandlerError>> {
        let handler = self.inner.lock().handler(handler).map(|entry| Arc::clone(&entry.handler))?;
        Some(handler.test())
    }

    /// The handler of an item that is there. What it is asked is asked outside the center's lock.
    fn of_item(&self, handler: &HandlerId, item: &ItemId) -> Result<Arc<dyn Handler>, Refusal> {
        self.inner.with_handler(handler, |entry| {
            entry.item(item)?;
            Ok(Arc::clone(&entry.handler))
        })
    }
}
