//! What a person takes out of a plan, or turns around, after looking at it and before anything is done.
//!
//! Both only ever make a plan do less than it would, or give back to one side what the other was to lose: whatever is
//! carried out is still an action of the plan with the versions that it saw (S1). What cannot be turned around is left as
//! it is, and said.

use std::collections::{HashMap, HashSet};

use crate::entry::{Kind, Side};
use crate::facets::Facets;
use crate::order;
use crate::path::RelPath;
use crate::plan::{Action, NoteKind, Op, Plan, Tally};
use crate::policy::Mode;
use crate::questions::drop_idle_leads;

/// Single decisions about a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// Left as they are on both sides, with all that is beneath them.
    pub skip: Vec<RelPath>,
    /// Changes that go the other way: the version of that side wins.
    pub flip: Vec<(RelPath, Side)>,
}

/// A change that cannot go the other way; it was left out instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unturned {
    /// Where.
    pub path: RelPath,
    /// Why, as the end of a sentence.
    pub why: &'static str,
}

impl Choices {
    /// Whether the plan stays as it is.
    pub fn is_empty(&self) -> bool {
        self.skip.is_empty() && self.flip.is_empty()
    }

    /// Changes the plan. A path that it does nothing about changes nothing: a stored choice may meet a later plan.
    pub fn apply(&self, plan: &mut Plan, mode: Mode) -> Vec<Unturned> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut frozen = Frozen::default();
        for path in &self.skip {
            frozen.add(path);
        }
        let unturned = self.turn(plan, mode);
        for Unturned { path, .. } in &unturned {
            frozen.add(path);
        }
        frozen.take_out(plan);
        drop_idle_leads(plan);
        order::order(plan);
        unturned
    }

    fn turn(&self, plan: &mut Plan, mode: Mode) -> Vec<Unturned> {
        let wanted: HashMap<&RelPath, Side> = self.flip.iter().map(|(path, wins)| (path, *wins)).collect();
        let stays: HashSet<&RelPath> = plan
            .notes
            .iter()
            .filter(|note| matches!(note.what, NoteKind::DirectoryStays(_)))
            .map(|note| &note.path)
            .collect();
        let mut unturned: Vec<Unturned> = Vec::new();
        let mut replaced: HashSet<RelPath> = HashSet::new();
        for action in &mut plan.actions {
            let Some(&wins) = wanted.get(&action.path) else { continue };
            let turned = match action.path.split() {
                // A is never changed there, and nobody who set that up expects it.
                _ if mode != Mode::TwoWay => Err("this pair goes one way only"),
                Some((dir, _)) if stays.contains(&dir) && matches!(action.op, Op::Remove { .. }) => {
                    Err("the folder that it is in is gone on the other side")
                }
                _ => turned(&action.op, wins),
            };
            match turned {
                Ok(Some(op)) => {
                    if !matches!(op, Op::Meta { .. }) {
                        replaced.insert(action.path.clone());
                    }
                    action.op = op;
                }
                Ok(None) => {}
                Err(why) => unturned.push(Unturned { path: action.path.clone(), why }),
            }
        }
        tidy(plan, &wanted, &replaced);
        unturned
    }
}

/// What followed for the permissions of a version goes with it; what was to be taken over from each side comes from one.
fn tidy(plan: &mut Plan, turned: &HashMap<&RelPath, Side>, replaced: &HashSet<RelPath>) {
    let mut first: HashMap<RelPath, Facets> = HashMap::new();
    plan.actions.retain(|Action { path, op, .. }| {
        let Op::Meta { what, .. } = op else { return true };
        if replaced.contains(path) {
            return false;
        }
        if !turned.contains_key(path) {
            return true;
        }
        let is_first = !first.contains_key(path);
        let all = first.entry(path.clone()).or_default();
        *all = all.or(*what);
        is_first
    });
    for Action { path, op, .. } in &mut plan.actions {
        if let (Op::Meta { what, .. }, Some(all)) = (op, first.get(path)) {
            *what = *all;
        }
    }
}

