//! Names that one side takes for the same: they differ in case, or in how their characters are composed. Where one side
//! has both of them, or each side has one, somebody must say which of them that side is to hold.
//!
//! What a side takes for the same is its own affair, and may differ from one of its directories to the next: it is asked,
//! never guessed. Where it is known for a side that asking is worth it, that is done before anything is tried; elsewhere
//! the clash shows when the name is refused.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use reconcile::{Action, Contested, Holder, Kind, Listing, Op, Plan, RelPath, Seen, Side};
use syncmgr::conflict::ConflictKind;

use crate::apply::{Lists as _, Trouble, Why};
use crate::look::Look;
use crate::roots::Roots;
use crate::run::{Here, NoBase};
use crate::side::names::spelled_otherwise;
use crate::side::{Folding, ReadSide as _, SideError};

/// How a side has a name.
enum Spelled {
    Not,
    So(Seen),
    Otherwise(Vec<u8>, Seen),
}

/// Looks for clashes on both sides.
pub(crate) struct Clashes<'l> {
    roots: &'l Roots,
    lists: Here<'l>,
    /// Directories in which a name was in question: ten thousand clashes in one are told by one listing.
    listed: RefCell<HashMap<(Side, RelPath), Rc<Listing>>>,
    /// What the directory that was asked last on each side says of itself: what is in one comes together.
    said: RefCell<[Option<(RelPath, bool)>; 2]>,
}

impl<'l> Clashes<'l> {
    pub(crate) fn new(look: &'l Look<'_>) -> Self {
        let lists = Here(look.scan(&NoBase, &()));
        Self { roots: &look.roots, lists, listed: RefCell::default(), said: RefCell::default() }
    }

    /// Forgets what it has seen: the sides have changed.
    pub(crate) fn forget(&self) {
        self.listed.borrow_mut().clear();
        self.said.take();
    }

    fn folding(&self, side: Side) -> Folding {
        self.roots.side(side).capabilities().folding
    }

    /// Whether a side is known to take several names for one where that path is, at least now and then.
    fn may_fold(&self, side: Side, path: &RelPath) -> bool {
        match self.folding(side) {
            Folding::Never => false,
            Folding::Perhaps => true,
            Folding::WhereSaid => path.split().is_some_and(|(dir, _)| self.says_it_folds(side, dir)),
        }
    }

    fn says_it_folds(&self, side: Side, dir: RelPath) -> bool {
        if let Some((_, folds)) =
            self.said.borrow()[side as usize].as_ref().filter(|(known, _)| *known == dir)
        {
            return *folds;
        }
        // One that is not there yet is made in this run; what clashes in it shows when it is tried.
        let folds = self.roots.side(side).dir(&dir).is_ok_and(|open| open.folds());
        self.said.borrow_mut()[side as usize] = Some((dir, folds));
        folds
    }

    /// The clash at a path, as far as the sides are known to have such.
    pub(crate) fn at(&self, path: &RelPath) -> Result<Option<Contested>, Why> {
        let folds = Side::BOTH.map(|side| self.may_fold(side, path));
        if folds == [false; 2] { Ok(None) } else { self.between(path, folds) }
    }

    /// The clash at a path where it is known already that there was one.
    pub(crate) fn known_at(&self, path: &RelPath) -> Result<Option<Contested>, Why> {
        self.between(path, [true; 2])
    }

    /// What a side has under just this name.
    pub(crate) fn seen(&self, side: Side, path: &RelPath) -> Result<Option<Seen>, Why> {
        match self.spelled(side, path, self.may_fold(side, path))? {
            Spelled::So(seen) => Ok(Some(seen)),
            Spelled::Not | Spelled::Otherwise(..) => Ok(None),
        }
    }

