//! Random histories on real folders: whatever people do on both sides, a run brings them together and loses nothing that
//! its policy does not decide against, and the next one has nothing to do.

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

#[test]
fn s4_random_histories_converge_and_then_rest() {
    let policies = [
        OnConflict::A,
        OnConflict::B,
        OnConflict::KeepBoth,
        OnConflict::A,
        OnConflict::B,
        OnConflict::KeepBoth,
    ];
    for seed in 1..=40_u64 {
        let on_conflict = policies[seed as usize % policies.len()];
        let bed = Bed::with(
            |pair| Pair { on_conflict, ..pair },
            Limits { entries: 1 + seed % 7, threads: 2, ..Limits::default() },
        );
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut step = 0;
        for round in 0..6 {
            for _ in 0..dice.roll(12) {
                step += 1;
                let side = if dice.roll(2) == 0 { &bed.a } else { &bed.b };
                act(&mut dice, side, step);
            }
            let options = RunOptions { consent: true, approve: true, ..RunOptions::default() };
            let end = bed.sync_with(options);
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
