//! How much would go, and of how much: a dry run may have one line for a directory, whatever is in it.

use std::fs;
use std::path::{Component, Path, PathBuf};

use syncmgr::outcome::SideCounts;
use syncmgr::plan::{EntryKind, PlanSide, Verb};

use super::dry::Seen;

/// What a side would lose.
pub(super) struct Loss {
    pub(super) side: PlanSide,
    pub(super) deleted: u64,
    /// Of how many entries, if anybody knows.
    pub(super) of: Option<u64>,
}

/// Counts what is in the directories that would go, where that can be seen, and says what each side would lose.
pub(super) fn weigh(seen: &mut Seen, folders: &[Option<PathBuf>; 2]) -> Vec<Loss> {
    let folder = |side: PlanSide| folders[usize::from(side == PlanSide::B)].as_deref();
    for action in seen.rows.actions.iter_mut().filter(|action| action.verb == Verb::Delete) {
        let Some(root) = folder(action.side).filter(|_| action.kind == EntryKind::Directory) else {
            continue;
        };
        let beneath = beneath(root, &action.path).map_or(0, |directory| entries(&directory));
        action.entries += beneath;
        of_side(&mut seen.counts, action.side).deleted += beneath;
    }
    let loss = |side: PlanSide| {
        let deleted = of_side(&mut seen.counts, side).deleted;
        let other = if side == PlanSide::A { PlanSide::B } else { PlanSide::A };
        let here = || Some(entries(folder(side)?));
        // What the other one still has was agreed on, and what it took away was there as well.
        let there = || Some(entries(folder(other)?) + deleted);
        (deleted > 0).then(|| Loss { side, deleted, of: here().or_else(there) })
    };
    let mut losses: Vec<Loss> = [PlanSide::A, PlanSide::B].into_iter().filter_map(loss).collect();
    if let Some(of_target) = losses.iter_mut().find(|loss| loss.side == PlanSide::B) {
        of_target.of = of_target.of.or(seen.there);
    }
    losses
}

fn of_side(counts: &mut syncmgr::Counts, side: PlanSide) -> &mut SideCounts {
    if side == PlanSide::A { &mut counts.a } else { &mut counts.b }
}

/// A path as the tool said it, which leads nowhere else.
fn beneath(root: &Path, path: &[u8]) -> Option<PathBuf> {
    let path = Path::new(std::str::from_utf8(path).ok()?);
    path.components().all(|step| matches!(step, Component::Normal(_))).then(|| root.join(path))
}

/// How many entries there are in a directory; what cannot be read has none.
fn entries(directory: &Path) -> u64 {
    let (mut count, mut left) = (0, vec![directory.to_owned()]);
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok) {
            count += 1;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                left.push(entry.path());
            }
        }
    }
    count
}
