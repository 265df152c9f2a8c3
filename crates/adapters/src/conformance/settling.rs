//! Conflicts: what a handler tells of them, and what becomes of a person's choices.

use std::collections::BTreeSet;
use std::sync::Arc;

use syncmgr::conflict::{
    Abilities, Choice, Conflict, ConflictKey, Decided, Feedback, OtherVersion, ResolutionHandler, Selection,
    Settlement,
};
use syncmgr::{HandlerError, ItemId, ProblemClass, Request};

use super::Findings;
use super::stage::{Play, Stage};

/// The rules about conflicts.
pub(super) const RULES: &[&str] = &["C1", "C2", "C3", "C4", "C5"];

/// What stands instead of all versions where the handler takes any.
const OTHER: &[u8] = b"Settled in a trial.\n";

/// Synchronizes, and settles what is in conflict then.
pub(super) fn play(stage: &Stage<'_>, findings: &mut Findings) {
    let play = stage.set();
    if play.synchronize(&stage.items, None, findings) {
        let mut scene = Scene { play: &play, items: &stage.items, resolution: None, findings };
        if let Err(why) = scene.play(stage.trial.settle) {
            for rule in RULES {
                scene.findings.not_tried(rule, why.clone());
            }
        }
    } else {
        for rule in RULES {
            findings.not_tried(rule, "it could not be synchronized");
        }
    }
    play.end("R12", findings);
}

struct Scene<'a> {
    play: &'a Play<'a>,
    items: &'a [ItemId],
    resolution: Option<Arc<dyn ResolutionHandler>>,
    findings: &'a mut Findings,
}

/// Why no more can be tried.
type NoOccasion = String;

