//! What the base is told after a batch: changes by path, written as whole records of the directories they are in.

use std::collections::{BTreeMap, HashMap};

use reconcile::plan::Origin;
use reconcile::{Agreed, Agreement, DirKey, Kind, RelPath, Seen, Side};

use super::check::same_but_renamed;
use super::doubt::Doubt;
use crate::ancestors::Candidates;
use crate::base::{BaseError, Transaction};

/// One change of the base.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// Both sides have it now, as seen.
    Set {
        path: RelPath,
        a: Seen,
        b: Seen,
        /// A directory's children are not what the base knew under this name.
        fresh: bool,
    },
    /// The same for many files and links of one directory.
    Many { dir: RelPath, entries: Vec<(Vec<u8>, Seen, Seen)> },
    /// Files of one directory that both sides had before: news only where the base knows nothing; or knows them, but not
    /// yet what else is kept of them, as of `rest`.
    Alike { dir: RelPath, entries: Vec<(Vec<u8>, Seen, Seen)>, rest: Vec<(Vec<u8>, Seen, Seen)> },
    /// Neither side has it any more.
    Forget { path: RelPath },
    /// It has another name on both sides, with all that the base knows beneath it.
    Rename { origin: Origin, path: RelPath, seen: Renamed },
    /// The base is to say again what it said before.
    Restore { path: RelPath, before: Option<(Seen, Seen)> },
}

/// What the base knows of something that has another name now.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Renamed {
    /// Both sides have the same, A's and B's as seen.
    Same(Seen, Seen),
    /// Its content is not agreed on: the base keeps what it knows, only that renaming it on this side made it this.
    Kept(Side, Seen),
}

impl Edit {
    /// What `on` has now, and the other side's version that it follows.
    pub(super) fn set(path: RelPath, on: Side, source: &Seen, made: &Seen, fresh: bool) -> Self {
        let (a, b) = in_order(on, source, made);
        Self::Set { path, a, b, fresh }
    }

    /// What of it may be worth keeping.
    pub(super) fn candidates(&self, into: &mut Candidates) {
        match self {
            Self::Set { path, a, .. } => into.add(|| path.clone(), a),
            Self::Many { dir, entries } => {
                for (name, a, _) in entries {
                    into.add(|| dir.join(name), a);
                }
            }
            _ => {}
        }
    }

    /// A directory that is not finished. Should we never come to finish it, the other side counts as having changed its
    /// mode, owner and attributes since, so that the next run makes up for it.
    pub(super) fn directory(path: RelPath, on: Side, source: &Seen, made: &Seen, fresh: bool) -> Self {
        Self::set(path, on, &Seen { mode: made.mode, extras: made.extras, ..*source }, made, fresh)
    }
}

/// A's and B's version, given that of `on` and that of the other side.
pub(super) fn in_order(on: Side, other: &Seen, made: &Seen) -> (Seen, Seen) {
    match on {
        Side::A => (*made, *other),
        Side::B => (*other, *made),
    }
}

/// Writes the changes into a transaction; tells whether there were any.
///
/// `planned`: where the plan found the directories in the base.
pub(super) fn write(
    txn: &mut dyn Transaction,
    edits: Vec<Edit>,
    planned: &HashMap<RelPath, DirKey>,
    doubt: &Doubt,
) -> Result<bool, BaseError> {
    let mut records =
        Records { txn, planned, doubt, open: HashMap::new(), keys: HashMap::new(), changed: false };
    // All that moves leaves its place before anything arrives: names may change places.
    let mut moved = HashMap::new();
    for edit in &edits {
        if let Edit::Rename { origin, .. } = edit
            && let Some(agreed) = records.take(origin.dir, &origin.name)?
        {
            moved.insert(origin.clone(), agreed);
        }
    }
    for edit in edits {
        match edit {
            Edit::Set { path, a, b, fresh } => records.set(&path, a, b, fresh)?,
            Edit::Many { dir, entries } => records.set_many(&dir, entries)?,
            Edit::Alike { dir, entries, rest } => {
                records.set_unknown(&dir, entries, true)?;
                records.set_unknown(&dir, rest, false)?;
            }
            Edit::Forget { path } | Edit::Restore { path, before: None } => records.forget(&path)?,
            Edit::Restore { path, before: Some((a, b)) } => records.set(&path, a, b, false)?,
            Edit::Rename { origin, path, seen } => match (moved.remove(&origin), seen) {
                (known, Renamed::Same(a, b)) => {
                    records.arrive(&path, Agreed { a, b, dir: known.and_then(|known| known.dir) })?;
                }
                (Some(mut known), Renamed::Kept(on, now)) => {
                    let before = match on {
                        Side::A => &mut known.a,
                        Side::B => &mut known.b,
                    };
                    if same_but_renamed(before, &now) {
                        *before = if before.is_in_doubt() { now.in_doubt() } else { now };
                    }
                    records.arrive(&path, known)?;
                }
                (None, Renamed::Kept(..)) => {}
            },
        }
    }
    records.close()
}

