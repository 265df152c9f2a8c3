//! A tool as an ordinary handler of a sync center.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use syncmgr::conflict::{ConflictLedger, ConflictStore, ResolutionHandler, Selection};
use syncmgr::event::NewEvent;
use syncmgr::flags::{HandlerCapabilities, HandlerType};
use syncmgr::outcome::{Phase, Problem, ProblemClass};
use syncmgr::plan::{Preview, PreviewError, RowList, Watch};
use syncmgr::{
    CancelRequest, Counts, Handler, HandlerError, HandlerId, HandlerInfo, ItemContainer, ItemId, Level,
    Outcome, ProgressStatus, Refusal, Request, SessionCreator, SyncCallback, SyncItem, SyncItemInfo,
};

use super::disagreement::conflict_of;
use super::guard::Guard;
use super::options::Options;
use super::output::Output;
use super::settle::Resolution;
use super::weigh::weigh;
use super::{Kind, Set, Surroundings, dry, version};
use crate::host::STOP;
use crate::parse::Stream;
use crate::process::{self, Ended, Follower, Input, Stopping, Wish};
use crate::telling::{Hearer as _, InSession, Teller};
use crate::verdict::Verdict;

/// How long a tool has to end after it was asked to.
const GRACE: Duration = Duration::from_secs(8);
// The stop of one that does not listen is acknowledged in time too.
const _: () = assert!(GRACE.as_secs() < STOP.as_secs());

/// A tool and the items that are set up for it. A start may bring [`Options`].
pub struct ToolHandler {
    id: HandlerId,
    name: String,
    info: HandlerInfo,
    kind: &'static dyn Kind,
    items: Arc<Items>,
    around: Surroundings,
    conflicts: Arc<dyn ConflictLedger>,
}

impl ToolHandler {
    /// The handler of a tool, with these items.
    ///
    /// # Errors
    /// The kind's identifier is none.
    pub fn new(
        kind: &'static dyn Kind,
        items: Vec<Set>,
        around: Surroundings,
        conflicts: Arc<dyn ConflictLedger>,
    ) -> Result<Self, Refusal> {
        let info = HandlerInfo {
            kind: HandlerType::Application,
            type_label: "Tool".into(),
            comment: format!("Runs {}", kind.id()),
            ..HandlerInfo::default()
        };
        let (id, name) = (HandlerId::new(kind.id())?, kind.id().to_owned());
        let handler = Self { id, name, info, kind, items: Arc::default(), around, conflicts };
        handler.set(items);
        Ok(handler)
    }

    /// The handler of one of the tool's partners, with nothing to do yet: it has an identifier and a name of its own.
    pub(super) fn of_partner(
        id: HandlerId,
        name: String,
        info: HandlerInfo,
        kind: &'static dyn Kind,
        around: Surroundings,
        conflicts: Arc<dyn ConflictLedger>,
    ) -> Self {
        Self { id, name, info, kind, items: Arc::default(), around, conflicts }
    }

    /// Gives it other items. What is being synchronized goes on as it began.
    pub fn set(&self, items: Vec<Set>) {
        let items = items.into_iter().map(|item| Arc::new(ToolItem(item))).collect();
        *self.items.0.write().unwrap_or_else(PoisonError::into_inner) = items;
    }

    fn find(&self, item: &ItemId) -> Result<Set, Refusal> {
        self.items.find(item).ok_or_else(|| {
            Refusal::InvalidArgument(format!("there is no item '{item}' of {}", self.kind.id()))
        })
    }