    fn between(&self, path: &RelPath, folds: [bool; 2]) -> Result<Option<Contested>, Why> {
        let spelled = |side: Side, path: &RelPath| self.spelled(side, path, folds[side as usize]);
        let (on, there, name, other) = match (spelled(Side::A, path)?, spelled(Side::B, path)?) {
            (Spelled::So(there), Spelled::Otherwise(name, other)) => (Side::B, there, name, other),
            (Spelled::Otherwise(name, other), Spelled::So(there)) => (Side::A, there, name, other),
            _ => return Ok(None),
        };
        let holder = beside(path, &name);
        let also = match spelled(on.other(), &holder)? {
            Spelled::So(seen) => Some(seen),
            // Each side takes the other's name for its own: one clash, told by A's name.
            Spelled::Otherwise(..) if on == Side::A => {
                let holder = Holder { on: Side::B, path: path.clone(), also: None };
                return Ok(Some(contested(beside(path, &name), [other, there], holder)));
            }
            _ => None,
        };
        let versions = if on == Side::B { [there, other] } else { [other, there] };
        Ok(Some(contested(path.clone(), versions, Holder { on, path: holder, also })))
    }

    fn spelled(&self, side: Side, path: &RelPath, folds: bool) -> Result<Spelled, Why> {
        let Some((dir, name)) = path.split() else { return Ok(Spelled::Not) };
        let found = match self.roots.side(side).dir(&dir) {
            Ok(open) => open.look(name)?,
            Err(error) if is_missing(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let Some(found) = found else { return Ok(Spelled::Not) };
        if !folds {
            return Ok(Spelled::So(found));
        }
        let listing = self.list(side, &dir)?;
        Ok(match spelled_otherwise(&listing, name, &found) {
            Some(other) => Spelled::Otherwise(other.to_vec(), found),
            None => Spelled::So(found),
        })
    }

    fn list(&self, side: Side, dir: &RelPath) -> Result<Rc<Listing>, Why> {
        let key = (side, dir.clone());
        if let Some(known) = self.listed.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let listing = Rc::new(self.lists.list(side, dir).map_err(|error| Why::Unlisted(error.reason))?);
        self.listed.borrow_mut().insert(key, Rc::clone(&listing));
        Ok(listing)
    }

    /// Makes conflicts of what a plan would try in vain.
    pub(crate) fn take_out(&self, plan: &mut Plan) {
        if Side::BOTH.map(|side| self.folding(side)) == [Folding::Never; 2] {
            return;
        }
        let going: HashSet<(Side, RelPath)> = plan
            .actions
            .iter()
            .filter_map(|action| match &action.op {
                Op::Remove { on, target, .. } if target.kind != Kind::Dir => Some((*on, action.path.clone())),
                _ => None,
            })
            .collect();
        let mut found: HashMap<RelPath, Contested> = HashMap::new();
        let mut first: HashSet<(Side, RelPath)> = HashSet::new();
        plan.actions.retain(|action| {
            let Op::Create { on, source, whole, .. } = &action.op else { return true };
            if (!whole && source.kind == Kind::Dir) || !self.may_fold(*on, &action.path) {
                return true;
            }
            // What cannot be told now is told when it is tried.
            let Ok(Some(contested)) = self.at(&action.path) else { return true };
            let Some(holder) = &contested.holder else { return true };
            let place = (holder.on, holder.path.clone());
            if going.contains(&place) {
                first.insert(place);
                return true;
            }
            found.insert(contested.path.clone(), contested);
            false
        });
        self.forget();
        if !first.is_empty() {
            // The other name is given up in this very run: that comes before the new one is made.
            let is_first = |action: &Action| match &action.op {
                Op::Remove { on, .. } => first.contains(&(*on, action.path.clone())),
                _ => false,
            };
            plan.actions.sort_by_key(|action| !is_first(action));
        }
        plan.conflicts.extend(found.into_values());
        plan.conflicts.sort_by(|x, y| x.path.cmp(&y.path));
    }

    /// The clash that kept something from being done, if it was one and still is.
    pub(crate) fn of(&self, trouble: &Trouble) -> Option<Contested> {
        match trouble.why {
            Why::SameName { .. } => self.known_at(&trouble.path).ok().flatten(),
            _ => None,
        }
    }
}

/// Another name in the directory of a path.
fn beside(path: &RelPath, name: &[u8]) -> RelPath {
    path.split().map(|(dir, _)| dir).unwrap_or_default().join(name)
}

fn contested(path: RelPath, [a, b]: [Seen; 2], holder: Holder) -> Contested {
    Contested { path, kind: ConflictKind::NameClash, a: Some(a), b: Some(b), holder: Some(holder) }
}

fn is_missing(error: &SideError) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(error, SideError::Io { source, .. } if matches!(source.kind(), NotFound | NotADirectory))
}