/// The records that are changed, open until all changes are made.
struct Records<'t, 'b> {
    txn: &'t mut (dyn Transaction + 'b),
    planned: &'t HashMap<RelPath, DirKey>,
    doubt: &'t Doubt,
    open: HashMap<DirKey, Record>,
    keys: HashMap<RelPath, DirKey>,
    /// Something is written or removed.
    changed: bool,
}

/// One record: what it was, packed, and what is different now. A directory may have a million children.
#[derive(Default)]
struct Record {
    before: Agreement,
    now: BTreeMap<Vec<u8>, Option<Agreed>>,
    /// It has to be written even if nothing in it is different.
    new: bool,
}

impl Record {
    fn get(&self, name: &[u8]) -> Option<&Agreed> {
        self.now.get(name).map_or_else(|| self.before.get(name), Option::as_ref)
    }

    fn set(&mut self, name: &[u8], agreed: Option<Agreed>) {
        if self.get(name) != agreed.as_ref() {
            self.now.insert(name.to_vec(), agreed);
        }
    }

    /// The children in order.
    fn children(&self) -> impl Iterator<Item = (&[u8], &Agreed)> {
        let mut before = self.before.iter().peekable();
        let mut now = self.now.iter().map(|(name, agreed)| (&name[..], agreed)).peekable();
        std::iter::from_fn(move || {
            loop {
                let next = now.peek().map(|(name, _)| *name);
                if let Some(child) = before.next_if(|(name, _)| next.is_none_or(|next| *name < next)) {
                    return Some(child);
                }
                let (name, agreed) = now.next()?;
                before.next_if(|(other, _)| *other == name);
                if let Some(agreed) = agreed {
                    return Some((name, agreed));
                }
            }
        })
    }
}

impl Records<'_, '_> {
    fn record(&mut self, key: DirKey) -> Result<&mut Record, BaseError> {
        if !self.open.contains_key(&key) {
            let before = self.txn.dir(key)?.unwrap_or_default();
            self.open.insert(key, Record { before, ..Record::default() });
        }
        Ok(self.open.entry(key).or_default())
    }

    /// The record of a directory; none when the base has no agreement on the directory itself.
    fn key(&mut self, dir: &RelPath) -> Result<Option<DirKey>, BaseError> {
        if let Some(&key) = self.keys.get(dir) {
            return Ok(Some(key));
        }
        if let Some(&key) = self.planned.get(dir)
            && (self.open.contains_key(&key) || self.txn.dir(key)?.is_some())
        {
            self.keys.insert(dir.clone(), key);
            return Ok(Some(key));
        }
        // Step by step from the root: a path may be longer than a stack is deep.
        let mut key = DirKey::ROOT;
        for name in dir.names() {
            match self.record(key)?.get(name).and_then(|agreed| agreed.dir) {
                Some(next) => key = next,
                None => return Ok(None),
            }
        }
        self.keys.insert(dir.clone(), key);
        Ok(Some(key))
    }

    fn take(&mut self, dir: DirKey, name: &[u8]) -> Result<Option<Agreed>, BaseError> {
        self.keys.clear();
        let record = self.record(dir)?;
        let agreed = record.get(name).copied();
        record.set(name, None);
        Ok(agreed)
    }