/// What is done instead when `wins` has the word; none when it has it already.
fn turned(op: &Op, wins: Side) -> Result<Option<Op>, &'static str> {
    let other = wins.other();
    Ok(Some(match op {
        Op::Replace { on, source, target, tally, removed, keep } if *on != wins && keep.any() => {
            Op::Replace {
                on: *on,
                source: *source,
                target: *target,
                tally: *tally,
                removed: *removed,
                keep: Facets::NONE,
            }
        }
        Op::Create { on, .. } | Op::Replace { on, .. } | Op::Meta { on, .. } | Op::Remove { on, .. }
            if *on != wins =>
        {
            return Ok(None);
        }
        // A new folder may hold what filters leave out, and nobody would expect that to go with it.
        Op::Create { source, .. } if source.kind == Kind::Dir => {
            return Err("a new folder cannot be taken back from here");
        }
        Op::Create { source, .. } => {
            Op::Remove { on: other, target: *source, tally: Tally::of(source, true) }
        }
        Op::Replace { source, target, .. } if source.kind == Kind::Dir || target.kind == Kind::Dir => {
            return Err("a folder against a file cannot be turned around");
        }
        Op::Replace { source, target, .. } => Op::Replace {
            on: other,
            source: *target,
            target: *source,
            tally: Tally::of(target, true),
            removed: Tally::of(source, true),
            keep: Facets::NONE,
        },
        Op::Meta { source, target, what, .. } => {
            Op::Meta { on: other, source: *target, target: *source, what: *what }
        }
        Op::Remove { target, tally, .. } => {
            Op::Create { on: other, source: *target, tally: *tally, whole: true }
        }
        Op::Move { .. } | Op::KeepBoth { .. } => return Err("a new name cannot be turned around"),
    }))
}

/// Paths at and beneath which nothing is done, and the directories that lead to them.
#[derive(Debug, Default)]
struct Frozen {
    paths: HashSet<RelPath>,
    above: HashSet<RelPath>,
}

impl Frozen {
    fn add(&mut self, path: &RelPath) {
        self.paths.insert(path.clone());
        let mut at = path.clone();
        while let Some((dir, _)) = at.split() {
            if !self.above.insert(dir.clone()) {
                break;
            }
            at = dir;
        }
    }

    fn covers(&self, path: &RelPath) -> bool {
        let mut at = path.clone();
        loop {
            if self.paths.contains(&at) {
                return true;
            }
            match at.split() {
                Some((dir, _)) => at = dir,
                None => return false,
            }
        }
    }

    /// Whether an action would touch something of it.
    fn holds(&self, Action { path, op, .. }: &Action) -> bool {
        if self.covers(path) {
            return true;
        }
        match op {
            // All that is beneath goes or comes along.
            Op::Create { whole: true, .. } | Op::Replace { .. } | Op::Remove { .. } => {
                self.above.contains(path)
            }
            Op::Move { from, .. } | Op::KeepBoth { from, .. } => self.covers(from),
            Op::Create { .. } | Op::Meta { .. } => false,
        }
    }

    /// Takes out of a plan what touches it, and what depends on that: names that do not become free, directories that
    /// do not come.
    fn take_out(&mut self, plan: &mut Plan) {
        loop {
            let taken: Vec<Action> = plan.actions.extract_if(.., |action| self.holds(action)).collect();
            if taken.is_empty() {
                break;
            }
            for Action { path, op, .. } in &taken {
                match op {
                    Op::Move { from, .. } | Op::KeepBoth { from, .. } => {
                        self.add(path);
                        self.add(from);
                    }
                    Op::Create { .. } | Op::Replace { .. } => self.add(path),
                    Op::Meta { .. } | Op::Remove { .. } => {}
                }
            }
        }
        // What both sides agree on is found again by the next run.
        plan.settle.retain(|settle| !self.covers(&settle.path));
        plan.alike.retain(|alike| !self.covers(&alike.path));
    }
}
