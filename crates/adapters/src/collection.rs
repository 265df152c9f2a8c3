//! Providers that know many partners, each of which is a handler that is made when it is asked for
//! (`ISyncMgrHandlerCollection`).

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use syncmgr::handler::HandlerCollection;
use syncmgr::{Handler, HandlerError, HandlerId, Refusal};

/// Who knows partners.
pub trait Source: Send + Sync {
    /// What it knows of one.
    type Partner: Send;
    /// The handler of one.
    type Made: Handler + 'static;

    /// What the collection is called.
    fn id(&self) -> &str;
    /// All partners that there are now.
    ///
    /// # Errors
    /// What keeps it from knowing.
    fn list(&self) -> Result<Vec<(HandlerId, Self::Partner)>, HandlerError>;
    /// Makes the handler of a partner.
    ///
    /// # Errors
    /// It can have none.
    fn make(&self, id: &HandlerId, partner: &Self::Partner) -> Result<Self::Made, Refusal>;
    /// Brings a handler that was made before up to date.
    ///
    /// # Errors
    /// As [`make`](Self::make).
    fn renew(&self, made: &Self::Made, partner: &Self::Partner) -> Result<(), Refusal>;
    /// Files that are others when it knows others.
    fn files(&self) -> Vec<PathBuf>;
}

/// A source's partners as a collection.
pub struct Partners<S: Source> {
    source: S,
    known: Mutex<Known<S>>,
}

struct Known<S: Source> {
    listed: BTreeMap<HandlerId, S::Partner>,
    made: HashMap<HandlerId, Arc<S::Made>>,
}

impl<S: Source> Partners<S> {
    /// The partners of a source; it is not asked yet.
    pub fn new(source: S) -> Self {
        Self { source, known: Mutex::new(Known { listed: BTreeMap::new(), made: HashMap::new() }) }
    }

    /// Who knows them.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The handlers that were made and whose partners are still there.
    pub fn made(&self) -> Vec<Arc<S::Made>> {
        self.known().made.values().cloned().collect()
    }

    /// Those that it had when it was asked last.
    pub fn listed(&self) -> Vec<HandlerId> {
        self.known().listed.keys().cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, Known<S>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &HandlerId) -> Result<Option<Arc<S::Made>>, Refusal> {
        let mut known = self.known();
        let Known { listed, made } = &mut *known;
        if let Some(made) = made.get(id) {
            return Ok(Some(Arc::clone(made)));
        }
        let Some(partner) = listed.get(id) else { return Ok(None) };
        let new = Arc::new(self.source.make(id, partner)?);
        made.insert(id.clone(), Arc::clone(&new));
        Ok(Some(new))
    }
}

impl<S: Source> HandlerCollection for Partners<S> {
    fn id(&self) -> &str {
        self.source.id()
    }

    fn handlers(&self) -> Result<Vec<HandlerId>, HandlerError> {
        // Asked without the lock: a tool may take its time, and those that are known are to be had meanwhile.
        let listed: BTreeMap<_, _> = self.source.list()?.into_iter().collect();
        let mut known = self.known();
        known.made.retain(|id, _| listed.contains_key(id));
        for (id, made) in &known.made {
            if let Some(partner) = listed.get(id) {
                self.source.renew(made, partner)?;
            }
        }
        let ids = listed.keys().cloned().collect();
        known.listed = listed;
        Ok(ids)
    }

    fn bind(&self, handler: &HandlerId) -> Result<Arc<dyn Handler>, Refusal> {
        if let Some(found) = self.find(handler)? {
            return Ok(found);
        }
        // It may be asked for before anything was listed.
        self.handlers().map_err(|error| Refusal::Failed(error.to_string()))?;
        let unknown = || Refusal::InvalidArgument(format!("{} has no partner '{handler}'", self.source.id()));
        Ok(self.find(handler)?.ok_or_else(unknown)?)
    }
}
