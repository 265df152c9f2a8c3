//! Conflicts that a tool has left as they are, settled by the tool itself: it is told whose version is to be that of both.
//!
//! Only what was shown is settled (S1): right before, the tool is asked what both sides have now. What loses is kept where
//! the tool keeps such things.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use syncmgr::conflict::{
    Abilities, Choice, Conflict, ConflictId, ConflictItemType, ConflictLedger, ConflictVersion, Decided,
    ResolutionHandler, Selection, Settlement,
};
use syncmgr::event::NewEvent;
use syncmgr::outcome::{Phase, Problem, ProblemClass, SideCounts};
use syncmgr::{
    CancelRequest, Counts, HandlerError, HandlerId, ItemId, Level, Outcome, ProgressStatus, SyncCallback,
};

use super::disagreement::conflict_of;
use super::dry::Seen;
use super::handler::Items;
use super::output::Output;
use super::{Kind, Prepared, Set, Surroundings, dry, version};
use crate::telling::{Hearer as _, InSession};
use crate::verdict::Verdict;

/// How many conflicts one command settles: its words have to fit into a command line.
const CHUNK: usize = 100;

/// A job whose tool can be told whose version to take.
pub trait Settles: Send + Sync {
    /// The command that says what both sides have at these paths, and does nothing.
    fn list(&self, paths: &[&str]) -> Prepared;
    /// The command that makes the versions of one side (0 or 1) those of both; the others are kept under another name if
    /// both are wanted. None if that side cannot be named.
    fn prefer(&self, side: usize, keeps_both: bool, paths: &[&str]) -> Option<Prepared>;
    /// Whether the tool can be told of this path alone.
    fn can_name(&self, path: &str) -> bool;
    /// What becomes of the version that loses, for people.
    fn loser(&self) -> &'static str;
}

/// Settles the conflicts of a tool's items.
pub(super) struct Resolution {
    pub(super) handler: HandlerId,
    pub(super) kind: &'static dyn Kind,
    pub(super) items: Arc<Items>,
    pub(super) around: Surroundings,
    pub(super) ledger: Arc<dyn ConflictLedger>,
}

impl ResolutionHandler for Resolution {
    fn works_in_sessions(&self) -> bool {
        true
    }

    fn abilities(&self, conflict: &Conflict) -> Abilities {
        match self.obstacle(conflict) {
            None => Abilities::KEEP_SINGLE | Abilities::KEEP_RECENT | Abilities::KEEP_MULTIPLE,
            Some(_) => Abilities::empty(),
        }
    }

    fn hindrance(&self, conflict: &Conflict, choice: &Choice) -> Option<String> {
        let named = |why: &str| format!("{}: {why}", conflict.description());
        if let Err(why) = choice.check(conflict) {
            return Some(why.to_string());
        }
        if let Some(why) = self.obstacle(conflict) {
            return Some(named(&why));
        }
        let is_renamed = |choice: &Choice| match choice {
            Choice::KeepItems(items) => items.iter().any(|item| item.new_name.is_some()),
            _ => false,
        };
        if is_renamed(choice) || matches!(choice, Choice::KeepOther(_) | Choice::KeepMerged) {
            let name = self.kind.id();
            return Some(named(&format!(
                "{name} takes the version of one side, or keeps both under names of its own"
            )));
        }
        if matches!(choice, Choice::RemoveFromSyncSet) {
            return Some(named("leave it out with `ignore` in the item's settings"));
        }
        choice.tie(conflict).map(named)
    }

    fn look_again(&self, shown: &Conflict) -> Result<Option<Conflict>, HandlerError> {
        let set = self.set(&shown.item)?;
        let now = self.look(&set, &[shown], &mut |_| true)?;
        Ok(now.into_iter().find(|conflict| conflict.id == shown.id))
    }
}

/// What one command is to settle: the same side for all of it.
type Group<'s> = Vec<(usize, &'s Decided)>;

