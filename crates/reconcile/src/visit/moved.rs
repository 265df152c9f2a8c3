//! A file or link that was moved on one side: the other follows, then the content is decided as anywhere.

use super::{MovedLeaf, Visit, metadata, replacement};
use crate::decide::{Decision, Trio, decide};
use crate::entry::{Seen, Side};
use crate::name;
use crate::path::Name;
use crate::plan::{Action, Contested, Op, Tally};

impl Visit<'_> {
    pub(super) fn moved(&mut self, moved: &MovedLeaf) {
        let (world, node) = (self.world, self.node);
        let mut renamed = [false; 2];
        renamed[moved.mover as usize] = true;
        let trio = Trio { base: Some(&moved.agreed), a: Some(&moved.a), b: Some(&moved.b), moved: renamed };
        let decision =
            decide(trio, self.policy, &mut || world.same_content(node.at(Side::A), node.at(Side::B)));
        let mut op = moved.op.clone();
        if let Op::Move { same, .. } = &mut op {
            *same = matches!(decision, Decision::Nothing | Decision::Settle);
        }
        let path = &node.path;
        self.found.actions.push(Action { path: path.clone(), dir: moved.dir, op });
        let sides = [&moved.a, &moved.b];
        match decision {
            Decision::Meta(follow) => {
                self.found.actions.extend(metadata(path, moved.dir, sides, follow));
            }
            Decision::Take { from, keep, .. } => {
                self.found.actions.extend(replacement(
                    path,
                    moved.dir,
                    from,
                    sides,
                    keep,
                    Some(&moved.agreed),
                ));
            }
            Decision::Conflict(kind) => self.found.conflicts.push(Contested {
                path: path.clone(),
                kind,
                a: Some(moved.a),
                b: Some(moved.b),
                holder: None,
            }),
            Decision::KeepBoth => self.keep_both_moved(moved),
            Decision::Leave(notes) => {
                for what in notes {
                    self.note(path.clone(), what);
                }
            }
            // Both are files or both are links: no other decision is made about those.
            _ => {}
        }
    }

    /// The same for a file or link that was moved: both versions stay where it was moved to.
    fn keep_both_moved(&mut self, moved: &MovedLeaf) {
        let node = self.node;
        let Some((parent, name)) = node.path.split() else { return };
        // Free on both sides: what either has in that directory comes to the other. On the side that follows, there may
        // be no such directory yet.
        let came_to = node.at(moved.mover).split().map(|(dir, _)| dir);
        let places = [(moved.mover, came_to.as_ref()), (moved.mover.other(), Some(&moved.beside))];
        let beside = places.map(|(side, dir)| dir.and_then(|dir| self.world.list(side, dir).ok()));
        let is_taken = |name: &Name| beside.iter().flatten().any(|listing| listing.get(name).is_some());
        let kept = name::keep_both(name, &self.policy.keep_both_suffix, is_taken);
        let kept = parent.join(&kept);
        let create =
            |on, source: Seen| Op::Create { on, source, tally: Tally::of(&source, false), whole: true };
        let rename = Op::KeepBoth { renamed_on: Side::B, from: node.path.clone(), seen: moved.b };
        for (path, op) in
            [(&kept, rename), (&kept, create(Side::A, moved.b)), (&node.path, create(Side::B, moved.a))]
        {
            self.found.actions.push(Action { path: path.clone(), dir: moved.dir, op });
        }
    }
}
