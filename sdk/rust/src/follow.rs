//! Items that the handler follows, and the changes that it has noticed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};

use serde_json::{Map, Value};
use syncmgr::follow::{Following, News, Ran, Runner};
use syncmgr::{ItemId, Request};
use wire::rpc::ErrorObject;
use wire::rpc::follow::{Follow, Follows as Answer, ItemChanged, ReportFollowing};

use crate::peer::locked;
use crate::server::{Shared, failed, refused};

/// The option by which a run is that for a change: what the handler asked for with it has no text.
const CHANGE: &str = "noticed-change";

/// What is followed, by the center's numbers.
#[derive(Default)]
pub(crate) struct Follows {
    going_on: Mutex<HashMap<u64, Box<dyn Following>>>,
    changes: Mutex<Changes>,
}

/// The requests of changes whose runs have not ended.
#[derive(Default)]
struct Changes {
    last: u64,
    waiting: HashMap<u64, Request>,
}

impl Follows {
    pub(crate) fn end(&self, follow: u64) {
        let ends = locked(&self.going_on).remove(&follow);
        // Outside of the lock: it waits until nothing of it is left.
        drop(ends);
    }

    pub(crate) fn end_all(&self) {
        let all = std::mem::take(&mut *locked(&self.going_on));
        drop(all);
    }

    /// The request that the options stand for, if they are those of a change.
    pub(crate) fn change(&self, options: &Map<String, Value>) -> Option<Request> {
        let number = options.get(CHANGE)?.as_u64()?;
        locked(&self.changes).waiting.get(&number).cloned()
    }

    fn keep(&self, request: Request) -> u64 {
        let mut changes = locked(&self.changes);
        changes.last += 1;
        let number = changes.last;
        changes.waiting.insert(number, request);
        number
    }
}

/// Has the handler follow an item.
pub(crate) fn follow(shared: &Arc<Shared>, question: &Follow) -> Result<Answer, ErrorObject> {
    let item = ItemId::new(&question.item).map_err(refused)?;
    let Some(handler) = shared.handler.get() else { return Ok(Answer { follows: false }) };
    let runner = RemoteRunner { shared: Arc::downgrade(shared), follow: question.follow };
    let following = handler.follow(&item, Arc::new(runner)).map_err(failed)?;
    let follows = following.is_some();
    if let Some(following) = following {
        locked(&shared.follows.going_on).insert(question.follow, following);
    }
    Ok(Answer { follows })
}

/// The center, as who follows an item reaches it.
struct RemoteRunner {
    shared: Weak<Shared>,
    follow: u64,
}

impl Runner for RemoteRunner {
    fn run(&self, request: Option<Request>) -> Option<Ran> {
        let shared = self.shared.upgrade()?;
        let number = request.map(|request| shared.follows.keep(request));
        let options = number.map(|number| Map::from_iter([(CHANGE.to_owned(), number.into())]));
        let answer = shared.peer.call(&ItemChanged { follow: self.follow, options });
        if let Some(number) = number {
            locked(&shared.follows.changes).waiting.remove(&number);
        }
        // It is refused when the center follows no longer.
        answer.ok()?.ran.map(Into::into)
    }

    fn tell(&self, news: News) {
        if let Some(shared) = self.shared.upgrade() {
            // The center is gone, or hears it.
            let _ = shared.peer.tell(&ReportFollowing { follow: self.follow, news: news.into() });
        }
    }
}
