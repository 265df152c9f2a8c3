//! What is there now, and what the base says of it: what a choice is measured by (S1).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use reconcile::{Agreed, Agreement, Contested, DirKey, Kind, RelPath, Seen, Side, Tally, World as _};
use syncmgr::conflict::ConflictKind;

use crate::apply::{Lists, Why};
use crate::base::{BaseError, BaseRead};
use crate::clash::Clashes;
use crate::look::Look;
use crate::run::{Here, NoBase};
use crate::side::ReadSide as _;

/// What the base says of paths. Ten thousand of them in one directory cost one record.
pub(crate) struct Agreements<'b> {
    base: &'b dyn BaseRead,
    dirs: RefCell<HashMap<RelPath, Option<Rc<Agreement>>>>,
}

impl<'b> Agreements<'b> {
    pub(crate) fn new(base: &'b dyn BaseRead) -> Self {
        Self { base, dirs: RefCell::default() }
    }

    /// What both sides agreed on at a path.
    pub(crate) fn at(&self, path: &RelPath) -> Result<Option<Agreed>, BaseError> {
        let Some((dir, name)) = path.split() else { return Ok(None) };
        Ok(self.dir(&dir)?.and_then(|agreement| agreement.get(name).copied()))
    }

    fn dir(&self, dir: &RelPath) -> Result<Option<Rc<Agreement>>, BaseError> {
        if let Some(known) = self.dirs.borrow().get(dir) {
            return Ok(known.clone());
        }
        let mut at = RelPath::root();
        let mut found = self.read(&at, Some(DirKey::ROOT))?;
        // From the top down: a path may be longer than a stack is deep.
        for name in dir.names() {
            let key = found.as_ref().and_then(|agreement| agreement.get(name)).and_then(|agreed| agreed.dir);
            at = at.join(name);
            found = self.read(&at, key)?;
        }
        Ok(found)
    }

    fn read(&self, dir: &RelPath, key: Option<DirKey>) -> Result<Option<Rc<Agreement>>, BaseError> {
        if let Some(known) = self.dirs.borrow().get(dir) {
            return Ok(known.clone());
        }
        let read = match key {
            Some(key) => self.base.agreement(key)?.map(Rc::new),
            None => None,
        };
        self.dirs.borrow_mut().insert(dir.clone(), read.clone());
        Ok(read)
    }
}

/// The sides as they are now.
pub(crate) struct Now<'l> {
    pub(crate) look: &'l Look<'l>,
    pub(crate) lists: Here<'l>,
    pub(crate) clashes: Clashes<'l>,
    pub(crate) agreements: Agreements<'l>,
}

impl<'l> Now<'l> {
    pub(crate) fn new(look: &'l Look<'l>) -> Self {
        Self {
            look,
            lists: Here(look.scan(&NoBase, &())),
            clashes: Clashes::new(look),
            agreements: Agreements::new(&look.base),
        }
    }

    /// What a side has at a path. Nothing where the directory is not there either.
    pub(crate) fn at(&self, side: Side, path: &RelPath) -> Result<Option<Seen>, Why> {
        let Some((dir, name)) = path.split() else { return Ok(None) };
        match self.look.roots.side(side).dir(&dir) {
            Ok(dir) => Ok(dir.look(name)?),
            Err(crate::side::SideError::Io { source, .. })
                if matches!(
                    source.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What is in a tree, as a plan counts it.
    pub(crate) fn tally(&self, side: Side, path: &RelPath, seen: &Seen) -> Result<Tally, Why> {
        let mut tally = Tally::of(seen, false);
        if seen.kind != Kind::Dir {
            return Ok(tally);
        }
        let mut left = vec![path.clone()];
        while let Some(dir) = left.pop() {
            let listing = self.lists.list(side, &dir).map_err(|error| Why::Unlisted(error.reason))?;
            for (name, seen) in listing.iter() {
                tally.add(name, seen, false);
                if seen.kind == Kind::Dir {
                    left.push(dir.join(name));
                }
            }
        }
        Ok(tally)
    }

    /// The disagreement at a path; none when both sides have the same, or neither has anything.
    pub(crate) fn contested(&self, path: &RelPath) -> Result<Option<Contested>, Why> {
        if let Some(clash) = self.clashes.at(path)? {
            return Ok(Some(clash));
        }
        let (a, b) = (self.clashes.seen(Side::A, path)?, self.clashes.seen(Side::B, path)?);
        let agreed = self.agreements.at(path).map_err(|error| Why::Unlisted(error.to_string()))?;
        let kind = match (a, b) {
            (None, None) => return Ok(None),
            (Some(a), Some(b)) if a.kind != b.kind => ConflictKind::KindMismatch,
            (Some(a), Some(_)) if a.kind == Kind::Dir => return Ok(None),
            (Some(a), Some(b)) => {
                let same = a.size == b.size
                    && self.lists.0.same_content(path, path).map_err(|error| Why::Unlisted(error.reason))?;
                match agreed {
                    _ if same && a.mode == b.mode => return Ok(None),
                    // Permissions alone are a question only where they were changed on both sides.
                    Some(agreed) if same && (agreed.a.mode == a.mode || agreed.b.mode == b.mode) => {
                        return Ok(None);
                    }
                    Some(_) if same => ConflictKind::Metadata,
                    None if same => return Ok(None),
                    Some(_) => ConflictKind::EditEdit,
                    None => ConflictKind::CreateCreate,
                }
            }
            // Directories have no versions: what is in them has.
            (Some(one), None) | (None, Some(one)) if one.kind == Kind::Dir && agreed.is_some() => {
                return Ok(None);
            }
            _ => ConflictKind::EditDelete,
        };
        Ok(Some(Contested { path: path.clone(), kind, a, b, holder: None }))
    }
}
