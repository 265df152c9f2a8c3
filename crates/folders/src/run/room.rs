//! Whether a plan fits, before anything is touched.

use std::os::unix::fs::MetadataExt as _;

use reconcile::{Kind, Op, Plan, RelPath, Side, World as _};
use syncmgr::outcome::{Outcome, Problem, ProblemClass};

use super::{Finished, NoBase, Run, progress};
use crate::apply::side_of;
use crate::look::Look;
use crate::side::local::{LocalSide, LocalWriter};
use crate::side::write::WriteSide as _;
use crate::side::{Capabilities, ReadSide as _};

/// Below that, holes are not worth looking for.
const SMALL: u64 = 1 << 20;

impl Run<'_> {
    /// Whether all there is to do is to be done where nothing can be written. If there is something for the other side
    /// too, that is done, and each of the rest is told by itself.
    pub(super) fn check_writable(&self, writers: &[LocalWriter; 2], plan: &Plan) -> Option<Finished> {
        let on = side_of(&plan.actions.first()?.op);
        if plan.actions.iter().any(|action| side_of(&action.op) != on)
            || !writers[on as usize].room().is_ok_and(|room| room.read_only)
        {
            return None;
        }
        let text = format!(
            "{} is mounted read-only, and {} to be made there. Nothing was touched.",
            self.label(on),
            progress::counted(plan.actions.len() as u64, "change is", "changes are")
        );
        let fix =
            format!("mount it writable, or let {} follow it: --mode mirror or copy", self.label(on.other()));
        let problem = Problem::new(ProblemClass::Permission, text);
        let problem =
            if on == Side::A { problem.with_fix(fix) } else { problem.with_fix("mount it writable") };
        Some(Finished::stopped(Outcome::Failed, problem))
    }

    /// Whether the plan fits, as far as that can be known beforehand.
    pub(super) fn check_room(
        &self,
        look: &Look<'_>,
        writers: &[LocalWriter; 2],
        plan: &Plan,
    ) -> Option<Finished> {
        let mut needed = [0_u64; 2];
        for action in &plan.actions {
            if let Op::Create { on, tally, .. } | Op::Replace { on, tally, .. } = &action.op {
                needed[*on as usize] += tally.bytes;
            }
        }
        for side in Side::BOTH {
            let writer = &writers[side as usize];
            let Capabilities { reflink, .. } = writer.capabilities();
            let (need, Ok(room)) = (needed[side as usize], writer.room()) else { continue };
            // Clones take no room; and what is not to be written needs none.
            if need == 0 || reflink || need <= room.bytes {
                continue;
            }
            // Only now is it worth looking for holes, which take no room either.
            let need = need.saturating_sub(self.holes(look, plan, side));
            if need <= room.bytes {
                continue;
            }
            let text = format!(
                "{} has room for {} bytes, and {} are to be copied there. Nothing was touched.",
                self.label(side),
                progress::grouped(room.bytes),
                progress::grouped(need)
            );
            let problem = Problem::new(ProblemClass::Space, text).with_fix("make room, or exclude something");
            return Some(Finished::stopped(Outcome::Failed, problem));
        }
        None
    }

    /// How much of what is to be copied to a side are holes. What cannot be looked at counts as full.
    fn holes(&self, look: &Look<'_>, plan: &Plan, on: Side) -> u64 {
        let scan = look.scan(&NoBase, &());
        let source = look.roots.side(on.other());
        let mut left: Vec<(RelPath, Kind, u64)> = Vec::new();
        for action in &plan.actions {
            match &action.op {
                Op::Create { on: side, source, .. } | Op::Replace { on: side, source, .. } if *side == on => {
                    left.push((action.path.clone(), source.kind, source.size));
                }
                _ => {}
            }
        }
        let mut holes = 0;
        while let Some((path, kind, size)) = left.pop() {
            match kind {
                Kind::Dir => {
                    let Ok(listing) = scan.list(on.other(), &path) else { continue };
                    let children =
                        listing.iter().filter(|(_, seen)| seen.kind == Kind::Dir || seen.size > SMALL);
                    left.extend(children.map(|(name, seen)| (path.join(name), seen.kind, seen.size)));
                }
                Kind::File if size > SMALL => holes += holes_in(source, &path, size).unwrap_or(0),
                _ => {}
            }
        }
        holes
    }
}

/// How many bytes of a file are holes.
fn holes_in(side: &LocalSide, path: &RelPath, size: u64) -> Option<u64> {
    let (dir, name) = path.split()?;
    let content = side.dir(&dir).ok()?.open(name).ok()?;
    let blocks = content.as_file()?.metadata().ok()?.blocks();
    Some(size.saturating_sub(blocks.saturating_mul(512)))
}
