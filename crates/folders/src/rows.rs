//! A plan of a pair in the shape that every handler's plan is shown in, row by row when a row is asked for.

use reconcile::{Action, Kind, Mode, Note, NoteKind, Op, Plan, Seen, Side};
use syncmgr::conflict::Conflict;
use syncmgr::plan::{
    self, Difference, DifferenceKind, EntryKind, PlanSide, PlannedAction, PlannedNote, Rows, Verb,
    Verification,
};
use syncmgr::{HandlerId, Outcome};

use crate::pair::Pair;
use crate::preview::{Preview, is_error};
use crate::run::{millis, to_conflict};
use crate::verify::{self, Report};

/// The rows of a plan.
struct PlanRows {
    handler: HandlerId,
    pair: Pair,
    mode: Mode,
    plan: Plan,
}

/// A preview for everyone.
pub(crate) fn preview(handler: &HandlerId, pair: Pair, found: Preview) -> plan::Preview {
    let Preview {
        plan_id,
        plan,
        policy,
        stops,
        needs_consent,
        counts,
        first_run,
        damaged_base,
        unturned,
        ignore_problems,
    } = found;
    let expected = if !stops.is_empty() || needs_consent {
        Outcome::SafetyStop
    } else if counts.errors > 0 {
        Outcome::Gaps
    } else if counts.conflicts > 0 {
        Outcome::NeedsDecision
    } else {
        Outcome::Done
    };
    let damaged = damaged_base.map(|aside| {
        format!(
            "The memory of the last run is damaged and counts as lost: both sides are merged, nothing is deleted ({})",
            aside.reason
        )
    });
    let ignored = ignore_problems.iter().map(|(side, problem)| {
        format!("{} on {}, line {}: {}", problem.path, pair.side(*side).label, problem.line, problem.reason)
    });
    let unturned = unturned.iter().map(|left| format!("{} is left as it is: {}", left.path, left.why));
    plan::Preview {
        plan: Some(plan_id),
        counts,
        expected,
        stops: stops.iter().map(|stop| stop.sentence(pair.labels())).collect(),
        needs_consent,
        first_run,
        warnings: damaged.into_iter().chain(ignored).chain(unturned).collect(),
        sides: Some(pair.labels().map(str::to_owned)),
        rows: Box::new(PlanRows { handler: handler.clone(), pair, mode: policy.mode, plan }),
    }
}

/// What was verified, for everyone.
pub(crate) fn verification(pair: &Pair, found: Report) -> Verification {
    let difference = |found: verify::Difference| {
        let (kind, side, from) = match found.kind {
            verify::DifferenceKind::Missing(side) => (DifferenceKind::Missing, Some(side), None),
            verify::DifferenceKind::Content { strayed } => (DifferenceKind::Content, strayed, None),
            verify::DifferenceKind::Metadata => (DifferenceKind::Metadata, None, None),
            verify::DifferenceKind::Renamed { on, from } => (DifferenceKind::Renamed, Some(on), Some(from)),
            verify::DifferenceKind::Conflict(_) => (DifferenceKind::Conflict, None, None),
        };
        Difference {
            path: found.path.as_bytes().to_vec(),
            kind,
            side: side.map(plan_side),
            from: from.map(|path| path.as_bytes().to_vec()),
        }
    };
    Verification {
        differences: found.differences.into_iter().map(difference).collect(),
        unknown: found.unknown.iter().map(|one| note(pair, one)).collect(),
        looked_at: found.looked_at,
        compared_bytes: found.compared_bytes,
    }
}

impl Rows for PlanRows {
    fn actions(&self) -> usize {
        self.plan.actions.len()
    }

    fn action(&self, at: usize) -> Option<PlannedAction> {
        self.plan.actions.get(at).map(|one| action(&self.pair, self.mode, one))
    }

    fn conflicts(&self) -> usize {
        self.plan.conflicts.len()
    }

    fn conflict(&self, at: usize) -> Option<Conflict> {
        let contested = self.plan.conflicts.get(at)?;
        Some(to_conflict(&self.handler, &self.pair.item, &self.pair, contested, millis()))
    }

    fn notes(&self) -> usize {
        self.plan.notes.len()
    }

    fn note(&self, at: usize) -> Option<PlannedNote> {
        self.plan.notes.get(at).map(|one| note(&self.pair, one))
    }
}

