//! Events: the lines of the results.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;
use crate::words::Level;

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventsPage {
    /// The events of this page.
    pub events: Vec<Event>,
    /// Where the next page begins (`after`); none after the last.
    pub next: Option<u64>,
}

/// One line of the results.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its identity.
    pub id: u64,
    /// The run it belongs to.
    pub run: u64,
    /// The handler that reported it.
    pub handler: String,
    /// The item it belongs to; none for the handler itself.
    pub item: Option<String>,
    /// When it was reported.
    pub time: Time,
    /// How serious it is.
    pub level: Level,
    /// A short summary.
    pub name: String,
    /// What happened, to what, and why.
    pub description: String,
    /// What to do about it, if that was said.
    pub fix: Option<String>,
    /// Caption of the link, if there is one.
    pub link_text: Option<String>,
    /// What the link opens. From the handler: to be shown, not to be trusted.
    pub link: Option<String>,
    /// Data of the handler.
    pub context: Option<String>,
}

impl From<syncmgr::Event> for Event {
    fn from(event: syncmgr::Event) -> Self {
        let (description, fix) = event.event.told();
        let (description, fix) = (description.to_owned(), fix.map(str::to_owned));
        Self {
            id: event.id.0,
            run: event.run.0,
            handler: event.handler.to_string(),
            item: event.event.item.as_ref().map(ToString::to_string),
            time: Time(event.time),
            level: event.event.level.into(),
            name: event.event.name,
            description,
            fix,
            link_text: event.event.link_text,
            link: event.event.link_reference,
            context: event.event.context,
        }
    }
}

/// Events of a run that have the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventGroup {
    /// How serious they are.
    pub level: Level,
    /// What they have in common.
    pub name: String,
    /// Why, with `…` in the place of the thing that each is about; null where they differ in more than that.
    pub reason: Option<String>,
    /// What to do about them, if that was said.
    pub fix: Option<String>,
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Event>,
}
