//! What a plan would do by itself, and leaves to a person where the policy says so.

use std::collections::{BTreeSet, HashMap, HashSet};

use syncmgr::conflict::ConflictKind;

use crate::entry::{Kind, Side};
use crate::path::RelPath;
use crate::plan::{Contested, NoteKind, Op, Plan};

/// Deletions against changes: what survives one becomes a conflict, and with it whatever is new in a directory that the
/// other side has deleted. Directories that would have been made only to lead there are not made.
pub(crate) fn deletions(plan: &mut Plan) {
    let survivors: HashMap<RelPath, Side> = plan
        .notes
        .iter()
        .filter_map(|note| match note.what {
            NoteKind::EditSurvived(side) => Some((note.path.clone(), side)),
            _ => None,
        })
        .collect();
    let leads: HashSet<(Side, RelPath)> = plan
        .actions
        .iter()
        .filter_map(|action| match action.op {
            Op::Create { on, whole: false, .. } => Some((on, action.path.clone())),
            _ => None,
        })
        .collect();
    let is_question = |path: &RelPath, on: Side| {
        survivors.get(path) == Some(&on.other())
            || path.split().is_some_and(|(dir, _)| leads.contains(&(on, dir)))
    };
    let mut asked = HashSet::new();
    plan.actions.retain(|action| {
        let Op::Create { on, source, whole, .. } = &action.op else { return true };
        if (source.kind == Kind::Dir && !whole) || !is_question(&action.path, *on) {
            return true;
        }
        let there = Some(*source);
        let (a, b) = if *on == Side::A { (None, there) } else { (there, None) };
        asked.insert(action.path.clone());
        let kind = ConflictKind::EditDelete;
        plan.conflicts.push(Contested { path: action.path.clone(), kind, a, b, holder: None });
        false
    });
    plan.notes.retain(|note| !asked.contains(&note.path));
    drop_idle_leads(plan);
}

/// Directories are not made that would only lead to something which does not come. What still goes somewhere needs those
/// that lead there.
pub(crate) fn drop_idle_leads(plan: &mut Plan) {
    let mut needed: BTreeSet<(Side, RelPath)> = BTreeSet::new();
    for action in &plan.actions {
        let on = match &action.op {
            Op::Create { whole: false, .. } => continue,
            Op::Create { on, .. } | Op::Move { on, .. } => *on,
            _ => continue,
        };
        let mut at = action.path.clone();
        while let Some((dir, _)) = at.split() {
            if !needed.insert((on, dir.clone())) {
                break;
            }
            at = dir;
        }
    }
    plan.actions.retain(|action| match &action.op {
        Op::Create { on, source, whole: false, .. } if source.kind == Kind::Dir => {
            needed.contains(&(*on, action.path.clone()))
        }
        _ => true,
    });
}
