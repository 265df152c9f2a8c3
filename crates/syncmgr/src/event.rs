//! Events: the lines of the results (R16).

use crate::error::Refusal;
use crate::ids::{HandlerId, ItemId, RunId};

/// How serious an event is (`SYNCMGR_EVENT_LEVEL`). Only errors are counted and notified (R16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// Worth a line.
    Information = 1,
    /// Worth a look.
    Warning = 2,
    /// Counted and notified.
    Error = 3,
}

impl Level {
    /// Reads the number of a foreign caller.
    ///
    /// # Errors
    /// [`Refusal::InvalidArgument`] for anything but 1 to 3 (R10).
    pub fn from_number(number: u32) -> Result<Self, Refusal> {
        Ok(match number {
            1 => Self::Information,
            2 => Self::Warning,
            3 => Self::Error,
            _ => return Err(Refusal::InvalidArgument(format!("{number} is no event level (1 to 3)"))),
        })
    }
}

/// The identity of an event, given by the store (R16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u64);

/// An event as a handler reports it (the arguments of the original's `ReportEvent`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The item it belongs to; none means the handler itself.
    pub item: Option<ItemId>,
    /// Its level.
    pub level: Level,
    /// Short name or summary, at most 127 UTF-16 units (longer is cut, R5). Must not be empty.
    pub name: String,
    /// What happened, to what, why, and what to do. Must not be empty.
    pub description: String,
    /// Caption of the link, if there is one.
    pub link_text: Option<String>,
    /// What the link opens.
    pub link_reference: Option<String>,
    /// Data of the handler that comes back with the event.
    pub context: Option<String>,
}

impl NewEvent {
    /// An event without link and context.
    pub fn new(
        item: Option<&ItemId>,
        level: Level,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            item: item.cloned(),
            level,
            name: name.into(),
            description: description.into(),
            link_text: None,
            link_reference: None,
            context: None,
        }
    }
}

/// An event as a store holds it (`ISyncMgrEvent`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Given by the store.
    pub id: EventId,
    /// The handler that reported it.
    pub handler: HandlerId,
    /// The run it belongs to.
    pub run: RunId,
    /// When it was reported, in milliseconds since 1970 (UTC).
    pub time: i64,
    /// What was reported.
    pub event: NewEvent,
}

/// A handler's own events beside the center's (`ISyncMgrEventStore`).
pub trait EventStore: Send + Sync {
    /// `GetEventEnumerator`, oldest first.
    fn events(&self) -> Vec<Event>;
    /// `GetEventCount`.
    fn count(&self) -> usize {
        self.events().len()
    }
    /// `GetEvent`.
    fn event(&self, id: EventId) -> Option<Event>;
    /// `RemoveEvent`; unknown ones are passed over.
    fn remove(&self, ids: &[EventId]);
}
