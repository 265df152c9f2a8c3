//! The items of a handler in another process, as it described them.

use std::sync::{Arc, Weak};

use serde_json::{Map, Value};
use syncmgr::conflict::ConflictStore;
use syncmgr::event::EventStore;
use syncmgr::flags::{ItemCapabilities, ItemPolicies};
use syncmgr::ui::{Icon, UiAction, UiOperation};
use syncmgr::{HandlerError, ItemContainer, ItemId, Problem, ProblemClass, Refusal, SyncItem, SyncItemInfo};
use wire::rpc::handler as ask;
use wire::rpc::handler::ItemDescription;

use super::connection::Connection;
use super::icon;
use super::shared::Host;
use super::spec::HandlerSpec;
use super::stores::{RemoteConflicts, RemoteEvents};
use super::ui;

/// The items of a hosted handler.
pub(crate) struct HostedItems {
    pub(crate) host: Arc<Host>,
}

impl HostedItems {
    fn hosted(&self, described: &[ItemDescription]) -> Vec<Arc<dyn SyncItem>> {
        // An identifier that is none hides its item, and only that (R18).
        let items = described.iter().filter_map(|item| HostedItem::of_host(item.clone(), &self.host).ok());
        items.map(|item| Arc::new(item) as Arc<dyn SyncItem>).collect()
    }
}

impl ItemContainer for HostedItems {
    fn item(&self, id: &ItemId) -> Option<Arc<dyn SyncItem>> {
        let known = self.all().into_iter().find(|item| item.id() == id);
        known.or_else(|| {
            let connection = self.host.running()?;
            let question = ask::GetItem { item: id.to_string() };
            let found = connection.call(&question, self.host.limits.answer).ok()?.item?;
            self.hosted(&[found]).pop().filter(|item| item.id() == id)
        })
    }

    fn all(&self) -> Vec<Arc<dyn SyncItem>> {
        match self.host.said() {
            Ok(said) => self.hosted(&said.items),
            // What the settings give to a program that cannot be asked is there all the same: whoever wants it
            // synchronized hears why it cannot be.
            Err(_) => self.hosted(&of_settings(&self.host.spec())),
        }
    }
}

fn of_settings(spec: &HandlerSpec) -> Vec<ItemDescription> {
    let named = |(id, keys): (&String, &Map<String, Value>)| {
        let name = keys.get("name").and_then(Value::as_str).unwrap_or(id);
        ItemDescription::named(id, name)
    };
    spec.items.iter().map(named).collect()
}

/// An item as its handler described it.
pub(crate) struct HostedItem {
    id: ItemId,
    description: ItemDescription,
    /// How it is asked for more; a proposed item knows only its connection.
    reach: Reach,
}

enum Reach {
    Host(Weak<Host>),
    Connection(Weak<Connection>),
}

impl HostedItem {
    /// An item that is proposed on a connection.
    pub(crate) fn new(description: ItemDescription, connection: &Arc<Connection>) -> Result<Self, Refusal> {
        let reach = Reach::Connection(Arc::downgrade(connection));
        Ok(Self { id: ItemId::new(&description.id)?, description, reach })
    }

    fn of_host(description: ItemDescription, host: &Arc<Host>) -> Result<Self, Refusal> {
        let reach = Reach::Host(Arc::downgrade(host));
        Ok(Self { id: ItemId::new(&description.id)?, description, reach })
    }

    fn call<M: wire::rpc::Method>(&self, question: &M) -> Result<M::Answer, HandlerError> {
        let gone = || Problem::new(ProblemClass::Transient, "The handler was taken out.");
        let connection = match &self.reach {
            Reach::Host(host) => host.upgrade().ok_or_else(gone)?.connect()?,
            Reach::Connection(connection) => connection.upgrade().ok_or_else(gone)?,
        };
        let patience = connection.limits.work;
        let answer = connection.call(question, patience)?;
        connection.read_again();
        Ok(answer)
    }

    fn host(&self) -> Option<Arc<Host>> {
        match &self.reach {
            Reach::Host(host) => host.upgrade(),
            Reach::Connection(_) => None,
        }
    }
}

impl SyncItem for HostedItem {
    fn id(&self) -> &ItemId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.description.name.clone())
    }

    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        Ok(self.description.info())
    }

    fn capabilities(&self) -> ItemCapabilities {
        self.description.capabilities.0
    }

    fn policies(&self) -> ItemPolicies {
        self.description.policies.0
    }

    fn enable(&self, enabled: bool) -> Result<(), HandlerError> {
        self.call(&ask::Enable { item: Some(self.id.to_string()), enabled }).map(drop)
    }

    fn event_store(&self) -> Option<Arc<dyn EventStore>> {
        let has = self.capabilities().contains(ItemCapabilities::EVENT_STORE);
        let host = self.host().filter(|_| has)?;
        Some(Arc::new(RemoteEvents::new(&host, Some(self.id.clone()))))
    }

    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        let has = self.capabilities().contains(ItemCapabilities::CONFLICT_STORE);
        let host = self.host().filter(|_| has)?;
        Some(Arc::new(RemoteConflicts::new(&host)))
    }

    fn icon(&self) -> Option<Icon> {
        let has = self.capabilities().contains(ItemCapabilities::PROVIDES_ICON);
        icon::icon(&self.host().filter(|_| has)?, Some(&self.id))
    }

    fn delete(&self) -> Result<(), HandlerError> {
        self.call(&ask::DeleteItem { item: self.id.to_string() }).map(drop)
    }

    fn ui_operation(&self, action: &UiAction) -> Option<Arc<dyn UiOperation>> {
        ui::operation(&self.host()?, action, Some(&self.id))
    }
}
