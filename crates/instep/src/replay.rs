//! Spooled reports become runs, as if they had been heard when they were made.

use std::time::Duration;

use center::{Center, JOBS, Jobs, Named, Opening, Process};
use store::{RunQuery, Store};
use syncmgr::event::{Level, NewEvent};
use syncmgr::outcome::{Outcome, Problem, ProblemClass};
use syncmgr::{Counts, HandlerId, ItemId, ProgressStatus, Refusal, RunId};

use crate::exit::Failure;
use crate::spool::{Report, Said, Spool};

/// After so long without an end there will be none.
const FORGOTTEN: i64 = 7 * 24 * 60 * 60 * 1000;

/// Takes in what is complete. What still goes on stays in the spool.
pub(crate) fn replay(spool: &Spool, center: &Center, now: i64) -> Result<(), Failure> {
    if spool.is_empty() {
        return Ok(());
    }
    let failed = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("reports of jobs could not be taken in: {}", syncmgr::reason(error)))
    };
    let handler = HandlerId::new(JOBS).map_err(|refusal| failed(&refusal))?;
    let taken = spool.take().map_err(|error| failed(&error))?;
    let mut rest = Vec::new();
    for run in runs(&taken.reports) {
        if run.goes_on(now) || run.take_in(center, &handler, now).is_err() {
            // What cannot be written now is written another time.
            rest.extend(run.reports.into_iter().cloned());
        }
    }
    taken.keep(&rest).map_err(|error| failed(&error))
}

/// A center for replaying alone.
pub(crate) fn into_store(spool: &Spool, store: &std::sync::Arc<Store>) -> Result<(), Failure> {
    if spool.is_empty() {
        return Ok(());
    }
    let clock = std::sync::Arc::new(center::SystemClock::default());
    let now = center::Clock::wall(clock.as_ref());
    let center = Center::new(std::sync::Arc::clone(store), clock);
    Jobs::register(&center).map_err(|refusal| Failure::failed(refusal.to_string()))?;
    replay(spool, &center, now)
}

/// The reports of one run.
struct ReportedRun<'r> {
    reports: Vec<&'r Report>,
}

/// Sorts reports by their runs, in the order in which these began. After an end, the same name is another run.
fn runs(reports: &[Report]) -> Vec<ReportedRun<'_>> {
    let mut runs: Vec<ReportedRun<'_>> = Vec::new();
    for report in reports {
        let same = |run: &&mut ReportedRun<'_>| {
            run.reports.first().is_some_and(|first| first.item == report.item && first.rid == report.rid)
                && !run.has_ended()
                && !matches!(report.said, Said::Start { .. })
        };
        match runs.iter_mut().rev().find(same) {
            Some(run) => run.reports.push(report),
            None => runs.push(ReportedRun { reports: vec![report] }),
        }
    }
    runs
}

/// The reports of the run of a job that goes on; none when the last one has ended.
pub(crate) fn current<'r>(reports: &'r [Report], item: &ItemId, rid: &str) -> Vec<&'r Report> {
    let of_job = |run: &ReportedRun<'_>| {
        let first = run.reports.first();
        first.is_some_and(|first| first.item == item.as_str() && first.rid == rid) && !run.has_ended()
    };
    runs(reports).into_iter().rev().find(of_job).map(|run| run.reports).unwrap_or_default()
}

