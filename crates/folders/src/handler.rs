//! Folder pairs as an ordinary handler of a sync center.

use std::sync::{Arc, PoisonError, RwLock};

use syncmgr::conflict::{ConflictLedger, ConflictStore, ResolutionHandler, Selection};
use syncmgr::flags::{HandlerCapabilities, HandlerType};
use syncmgr::follow::{Following, Runner};
use syncmgr::outcome::{Counts, Outcome, Problem, ProblemClass};
use syncmgr::plan::{Preview, PreviewError, Verification, Watch};
use syncmgr::status::ProgressStatus;
use syncmgr::{
    CancelRequest, Handler, HandlerError, HandlerId, HandlerInfo, ItemContainer, ItemId, Refusal, Request,
    RunId, SessionCreator, SyncCallback, SyncItem, SyncItemInfo,
};

use crate::apply::{Hooks, Limits, NoHooks};
use crate::drive;
use crate::follow;
use crate::journal;
use crate::look::{Ask, LookError};
use crate::options::{ChangeRequest, Home, RunOptions, UndoRequest};
use crate::pair::Pair;
use crate::preview;
use crate::request;
use crate::resolve::PairResolution;
use crate::roots::Surroundings;
use crate::rows::{self, Watched};
use crate::run::{Finished, Run, now};
use crate::verify;

/// The identifier of this handler.
pub const HANDLER_ID: &str = "folders";

/// Keeps pairs of folders in sync. A start may bring [`RunOptions`], a [`ChangeRequest`], a [`Selection`] of conflicts to
/// settle, or an [`UndoRequest`].
pub struct FoldersHandler {
    id: HandlerId,
    home: Home,
    pairs: Arc<Pairs>,
    conflicts: Arc<dyn ConflictLedger>,
    hooks: Box<dyn Hooks + Send>,
    limits: Limits,
}

impl FoldersHandler {
    /// A handler of these pairs. `home` holds what it must remember of them, `conflicts` their open conflicts.
    ///
    /// # Panics
    /// Never: its identifier is a legal one.
    #[expect(clippy::expect_used, reason = "a short word is a legal identifier")]
    pub fn new(home: Home, pairs: Vec<Pair>, conflicts: Arc<dyn ConflictLedger>) -> Self {
        Self {
            id: HandlerId::new(HANDLER_ID).expect("a short word is a legal identifier"),
            home,
            pairs: Arc::new(Pairs::default().with(pairs)),
            conflicts,
            hooks: Box::new(NoHooks),
            limits: Limits::default(),
        }
    }

    /// Under another identifier: for folders that another handler keeps in sync.
    pub(crate) fn called(self, id: HandlerId) -> Self {
        Self { id, ..self }
    }

    /// Adds a pair, or gives the pair with this item other settings.
    pub fn add(&self, pair: Pair) {
        self.pairs.add(pair);
    }

    /// Removes a pair; tells whether there was one. What it remembers stays in its directory, should it come back.
    pub fn remove(&self, item: &ItemId) -> bool {
        self.pairs.remove(item)
    }

    /// The settings of a pair.
    pub fn pair(&self, item: &ItemId) -> Option<Pair> {
        self.pairs.get(item)
    }

    #[cfg(test)]
    pub(crate) fn with_hooks(self, hooks: impl Hooks + Send + 'static) -> Self {
        Self { hooks: Box::new(hooks), ..self }
    }

    #[cfg(test)]
    pub(crate) fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    fn surroundings(&self, item: &ItemId) -> Surroundings {
        Surroundings { home_dir: std::env::home_dir(), other_roots: self.pairs.roots_of_others(item) }
    }

