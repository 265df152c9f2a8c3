//! The lines of the results: those of the center's store, and among them those of handlers that keep some themselves.

use std::sync::Arc;

use store::{EventQuery, Order};
use syncmgr::event::{Event, EventId, EventStore};
use syncmgr::flags::{HandlerCapabilities, ItemCapabilities};
use syncmgr::ui::UiOperation;
use syncmgr::{HandlerId, ItemId, Refusal, RunId};

use crate::center::{Center, Inner};

/// What the link of an event leads to.
#[derive(Clone)]
pub enum Link {
    /// The handler has something of its own to show.
    Handler(Arc<dyn UiOperation>),
    /// A page.
    Page(String),
    /// A file or folder of this machine.
    File(String),
    /// A command. It is started only after a person has seen it and said yes, and never by the center itself.
    Command(String),
}

impl Link {
    /// What a reference names: an address of the web, `command:` with a line for the shell, `file:` or an absolute path;
    /// none for anything else, which nobody should open on a click.
    pub fn of(reference: &str) -> Option<Self> {
        let reference = reference.trim();
        let after = |scheme: &str| {
            let found = reference.get(..scheme.len()).filter(|found| found.eq_ignore_ascii_case(scheme));
            found.map(|_| reference[scheme.len()..].trim().to_owned()).filter(|rest| !rest.is_empty())
        };
        if after("https://").is_some() || after("http://").is_some() {
            return Some(Self::Page(reference.to_owned()));
        }
        if let Some(line) = after("command:") {
            return Some(Self::Command(line));
        }
        let path = after("file://").or_else(|| after("file:")).unwrap_or_else(|| reference.to_owned());
        path.starts_with('/').then_some(Self::File(path))
    }
}

/// A page of the results.
#[derive(Debug, Clone, Default)]
pub struct EventPage {
    /// Its lines.
    pub events: Vec<Event>,
    /// Where the next page begins ([`EventQuery::after`]); none after the last.
    pub next: Option<EventId>,
}

/// Whose own store it is.
type Own = (HandlerId, Option<ItemId>, Arc<dyn EventStore>);

impl Center {
    /// A page of the results over all event stores. What handlers keep themselves comes with the run that it belongs to,
    /// after the lines that the center has of it, and on top of the page's limit.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn events(&self, query: &EventQuery) -> Result<EventPage, Refusal> {
        let mut page = self.inner.store.events(query)?;
        let full = page.len() >= query.limit.unwrap_or(100) as usize;
        let last = page.last().filter(|_| full).map(|last| (last.id, last.run));
        let end = last.map(|(_, run)| run);
        let begin = query.after.map(store::run_of);
        let between = |run: RunId| match query.order {
            // A run's own lines come before those of its handler's store.
            Order::OldestFirst => begin.is_none_or(|begin| run >= begin) && end.is_none_or(|end| run < end),
            Order::NewestFirst => begin.is_none_or(|begin| run < begin) && end.is_none_or(|end| run >= end),
        };
        let asked = |event: &Event| {
            query.run.is_none_or(|run| event.run == run)
                && query.handler.as_ref().is_none_or(|handler| event.handler == *handler)
                && query.item.as_ref().is_none_or(|item| event.item() == Some(item))
                && query.level.is_none_or(|level| event.level() >= level)
                && query.text.as_ref().is_none_or(|text| says(event, text))
                && between(event.run)
        };
        let own = self.inner.event_stores(query.handler.as_ref());
        let before = page.len();
        page.extend(own.iter().flat_map(|(_, _, own)| own.events()).filter(asked));
        if page.len() > before {
            match query.order {
                Order::OldestFirst => page.sort_by_key(|event| event.run),
                Order::NewestFirst => page.sort_by_key(|event| std::cmp::Reverse(event.run)),
            }
        }
        Ok(EventPage { events: page, next: last.map(|(id, _)| id) })
    }

    /// What the link of an event opens; none when it has none, or one that names nothing that can be opened.
    pub fn link(&self, event: &Event) -> Option<Link> {
        let handler = self.inner.lock().handler(&event.handler).map(|entry| Arc::clone(&entry.handler));
        // Asked outside the lock: what a handler does is its own affair.
        let own = handler.and_then(|handler| handler.event_link(event)).map(Link::Handler);
        own.or_else(|| Link::of(event.event.link_reference.as_deref()?))
    }
}

fn says(event: &Event, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let within = |field: &str| field.to_ascii_lowercase().contains(&text);
    within(&event.event.name) || within(&event.event.description)
}

impl Inner {
    /// The event stores that handlers and items keep themselves.
    fn event_stores(&self, of: Option<&HandlerId>) -> Vec<Own> {
        let (handlers, items) = {
            let state = self.lock();
            let wanted = |id: &HandlerId| of.is_none_or(|of| of == id);
            let entries = || state.handlers.iter().filter(|entry| wanted(entry.id()));
            let handlers: Vec<_> = entries()
                .filter(|entry| {
                    let can = |can: HandlerCapabilities| can.contains(HandlerCapabilities::EVENT_STORE);
                    entry.loaded.as_ref().is_ok_and(|loaded| can(loaded.capabilities))
                })
                .map(|entry| Arc::clone(&entry.handler))
                .collect();
            let items: Vec<_> = entries()
                .flat_map(|entry| entry.items.iter().map(|item| (entry.id().clone(), item)))
                .filter(|(_, item)| {
                    let can = |can: ItemCapabilities| can.contains(ItemCapabilities::EVENT_STORE);
                    item.loaded.as_ref().is_ok_and(|loaded| can(loaded.capabilities))
                })
                .map(|(handler, item)| (handler, Arc::clone(&item.item)))
                .collect();
            (handlers, items)
        };
        let mut own: Vec<Own> = handlers
            .iter()
            .filter_map(|handler| Some((handler.id().clone(), None, handler.event_store()?)))
            .collect();
        // A handler's own store has those of its items too.
        let of_items = items.iter().filter_map(|(handler, item)| {
            let covered = own.iter().any(|(known, _, _)| known == handler);
            if covered { None } else { Some((handler.clone(), Some(item.id().clone()), item.event_store()?)) }
        });
        let of_items: Vec<Own> = of_items.collect();
        own.extend(of_items);
        own
    }

    /// As the original has it, a handler's own events about items go when these are synchronized again.
    pub(crate) fn forget_own_events(&self, handler: &HandlerId, items: &[ItemId], run: RunId) {
        for (_, _, own) in self.event_stores(Some(handler)) {
            let old: Vec<EventId> = own
                .events()
                .iter()
                .filter(|event| event.run != run && event.item().is_none_or(|item| items.contains(item)))
                .map(|event| event.id)
                .collect();
            if !old.is_empty() {
                own.remove(&old);
            }
        }
    }
}
