//! A whole run of one item: look, plan, guards, apply, and what is to be told about it.

mod conflicts;
mod progress;
mod results;
mod room;
mod under_way;

use std::time::{Duration, SystemTime};

use reconcile::{Contested, Listing, Mode, Op, Plan, RelPath, Scope, Side, Time, Unreadable};
use syncmgr::conflict::{Conflict, ConflictLedger};
use syncmgr::event::Level;
use syncmgr::outcome::{Counts, Outcome, Phase, Problem, ProblemClass};
use syncmgr::{HandlerId, ItemId, RunId, SyncCallback};

use crate::apply::{self, Apply, Ending, Ground, Hooks, Limits, Lists, Room, Swept};
use crate::base::{BaseError, BaseRead, Transaction};
use crate::clash::Clashes;
use crate::drive;
use crate::journal::{self, Journal, RunKind};
use crate::look::{Ask, Look, LookError, Planned};
use crate::options::{ChangeRequest, Home, RunOptions};
use crate::pair::Pair;
use crate::roots::{PairLock, Surroundings};
use crate::scan::Scan;
use crate::side::ReadDir;
use crate::side::local::LocalWriter;
pub(crate) use crate::side::local::this_machines_time as now;
use crate::trash;

pub(crate) use conflicts::{from_stamp, stamp, to_clash, to_conflict};
pub(crate) use progress::{Progress, counted};
pub(crate) use results::{Finished, Results, apply_problem, outcome, side_problem};

/// What every kind of run has to do with.
pub(crate) struct Run<'r> {
    pub(crate) handler: &'r HandlerId,
    pub(crate) pair: &'r Pair,
    pub(crate) home: &'r Home,
    pub(crate) surroundings: &'r Surroundings,
    pub(crate) callback: &'r dyn SyncCallback,
    pub(crate) ledger: &'r dyn ConflictLedger,
    pub(crate) hooks: &'r dyn Hooks,
    pub(crate) limits: Limits,
}

/// A pair that is open to one run.
pub(crate) struct Entered<'a> {
    pub(crate) look: Look<'a>,
    /// Held for as long as anything may be written.
    pub(crate) _lock: PairLock,
    pub(crate) writers: [LocalWriter; 2],
}