impl ReportedRun<'_> {
    /// The run that a daemon has it on record as.
    fn on_record(&self) -> Option<RunId> {
        self.reports.iter().find_map(|report| report.run).map(RunId)
    }

    fn has_ended(&self) -> bool {
        self.reports.iter().any(|report| matches!(report.said, Said::End { .. }))
    }

    fn began(&self) -> i64 {
        self.reports.first().map_or(0, |report| report.at)
    }

    /// Whether an end may still come.
    fn goes_on(&self, now: i64) -> bool {
        let process = self.reports.iter().find_map(|report| match report.said {
            Said::Start { process, .. } => Some(process),
            _ => None,
        });
        let lives = match process.flatten() {
            Some(process) => Process::find(process).is_some(),
            None => true,
        };
        !self.has_ended() && lives && now.saturating_sub(self.began()) < FORGOTTEN
    }

    fn take_in(&self, center: &Center, handler: &HandlerId, now: i64) -> Result<(), Refusal> {
        let Some(first) = self.reports.first() else { return Ok(()) };
        // A name that cannot be one was refused when it was typed: such a line is none of ours.
        let Ok(item) = ItemId::new(&first.item) else { return Ok(()) };
        let resumes = match self.on_record() {
            Some(run) if self.adds_nothing_to(center.store(), run)? => return Ok(()),
            // A store that was put aside had it.
            Some(run) => center.store().run(run)?.map(|record| record.id),
            None if self.was_taken_in(center.store(), handler, &item)? => return Ok(()),
            None => None,
        };
        let overdue = self.reports.iter().find_map(|report| match report.said {
            Said::Start { overdue, .. } => u64::try_from(overdue?).ok(),
            _ => None,
        });
        let opening = Opening {
            items: vec![Named::from(item.clone())],
            started: Some(first.at.min(now)),
            resumes,
            overdue: overdue.map(Duration::from_millis),
            ..Opening::default()
        };
        let session = center.open_session(handler, opening)?;
        let mut last = first.at;
        for report in &self.reports {
            last = last.max(report.at);
            match &report.said {
                Said::Start { .. } => {}
                Said::Event { level, text } => {
                    let level = Level::from_word(level).unwrap_or(Level::Information);
                    session.report_event_at(line(&item, level, text), report.at)?;
                }
                Said::End { outcome, text } => {
                    let outcome = Outcome::from_word(outcome).unwrap_or(Outcome::Failed);
                    let problem = problem_of(outcome, text.as_deref());
                    session.report_outcome(&item, outcome, Counts::default(), problem)?;
                    let status = adapters::telling::status_of(outcome);
                    session.report_progress(&item, text.as_deref(), status, 1, 1)?;
                }
            }
        }
        if !self.has_ended() {
            // It began, and that is the last that was heard of it.
            session.report_progress(&item, None, ProgressStatus::UpdatingIndeterminate, 0, 0)?;
        }
        session.end_at(last.min(now));
        center.store().flush()?;
        Ok(())
    }

    /// Whether the run has an end of its own already, or nothing but its beginning is known here.
    fn adds_nothing_to(&self, store: &Store, run: RunId) -> Result<bool, Refusal> {
        let outcome = store.run(run)?.and_then(|record| record.outcome);
        let only_began = self.reports.iter().all(|report| matches!(report.said, Said::Start { .. }));
        Ok(only_began || outcome.is_some_and(|outcome| outcome != Outcome::Interrupted))
    }

    /// Whether a replay that was cut short had written this run already.
    fn was_taken_in(&self, store: &Store, handler: &HandlerId, item: &ItemId) -> Result<bool, Refusal> {
        let query =
            RunQuery { handler: Some(handler.clone()), item: Some(item.clone()), ..RunQuery::default() };
        let known = store.runs(&query)?;
        let cut_short = |outcome| self.has_ended() && outcome == Some(Outcome::Interrupted);
        Ok(known.iter().any(|run| run.started == self.began() && !cut_short(run.outcome)))
    }
}

/// A reported line as an event.
pub(crate) fn line(item: &ItemId, level: Level, text: &str) -> NewEvent {
    let name = text.lines().next().unwrap_or_default();
    let name = if name.trim().is_empty() { "Report" } else { name };
    NewEvent::new(Some(item), level, name, if text.trim().is_empty() { name } else { text })
}

/// What a reported outcome is told with.
pub(crate) fn problem_of(outcome: Outcome, text: Option<&str>) -> Option<Problem> {
    if matches!(outcome, Outcome::Done | Outcome::Pending | Outcome::Canceled) {
        return None;
    }
    let text = text.map_or_else(|| "the job reported that it failed".to_owned(), str::to_owned);
    let class = match outcome {
        Outcome::NeedsDecision => ProblemClass::Conflict,
        Outcome::SafetyStop => ProblemClass::Safety,
        Outcome::Waiting | Outcome::Disconnected => ProblemClass::Transient,
        _ => adapters::parse::class_of(&text),
    };
    Some(Problem::new(class, text))
}
