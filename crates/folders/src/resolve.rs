//! Settling conflicts: what was decided is carried out in one run, under the same rules as any other. The versions that
//! were shown are the ones that are settled (S1), what loses goes to the trash (S7), and the run can be taken back.

mod abilities;
mod clash;
mod copies;
mod details;
mod exclude;
mod merge;
mod now;
mod step;

use std::collections::{BTreeMap, HashMap, HashSet};

use reconcile::{Action, Facets, Op, Plan, RelPath, Seen, Settle, Side, Tally};
use syncmgr::HandlerError;
use syncmgr::conflict::{Choice, Conflict, ConflictId, ConflictKind, Decided, Selection, Settlement};
use syncmgr::event::Level;
use syncmgr::outcome::{Counts, Outcome, Phase, Problem, ProblemClass};

use crate::apply::{Apply, ApplyError, Ending, Put, Trouble};
use crate::base::{BaseError, Transaction};
use crate::journal::{Deed, Journal, RunKind};
use crate::options::RunOptions;
use crate::run::{Entered, Finished, Results, Run, apply_problem, expect, now as clock, outcome, refused};
use crate::side::names::IGNORE_FILE;

pub(crate) use abilities::PairResolution;
use clash::TwoPaths;
pub(crate) use merge::{ancestor, content};
pub(crate) use now::Now;
use step::{Refused, Steps, Work};

/// How many conflicts are settled at a time: memory holds their merges, and a stop need not wait for the rest.
const CHUNK: usize = 2048;

impl Run<'_> {
    /// Settles conflicts as the person chose.
    pub(crate) fn resolve(&self, selection: &Selection) -> Finished {
        let progress = self.progress();
        let options = RunOptions::default();
        let Entered { look, _lock, writers } = match self.enter(&progress, &options, None) {
            Ok(entered) => entered,
            Err(error) => return refused(&error),
        };
        progress.phase(Phase::Comparing);
        let open = match self.ledger.conflicts(self.handler, Some(self.item())) {
            Ok(open) => open,
            Err(refusal) => {
                let text = format!("the conflicts could not be read: {refusal}");
                return Finished::stopped(Outcome::Failed, Problem::new(ProblemClass::Transient, text));
            }
        };
        let now = Now::new(&look);
        let ground = self.ground(&look, &writers, &now.lists, &progress, true);
        let journal = Journal::new(look.notes(), self.callback.run_id(), RunKind::Resolve);
        let mut apply = Apply::new(ground, journal);
        let mut settling = Settling {
            run: self,
            now: &now,
            steps: Steps::new(&now, self.pair.labels(), clock()),
            selection,
            open: open.iter().map(|conflict| conflict.id.clone()).collect(),
            results: self.results(),
            left: 0,
            settled: Vec::new(),
            again: Vec::new(),
        };
        let decided: Vec<(usize, &Decided)> = selection.of_item(self.item()).collect();
        let mut result = Ok(Ending::Complete);
        for chunk in decided.chunks(CHUNK) {
            let work = settling.work(chunk);
            progress.phase(Phase::Moving);
            let todo = work.todo();
            result = work.agreements(&now, &apply).and_then(|()| {
                expect(&progress, &work.plan);
                work.carry_out(&mut apply)
            });
            settling.conclude(todo, &result, progress.take_troubles());
            if !matches!(result, Ok(Ending::Complete)) {
                break;
            }
        }
        progress.phase(Phase::Finishing);
        let result = result.and_then(|ending| {
            let last = |_: &mut dyn Transaction| Ok(());
            apply.finish(&last).map(|()| ending)
        });
        settling.write_down();
        let Settling { mut results, left, .. } = settling;
        for trouble in progress.take_troubles() {
            results.trouble(&trouble);
        }
        let (changed, wrote) = (apply.counts(), apply.wrote());
        self.keep_ancestors(&look, &mut apply);
        drop(apply);
        self.prune(&look, &writers, &results);
        let counts = Counts {
            a: changed[0],
            b: changed[1],
            conflicts: self.ledger.count(self.handler, Some(self.item())).unwrap_or(open.len() as u64),
            errors: results.errors,
            skipped: 0,
            bytes: progress.bytes(),
        };
        match result {
            Err(error) => {
                let problem = apply_problem(self.pair, &error);
                let outcome = if wrote { Outcome::Gaps } else { Outcome::Failed };
                Finished { outcome, counts, problem: Some(problem) }
            }
            Ok(ending) => {
                let problem = self.problem(ending, &results, left);
                Finished { outcome: outcome(ending, wrote, results.errors, left), counts, problem }
            }
        }
    }
}

