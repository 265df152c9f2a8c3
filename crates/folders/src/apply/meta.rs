//! Permissions and times that follow the other side.

use reconcile::{RelPath, Seen, Side};

use super::check::same_version;
use super::{Apply, Edit, Stop, Why};

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
        if !same_version(&self.expected(on, path, target), &now) {
            return Err(Why::Changed.into());
        }
        let made =
            dir.set_meta(&name, target.kind, mode.then_some(source.mode), mtime.then_some(source.mtime))?;
        self.ours.insert((on, path.clone()), made);
        let source = self.expected(on.other(), path, source);
        self.edits.push(Edit::set(path.clone(), on, &source, &made, false));
        self.counts_on(on).updated += 1;
        Ok(())
    }
}