    fn run(&self, item: &ItemId, callback: &dyn SyncCallback, options: &Options, output: &mut Output<'_>) {
        let mut hearer = InSession { callback, item };
        let refused = |problem| Verdict { outcome: Outcome::Failed, problem: Some(problem) };
        let canceled = Verdict { outcome: Outcome::Canceled, problem: None };
        let goes_on = || callback.can_continue(Some(item)).unwrap_or(false);
        let prepared = self
            .find(item)
            .map_err(|refusal| Problem::new(ProblemClass::Config, refusal.to_string()))
            .and_then(|set| version::check(self.kind, &mut || goes_on()).map(|_| set))
            .and_then(|set| {
                let prepared = set.job.command(options);
                let command = prepared.command(&*self.around.secret).map_err(|error| error.problem)?;
                Ok((set, prepared, command))
            });
        if !goes_on() {
            return hearer.end(&canceled, Counts::default());
        }
        let (set, prepared, command) = match prepared {
            Ok(prepared) => prepared,
            Err(problem) => return hearer.end(&refused(problem), Counts::default()),
        };
        let guard = Guard { kind: self.kind, set: &set, around: &self.around, options };
        if let Some(stop) = guard.look(&mut hearer, output) {
            return hearer.end(&stop, Counts::default());
        }
        let _ = callback.report_phase(item, Phase::Moving);
        output.command(&prepared.shown());
        let mut follow = Follow { teller: Teller::new(hearer, item.clone(), self.kind.tool()), output };
        follow.teller.event(Level::Information, "The command", prepared.shown());
        let (verdict, conflicts) = match process::run(command, Input::Nothing, GRACE, &mut follow) {
            Ok(Ended { exit, stopped }) => follow.teller.end_and_conflicts(exit, stopped.is_some()),
            Err(error) => {
                let text = format!("{} cannot be run: {}", self.kind.id(), syncmgr::reason(&error));
                let verdict = refused(Problem::new(ProblemClass::Permission, text));
                (follow.teller.end_with(|_| verdict), Vec::new())
            }
        };
        // A run that came to its end knows of all conflicts; others leave those that are known.
        if matches!(verdict.outcome, Outcome::Done | Outcome::NeedsDecision | Outcome::Gaps) {
            let open = conflicts.into_iter().map(|found| conflict_of(&self.id, &set, found)).collect();
            let open = self.resolution().in_full(&set, open);
            if let Err(refusal) = self.conflicts.replace(&self.id, item, open) {
                let text = format!("what is open now could not be written down: {refusal}");
                let event = NewEvent::new(Some(item), Level::Error, "Conflicts not recorded", text);
                let _ = callback.report_event(event);
            }
        }
    }

    fn resolution(&self) -> Resolution {
        Resolution {
            handler: self.id.clone(),
            kind: self.kind,
            items: Arc::clone(&self.items),
            around: self.around.clone(),
            ledger: Arc::clone(&self.conflicts),
        }
    }
}

struct Follow<'c, 'o, 'r> {
    teller: Teller<InSession<'c>>,
    output: &'o mut Output<'r>,
}

impl Follower for Follow<'_, '_, '_> {
    fn output(&mut self, from: Stream, bytes: &[u8]) {
        self.output.keep(bytes);
        self.teller.output(from, bytes);
    }

    fn look(&mut self) -> Wish {
        if self.teller.look() == CancelRequest::None { Wish::GoOn } else { Wish::Stop }
    }

    fn stopping(&mut self, how: Stopping) {
        let (name, text) = how.told();
        self.teller.event(Level::Information, name, text);
    }
}

