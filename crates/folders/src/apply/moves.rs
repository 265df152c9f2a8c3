//! Directories that lead somewhere, and new names for what is there already.

use reconcile::plan::Origin;
use reconcile::{Action, Kind, Op, RelPath, Seen, Side, Tally};

use super::check::same_but_renamed;
use super::record::Renamed;
use super::{Apply, Edit, Point, Stop, Trouble, Why};
use crate::journal::Deed;
use crate::side::write::{Rename, WriteDir};

impl Apply<'_> {
    /// Makes a directory alone; what belongs into it has actions of its own.
    pub(super) fn make_directory(&mut self, on: Side, path: &RelPath, like: &Seen) -> Result<(), Stop> {
        let (dir, name) = self.parent_of(on, path)?;
        let made = dir.create_dir(&name, like.mode)?.here()?;
        self.edits.push(Edit::directory(path.clone(), on, like, &made, false));
        self.unfinished.push((on, path.clone(), *like));
        self.counts_on(on).created += 1;
        Ok(())
    }

    /// Gives the directories that were made alone their mode and time, the inner ones first: one that closes its door
    /// must not keep us from those in it.
    pub(super) fn finish_directories(&mut self) {
        let mut unfinished = std::mem::take(&mut self.unfinished);
        unfinished.sort_by(|x, y| y.1.cmp(&x.1));
        for (on, path, like) in unfinished {
            let mut like = like;
            let finish = |dir: Box<dyn WriteDir>| self.finish_directory(on, &path, &*dir, &mut like);
            match self.side(on).folder(&path).and_then(finish) {
                Ok(made) => self.edits.push(Edit::set(path, on, &like, &made, false)),
                Err(error) => self.trouble(Trouble { on, path, why: error.into() }),
            }
        }
    }

    /// Whether a move that no rename can make is a file's, and so is made of a copy of the other side's and a removal.
    pub(super) fn goes_across(&mut self, action: &Action) -> bool {
        let Op::Move { on, at, seen, source, same: true, .. } = &action.op else { return false };
        if seen.kind == Kind::Dir {
            return false;
        }
        self.note(&Deed::Void { on: (*on).into(), path: (&action.path).into() });
        let tally = Tally::of(source, false);
        let copy = Op::Create { on: *on, source: *source, tally, whole: true };
        let removal = Op::Remove { on: *on, target: *seen, tally: Tally::of(seen, true) };
        self.across.push([
            Action { path: action.path.clone(), dir: action.dir, op: copy },
            Action { path: at.clone(), dir: None, op: removal },
        ]);
        true
    }

    /// Renames what is at `from` to `to`. With `agreed` the other side has it there already, and the base follows; with
    /// the other side's version if the content is the same.
    pub(super) fn move_one(
        &mut self,
        on: Side,
        from: &RelPath,
        to: &RelPath,
        seen: &Seen,
        agreed: Option<(&Origin, Option<&Seen>)>,
    ) -> Result<(), Stop> {
        let (old_dir, old_name) = self.parent_of(on, from)?;
        let (new_dir, new_name) = self.parent_of(on, to)?;
        let expected = self.expected(on, from, seen);
        let now = old_dir.look(&old_name)?.ok_or(Why::Vanished)?;
        if !self.is_still(on, &expected, &now) {
            return Err(Why::Changed.into());
        }
        self.hook(Point::Moving, on, to)?;
        old_dir.rename(&old_name, &*new_dir, &new_name, Rename::NoReplace)?;
        let moved = new_dir.look(&new_name)?.ok_or(Why::Vanished)?;
        if !same_but_renamed(&expected, &moved) {
            // Something else took its place at the last moment: it is not ours to move.
            new_dir.rename(&new_name, &*old_dir, &old_name, Rename::NoReplace)?;
            return Err(Why::Changed.into());
        }
        self.stir(on, &moved);
        self.ours.insert((on, to.clone()), moved);
        if let Some((origin, source)) = agreed {
            let seen = match source {
                Some(source) => {
                    let source = self.expected(on.other(), to, source);
                    let (a, b) = super::record::in_order(on, &source, &moved);
                    Renamed::Same(a, b)
                }
                None => Renamed::Kept(on, moved),
            };
            self.edits.push(Edit::Rename { origin: origin.clone(), path: to.clone(), seen });
        }
        self.counts_on(on).moved += 1;
        Ok(())
    }
}
