//! Hooks: commands that are started when a run begins and when it ends.
//!
//! They follow the center's feed, so that no run ever waits for one, let alone fails because of one. They run one after
//! the other, in the order of what happened. One that fails is an event of its run.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use center::{Center, Change, Follower, News, What};
use errand::Errand;
use serde_json::{Map, Value, json};
use settings::Settings;
use settings::hooks::Hooks;
use settings::words::Command;
use syncmgr::{HandlerId, ItemEnd, ItemId, Level, NewEvent, RunId};

use crate::json::time;

/// How many may wait for their turn.
const QUEUE: usize = 1000;
/// How many changes are read at once.
const BATCH: usize = 1000;

/// Runs hooks until it is dropped; then what is due still is run.
pub struct HookRunner {
    bell: Arc<Bell>,
    settings: Arc<Mutex<Arc<Settings>>>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Bell {
    rung: Mutex<bool>,
    bell: Condvar,
    closed: AtomicBool,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.notify_all();
    }

    fn wait(&self) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rung = self.bell.wait_while(rung, |rung| !*rung).unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}

/// A command whose time has come.
struct Due {
    command: Command,
    timeout: Duration,
    run: RunId,
    handler: HandlerId,
    item: Option<ItemId>,
    input: Value,
}

impl HookRunner {
    /// Begins to follow what the center does. `home` is where commands are started.
    ///
    /// # Errors
    /// No thread could be started.
    pub fn start(center: &Center, settings: Arc<Settings>, home: Option<PathBuf>) -> std::io::Result<Self> {
        let bell = Arc::new(Bell::default());
        let wake = Arc::clone(&bell);
        let follower = center.feed().follow(None, move || wake.ring());
        let settings = Arc::new(Mutex::new(settings));
        let (due, waiting) = sync_channel(QUEUE);
        let reader = Reader {
            center: center.clone(),
            follower,
            bell: Arc::clone(&bell),
            settings: Arc::clone(&settings),
            due,
        };
        let center = center.clone();
        let worker = std::thread::Builder::new()
            .name("hooks".into())
            .spawn(move || work(&center, &waiting, home.as_ref()))?;
        let reader = std::thread::Builder::new().name("hooks-due".into()).spawn(move || reader.run())?;
        Ok(Self { bell, settings, threads: vec![reader, worker] })
    }

    /// Other hooks from now on.
    pub fn set(&self, settings: Arc<Settings>) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }
}

impl Drop for HookRunner {
    fn drop(&mut self) {
        self.bell.closed.store(true, Ordering::SeqCst);
        self.bell.ring();
        for thread in self.threads.drain(..) {
            // A panic of the thread was told where it happened.
            let _ = thread.join();
        }
    }
}

/// Reads the feed and sorts out what is due. When it ends, the worker finds its queue closed.
struct Reader {
    center: Center,
    follower: Follower,
    bell: Arc<Bell>,
    settings: Arc<Mutex<Arc<Settings>>>,
    due: SyncSender<Due>,
}

impl Reader {
    fn run(mut self) {
        loop {
            // Looked at before the feed: what happened until it was closed is still read.
            let last = self.bell.closed.load(Ordering::SeqCst);
            self.read();
            if last {
                return;
            }
            self.bell.wait();
        }
    }

    fn read(&mut self) {
        loop {
            match self.follower.next(BATCH) {
                News::Nothing => return,
                // So much happened that it is forgotten; hooks are for what happens, not for what once did.
                News::Reload(_) => {}
                News::Changes(changes) => {
                    let settings = Arc::clone(&self.settings.lock().unwrap_or_else(PoisonError::into_inner));
                    changes
                        .iter()
                        .flat_map(|change| due(&settings, change))
                        .for_each(|due| self.hand_over(due));
                }
            }
        }
    }

    fn hand_over(&self, due: Due) {
        if let Err(TrySendError::Full(due) | TrySendError::Disconnected(due)) = self.due.try_send(due) {
            report(&self.center, &due, "too many hooks wait for their turn already");
        }
    }
}

fn work(center: &Center, waiting: &Receiver<Due>, home: Option<&PathBuf>) {
    for due in waiting {
        let input = due.input.to_string();
        let errand = Errand {
            program: &due.command.program,
            args: &due.command.args,
            input: input.as_bytes(),
            directory: home.map(PathBuf::as_path),
            env: &[],
            timeout: due.timeout,
        };
        if let Err(failed) = errand.run() {
            report(center, &due, &failed.to_string());
        }
    }
}

