//! Handlers that only the daemon has: programs that started themselves and connected to it. To a command they are handlers
//! like any other, with items that can be named; whatever is asked of them, the daemon is asked.

use std::fs;
use std::sync::Arc;

use center::Center;
use settings::Settings;
use syncmgr::handler::{ItemList, SyncItemInfo};
use syncmgr::{
    Handler, HandlerError, HandlerId, HandlerInfo, ItemContainer, ItemId, Problem, ProblemClass, Refusal,
    Request, SessionCreator, SyncItem,
};

use crate::client::{Daemon, There};
use crate::places::Places;

/// The daemon of this home, and the handlers that programs are there which have connected.
pub(crate) struct Guests {
    daemon: Daemon,
    connected: Vec<wire::Handler>,
}

impl Guests {
    /// Those that there are now; none where no program has ever come by itself, or no daemon answers.
    pub(crate) fn find(settings: &Settings, places: &Places) -> Option<Self> {
        if !may_be_any(settings, places) {
            return None;
        }
        let daemon = Daemon::find(places)?;
        let connected: Vec<_> = daemon.handlers().ok()?.into_iter().filter(|known| known.connected).collect();
        Some(Self { daemon, connected })
    }

    /// Whether this one is connected there.
    pub(crate) fn has(&self, id: &HandlerId) -> bool {
        self.connected.iter().any(|known| known.id == id.as_str())
    }

    /// Takes those into a center that it does not have already; gives which.
    pub(crate) fn register(self, center: &Center) -> Result<Vec<HandlerId>, Refusal> {
        let known: Vec<HandlerId> = center.status()?.into_iter().map(|handler| handler.handler).collect();
        let mut taken = Vec::new();
        for handler in self.connected {
            let Ok(id) = HandlerId::new(&handler.id) else { continue };
            if known.contains(&id) {
                continue;
            }
            let there = self.daemon.with_items(handler);
            // One that has left meanwhile is no guest any more.
            let Ok(there) = there else { continue };
            center.register(Arc::new(Guest::new(id.clone(), there)) as Arc<dyn Handler>)?;
            taken.push(id);
        }
        Ok(taken)
    }
}

/// What a program said of itself is remembered in a file: without one that the settings do not explain, nobody has come.
pub(crate) fn may_be_any(settings: &Settings, places: &Places) -> bool {
    let (started, come): (Vec<_>, Vec<_>) =
        settings.handlers.iter().partition(|program| program.keys.command.is_some());
    let remembered = fs::read_dir(places.state.join("handlers")).into_iter().flatten().flatten();
    let names = remembered.filter_map(|entry| entry.file_name().into_string().ok());
    let mut ids = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned));
    let is_explained = |id: &str| {
        // A partner's begins with its collection.
        let collection = id.split_once("%3A").map_or(id, |(collection, _)| collection);
        started.iter().any(|program| program.id.as_str() == id)
            || settings.collections.iter().any(|one| one.id == collection)
    };
    !come.is_empty() || ids.any(|id| !is_explained(&id))
}

/// A program that is connected to the daemon: what it has is known here, what it does is done there.
pub(crate) struct Guest {
    id: HandlerId,
    handler: wire::Handler,
    items: ItemList,
}

impl Guest {
    fn new(id: HandlerId, there: There) -> Self {
        let There { handler, items } = there;
        let items = items.into_iter().filter_map(|item| {
            let id = ItemId::new(&item.id).ok()?;
            Some(GuestItem { id, item })
        });
        Self { id, items: items.collect(), handler }
    }
}

impl Handler for Guest {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.handler.name.clone())
    }

    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        Ok(HandlerInfo {
            comment: self.handler.comment.clone(),
            connected: self.handler.connected,
            ..HandlerInfo::default()
        })
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn request(&self, _options: &str) -> Result<Option<Request>, Refusal> {
        Err(Refusal::Failed(gone(&self.id).text))
    }

    /// Whatever is started is started by the daemon, as long as there is one.
    fn synchronize(
        &self,
        _items: &[ItemId],
        _creator: &dyn SessionCreator,
        _request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        Err(gone(&self.id).into())
    }
}

fn gone(id: &HandlerId) -> Problem {
    let text =
        format!("The program of handler '{id}' was connected to the daemon, which does not answer any more.");
    Problem::new(ProblemClass::Transient, text).with_fix("start `instep serve` again")
}

struct GuestItem {
    id: ItemId,
    item: wire::Item,
}

impl SyncItem for GuestItem {
    fn id(&self) -> &ItemId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.item.name.clone())
    }

    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        Ok(SyncItemInfo {
            comment: self.item.comment.clone(),
            connected: self.item.connected,
            ..SyncItemInfo::default()
        })
    }
}