fn action(pair: &Pair, mode: Mode, action: &Action) -> PlannedAction {
    let label = |side: Side| pair.side(side).label.as_str();
    let row = |verb, on, seen: &Seen, why| PlannedAction {
        verb,
        side: plan_side(on),
        path: action.path.as_bytes().to_vec(),
        from: None,
        kind: entry_kind(seen.kind),
        entries: 1,
        size: if seen.kind == Kind::File { seen.size } else { 0 },
        why,
    };
    match &action.op {
        Op::Create { on, source, tally, .. } => {
            let why = format!("only {} has it", label(on.other()));
            let row = row(Verb::Create, *on, source, why);
            PlannedAction { entries: tally.entries(), size: tally.bytes, ..row }
        }
        Op::Replace { on, source, target, tally, .. } => {
            let from = label(on.other());
            let (verb, why) = if source.kind == target.kind {
                (Verb::Update, format!("{from} has the version that counts"))
            } else {
                (Verb::Replace, format!("it is a {} on {from}", entry_kind(source.kind).word()))
            };
            PlannedAction { entries: tally.entries(), size: tally.bytes, ..row(verb, *on, source, why) }
        }
        Op::Meta { on, source, what, .. } => {
            let why = format!("{what} as on {}", label(on.other()));
            PlannedAction { size: 0, ..row(Verb::Metadata, *on, source, why) }
        }
        Op::Remove { on, target, tally } => {
            let from = label(on.other());
            let why = match mode {
                Mode::Mirror => format!("{from} does not have it"),
                _ => format!("it was deleted on {from}"),
            };
            PlannedAction {
                entries: tally.entries(),
                size: tally.bytes,
                ..row(Verb::Delete, *on, target, why)
            }
        }
        Op::Move { on, from, seen, .. } => {
            let why = format!("it is called so on {}", label(on.other()));
            let row = row(Verb::Move, *on, seen, why);
            PlannedAction { from: Some(from.as_bytes().to_vec()), size: 0, ..row }
        }
        Op::KeepBoth { renamed_on, from, seen } => {
            let row = row(Verb::KeepBoth, *renamed_on, seen, "both versions are kept".to_owned());
            PlannedAction { from: Some(from.as_bytes().to_vec()), size: 0, ..row }
        }
    }
}

fn note(pair: &Pair, note: &Note) -> PlannedNote {
    let label = |side: Side| pair.side(side).label.as_str();
    let text = match &note.what {
        NoteKind::Unreadable(side, reason) => {
            format!("cannot be read on {} and is left alone: {reason}", label(*side))
        }
        NoteKind::Uncompared(reason) => format!("cannot be compared and is left alone: {reason}"),
        NoteKind::Special(side) => format!("on {} is no file, folder or link and is skipped", label(*side)),
        NoteKind::AgainstSpecial => "is no file, folder or link on one side; both are left alone".to_owned(),
        NoteKind::EditSurvived(side) => {
            format!("was deleted, but edited on {}: the edit stays", label(*side))
        }
        NoteKind::LeftOnB => format!("was changed on {} alone and is left as it is", label(Side::B)),
        NoteKind::DirectoryStays(side) => {
            format!("stays on {}, something excluded or unreadable is in it", label(*side))
        }
    };
    PlannedNote { path: note.path.as_bytes().to_vec(), is_error: is_error(&note.what), text }
}

fn plan_side(side: Side) -> PlanSide {
    match side {
        Side::A => PlanSide::A,
        Side::B => PlanSide::B,
    }
}

fn entry_kind(kind: Kind) -> EntryKind {
    match kind {
        Kind::File => EntryKind::File,
        Kind::Dir => EntryKind::Directory,
        Kind::Link => EntryKind::Link,
        Kind::Special | Kind::Unreadable => EntryKind::Other,
    }
}

/// A watch of the contract as one of a scan.
pub(crate) struct Watched<'w>(pub(crate) &'w dyn plan::Watch);

impl crate::scan::Watch for Watched<'_> {
    fn canceled(&self) -> bool {
        self.0.canceled()
    }

    fn looked_at(&self, entries: u64, dir: &reconcile::RelPath) {
        self.0.looked_at(entries, dir.as_bytes());
    }
}
