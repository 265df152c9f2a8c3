//! What a run would do, without doing it.

use reconcile::{NoteKind, Plan, Policy, Side, Stop, Unturned};
use syncmgr::outcome::{Counts, SideCounts};

use crate::base::PutAside;
use crate::filter::IgnoreProblem;
use crate::look::{Ask, Look, LookError};
use crate::scan::Watch;

/// A plan to be shown.
#[derive(Debug)]
pub struct Preview {
    /// What `sync --plan` calls it.
    pub plan_id: String,
    /// What would be done.
    pub plan: Plan,
    /// What it was made with.
    pub policy: Policy,
    /// What would keep a run from doing it without `--approve`.
    pub stops: Vec<Stop>,
    /// A run would ask first, or want `--yes`.
    pub needs_consent: bool,
    /// What it comes to.
    pub counts: Counts,
    /// The pair never ran.
    pub first_run: bool,
    /// The base is damaged and counts as lost.
    pub damaged_base: Option<PutAside>,
    /// Changes that were to go the other way and cannot; they are left out.
    pub unturned: Vec<Unturned>,
    /// Lines of ignore files that say nothing.
    pub ignore_problems: Vec<(Side, IgnoreProblem)>,
}

/// Plans, and stores what `sync --plan` needs. The sides and the base are only read.
///
/// # Errors
/// Something is not as it must be, or a run works on the pair just now.
pub fn preview(ask: Ask<'_>, watch: &dyn Watch) -> Result<Preview, LookError> {
    let mut look = Look::open(ask)?;
    look.roots.check_idle(ask.pair)?;
    let planned = look.plan(watch)?;
    let stored = look.to_store(&planned.plan);
    stored.save(&look.dir)?;
    Ok(Preview {
        plan_id: stored.id,
        counts: counts(&planned.plan),
        plan: planned.plan,
        stops: planned.stops,
        needs_consent: planned.needs_consent,
        first_run: !look.known,
        damaged_base: look.damaged_base().cloned(),
        unturned: planned.unturned,
        ignore_problems: planned.ignore_problems,
        policy: look.policy,
    })
}

/// What a plan comes to if all of it is carried out.
pub fn counts(plan: &Plan) -> Counts {
    let effects = reconcile::Counts::of(plan);
    let on = |side| {
        let reconcile::SideCounts { created, updated, deleted, moved, bytes: _ } = *effects.on(side);
        SideCounts { created, updated, deleted, moved }
    };
    let notes =
        |wanted: fn(&NoteKind) -> bool| plan.notes.iter().filter(|note| wanted(&note.what)).count() as u64;
    Counts {
        a: on(Side::A),
        b: on(Side::B),
        conflicts: plan.conflicts.len() as u64,
        errors: notes(is_error),
        skipped: notes(|what| matches!(what, NoteKind::Special(_))),
        bytes: effects.a.bytes + effects.b.bytes,
    }
}

/// Whether a note is about something that could not be synchronized.
pub fn is_error(note: &NoteKind) -> bool {
    match note {
        NoteKind::Unreadable(..) | NoteKind::Uncompared(_) | NoteKind::AgainstSpecial => true,
        NoteKind::Special(_)
        | NoteKind::EditSurvived(_)
        | NoteKind::LeftOnB
        | NoteKind::DirectoryStays(_) => false,
    }
}
