//! Whether both sides are what the base says they are; with content, if that is asked for. Only reads.

use reconcile::change::Change;
use reconcile::{Note, NoteKind, OnConflict, Op, Plan, Policy, RelPath, Side};
use syncmgr::conflict::ConflictKind;

use crate::base::PutAside;
use crate::look::{Ask, Look, LookError};
use crate::preview::is_error;
use crate::resolve::{self, Now};
use crate::scan::Watch;

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// Where the sides differ, sorted by path.
    pub differences: Vec<Difference>,
    /// What could not be read or compared: nothing is known of it.
    pub unknown: Vec<Note>,
    /// What both sides have, and the base does not know yet.
    pub unrecorded: u64,
    /// Entries that were looked at, on each side.
    pub looked_at: [u64; 2],
    /// Bytes that were compared.
    pub compared_bytes: u64,
    /// The base is damaged and counts as lost.
    pub damaged_base: Option<PutAside>,
}

impl Report {
    /// Whether everything was seen, and nothing differs.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.unknown.is_empty()
    }
}

/// One difference; a whole directory that one side lacks is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub path: RelPath,
    /// What.
    pub kind: DifferenceKind,
}

/// How the sides differ.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DifferenceKind {
    /// That side has nothing there.
    Missing(Side),
    /// The contents, or the kinds, are not the same.
    Content {
        /// The side that does not have what both agreed on any more, if that can be told.
        strayed: Option<Side>,
    },
    /// Permissions or times are not the same.
    Metadata,
    /// That side still has it under its old name.
    Renamed {
        /// The side.
        on: Side,
        /// The old name.
        from: RelPath,
    },
    /// An open conflict.
    Conflict(ConflictKind),
}

/// Compares both sides with the base, and by content with each other if `by_content`.
///
/// # Errors
/// Something is not as it must be, or a run works on the pair just now.
pub fn verify(ask: Ask<'_>, by_content: bool, watch: &dyn Watch) -> Result<Report, LookError> {
    let mut look = Look::open(ask)?;
    look.roots.check_idle(ask.pair)?;
    // What a run would do is what is not in sync. No policy may hide a conflict.
    look.policy = Policy { on_conflict: OnConflict::Ask, checksum: by_content, ..look.policy };
    let planned = look.plan(watch)?;
    let (unknown, _) = planned.plan.notes.iter().cloned().partition(|note| is_error(&note.what));
    Ok(Report {
        differences: differences(&planned.plan, &Now::new(&look)),
        unknown,
        unrecorded: planned.plan.settle.iter().filter(|settle| settle.agreed.is_some()).count() as u64
            + planned.plan.alike.iter().map(|alike| alike.files).sum::<u64>(),
        looked_at: planned.plan.looked_at,
        compared_bytes: planned.compared_bytes,
        damaged_base: look.damaged_base().cloned(),
    })
}

fn differences(plan: &Plan, now: &Now<'_>) -> Vec<Difference> {
    let content = |path: &RelPath| DifferenceKind::Content { strayed: strayed(now, path).side() };
    let of_action = |path: &RelPath, op: &Op| match op {
        Op::Create { on, .. } => DifferenceKind::Missing(*on),
        Op::Remove { on, .. } => DifferenceKind::Missing(on.other()),
        Op::Replace { .. } => content(path),
        Op::Meta { .. } => DifferenceKind::Metadata,
        Op::Move { on, from, .. } => DifferenceKind::Renamed { on: *on, from: from.clone() },
        Op::KeepBoth { .. } => DifferenceKind::Conflict(ConflictKind::EditEdit),
    };
    let actions = plan
        .actions
        .iter()
        .map(|one| Difference { path: one.path.clone(), kind: of_action(&one.path, &one.op) });
    let conflicts = plan.conflicts.iter().map(|one| {
        let kind = match (one.kind, strayed(now, &one.path)) {
            // Nobody edited it: then it is no disagreement of people, but damage.
            (ConflictKind::EditEdit, Strayed::Silently(strayed)) => DifferenceKind::Content { strayed },
            (kind, _) => DifferenceKind::Conflict(kind),
        };
        Difference { path: one.path.clone(), kind }
    });
    // A copy may lack what B has of its own, but what B has otherwise is worth knowing.
    let left = plan.notes.iter().filter(|note| note.what == NoteKind::LeftOnB);
    let left = left.map(|note| Difference { path: note.path.clone(), kind: content(&note.path) });
    let mut differences: Vec<_> = actions.chain(conflicts).chain(left).collect();
    differences.sort_by(|x, y| x.path.cmp(&y.path));
    differences
}

/// How two versions came to differ.
enum Strayed {
    /// That side's status is not what the base knows: somebody was there.
    Edited(Side),
    /// The status is what the base knows on both sides; the side whose content is not, if it is known what it was.
    Silently(Option<Side>),
    /// Both sides were edited, or nobody knows what was agreed.
    Unknown,
}

impl Strayed {
    fn side(&self) -> Option<Side> {
        match self {
            Self::Edited(side) => Some(*side),
            Self::Silently(side) => *side,
            Self::Unknown => None,
        }
    }
}

fn strayed(now: &Now<'_>, path: &RelPath) -> Strayed {
    let Ok(Some(agreed)) = now.agreements.at(path) else { return Strayed::Unknown };
    let was_edited = |side: Side| match now.at(side, path) {
        Ok(Some(seen)) => Some(!Change::between(agreed.on(side), &seen).keeps_content()),
        _ => None,
    };
    match Side::BOTH.map(was_edited) {
        [Some(true), Some(false)] => Strayed::Edited(Side::A),
        [Some(false), Some(true)] => Strayed::Edited(Side::B),
        [Some(false), Some(false)] => Strayed::Silently(not_as_kept(now, path)),
        _ => Strayed::Unknown,
    }
}

/// The side that does not hold the version that was kept for merges; of small texts there is one.
fn not_as_kept(now: &Now<'_>, path: &RelPath) -> Option<Side> {
    let kept = resolve::ancestor(now, path)?;
    let is_kept = |side| {
        let seen = now.at(side, path).ok()??;
        let content = resolve::content(now, side, path, &seen, kept.len() as u64).ok()?;
        Some(content.as_ref() == Some(&kept))
    };
    match Side::BOTH.map(is_kept) {
        [Some(false), Some(true)] => Some(Side::A),
        [Some(true), Some(false)] => Some(Side::B),
        _ => None,
    }
}