    /// Looks at a pair without a run.
    fn look<T>(
        &self,
        item: &ItemId,
        options: &str,
        watch: &dyn Watch,
        look: impl FnOnce(Ask<'_>, &dyn crate::scan::Watch) -> Result<T, LookError>,
    ) -> Result<(Pair, T), PreviewError> {
        let pair = self.pairs.get(item).ok_or_else(|| {
            Refusal::InvalidArgument(format!("there is no pair of folders called '{item}'"))
        })?;
        let options = request::read(options)?;
        let ask = Ask {
            pair: &pair,
            options: &options,
            home: &self.home,
            surroundings: &self.surroundings(item),
            now: now(),
            threads: drive::default_threads(),
        };
        let found = look(ask, &Watched(watch)).map_err(|error| {
            if error.is_usage() {
                return PreviewError::Refused(Refusal::InvalidArgument(error.problem().to_string()));
            }
            PreviewError::Failed { outcome: error.outcome(), problem: error.problem() }
        })?;
        Ok((pair, found))
    }

    /// Does what is asked for one item, and gives it its last word.
    pub(crate) fn carry_out(&self, item: &ItemId, callback: &dyn SyncCallback, request: Option<&Request>) {
        conclude(callback, item, self.run(item, callback, request));
    }

    fn run(&self, item: &ItemId, callback: &dyn SyncCallback, request: Option<&Request>) -> Finished {
        let Some(pair) = self.pairs.get(item) else {
            let text = format!("there is no pair of folders called {item}");
            return Finished::stopped(Outcome::Failed, Problem::new(ProblemClass::Config, text));
        };
        let surroundings = self.surroundings(item);
        let run = Run {
            handler: &self.id,
            pair: &pair,
            home: &self.home,
            surroundings: &surroundings,
            callback,
            ledger: &*self.conflicts,
            hooks: &*self.hooks,
            limits: self.limits,
        };
        let Some(request) = request else { return run.sync(&RunOptions::default()) };
        if let Some(options) = request.get::<RunOptions>() {
            run.sync(options)
        } else if let Some(change) = request.get::<ChangeRequest>() {
            run.sync_changed(change)
        } else if let Some(selection) = request.get::<Selection>() {
            run.resolve(selection)
        } else if let Some(undo) = request.get::<UndoRequest>() {
            run.undo(undo)
        } else {
            let text = "the request that came with the start is none of a pair of folders";
            Finished::stopped(Outcome::Failed, Problem::new(ProblemClass::Bug, text))
        }
    }
}

impl Handler for FoldersHandler {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("Folders".into())
    }

    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        Ok(HandlerInfo {
            kind: HandlerType::Folder,
            type_label: "Pairs of folders".into(),
            comment: "Keeps two folders in sync".into(),
            ..HandlerInfo::default()
        })
    }

    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::CONFLICT_STORE
    }

    fn items(&self) -> &dyn ItemContainer {
        &*self.pairs
    }

    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        Some(Arc::clone(&self.conflicts) as Arc<dyn ConflictStore>)
    }

    fn resolution_handler(&self) -> Option<Arc<dyn ResolutionHandler>> {
        Some(Arc::new(PairResolution {
            handler: self.id.clone(),
            pairs: Arc::clone(&self.pairs),
            home: self.home.clone(),
            ledger: Arc::clone(&self.conflicts),
        }))
    }

    fn request(&self, options: &str) -> Result<Option<Request>, Refusal> {
        let options = request::read(options)?;
        Ok((options != RunOptions::default()).then(|| Request::new(options)))
    }

    /// Of any run: one of which nothing is left says so.
    fn undo_request(&self, run: RunId) -> Option<Request> {
        Some(Request::new(UndoRequest { run }))
    }

    fn takes_back(&self, run: RunId) -> bool {
        journal::is_remembered(&self.home.pairs, run)
    }

    fn preview(&self, item: &ItemId, options: &str, watch: &dyn Watch) -> Result<Preview, PreviewError> {
        let (pair, found) = self.look(item, options, watch, preview::preview)?;
        Ok(rows::preview(&self.id, pair, found))
    }

    /// Content is compared with the option `checksum`; a policy that is asked for hides no conflict.
    fn verify(&self, item: &ItemId, options: &str, watch: &dyn Watch) -> Result<Verification, PreviewError> {
        let by_content =
            |ask: Ask<'_>, watch: &dyn crate::scan::Watch| verify::verify(ask, ask.options.checksum, watch);
        let (pair, found) = self.look(item, options, watch, by_content)?;
        Ok(rows::verification(&pair, found))
    }

    fn follow(
        &self,
        item: &ItemId,
        runner: Arc<dyn Runner>,
    ) -> Result<Option<Box<dyn Following>>, HandlerError> {
        let Some(pair) = self.pairs.get(item) else { return Ok(None) };
        let place = follow::Place {
            surroundings: self.surroundings(item),
            pair,
            home: self.home.clone(),
            handler: self.id.clone(),
            conflicts: Arc::clone(&self.conflicts),
        };
        follow::follow(place, runner).map(Some)
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let callback = creator.create_session(&self.id, items)?;
        let mut all = false;
        for item in items {
            let asked = callback.report_progress(item, None, ProgressStatus::UpdatingIndeterminate, 0, 0);
            all |= matches!(asked, Ok(CancelRequest::All) | Err(Refusal::Ended));
            if all || asked == Ok(CancelRequest::Item) {
                let canceled =
                    Finished { outcome: Outcome::Canceled, counts: Counts::default(), problem: None };
                conclude(&*callback, item, canceled);
            } else {
                self.carry_out(item, &*callback, request);
            }
        }
        callback.end();
        Ok(())
    }
}

