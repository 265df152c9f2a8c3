//! Random histories on real folders: whatever people do on both sides, a run brings them together and loses nothing that
//! its policy does not decide against, and the next one has nothing to do. And whatever a run did is taken back exactly,
//! or it is said why not.

use std::collections::{BTreeMap, BTreeSet};

use testkit::Entry;

use super::*;

/// Small and the same on every machine; what a test draws must not depend on a crate's version.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

/// Does something that a person could do.
fn act(dice: &mut Dice, tree: &Tree, step: usize) {
    let paths: Vec<(Vec<u8>, testkit::Entry)> = tree.entries().into_iter().collect();
    let dirs: Vec<Vec<u8>> = std::iter::once(Vec::new())
        .chain(
            paths
                .iter()
                .filter(|(_, entry)| matches!(entry, testkit::Entry::Dir(_)))
                .map(|(path, _)| path.clone()),
        )
        .collect();
    let fresh = |dice: &mut Dice| {
        let dir = &dirs[dice.roll(dirs.len())];
        let name = format!("n{}", dice.roll(6));
        if dir.is_empty() { name.into_bytes() } else { [dir, &b"/"[..], name.as_bytes()].concat() }
    };
    // Each of its own length: two files of one size that are written within one tick of the clock count as the same.
    let content = "x".repeat(step);
    match (dice.roll(9), paths.get(dice.roll(paths.len().max(1)))) {
        (0 | 1, _) => {
            let path = fresh(dice);
            if !tree.has(&path) {
                tree.file(path, content);
            }
        }
        (2, _) => {
            let path = fresh(dice);
            if !tree.has(&path) {
                tree.dir(path);
            }
        }
        (3, Some((path, testkit::Entry::File(..)))) => {
            tree.file(path, content);
        }
        (4, Some((path, _))) => {
            tree.remove(path);
        }
        (5 | 6, Some((path, _))) => {
            let to = fresh(dice);
            if !tree.has(&to) && !to.starts_with(path) {
                tree.rename(path, to);
            }
        }
        (7, Some((path, testkit::Entry::File(..)))) => {
            tree.mode(path, [0o600, 0o644, 0o755][dice.roll(3)]);
        }
        (8, Some((path, _))) => {
            tree.remove(path);
            if dice.roll(2) == 0 {
                tree.file(path, content)
            } else {
                tree.link(path, content)
            };
        }
        _ => {}
    }
}

const POLICIES: [OnConflict; 3] = [OnConflict::A, OnConflict::B, OnConflict::KeepBoth];

/// A history: its pair, with a policy that leaves nothing open, and what people do to it.
struct History {
    bed: Bed,
    dice: Dice,
    step: usize,
}

impl History {
    fn new(seed: u64) -> Self {
        let on_conflict = POLICIES[seed as usize % POLICIES.len()];
        let limits = Limits { entries: 1 + seed % 7, threads: 2, ..Limits::default() };
        let bed = Bed::with(|pair| Pair { on_conflict, ..pair }, limits);
        Self { bed, dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)), step: 0 }
    }

    /// People do a few things on both sides.
    fn go_on(&mut self) {
        for _ in 0..self.dice.roll(12) {
            self.step += 1;
            let side = if self.dice.roll(2) == 0 { &self.bed.a } else { &self.bed.b };
            act(&mut self.dice, side, self.step);
        }
    }

    fn sync(&self) -> End {
        self.bed.sync_with(RunOptions { consent: true, approve: true, ..RunOptions::default() })
    }

    fn sides(&self) -> [BTreeMap<Vec<u8>, Entry>; 2] {
        [self.bed.a.entries(), self.bed.b.entries()]
    }

    /// Every content that is anywhere, in the trash of some run too.
    fn versions(&self) -> BTreeSet<Vec<u8>> {
        let trees = [&self.bed.a, &self.bed.b];
        let trash = trees.map(|tree| tree.at(".instep/trash"));
        let kept = trash.iter().filter(|trash| trash.is_dir()).map(|trash| testkit::tree_of(trash));
        let content = |entry| match entry {
            Entry::File(content, ..) => Some(content),
            _ => None,
        };
        self.sides().into_iter().chain(kept).flat_map(BTreeMap::into_values).filter_map(content).collect()
    }
}

#[test]
fn s4_random_histories_converge_and_then_rest() {
    for seed in 1..=40_u64 {
        let mut history = History::new(seed);
        for round in 0..6 {
            history.go_on();
            let end = history.sync();
            let bed = &history.bed;
            assert_eq!(end.outcome, Outcome::Done, "seed {seed}, round {round}: {end:#?}");
            assert_eq!(bed.a.entries(), bed.b.entries(), "seed {seed}, round {round}");
            assert_eq!(bed.left_overs(), Vec::<String>::new(), "seed {seed}, round {round}");
            let again = bed.sync();
            assert_eq!(
                (again.outcome, again.counts),
                (Outcome::Done, Counts::default()),
                "seed {seed}, round {round}"
            );
        }
    }
}

#[test]
fn s7_whatever_a_run_did_is_taken_back_exactly_and_so_is_that() {
    for seed in 1..=40_u64 {
        let mut history = History::new(seed);
        for round in 0..6 {
            history.go_on();
            let before = history.sides();
            let end = history.sync();
            let after = history.sides();
            if after == before {
                continue;
            }
            let why = format!("seed {seed}, round {round}");
            let undone = history.bed.undo(end.run);
            assert_eq!((undone.outcome, undone.errors()), (Outcome::Pending, vec![]), "{why}: {undone:#?}");
            assert_eq!(history.sides(), before, "{why}");
            let redone = history.bed.undo(undone.run);
            assert_eq!(redone.errors(), Vec::<&str>::new(), "{why}");
            assert_eq!(history.sides(), after, "{why}");
            assert_eq!(history.bed.left_overs(), Vec::<String>::new(), "{why}");
            history.sync().is(Outcome::Done);
        }
    }
}

#[test]
fn s7_taking_back_a_run_of_long_ago_loses_nothing_and_the_next_run_converges() {
    for seed in 1..=40_u64 {
        let mut history = History::new(seed);
        let mut runs = Vec::new();
        for _ in 0..5 {
            history.go_on();
            runs.push(history.sync().is(Outcome::Done).run);
        }
        // One of them, with what people and later runs did since in its way; and something that no run has seen yet.
        history.go_on();
        let before = history.versions();
        let undone = history.bed.undo(runs[history.dice.roll(runs.len())]);
        let why = format!("seed {seed}: {undone:#?}");
        let told = [Outcome::Done, Outcome::Pending, Outcome::Gaps, Outcome::Failed];
        assert!(told.contains(&undone.outcome), "{why}");
        assert_eq!(undone.outcome == Outcome::Gaps, !undone.errors().is_empty(), "{why}");
        let lost: Vec<_> = before.difference(&history.versions()).cloned().collect();
        assert_eq!(lost, Vec::<Vec<u8>>::new(), "{why}");
        assert_eq!(history.bed.left_overs(), Vec::<String>::new(), "{why}");
        history.sync().is(Outcome::Done);
        assert_eq!(history.bed.a.entries(), history.bed.b.entries(), "{why}");
        let lost: Vec<_> = before.difference(&history.versions()).cloned().collect();
        assert_eq!(lost, Vec::<Vec<u8>>::new(), "{why}");
        assert_eq!(history.bed.sync().is(Outcome::Done).counts, Counts::default(), "{why}");
    }
}