impl<'r> Run<'r> {
    pub(crate) fn item(&self) -> &'r ItemId {
        &self.pair.item
    }

    pub(crate) fn progress(&self) -> Progress<'r> {
        Progress::new(self.callback, self.item())
    }

    pub(crate) fn results(&self) -> Results<'r> {
        Results::new(self.callback, self.item(), self.pair)
    }

    pub(crate) fn ask<'a>(&'a self, options: &'a RunOptions) -> Ask<'a> {
        Ask {
            pair: self.pair,
            options,
            home: self.home,
            surroundings: self.surroundings,
            now: now(),
            threads: drive::default_threads(),
        }
    }

    /// Synchronizes what is in doubt, as the pair says.
    pub(crate) fn sync_changed(&self, change: &ChangeRequest) -> Finished {
        let mut scope = change.scope.clone();
        // What is open stays part of the outcome, and of the list of conflicts that this run makes.
        match self.ledger.conflicts(self.handler, Some(self.item())) {
            Ok(open) => scope.add(&conflicts::places(&open)),
            Err(_) => scope = Scope::whole(),
        }
        let options = RunOptions { consent: change.consent, ..RunOptions::default() };
        self.sync_some(&options, Some((scope, change.lost)))
    }

    /// Synchronizes.
    pub(crate) fn sync(&self, options: &RunOptions) -> Finished {
        self.sync_some(options, None)
    }

    /// What every run begins with: opens and locks the pair, and sees to what earlier runs left.
    pub(crate) fn enter<'a>(
        &'a self,
        progress: &Progress<'_>,
        options: &'a RunOptions,
        scope: Option<(Scope, [u64; 2])>,
    ) -> Result<Entered<'a>, LookError> {
        progress.phase(Phase::Looking);
        let mut look = Look::open(self.ask(options))?;
        if let Some((scope, lost)) = scope {
            look = look.within(scope).after(lost);
        }
        let _lock = look.lock()?;
        self.tell_of_base(&look, &self.results());
        let writers = self.writers(&look);
        let swept = self.sweep(&look, &writers);
        for &killed in &swept.runs {
            self.recover(&mut look, &writers, killed)?;
        }
        swept.close(&*look.notes());
        Ok(Entered { look, _lock, writers })
    }

    fn sync_some(&self, options: &RunOptions, scope: Option<(Scope, [u64; 2])>) -> Finished {
        let progress = self.progress();
        let Entered { mut look, _lock, writers } = match self.enter(&progress, options, scope) {
            Ok(entered) => entered,
            Err(error) => return refused(&error),
        };
        let mut results = self.results();
        progress.phase(Phase::Comparing);
        let mut planned = match look.plan(&progress) {
            Ok(planned) => planned,
            Err(error) => return refused(&error),
        };
        self.tell_of_plan(&planned, &mut results);
        if let Some(stop) = self.guard(&look, &planned, options) {
            return stop;
        }
        let plan = &mut planned.plan;
        if let Some(stop) = self.check_writable(&writers, plan) {
            return stop;
        }
        if let Some(full) = self.check_room(&look, &writers, plan) {
            return full;
        }
        progress.phase(Phase::Moving);
        let lists = Here(look.scan(&NoBase, &()));
        let ground = self.ground(&look, &writers, &lists, &progress, !options.no_trash);
        let journal = Journal::new(look.notes(), self.callback.run_id(), RunKind::Sync);
        let mut apply = Apply::new(ground, journal);
        expect(&progress, plan);
        apply.clear(&planned.left_over);
        let result = apply.carry_out(plan);
        progress.phase(Phase::Finishing);
        let (ending, result) = match result {
            Ok(ending) => (ending, Ok(())),
            Err(error) => (Ending::Complete, Err(error)),
        };
        let mut clashes = self.clashes(&look, &progress, &mut results);
        let clean = ending == Ending::Complete && results.errors == 0;
        let run = self.callback.run_id();
        let last = |txn: &mut dyn Transaction| -> Result<(), BaseError> {
            if look.base.damaged_records() > 0 {
                // What they led to is reached from nowhere, and would be counted for ever.
                txn.sweep()?;
            }
            if !look.is_whole() {
                // Of the rest it knows nothing.
                return Ok(());
            }
            txn.set_filter(look.filter.fingerprint())?;
            if clean { txn.set_last_clean_run(run) } else { Ok(()) }
        };
        let result = result.and_then(|()| apply.finish(&last));
        clashes.extend(self.clashes(&look, &progress, &mut results));
        let open = plan.conflicts.iter().chain(&clashes).map(|one| self.conflict(one));
        if let Err(refusal) = self.ledger.replace(self.handler, self.item(), open.collect()) {
            let problem = Problem::new(
                ProblemClass::Transient,
                format!("the conflicts could not be written down: {refusal}"),
            );
            results.error("Conflicts not recorded".into(), problem);
        }
        let wrote = apply.wrote();
        let counts = apply.counts();
        self.keep_ancestors(&look, &mut apply);
        drop(apply);
        self.prune(&look, &writers, &results);
        let conflicts = (plan.conflicts.len() + clashes.len()) as u64;
        let counts = Counts {
            a: counts[Side::A as usize],
            b: counts[Side::B as usize],
            conflicts,
            errors: results.errors,
            skipped: results.skipped,
            bytes: progress.bytes(),
        };
        match result {
            Err(error) => {
                let problem = apply_problem(self.pair, &error);
                let outcome = if wrote { Outcome::Gaps } else { Outcome::Failed };
                results.error("The run could not be finished".into(), problem.clone());
                Finished { outcome, counts, problem: Some(problem) }
            }
            Ok(()) => {
                let problem = self.problem(ending, &results, conflicts);
                Finished { outcome: outcome(ending, wrote, results.errors, conflicts), counts, problem }
            }
        }
    }

    /// Tells what went wrong, but for names that turned out to be one to a side: those are conflicts.
    fn clashes(&self, look: &Look<'_>, progress: &Progress<'_>, results: &mut Results<'_>) -> Vec<Contested> {
        let clashes = Clashes::new(look);
        let mut found: Vec<Contested> = Vec::new();
        for trouble in progress.take_troubles() {
            match clashes.of(&trouble) {
                Some(contested) if found.iter().any(|known| known.path == contested.path) => {}
                Some(contested) => found.push(contested),
                None => drop(results.trouble(&trouble)),
            }
        }
        found
    }

    /// A contested path for the ledger.
    pub(crate) fn conflict(&self, contested: &Contested) -> Conflict {
        to_conflict(self.handler, self.item(), self.pair, contested, millis())
    }

    /// Keeps what conflicts of some later day can be merged by.
    pub(crate) fn keep_ancestors(&self, look: &Look<'_>, apply: &mut Apply<'_>) {
        let agreed = apply.take_agreed();
        if self.pair.ancestors {
            agreed.keep(&look.dir, &*look.roots.a);
        }
    }

    /// Why the run did not end well, in one sentence.
    pub(crate) fn problem(&self, ending: Ending, results: &Results<'_>, conflicts: u64) -> Option<Problem> {
        match ending {
            Ending::NoRoom(side, room) => {
                let label = self.label(side);
                let (what, fix) = match room {
                    Room::Disk => (format!("{label} is full"), "make room"),
                    Room::Quota => {
                        (format!("your quota on {label} is used up"), "make room within your quota")
                    }
                };
                let problem =
                    Problem::new(ProblemClass::Space, format!("{what}; what was complete is in place"));
                Some(problem.with_fix(format!("{fix}, then sync again: it goes on where it stopped")))
            }
            Ending::Canceled => None,
            Ending::Complete => results.problem().or_else(|| {
                (conflicts > 0).then(|| {
                    let count = progress::counted(conflicts, "conflict needs", "conflicts need");
                    Problem::new(
                        ProblemClass::Conflict,
                        format!("{count} a decision; all the rest is in sync"),
                    )
                    .with_fix("look at them with `instep conflicts`, settle them with `instep resolve`")
                })
            }),
        }
    }

    /// Both sides with the permission to write.
    pub(crate) fn writers(&self, look: &Look<'_>) -> [LocalWriter; 2] {
        let writers = [LocalWriter::new(look.roots.a.clone()), LocalWriter::new(look.roots.b.clone())];
        #[cfg(test)]
        if self.hooks.plain_renames() {
            return writers.map(LocalWriter::without_flags);
        }
        writers
    }

    pub(crate) fn label(&self, side: Side) -> &str {
        &self.pair.side(side).label
    }

    pub(crate) fn ground<'a>(
        &'a self,
        look: &'a Look<'_>,
        writers: &'a [LocalWriter; 2],
        lists: &'a dyn Lists,
        progress: &'a Progress<'_>,
        keep_trash: bool,
    ) -> Ground<'a> {
        let [a, b] = writers;
        Ground {
            sides: [a, b],
            lists,
            base: &look.base,
            run: self.callback.run_id(),
            tag: tag(&look.dir),
            keep_trash,
            limits: self.limits,
            report: progress,
            hooks: self.hooks,
            policy: &look.policy,
            identities: &look.roots.identities,
            since_looking: Box::new(|| look.began.elapsed()),
        }
    }

    /// A damaged base is worth an event: nothing is deleted in the run that makes a new one.
    fn tell_of_base(&self, look: &Look<'_>, results: &Results<'_>) {
        if let Some(aside) = look.damaged_base() {
            let place =
                aside.to.as_ref().map(|to| format!("; it is kept as {}", to.display())).unwrap_or_default();
            results.event(
                Level::Warning,
                "The memory of this pair was damaged".into(),
                format!(
                    "What both sides last agreed on could not be read ({}){place}. Both sides are united: nothing is \
                     deleted, and what differs is a conflict.",
                    aside.reason
                ),
            );
        }
    }

    fn tell_of_plan(&self, planned: &Planned, results: &mut Results<'_>) {
        for note in &planned.plan.notes {
            results.note(note);
        }
        for (side, problem) in &planned.ignore_problems {
            let text = format!(
                "{} on {}, line {}: {}",
                problem.path,
                self.label(*side),
                problem.line,
                problem.reason
            );
            results.event(Level::Warning, "A line of an ignore file says nothing".into(), text);
        }
        for unturned in &planned.unturned {
            let text = format!("{} was left as it is: {}", unturned.path, unturned.why);
            results.event(Level::Warning, "A change cannot be turned around".into(), text);
        }
        for action in &planned.held.changed {
            let text = format!("{} changed after the plan was shown; it was left as it is", action.path);
            let problem = Problem::new(ProblemClass::Transient, text)
                .with_fix("look at it with `instep preview` again");
            results.error(format!("Changed since the plan: {}", action.path), problem);
        }
        if let Some(first) = planned.held.new.first() {
            let more = match planned.held.new.len() - 1 {
                0 => String::new(),
                others => format!(" and {others} more"),
            };
            let text =
                format!("{}{more}: not part of the plan that was shown, and for the next run", first.path);
            results.event(Level::Information, "New since the plan".into(), text);
        }
    }

    /// What the guards say (S5, S6).
    fn guard(&self, look: &Look<'_>, planned: &Planned, options: &RunOptions) -> Option<Finished> {
        let names = [self.label(Side::A), self.label(Side::B)];
        if !options.approve
            && let Some(stop) = planned.stops.first()
        {
            let problem = Problem::new(ProblemClass::Safety, stop.sentence(names));
            return Some(Finished::stopped(Outcome::SafetyStop, problem));
        }
        if planned.needs_consent && !options.consent {
            let counts = crate::preview::counts(&planned.plan);
            let sides = [(Side::A, counts.a), (Side::B, counts.b)];
            let what: Vec<String> = sides
                .into_iter()
                .filter(|(_, counts)| counts.deleted + counts.updated > 0)
                .map(|(side, counts)| {
                    let verbs = [("delete", counts.deleted), ("overwrite", counts.updated)];
                    let verbs = verbs.into_iter().filter(|(_, count)| *count > 0);
                    let parts: Vec<String> = verbs
                        .map(|(verb, count)| {
                            format!("{verb} {}", progress::counted(count, "entry", "entries"))
                        })
                        .collect();
                    format!("{} on {}", parts.join(" and "), self.label(side))
                })
                .collect();
            let mirror = if look.policy.mode == Mode::Mirror { ", as a mirror does" } else { "" };
            let text = format!(
                "The first run of this pair would {}{mirror}. Nothing was touched.",
                what.join(", and ")
            );
            let problem = Problem::new(ProblemClass::Consent, text)
                .with_fix("look at it with `instep preview`; if it is right, run again with --yes");
            return Some(Finished::stopped(Outcome::SafetyStop, problem));
        }
        None
    }

    /// Removes what a killed run left half-made (S2). What cannot be removed now stays listed for the next run.
    fn sweep(&self, look: &Look<'_>, writers: &[LocalWriter; 2]) -> Swept {
        let [a, b] = writers;
        let swept = apply::sweep(&*look.notes(), [a, b]);
        if swept.found > 0 {
            let text = format!(
                "An earlier run was interrupted; {} half-made were removed. Nothing of yours was among them.",
                progress::counted(swept.found, "thing that it had left", "things that it had left")
            );
            self.results().event(Level::Information, "Cleaned up after an interrupted run".into(), text);
        }
        for error in &swept.refused {
            let problem = side_problem("a half-made file of an earlier run", error);
            let name = "An interrupted run left something that cannot be removed now".into();
            self.results().problem_event(Level::Warning, name, &problem);
        }
        swept
    }

    /// Lets the base know of what a killed run had finished.
    fn recover(
        &self,
        look: &mut Look<'_>,
        writers: &[LocalWriter; 2],
        killed: RunId,
    ) -> Result<(), BaseError> {
        let [a, b] = writers;
        // A pair that never met has had no run that came far enough to matter.
        if look.known && apply::recover(&*look.notes(), killed, [a, b], &look.base)? {
            look.refresh()?;
        }
        Ok(())
    }

    /// Old trash goes at the end of each run, and what is known of the runs that it came from.
    pub(crate) fn prune(&self, look: &Look<'_>, writers: &[LocalWriter; 2], results: &Results<'_>) {
        let kept = Duration::from_secs(u64::from(self.pair.trash_days) * 86_400);
        if let Some(before) = SystemTime::now().checked_sub(kept) {
            journal::prune(&look.dir, before);
        }
        let now = now();
        let before = Time { secs: now.secs - i64::from(self.pair.trash_days) * 86_400, nanos: now.nanos };
        for side in Side::BOTH {
            if let Err(error) = trash::prune(&writers[side as usize], before) {
                let text = format!("{}: {error}", self.label(side));
                results.event(Level::Warning, "Old trash could not be deleted".into(), text);
            }
        }
        if let Some(limit) = self.pair.trash_size {
            self.prune_to(limit, look, writers, results);
        }
    }

    /// Trash that is too large goes at the end of a run that added to it.
    fn prune_to(&self, limit: u64, look: &Look<'_>, writers: &[LocalWriter; 2], results: &Results<'_>) {
        let run = self.callback.run_id();
        if !journal::exists(&look.dir, run) {
            return;
        }
        for side in Side::BOTH {
            if let Err(error) = trash::prune_to(&writers[side as usize], limit, run) {
                let text = format!("{}: {error}", self.label(side));
                results.event(Level::Warning, "Trash beyond its limit could not be deleted".into(), text);
            }
        }
    }
}

