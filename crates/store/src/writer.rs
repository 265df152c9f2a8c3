//! The one thread that writes: whatever waits is committed as one group.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use syncmgr::event::EventId;
use syncmgr::{HandlerId, ItemId};

use crate::database::{Access, Database, Opened};
use crate::error::StoreError;
use crate::{items, search};

/// How many jobs may wait before a reporter has to.
const QUEUE: usize = 4096;
/// How many jobs one transaction takes at most.
const GROUP: usize = 2048;
/// How many jobs without a waiting caller are kept for another try when the disk refuses them.
const KEPT: usize = 100_000;

/// What must survive the loss of power the moment it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// May be lost with the last moments before a power loss, never torn.
    Group,
    /// On the disk when the caller goes on.
    Full,
}

type Work = Box<dyn FnMut(&Ledger<'_>) -> rusqlite::Result<()> + Send>;
type Reply = SyncSender<Result<(), StoreError>>;

struct Job {
    work: Work,
    durability: Durability,
    /// None: nobody waits; the job is tried again with the next group when it could not be written.
    reply: Option<Reply>,
}

/// The open transaction, as a job sees it.
pub(crate) struct Ledger<'a> {
    pub(crate) conn: &'a Connection,
    rows: &'a RefCell<Rows>,
    /// Events that the search is to find, from this group on.
    said: &'a RefCell<Vec<EventId>>,
}

/// Row numbers of handlers and items that were looked up before.
#[derive(Default)]
struct Rows {
    handlers: HashMap<HandlerId, i64>,
    items: HashMap<(HandlerId, ItemId), i64>,
}

impl Ledger<'_> {
    /// The row of a handler, made when it is new.
    pub(crate) fn handler(&self, handler: &HandlerId) -> rusqlite::Result<i64> {
        if let Some(row) = self.rows.borrow().handlers.get(handler) {
            return Ok(*row);
        }
        let row = items::handler_row(self.conn, handler)?;
        self.rows.borrow_mut().handlers.insert(handler.clone(), row);
        Ok(row)
    }

    /// The row of an item, made when it is new.
    pub(crate) fn item(&self, handler: &HandlerId, item: &ItemId, now: i64) -> rusqlite::Result<i64> {
        let key = (handler.clone(), item.clone());
        if let Some(row) = self.rows.borrow().items.get(&key) {
            return Ok(*row);
        }
        let row = items::item_row(self.conn, self.handler(handler)?, item, now)?;
        self.rows.borrow_mut().items.insert(key, row);
        Ok(row)
    }

    /// Makes an event one that is found by what it says.
    pub(crate) fn say(&self, event: EventId) {
        self.said.borrow_mut().push(event);
    }

    /// To be called when rows of items or handlers were removed.
    pub(crate) fn forget_rows(&self) {
        *self.rows.borrow_mut() = Rows::default();
    }
}

/// The sending end. The thread starts with the first job: a process that only reads has none.
pub(crate) struct Writer {
    database: Arc<Database>,
    running: Mutex<Option<Running>>,
    trouble: Arc<Mutex<Option<StoreError>>>,
}

struct Running {
    jobs: SyncSender<Job>,
    thread: JoinHandle<()>,
}

impl Writer {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database, running: Mutex::default(), trouble: Arc::default() }
    }

    /// What the last group failed with, if it did: lines that nobody waits for may be unwritten.
    pub(crate) fn trouble(&self) -> Option<StoreError> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes, waits for the commit, and gives the answer of `work` (which may be run again after a failure).
    pub(crate) fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        mut work: impl FnMut(&Ledger<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let answer = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&answer);
        let (reply, committed) = sync_channel(1);
        self.send(Job {
            work: Box::new(move |ledger| {
                let value = work(ledger)?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            }),
            durability,
            reply: Some(reply),
        })?;
        committed.recv().map_err(|_| self.gone())??;
        let value = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or_else(|| self.gone())
    }

    /// Writes with the next group; waits only for room in the queue.
    pub(crate) fn write_later(
        &self,
        work: impl FnMut(&Ledger<'_>) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        self.send(Job { work: Box::new(work), durability: Durability::Group, reply: None })
    }

    fn send(&self, job: Job) -> Result<(), StoreError> {
        let jobs = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            match &*running {
                Some(running) => running.jobs.clone(),
                None => {
                    let started = self.start()?;
                    let jobs = started.jobs.clone();
                    *running = Some(started);
                    jobs
                }
            }
        };
        jobs.send(job).map_err(|_| self.gone())
    }

    fn start(&self) -> Result<Running, StoreError> {
        let (jobs, waiting) = sync_channel(QUEUE);
        let group_writer = GroupWriter {
            database: Arc::clone(&self.database),
            open: None,
            trouble: Arc::clone(&self.trouble),
        };
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || group_writer.run(&waiting))
            .map_err(|error| StoreError::unusable(self.database.path(), &error))?;
        Ok(Running { jobs, thread })
    }

    fn gone(&self) -> StoreError {
        self.trouble().unwrap_or_else(|| StoreError::Unusable {
            path: self.database.path().to_owned(),
            reason: "its writer has stopped".into(),
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Running { jobs, thread }) = running {
            drop(jobs);
            // What waits is written before the process goes on to end. A panic there was ours and is reported as such.
            let _ = thread.join();
        }
    }
}

