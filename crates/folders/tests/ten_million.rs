//! A pair of any size: memory follows what changed, not what is there. One test alone, for the process is what is
//! measured; `examples/ten_million` is the same at full size.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../examples/ten_million/made_up.rs"]
mod made_up;

use std::num::NonZero;

use folders::base::{Access, Base};
use made_up::{WIDTH, agree, peak, plan};

/// Together four hundred thousand entries; with their names they would take far more than this.
const TOPS: u64 = 20;
const MEMORY: u64 = 24 << 20;
/// As many on every machine, for each has memory of its own.
const THREADS: NonZero<usize> = NonZero::<usize>::MIN.saturating_add(1);

#[test]
fn memory_follows_what_changed_and_not_what_is_there() {
    let home = tempfile::tempdir().unwrap();
    agree(home.path(), TOPS);
    let base = Base::open(home.path(), Access::Read).unwrap();
    let reader = base.reader().unwrap();

    let first = plan(TOPS, None, None, THREADS);
    assert!(first.actions.is_empty() && first.conflicts.is_empty());
    let unchanged = plan(TOPS, None, Some(&reader), THREADS);
    assert!(unchanged.actions.is_empty() && unchanged.settle.is_empty() && unchanged.alike.is_empty());
    assert_eq!(unchanged.looked_at, [TOPS + TOPS * WIDTH * (WIDTH + 1); 2]);
    let edited = plan(TOPS, Some(TOPS / 2), Some(&reader), THREADS);
    assert_eq!(edited.actions.len(), 1);
    assert!(peak() < MEMORY, "{} bytes", peak());
}
