//! A file system in memory: inodes, directories as maps, and a log of what a power failure may take back.

use std::collections::BTreeMap;
use std::sync::Arc;

use reconcile::path::Name;
use reconcile::{FileId, Kind, Owner, RelPath, Seen, Time};
use rustix::io::Errno;

use super::loss::Change;
use crate::side::extras::{Attribute, ExtraValues};
use crate::side::write::Rename;

/// An object of a disk; never given twice, unlike its inode number.
pub(crate) type Key = u32;

/// The top directory of every disk.
pub(crate) const ROOT: Key = 0;

/// The clock starts somewhere in 2023: all times are plausible, and none is the other machine's.
pub(super) const START: u64 = 1_700_000_000_000_000_000;

/// How a disk behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    /// Times are whole multiples of this many nanoseconds.
    pub(crate) resolution: u64,
    /// The clock that stamps what is written stands still for this many.
    pub(crate) tick: u64,
    /// Has inodes, with numbers and a time of their own last change; simple file systems make them up.
    pub(crate) inodes: bool,
    /// Tells when something was born.
    pub(crate) births: bool,
    /// Gives the inode number of what was deleted to what is made next.
    pub(crate) reuses_numbers: bool,
    /// Two names can change places in one step.
    pub(crate) exchange: bool,
    /// The program is not the superuser: permission bits hold for it.
    pub(crate) permissions: bool,
    /// Shows owners and attributes.
    pub(crate) extras: bool,
}

impl Default for Traits {
    fn default() -> Self {
        Self {
            resolution: 1,
            tick: 1,
            inodes: true,
            births: true,
            reuses_numbers: false,
            exchange: true,
            permissions: false,
            extras: false,
        }
    }
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    File(Arc<[u8]>),
    Dir(BTreeMap<Arc<[u8]>, Key>),
    Link(Arc<[u8]>),
    /// A pipe.
    Special,
}

/// One object.
#[derive(Debug, Clone)]
pub(crate) struct Inode {
    pub(crate) body: Body,
    pub(crate) mode: u32,
    pub(crate) mtime: u64,
    pub(crate) ctime: u64,
    pub(crate) birth: u64,
    pub(crate) number: u64,
    /// Names that it has.
    pub(crate) names: u32,
    /// The user and group that own it.
    pub(crate) owner: u32,
    /// The value of its one attribute.
    pub(crate) attribute: u32,
}

/// What an object has besides its content and its names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    mode: u32,
    mtime: u64,
    ctime: u64,
    owner: u32,
    attribute: u32,
}

impl Inode {
    pub(crate) fn meta(&self) -> Meta {
        let Self { mode, mtime, ctime, owner, attribute, .. } = *self;
        Meta { mode, mtime, ctime, owner, attribute }
    }

    pub(crate) fn set_meta(&mut self, meta: Meta) {
        let Meta { mode, mtime, ctime, owner, attribute } = meta;
        (self.mode, self.mtime, self.ctime, self.owner, self.attribute) =
            (mode, mtime, ctime, owner, attribute);
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.body {
            Body::File(_) => Kind::File,
            Body::Dir(_) => Kind::Dir,
            Body::Link(_) => Kind::Link,
            Body::Special => Kind::Special,
        }
    }
}

/// Which part of a directory's permissions a step needs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    Read = 0o4,
    Write = 0o2,
    Enter = 0o1,
}

/// A file system as a running program sees it, with a second one behind it: what would be there after a power failure.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    pub(crate) traits: Traits,
    inodes: Vec<Option<Inode>>,
    free_numbers: Vec<u64>,
    next_number: u64,
    /// Since the last flush; nothing is noted when there is not going to be a power failure.
    pub(super) log: Option<Vec<Change>>,
    /// As it was at the last flush.
    pub(super) flushed: Vec<Option<Inode>>,
    /// Whether the changes are a person's: what they lose by a power failure is their loss alone.
    pub(crate) by_person: bool,
}

type Done<T> = Result<T, Errno>;

impl Disk {
    /// An empty one. `lossy`: power failures are possible.
    pub(crate) fn new(traits: Traits, lossy: bool) -> Self {
        let root = Inode {
            body: Body::Dir(BTreeMap::new()),
            mode: 0o755,
            mtime: START,
            ctime: START,
            birth: START,
            number: 2,
            names: 1,
            owner: 0,
            attribute: 0,
        };
        let inodes = vec![Some(root)];
        Self {
            traits,
            flushed: if lossy { inodes.clone() } else { Vec::new() },
            inodes,
            free_numbers: Vec::new(),
            next_number: 11,
            log: lossy.then(Vec::new),
            by_person: false,
        }
    }

