//! What a look at a pair of ten million files costs, but for the disk: two sides that are made up as they are asked for,
//! and a real base.
//!
//! `cargo run --release -p folders --example ten_million [-- DIRS]` agrees on `DIRS` times 10,000 files (1,000 if not
//! said), then plans a first run that finds both sides the same, one that finds nothing changed, and one that finds a
//! single edit. Memory must follow the changes: the peak is printed after each. `tests/ten_million.rs` holds it to that
//! with fewer files.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for developers")]

mod made_up;

use std::time::Instant;

use folders::base::{Access, Base};
use folders::drive;
use made_up::{WIDTH, agree, peak, plan};

fn main() {
    let tops = std::env::args().nth(1).map_or(1000, |dirs| dirs.parse().unwrap());
    let home = std::env::temp_dir().join(format!("ten-million-{}", std::process::id()));
    println!("{} files in {} directories on each side", tops * WIDTH * WIDTH, tops * (WIDTH + 1));
    told("the base is written", || agree(&home, tops));

    let threads = drive::default_threads();
    let base = Base::open(&home, Access::Read).unwrap();
    let reader = base.reader().unwrap();
    let first = told("a first run: both sides are the same", || plan(tops, None, None, threads));
    assert!(first.actions.is_empty() && first.conflicts.is_empty());
    let unchanged = told("nothing is changed", || plan(tops, None, Some(&reader), threads));
    assert!(unchanged.actions.is_empty() && unchanged.settle.is_empty() && unchanged.alike.is_empty());
    assert_eq!(unchanged.looked_at, [tops + tops * WIDTH * (WIDTH + 1); 2]);
    let edited = told("one file is edited", || plan(tops, Some(tops / 2), Some(&reader), threads));
    assert_eq!(edited.actions.len(), 1);
    drop(reader);
    std::fs::remove_dir_all(home).unwrap();
}

fn told<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    println!("{what}: {:.1?}, peak {} MiB", begun.elapsed(), peak() >> 20);
    done
}
