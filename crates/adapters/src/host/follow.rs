//! Following an item through a handler in another process. The item stays followed when that process is ended and started
//! again, or its program leaves and comes back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::value::RawValue;
use syncmgr::follow::{Following, News, Runner};
use syncmgr::{HandlerError, ItemId, Problem, ProblemClass, Refusal};
use wire::rpc::ErrorObject;
use wire::rpc::follow::{Changed, Follow, ItemChanged, ReportFollowing, Unfollow};
use wire::rpc::handler::Ability;

use super::connection::{Connection, locked};
use super::control;
use super::shared::Host;

/// After a handler that cannot be asked, it is asked again: first so soon, then ever later.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What the keeper of a followed item hears.
pub(crate) enum Heard {
    /// The connection is over on which it was followed under this number.
    Over(u64),
    /// There is a connection.
    Came,
    /// It is to be followed no longer.
    Stop,
}

/// What a connection has under way.
#[derive(Default)]
pub(crate) struct Follows(Mutex<HashMap<u64, Followed>>);

struct Followed {
    runner: Arc<dyn Runner>,
    keeper: Sender<Heard>,
    /// A change waits, or is being synchronized.
    busy: Arc<AtomicBool>,
}

impl Follows {
    pub(crate) fn is_empty(&self) -> bool {
        locked(&self.0).is_empty()
    }

    fn begin(&self, follow: u64, runner: Arc<dyn Runner>, keeper: Sender<Heard>) {
        locked(&self.0).insert(follow, Followed { runner, keeper, busy: Arc::default() });
    }

    fn end(&self, follow: u64) {
        locked(&self.0).remove(&follow);
    }

    /// The connection is over.
    pub(crate) fn over(&self) {
        let all = std::mem::take(&mut *locked(&self.0));
        for (follow, followed) in all {
            // A keeper that is gone has nothing to keep.
            let _ = followed.keeper.send(Heard::Over(follow));
        }
    }

    fn find(&self, follow: u64) -> Result<(Arc<dyn Runner>, Arc<AtomicBool>), Refusal> {
        let all = locked(&self.0);
        let followed = all.get(&follow).ok_or_else(|| {
            Refusal::InvalidArgument(format!("nothing is followed under the number {follow}"))
        })?;
        Ok((Arc::clone(&followed.runner), Arc::clone(&followed.busy)))
    }
}

/// The handler has noticed a change: it is synchronized on a thread of its own, which answers.
pub(crate) fn changed(
    connection: &Arc<Connection>,
    message: ItemChanged,
    id: Option<&RawValue>,
) -> Result<(), ErrorObject> {
    let (runner, busy) =
        connection.follows.find(message.follow).map_err(|refusal| ErrorObject::from(&refusal))?;
    if busy.swap(true, Ordering::AcqRel) {
        let why = "a change of this item waits already, or is being synchronized".into();
        return Err((&Refusal::AccessDenied(why)).into());
    }
    let request = message.options.map(|options| control::request_of(options, Some(connection)));
    // It may wait for as long as the item is paused, and keeps no process that nobody else needs.
    let (asked, id) = (Arc::downgrade(connection), id.map(ToOwned::to_owned));
    let open = Arc::clone(&busy);
    let run = move || {
        let ran = runner.run(request).map(Into::into);
        open.store(false, Ordering::Release);
        if let Some(connection) = asked.upgrade() {
            connection.reply(id.as_deref(), &Ok(Changed { ran }));
        }
    };
    thread::Builder::new().name("change".into()).spawn(run).map(drop).map_err(|error| {
        busy.store(false, Ordering::Release);
        let text = format!("the system gave no thread: {}", syncmgr::reason(&error));
        ErrorObject::from(&HandlerError::new(ProblemClass::Transient, text))
    })
}

/// How following goes.
pub(crate) fn news(connection: &Connection, message: ReportFollowing) -> Result<(), Refusal> {
    let (runner, _) = connection.follows.find(message.follow)?;
    runner.tell(message.news.into());
    Ok(())
}

/// An item that is followed until this is dropped.
struct HostedFollowing {
    keeper: Sender<Heard>,
    thread: Option<JoinHandle<()>>,
}

impl Following for HostedFollowing {}

