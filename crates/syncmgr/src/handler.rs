//! What a handler implements.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::callback::SessionCreator;
use crate::conflict::{ConflictStore, ResolutionHandler};
use crate::error::{HandlerError, Refusal};
use crate::event::{Event, EventStore};
use crate::flags::{HandlerCapabilities, HandlerPolicies, HandlerType, ItemCapabilities, ItemPolicies};
use crate::follow::{self, Following};
use crate::ids::{HandlerId, ItemId, RunId};
use crate::plan::{Preview, PreviewError, Verification, Watch};
use crate::status::Termination;
use crate::ui::{Icon, UiAction, UiOperation};

/// An opaque request: what a caller hands to start reaches the handler's [`Handler::synchronize`] untouched (the
/// original's `IUnknown`). Two requests are the same only if they are the same object.
#[derive(Clone)]
pub struct Request(Arc<dyn Any + Send + Sync>);

impl Request {
    /// Wraps a value that the handler will know.
    pub fn new<T: Any + Send + Sync>(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// The value, if it is of that type.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// Whether both are the same object.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request")
    }
}

/// A provider of synchronization (`ISyncMgrHandler`).
///
/// The original makes an instance for each synchronization and each UI operation; ours calls one instance from several
/// threads. What belongs to one synchronization therefore lives on the stack of [`synchronize`](Self::synchronize).
pub trait Handler: Send + Sync {
    /// Unique in one sync center.
    fn id(&self) -> &HandlerId;
    /// `GetName`: what a person reads. Empty or failing: hidden and never synchronized (R18).
    ///
    /// # Errors
    /// Whatever keeps the handler from knowing.
    fn name(&self) -> Result<String, HandlerError>;
    /// `GetHandlerInfo`: failing means default properties (R18).
    ///
    /// # Errors
    /// Whatever keeps the handler from knowing.
    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        Ok(HandlerInfo::default())
    }
    /// `GetCapabilities`.
    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::empty()
    }
    /// `GetPolicies`.
    fn policies(&self) -> HandlerPolicies {
        HandlerPolicies::empty()
    }
    /// `Activate`: told after set-up (true) or delete (false).
    ///
    /// # Errors
    /// A refusal with its reason; the state then stays as it was.
    fn activate(&self, _active: bool) -> Result<(), HandlerError> {
        Ok(())
    }
    /// `Enable`: told after enable or disable.
    ///
    /// # Errors
    /// A refusal with its reason; the state then stays as it was.
    fn enable(&self, _enabled: bool) -> Result<(), HandlerError> {
        Ok(())
    }
    /// The handler's items (`ISyncMgrSyncItemContainer`, there reached by QueryInterface).
    fn items(&self) -> &dyn ItemContainer;
    /// `GetObject(EventStore)`: only with the capability.
    fn event_store(&self) -> Option<Arc<dyn EventStore>> {
        None
    }
    /// `GetObject(ConflictStore)`: only with the capability.
    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        None
    }
    /// `ISyncMgrConflict::GetResolutionHandler`, for the handlers whose conflicts a store of the center keeps.
    fn resolution_handler(&self) -> Option<Arc<dyn ResolutionHandler>> {
        None
    }
    /// `GetObject` for everything that asks a person something.
    fn ui_operation(&self, _action: &UiAction) -> Option<Arc<dyn UiOperation>> {
        None
    }
    /// `GetObject(EventLinkClick)` with `Init`: what a click on the link of one of its events does. None opens the
    /// link's reference.
    fn event_link(&self, event: &Event) -> Option<Arc<dyn UiOperation>> {
        self.ui_operation(&UiAction::EventLinkClick(event.id))
    }
    /// `GetObject(Icon)`: only with the capability.
    fn icon(&self) -> Option<Icon> {
        None
    }
    /// Tries whether it could synchronize just now: its program is there and new enough, its process answers. Nothing is
    /// changed. The answer is what it says of itself, such as a version, and may be empty. Not in the original.
    ///
    /// # Errors
    /// What is in the way, and what to do about it.
    fn test(&self) -> Result<String, HandlerError> {
        self.info().map(|_| String::new())
    }
    /// Takes in an item that a program outside reports and that is not listed yet, or gives a known one another name; for
    /// handlers whose items come into being so. The item is listed from then on. Not in the original.
    ///
    /// # Errors
    /// `InvalidArgument` when the handler alone says what its items are, or a name cannot be one.
    fn adopt(&self, item: &ItemId, _name: Option<&str>) -> Result<(), Refusal> {
        Err(Refusal::InvalidArgument(format!("the handler '{}' has no item '{item}'", self.id())))
    }
    /// Reads the options of a start that comes as text, from a person or another program: a JSON object whose keys are
    /// this handler's own words. None is a plain start, which is folded with others of its kind (R17). Not in the
    /// original, whose callers and handlers share an address space.
    ///
    /// # Errors
    /// `InvalidArgument` with a sentence for whoever wrote the options: what is wrong, and which there are.
    fn request(&self, options: &str) -> Result<Option<Request>, Refusal> {
        if is_empty_object(options) {
            return Ok(None);
        }
        Err(Refusal::InvalidArgument(format!("handler '{}' knows no options; give {{}}", self.id())))
    }
    /// The request that takes a run back; none: the handler cannot do that. Not in the original.
    fn undo_request(&self, _run: RunId) -> Option<Request> {
        None
    }
    /// Whether there is anything that such a request would put back: for whoever offers it. Not in the original.
    fn takes_back(&self, run: RunId) -> bool {
        self.undo_request(run).is_some()
    }
    /// What a start with these options would do to the item; touches nothing. Options as for
    /// [`request`](Self::request). Not in the original.
    ///
    /// # Errors
    /// The handler cannot say beforehand, does not know the item or the options, or cannot look just now.
    fn preview(&self, item: &ItemId, _options: &str, _watch: &dyn Watch) -> Result<Preview, PreviewError> {
        let text = format!("handler '{}' cannot say beforehand what it would do to '{item}'", self.id());
        Err(Refusal::NotImplemented(text).into())
    }
    /// Whether the item is as its last run left it; touches nothing. Options as for [`request`](Self::request). Not in
    /// the original.
    ///
    /// # Errors
    /// As [`preview`](Self::preview).
    fn verify(
        &self,
        item: &ItemId,
        _options: &str,
        _watch: &dyn Watch,
    ) -> Result<Verification, PreviewError> {
        let text = format!("handler '{}' cannot check '{item}'", self.id());
        Err(Refusal::NotImplemented(text).into())
    }
    /// The command that a plain start of the item runs, as a person would type it; none for a handler that runs none.
    /// Secrets are never part of it. Not in the original.
    fn command_line(&self, _item: &ItemId) -> Option<String> {
        None
    }
    /// Ends the work of one of its sessions by force, because a stop of it was not acknowledged in time: for handlers
    /// whose work is done by another process. Returns at once; `synchronize` returns when that process is gone. Not in
    /// the original.
    ///
    /// # Errors
    /// `NotImplemented` when nothing can be ended by force: the session is then closed, and the handler left to itself.
    fn terminate(&self, _run: RunId, _how: Termination) -> Result<(), Refusal> {
        let text =
            format!("handler '{}' runs inside the sync center, and cannot be ended by force", self.id());
        Err(Refusal::NotImplemented(text))
    }
    /// Follows an item: when it changes, the handler asks `runner` to have it synchronized, with a request that says
    /// where to look if it can. Its own writes are no changes. The first run may come at once, for what changed before.
    /// None: it cannot notice changes of this item.
    ///
    /// # Errors
    /// What keeps it from following.
    fn follow(
        &self,
        _item: &ItemId,
        _runner: Arc<dyn follow::Runner>,
    ) -> Result<Option<Box<dyn Following>>, HandlerError> {
        Ok(None)
    }
    /// `Synchronize`: does the work (or hands it to another process) and returns when it is done. Called on a thread of
    /// its own. `request` is what the caller gave to start.
    ///
    /// # Errors
    /// What kept it from working at all; failures of single items are reported through the callback.
    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        request: Option<&Request>,
    ) -> Result<(), HandlerError>;
}

