//! Permissions, times and the like that follow the other side.

use reconcile::{Facets, Kind, RelPath, Seen, Side, Time};

use super::{Apply, Edit, Stop, Why};

impl Apply<'_> {
    pub(super) fn follow_meta(
        &mut self,
        on: Side,
        path: &RelPath,
        source: &Seen,
        target: &Seen,
        what: Facets,
    ) -> Result<(), Stop> {
        let (dir, name) = self.parent_of(on, path)?;
        let now = dir.look(&name)?.ok_or(Why::Vanished)?;
        if !self.is_still(on, &self.expected(on, path, target), &now) {
            return Err(Why::Changed.into());
        }
        let mut other = self.expected(on.other(), path, source);
        if what.extras() {
            self.follow_extras(on, path, (&*dir, &name), &now, &mut other, what)?;
        }
        let wanted = if what.mode { Some(self.lendable(on, path, source)?) } else { None };
        let made = dir.set_meta(&name, target.kind, wanted, what.mtime.then_some(source.mtime))?;
        // An edit that came in the meantime is one that the next run must find.
        if was_edited(&now, &made, what.mtime.then_some(source.mtime)) {
            return Err(Why::Changed.into());
        }
        self.stir(on, &made);
        self.ours.insert((on, path.clone()), made);
        self.edits.push(Edit::set(path.clone(), on, &other, &made, false));
        self.counts_on(on).updated += 1;
        Ok(())
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
    let (mode, mtime, ctime, extras) = (before.mode, before.mtime, before.ctime, before.extras);
    other_time || Seen { mode, mtime, ctime, extras, ..*after } != *before
}
