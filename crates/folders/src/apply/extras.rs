//! Owners and extended attributes, where a pair keeps them: of copies before anybody sees them, of directories when all
//! in them is done.

use std::collections::{HashMap, HashSet};

use reconcile::{Action, Facets, Kind, Op, RelPath, Seen, Side};

use super::task::Copied;
use super::{Apply, Trouble, Why, split};
use crate::journal::ExtrasBefore;
use crate::side::extras::{ExtraValues, Given, not_lent};
use crate::side::write::WriteDir;
use crate::side::{BORROWED, SideError};

impl Apply<'_> {
    /// Whether there is anything to give besides content, mode and time.
    pub(super) fn keeps_extras(&self) -> bool {
        let keep = self.ground.policy.keep;
        keep.owners || keep.attributes
    }

    /// Gives a copy that nobody knows yet what its original has, or what the version has that it takes the place of, where
    /// that is to be kept. `source` becomes what was read of the original.
    pub(super) fn give_to_copy(
        &self,
        on: Side,
        path: &RelPath,
        copied: &Copied<'_>,
        source: &mut Seen,
        made: Seen,
    ) -> Result<Seen, Why> {
        let Copied { original: (from, name), copy: (into, temp), wanted, instead } = *copied;
        let original = from.extras(name).map_err(Why::Source)?;
        source.extras = original.summary();
        let keep = instead.map_or(Facets::NONE, |instead| instead.keep);
        let mut values = original;
        if keep.extras() {
            let kept = into.extras(name)?;
            values.owner = if keep.owner { kept.owner } else { values.owner };
            values.attributes = if keep.attributes { kept.attributes } else { values.attributes };
        }
        // What lends rights may come along now that the copy belongs to whom the original belongs to.
        let lent = values.owner.map(|owner| wanted.mode & !not_lent(source.extras.owner, owner));
        let given = into.set_extras(temp, made.kind, &values, Some(lent.unwrap_or(made.mode)))?;
        Ok(self.accept(on, path, given, source))
    }

    /// Gives a version that was made here what the one has whose place it takes.
    pub(super) fn give_as_before(
        &self,
        on: Side,
        path: &RelPath,
        dir: &dyn WriteDir,
        (name, temp): (&[u8], &[u8]),
        made: Seen,
    ) -> Result<Seen, Why> {
        let given = dir.set_extras(temp, made.kind, &dir.extras(name)?, Some(made.mode))?;
        Ok(self.accept(on, path, given, &mut made.clone()))
    }

    /// What was refused is told, and stays news: the base is told that the original is as the copy (`like` becomes that),
    /// so that the next run tries again.
    fn accept(&self, on: Side, path: &RelPath, given: Given, like: &mut Seen) -> Seen {
        let Given { seen, refused } = given;
        if let Some((parts, error)) = refused {
            *like = parts.taken(&seen, like);
            self.trouble(Trouble { on, path: path.clone(), why: Why::Extras(parts, error) });
        }
        seen
    }

    /// Gives a directory that this run made its last mode and time, and what else is kept of the other side's; `like`
    /// becomes what was read there.
    pub(super) fn finish_directory(
        &self,
        on: Side,
        path: &RelPath,
        dir: &dyn WriteDir,
        like: &mut Seen,
    ) -> Result<Seen, SideError> {
        if !self.keeps_extras() {
            return dir.finish(like);
        }
        // There is none where a directory comes back that was taken away on both sides.
        let values = match self.side(on.other()).dir(path) {
            Ok(original) => original.extras(b".")?,
            Err(_) => ExtraValues::default(),
        };
        let given = dir.set_extras(b".", Kind::Dir, &values, None)?;
        like.extras = values.summary();
        self.accept(on, path, given, like);
        dir.finish(like)
    }

    /// Lets something that is there follow the other side in owner and attributes; `source` becomes what the base is to
    /// be told of the other side.
    pub(super) fn follow_extras(
        &self,
        on: Side,
        path: &RelPath,
        (dir, name): (&dyn WriteDir, &[u8]),
        now: &Seen,
        source: &mut Seen,
        what: Facets,
    ) -> Result<(), Why> {
        let (parent, _) = split(path);
        let there = self.side(on.other()).dir(&parent).map_err(Why::Source)?;
        let values = there.extras(name).map_err(Why::Source)?;
        source.extras = values.summary();
        // With another owner the system takes away the bits that lend rights: those stay that the original lends, too.
        let mode = what.owner.then_some(now.mode & (source.mode | !BORROWED));
        let given = dir.set_extras(name, now.kind, &values.only(what), mode)?;
        self.accept(on, path, given, source);
        Ok(())
    }

    /// What owner and attributes are before an action changes them: what undoing needs. What cannot be read now cannot be
    /// brought back, and most likely not changed either.
    pub(super) fn extras_before(&self, on: Side, path: &RelPath, what: Facets) -> Option<ExtrasBefore> {
        if !what.extras() {
            return None;
        }
        let (parent, name) = split(path);
        let values = self.side(on).folder(&parent).and_then(|dir| dir.extras(&name)).ok()?;
        Some(ExtrasBefore::from(values.only(what)))
    }

    /// Permissions that a file takes over: without what lends its owner's rights, unless both sides' files have one owner.
    pub(super) fn lendable(&self, on: Side, path: &RelPath, source: &Seen) -> Result<u32, SideError> {
        if source.kind == Kind::Dir || source.mode & BORROWED == 0 {
            return Ok(source.mode);
        }
        let (parent, name) = split(path);
        let owner = |side| self.side(side).dir(&parent)?.owner(&name);
        let withheld = match (owner(on.other())?, owner(on)?) {
            (Some(original), Some(copy)) => not_lent(original, copy),
            _ => BORROWED,
        };
        Ok(source.mode & !withheld)
    }
}

/// What of files that are replaced is news for the other side, by their paths: a part of the old version that stays, and
/// that the other side is to get after that. One that was always another than there (a file system without permissions
/// makes them up) stays another, and is no news.
pub(super) fn news(actions: &[Action]) -> HashMap<RelPath, Facets> {
    let keeps = |action: &&Action| matches!(action.op, Op::Replace { keep, .. } if keep.any());
    let kept: HashSet<&RelPath> = actions.iter().filter(keeps).map(|action| &action.path).collect();
    actions
        .iter()
        .filter_map(|action| match action.op {
            Op::Meta { what, .. } if kept.contains(&action.path) => {
                Some((action.path.clone(), Facets { mtime: false, ..what }))
            }
            _ => None,
        })
        .collect()
}