/// Everything that some conflicts call for, taken together.
#[derive(Default)]
struct Together {
    plan: Plan,
    /// What must be gone before the rest.
    first: Vec<Action>,
    /// Versions that no side has.
    puts: Vec<Put>,
    /// What B has in their place.
    instead: HashMap<RelPath, Option<Seen>>,
    /// What waits for them to be there.
    later: HashMap<RelPath, Vec<Action>>,
    /// The place of each conflict in the selection, with the paths that it is about, its own first.
    of: Vec<(usize, Vec<RelPath>)>,
    /// Those of them that are left out from now on.
    excluded: HashSet<usize>,
}

/// What is to be told about afterwards.
struct Todo {
    of: Vec<(usize, Vec<RelPath>)>,
    excluded: HashSet<usize>,
}

impl Together {
    fn todo(&self) -> Todo {
        Todo { of: self.of.clone(), excluded: self.excluded.clone() }
    }

    /// Writes down what the base says now of all that is settled: undoing opens the conflicts again, and for that the
    /// base must say this again.
    fn agreements(&self, now: &Now<'_>, apply: &Apply<'_>) -> Result<(), ApplyError> {
        let ignore_file = (!self.excluded.is_empty()).then(|| RelPath::root().join(IGNORE_FILE));
        // Directories that are made to lead somewhere come back to what they were with it.
        let leads = self.plan.actions.iter().filter_map(|action| match action.op {
            Op::Create { whole: false, .. } => Some(&action.path),
            _ => None,
        });
        for path in self.of.iter().flat_map(|(_, paths)| paths).chain(leads).chain(&ignore_file) {
            let before = now.agreements.at(path)?.map(|agreed| ((&agreed.a).into(), (&agreed.b).into()));
            apply.note(&Deed::Agreed { path: path.into(), before });
        }
        Ok(())
    }

    fn carry_out(mut self, apply: &mut Apply<'_>) -> Result<Ending, ApplyError> {
        if !self.first.is_empty() {
            let mut first = Plan { actions: std::mem::take(&mut self.first), ..Plan::default() };
            let ending = apply.carry_out(&mut first)?;
            if ending != Ending::Complete {
                return Ok(ending);
            }
        }
        if !self.puts.is_empty() {
            for (path, source) in apply.put(self.puts)? {
                let tally = Tally::of(&source, false);
                let on = Side::B;
                let op = match self.instead.get(&path).copied().flatten() {
                    Some(target) => {
                        let removed = Tally::of(&target, false);
                        Op::Replace { on, source, target, tally, removed, keep: Facets::NONE }
                    }
                    None => Op::Create { on, source, tally, whole: true },
                };
                self.plan.actions.extend(self.later.remove(&path).into_iter().flatten());
                self.plan.actions.push(Action { path, dir: None, op });
            }
        }
        // New names first, as in every plan; what goes away goes last.
        self.plan.actions.sort_by_key(|action| match action.op {
            Op::KeepBoth { .. } | Op::Create { whole: false, .. } => 0,
            Op::Meta { .. } | Op::Remove { .. } => 2,
            _ => 1,
        });
        apply.carry_out(&mut self.plan)
    }
}

