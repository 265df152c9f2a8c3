//! What a front end is asked to show: links of events, and schedules.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;

use std::sync::Arc;

use common::handler;
use syncmgr::handler::ItemList;
use syncmgr::ui::{ShowOnly, UiAction, UiOperation, UiRequest, event_link, schedule};
use syncmgr::{
    Event, EventId, Handler, HandlerError, HandlerId, ItemContainer, ItemId, Level, NewEvent, Request, RunId,
    SessionCreator,
};

/// Knows what to do with the link of event 1, and has the sync center's schedule.
struct Linked {
    id: HandlerId,
    items: ItemList,
}

impl Handler for Linked {
    fn id(&self) -> &HandlerId {
        &self.id
    }
    fn name(&self) -> Result<String, HandlerError> {
        Ok("Linked".into())
    }
    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }
    fn ui_operation(&self, action: &UiAction) -> Option<Arc<dyn UiOperation>> {
        match action {
            UiAction::EventLinkClick(EventId(1)) => {
                Some(Arc::new(ShowOnly(UiRequest::Show { text: "the device is in the drawer".into() })))
            }
            UiAction::ShowSchedule => Some(schedule(&self.id)),
            _ => None,
        }
    }
    fn synchronize(
        &self,
        _items: &[ItemId],
        _creator: &dyn SessionCreator,
        _request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        Ok(())
    }
}

fn linked() -> Linked {
    Linked { id: handler(), items: ItemList::default() }
}

fn event(id: u64) -> Event {
    let event = NewEvent::new(None, Level::Error, "Not found", "the device was not found");
    Event { id: EventId(id), handler: handler(), run: RunId(1), time: 0, event }
}

#[test]
fn a_link_does_what_the_handler_wants_or_opens_its_reference() {
    let clicked = |event: &Event| event_link(&linked(), event).map(|operation| operation.request());
    let text = "the device is in the drawer".into();
    assert_eq!(clicked(&event(1)), Some(UiRequest::Show { text }));
    assert_eq!(clicked(&event(2)), None, "there is no link");
    let mut with_link = event(2);
    with_link.event = with_link.event.with_link("Help", "https://example.org/help");
    let reference = "https://example.org/help".into();
    assert_eq!(clicked(&with_link), Some(UiRequest::Open { reference }));
}

#[test]
fn a_handler_can_show_the_centers_schedule_of_itself() {
    let operation = linked().ui_operation(&UiAction::ShowSchedule).unwrap();
    assert_eq!(operation.request(), UiRequest::Schedule { handler: handler() });
}
