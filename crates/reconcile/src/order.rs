//! The order in which a plan can be carried out, and where moved things are when their turn comes.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::entry::{Kind, Side};
use crate::path::RelPath;
use crate::plan::{Action, Op, Plan};

/// Permissions with which names can be made in and taken out of a directory.
const OPEN: u32 = 0o300;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    Lead,
    Make,
    Metadata,
    Remove,
    Close,
}

/// Puts everything in order.
pub(crate) fn order(plan: &mut Plan) {
    let moved: HashSet<RelPath> = plan
        .actions
        .iter()
        .filter(|action| is_moved_dir(&action.op))
        .map(|action| action.path.clone())
        .collect();
    // By stages that are asked for again and again: a plan may have a million actions, and no second list of them.
    let by_stage = |x: &Action, y: &Action| {
        let at = stage(x, &moved);
        at.cmp(&stage(y, &moved)).then_with(|| match at {
            Stage::Close => (Reverse(&x.path), side(&x.op)).cmp(&(Reverse(&y.path), side(&y.op))),
            _ => (&x.path, is_meta(&x.op), side(&x.op)).cmp(&(&y.path, is_meta(&y.op), side(&y.op))),
        })
    };
    // Sorting takes half as much again, and the names of one directory come in order.
    if !plan.actions.is_sorted_by(|x, y| by_stage(x, y).is_le()) {
        plan.actions.sort_by(by_stage);
    }
    place_moves(&mut plan.actions);
    plan.settle.sort_by(|x, y| x.path.cmp(&y.path));
    plan.alike.sort_by(|x, y| x.path.cmp(&y.path));
    plan.conflicts.sort_by(|x, y| x.path.cmp(&y.path));
    plan.notes.sort_by(|x, y| x.path.cmp(&y.path));
}

fn stage(action: &Action, moved: &HashSet<RelPath>) -> Stage {
    match &action.op {
        Op::Create { whole: false, .. } | Op::Move { .. } | Op::KeepBoth { .. } => Stage::Lead,
        Op::Create { .. } | Op::Replace { .. } => Stage::Make,
        Op::Meta { source, what, .. }
            if what.mode && source.kind == Kind::Dir && source.mode & OPEN != OPEN =>
        {
            Stage::Close
        }
        // A directory that comes from elsewhere can only be opened where it has come to.
        Op::Meta { source, .. } if source.kind == Kind::Dir && is_beneath(&action.path, moved) => Stage::Lead,
        Op::Meta { source, .. } if source.kind == Kind::Dir => Stage::Open,
        Op::Meta { .. } => Stage::Metadata,
        Op::Remove { .. } => Stage::Remove,
    }
}

fn is_moved_dir(op: &Op) -> bool {
    matches!(op, Op::Move { seen, .. } if seen.kind == Kind::Dir)
}

fn is_meta(op: &Op) -> bool {
    matches!(op, Op::Meta { .. })
}

fn side(op: &Op) -> Side {
    match *op {
        Op::Create { on, .. }
        | Op::Replace { on, .. }
        | Op::Meta { on, .. }
        | Op::Remove { on, .. }
        | Op::Move { on, .. } => on,
        Op::KeepBoth { renamed_on, .. } => renamed_on,
    }
}

/// Whether a path is one of those or beneath one.
fn is_beneath(path: &RelPath, moved: &HashSet<RelPath>) -> bool {
    if moved.is_empty() {
        return false;
    }
    let mut at = path.clone();
    loop {
        if moved.contains(&at) {
            return true;
        }
        match at.split() {
            Some((parent, _)) => at = parent,
            None => return false,
        }
    }
}

/// Says for each move where the thing is when its turn comes: directories around it may have been moved before.
fn place_moves(actions: &mut [Action]) {
    let mut gone_to: HashMap<(Side, RelPath), RelPath> = HashMap::new();
    for Action { path, op, .. } in actions {
        if let Op::Move { on, from, at, seen, .. } = op {
            *at = now_at(*on, from, &gone_to);
            if seen.kind == Kind::Dir {
                gone_to.insert((*on, from.clone()), path.clone());
            }
        }
    }
}

fn now_at(on: Side, from: &RelPath, gone_to: &HashMap<(Side, RelPath), RelPath>) -> RelPath {
    if gone_to.is_empty() {
        return from.clone();
    }
    let mut above = from.clone();
    let mut names = Vec::new();
    while let Some((parent, name)) = above.split() {
        names.push(name.to_vec());
        if let Some(now) = gone_to.get(&(on, parent.clone())) {
            return names.iter().rev().fold(now.clone(), |path, name| path.join(name));
        }
        above = parent;
    }
    from.clone()
}