/// Whether a text is a JSON object with nothing in it. Text that is none at all means the same.
fn is_empty_object(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || text
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .is_some_and(|between| between.trim().is_empty())
}

/// Lists handlers and makes them on demand (`ISyncMgrHandlerCollection`): one provider can so expose many partners
/// (devices, computers) without registering each of them.
pub trait HandlerCollection: Send + Sync {
    /// Names the collection in [`Control::update_handler_collection`](crate::control::Control::update_handler_collection)
    /// (the original's CLSID).
    fn id(&self) -> &str;
    /// `GetHandlerEnumerator`: all handlers that are known now.
    ///
    /// # Errors
    /// Whatever keeps the provider from knowing; the handlers known before then stay.
    fn handlers(&self) -> Result<Vec<HandlerId>, HandlerError>;
    /// `BindToHandler`: makes that handler, or gives one that was made before. May come before any listing.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler.
    fn bind(&self, handler: &HandlerId) -> Result<Arc<dyn Handler>, Refusal>;
}

/// Properties of a handler (`ISyncMgrHandlerInfo`). `None` for a switch: the center keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerInfo {
    /// What it is, for grouping.
    pub kind: HandlerType,
    /// Model or other identifying text.
    pub type_label: String,
    /// Summary, shown while nothing syncs.
    pub comment: String,
    /// Last synchronization in milliseconds since 1970, if the handler knows better than the center.
    pub last_sync: Option<i64>,
    /// Listed among the partnerships (R15).
    pub active: Option<bool>,
    /// May be synchronized (R15).
    pub enabled: Option<bool>,
    /// A matter of fact, only reported (R15).
    pub connected: bool,
}

