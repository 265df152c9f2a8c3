//! The store as its users see it.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use syncmgr::event::{Event, NewEvent};
use syncmgr::{HandlerId, ItemId, RunId};

use crate::alerts::{self, Alert};
use crate::database::{Access, Database, Opened};
use crate::error::StoreError;
use crate::log::Logs;
use crate::owner::{self, Owner};
use crate::record::{EventQuery, HandlerState, ItemState, NewRun, RunMark, RunQuery, RunRecord, Switch};
use crate::recorder::{self, RunRecorder};
use crate::retain::{self, Removed, Retention};
use crate::schedules::{self, ScheduleRow};
use crate::writer::{Durability, Ledger, Writer};
use crate::{items, read};

/// How many connections are kept to read with.
const READERS: usize = 4;

/// How the store is opened.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5) }
    }
}

/// Results, conflicts and states of one home. Any number of processes may have it open.
pub struct Store {
    database: Arc<Database>,
    /// Those that nobody reads with just now. Before the writer, so that they are closed first: the last connection to
    /// close tidies the log away, which only one that may write can do, and the next process opens faster without.
    readers: Mutex<Vec<Opened>>,
    /// The one that sees whether anything was written: what it is asked means something to itself alone.
    watcher: Mutex<Option<Opened>>,
    writer: Arc<Writer>,
    owners: PathBuf,
    owner: OnceLock<Arc<Owner>>,
}