impl Resolution {
    /// Settles what was decided about an item's conflicts, and gives the item its last word.
    pub(super) fn carry_out(
        &self,
        item: &ItemId,
        callback: &dyn SyncCallback,
        selection: &Selection,
        output: &mut Output<'_>,
    ) {
        let mut work = Work {
            of: self,
            hearer: InSession { callback, item },
            selection,
            output,
            counts: Counts::default(),
            closed: Vec::new(),
        };
        let verdict = match work.all() {
            Ok(()) => work.verdict(),
            Err(error) => {
                for (place, _) in selection.of_item(item) {
                    selection.answer(place, Settlement::Failed(error.clone()));
                }
                Verdict { outcome: Outcome::Failed, problem: Some(error.problem) }
            }
        };
        let Work { mut hearer, counts, .. } = work;
        hearer.end(&verdict, counts);
    }

    /// The conflicts of a run, with what both sides have also where the tool did not tell while it ran.
    pub(super) fn in_full(&self, set: &Set, mut conflicts: Vec<Conflict>) -> Vec<Conflict> {
        let untold: Vec<&Conflict> = conflicts.iter().filter(|one| one.versions.is_empty()).collect();
        if untold.is_empty() || set.job.settles().is_none() {
            return conflicts;
        }
        // Without them a conflict is told of all the same.
        for found in self.look(set, &untold, &mut |_| true).unwrap_or_default() {
            if let Some(known) = conflicts.iter_mut().find(|known| known.id == found.id) {
                *known = found;
            }
        }
        conflicts
    }

    fn set(&self, item: &ItemId) -> Result<Set, HandlerError> {
        self.items.find(item).ok_or_else(|| {
            let text = format!("there is no item '{item}' of {} any more", self.kind.id());
            HandlerError::new(ProblemClass::Config, text)
        })
    }

    /// Why it cannot be settled at all.
    fn obstacle(&self, conflict: &Conflict) -> Option<String> {
        let name = self.kind.id();
        let set = self.items.find(&conflict.item);
        let Some(settles) = set.as_ref().and_then(|set| set.job.settles()) else {
            return Some(format!(
                "{name} cannot be told which side to take; settle it by hand, and synchronize again"
            ));
        };
        if conflict.versions.len() != 2 {
            return Some(format!("{name} did not say what both sides have; synchronize again"));
        }
        if conflict.versions.iter().all(|version| version.kind == "directory") {
            return Some(
                "what both say of the directory itself is settled by hand: with it would go what is in it"
                    .into(),
            );
        }
        let path = std::str::from_utf8(&conflict.path).ok();
        if !path.is_some_and(|path| settles.can_name(path)) {
            return Some(format!(
                "{name} cannot be told of that name alone; settle it by hand, and synchronize again"
            ));
        }
        None
    }

    /// What is open now of these conflicts.
    fn look(
        &self,
        set: &Set,
        shown: &[&Conflict],
        look: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Vec<Conflict>, HandlerError> {
        version::check(self.kind, &mut || look(0)).map_err(|problem| HandlerError { problem })?;
        let paths: Vec<_> = shown.iter().map(|conflict| String::from_utf8_lossy(&conflict.path)).collect();
        let paths: Vec<&str> = paths.iter().map(|path| &**path).collect();
        let mut now = Vec::new();
        for chunk in paths.chunks(CHUNK) {
            let Some(settles) = set.job.settles() else { return Ok(Vec::new()) };
            let list = settles.list(chunk);
            let seen = dry::run(list.command(&*self.around.secret)?, list.answers, self.kind.tool(), look);
            let Seen { verdict, rows, conflicts, .. } = seen;
            if let Verdict { outcome: Outcome::Failed | Outcome::Waiting, problem: Some(problem) } = verdict {
                return Err(HandlerError { problem });
            }
            let asked_for = |path: &[u8]| chunk.iter().any(|asked| asked.as_bytes() == path);
            if let Some(other) = rows.actions.iter().find(|action| !asked_for(&action.path)) {
                // The item's own paths come with whatever it is told: nobody has looked at that.
                let path = String::from_utf8_lossy(&other.path);
                let text = format!("{path} waits to be brought over, and would be with it");
                let problem =
                    Problem::new(ProblemClass::Config, text).with_fix("synchronize the item, then settle it");
                return Err(HandlerError { problem });
            }
            let asked = conflicts.into_iter().filter(|found| asked_for(found.path.as_bytes()));
            now.extend(asked.map(|found| conflict_of(&self.handler, set, found)));
        }
        Ok(now)
    }
}

/// A run that settles the conflicts of one item.
struct Work<'w, 'o, 'r> {
    of: &'w Resolution,
    hearer: InSession<'w>,
    selection: &'w Selection,
    output: &'o mut Output<'r>,
    counts: Counts,
    /// What is no open conflict any more.
    closed: Vec<ConflictId>,
}

