//! How much a plan does, counted as people count: entries, by the side that is changed.

use crate::entry::Side;
use crate::plan::{Op, Plan};

/// What is done to one side. Counts are of entries: files, links and directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SideCounts {
    /// Made there.
    pub created: u64,
    /// Content or metadata replaced by the other side's.
    pub updated: u64,
    /// Taken away.
    pub deleted: u64,
    /// Got another name; a directory with all that is in it is one.
    pub moved: u64,
    /// Bytes of content that are brought there.
    pub bytes: u64,
}

/// What is done in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// On A.
    pub a: SideCounts,
    /// On B.
    pub b: SideCounts,
}

impl Counts {
    /// What a whole plan does.
    pub fn of(plan: &Plan) -> Self {
        let mut counts = Self::default();
        for action in &plan.actions {
            counts.add(&action.op);
        }
        counts
    }

    /// One side's.
    pub fn on(&self, side: Side) -> &SideCounts {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    fn on_mut(&mut self, side: Side) -> &mut SideCounts {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }

    /// Counts one thing that is done.
    pub fn add(&mut self, op: &Op) {
        match op {
            Op::Create { on, tally, .. } => {
                let counts = self.on_mut(*on);
                counts.created += tally.entries();
                counts.bytes += tally.bytes;
            }
            Op::Replace { on, source, target, tally, removed, .. } => {
                let counts = self.on_mut(*on);
                if source.kind == target.kind {
                    counts.updated += 1;
                } else {
                    // A change of kind is a deletion and a creation.
                    counts.created += tally.entries();
                    counts.deleted += removed.entries();
                }
                counts.bytes += tally.bytes;
            }
            Op::Meta { on, .. } => self.on_mut(*on).updated += 1,
            Op::Remove { on, tally, .. } => self.on_mut(*on).deleted += tally.entries(),
            Op::Move { on, .. } => self.on_mut(*on).moved += 1,
            Op::KeepBoth { renamed_on, .. } => self.on_mut(*renamed_on).moved += 1,
        }
    }
}