    /// Clock ticks as this disk stores them.
    fn stamp(&self, now: u64) -> u64 {
        let exact = START + now;
        exact - exact % self.tick()
    }

    /// How long what is written gets the same time.
    pub(crate) fn tick(&self) -> u64 {
        self.traits.resolution.max(self.traits.tick)
    }

    pub(crate) fn inode(&self, key: Key) -> Option<&Inode> {
        self.inodes.get(key as usize)?.as_ref()
    }

    fn inode_mut(&mut self, key: Key) -> Done<&mut Inode> {
        self.inodes.get_mut(key as usize).and_then(Option::as_mut).ok_or(Errno::NOENT)
    }

    pub(super) fn inodes_mut(&mut self) -> &mut Vec<Option<Inode>> {
        &mut self.inodes
    }

    /// A directory's children.
    pub(crate) fn children(&self, dir: Key) -> Done<&BTreeMap<Arc<[u8]>, Key>> {
        match self.inode(dir) {
            Some(Inode { body: Body::Dir(children), .. }) => Ok(children),
            Some(_) => Err(Errno::NOTDIR),
            None => Err(Errno::NOENT),
        }
    }

    pub(crate) fn child(&self, dir: Key, name: &Name) -> Done<Option<Key>> {
        Ok(self.children(dir)?.get(name).copied())
    }

    /// Whether the owner may do that.
    pub(crate) fn may(&self, key: Key, need: Need) -> Done<()> {
        let mode = self.inode(key).ok_or(Errno::NOENT)?.mode;
        if self.traits.permissions && !self.by_person && (mode >> 6) & need as u32 == 0 {
            Err(Errno::ACCESS)
        } else {
            Ok(())
        }
    }

    /// The directory at a path, never through a link.
    pub(crate) fn walk(&self, path: &RelPath) -> Done<Key> {
        let mut at = ROOT;
        for name in path.names() {
            self.may(at, Need::Enter)?;
            at = self.child(at, name)?.ok_or(Errno::NOENT)?;
            match self.inode(at).map(Inode::kind) {
                Some(Kind::Dir) => {}
                Some(Kind::Link) => return Err(Errno::LOOP),
                Some(_) => return Err(Errno::NOTDIR),
                None => return Err(Errno::NOENT),
            }
        }
        Ok(at)
    }

    pub(crate) fn seen(&self, key: Key) -> Done<Seen> {
        let inode = self.inode(key).ok_or(Errno::NOENT)?;
        let size = match &inode.body {
            Body::File(bytes) | Body::Link(bytes) => bytes.len() as u64,
            Body::Dir(_) | Body::Special => 0,
        };
        let birth = if self.traits.births { inode.birth as i64 } else { 0 };
        let seen = Seen {
            kind: inode.kind(),
            mode: inode.mode,
            size,
            mtime: to_time(inode.mtime),
            ctime: to_time(inode.ctime),
            id: FileId { ino: inode.number, birth },
            extras: self.extras(inode).summary(),
        };
        let told = Seen { ctime: Time::default(), id: FileId::default(), ..seen };
        Ok(if self.traits.inodes { seen } else { told })
    }

    /// Owner and attributes, if they are shown.
    pub(crate) fn extras(&self, inode: &Inode) -> ExtraValues {
        if !self.traits.extras {
            return ExtraValues::default();
        }
        let attribute = Attribute { name: b"user.x".into(), value: inode.attribute.to_le_bytes().into() };
        ExtraValues {
            owner: Some(Owner { user: inode.owner, group: inode.owner }),
            attributes: Some(if inode.attribute == 0 { Vec::new() } else { vec![attribute] }),
        }
    }

    /// Sets owner or attribute.
    pub(crate) fn give(
        &mut self,
        key: Key,
        owner: Option<u32>,
        attribute: Option<u32>,
        now: u64,
    ) -> Done<()> {
        let inode = self.inode_mut(key)?;
        inode.owner = owner.unwrap_or(inode.owner);
        inode.attribute = attribute.unwrap_or(inode.attribute);
        self.touch(key, now)
    }

    fn note(&mut self, change: impl FnOnce(bool) -> Change) {
        let by_person = self.by_person;
        if let Some(log) = &mut self.log {
            log.push(change(by_person));
        }
    }

