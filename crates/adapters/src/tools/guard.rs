//! The guard on what a tool would delete (S6): its own dry run is looked at before it may run. Nothing is touched.

use syncmgr::event::NewEvent;
use syncmgr::outcome::{Phase, Problem, ProblemClass};
use syncmgr::plan::PlanSide;
use syncmgr::{CancelRequest, Level, Outcome, ProgressStatus};

use super::dry::Seen;
use super::options::{MaxDelete, Options};
use super::output::Output;
use super::weigh::{Loss, weigh};
use super::{Kind, Set, Surroundings, dry};
use crate::telling::{Hearer as _, InSession};
use crate::verdict::Verdict;

/// What is looked at.
pub(super) struct Guard<'g> {
    pub(super) kind: &'static dyn Kind,
    pub(super) set: &'g Set,
    pub(super) around: &'g Surroundings,
    pub(super) options: &'g Options,
}

impl Guard<'_> {
    /// The limit that holds for this run, if one was set.
    pub(super) fn limit(&self) -> Option<MaxDelete> {
        self.options.max_delete.or(self.set.job.max_delete())
    }

    /// Whether nobody else looks at what would go.
    pub(super) fn is_wanted(&self) -> bool {
        self.set.job.may_delete() && !self.set.job.guards_itself(self.limit())
    }

    /// Why a run is not begun; none if it may.
    pub(super) fn look(&self, hearer: &mut InSession<'_>, output: &mut Output<'_>) -> Option<Verdict> {
        let none = self.limit() == Some(MaxDelete::Percent(100));
        if self.options.approve || none || !self.is_wanted() {
            return None;
        }
        let job = &self.set.job;
        let dry = job.dry_run(self.options)?;
        let command = dry.command(&*self.around.secret).ok()?;
        let (callback, item) = (hearer.callback, hearer.item);
        let _ = callback.report_phase(item, Phase::Looking);
        let mut asked = CancelRequest::None;
        let mut seen = dry::run(command, dry.answers, self.kind.tool(), &mut |rows| {
            let status = ProgressStatus::UpdatingIndeterminate;
            let answer =
                callback.report_progress(item, Some("looking at what would be deleted"), status, rows, 0);
            asked = answer.unwrap_or(CancelRequest::All);
            asked == CancelRequest::None
        });
        if asked != CancelRequest::None {
            return Some(Verdict { outcome: Outcome::Canceled, problem: None });
        }
        let stop = if matches!(seen.verdict.outcome, Outcome::Failed | Outcome::Waiting | Outcome::SafetyStop)
        {
            // That it could not look does not mean that nothing would go (S5), and the run would fare no better.
            seen.verdict.clone()
        } else {
            let losses = weigh(&mut seen, &job.folders());
            if let Some(stop) = losses.iter().find_map(|loss| self.stop(loss)) {
                return Some(safety_stop(Problem::new(ProblemClass::Safety, stop)));
            }
            if seen.was_understood {
                return None;
            }
            safety_stop(self.nobody_can_say())
        };
        output.command(&dry.shown());
        output.keep(&seen.output);
        tell(hearer, &dry.shown(), &seen);
        Some(stop)
    }

    /// Why a run is not begun, in a sentence.
    pub(super) fn stop(&self, loss: &Loss) -> Option<String> {
        let limit = self.limit();
        let Loss { side, deleted, of } = *loss;
        // A share of nobody knows how much is no limit, unless it was set as a number.
        let known = of.is_some() || matches!(limit, Some(MaxDelete::Count(_)));
        if !known || !MaxDelete::is_exceeded(limit, deleted, of.unwrap_or(deleted)) {
            return None;
        }
        let all = of.map(|all| format!(" of {all}")).unwrap_or_default();
        let entries = if of.unwrap_or(deleted) == 1 { "entry" } else { "entries" };
        let place = self.set.job.ends().places().map(|[a, b]| if side == PlanSide::A { a } else { b });
        let place = place.map(|place| format!(" {place}")).unwrap_or_default();
        Some(format!(
            "{deleted}{all} {entries} would be deleted{place}, more than the limit of {}. Nothing was touched. Look at it \
             with `instep preview`; if it is right, run again with --approve, or set another max_delete.",
            limit.unwrap_or(MaxDelete::DEFAULT)
        ))
    }

    /// A tool that has changed what it says, or was told to say nothing.
    pub(super) fn nobody_can_say(&self) -> Problem {
        let name = self.kind.id();
        let text = format!(
            "{name}'s dry run says nothing that is known here, so that nobody can say what it would delete. Nothing was \
             touched"
        );
        Problem::new(ProblemClass::Safety, text).with_fix(format!(
            "see what it says with `instep results last --log`; take out options that keep {name} from telling; --approve \
             runs it all the same, max_delete = \"100%\" always"
        ))
    }
}

fn safety_stop(problem: Problem) -> Verdict {
    Verdict { outcome: Outcome::SafetyStop, problem: Some(problem) }
}

/// What was tried, and what went wrong with it.
fn tell(hearer: &mut InSession<'_>, shown: &str, seen: &Seen) {
    let item = hearer.item;
    hearer.event(NewEvent::new(Some(item), Level::Information, "The command", shown));
    for note in seen.rows.notes.iter().filter(|note| note.is_error) {
        let path = String::from_utf8_lossy(&note.path);
        let name = if path.is_empty() { "Error".to_owned() } else { format!("Failed: {path}") };
        hearer.event(NewEvent::new(Some(item), Level::Error, name, note.text.clone()));
    }
}