impl Default for HandlerInfo {
    fn default() -> Self {
        Self {
            kind: HandlerType::Unspecified,
            type_label: String::new(),
            comment: String::new(),
            last_sync: None,
            active: None,
            enabled: None,
            connected: true,
        }
    }
}

/// The items of a handler (`ISyncMgrSyncItemContainer`).
pub trait ItemContainer: Send + Sync {
    /// `GetSyncItem`.
    fn item(&self, id: &ItemId) -> Option<Arc<dyn SyncItem>>;
    /// `GetSyncItemEnumerator`.
    fn all(&self) -> Vec<Arc<dyn SyncItem>>;
    /// `GetSyncItemCount`: as many as [`all`](Self::all) gives.
    fn count(&self) -> usize {
        self.all().len()
    }
}

/// One thing that is kept in sync (`ISyncMgrSyncItem`).
pub trait SyncItem: Send + Sync {
    /// `GetItemID`.
    fn id(&self) -> &ItemId;
    /// `GetName`: what a person reads. Empty or failing: hidden and never synchronized (R18).
    ///
    /// # Errors
    /// Whatever keeps the item from knowing.
    fn name(&self) -> Result<String, HandlerError>;
    /// `GetItemInfo`: failing means default properties (R18).
    ///
    /// # Errors
    /// Whatever keeps the item from knowing.
    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        Ok(SyncItemInfo::default())
    }
    /// `GetCapabilities`.
    fn capabilities(&self) -> ItemCapabilities {
        ItemCapabilities::empty()
    }
    /// `GetPolicies`.
    fn policies(&self) -> ItemPolicies {
        ItemPolicies::empty()
    }
    /// `Enable`.
    ///
    /// # Errors
    /// A refusal with its reason.
    fn enable(&self, _enabled: bool) -> Result<(), HandlerError> {
        Ok(())
    }
    /// `GetObject(EventStore)`: the item's own events; only with the capability.
    fn event_store(&self) -> Option<Arc<dyn EventStore>> {
        None
    }
    /// `GetObject(ConflictStore)`: the item's own conflicts; only with the capability.
    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        None
    }
    /// `GetObject(Icon)`: only with the capability.
    fn icon(&self) -> Option<Icon> {
        None
    }
    /// `Delete`: leaves the sync set; only with the capability.
    ///
    /// # Errors
    /// A refusal with its reason.
    fn delete(&self) -> Result<(), HandlerError> {
        Ok(())
    }
    /// `GetObject` for everything that asks a person something.
    fn ui_operation(&self, _action: &UiAction) -> Option<Arc<dyn UiOperation>> {
        None
    }
}

/// An item that is nothing but an identifier and a name.
#[derive(Debug, Clone)]
pub struct NamedItem {
    id: ItemId,
    name: String,
}

impl NamedItem {
    /// An item with this identifier and name.
    pub fn new(id: ItemId, name: impl Into<String>) -> Self {
        Self { id, name: name.into() }
    }
}

impl SyncItem for NamedItem {
    fn id(&self) -> &ItemId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.name.clone())
    }
}

/// A fixed list of items, for handlers whose items do not change while they live.
#[derive(Clone, Default)]
pub struct ItemList(Vec<Arc<dyn SyncItem>>);

impl<I: SyncItem + 'static> FromIterator<I> for ItemList {
    fn from_iter<T: IntoIterator<Item = I>>(items: T) -> Self {
        Self(items.into_iter().map(|item| Arc::new(item) as Arc<dyn SyncItem>).collect())
    }
}

impl ItemContainer for ItemList {
    fn item(&self, id: &ItemId) -> Option<Arc<dyn SyncItem>> {
        self.0.iter().find(|item| item.id() == id).cloned()
    }

    fn all(&self) -> Vec<Arc<dyn SyncItem>> {
        self.0.clone()
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}

/// Properties of an item (`ISyncMgrSyncItemInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncItemInfo {
    /// What it is.
    pub type_label: String,
    /// Summary, shown while nothing syncs.
    pub comment: String,
    /// Last synchronization in milliseconds since 1970, if the item knows better than the center.
    pub last_sync: Option<i64>,
    /// May be synchronized; none: the center keeps it (R15).
    pub enabled: Option<bool>,
    /// A matter of fact (R15).
    pub connected: bool,
}

impl Default for SyncItemInfo {
    fn default() -> Self {
        Self {
            type_label: String::new(),
            comment: String::new(),
            last_sync: None,
            enabled: None,
            connected: true,
        }
    }
}
