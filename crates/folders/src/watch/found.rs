//! A look at what is in doubt: whether there is anything to run for. Our own writes end here (S12).

use std::collections::BTreeSet;

use reconcile::{Op, Plan, RelPath, Scope};
use syncmgr::HandlerId;
use syncmgr::conflict::{Conflict, ConflictKind, ConflictLedger};

use crate::drive;
use crate::look::{Ask, Look, LookError};
use crate::options::{Home, RunOptions};
use crate::pair::Pair;
use crate::plans;
use crate::preview::is_error;
use crate::roots::Surroundings;
use crate::run::{now, to_conflict};
use crate::scan::Watch;

/// What a pair is followed with.
#[derive(Clone, Copy)]
pub struct Ground<'g> {
    /// The pair.
    pub pair: &'g Pair,
    /// Where bases are.
    pub home: &'g Home,
    /// The rest of the world.
    pub surroundings: &'g Surroundings,
    /// The handler that keeps the pair in sync, and the open conflicts that it wrote down.
    pub handler: &'g HandlerId,
    /// See [`handler`](Self::handler).
    pub conflicts: &'g dyn ConflictLedger,
}

/// What a look at what is in doubt found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What would be done, in brief: the same as long as it is the same.
    pub(super) to_do: Option<[u8; 32]>,
    /// What it would be done to.
    pub(super) paths: BTreeSet<RelPath>,
    /// The conflicts there are not those that are known.
    pub(super) conflicts: bool,
    /// What cannot be synchronized.
    pub(super) errors: BTreeSet<RelPath>,
    /// Where anything is left to be done.
    pub(super) unsettled: Scope,
}

impl Ground<'_> {
    pub(super) fn ask<'a>(&'a self, options: &'a RunOptions) -> Ask<'a> {
        Ask {
            pair: self.pair,
            options,
            home: self.home,
            surroundings: self.surroundings,
            now: now(),
            threads: drive::default_threads(),
        }
    }

    /// Looks; writes nothing.
    pub(super) fn look(&self, scope: &Scope, watch: &dyn Watch) -> Result<Found, LookError> {
        let options = RunOptions::default();
        let mut look = Look::open(self.ask(&options))?.within(scope.clone());
        look.roots.check_idle(self.pair)?;
        let plan = look.plan(watch)?.plan;
        let errors = plan.notes.iter().filter(|note| is_error(&note.what)).map(|note| note.path.clone());
        Ok(Found {
            to_do: brief(&plan),
            paths: paths(&plan).cloned().collect(),
            conflicts: self.has_other_conflicts(scope, &plan),
            errors: errors.collect(),
            unsettled: unsettled(&plan),
        })
    }

    fn has_other_conflicts(&self, scope: &Scope, plan: &Plan) -> bool {
        // What cannot be read may be anything.
        let Ok(mut known) = self.conflicts.conflicts(self.handler, Some(&self.pair.item)) else {
            return true;
        };
        known.retain(|one| {
            let dir = RelPath::from_bytes(&one.path).and_then(|path| path.split().map(|(dir, _)| dir));
            // Some clashes of names show only when they are tried again.
            let is_tried = one.kind == ConflictKind::NameClash
                && plan.actions.iter().any(|action| action.path.as_bytes() == one.path);
            dir.is_some_and(|dir| scope.contains(&dir)) && !is_tried
        });
        let found =
            plan.conflicts.iter().map(|one| to_conflict(self.handler, &self.pair.item, self.pair, one, 0));
        let (mut known, mut found) =
            (known.iter().map(tell_apart).collect::<Vec<_>>(), found.collect::<Vec<_>>());
        found.sort_by(|x, y| x.path.cmp(&y.path));
        known.sort_unstable();
        known != found.iter().map(tell_apart).collect::<Vec<_>>()
    }
}

/// What makes a conflict another one.
fn tell_apart(conflict: &Conflict) -> (&[u8], Vec<&[u8]>) {
    (&conflict.path, conflict.versions.iter().map(|version| &version.stamp[..]).collect())
}

fn brief(plan: &Plan) -> Option<[u8; 32]> {
    if plan.actions.is_empty() && plan.settle.is_empty() && plan.alike.is_empty() {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    for action in &plan.actions {
        hasher.update(&plans::digest(action).to_bytes());
    }
    for settle in &plan.settle {
        hasher.update(settle.path.as_bytes()).update(&[0, settle.agreed.is_some().into()]);
    }
    for alike in &plan.alike {
        hasher.update(alike.path.as_bytes()).update(&alike.files.to_le_bytes());
    }
    Some(*hasher.finalize().as_bytes())
}

/// All that something is to be done to.
fn paths(plan: &Plan) -> impl Iterator<Item = &RelPath> {
    let from = plan.actions.iter().filter_map(|action| match &action.op {
        Op::Move { from, .. } | Op::KeepBoth { from, .. } => Some(from),
        _ => None,
    });
    plan.actions
        .iter()
        .map(|action| &action.path)
        .chain(from)
        .chain(plan.settle.iter().map(|settle| &settle.path))
}

fn unsettled(plan: &Plan) -> Scope {
    let mut scope = Scope::default();
    for note in plan.notes.iter().filter(|note| is_error(&note.what)) {
        scope.add_unsettled(&note.path);
    }
    for path in paths(plan) {
        scope.add_dir(path.split().map(|(dir, _)| dir).unwrap_or_default());
    }
    for alike in &plan.alike {
        scope.add_dir(alike.path.clone());
    }
    scope
}