impl Drop for HostedFollowing {
    fn drop(&mut self) {
        let _ = self.keeper.send(Heard::Stop);
        if let Some(thread) = self.thread.take() {
            // One that panicked follows nothing any more, either.
            let _ = thread.join();
        }
    }
}

/// Follows an item; none when its handler cannot notice changes of it.
pub(crate) fn follow(
    host: &Arc<Host>,
    item: &ItemId,
    runner: Arc<dyn Runner>,
) -> Result<Option<Box<dyn Following>>, HandlerError> {
    let (sender, heard) = mpsc::channel();
    let keeper = Keeper { host: Arc::clone(host), item: item.clone(), runner, sender: sender.clone() };
    let Some(first) = keeper.begin()? else { return Ok(None) };
    host.tell_of_connections(sender.clone());
    let thread = thread::Builder::new()
        .name("follow".into())
        .spawn(move || keeper.keep(&heard, first))
        .map_err(|error| {
            let text = format!("'{item}' cannot be followed: {}", syncmgr::reason(&error));
            HandlerError::new(ProblemClass::Transient, text)
        })?;
    Ok(Some(Box::new(HostedFollowing { keeper: sender, thread: Some(thread) })))
}

/// Keeps an item followed over the connections that come and go.
struct Keeper {
    host: Arc<Host>,
    item: ItemId,
    runner: Arc<dyn Runner>,
    sender: Sender<Heard>,
}

/// Where an item is followed, and under which number. Whoever follows keeps no process from being replaced.
type Begun = (Weak<Connection>, u64);

impl Keeper {
    fn begin(&self) -> Result<Option<Begun>, HandlerError> {
        let connection = self.host.connect()?;
        if !connection.can(Ability::Follow) {
            return Ok(None);
        }
        let follow = connection.next_number();
        connection.follows.begin(follow, Arc::clone(&self.runner), self.sender.clone());
        let question = Follow { follow, item: self.item.to_string() };
        let answer = connection.call(&question, self.host.limits.answer);
        if !matches!(&answer, Ok(answer) if answer.follows) {
            connection.follows.end(follow);
        }
        Ok(answer?.follows.then(|| (Arc::downgrade(&connection), follow)))
    }

    fn keep(&self, heard: &Receiver<Heard>, first: Begun) {
        let mut begun = Some(first);
        let mut pause = FIRST_PAUSE;
        let mut is_away = false;
        loop {
            let news = match &begun {
                Some(_) => heard.recv().unwrap_or(Heard::Stop),
                None => match heard.recv_timeout(pause) {
                    Ok(news) => news,
                    Err(RecvTimeoutError::Timeout) => Heard::Came,
                    Err(RecvTimeoutError::Disconnected) => Heard::Stop,
                },
            };
            match news {
                Heard::Stop => break,
                // It may have ended to begin anew, with other settings: first it is tried whether it comes back.
                Heard::Over(over) if begun.as_ref().is_some_and(|(_, follow)| *follow == over) => {
                    begun = None;
                    pause = Duration::ZERO;
                }
                Heard::Came if begun.is_none() => {
                    if is_away {
                        // Taken back by whatever the handler says itself.
                        self.runner.tell(News::Following);
                    }
                    begun = self.begin_again(&mut is_away);
                    pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                }
                Heard::Over(_) | Heard::Came => {}
            }
            if begun.is_some() {
                pause = FIRST_PAUSE;
            }
        }
        if let Some((connection, follow)) = begun
            && let Some(connection) = connection.upgrade()
        {
            // One that does not answer follows nothing that anybody hears of.
            let _ = connection.call(&Unfollow { follow }, self.host.limits.answer);
            connection.follows.end(follow);
        }
    }

    fn begin_again(&self, is_away: &mut bool) -> Option<Begun> {
        let problem = match self.begin() {
            Ok(Some(begun)) => {
                *is_away = false;
                return Some(begun);
            }
            Ok(None) => {
                let text =
                    format!("Handler '{}' notices changes of '{}' no longer.", self.host.id, self.item);
                Problem::new(ProblemClass::Config, text).with_fix("give the item an interval")
            }
            Err(error) => error.problem,
        };
        *is_away = true;
        self.runner.tell(News::Away(problem));
        None
    }
}
