//! What a handler asks a person, passed on.

use std::sync::Arc;

use syncmgr::ui::{UiAction, UiOperation, UiRequest};
use syncmgr::{Event, ItemId};
use wire::rpc::handler as ask;
use wire::rpc::handler::Ability;
use wire::rpc::things;

use super::connection::Connection;
use super::shared::Host;

/// An operation that waits in the handler.
struct RemoteOperation {
    connection: Arc<Connection>,
    number: u64,
    request: UiRequest,
}

impl UiOperation for RemoteOperation {
    fn request(&self) -> UiRequest {
        self.request.clone()
    }

    fn answered(&self, yes: bool) {
        // Waited for, so that what follows finds the handler informed. One that is gone needs no answer.
        let _ =
            self.connection.call(&ask::UiAnswer { operation: self.number, yes }, self.connection.limits.work);
    }
}

/// The operation for what a person did.
pub(crate) fn operation(
    host: &Arc<Host>,
    action: &UiAction,
    item: Option<&ItemId>,
) -> Option<Arc<dyn UiOperation>> {
    let action = match action {
        UiAction::BrowseContent => "browse_content",
        UiAction::ShowSchedule => "show_schedule",
        UiAction::QueryBeforeActivate => "query_before_activate",
        UiAction::QueryBeforeDeactivate => "query_before_deactivate",
        UiAction::QueryBeforeEnable => "query_before_enable",
        UiAction::QueryBeforeDisable => "query_before_disable",
        UiAction::QueryBeforeDelete => "query_before_delete",
        // A click comes with its event.
        _ => return None,
    };
    let connection = host.able(Ability::Ui)?;
    let question = ask::GetUiOperation { action: action.into(), item: item.map(ItemId::to_string) };
    let found = connection.call(&question, host.limits.answer).ok()?;
    remote(host, connection, found.operation)
}

/// What a click on the link of one of its events does.
pub(crate) fn event_link(host: &Arc<Host>, event: &Event) -> Option<Arc<dyn UiOperation>> {
    let connection = host.able(Ability::Ui)?;
    let found = connection.call(&ask::EventLink { event: event.into() }, host.limits.answer).ok()?;
    remote(host, connection, found.operation)
}

fn remote(
    host: &Host,
    connection: Arc<Connection>,
    operation: Option<things::UiOperation>,
) -> Option<Arc<dyn UiOperation>> {
    let operation = operation?;
    let request = operation.request.into_contract(&host.id)?;
    Some(Arc::new(RemoteOperation { connection, number: operation.operation, request }))
}
