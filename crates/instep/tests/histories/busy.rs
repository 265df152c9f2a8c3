//! S1, S10: a program that edits, renames and deletes on both sides while runs go on loses nothing but what it did away
//! with itself, and the sides agree when it rests.
//!
//! `INSTEP_WRITERS` sets how many writers are tried one after the other (default 1), `INSTEP_SEED` the first seed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;

use fastrand::Rng;

use crate::pair::{Node, Pair, contents, differing, left_over, number, trash, tree};

/// Somebody at work, and what became of what they wrote.
struct Writer {
    random: Rng,
    written: BTreeSet<Vec<u8>>,
    /// What they overwrote or deleted, and so is nobody's to keep.
    given_up: BTreeSet<Vec<u8>>,
    acts: usize,
}

impl Writer {
    fn fresh(&mut self) -> Vec<u8> {
        let number = self.written.len();
        let content = format!("by the writer, {number} {}", "y".repeat(number % 5 * 700)).into_bytes();
        self.written.insert(content.clone());
        content
    }

    /// Some file that is there now, by a look that takes no offence when things go away beneath it.
    fn some_file(&mut self, side: &Path) -> Option<PathBuf> {
        let (mut files, mut open) = (Vec::new(), vec![side.to_path_buf()]);
        while let Some(dir) = open.pop() {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                let Ok(kind) = entry.file_type() else { continue };
                if entry.file_name().to_string_lossy().starts_with(".instep") {
                    continue;
                } else if kind.is_dir() {
                    open.push(entry.path());
                } else if kind.is_file() {
                    files.push(entry.path());
                }
            }
        }
        self.random.choice(&files).cloned()
    }

    /// Does one thing. What is no longer there when it comes to it is not done.
    fn act(&mut self, side: &Path) {
        let Some(path) = self.some_file(side) else { return };
        self.acts += 1;
        let name = |what: &str| side.join(format!("{what}-{}", self.acts));
        match self.random.u8(..8) {
            0 | 1 => {
                let new = name("new");
                let _ = fs::write(new, self.fresh());
            }
            2 | 3 => {
                // As editors do: a new file in place of the old one.
                let draft = name("draft");
                let Ok(old) = fs::read(&path) else { return };
                if fs::write(&draft, self.fresh()).is_ok() && fs::rename(&draft, &path).is_ok() {
                    self.given_up.insert(old);
                }
            }
            4..=6 => drop(fs::rename(&path, name("moved"))),
            _ => {
                let Ok(old) = fs::read(&path) else { return };
                if fs::remove_file(&path).is_ok() {
                    self.given_up.insert(old);
                }
            }
        }
    }

    /// Works on both sides while the run goes on, but not so long that little is left.
    fn work(&mut self, pair: &Pair, run: &mut Child) {
        const ENOUGH: usize = 80;
        let sides = pair.sides();
        for _ in 0..ENOUGH {
            if run.try_wait().unwrap().is_some() {
                return;
            }
            let side = self.random.usize(..2);
            self.act(&sides[side]);
        }
        run.wait().unwrap();
    }
}

#[test]
fn s1_a_writer_at_work_during_runs_loses_only_what_it_did_away_with() {
    let first = number("INSTEP_SEED", 99);
    for seed in first..first + number("INSTEP_WRITERS", 1) {
        at_work(seed);
    }
}

fn at_work(seed: u64) {
    let pair = Pair::new();
    let mut known = BTreeSet::new();
    for (side, name) in pair.sides().iter().zip(["a", "b"]) {
        for number in 0..120 {
            let content = format!("{name} {number} {}", "x".repeat(number % 7 * 900)).into_bytes();
            let dir = side.join(format!("{name}-{}", number % 9));
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join(format!("{number}")), &content).unwrap();
            known.insert(content);
        }
    }
    let random = Rng::with_seed(seed);
    let mut writer = Writer { random, written: BTreeSet::new(), given_up: BTreeSet::new(), acts: 0 };
    for _ in 0..6 {
        let (a, b) = (pair.a(), pair.b());
        let words = ["sync", a.to_str().unwrap(), b.to_str().unwrap(), "--yes", "--approve", "-q"];
        let mut run = pair.command(&words).stderr(std::process::Stdio::null()).spawn().unwrap();
        writer.work(&pair, &mut run);
        let sides = pair.sides();
        let kept: BTreeSet<_> =
            sides.iter().flat_map(|side| trash(side).into_iter().chain(contents(&tree(side)))).collect();
        for version in known.iter().chain(&writer.written) {
            let text = String::from_utf8_lossy(version).chars().take(24).collect::<String>();
            assert!(
                kept.contains(version) || writer.given_up.contains(version),
                "seed {seed}: {text:?} is lost"
            );
        }
    }
    // It rests: one run brings both together, but for what was changed on both.
    let said = pair.sync(&["--approve"]);
    assert!(matches!(said.code, Some(0 | 5)), "{:?} {}", said.code, said.stderr);
    let differ = differing(&pair);
    assert!(differ.is_empty(), "seed {seed}: {differ:?}");
    assert!(
        tree(&pair.a()).values().any(|node| matches!(node, Node::File(_))),
        "something is left to look at"
    );
    for side in pair.sides() {
        assert_eq!(left_over(&side), Vec::<PathBuf>::new());
    }
}