impl Work<'_, '_, '_> {
    fn all(&mut self) -> Result<(), HandlerError> {
        let (of, selection, item) = (self.of, self.selection, self.hearer.item);
        let set = of.set(item)?;
        let _ = self.hearer.callback.report_phase(item, Phase::Comparing);
        let shown: Vec<&Conflict> = selection.of_item(item).map(|(_, decided)| &decided.conflict).collect();
        let callback = self.hearer.callback;
        let goes_on = || callback.can_continue(Some(item)).unwrap_or(false);
        let now = of.look(&set, &shown, &mut |_| goes_on());
        if !goes_on() {
            // What was not looked at to its end says nothing about any conflict.
            return Ok(());
        }
        let now = now?;
        let mut now: HashMap<ConflictId, Conflict> =
            now.into_iter().map(|conflict| (conflict.id.clone(), conflict)).collect();
        let mut groups: BTreeMap<(usize, bool), Group<'_>> = BTreeMap::new();
        for (place, decided) in selection.of_item(item) {
            let Decided { conflict, choice } = decided;
            match now.remove(&conflict.id) {
                None => {
                    selection.answer(place, Settlement::Gone);
                    self.closed.push(conflict.id.clone());
                }
                Some(found) if found.versions != conflict.versions => {
                    selection.answer(place, Settlement::Changed);
                    let _ = of.ledger.put(vec![found]);
                }
                Some(_) => match of.hindrance(conflict, choice) {
                    Some(_) if choice.tie(conflict).is_some() => selection.answer(place, Settlement::Left),
                    Some(why) => self.failed(place, Problem::new(ProblemClass::Config, why)),
                    None => groups.entry(kept(conflict, choice)).or_default().push((place, decided)),
                },
            }
        }
        let _ = callback.report_phase(item, Phase::Moving);
        for ((side, keeps_both), group) in groups {
            for chunk in group.chunks(CHUNK) {
                if !goes_on() {
                    return Ok(());
                }
                self.settle(&set, side, keeps_both, chunk)?;
            }
        }
        Ok(())
    }

    fn settle(
        &mut self,
        set: &Set,
        side: usize,
        keeps_both: bool,
        chunk: &[(usize, &Decided)],
    ) -> Result<(), HandlerError> {
        let (of, item, callback) = (self.of, self.hearer.item, self.hearer.callback);
        let paths: Vec<_> =
            chunk.iter().map(|(_, decided)| String::from_utf8_lossy(&decided.conflict.path)).collect();
        let words: Vec<&str> = paths.iter().map(|path| &**path).collect();
        let Some(settles) = set.job.settles() else { return Ok(()) };
        let Some(prepared) = settles.prefer(side, keeps_both, &words) else { return Ok(()) };
        let command = prepared.command(&*of.around.secret)?;
        self.output.command(&prepared.shown());
        self.hearer.event(NewEvent::new(Some(item), Level::Information, "The command", prepared.shown()));
        let mut asked = CancelRequest::None;
        let seen = dry::see(command, None, of.kind.tool(), of.kind.tool().parser(), &mut |step| {
            let status = ProgressStatus::UpdatingIndeterminate;
            let answer = callback.report_progress(item, None, status, step, 0);
            asked = answer.unwrap_or(CancelRequest::All);
            asked == CancelRequest::None
        });
        self.output.keep(&seen.output);
        add(&mut self.counts.a, seen.counts.a);
        add(&mut self.counts.b, seen.counts.b);
        self.counts.bytes += seen.counts.bytes;
        for ((place, decided), path) in chunk.iter().zip(&paths) {
            let note = seen.rows.notes.iter().find(|note| note.is_error && note.path == path.as_bytes());
            let is_open = seen.conflicts.iter().any(|left| left.path == **path);
            match (&seen.verdict, note) {
                // What it had done until then is seen by the next look.
                (Verdict { outcome: Outcome::Canceled, .. }, _) => {}
                (_, Some(note)) => {
                    self.failed(*place, Problem::new(ProblemClass::Transient, note.text.clone()))
                }
                (
                    Verdict { outcome: Outcome::Failed | Outcome::Waiting | Outcome::SafetyStop, problem },
                    _,
                ) => {
                    let unsaid = || Problem::new(ProblemClass::Bug, format!("{} failed", of.kind.id()));
                    self.failed(*place, problem.clone().unwrap_or_else(unsaid));
                }
                _ if is_open => {
                    let text = format!("{} has left {path} as it is", of.kind.id());
                    self.failed(*place, Problem::new(ProblemClass::Conflict, text));
                }
                _ => {
                    self.selection.answer(*place, Settlement::Settled(decided.choice.clone()));
                    self.closed.push(decided.conflict.id.clone());
                    let location = &decided.conflict.versions[side].location;
                    let loser = match keeps_both {
                        true => {
                            "the other one lies beside it, under a name with the day, and comes over with the next run"
                        }
                        false => settles.loser(),
                    };
                    let text = format!("{path} is that of {location} now; {loser}");
                    let name = format!("Settled: {path}");
                    self.hearer.event(NewEvent::new(Some(item), Level::Information, name, text));
                }
            }
        }
        Ok(())
    }

    fn failed(&mut self, place: usize, problem: Problem) {
        self.counts.errors += 1;
        let item = self.hearer.item;
        let event = NewEvent::new(Some(item), Level::Error, "Not settled", problem.text.clone());
        self.hearer.event(event);
        self.selection.answer(place, Settlement::Failed(HandlerError { problem }));
    }

    /// The last word, after the list of what is open was brought up to date.
    fn verdict(&mut self) -> Verdict {
        let (of, item) = (self.of, self.hearer.item);
        let failed = |class, text: String| Some(Problem::new(class, text));
        if let Err(refusal) = of.ledger.remove(&of.handler, item, &self.closed) {
            let text = format!("what was settled could not be written down: {refusal}");
            return Verdict { outcome: Outcome::Gaps, problem: failed(ProblemClass::Transient, text) };
        }
        let open = of.ledger.count(&of.handler, Some(item)).unwrap_or_default();
        self.counts.conflicts = open;
        let reached = |settlement: &Settlement| *settlement != Settlement::NotReached;
        let settlements = self.selection.settlements();
        if self.selection.of_item(item).any(|(place, _)| !settlements.get(place).is_some_and(reached)) {
            return Verdict { outcome: Outcome::Canceled, problem: None };
        }
        match (self.counts.errors, open) {
            (0, 0) => Verdict { outcome: Outcome::Done, problem: None },
            (0, _) => {
                let needs = if open == 1 { "conflict needs" } else { "conflicts need" };
                let text = format!("{open} {needs} a decision");
                Verdict { outcome: Outcome::NeedsDecision, problem: failed(ProblemClass::Conflict, text) }
            }
            (errors, _) => {
                let conflicts = if errors == 1 { "conflict" } else { "conflicts" };
                let text = format!("{errors} {conflicts} could not be settled");
                Verdict { outcome: Outcome::Gaps, problem: failed(ProblemClass::Conflict, text) }
            }
        }
    }
}

/// Whose version keeps the name, and whether the other one is kept as well. Where both are wanted that of the first side
/// does; of what one side has deleted there is only one to keep.
fn kept(conflict: &Conflict, choice: &Choice) -> (usize, bool) {
    match choice.winner(conflict) {
        Some(side) => (side, false),
        None => {
            let there = |version: &ConflictVersion| version.item_type == ConflictItemType::Updated;
            let first = conflict.versions.iter().position(there);
            (first.unwrap_or(0), conflict.versions.iter().all(there))
        }
    }
}

fn add(sum: &mut SideCounts, more: SideCounts) {
    sum.created += more.created;
    sum.updated += more.updated;
    sum.deleted += more.deleted;
    sum.moved += more.moved;
}
