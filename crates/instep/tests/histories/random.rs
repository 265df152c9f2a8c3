//! Random histories on real folders through the real binary: whatever happens between two runs, the sides agree
//! afterwards outside open conflicts, and nothing is lost.
//!
//! `INSTEP_HISTORIES` sets how many (default 40), `INSTEP_SEED` the first seed; a failure prints its seed and script.

use fastrand::Rng;

use crate::pair::{Pair, act, check, number, tree};

fn history(seed: u64) {
    let pair = Pair::new();
    let mut random = Rng::with_seed(seed);
    let mut script = format!("seed {seed}\n");
    let mut written = 0;
    let mut synced = pair.sides().map(|side| tree(&side));
    for round in 0..6 {
        for (name, side) in ["A", "B"].iter().zip(pair.sides()) {
            for _ in 0..random.usize(..if round == 0 { 16 } else { 6 }) {
                script += &format!("{name}: {}\n", act(&mut random, &side, &mut written));
            }
        }
        let before = pair.sides().map(|side| tree(&side));
        // Small trees are soon emptied or deleted for the most part; the guards have tests of their own.
        let said = pair.sync(&["--approve"]);
        script += &format!("sync: {:?}\n", said.code);
        check(&pair, &before, &synced, &said, &script);

        let again = pair.sync(&["--approve"]);
        assert_eq!(again.changes(), 0, "a second run must have nothing to do\n{}\n{script}", again.summary);
        assert_eq!(again.code, said.code, "a second run must say the same\n{script}");
        synced = pair.sides().map(|side| tree(&side));
    }
}

#[test]
fn the_sides_agree_and_nothing_is_lost() {
    let first = number("INSTEP_SEED", 1);
    for seed in first..first + number("INSTEP_HISTORIES", 40) {
        history(seed);
    }
}
