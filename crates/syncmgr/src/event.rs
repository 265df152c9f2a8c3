//! Events: the lines of the results (R16).

use bitflags::bitflags;

use crate::error::Refusal;
use crate::flags::from_number;
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

from_number!(Level, "event level (1 to 3)", [Information, Warning, Error]);

impl Level {
    /// `SYNCMGR_EL_MAX`: a bound; there is no such level of its own.
    pub const MAX: u32 = 3;

    /// The word used in the store, the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The level a word names, if it names one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| level.word() == word)
    }

    /// Whether it is counted and notified (R16): only errors are; warnings are shown.
    pub fn counts(self) -> bool {
        self == Self::Error
    }
}

bitflags! {
    /// `SYNCMGR_EVENT_FLAGS`: none is defined, and none is ever set.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct EventFlags: u32 {}
}

impl EventFlags {
    /// `SYNCMGR_EF_VALID`.
    pub const VALID: Self = Self::empty();
}

from_number!(EventFlags, "event flags (there are none)");

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
    /// The same event with a link (both halves: a caption without a target leads nowhere, a target without a caption
    /// cannot be clicked; the original does not say what happens to either).
    #[must_use]
    pub fn with_link(self, text: impl Into<String>, reference: impl Into<String>) -> Self {
        Self { link_text: Some(text.into()), link_reference: Some(reference.into()), ..self }
    }

    /// The same event with data that comes back with it.
    #[must_use]
    pub fn with_context(self, context: impl Into<String>) -> Self {
        Self { context: Some(context.into()), ..self }
    }

    /// The same event with what to do about it, as a further line of the description.
    #[must_use]
    pub fn with_fix(self, fix: &str) -> Self {
        Self { description: format!("{}\n{fix}", self.description), ..self }
    }

    /// What happened, and what to do about it if that was said.
    pub fn told(&self) -> (&str, Option<&str>) {
        match self.description.split_once('\n') {
            Some((text, fix)) => (text, Some(fix)),
            None => (&self.description, None),
        }
    }

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

impl Event {
    /// `GetItemID`: none for an event of the handler itself.
    pub fn item(&self) -> Option<&ItemId> {
        self.event.item.as_ref()
    }

    /// `GetLevel`.
    pub fn level(&self) -> Level {
        self.event.level
    }

    /// `GetFlags`.
    pub fn flags(&self) -> EventFlags {
        EventFlags::empty()
    }
}

/// A handler's own events beside the center's (`ISyncMgrEventStore`). After adding events the handler calls
/// [`Control::update_events`](crate::control::Control::update_events), or nobody looks.
pub trait EventStore: Send + Sync {
    /// `GetEventEnumerator`, oldest first. The enumerators of the original (`Next`, `Skip`, `Reset`, `Clone`) are lists
    /// and iterators here, for events, items and conflicts alike.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_told_apart_from_what_happened() {
        let plain = NewEvent::new(None, Level::Error, "name", "what happened");
        assert_eq!(plain.told(), ("what happened", None));
        assert_eq!(plain.with_fix("do this").told(), ("what happened", Some("do this")));
    }
}
