//! A center in this process with nothing but jobs, for as long as no daemon answers.

use std::sync::Arc;
use std::time::Duration;

use center::{Center, JOBS, Jobs, Named, Opening, Outside, Process, SystemClock};
use store::Store;
use syncmgr::{HandlerId, ItemId, Refusal, RunId, SyncCallback};

use super::Beginning;
use crate::exit::Failure;
use crate::places::Places;

/// How long a command may be silent, held at its terminal for one. That its process is gone shows by itself.
pub(super) const LEASE: Duration = Duration::from_secs(24 * 60 * 60);

/// The store, opened for one run.
pub(super) struct Desk {
    store: Arc<Store>,
    session: Outside,
}

impl Desk {
    /// Begins a run.
    pub(super) fn begin(places: &Places, beginning: &Beginning) -> Result<Self, Failure> {
        let overdue = beginning.overdue.and_then(|millis| u64::try_from(millis).ok());
        let opening = Opening {
            manual: beginning.by_hand,
            overdue: overdue.map(Duration::from_millis),
            ..opening(&beginning.item)
        };
        Self::open(places, opening).map_err(|refusal| Failure::failed(refusal.to_string()))
    }

    /// Goes on with a run; refused with `Ended` when somebody has it, or it has ended.
    pub(super) fn resume(places: &Places, item: &ItemId, run: RunId) -> Result<Self, Refusal> {
        Self::open(places, Opening { resumes: Some(run), ..opening(item) })
    }

    fn open(places: &Places, opening: Opening) -> Result<Self, Refusal> {
        let store = Arc::new(Store::open(&places.store())?);
        let center = Center::new(Arc::clone(&store), Arc::new(SystemClock::default()));
        Jobs::register(&center)?;
        let session = center.open_session(&HandlerId::new(JOBS)?, opening)?;
        Ok(Self { store, session })
    }

    /// Its number.
    pub(super) fn run(&self) -> RunId {
        self.session.run_id()
    }

    /// Its session.
    pub(super) fn callback(&self) -> &dyn SyncCallback {
        &*self.session
    }

    /// The same, for what happened at another time than now.
    pub(super) fn session(&self) -> &Outside {
        &self.session
    }

    /// Puts the end on record.
    pub(super) fn end(&self) -> Result<(), Refusal> {
        self.session.end();
        Ok(self.store.flush()?)
    }

    /// Lets go of the run, for somebody else to go on with it.
    pub(super) fn release(self) -> Result<(), Refusal> {
        self.session.release()
    }
}

fn opening(item: &ItemId) -> Opening {
    Opening {
        items: vec![Named::from(item.clone())],
        process: Process::find(std::process::id()),
        lease: Some(LEASE),
        ..Opening::default()
    }
}

/// Whether a run has come to an end of its own.
pub(super) fn is_over(places: &Places, run: RunId) -> bool {
    let record = Store::open(&places.store()).ok().and_then(|store| store.run(run).ok().flatten());
    record
        .is_some_and(|record| record.outcome.is_some_and(|outcome| outcome != syncmgr::Outcome::Interrupted))
}
