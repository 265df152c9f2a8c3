//! Taking a run back: each of its deeds from the last to the first, where what is there now is what that run left. A
//! run of its own, with a journal and a trash of its own, so that it can be taken back as well.

use std::collections::HashSet;
use std::io::ErrorKind::{NotADirectory, NotFound};

use reconcile::RelPath;
use syncmgr::RunId;
use syncmgr::outcome::{Counts, Outcome, Phase, Problem, ProblemClass};

use crate::apply::{Apply, Ending, Trouble, Why};
use crate::base::Transaction;
use crate::journal::{self, Deed, Journal, RunKind};
use crate::look::Look;
use crate::options::{RunOptions, UndoRequest};
use crate::resolve::Now;
use crate::run::{Entered, Finished, Run, apply_problem, counted, outcome, refused};
use crate::side::SideError;

impl Run<'_> {
    /// Takes a run back.
    pub(crate) fn undo(&self, request: &UndoRequest) -> Finished {
        let progress = self.progress();
        let options = RunOptions::default();
        let Entered { look, _lock, writers } = match self.enter(&progress, &options, None) {
            Ok(entered) => entered,
            Err(error) => return refused(&error),
        };
        let mut results = self.results().of_undo();
        let run = request.run;
        let deeds = match journal::read(&*look.notes(), run) {
            Ok(Some(deeds)) => deeds,
            Ok(None) => {
                let kept = counted(u64::from(self.pair.trash_days), "day", "days");
                let name = &self.pair.name;
                let text = format!(
                    "run {run} cannot be taken back: it changed nothing on {name}, or that was more than {kept} ago, which is how long the trash is kept"
                );
                let problem = Problem::new(ProblemClass::Config, text)
                    .with_fix("`instep results` shows the runs of each item");
                return Finished::stopped(Outcome::Failed, problem);
            }
            Err(error) => {
                let problem = Problem::new(ProblemClass::Permission, error.to_string());
                return Finished::stopped(Outcome::Failed, problem);
            }
        };
        progress.phase(Phase::Moving);
        progress.expect(deeds.iter().map(entries_of).sum(), 0);
        let now = Now::new(&look);
        let ground = self.ground(&look, &writers, &now.lists, &progress, true);
        let journal = Journal::new(look.notes(), self.callback.run_id(), RunKind::Undo);
        let mut apply = Apply::new(ground, journal);
        let reopened = reopened(&deeds);
        for path in &reopened {
            // So that this run can be taken back as well.
            if let Ok(before) = now.agreements.at(path) {
                let before = before.map(|agreed| ((&agreed.a).into(), (&agreed.b).into()));
                apply.note(&Deed::Agreed { path: path.into(), before });
            }
        }
        let result = apply.take_back(run, &deeds);
        progress.phase(Phase::Finishing);
        let result = result.and_then(|ending| {
            let last = |_: &mut dyn Transaction| Ok(());
            apply.finish(&last).map(|()| ending)
        });
        for trouble in progress.take_troubles() {
            match in_the_way(self.label(trouble.on), run, &trouble) {
                Some(problem) => results.trouble_is(&trouble, problem),
                None => drop(results.trouble(&trouble)),
            }
        }
        let (changed, wrote) = (apply.counts(), apply.wrote());
        drop(apply);
        let conflicts = self.reopen(&look, &reopened, &mut results);
        let counts =
            Counts { a: changed[0], b: changed[1], conflicts, errors: results.errors, skipped: 0, bytes: 0 };
        match result {
            Err(error) => {
                let problem = apply_problem(self.pair, &error);
                let outcome = if wrote { Outcome::Gaps } else { Outcome::Failed };
                Finished { outcome, counts, problem: Some(problem) }
            }
            Ok(ending) => {
                // Conflicts that are open again are what was asked for, not something that is left to do.
                let problem = if ending == Ending::Complete { results.problem() } else { None };
                let outcome = match outcome(ending, wrote, results.errors, 0) {
                    // What came back is on one side only until the next synchronization.
                    Outcome::Done if wrote => Outcome::Pending,
                    other => other,
                };
                Finished { outcome, counts, problem }
            }
        }
    }

    /// Puts the conflicts that a taken-back run had settled into the list again; tells how many are open.
    fn reopen(&self, look: &Look<'_>, paths: &[RelPath], results: &mut crate::run::Results<'_>) -> u64 {
        // The base has been told anew since this run began.
        let now = Now::new(look);
        let contested = paths.iter().filter_map(|path| now.contested(path).ok().flatten());
        let open = contested.map(|contested| self.conflict(&contested)).collect();
        if let Err(refusal) = self.ledger.put(open) {
            let text = format!("the conflicts that are open again could not be written down: {refusal}");
            results.error("Conflicts not recorded".into(), Problem::new(ProblemClass::Transient, text));
        }
        self.ledger.count(self.handler, Some(self.item())).unwrap_or(0)
    }
}

/// What is in the way of taking something back. This run has looked at nothing beforehand: what it found is not what the
/// other one had left.
fn in_the_way(label: &str, run: RunId, trouble: &Trouble) -> Option<Problem> {
    let path = &trouble.path;
    let again = |first: &str| format!("{first}, then `instep undo {run}` again");
    let kept = || {
        format!("it can stay so; what run {run} took away is in .instep/trash/{run} at the top of {label}")
    };
    let (text, fix) = match &trouble.why {
        Why::Changed => {
            (format!("{path} on {label} is not what run {run} had left there; it stays as it is"), kept())
        }
        Why::Vanished => (format!("{path} on {label} is not where run {run} had left it any more"), kept()),
        Why::Taken => (
            format!("something else is called {path} on {label} by now; it stays as it is"),
            again("give it another name"),
        ),
        Why::Side(SideError::Io { source, .. }) if matches!(source.kind(), NotADirectory | NotFound) => (
            format!(
                "{path} on {label} has nowhere to go: the directory that it was in is not there any more"
            ),
            again("make that directory"),
        ),
        _ => return None,
    };
    Some(Problem::new(ProblemClass::Config, text).with_fix(fix))
}

fn entries_of(deed: &Deed) -> u64 {
    match deed {
        Deed::Create { made, .. } => made.len() as u64,
        Deed::Run { .. } | Deed::Agreed { .. } | Deed::Recorded | Deed::Void { .. } | Deed::Purged { .. } => {
            0
        }
        _ => 1,
    }
}

/// The paths whose agreement comes back.
fn reopened(deeds: &[Deed]) -> Vec<RelPath> {
    let mut known = HashSet::new();
    let paths = deeds.iter().filter_map(|deed| match deed {
        Deed::Agreed { path, .. } => path.path(),
        _ => None,
    });
    paths.filter(|path| known.insert(path.clone())).collect()
}