/// A run that settles.
struct Settling<'s> {
    run: &'s Run<'s>,
    now: &'s Now<'s>,
    steps: Steps<'s>,
    selection: &'s Selection,
    open: HashSet<ConflictId>,
    results: Results<'s>,
    /// Conflicts that the choice leaves open.
    left: u64,
    settled: Vec<ConflictId>,
    /// Where the world has moved on since the conflict was shown.
    again: Vec<(RelPath, ConflictId)>,
}

impl Settling<'_> {
    /// What is to be done about some of the conflicts; the others are answered.
    fn work(&mut self, decided: &[(usize, &Decided)]) -> Together {
        self.now.clashes.forget();
        let mut together = Together::default();
        let mut excluded = Vec::new();
        for &(place, one) in decided {
            if one.conflict.kind == ConflictKind::ForeignCopy {
                let settling = self.steps.copy(one);
                self.add(place, one, settling, &mut together);
                continue;
            }
            if !self.open.contains(&one.conflict.id) {
                self.gone(place, &one.conflict);
                continue;
            }
            let leaves_out = one.choice == Choice::RemoveFromSyncSet;
            if one.conflict.kind == ConflictKind::NameClash && !leaves_out {
                let settling = self.steps.clash(&one.conflict, &one.choice);
                self.add(place, one, settling, &mut together);
                continue;
            }
            let (path, work) = match self.steps.step(one) {
                Ok(step) => step,
                Err(refused) => {
                    self.refused(place, one, refused);
                    continue;
                }
            };
            let mut paths = vec![path.clone()];
            match work {
                Work::Actions { actions, forget } => {
                    paths.extend(actions.iter().map(|one| &one.path).filter(|one| **one != path).cloned());
                    together.plan.actions.extend(actions);
                    if forget {
                        together.plan.settle.push(Settle { path, dir: None, agreed: None, origin: None });
                    }
                }
                Work::Put { put, b } => {
                    together.instead.insert(path.clone(), b);
                    together.puts.push(*put);
                }
                Work::Exclude => {
                    excluded.push(path.clone());
                    together.excluded.insert(place);
                }
            }
            together.of.push((place, paths));
        }
        if !excluded.is_empty() {
            match exclude::lines(self.now, &excluded, clock()) {
                Ok(None) => {}
                Ok(Some((put, b))) => {
                    together.instead.insert(put.path.clone(), b);
                    together.puts.push(put);
                }
                Err(problem) => {
                    let places = std::mem::take(&mut together.excluded);
                    together.of.retain(|(place, _)| !places.contains(place));
                    for place in places {
                        let error = HandlerError::from(problem.clone());
                        self.selection.answer(place, Settlement::Failed(error));
                    }
                    self.results.error("Not left out".into(), problem);
                }
            }
        }
        together
    }

    /// What is about several paths: a clash of names, a copy that another program has left.
    fn add(
        &mut self,
        place: usize,
        one: &Decided,
        settling: Result<TwoPaths, Refused>,
        together: &mut Together,
    ) {
        match settling {
            Ok(TwoPaths { paths, first, then, settled, put }) => {
                together.first.extend(first);
                match put {
                    None => together.plan.actions.extend(then),
                    Some((put, b)) => {
                        together.instead.insert(put.path.clone(), b);
                        together.later.entry(put.path.clone()).or_default().extend(then);
                        together.puts.push(put);
                    }
                }
                together.plan.settle.extend(settled);
                together.of.push((place, paths));
            }
            Err(refused) => self.refused(place, one, refused),
        }
    }

    fn gone(&mut self, place: usize, conflict: &Conflict) {
        let path = RelPath::from_bytes(&conflict.path).unwrap_or_default();
        let text =
            format!("{path} is no open conflict any more: it was settled meanwhile, or both sides agree");
        self.results.event(Level::Warning, format!("Not settled: {path}"), text);
        self.selection.answer(place, Settlement::Gone);
    }

    fn refused(&mut self, place: usize, one: &Decided, refused: Refused) {
        let path = RelPath::from_bytes(&one.conflict.path).unwrap_or_default();
        let settlement = match refused {
            Refused::Settled(Settlement::Changed) => {
                self.changed(&path, &one.conflict.id);
                Settlement::Changed
            }
            Refused::Settled(Settlement::Failed(error)) => {
                self.results.error(format!("Not settled: {path}"), error.problem.clone());
                Settlement::Failed(error)
            }
            Refused::Settled(other) => {
                self.left += 1;
                other
            }
            Refused::Left(why) => {
                self.left += 1;
                let text = format!("{why}; it stays as it is");
                self.results.event(Level::Warning, format!("Not settled: {path}"), text);
                Settlement::Left
            }
            Refused::Why(on, why) => {
                let problem = self.results.trouble(&Trouble { on, path, why });
                Settlement::Failed(problem.into())
            }
        };
        self.selection.answer(place, settlement);
    }

    fn changed(&mut self, path: &RelPath, id: &ConflictId) {
        let text = format!("{path} has changed since it was shown; nothing was done about it");
        let problem =
            Problem::new(ProblemClass::Transient, text).with_fix("look at it again, then choose again");
        self.results.error(format!("Changed since it was shown: {path}"), problem);
        self.again.push((path.clone(), id.clone()));
    }

    /// Answers for what was tried.
    fn conclude(&mut self, todo: Todo, result: &Result<Ending, ApplyError>, troubles: Vec<Trouble>) {
        let complete = matches!(result, Ok(Ending::Complete));
        let mut failed: BTreeMap<RelPath, Problem> = BTreeMap::new();
        for trouble in troubles {
            let path = trouble.path.clone();
            let problem = self.results.trouble(&trouble);
            failed.entry(path).or_insert(problem);
        }
        let ignore_file = RelPath::root().join(IGNORE_FILE);
        let failed_at = |path: &RelPath| {
            failed.get(path).or_else(|| {
                let beneath = failed.range(path.join(b"")..).next();
                beneath.filter(|(at, _)| at.starts_with(path)).map(|(_, problem)| problem)
            })
        };
        for (place, paths) in todo.of {
            let decided = &self.selection.decided()[place];
            let problem = match todo.excluded.contains(&place) {
                true => failed.get(&ignore_file),
                false => paths.iter().find_map(failed_at),
            };
            let settlement = match problem {
                Some(problem) => Settlement::Failed(problem.clone().into()),
                // It ended early: what was done of it is seen on the sides.
                None if !complete && !self.is_done(&paths[0], todo.excluded.contains(&place)) => {
                    Settlement::NotReached
                }
                None => {
                    self.settled.push(decided.conflict.id.clone());
                    Settlement::Settled(decided.choice.clone())
                }
            };
            self.selection.answer(place, settlement);
        }
    }

    fn is_done(&self, path: &RelPath, excluded: bool) -> bool {
        !excluded && matches!(self.now.contested(path), Ok(None))
    }

    /// Brings the list of conflicts up to date.
    fn write_down(&mut self) {
        self.now.clashes.forget();
        let (mut gone, mut changed) = (self.settled.clone(), Vec::new());
        for (path, id) in std::mem::take(&mut self.again) {
            match self.now.contested(&path) {
                Ok(Some(contested)) => changed.push(self.run.conflict(&contested)),
                Ok(None) => gone.push(id),
                Err(_) => {}
            }
        }
        let ledger = self.run.ledger;
        let written =
            ledger.remove(self.run.handler, self.run.item(), &gone).and_then(|()| ledger.put(changed));
        if let Err(refusal) = written {
            let text = format!("the settled conflicts could not be taken from the list: {refusal}");
            self.results.error("Conflicts not recorded".into(), Problem::new(ProblemClass::Transient, text));
        }
    }
}

impl From<BaseError> for Refused {
    fn from(error: BaseError) -> Self {
        Problem::new(ProblemClass::Permission, error.to_string()).into()
    }
}