impl Scene<'_> {
    fn play(&mut self, settle: bool) -> Result<(), NoOccasion> {
        let open = self.open()?;
        if open.is_empty() {
            return Err("it has no open conflict".into());
        }
        self.are_whole(&open);
        if !settle {
            return Err("conflicts are settled only where that is asked for".into());
        }
        self.resolution = self.play.handler().resolution_handler();
        if self.resolution.is_none() {
            return Err("it settles no conflicts".into());
        }
        self.refuses_what_it_does_not_offer(&open);
        let open = self.open()?;
        self.settles_only_what_was_shown(&open);
        let open = self.open()?;
        let settled = self.settles_what_it_offers(&open)?;
        self.settles_once(&settled)?;
        self.comes_not_back(&settled)
    }

    fn open(&mut self) -> Result<Vec<Conflict>, NoOccasion> {
        self.play.conflicts(self.items).map_err(|refusal| {
            self.findings.broken("C1", format!("its conflicts cannot be listed: {refusal}"));
            "its conflicts cannot be listed".into()
        })
    }

    fn is_open(&mut self, conflict: &Conflict) -> Result<bool, NoOccasion> {
        Ok(self.open()?.iter().any(|other| other.key() == conflict.key()))
    }

    fn are_whole(&mut self, open: &[Conflict]) {
        self.findings.held("C1");
        let mut seen = BTreeSet::new();
        for conflict in open {
            let named = named(conflict);
            if conflict.versions.len() < 2 {
                let count = conflict.versions.len();
                self.findings.broken("C1", format!("{named} has {count} of the versions that disagree"));
            }
            if conflict.path.is_empty() {
                self.findings.broken("C1", format!("{named} has no name"));
            }
            if !seen.insert((conflict.item.clone(), conflict.id.clone())) {
                self.findings.broken("C1", format!("{named} is listed twice"));
            }
        }
    }

    /// A version that there is not, and all that the handler says it cannot do.
    fn refuses_what_it_does_not_offer(&mut self, open: &[Conflict]) {
        let Some(conflict) = open.first() else { return };
        let able = self.abilities(conflict);
        let mut wrong = vec![Choice::KeepOne(conflict.versions.len())];
        for (ability, choice) in [
            (Abilities::KEEP_MULTIPLE, Choice::KeepAll),
            (Abilities::KEEP_OTHER, Choice::KeepOther(OtherVersion::Content(OTHER.to_vec()))),
            (Abilities::REMOVE_FROM_SYNC_SET, Choice::RemoveFromSyncSet),
        ] {
            if !able.contains(ability) {
                wrong.push(choice);
            }
        }
        for choice in wrong {
            let what = format!("{}: the choice {}, which it does not offer,", named(conflict), word(&choice));
            let broken = match self.settle(conflict, &choice) {
                Settlement::Left => None,
                Settlement::Failed(error) => breakdown(&error),
                other => Some(answered(&other)),
            };
            if let Some(how) = broken {
                self.findings.broken("C3", format!("{what} {how}"));
            }
            match self.is_open(conflict) {
                Ok(true) => self.findings.held("C3"),
                Ok(false) => {
                    self.findings.broken("C3", format!("{what} has closed it"));
                    return;
                }
                Err(_) => return,
            }
        }
    }

    /// A conflict as if its versions had been others when a person saw them (S1).
    fn settles_only_what_was_shown(&mut self, open: &[Conflict]) {
        let Some((conflict, old)) = open.iter().find_map(|conflict| Some((conflict, exchanged(conflict)?)))
        else {
            self.findings.not_tried("C4", "its versions have nothing that tells one from the other");
            return;
        };
        let what = format!("{}: a choice among versions that are others by now", named(conflict));
        let broken = match self.settle(&old, &Choice::KeepOne(0)) {
            Settlement::Changed | Settlement::Left => None,
            Settlement::Failed(error) => breakdown(&error),
            other => Some(answered(&other)),
        };
        match (broken, self.is_open(conflict)) {
            (Some(how), _) => self.findings.broken("C4", format!("{what} {how}")),
            (None, Ok(true)) => self.findings.held("C4"),
            (None, Ok(false)) => self.findings.broken("C4", format!("{what} has closed it")),
            (None, Err(_)) => {}
        }
    }

    /// Every choice that is offered, each for a conflict of its own as far as there are enough. Gives what was settled.
    fn settles_what_it_offers(&mut self, open: &[Conflict]) -> Result<Vec<Decided>, NoOccasion> {
        let mut tried: Vec<String> = Vec::new();
        let mut decided = Vec::new();
        for conflict in open {
            let offered = self.offered(conflict);
            if let Some(choice) = offered.into_iter().find(|choice| !tried.contains(&word(choice))) {
                tried.push(word(&choice));
                decided.push(Decided { conflict: conflict.clone(), choice });
            }
        }
        let mut settled = Vec::new();
        for (one, settlement) in self.settle_all(&decided) {
            let what = format!("{}: the choice {}", named(&one.conflict), word(&one.choice));
            match settlement {
                Settlement::Settled(_) if self.is_open(&one.conflict)? => {
                    self.findings.broken("C2", format!("{what} was carried out, and it is open still"));
                }
                Settlement::Settled(_) => {
                    self.findings.held("C2");
                    settled.push(one);
                }
                other => self.findings.broken("C2", format!("{what} {}", answered(&other))),
            }
        }
        Ok(settled)
    }

    fn settles_once(&mut self, settled: &[Decided]) -> Result<(), NoOccasion> {
        let Some(Decided { conflict, choice }) = settled.first() else {
            self.findings.not_tried("C5", "it has settled none");
            return Ok(());
        };
        let what = format!("{}, settled a second time,", named(conflict));
        let in_sessions = self.in_sessions();
        let broken = match self.settle(conflict, choice) {
            Settlement::Failed(error) => breakdown(&error),
            other @ Settlement::NotReached => Some(answered(&other)),
            // Outside of sessions there is no other word for it.
            other @ Settlement::Settled(_) if in_sessions => Some(answered(&other)),
            _ => None,
        };
        match (broken, self.is_open(conflict)?) {
            (Some(how), _) => self.findings.broken("C5", format!("{what} {how}")),
            (None, true) => self.findings.broken("C5", format!("{what} is open again")),
            (None, false) => self.findings.held("C5"),
        }
        Ok(())
    }

    fn comes_not_back(&mut self, settled: &[Decided]) -> Result<(), NoOccasion> {
        let settled: BTreeSet<ConflictKey> = settled.iter().map(|one| one.conflict.key()).collect();
        if settled.is_empty() || !self.play.synchronize(self.items, None, self.findings) {
            return Ok(());
        }
        for conflict in self.open()?.iter().filter(|conflict| settled.contains(&conflict.key())) {
            let what = named(conflict);
            self.findings.broken("C2", format!("{what} was settled, and the next synchronization opens it"));
        }
        Ok(())
    }

    // ---- Asking the handler ----------------------------------------------------------------------------------------

    fn abilities(&self, conflict: &Conflict) -> Abilities {
        self.resolution.as_ref().map_or(Abilities::empty(), |resolution| resolution.abilities(conflict))
    }

    fn in_sessions(&self) -> bool {
        self.resolution.as_ref().is_some_and(|resolution| resolution.works_in_sessions())
    }

    /// What a person could choose.
    fn offered(&self, conflict: &Conflict) -> Vec<Choice> {
        let Some(resolution) = &self.resolution else { return Vec::new() };
        let mut all: Vec<Choice> = (0..conflict.versions.len()).map(Choice::KeepOne).collect();
        all.extend([
            Choice::KeepRecent,
            Choice::KeepLargest,
            Choice::KeepAll,
            Choice::KeepOther(OtherVersion::Content(OTHER.to_vec())),
            Choice::RemoveFromSyncSet,
        ]);
        // What overlaps stays a conflict.
        if resolution.merge(conflict).is_ok_and(|merge| merge.is_some_and(|merge| merge.overlaps == 0)) {
            all.push(Choice::KeepMerged);
        }
        all.retain(|choice| resolution.hindrance(conflict, choice).is_none());
        all
    }

    fn settle(&mut self, conflict: &Conflict, choice: &Choice) -> Settlement {
        let decided = Decided { conflict: conflict.clone(), choice: choice.clone() };
        self.settle_all(&[decided]).pop().map_or(Settlement::NotReached, |(_, settlement)| settlement)
    }

    /// As the center has them settled, but for its own look at whether the choices make sense.
    fn settle_all(&mut self, decided: &[Decided]) -> Vec<(Decided, Settlement)> {
        let settlements = if decided.is_empty() {
            Vec::new()
        } else if self.in_sessions() {
            self.settle_in_session(decided)
        } else {
            decided.iter().map(|one| self.settle_by_itself(one)).collect()
        };
        decided.iter().cloned().zip(settlements).collect()
    }

    fn settle_in_session(&mut self, decided: &[Decided]) -> Vec<Settlement> {
        let items: BTreeSet<ItemId> = decided.iter().map(|one| one.conflict.item.clone()).collect();
        let items: Vec<ItemId> = items.into_iter().collect();
        let request = Request::new(Selection::new(decided.to_vec()));
        self.play.synchronize(&items, Some(request.clone()), self.findings);
        request.get::<Selection>().map(Selection::settlements).unwrap_or_default()
    }

    fn settle_by_itself(&self, Decided { conflict, choice }: &Decided) -> Settlement {
        let Some(resolution) = &self.resolution else { return Settlement::NotReached };
        match resolution.resolve(conflict, choice) {
            Ok(Feedback::Continue | Feedback::Cancel) => Settlement::Settled(choice.clone()),
            Ok(Feedback::Refresh) => Settlement::Changed,
            Err(error) => Settlement::Failed(error),
        }
    }
}