/// A warning, not an error: the synchronization itself is none the worse for it.
fn report(center: &Center, due: &Due, why: &str) {
    let event = NewEvent::new(due.item.as_ref(), Level::Warning, "A hook failed", why)
        .with_fix("Look at [hooks] in the settings; the synchronization itself is not touched by it.");
    center.late_event(due.run, &due.handler, event);
}

/// The commands whose time has come with a change: those for all runs once, those of an item for each item.
fn due(settings: &Settings, change: &Change) -> Vec<Due> {
    match &change.what {
        What::SessionBegan { run, handler, items, started } => {
            let about = About { run: *run, handler, started: *started };
            let shown: Vec<Value> = items.iter().map(|item| named(settings, item).into()).collect();
            let input = |item: Option<&ItemId>| about.input("start", item, shown.clone(), Map::new());
            let of = |hooks: &Hooks, item: Option<&ItemId>| {
                about.due(hooks.start.iter(), hooks, item, &input(item))
            };
            of(&settings.hooks, None)
                .into_iter()
                .chain(items.iter().flat_map(|item| {
                    settings.item(item).map(|set_up| of(&set_up.hooks, Some(item))).unwrap_or_default()
                }))
                .collect()
        }
        What::SessionEnded { run, handler, started, result, items } => {
            let about = About { run: *run, handler, started: *started };
            let shown: Vec<Value> = items.iter().map(|end| ended(settings, end)).collect();
            let end = |outcome: syncmgr::Outcome| {
                Map::from_iter([
                    ("outcome".to_owned(), outcome.word().into()),
                    ("ended".to_owned(), time(change.time).into()),
                    ("errors".to_owned(), result.errors.into()),
                    ("conflicts".to_owned(), result.conflicts.into()),
                ])
            };
            let of = |hooks: &Hooks, item: Option<&ItemId>, outcome| {
                let input = about.input("end", item, shown.clone(), end(outcome));
                about.due(hooks.for_outcome(outcome), hooks, item, &input)
            };
            of(&settings.hooks, None, result.outcome)
                .into_iter()
                .chain(items.iter().flat_map(|item| {
                    let set_up = settings.item(&item.item);
                    set_up.map(|set_up| of(&set_up.hooks, Some(&item.item), item.outcome)).unwrap_or_default()
                }))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The run that a hook is about.
struct About<'a> {
    run: RunId,
    handler: &'a HandlerId,
    started: i64,
}

impl About<'_> {
    fn due<'c>(
        &self,
        commands: impl Iterator<Item = &'c Command>,
        hooks: &Hooks,
        item: Option<&ItemId>,
        input: &Value,
    ) -> Vec<Due> {
        let due = |command: &Command| Due {
            command: command.clone(),
            timeout: hooks.timeout(),
            run: self.run,
            handler: self.handler.clone(),
            item: item.cloned(),
            input: input.clone(),
        };
        commands.map(due).collect()
    }

    fn input(&self, when: &str, item: Option<&ItemId>, items: Vec<Value>, more: Map<String, Value>) -> Value {
        let mut input = Map::from_iter([
            ("type".to_owned(), "run".into()),
            ("when".to_owned(), when.into()),
            ("run".to_owned(), self.run.0.into()),
            ("handler".to_owned(), self.handler.as_str().into()),
            ("item".to_owned(), item.map(ItemId::as_str).into()),
            ("started".to_owned(), time(self.started).into()),
            ("items".to_owned(), items.into()),
        ]);
        input.extend(more);
        input.into()
    }
}

fn named(settings: &Settings, item: &ItemId) -> Map<String, Value> {
    let name = settings.item(item).map_or(item.as_str(), |set_up| &set_up.name);
    Map::from_iter([("item".to_owned(), item.as_str().into()), ("name".to_owned(), name.into())])
}

fn ended(settings: &Settings, end: &ItemEnd) -> Value {
    let (counts, problem) = (&end.counts, end.problem.as_ref());
    let side = |side: &syncmgr::outcome::SideCounts| json!({ "created": side.created, "updated": side.updated, "deleted": side.deleted, "moved": side.moved });
    let mut item = named(settings, &end.item);
    item.insert("outcome".to_owned(), end.outcome.word().into());
    item.insert(
        "counts".to_owned(),
        json!({
            "a": side(&counts.a), "b": side(&counts.b),
            "conflicts": counts.conflicts, "errors": counts.errors, "skipped": counts.skipped, "bytes": counts.bytes,
        }),
    );
    let problem = problem
        .map(|problem| json!({ "class": problem.class.word(), "text": problem.text, "fix": problem.fix }));
    item.insert("problem".to_owned(), problem.into());
    item.into()
}
