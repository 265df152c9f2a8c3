//! Sessions of other programs: a job that reports, a script with `curl`, a tool that runs by itself.
//!
//! Such a program has no object of ours in its hands, only the number of its run. The center keeps the callback for it
//! until the session ends, and all rules hold as they do for a handler in this process. A program that goes away without
//! a word is found out: at once when it said which process it is, else when its lease runs out (R12).

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use syncmgr::handler::NamedItem;
use syncmgr::{CancelRequest, EndReason, EventId, HandlerId, ItemId, NewEvent, Refusal, RunId, SyncCallback};

use crate::callback::Callback;
use crate::center::{Center, Inner, locked, unknown_handler};
use crate::open::OpenedBy;
use crate::process::Process;
use crate::sessions::Beginning;

/// An item, and what a person calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The item.
    pub item: ItemId,
    /// Its name, if the program says one. Handlers that make items of reports keep it.
    pub name: Option<String>,
}

impl From<ItemId> for Named {
    fn from(item: ItemId) -> Self {
        Self { item, name: None }
    }
}

/// What another program says when it begins.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// The items that have begun.
    pub items: Vec<Named>,
    /// What the program itself calls this run. While a session with that name is open for the first of the items, opening
    /// it again gives the same one: a request that is sent twice does no harm.
    pub reference: Option<String>,
    /// The process that does the work. When it is gone, the session is over.
    pub process: Option<Process>,
    /// When it began, in milliseconds since 1970; none: now.
    pub started: Option<i64>,
    /// A person started it by hand (R13).
    pub manual: bool,
    /// Leave to be silent for longer than usual (R12).
    pub lease: Option<Duration>,
    /// The run to go on with: one that was begun with a center that is gone. What was reported to that one stays.
    pub resumes: Option<RunId>,
    /// Without a good run for so long, the first item is overdue from now on, if the settings say nothing about it.
    pub overdue: Option<Duration>,
}

/// Who holds a session.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    reference: Option<String>,
    process: Option<Process>,
}

impl Holder {
    pub(crate) fn is_gone(&self) -> bool {
        self.process.is_some_and(Process::is_gone)
    }

    pub(crate) fn reference(&self) -> Option<&str> {
        self.reference.as_deref()
    }
}

/// A session that another program holds. Its methods are those of [`SyncCallback`]; letting go of it ends nothing.
#[derive(Clone)]
pub struct Outside {
    callback: Arc<Callback>,
}

impl Deref for Outside {
    type Target = dyn SyncCallback;

    fn deref(&self) -> &Self::Target {
        self.callback.as_ref()
    }
}

impl Center {
    /// Opens a session for another program, for items of any handler.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler or item, or no item at all; `AccessDenied` for what is disabled, or is
    /// being synchronized already; `Ended` for a run to go on with that has ended, or that somebody else has; `Failed`
    /// when it cannot be put on record.
    pub fn open_session(&self, handler: &HandlerId, opening: Opening) -> Result<Outside, Refusal> {
        let Opening { items, reference, process, started, manual, lease, resumes, overdue } = opening;
        let _one_at_a_time = locked(&self.inner.opening);
        if let (Some(first), Some(_)) = (items.first(), &reference)
            && let Some(known) = self.session_of(handler, &first.item, reference.as_deref())
        {
            return Ok(known);
        }
        if let Some(run) = resumes {
            if let Some(callback) = self.inner.lock().outside.get(&run).map(Arc::clone) {
                return Ok(Outside { callback });
            }
            self.inner.may_resume(run, handler, &items)?;
        }
        for named in &items {
            self.inner.adopt(handler, named)?;
        }
        if let (Some(first), Some(overdue)) = (items.first(), overdue) {
            self.inner.promise(handler, &first.item, overdue)?;
        }
        let items: Vec<ItemId> = items.into_iter().map(|named| named.item).collect();
        let by = OpenedBy::Outside(Holder { reference, process });
        let beginning = resumes.map_or(Beginning::New(started), Beginning::Resumed);
        let callback = self.inner.create_session(by, handler, &items, beginning)?;
        self.inner.lock().outside.insert(callback.run_id(), Arc::clone(&callback));
        let session = Outside { callback };
        if manual {
            session.report_manual_sync()?;
        }
        if let Some(lease) = lease {
            session.extend_lease(lease)?;
        }
        Ok(session)
    }

    /// The session of another program with that number.
    ///
    /// # Errors
    /// `Ended` when it has ended; `InvalidArgument` when there never was one.
    pub fn session(&self, run: RunId) -> Result<Outside, Refusal> {
        let held = self.inner.lock().outside.get(&run).map(Arc::clone);
        match held {
            Some(callback) => Ok(Outside { callback }),
            None if self.inner.store.run(run)?.is_some() => Err(Refusal::Ended),
            None => Err(Refusal::InvalidArgument(format!("there is no session {run}"))),
        }
    }

    /// The session that another program holds for an item: the one that it calls so, or the newest.
    pub fn session_of(&self, handler: &HandlerId, item: &ItemId, reference: Option<&str>) -> Option<Outside> {
        let state = self.inner.lock();
        let meant = |holder: &Holder| reference.is_none() || holder.reference.as_deref() == reference;
        let of_item = state.open_of(handler).filter(|open| open.session.contains(item));
        let open = of_item.filter(|open| open.holder.as_ref().is_some_and(meant)).last()?;
        let callback = state.outside.get(&open.session.run_id()).map(Arc::clone)?;
        Some(Outside { callback })
    }