/// The thread's side.
struct GroupWriter {
    database: Arc<Database>,
    open: Option<(Opened, RefCell<Rows>)>,
    trouble: Arc<Mutex<Option<StoreError>>>,
}

impl GroupWriter {
    fn run(mut self, waiting: &Receiver<Job>) {
        let mut group: Vec<Job> = Vec::new();
        loop {
            let Ok(first) = waiting.recv() else { break };
            group.push(first);
            let mut taken = 1;
            let ended = loop {
                if taken == GROUP {
                    break false;
                }
                match waiting.try_recv() {
                    Ok(job) => group.push(job),
                    Err(TryRecvError::Empty) => break false,
                    Err(TryRecvError::Disconnected) => break true,
                }
                taken += 1;
            };
            self.write(&mut group);
            if ended {
                break;
            }
        }
        if !group.is_empty() {
            self.write(&mut group);
        }
    }

    /// Commits the group and answers those who wait. What nobody waits for stays in the group when it failed.
    fn write(&mut self, group: &mut Vec<Job>) {
        let mut outcome = self.commit(group);
        if outcome.as_ref().is_err_and(StoreError::is_damage) {
            self.open = None;
            outcome = self.database.replace_if_damaged().and_then(|()| self.commit(group));
        }
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = outcome.as_ref().err().cloned();
        match outcome {
            Ok(verdicts) => {
                for (job, verdict) in group.drain(..).zip(verdicts) {
                    if let Some(reply) = job.reply {
                        // The caller may have been cancelled meanwhile; it is written all the same.
                        let _ = reply.send(verdict);
                    }
                }
            }
            Err(error) => {
                self.open = None;
                group.retain(|job| match &job.reply {
                    Some(reply) => {
                        let _ = reply.send(Err(error.clone()));
                        false
                    }
                    None => true,
                });
                group.truncate(KEPT);
            }
        }
    }

    /// One transaction. A job that fails by itself is rolled back alone.
    fn commit(&mut self, group: &mut [Job]) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        let database = Arc::clone(&self.database);
        if self.open.as_ref().is_none_or(|(open, _)| open.generation != database.generation()) {
            self.open = Some((database.open(Access::Write)?, RefCell::default()));
        }
        let Some((opened, rows)) = &mut self.open else { return Ok(Vec::new()) };
        let full = group.iter().any(|job| job.durability == Durability::Full);
        let mut verdicts = Vec::with_capacity(group.len());
        let outcome = (|| {
            let conn = &mut opened.conn;
            conn.execute_batch(if full {
                "PRAGMA synchronous = FULL"
            } else {
                "PRAGMA synchronous = NORMAL"
            })?;
            let mut transaction = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let said: RefCell<Vec<EventId>> = RefCell::default();
            for job in group.iter_mut() {
                let step = transaction.savepoint()?;
                let said_before = said.borrow().len();
                match (job.work)(&Ledger { conn: &step, rows, said: &said }) {
                    Ok(()) => {
                        step.commit()?;
                        verdicts.push(Ok(()));
                    }
                    Err(error) => {
                        let error = database.error(&error);
                        if error.is_damage() {
                            // Dropping the transaction rolls it back.
                            return Ok(Some(error));
                        }
                        drop(step);
                        said.borrow_mut().truncate(said_before);
                        *rows.borrow_mut() = Rows::default();
                        verdicts.push(Err(error));
                    }
                }
            }
            search::add(&transaction, &said.into_inner())?;
            transaction.commit()?;
            Ok(None)
        })();
        match outcome {
            Ok(None) => Ok(verdicts),
            Ok(Some(damage)) => Err(damage),
            Err(error) => Err(database.error(&error)),
        }
    }
}
