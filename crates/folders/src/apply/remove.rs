//! Deleting: into the trash, and only what the plan saw.

use reconcile::{Kind, RelPath, Seen, Side, Tally};

use super::check::{is_same_tree, same_but_renamed};
use super::{Apply, Edit, Point, Stop, Why};

impl Apply<'_> {
    /// Moves a file, a link or a whole tree to the trash: a look before, and another when nobody can reach it any more.
    /// A late edit puts it back (S1).
    pub(super) fn remove(
        &mut self,
        on: Side,
        path: &RelPath,
        target: &Seen,
        tally: &Tally,
    ) -> Result<(), Stop> {
        let (dir, name) = self.parent_of(on, path)?;
        let side = self.side(on);
        let expected = self.expected(on, path, target);
        let now = dir.look(&name)?.ok_or(Why::Vanished)?;
        if !self.is_still(on, &expected, &now) || (now.kind == Kind::Dir && !is_same_tree(side, path, tally)?)
        {
            return Err(Why::Changed.into());
        }
        self.hook(Point::Removing, on, path)?;
        let trash = &self.trash[on as usize];
        let kept = trash.take(&*dir, &name, path)?;
        self.hook(Point::Removed, on, path)?;
        let out = kept.dir.look(&kept.name)?.ok_or(Why::Vanished)?;
        let same = same_but_renamed(&expected, &out)
            && (out.kind != Kind::Dir || is_same_tree(side, &kept.path(), tally)?);
        if !same {
            trash.give_back(&kept, &*dir, &name)?;
            return Err(Why::Changed.into());
        }
        self.stir(on, &out);
        self.edits.push(Edit::Forget { path: path.clone() });
        self.counts_on(on).deleted += tally.entries().max(1);
        Ok(())
    }
}