    /// The run that a program may go on with, by what it calls it (none: the last one): one that was begun with a center
    /// that is gone, and came to no end of its own for longer than that.
    ///
    /// # Errors
    /// `Failed` when the store could not be read.
    pub fn left_behind(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        reference: Option<&str>,
        within: Duration,
    ) -> Result<Option<RunId>, Refusal> {
        let within = i64::try_from(within.as_millis()).unwrap_or(i64::MAX);
        let since = self.inner.clock.wall().saturating_sub(within);
        Ok(self.inner.store.unfinished_run(handler, item, reference, since)?)
    }

    /// Gives an item another name, where its handler keeps names for people.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item, a name that cannot be one, or a handler that names its items itself.
    pub fn rename_item(&self, handler: &HandlerId, item: &ItemId, name: &str) -> Result<(), Refusal> {
        let of = self.inner.with_handler(handler, |entry| {
            entry.item(item)?;
            Ok(Arc::clone(&entry.handler))
        })?;
        of.adopt(item, Some(name))?;
        self.inner.reload(handler)
    }

    /// Takes an item out of the sync set, with its results, where its handler can do that.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item; `AccessDenied` for one that cannot leave, or is being synchronized.
    pub fn delete_item(&self, handler: &HandlerId, item: &ItemId) -> Result<(), Refusal> {
        self.inner.delete_item(handler, item)
    }
}

impl Outside {
    /// Reports a line of the results that happened at another time than now, in milliseconds since 1970.
    ///
    /// # Errors
    /// As [`SyncCallback::report_event`].
    pub fn report_event_at(&self, event: NewEvent, time: i64) -> Result<EventId, Refusal> {
        self.callback.report_event_at(event, time)
    }

    /// Takes a further item of the handler into the session (R9); where items come into being by reports, also a new one.
    ///
    /// # Errors
    /// As [`SyncCallback::add_item_to_session`].
    pub fn add_item(&self, named: &Named) -> Result<(), Refusal> {
        self.callback.inner.adopt(self.callback.open.session.handler(), named)?;
        self.add_item_to_session(&named.item)
    }

    /// Proposes a new item (R8).
    ///
    /// # Errors
    /// As [`SyncCallback::propose_item`].
    pub fn propose(&self, item: ItemId, name: &str) -> Result<(), Refusal> {
        self.propose_item(Arc::new(NamedItem::new(item, name)))
    }

    /// What the program was asked to stop: an item, or (none) everything. For answers to calls that do not say so.
    pub fn asked(&self, item: Option<&ItemId>) -> CancelRequest {
        let session = &self.callback.open.session;
        if session.is_stopping() {
            return CancelRequest::All;
        }
        item.and_then(|item| session.item(item)).map_or(CancelRequest::None, |view| view.cancel)
    }

    /// Lets go of the session without an end: another center may go on with the run, under its number. Nobody who does
    /// makes it an interrupted one.
    ///
    /// # Errors
    /// It could not be written down.
    pub fn release(&self) -> Result<(), Refusal> {
        self.callback.inner.release(&self.callback.open)
    }

    /// Ends the session as of another time than now, in milliseconds since 1970. Nobody ends before they begin.
    pub fn end_at(&self, time: i64) {
        let open = &self.callback.open;
        let _ = open.ended.set(time.clamp(open.started, self.callback.inner.clock.wall().max(open.started)));
        self.callback.inner.end(open, EndReason::Ended);
    }
}

impl Inner {
    /// Whether a run is of just this handler and these items.
    fn may_resume(&self, run: RunId, handler: &HandlerId, items: &[Named]) -> Result<(), Refusal> {
        let unknown =
            || Refusal::InvalidArgument(format!("there is no run {run} of that handler and its items"));
        let record = self.store.run(run)?.ok_or_else(unknown)?;
        let has = |named: &Named| record.items.iter().any(|of| of.item == named.item);
        if record.handler == *handler && items.iter().all(has) { Ok(()) } else { Err(unknown()) }
    }

    /// Makes sure that a handler knows an item, and by that name.
    fn adopt(self: &Arc<Self>, handler: &HandlerId, named: &Named) -> Result<(), Refusal> {
        let (of, known) = self.with_handler(handler, |entry| {
            let known = entry.items.get(&named.item).map(|item| item.name().to_owned());
            Ok((Arc::clone(&entry.handler), known))
        })?;
        match (known, &named.name) {
            (Some(_), None) => Ok(()),
            (Some(known), Some(name)) if known == *name => Ok(()),
            (Some(_), Some(name)) => match of.adopt(&named.item, Some(name)) {
                Ok(()) => self.reload(handler),
                // It names its items itself.
                Err(Refusal::InvalidArgument(_)) => Ok(()),
                Err(other) => Err(other),
            },
            (None, name) => {
                if of.items().item(&named.item).is_none() {
                    of.adopt(&named.item, name.as_deref())?;
                }
                self.reload(handler)
            }
        }
    }

    fn delete_item(self: &Arc<Self>, handler: &HandlerId, item: &ItemId) -> Result<(), Refusal> {
        let entry = {
            let state = self.lock();
            let of = state.handler(handler).ok_or_else(|| unknown_handler(handler))?;
            let entry = of.item(item)?.clone();
            let refuse =
                |why| Err(Refusal::AccessDenied(format!("'{}' cannot be removed: {why}", entry.name())));
            if state.open_of(handler).any(|open| open.syncs(item)) || of.is_about_to_sync(item) {
                return refuse("it is being synchronized; stop it first");
            }
            if !entry.can_be_deleted() {
                return refuse("its handler alone says what its items are");
            }
            entry
        };
        self.forget_waiting(handler, Some(item));
        entry.item.delete().map_err(|error| {
            Refusal::AccessDenied(format!("'{}' cannot be removed: {error}", entry.name()))
        })?;
        self.store.forget_item(handler, item)?;
        locked(&self.book).forget(&(handler.clone(), item.clone()));
        self.reload(handler)
    }
}