/// The final word on an item. A session that has ended has heard its last one already.
fn conclude(callback: &dyn SyncCallback, item: &ItemId, finished: Finished) {
    let Finished { outcome, counts, problem } = finished;
    let status = match outcome {
        Outcome::Done | Outcome::Pending | Outcome::NeedsDecision => ProgressStatus::Succeeded,
        Outcome::Canceled => ProgressStatus::Canceled,
        Outcome::Waiting | Outcome::Disconnected => ProgressStatus::Disconnected,
        _ => ProgressStatus::Failed,
    };
    let text = problem.as_ref().map(|problem| problem.text.clone()).unwrap_or_default();
    let _ = callback.report_outcome(item, outcome, counts, problem);
    let _ = callback.report_progress(item, Some(&text), status, 1, 1);
}

/// The pairs as items.
#[derive(Default)]
pub(crate) struct Pairs(RwLock<Vec<Arc<PairItem>>>);

impl Pairs {
    fn with(self, pairs: Vec<Pair>) -> Self {
        for pair in pairs {
            self.add(pair);
        }
        self
    }

    fn read(&self) -> Vec<Arc<PairItem>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, pair: Pair) {
        let mut pairs = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let new = Arc::new(PairItem(pair));
        match pairs.iter_mut().find(|known| known.0.item == new.0.item) {
            // Whoever follows it knows by the object whether it is another pair now.
            Some(known) if known.0 == new.0 => {}
            Some(known) => *known = new,
            None => pairs.push(new),
        }
    }

    fn remove(&self, item: &ItemId) -> bool {
        let mut pairs = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = pairs.len();
        pairs.retain(|pair| pair.0.item != *item);
        pairs.len() != before
    }

    pub(crate) fn get(&self, item: &ItemId) -> Option<Pair> {
        self.read().iter().find(|pair| pair.0.item == *item).map(|pair| pair.0.clone())
    }

    pub(crate) fn roots_of_others(&self, item: &ItemId) -> Vec<std::path::PathBuf> {
        let all = self.read();
        let others = all.iter().filter(|pair| pair.0.item != *item);
        others.flat_map(|pair| [pair.0.a.path.clone(), pair.0.b.path.clone()]).collect()
    }
}

impl ItemContainer for Pairs {
    fn item(&self, id: &ItemId) -> Option<Arc<dyn SyncItem>> {
        self.read().into_iter().find(|pair| pair.0.item == *id).map(|pair| pair as Arc<dyn SyncItem>)
    }

    fn all(&self) -> Vec<Arc<dyn SyncItem>> {
        self.read().into_iter().map(|pair| pair as Arc<dyn SyncItem>).collect()
    }
}

/// One pair as an item.
struct PairItem(Pair);

impl SyncItem for PairItem {
    fn id(&self) -> &ItemId {
        &self.0.item
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.0.name.clone())
    }

    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        Ok(SyncItemInfo {
            type_label: "Pair of folders".into(),
            comment: format!("{} and {}", self.0.a.label, self.0.b.label),
            ..SyncItemInfo::default()
        })
    }
}
