//! Permissions and times that follow the other side.

use reconcile::{Kind, RelPath, Seen, Side, Time};

use super::{Apply, Edit, Stop, Why, split};
use crate::side::{BORROWED, SideError};

impl Apply<'_> {
    pub(super) fn follow_meta(
        &mut self,
        on: Side,
        path: &RelPath,
        source: &Seen,
        target: &Seen,
        mode: bool,
        mtime: bool,
    ) -> Result<(), Stop> {
        let (dir, name) = self.parent_of(on, path)?;
        let now = dir.look(&name)?.ok_or(Why::Vanished)?;
        if !self.is_still(on, &self.expected(on, path, target), &now) {
            return Err(Why::Changed.into());
        }
        let wanted = if mode { Some(self.lendable(on, path, source)?) } else { None };
        let made = dir.set_meta(&name, target.kind, wanted, mtime.then_some(source.mtime))?;
        // An edit that came in the meantime is one that the next run must find.
        if was_edited(&now, &made, mtime.then_some(source.mtime)) {
            return Err(Why::Changed.into());
        }
        self.stir(on, &made);
        self.ours.insert((on, path.clone()), made);
        let source = self.expected(on.other(), path, source);
        self.edits.push(Edit::set(path.clone(), on, &source, &made, false));
        self.counts_on(on).updated += 1;
        Ok(())
    }

    /// The mode that a file takes over: without what lends its owner's rights, unless both sides' files have one owner.
    fn lendable(&self, on: Side, path: &RelPath, source: &Seen) -> Result<u32, SideError> {
        if source.kind == Kind::Dir || source.mode & BORROWED == 0 {
            return Ok(source.mode);
        }
        let (parent, name) = split(path);
        let owner = |side| self.side(side).dir(&parent)?.owner(&name);
        let withheld = match (owner(on.other())?, owner(on)?) {
            (Some(original), Some(copy)) => original.not_lent_by(copy),
            _ => BORROWED,
        };
        Ok(source.mode & !withheld)
    }
}

/// Whether something is not what we made of it by setting, perhaps, its time.
fn was_edited(before: &Seen, after: &Seen, mtime: Option<Time>) -> bool {
    if before.kind == Kind::Dir {
        return (before.kind, before.id) != (after.kind, after.id);
    }
    let other_time = match mtime {
        None => before.mtime != after.mtime,
        // A file system may store another time than it was told; but an edit moves both times to the same.
        Some(mtime) => after.mtime != mtime && after.mtime == after.ctime,
    };
    other_time || Seen { mode: before.mode, mtime: before.mtime, ctime: before.ctime, ..*after } != *before
}