/// The same conflict with the marks of its first two versions exchanged; none where nothing tells them apart.
fn exchanged(conflict: &Conflict) -> Option<Conflict> {
    let mut old = conflict.clone();
    let [first, second, ..] = old.versions.as_mut_slice() else { return None };
    std::mem::swap(&mut first.stamp, &mut second.stamp);
    std::mem::swap(&mut first.size, &mut second.size);
    std::mem::swap(&mut first.modified, &mut second.modified);
    (old != *conflict).then_some(old)
}

fn named(conflict: &Conflict) -> String {
    format!("the conflict '{}' of '{}'", String::from_utf8_lossy(&conflict.path), conflict.item)
}

/// A choice in words.
fn word(choice: &Choice) -> String {
    match choice {
        Choice::KeepOne(index) => format!("of version {index}"),
        Choice::KeepAll => "of all versions".into(),
        Choice::KeepRecent => "of the newest version".into(),
        Choice::KeepLargest => "of the largest version".into(),
        Choice::KeepItems(items) => format!("of {} versions", items.len()),
        Choice::KeepOther(_) => "of another version".into(),
        Choice::KeepMerged => "of the merged version".into(),
        Choice::RemoveFromSyncSet => "to stop syncing it".into(),
        _ => "of a kind of its own".into(),
    }
}

fn answered(settlement: &Settlement) -> String {
    match settlement {
        Settlement::Settled(_) => "was answered with 'settled'".into(),
        Settlement::Left => "was left open".into(),
        Settlement::Failed(error) => format!("was refused: {}", error.problem),
        Settlement::Changed => "was answered as if a version had changed".into(),
        Settlement::Gone => "was answered as if it were no open conflict".into(),
        Settlement::NotReached => "was not answered".into(),
        _ => "was answered in a way of its own".into(),
    }
}

/// What a refusal has that no person could use: the class of a broken handler.
fn breakdown(error: &HandlerError) -> Option<String> {
    let problem = &error.problem;
    (problem.class == ProblemClass::Bug).then(|| format!("was refused without a class: {problem}"))
}
