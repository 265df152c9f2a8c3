//! What the facts of a command come to.

use syncmgr::Level;
use syncmgr::outcome::{Counts, Problem, ProblemClass, SideCounts};
use syncmgr::plan::{PlanSide, Verb};

use super::{Fact, Total};

/// Counts facts. Everything that a command without sides does happens on B.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// On A, where a command says so.
    seen_on_a: SideCounts,
    seen: SideCounts,
    said: Said,
    /// Bytes, as the command counted them.
    bytes: u64,
    /// Entries left out by their kind.
    skipped: u64,
    /// Things that went wrong, one by one.
    pub errors: u64,
    /// Things worth a look.
    pub warnings: u64,
    /// What needs a decision.
    pub conflicts: u64,
    /// What was to be done and is not there, though the command thinks nothing of it.
    pub missing: u64,
    /// Why it failed, in its own words: the last that says of which class it is.
    pub failure: Option<Problem>,
    /// The first thing that went wrong.
    pub first_error: Option<String>,
    /// Whether it told what it does, how much of it, or that there is nothing to do, in words that are known.
    pub was_understood: bool,
}

/// What the command counted itself.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    created: Option<u64>,
    updated: Option<u64>,
    deleted: Option<u64>,
    moved: Option<u64>,
    source: Option<u64>,
    target: Option<u64>,
}

impl Tally {
    /// One more fact.
    pub fn add(&mut self, fact: &Fact) {
        self.was_understood |= matches!(
            fact,
            Fact::Did { .. } | Fact::Placed { .. } | Fact::Conflict(_) | Fact::Total(..) | Fact::Nothing
        );
        match fact {
            Fact::Did { verb, .. } | Fact::Placed { side: PlanSide::B, verb, .. } => {
                did(&mut self.seen, *verb);
            }
            Fact::Placed { side: PlanSide::A, verb, .. } => did(&mut self.seen_on_a, *verb),
            Fact::Total(total, count) => match total {
                Total::Created => self.said.created = Some(*count),
                Total::Updated => self.said.updated = Some(*count),
                Total::Deleted => self.said.deleted = Some(*count),
                Total::Moved => self.said.moved = Some(*count),
                Total::Bytes => self.bytes = *count,
                Total::Source => self.said.source = Some(*count),
                Total::Target => self.said.target = Some(*count),
            },
            Fact::Told { level: Level::Error, text, .. } => {
                self.errors += 1;
                self.first_error.get_or_insert_with(|| text.clone());
            }
            Fact::Told { level: Level::Warning, .. } => self.warnings += 1,
            Fact::Conflict(_) => self.conflicts += 1,
            Fact::Missing(path) => {
                self.missing += 1;
                self.errors += 1;
                self.first_error.get_or_insert_with(|| format!("{path} is not there"));
            }
            Fact::Skipped(_) => self.skipped += 1,
            Fact::Failure(problem) => {
                // Tools end with a sentence that says less than what they said before: that a connection is gone, and
                // not that nobody was let in.
                let says_less = |known: &Problem| telling(problem.class) < telling(known.class);
                if !self.failure.as_ref().is_some_and(says_less) {
                    self.failure = Some(problem.clone());
                }
            }
            Fact::Bar { .. } | Fact::Text(_) | Fact::Told { .. } | Fact::Nothing => {}
        }
    }

    /// What was done.
    pub fn counts(&self) -> Counts {
        let Said { created, updated, deleted, moved, .. } = self.said;
        let b = SideCounts {
            created: created.unwrap_or(self.seen.created),
            updated: updated.unwrap_or(self.seen.updated),
            deleted: deleted.unwrap_or(self.seen.deleted),
            moved: moved.unwrap_or(self.seen.moved),
        };
        Counts {
            a: self.seen_on_a,
            b,
            conflicts: self.conflicts,
            errors: self.errors,
            skipped: self.skipped,
            bytes: self.bytes,
        }
    }

    /// How many entries were at the target before, if the command tells enough: what came is not counted, what goes is.
    pub fn there_before(&self) -> Option<u64> {
        let of_source = || {
            let SideCounts { created, deleted, .. } = self.counts().b;
            self.said.source.map(|source| source.saturating_sub(created).saturating_add(deleted))
        };
        self.said.target.or_else(of_source)
    }

    /// Whether anything was done.
    pub fn did_something(&self) -> bool {
        let Counts { a, b, bytes, .. } = self.counts();
        a != SideCounts::default() || b != SideCounts::default() || bytes > 0
    }
}

/// How much a class says of what went wrong.
fn telling(class: ProblemClass) -> u8 {
    match class {
        ProblemClass::Config => 0,
        ProblemClass::Transient => 1,
        _ => 2,
    }
}

fn did(counts: &mut SideCounts, verb: Verb) {
    match verb {
        Verb::Create => counts.created += 1,
        Verb::Delete => counts.deleted += 1,
        Verb::Move => counts.moved += 1,
        _ => counts.updated += 1,
    }
}