    /// Makes something that has one name.
    pub(crate) fn make(&mut self, dir: Key, name: &Name, body: Body, mode: u32, now: u64) -> Done<Key> {
        self.may_change(dir)?;
        if self.child(dir, name)?.is_some() {
            return Err(Errno::EXIST);
        }
        let stamp = self.stamp(now);
        let number = self.free_numbers.pop().unwrap_or_else(|| {
            self.next_number += 1;
            self.next_number
        });
        let inode = Inode {
            body,
            mode,
            mtime: stamp,
            ctime: stamp,
            birth: START + now,
            number,
            names: 0,
            owner: 0,
            attribute: 0,
        };
        let key = self.inodes.len() as Key;
        self.note(|_| Change::Make { key, inode: Box::new(inode.clone()) });
        self.inodes.push(Some(inode));
        self.enter(dir, name.into(), key, now)?;
        Ok(key)
    }

    /// Gives an object one more name.
    pub(crate) fn link(&mut self, key: Key, dir: Key, name: &Name, now: u64) -> Done<()> {
        self.may_change(dir)?;
        if self.child(dir, name)?.is_some() {
            return Err(Errno::EXIST);
        }
        if self.inode(key).ok_or(Errno::NOENT)?.kind() == Kind::Dir {
            return Err(Errno::PERM);
        }
        self.enter(dir, name.into(), key, now)?;
        self.touch(key, now)
    }

    fn may_change(&self, dir: Key) -> Done<()> {
        // A directory that was removed can be held open, but nothing can be made in it.
        if self.inode(dir).is_none_or(|inode| inode.names == 0) {
            return Err(Errno::NOENT);
        }
        self.may(dir, Need::Enter)?;
        self.may(dir, Need::Write)
    }

    fn enter(&mut self, dir: Key, name: Arc<[u8]>, key: Key, now: u64) -> Done<()> {
        self.note(|_| Change::Enter { dir, name: Arc::clone(&name), key });
        self.children_mut(dir, now)?.insert(name, key);
        self.inode_mut(key)?.names += 1;
        Ok(())
    }

    /// For changing: the directory's time moves.
    fn children_mut(&mut self, dir: Key, now: u64) -> Done<&mut BTreeMap<Arc<[u8]>, Key>> {
        let stamp = self.stamp(now);
        let inode = self.inode_mut(dir)?;
        (inode.mtime, inode.ctime) = (stamp, stamp);
        match &mut inode.body {
            Body::Dir(children) => Ok(children),
            _ => Err(Errno::NOTDIR),
        }
    }

    /// Takes a name away.
    pub(crate) fn remove(&mut self, dir: Key, name: &Name, kind: Kind, now: u64) -> Done<()> {
        self.may_change(dir)?;
        let key = self.child(dir, name)?.ok_or(Errno::NOENT)?;
        match (&self.inode(key).ok_or(Errno::NOENT)?.body, kind) {
            (Body::Dir(children), Kind::Dir) if !children.is_empty() => return Err(Errno::NOTEMPTY),
            (Body::Dir(_), Kind::Dir) => {}
            (Body::Dir(_), _) => return Err(Errno::ISDIR),
            (_, Kind::Dir) => return Err(Errno::NOTDIR),
            _ => {}
        }
        self.note(|_| Change::Leave { dir, name: name.into(), key });
        self.children_mut(dir, now)?.remove(name);
        self.forget(key, now)
    }

    fn forget(&mut self, key: Key, now: u64) -> Done<()> {
        self.touch(key, now)?;
        let reuses = self.traits.reuses_numbers;
        let inode = self.inode_mut(key)?;
        inode.names -= 1;
        if inode.names == 0 && reuses {
            let number = inode.number;
            self.free_numbers.push(number);
        }
        Ok(())
    }

    /// Replaces the whole content of a file, or what a link points to.
    pub(crate) fn write(&mut self, key: Key, content: Arc<[u8]>, now: u64) -> Done<()> {
        let stamp = self.stamp(now);
        let inode = self.inode_mut(key)?;
        match &mut inode.body {
            Body::File(bytes) | Body::Link(bytes) => *bytes = Arc::clone(&content),
            Body::Dir(_) | Body::Special => return Err(Errno::ISDIR),
        }
        (inode.mtime, inode.ctime) = (stamp, stamp);
        self.note(|by_person| Change::Data { key, content, by_person });
        self.note_attributes(key)
    }

    /// Sets permissions and time; the time is stored as exactly as the disk can.
    pub(crate) fn set(&mut self, key: Key, mode: Option<u32>, mtime: Option<u64>, now: u64) -> Done<()> {
        let resolution = self.traits.resolution;
        let inode = self.inode_mut(key)?;
        if let Some(mode) = mode {
            inode.mode = mode;
        }
        if let Some(mtime) = mtime {
            inode.mtime = mtime - mtime % resolution;
        }
        self.touch(key, now)
    }