/// The outcome of a run that came to nothing.
pub(crate) fn refused(error: &LookError) -> Finished {
    Finished::stopped(error.outcome(), error.problem())
}

/// Tells the bar what there is to do.
pub(crate) fn expect(progress: &Progress<'_>, plan: &Plan) {
    let (mut entries, mut bytes) = (0, 0);
    for action in &plan.actions {
        match &action.op {
            Op::Create { tally, whole: true, .. } | Op::Replace { tally, .. } => {
                entries += tally.entries();
                bytes += tally.bytes;
            }
            _ => entries += 1,
        }
    }
    progress.expect(entries, bytes);
}

/// The current time in milliseconds since 1970.
pub(crate) fn millis() -> i64 {
    let now = now();
    now.secs.saturating_mul(1000).saturating_add(i64::from(now.nanos / 1_000_000))
}

/// What marks the temporary names of a pair: the same in every run of it, another one for others.
fn tag(dir: &std::path::Path) -> u32 {
    let hash = blake3::hash(dir.as_os_str().as_encoded_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// A base that knows nothing: for those who only want to list.
pub(crate) struct NoBase;

impl BaseRead for NoBase {
    fn agreement(&self, _dir: reconcile::DirKey) -> Result<Option<reconcile::Agreement>, BaseError> {
        Ok(None)
    }
}

/// Lists as planning does.
pub(crate) struct Here<'s>(pub(crate) Scan<'s>);

impl Lists for Here<'_> {
    fn open(&self, side: Side, dir: &RelPath) -> Result<(Box<dyn ReadDir + '_>, Listing), Unreadable> {
        self.0.open(side, dir)
    }
}
