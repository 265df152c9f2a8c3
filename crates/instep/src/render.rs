//! What results look like, for people and for programs.

pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod text;

use syncmgr::Counts;
use syncmgr::outcome::SideCounts;

/// Counts of several items together.
pub(crate) fn sum<'c>(all: impl Iterator<Item = &'c Counts>) -> Counts {
    let add = |x: &SideCounts, y: &SideCounts| SideCounts {
        created: x.created + y.created,
        updated: x.updated + y.updated,
        deleted: x.deleted + y.deleted,
        moved: x.moved + y.moved,
    };
    all.fold(Counts::default(), |x, y| Counts {
        a: add(&x.a, &y.a),
        b: add(&x.b, &y.b),
        conflicts: x.conflicts + y.conflicts,
        errors: x.errors + y.errors,
        skipped: x.skipped + y.skipped,
        bytes: x.bytes + y.bytes,
    })
}