    /// Moves the inode's change time.
    fn touch(&mut self, key: Key, now: u64) -> Done<()> {
        let stamp = self.stamp(now);
        self.inode_mut(key)?.ctime = stamp;
        self.note_attributes(key)
    }

    fn note_attributes(&mut self, key: Key) -> Done<()> {
        let inode = self.inode(key).ok_or(Errno::NOENT)?;
        let is = inode.meta();
        self.note(|_| Change::Attributes { key, is });
        Ok(())
    }

    /// Gives an object another name, or makes two change names. `None` replaces what is there, as a person's program
    /// would.
    pub(crate) fn rename(
        &mut self,
        from: (Key, &Name),
        to: (Key, &Name),
        how: Option<Rename>,
        now: u64,
    ) -> Done<()> {
        self.may_change(from.0)?;
        self.may_change(to.0)?;
        let key = self.child(from.0, from.1)?.ok_or(Errno::NOENT)?;
        let there = self.child(to.0, to.1)?;
        if there == Some(key) {
            return if how == Some(Rename::NoReplace) { Err(Errno::EXIST) } else { Ok(()) };
        }
        match (how, there) {
            (Some(Rename::NoReplace), Some(_)) => return Err(Errno::EXIST),
            (Some(Rename::Exchange), _) if !self.traits.exchange => return Err(Errno::INVAL),
            (Some(Rename::Exchange), None) => return Err(Errno::NOENT),
            (None, Some(there)) => self.may_replace(key, there)?,
            _ => {}
        }
        let exchange = how == Some(Rename::Exchange);
        if self.is_within(to.0, key) || (exchange && there.is_some_and(|there| self.is_within(from.0, there)))
        {
            return Err(Errno::INVAL);
        }
        let (from_name, to_name): (Arc<[u8]>, Arc<[u8]>) = (from.1.into(), to.1.into());
        let back = if exchange { there } else { None };
        self.note(|_| Change::Rename {
            from: (from.0, Arc::clone(&from_name)),
            to: (to.0, Arc::clone(&to_name)),
            key,
            there,
            exchange,
        });
        self.children_mut(from.0, now)?.remove(&from_name);
        self.children_mut(to.0, now)?.insert(to_name, key);
        self.touch(key, now)?;
        if let Some(back) = back {
            self.children_mut(from.0, now)?.insert(from_name, back);
            self.touch(back, now)?;
        } else if let Some(gone) = there {
            self.forget(gone, now)?;
        }
        Ok(())
    }

    fn may_replace(&self, key: Key, there: Key) -> Done<()> {
        let is_dir = |key| self.inode(key).is_some_and(|inode| inode.kind() == Kind::Dir);
        match (is_dir(key), is_dir(there)) {
            (false, true) => Err(Errno::ISDIR),
            (true, false) => Err(Errno::NOTDIR),
            (true, true) if !self.children(there)?.is_empty() => Err(Errno::NOTEMPTY),
            _ => Ok(()),
        }
    }

    /// Whether directory `dir` is `top` or beneath it.
    pub(crate) fn is_within(&self, dir: Key, top: Key) -> bool {
        if dir == top {
            return true;
        }
        let Ok(children) = self.children(top) else { return false };
        children.values().any(|&child| self.is_within(dir, child))
    }

    /// Calls `visit` with every object that has a path, parents first.
    pub(crate) fn each(&self, visit: &mut dyn FnMut(&RelPath, Key, &Inode)) {
        self.each_beneath(ROOT, &RelPath::root(), visit);
    }

    pub(crate) fn each_beneath(
        &self,
        dir: Key,
        path: &RelPath,
        visit: &mut dyn FnMut(&RelPath, Key, &Inode),
    ) {
        let Ok(children) = self.children(dir) else { return };
        for (name, &key) in children {
            let Some(inode) = self.inode(key) else { continue };
            let path = path.join(name);
            visit(&path, key, inode);
            self.each_beneath(key, &path, visit);
        }
    }
}

/// A stored time as people's programs see it.
pub(crate) fn to_time(nanos: u64) -> Time {
    Time { secs: (nanos / 1_000_000_000) as i64, nanos: (nanos % 1_000_000_000) as u32 }
}

/// The other way; what was before 1970 becomes 1970.
pub(crate) fn from_time(time: Time) -> u64 {
    u64::try_from(time.secs).unwrap_or(0) * 1_000_000_000 + u64::from(time.nanos)
}

/// What the clock shows.
pub(crate) fn clock(now: u64) -> Time {
    to_time(START + now)
}
