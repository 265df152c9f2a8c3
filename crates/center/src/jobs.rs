//! Jobs: what other programs start by themselves, and only tell the center of. Their handler is built in; an item of it
//! comes into being with its first report and is shown like all others.

use std::sync::{Arc, PoisonError, RwLock, Weak};

use store::Store;
use syncmgr::control::Control;
use syncmgr::flags::{ControlFlags, HandlerCapabilities, HandlerType, ItemCapabilities, ItemPolicies};
use syncmgr::{
    Handler, HandlerError, HandlerId, HandlerInfo, ItemContainer, ItemId, ProblemClass, Refusal, Request,
    SessionCreator, SyncCallback, SyncItem, SyncItemInfo, text,
};

use crate::center::Center;
use crate::clock::Clock;

/// The identifier of the handler of jobs.
pub const JOBS: &str = "jobs";

/// The handler of jobs. Clones are the same one.
#[derive(Clone)]
pub struct Jobs(Arc<JobsHandler>);

struct JobsHandler {
    id: HandlerId,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    items: JobItems,
}

impl Jobs {
    /// Takes the handler of jobs into a center, with all jobs that were ever reported to its store.
    ///
    /// # Errors
    /// The store cannot be read, or there is a handler of that name already.
    pub fn register(center: &Center) -> Result<Self, Refusal> {
        let handler = JobsHandler {
            id: HandlerId::new(JOBS)?,
            store: Arc::clone(center.store()),
            clock: Arc::clone(&center.inner.clock),
            items: JobItems::default(),
        };
        handler.learn(center)?;
        let jobs = Self(Arc::new(handler));
        center.register(Arc::clone(&jobs.0) as Arc<dyn Handler>)?;
        Ok(jobs)
    }

    /// The identifier of the handler.
    pub fn id(&self) -> &HandlerId {
        &self.0.id
    }

    /// Opens a session for a job, which may be a new one. Several runs of one job at a time are several sessions (R7).
    ///
    /// # Errors
    /// The job was disabled by a person, or the run cannot be written down.
    pub fn begin(&self, center: &Center, job: &ItemId) -> Result<Arc<dyn SyncCallback>, Refusal> {
        if self.0.items.add(job, None) {
            center.update_handler(&self.0.id, ControlFlags::WAIT)?;
        }
        center.create_session(&self.0.id, std::slice::from_ref(job))
    }

    /// Looks for jobs that other processes have reported since; tells whether there were any.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn refresh(&self, center: &Center) -> Result<bool, Refusal> {
        let any = self.0.learn(center)?;
        if any {
            center.update_handler(&self.0.id, ControlFlags::WAIT)?;
        }
        Ok(any)
    }
}

impl JobsHandler {
    /// Takes over what the store knows; tells whether something was new.
    fn learn(&self, center: &Center) -> Result<bool, Refusal> {
        let known = self.store.item_states(Some(&self.id))?;
        let promised = known.iter().filter_map(|state| Some((state.item.clone(), state.overdue?)));
        center.inner.promised(promised.map(|(item, overdue)| ((self.id.clone(), item), overdue)));
        Ok(known.iter().filter(|state| self.items.add(&state.item, state.name.as_deref())).count() > 0)
    }
}

impl Handler for JobsHandler {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("Jobs".into())
    }

    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        Ok(HandlerInfo {
            kind: HandlerType::Application,
            type_label: "Jobs of other programs".into(),
            comment: "Commands and scripts that report here".into(),
            ..HandlerInfo::default()
        })
    }

    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn adopt(&self, job: &ItemId, name: Option<&str>) -> Result<(), Refusal> {
        let name = name.map(|name| text::name(name.trim()));
        if name == Some("") {
            return Err(Refusal::InvalidArgument(format!("the job '{job}' cannot be called nothing")));
        }
        if name.is_some() {
            self.store.set_name(&self.id, job, name, self.clock.wall())?;
        }
        self.items.add(job, name);
        Ok(())
    }

    fn synchronize(
        &self,
        _items: &[ItemId],
        _creator: &dyn SessionCreator,
        _request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        // Their policy keeps control from asking for it.
        Err(HandlerError::new(ProblemClass::Config, "a job is started by the program that runs it"))
    }
}

/// The jobs that are known.
#[derive(Default)]
struct JobItems(Arc<JobList>);

type JobList = RwLock<Vec<Arc<JobItem>>>;

impl JobItems {
    /// Adds a job, or another name of one; tells whether something is new.
    fn add(&self, job: &ItemId, name: Option<&str>) -> bool {
        let made = || {
            Arc::new(JobItem { id: job.clone(), name: name.map(str::to_owned), all: Arc::downgrade(&self.0) })
        };
        let mut items = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match items.iter_mut().find(|item| item.id == *job) {
            Some(known) if name.is_none() || known.name.as_deref() == name => false,
            Some(known) => {
                *known = made();
                true
            }
            None => {
                items.push(made());
                true
            }
        }
    }

    fn read(&self) -> Vec<Arc<JobItem>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ItemContainer for JobItems {
    fn item(&self, id: &ItemId) -> Option<Arc<dyn SyncItem>> {
        self.read().into_iter().find(|item| item.id == *id).map(|item| item as Arc<dyn SyncItem>)
    }

    fn all(&self) -> Vec<Arc<dyn SyncItem>> {
        self.read().into_iter().map(|item| item as Arc<dyn SyncItem>).collect()
    }
}

/// A job is known by what its reporter calls it, until a name is said.
struct JobItem {
    id: ItemId,
    name: Option<String>,
    all: Weak<JobList>,
}

impl SyncItem for JobItem {
    fn id(&self) -> &ItemId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.name.clone().unwrap_or_else(|| self.id.as_str().to_owned()))
    }

    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        Ok(SyncItemInfo { type_label: "Job".into(), ..SyncItemInfo::default() })
    }

    fn capabilities(&self) -> ItemCapabilities {
        ItemCapabilities::CAN_DELETE
    }

    fn policies(&self) -> ItemPolicies {
        ItemPolicies::PREVENT_START_SYNC
    }

    fn delete(&self) -> Result<(), HandlerError> {
        if let Some(all) = self.all.upgrade() {
            all.write().unwrap_or_else(PoisonError::into_inner).retain(|item| item.id != self.id);
        }
        Ok(())
    }
}