    fn set(&mut self, path: &RelPath, a: Seen, b: Seen, fresh: bool) -> Result<(), BaseError> {
        let Some((dir, name)) = path.split() else { return Ok(()) };
        // Without an agreement on the directory there is no place to note this; the next run finds both sides equal.
        let Some(key) = self.key(&dir)? else { return Ok(()) };
        let known = self.record(key)?.get(name).and_then(|agreed| agreed.dir);
        let child = match known {
            Some(known) if a.kind == Kind::Dir && !fresh => Some(known),
            known => {
                if let Some(known) = known {
                    self.drop_tree(known)?;
                }
                (a.kind == Kind::Dir).then(|| self.new_record())
            }
        };
        if let Some(child) = child {
            // Most often what is in it comes next.
            self.keys.insert(path.clone(), child);
        }
        self.insert(key, name, Agreed { a, b, dir: child })
    }

    fn set_many(&mut self, dir: &RelPath, entries: Vec<(Vec<u8>, Seen, Seen)>) -> Result<(), BaseError> {
        let Some(key) = self.key(dir)? else { return Ok(()) };
        for (name, a, b) in entries {
            let known = self.record(key)?.get(&name).and_then(|agreed| agreed.dir);
            if let Some(known) = known {
                self.drop_tree(known)?;
            }
            self.insert(key, &name, Agreed { a, b, dir: None })?;
        }
        Ok(())
    }

    fn set_unknown(
        &mut self,
        dir: &RelPath,
        entries: Vec<(Vec<u8>, Seen, Seen)>,
        new: bool,
    ) -> Result<(), BaseError> {
        let Some(key) = self.key(dir)? else { return Ok(()) };
        for (name, a, b) in entries {
            let known = self.record(key)?.get(&name).copied();
            if known.map_or(new, |known| known.differs_in_extras_only(&a, &b)) {
                self.insert(key, &name, Agreed { a, b, dir: None })?;
            }
        }
        Ok(())
    }

    /// Something with a record of its own gets its place.
    fn arrive(&mut self, path: &RelPath, agreed: Agreed) -> Result<(), BaseError> {
        let Some((dir, name)) = path.split() else { return Ok(()) };
        let Some(key) = self.key(&dir)? else {
            return agreed.dir.map_or(Ok(()), |lost| self.drop_tree(lost));
        };
        if let Some(old) = self.record(key)?.get(name).and_then(|old| old.dir) {
            self.drop_tree(old)?;
        }
        let dir = match agreed.dir {
            None if agreed.a.kind == Kind::Dir => Some(self.new_record()),
            dir => dir,
        };
        self.keys.clear();
        self.insert(key, name, Agreed { dir, ..agreed })
    }

    fn forget(&mut self, path: &RelPath) -> Result<(), BaseError> {
        let Some((dir, name)) = path.split() else { return Ok(()) };
        let Some(key) = self.key(&dir)? else { return Ok(()) };
        let record = self.record(key)?;
        let known = record.get(name).and_then(|agreed| agreed.dir);
        record.set(name, None);
        known.map_or(Ok(()), |known| self.drop_tree(known))
    }

    fn insert(&mut self, key: DirKey, name: &[u8], agreed: Agreed) -> Result<(), BaseError> {
        let Agreed { a, b, dir } = agreed;
        let agreed = Agreed { a: self.doubt.mark(Side::A, a), b: self.doubt.mark(Side::B, b), dir };
        self.record(key)?.set(name, Some(agreed));
        Ok(())
    }

    fn new_record(&mut self) -> DirKey {
        let key = self.txn.new_key();
        self.open.insert(key, Record { new: true, ..Record::default() });
        key
    }

    /// Forgets a directory's record and those beneath it, open ones included.
    fn drop_tree(&mut self, key: DirKey) -> Result<(), BaseError> {
        self.keys.clear();
        let mut left = vec![key];
        while let Some(key) = left.pop() {
            let record = self.record(key)?;
            left.extend(record.children().filter_map(|(_, agreed)| agreed.dir));
            self.open.remove(&key);
            // One by one, by what is open: the file may still list what has moved away meanwhile.
            self.txn.remove(key)?;
            self.changed = true;
        }
        Ok(())
    }

    fn close(self) -> Result<bool, BaseError> {
        let mut changed = self.changed;
        for (key, record) in self.open {
            if record.new || !record.now.is_empty() {
                self.txn.put_all(key, &mut record.children())?;
                changed = true;
            }
        }
        Ok(changed)
    }
}
