//! Where a job of another program is put on record: the store, opened without the settings, which may be wrong without
//! that being any concern of the job.

use std::sync::Arc;

use center::{Center, JOBS, Jobs, Named, Opening, Outside, SystemClock};
use store::{Logs, Store};
use syncmgr::{HandlerId, ItemId, RunId, SyncCallback};

use crate::exit::Failure;
use crate::out::Out;
use crate::places::Places;

/// A center in this process with nothing but jobs.
pub(crate) struct Desk {
    store: Arc<Store>,
    center: Center,
    handler: HandlerId,
}

/// A job that has begun.
pub(crate) struct Begun {
    desk: Desk,
    session: Outside,
}

impl Desk {
    /// Opens the store.
    pub(crate) fn open() -> Result<Self, Failure> {
        let places = Places::from_env()?;
        places.make_state()?;
        let store = Arc::new(Store::open(&places.store())?);
        let center = Center::new(Arc::clone(&store), Arc::new(SystemClock::default()));
        let failed = |refusal: syncmgr::Refusal| Failure::failed(refusal.to_string());
        Jobs::register(&center).map_err(failed)?;
        Ok(Self { store, center, handler: HandlerId::new(JOBS).map_err(failed)? })
    }

    /// Puts the beginning of a job on record. `by_hand`: a person started it (R13).
    pub(crate) fn begin(self, job: &ItemId, by_hand: bool) -> Result<Begun, Failure> {
        let opening =
            Opening { items: vec![Named::from(job.clone())], manual: by_hand, ..Opening::default() };
        let opened = self.center.open_session(&self.handler, opening);
        let session = opened.map_err(|refusal| Failure::failed(refusal.to_string()))?;
        Ok(Begun { desk: self, session })
    }
}

impl Begun {
    /// Its session.
    pub(crate) fn callback(&self) -> &dyn SyncCallback {
        &*self.session
    }

    /// Its number.
    pub(crate) fn run(&self) -> RunId {
        self.session.run_id()
    }

    /// Where its output is kept.
    pub(crate) fn logs(&self) -> Logs {
        self.desk.store.logs()
    }

    /// Puts its end on record.
    pub(crate) fn end(self, out: &Out) {
        self.session.end();
        if let Err(error) = self.desk.store.flush() {
            out.warn(format_args!("how it went could not be written down: {error}"));
        }
    }
}
