//! The things that messages speak of, and how they become those of the contract.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syncmgr::flags::HandlerType;
use syncmgr::ui::UiRequest;
use syncmgr::{
    EventId, HandlerError, HandlerId, HandlerInfo, ItemId, Level, NewEvent, ProblemClass, RunId, SyncItem,
    SyncItemInfo,
};

use super::handler::{HandlerDescription, ItemDescription};
use super::number::Number;
use super::words::{Names, Word};

/// A program and its version.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
}

/// Something that went wrong, as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Its kind.
    pub class: Word<ProblemClass>,
    /// What happened, to what, and why.
    pub text: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl From<Problem> for syncmgr::Problem {
    fn from(problem: Problem) -> Self {
        // A class of a later version is none that this one could retry.
        let class = problem.class.0.unwrap_or(ProblemClass::Config);
        Self { class, text: problem.text, fix: problem.fix }
    }
}

impl From<syncmgr::Problem> for Problem {
    fn from(problem: syncmgr::Problem) -> Self {
        Self { class: problem.class.into(), text: problem.text, fix: problem.fix }
    }
}

/// What a run changed on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SideCounts {
    /// Entries that appeared.
    pub created: Number,
    /// Entries whose content or metadata was replaced.
    pub updated: Number,
    /// Entries that went away.
    pub deleted: Number,
    /// Entries that were renamed or moved.
    pub moved: Number,
}

/// What a run of an item changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Counts {
    /// Changes on side A.
    pub a: SideCounts,
    /// Changes on side B (for handlers without sides: all of them).
    pub b: SideCounts,
    /// Conflicts that are open after the run.
    pub conflicts: Number,
    /// Entries that could not be synchronized.
    pub errors: Number,
    /// Entries left out by their kind.
    pub skipped: Number,
    /// Bytes of content that were transferred.
    pub bytes: Number,
}

impl From<SideCounts> for syncmgr::outcome::SideCounts {
    fn from(side: SideCounts) -> Self {
        let SideCounts { created, updated, deleted, moved } = side;
        Self { created: created.0, updated: updated.0, deleted: deleted.0, moved: moved.0 }
    }
}

impl From<syncmgr::outcome::SideCounts> for SideCounts {
    fn from(side: syncmgr::outcome::SideCounts) -> Self {
        Self {
            created: side.created.into(),
            updated: side.updated.into(),
            deleted: side.deleted.into(),
            moved: side.moved.into(),
        }
    }
}

impl From<Counts> for syncmgr::Counts {
    fn from(counts: Counts) -> Self {
        let Counts { a, b, conflicts, errors, skipped, bytes } = counts;
        Self {
            a: a.into(),
            b: b.into(),
            conflicts: conflicts.0,
            errors: errors.0,
            skipped: skipped.0,
            bytes: bytes.0,
        }
    }
}

impl From<syncmgr::Counts> for Counts {
    fn from(counts: syncmgr::Counts) -> Self {
        Self {
            a: counts.a.into(),
            b: counts.b.into(),
            conflicts: counts.conflicts.into(),
            errors: counts.errors.into(),
            skipped: counts.skipped.into(),
            bytes: counts.bytes.into(),
        }
    }
}

/// An operation that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UiOperation {
    /// Names it in `ui_answer`.
    pub operation: u64,
    /// What to show.
    pub request: Show,
}

/// What a front end shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "show", rename_all = "snake_case")]
pub enum Show {
    /// A question that is answered with yes or no.
    Confirm {
        /// The question, with its consequence.
        text: String,
    },
    /// Something to read.
    Text {
        /// The text.
        text: String,
    },
    /// Something to open.
    Open {
        /// A path or URL.
        reference: String,
    },
    /// The center's own schedule page of the handler.
    Schedule,
    /// Something of a later version.
    #[serde(other)]
    Unknown,
}

impl Show {
    /// What a front end is to show for a handler; none for something of a later version.
    pub fn into_contract(self, handler: &HandlerId) -> Option<UiRequest> {
        match self {
            Self::Confirm { text } => Some(UiRequest::Confirm { text }),
            Self::Text { text } => Some(UiRequest::Show { text }),
            Self::Open { reference } => Some(UiRequest::Open { reference }),
            Self::Schedule => Some(UiRequest::Schedule { handler: handler.clone() }),
            Self::Unknown => None,
        }
    }
}

