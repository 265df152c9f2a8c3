//! What a front end must ask or show on behalf of a handler: UI operations as requests (a prompt of the command
//! line, a dialog of the page). The original's `ISyncMgrUIOperation` opened windows by itself.

use std::sync::Arc;

use crate::event::{Event, EventId};
use crate::flags::{HandlerCapabilities, HandlerPolicies, ItemCapabilities, ItemPolicies};
use crate::guid::{Guid, object};
use crate::handler::Handler;
use crate::ids::HandlerId;

/// What the person did that made the center ask for an operation (the original's object IDs).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UiAction {
    /// Show the content of the handler or item.
    BrowseContent,
    /// Show the handler's schedule.
    ShowSchedule,
    /// Before the handler is activated.
    QueryBeforeActivate,
    /// Before the handler is deactivated.
    QueryBeforeDeactivate,
    /// Before the handler or item is enabled.
    QueryBeforeEnable,
    /// Before the handler or item is disabled.
    QueryBeforeDisable,
    /// Before the item is deleted.
    QueryBeforeDelete,
    /// The link of this event was clicked.
    EventLinkClick(EventId),
}

impl UiAction {
    /// The original's object ID.
    pub fn object_id(&self) -> Guid {
        match self {
            Self::BrowseContent => object::BROWSE_CONTENT,
            Self::ShowSchedule => object::SHOW_SCHEDULE,
            Self::QueryBeforeActivate => object::QUERY_BEFORE_ACTIVATE,
            Self::QueryBeforeDeactivate => object::QUERY_BEFORE_DEACTIVATE,
            Self::QueryBeforeEnable => object::QUERY_BEFORE_ENABLE,
            Self::QueryBeforeDisable => object::QUERY_BEFORE_DISABLE,
            Self::QueryBeforeDelete => object::QUERY_BEFORE_DELETE,
            Self::EventLinkClick(_) => object::EVENT_LINK_CLICK,
        }
    }

    /// Whether a handler with these capabilities and policies is asked for this operation at all.
    pub fn is_asked_of_handler(&self, can: HandlerCapabilities, not: HandlerPolicies) -> bool {
        use {HandlerCapabilities as Can, HandlerPolicies as Not};
        match self {
            Self::BrowseContent => can.contains(Can::CAN_BROWSE_CONTENT),
            Self::ShowSchedule => can.contains(Can::CAN_SHOW_SCHEDULE),
            Self::QueryBeforeActivate => {
                can.contains(Can::QUERY_BEFORE_ACTIVATE) && !not.contains(Not::PREVENT_ACTIVATE)
            }
            Self::QueryBeforeDeactivate => {
                can.contains(Can::QUERY_BEFORE_DEACTIVATE) && !not.contains(Not::PREVENT_DEACTIVATE)
            }
            Self::QueryBeforeEnable => {
                can.contains(Can::QUERY_BEFORE_ENABLE) && !not.contains(Not::PREVENT_ENABLE)
            }
            Self::QueryBeforeDisable => {
                can.contains(Can::QUERY_BEFORE_DISABLE) && !not.contains(Not::PREVENT_DISABLE)
            }
            // Handlers are deactivated; only items are deleted.
            Self::QueryBeforeDelete => false,
            Self::EventLinkClick(_) => true,
        }
    }

    /// Whether an item with these capabilities and policies is asked for this operation at all.
    pub fn is_asked_of_item(&self, can: ItemCapabilities, not: ItemPolicies) -> bool {
        use {ItemCapabilities as Can, ItemPolicies as Not};
        match self {
            Self::BrowseContent => can.contains(Can::CAN_BROWSE_CONTENT),
            Self::QueryBeforeEnable => {
                can.contains(Can::QUERY_BEFORE_ENABLE) && !not.contains(Not::PREVENT_ENABLE)
            }
            // The original's page names another bit here; the bit of this name is meant.
            Self::QueryBeforeDisable => {
                can.contains(Can::QUERY_BEFORE_DISABLE) && !not.contains(Not::PREVENT_DISABLE)
            }
            Self::QueryBeforeDelete => can.contains(Can::CAN_DELETE | Can::QUERY_BEFORE_DELETE),
            Self::ShowSchedule
            | Self::QueryBeforeActivate
            | Self::QueryBeforeDeactivate
            | Self::EventLinkClick(_) => false,
        }
    }
}

/// What the front end is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UiRequest {
    /// A question that is answered with yes or no.
    Confirm {
        /// The question, with its consequence.
        text: String,
    },
    /// Something to read.
    Show {
        /// The text.
        text: String,
    },
    /// Something to open (a folder, a page).
    Open {
        /// A path or URL.
        reference: String,
    },
    /// The sync center's own schedule page of a handler.
    Schedule {
        /// Whose schedule.
        handler: HandlerId,
    },
}

/// One dialog (`ISyncMgrUIOperation`).
pub trait UiOperation: Send + Sync {
    /// What to show.
    fn request(&self) -> UiRequest;
    /// The person's answer; for a query, false (or no front end at all) means: do not.
    fn answered(&self, yes: bool);
}

/// An operation that only shows something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowOnly(pub UiRequest);

impl UiOperation for ShowOnly {
    fn request(&self) -> UiRequest {
        self.0.clone()
    }

    fn answered(&self, _yes: bool) {}
}

/// The sync center's own schedule page (`ISyncMgrScheduleWizardUIOperation`): a handler with
/// [`CAN_SHOW_SCHEDULE`](HandlerCapabilities::CAN_SHOW_SCHEDULE) makes it for [`UiAction::ShowSchedule`], or shows a page
/// of its own.
pub fn schedule(handler: &HandlerId) -> Arc<dyn UiOperation> {
    Arc::new(ShowOnly(UiRequest::Schedule { handler: handler.clone() }))
}

/// What a click on an event's link does (`ISyncMgrEventLinkUIOperation`): what the handler wants, or else the link's
/// reference is opened, as in the original. None when there is neither.
pub fn event_link(handler: &dyn Handler, event: &Event) -> Option<Arc<dyn UiOperation>> {
    handler.event_link(event).or_else(|| {
        let reference = event.event.link_reference.clone()?;
        Some(Arc::new(ShowOnly(UiRequest::Open { reference })))
    })
}

/// An icon that is found at run time (`GetObject(Icon)`); best avoided, as in the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Icon {
    /// For instance `image/svg+xml`.
    pub media_type: String,
    /// The image.
    pub bytes: Arc<[u8]>,
}