impl Store {
    /// Opens the store of that file, which is made when it is missing. A damaged one is put aside (see
    /// [`put_aside`](Self::put_aside)), and runs whose process is gone are closed as interrupted (R12).
    ///
    /// # Errors
    /// The file cannot be used, is locked, or was written by a newer version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Options::default())
    }

    /// The same with other options.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(path: &Path, options: Options) -> Result<Self, StoreError> {
        let database = Arc::new(Database::new(path, options.busy_timeout));
        let mut owners = path.as_os_str().to_owned();
        owners.push(".owners");
        let store = Self {
            writer: Arc::new(Writer::new(Arc::clone(&database))),
            database,
            readers: Mutex::default(),
            watcher: Mutex::default(),
            owners: PathBuf::from(owners),
            owner: OnceLock::new(),
        };
        store.close_abandoned()?;
        Ok(store)
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        self.database.path()
    }

    /// Damaged files that were put aside since this process opened the store, under their new names: worth a warning,
    /// for what they held is no longer shown.
    pub fn put_aside(&self) -> Vec<PathBuf> {
        self.database.put_aside_files()
    }

    /// Why the last lines could not be written, if they could not. They are tried again with the next ones.
    pub fn trouble(&self) -> Option<StoreError> {
        self.writer.trouble()
    }

    /// Begins a run: from here on it is on record as running, for as long as this process lives.
    ///
    /// # Errors
    /// It could not be written.
    pub fn begin_run(&self, new: NewRun) -> Result<RunRecorder, StoreError> {
        RunRecorder::begin(Arc::clone(&self.writer), self.claim_owner()?, new)
    }

    /// Goes on with a run that another process began and left unfinished: its process is gone, or has let go of it. None
    /// when there is no such run: it came to an end, or somebody still has it.
    ///
    /// # Errors
    /// It could not be read or written.
    pub fn resume_run(&self, run: RunId) -> Result<Option<RunRecorder>, StoreError> {
        let owner = self.claim_owner()?;
        let Some(holder) = self.read(|conn| recorder::unfinished(conn, run))? else { return Ok(None) };
        if holder == owner.name() || !owner::is_gone(&self.owners, &holder) {
            return Ok(None);
        }
        RunRecorder::resume(Arc::clone(&self.writer), owner, run, holder)
    }

    fn claim_owner(&self) -> Result<Arc<Owner>, StoreError> {
        if let Some(owner) = self.owner.get() {
            return Ok(Arc::clone(owner));
        }
        let claimed =
            Owner::claim(&self.owners).map_err(|error| StoreError::unusable(&self.owners, &error))?;
        // Of two threads that come here at once, one keeps its file, the other's goes at once.
        Ok(Arc::clone(self.owner.get_or_init(|| Arc::new(claimed))))
    }

    /// Closes the runs whose process is gone, as interrupted (R12), and says which. Cheap when there are none. While
    /// somebody else writes, or nobody can because the disk is full, they stay open until the next look.
    ///
    /// # Errors
    /// The store could not be read, or not written for another reason.
    pub fn close_abandoned(&self) -> Result<Vec<RunId>, StoreError> {
        let open = self.read(recorder::open_runs)?;
        let mine = self.owner.get().map(|owner| owner.name());
        let mut gone: HashMap<&str, bool> = HashMap::new();
        let abandoned: Vec<RunId> = open
            .iter()
            .filter(|(_, name)| {
                Some(name.as_str()) != mine
                    && *gone.entry(name).or_insert_with(|| owner::is_gone(&self.owners, name))
            })
            .map(|(run, _)| *run)
            .collect();
        if abandoned.is_empty() {
            return Ok(abandoned);
        }
        let written = self.writer.write(Durability::Full, move |ledger| {
            let mut closed = Vec::new();
            for run in &abandoned {
                if recorder::interrupt(ledger, *run)? {
                    closed.push(*run);
                }
            }
            Ok(closed)
        });
        let closed = match written {
            Err(StoreError::Locked { .. } | StoreError::Full { .. }) => return Ok(Vec::new()),
            written => written?,
        };
        for name in gone.into_iter().filter_map(|(name, gone)| gone.then_some(name)) {
            owner::forget(&self.owners, name);
        }
        Ok(closed)
    }

    /// The runs that other processes have open, with the number of the process. Those whose process is gone are not
    /// among them: what keeps a run open is a lock that goes with its holder.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn running_elsewhere(&self) -> Result<Vec<(RunId, u32)>, StoreError> {
        let open = self.read(recorder::open_runs)?;
        let mine = self.owner.get().map(|owner| owner.name());
        let elsewhere = open.into_iter().filter(|(_, name)| Some(name.as_str()) != mine);
        let living = elsewhere.filter(|(_, name)| !owner::is_gone(&self.owners, name));
        Ok(living.filter_map(|(run, name)| Some((run, owner::process(&name)?))).collect())
    }

    /// The runs after that one, oldest first and at most so many, each with whether it is of this process.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn runs_after(&self, seen: RunId, most: u32) -> Result<Vec<(RunId, bool)>, StoreError> {
        let runs = self.read(|conn| recorder::runs_after(conn, seen, most))?;
        let mine = self.owner.get().map(|owner| owner.name());
        Ok(runs.into_iter().map(|(run, name)| (run, Some(name.as_str()) == mine)).collect())
    }

    /// A page of runs, newest first.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn runs(&self, query: &RunQuery) -> Result<Vec<RunRecord>, StoreError> {
        self.read(|conn| read::runs(conn, query))
    }

    /// How many runs a query lets through, on all its pages; what it says about a page does not count.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn run_count(&self, query: &RunQuery) -> Result<u64, StoreError> {
        self.read(|conn| read::run_count(conn, query))
    }

    /// One run.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn run(&self, id: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.read(|conn| read::run(conn, id))
    }

    /// The run of an item that came to no end of its own, at least none before `since` (milliseconds since 1970): of
    /// its last ones the one that its program calls so, or with no such name the last one alone.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn unfinished_run(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        reference: Option<&str>,
        since: i64,
    ) -> Result<Option<RunId>, StoreError> {
        self.read(|conn| read::unfinished(conn, handler, item, reference, since))
    }

    /// The last runs of each of these items, the oldest first, at most so many of each.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn history(&self, items: &[(HandlerId, ItemId)], most: u32) -> Result<Vec<Vec<RunMark>>, StoreError> {
        self.read(|conn| items.iter().map(|(handler, item)| read::marks(conn, handler, item, most)).collect())
    }

    /// A page of events. Those of a run that still runs may lag behind by a moment.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn events(&self, query: &EventQuery) -> Result<Vec<Event>, StoreError> {
        self.read(|conn| read::events(conn, query))
    }

    /// The switches of all handlers that were ever met.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn handler_states(&self) -> Result<Vec<HandlerState>, StoreError> {
        self.read(items::handler_states)
    }

    /// What is remembered of all items that were ever met, or of those of one handler.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn item_states(&self, handler: Option<&HandlerId>) -> Result<Vec<ItemState>, StoreError> {
        self.read(|conn| items::item_states(conn, handler, None))
    }

    /// What is remembered of one item; none: it was never met.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn item_state(&self, handler: &HandlerId, item: &ItemId) -> Result<Option<ItemState>, StoreError> {
        self.read(|conn| Ok(items::item_states(conn, Some(handler), Some(item))?.pop()))
    }

    /// Sets a switch of a handler, or (with `item`) of one of its items.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_switch(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        switch: Switch,
        now: i64,
    ) -> Result<(), StoreError> {
        let (handler, item) = (handler.clone(), item.cloned());
        self.write(Durability::Full, move |ledger| {
            items::set_switch(ledger, &handler, item.as_ref(), switch, now)
        })
    }

    /// A number that is another one when anything was written since, by this process or another: for those who look
    /// often and mostly in vain.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn edition(&self) -> Result<i64, StoreError> {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_with(&mut watcher, |conn| conn.query_row("PRAGMA data_version", [], |row| row.get(0)))
    }

    /// What the schedules of all items have come to.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn schedules(&self) -> Result<Vec<ScheduleRow>, StoreError> {
        self.read(schedules::all)
    }

    /// Writes down what schedules have come to, all together.
    ///
    /// # Errors
    /// It could not be written; then none of it was.
    pub fn save_schedules(&self, rows: Vec<ScheduleRow>, now: i64) -> Result<(), StoreError> {
        self.write(Durability::Full, move |ledger| {
            rows.iter().try_for_each(|row| schedules::save(ledger, row, now))
        })
    }

    /// Adds a line to a run beside the one who writes it, or after its end. It is not counted: only what a run reports
    /// itself is.
    ///
    /// # Errors
    /// It could not be written.
    pub fn late_event(
        &self,
        run: RunId,
        handler: &HandlerId,
        event: NewEvent,
        time: i64,
    ) -> Result<Event, StoreError> {
        let (of, line) = (handler.clone(), event.clone());
        let id =
            self.write(Durability::Group, move |ledger| recorder::late_event(ledger, run, &of, &line, time))?;
        Ok(Event { id, handler: handler.clone(), run, time, event })
    }

    /// What persons were told, or are about to be told, the oldest first.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn alerts(&self) -> Result<Vec<Alert>, StoreError> {
        self.read(alerts::all)
    }

    /// Writes alerts down, and forgets those with these numbers.
    ///
    /// # Errors
    /// It could not be written; then none of it was.
    pub fn save_alerts(&self, changed: Vec<Alert>, forgotten: Vec<u64>) -> Result<(), StoreError> {
        self.write(Durability::Full, move |ledger| {
            forgotten.iter().try_for_each(|id| alerts::forget(ledger.conn, *id))?;
            changed.iter().try_for_each(|alert| alerts::save(ledger.conn, alert))
        })
    }

    /// Until when everything is paused, in milliseconds since 1970; that moment may have passed.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn paused_until(&self) -> Result<Option<i64>, StoreError> {
        self.read(schedules::paused_until)
    }

    /// Pauses everything until then, or ends that. Pauses of single items are theirs, see [`Switch::PausedUntil`].
    ///
    /// # Errors
    /// It could not be written.
    pub fn pause_all(&self, until: Option<i64>) -> Result<(), StoreError> {
        self.write(Durability::Full, move |ledger| schedules::pause(ledger.conn, until))
    }

    /// Says what a person calls an item that no handler has a name for; met first at `now` if it was never met.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_name(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        name: Option<&str>,
        now: i64,
    ) -> Result<(), StoreError> {
        let (handler, item, name) = (handler.clone(), item.clone(), name.map(str::to_owned));
        self.write(Durability::Full, move |ledger| {
            items::set_name(ledger, &handler, &item, name.as_deref(), now)
        })
    }

    /// Says after how many milliseconds without a good run an item is overdue; none: never. For items that no settings
    /// speak of.
    ///
    /// # Errors
    /// It could not be written.
    pub fn set_overdue(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        overdue: Option<i64>,
        now: i64,
    ) -> Result<(), StoreError> {
        let (handler, item) = (handler.clone(), item.clone());
        self.write(Durability::Full, move |ledger| items::set_overdue(ledger, &handler, &item, overdue, now))
    }

    /// Forgets an item that left the sync set: its state, results, events and conflicts. Answers whether it was known.
    ///
    /// # Errors
    /// It could not be written.
    pub fn forget_item(&self, handler: &HandlerId, item: &ItemId) -> Result<bool, StoreError> {
        let (handler, item) = (handler.clone(), item.clone());
        self.write(Durability::Full, move |ledger| items::forget_item(ledger, &handler, &item))
    }

    /// Forgets old runs and their events, a few at a time.
    ///
    /// # Errors
    /// It could not be written; what went so far stays gone.
    pub fn retain(&self, retention: Retention, now: i64) -> Result<Removed, StoreError> {
        let mut all = Removed::default();
        loop {
            let step = self.write(Durability::Group, move |ledger| retain::step(ledger, &retention, now))?;
            all.runs += step.runs;
            all.events += step.events;
            if step.runs < retain::STEP {
                break;
            }
        }
        // Logs are files beside the store: what cannot be removed now is removed another time.
        let _ = self.logs().prune(|run| self.run(run).map_or(true, |record| record.is_some()));
        Ok(all)
    }

    /// What commands wrote while they ran.
    pub fn logs(&self) -> Logs {
        Logs::beside(self.path())
    }

    /// Waits until all that was handed over so far is written. After something could not be written, it is good only when
    /// something can be again.
    ///
    /// # Errors
    /// It could not be written.
    pub fn flush(&self) -> Result<(), StoreError> {
        let in_trouble = self.trouble().is_some();
        self.write(Durability::Group, move |ledger| {
            if in_trouble {
                // A page that is written, and says what it said before.
                let version: i64 = ledger.conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
                ledger.conn.pragma_update(None, "user_version", version)?;
            }
            Ok(())
        })
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl FnMut(&Ledger<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.write(durability, work)
    }

    /// Reads with a connection of its own, so that a long search keeps nobody waiting.
    pub(crate) fn read<T>(
        &self,
        query: impl FnMut(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let idle = || self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = idle().pop();
        let answer = self.read_with(&mut reader, query);
        let mut idle = idle();
        if idle.len() < READERS {
            idle.extend(reader);
        }
        answer
    }

    /// A damaged file is replaced, and read again.
    fn read_with<T>(
        &self,
        reader: &mut Option<Opened>,
        mut query: impl FnMut(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let first = self.read_once(reader, &mut query);
        if !first.as_ref().is_err_and(StoreError::is_damage) {
            return first;
        }
        *reader = None;
        self.database.replace_if_damaged()?;
        self.read_once(reader, &mut query)
    }

    fn read_once<T>(
        &self,
        reader: &mut Option<Opened>,
        query: &mut impl FnMut(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let current = match reader.take() {
            Some(open) if open.generation == self.database.generation() => open,
            _ => self.database.open(Access::Read)?,
        };
        // One transaction, so that a page's runs and their items are of the same moment.
        let answer = current.conn.unchecked_transaction().and_then(|_snapshot| query(&current.conn));
        *reader = Some(current);
        answer.map_err(|error| self.database.error(&error))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.path()).finish_non_exhaustive()
    }
}