impl From<UiRequest> for Show {
    fn from(request: UiRequest) -> Self {
        match request {
            UiRequest::Confirm { text } => Self::Confirm { text },
            UiRequest::Show { text } => Self::Text { text },
            UiRequest::Open { reference } => Self::Open { reference },
            UiRequest::Schedule { .. } => Self::Schedule,
            _ => Self::Unknown,
        }
    }
}

/// An event as a store holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireEvent {
    /// Given by the store.
    pub id: Number,
    /// The run it belongs to; 0: none.
    #[serde(default)]
    pub run: Number,
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// The item; absent: the handler itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Its level.
    pub level: Word<Level>,
    /// Short name.
    pub name: String,
    /// What happened; a second line says what to do.
    pub description: String,
    /// Caption of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_text: Option<String>,
    /// What the link opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_reference: Option<String>,
    /// Data of the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

impl WireEvent {
    /// The contract's event of a handler; none when its item is no identifier.
    pub fn into_contract(self, handler: &HandlerId) -> Option<syncmgr::Event> {
        let item = match &self.item {
            Some(item) => Some(ItemId::new(item).ok()?),
            None => None,
        };
        Some(syncmgr::Event {
            id: EventId(self.id.0),
            handler: handler.clone(),
            run: RunId(self.run.0),
            time: self.time,
            event: NewEvent {
                item,
                level: self.level.0.unwrap_or(Level::Information),
                name: self.name,
                description: self.description,
                link_text: self.link_text,
                link_reference: self.link_reference,
                context: self.context,
            },
        })
    }
}

impl From<&syncmgr::Event> for WireEvent {
    fn from(event: &syncmgr::Event) -> Self {
        let of = &event.event;
        Self {
            id: event.id.0.into(),
            run: event.run.0.into(),
            time: event.time,
            item: of.item.as_ref().map(ItemId::to_string),
            level: of.level.into(),
            name: of.name.clone(),
            description: of.description.clone(),
            link_text: of.link_text.clone(),
            link_reference: of.link_reference.clone(),
            context: of.context.clone(),
        }
    }
}

impl HandlerDescription {
    /// A description with nothing but a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: Word::default(),
            type_label: String::new(),
            comment: String::new(),
            last_sync: None,
            active: None,
            enabled: None,
            connected: true,
            capabilities: Names::default(),
            policies: Names::default(),
        }
    }

    /// Its properties.
    pub fn info(&self) -> HandlerInfo {
        HandlerInfo {
            kind: self.kind.0.unwrap_or(HandlerType::Unspecified),
            type_label: self.type_label.clone(),
            comment: self.comment.clone(),
            last_sync: self.last_sync,
            active: self.active,
            enabled: self.enabled,
            connected: self.connected,
        }
    }

    /// What a handler says of itself.
    ///
    /// # Errors
    /// Its name could not be had.
    pub fn of(handler: &dyn syncmgr::Handler) -> Result<Self, HandlerError> {
        // A failing getter only means default properties (R18).
        let info = handler.info().unwrap_or_default();
        Ok(Self {
            name: handler.name()?,
            kind: info.kind.into(),
            type_label: info.type_label,
            comment: info.comment,
            last_sync: info.last_sync,
            active: info.active,
            enabled: info.enabled,
            connected: info.connected,
            capabilities: Names(handler.capabilities()),
            policies: Names(handler.policies()),
        })
    }
}

impl ItemDescription {
    /// A description with nothing but an identifier and a name.
    pub fn named(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            type_label: String::new(),
            comment: String::new(),
            last_sync: None,
            enabled: None,
            connected: true,
            capabilities: Names::default(),
            policies: Names::default(),
        }
    }

    /// Its properties.
    pub fn info(&self) -> SyncItemInfo {
        SyncItemInfo {
            type_label: self.type_label.clone(),
            comment: self.comment.clone(),
            last_sync: self.last_sync,
            enabled: self.enabled,
            connected: self.connected,
        }
    }

    /// What an item says of itself. One whose name fails has none, and is hidden (R18).
    pub fn of(item: &dyn SyncItem) -> Self {
        let info = item.info().unwrap_or_default();
        Self {
            id: item.id().to_string(),
            name: item.name().unwrap_or_default(),
            type_label: info.type_label,
            comment: info.comment,
            last_sync: info.last_sync,
            enabled: info.enabled,
            connected: info.connected,
            capabilities: Names(item.capabilities()),
            policies: Names(item.policies()),
        }
    }
}