impl Handler for ToolHandler {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.name.clone())
    }

    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        Ok(self.info.clone())
    }

    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::CONFLICT_STORE | HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS
    }

    fn items(&self) -> &dyn ItemContainer {
        &*self.items
    }

    fn test(&self) -> Result<String, HandlerError> {
        let version = version::check(self.kind, &mut || true).map_err(|problem| HandlerError { problem })?;
        Ok(version
            .text
            .map_or_else(|| self.kind.id().to_owned(), |text| format!("{} {text}", self.kind.id())))
    }

    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        Some(Arc::clone(&self.conflicts) as Arc<dyn ConflictStore>)
    }

    fn resolution_handler(&self) -> Option<Arc<dyn ResolutionHandler>> {
        let settles = |item: &Arc<ToolItem>| item.0.job.settles().is_some();
        self.items
            .read()
            .iter()
            .any(settles)
            .then(|| Arc::new(self.resolution()) as Arc<dyn ResolutionHandler>)
    }

    fn request(&self, options: &str) -> Result<Option<Request>, Refusal> {
        let options = Options::read(options)?;
        Ok((options != Options::default()).then(|| Request::new(options)))
    }

    fn preview(&self, item: &ItemId, options: &str, watch: &dyn Watch) -> Result<Preview, PreviewError> {
        let set = self.find(item)?;
        let options = Options::read(options)?;
        let dry = set.job.dry_run(&options).ok_or_else(|| {
            Refusal::NotImplemented(format!("{} cannot say beforehand what it would do", self.kind.id()))
        })?;
        let failed = |outcome, problem| PreviewError::Failed { outcome, problem };
        let unwanted = || {
            let problem = Problem::new(ProblemClass::Transient, "nobody waits for the preview any more");
            failed(Outcome::Canceled, problem)
        };
        let version = version::check(self.kind, &mut || !watch.canceled());
        if watch.canceled() {
            return Err(unwanted());
        }
        version.map_err(|problem| failed(Outcome::Failed, problem))?;
        let command =
            dry.command(&*self.around.secret).map_err(|error| failed(Outcome::Failed, error.problem))?;
        let mut told = 0;
        let mut seen = dry::run(command, dry.answers, self.kind.tool(), &mut |rows| {
            watch.looked_at(rows - told, b"");
            told = rows;
            !watch.canceled()
        });
        if watch.canceled() {
            return Err(unwanted());
        }
        if let Verdict {
            outcome: Outcome::Failed | Outcome::Waiting | Outcome::Canceled,
            problem: Some(problem),
        } = seen.verdict
        {
            return Err(failed(seen.verdict.outcome, problem));
        }
        let losses = weigh(&mut seen, &set.job.folders());
        let conflicts = seen.conflicts.into_iter().map(|found| conflict_of(&self.id, &set, found)).collect();
        let of_its_own =
            seen.verdict.problem.as_ref().filter(|_| seen.verdict.outcome == Outcome::SafetyStop);
        let guard = Guard { kind: self.kind, set: &set, around: &self.around, options: &options };
        let stops: Vec<String> = match of_its_own {
            Some(problem) => vec![problem.text.clone()],
            None if guard.is_wanted() && !seen.was_understood => vec![guard.nobody_can_say().text],
            None if guard.is_wanted() => losses.iter().filter_map(|loss| guard.stop(loss)).collect(),
            None => Vec::new(),
        };
        let more = (seen.more > 0).then(|| format!("{} further lines are not shown", seen.more));
        Ok(Preview {
            plan: None,
            counts: seen.counts,
            expected: if stops.is_empty() { seen.verdict.outcome } else { Outcome::SafetyStop },
            stops,
            needs_consent: false,
            first_run: false,
            warnings: more.into_iter().collect(),
            sides: set.job.ends().sides(),
            rows: Box::new(RowList { conflicts, ..seen.rows }),
        })
    }

    fn command_line(&self, item: &ItemId) -> Option<String> {
        self.find(item).ok().map(|set| set.job.command(&Options::default()).shown())
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let plain = Options::default();
        let selection = request.and_then(|request| request.get::<Selection>());
        let options = match request {
            None => &plain,
            Some(_) if selection.is_some() => &plain,
            Some(request) => request.get::<Options>().ok_or_else(|| {
                let text = "the request that came with the start is none of a tool";
                HandlerError::new(ProblemClass::Bug, text)
            })?,
        };
        let callback = creator.create_session(&self.id, items)?;
        let mut output = Output::of(&self.around, callback.run_id());
        let mut all = false;
        for item in items {
            let asked = callback.report_progress(item, None, ProgressStatus::UpdatingIndeterminate, 0, 0);
            all |= matches!(asked, Ok(CancelRequest::All) | Err(Refusal::Ended));
            if all || asked == Ok(CancelRequest::Item) {
                let canceled = Verdict { outcome: Outcome::Canceled, problem: None };
                InSession { callback: &*callback, item }.end(&canceled, Counts::default());
            } else if let Some(selection) = selection {
                self.resolution().carry_out(item, &*callback, selection, &mut output);
            } else {
                self.run(item, &*callback, options, &mut output);
            }
        }
        callback.end();
        Ok(())
    }
}

/// The items.
#[derive(Default)]
pub(super) struct Items(RwLock<Vec<Arc<ToolItem>>>);

impl Items {
    /// An item as it is set up now.
    pub(super) fn find(&self, id: &ItemId) -> Option<Set> {
        self.read().into_iter().find(|item| item.0.id == *id).map(|item| item.0.clone())
    }

    fn read(&self) -> Vec<Arc<ToolItem>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ItemContainer for Items {
    fn item(&self, id: &ItemId) -> Option<Arc<dyn SyncItem>> {
        self.read().into_iter().find(|item| item.0.id == *id).map(|item| item as Arc<dyn SyncItem>)
    }

    fn all(&self) -> Vec<Arc<dyn SyncItem>> {
        self.read().into_iter().map(|item| item as Arc<dyn SyncItem>).collect()
    }
}

struct ToolItem(Set);

impl SyncItem for ToolItem {
    fn id(&self) -> &ItemId {
        &self.0.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.0.name.clone())
    }

    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        Ok(SyncItemInfo { comment: self.0.job.comment(), ..SyncItemInfo::default() })
    }
}
