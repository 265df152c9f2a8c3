//! The handlers that the daemon has, with their items.

use super::orders::encoded;
use super::{Daemon, Trouble};

/// A handler of the daemon, with its items.
pub(crate) struct There {
    pub(crate) handler: wire::Handler,
    pub(crate) items: Vec<wire::Item>,
}

impl Daemon {
    /// The handlers that the daemon has and this process may not have.
    pub(crate) fn handlers(&self) -> Result<Vec<wire::Handler>, Trouble> {
        self.get::<wire::Handlers>("/handlers").map(|all| all.handlers)
    }

    /// One of them with all its items.
    pub(crate) fn with_items(&self, handler: wire::Handler) -> Result<There, Trouble> {
        let (mut items, mut next) = (Vec::new(), Some(0));
        while let Some(offset) = next {
            let id = encoded(&handler.id);
            let path = format!("/items?handler={id}&hidden=true&sort=name&limit=1000&offset={offset}");
            let page: wire::ItemsPage = self.get(&path)?;
            items.extend(page.items);
            next = page.next;
        }
        Ok(There { handler, items })
    }
}
