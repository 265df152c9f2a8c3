//! What a front end must ask or show on behalf of a handler: UI operations as requests (a prompt of the command
//! line, a dialog of the page). The original's `ISyncMgrUIOperation` opened windows by itself.

use crate::event::EventId;

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

/// What the front end is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
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
}

/// One dialog (`ISyncMgrUIOperation`).
pub trait UiOperation: Send + Sync {
    /// What to show.
    fn request(&self) -> UiRequest;
    /// The person's answer; for a query, false (or no front end at all) means: do not.
    fn answered(&self, yes: bool);
}
