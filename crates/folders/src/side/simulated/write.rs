//! The writing half of a simulated side.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use reconcile::path::Name;
use reconcile::{Facets, Kind, RelPath, Seen, Side, Time};
use rustix::io::Errno;

use super::disk::{Body, Disk, Key, Need, clock, from_time};
use super::machine::{Call, Machine};
use super::read::{extras, look, refused};
use crate::side::extras::{ExtraValues, Given};
use crate::side::names::TempName;
use crate::side::write::{Clock, NewFile, Rename, Room, Watch, WriteDir, WriteSide};
use crate::side::{Content, SideError};

/// One of a machine's disks as a side.
#[derive(Clone)]
pub(crate) struct SimulatedSide {
    pub(super) machine: Machine,
    pub(super) side: Side,
}

impl SimulatedSide {
    pub(crate) fn new(machine: &Machine, side: Side) -> Self {
        Self { machine: machine.clone(), side }
    }

    pub(super) fn open_dir(&self, path: &RelPath) -> Result<Key, SideError> {
        let mut state = self.machine.lock();
        let opened = state.step(Call::Open, Some(self.side), path).and_then(|()| {
            let disk = state.disk(self.side);
            let key = disk.walk(path)?;
            disk.may(key, Need::Read)?;
            Ok(key)
        });
        opened.map_err(|errno| refused(path, "open the directory", errno))
    }
}

impl WriteSide for SimulatedSide {
    fn folder(&self, path: &RelPath) -> Result<Box<dyn WriteDir>, SideError> {
        let key = self.open_dir(path)?;
        Ok(Box::new(Folder { machine: self.machine.clone(), side: self.side, key, path: path.clone() }))
    }

    fn flush(&self, _: &mut BTreeSet<u64>) -> Result<(), SideError> {
        let mut state = self.machine.lock();
        let root = RelPath::root();
        state
            .step(Call::Flush, Some(self.side), &root)
            .map_err(|errno| refused(&root, "make the changes durable", errno))?;
        state.flush(self.side);
        Ok(())
    }

    fn room(&self) -> Result<Room, SideError> {
        let mut state = self.machine.lock();
        let root = RelPath::root();
        state
            .step(Call::Room, Some(self.side), &root)
            .map_err(|errno| refused(&root, "ask for the free space", errno))?;
        Ok(Room { bytes: if state.is_full() { 0 } else { 1 << 40 }, files: None, read_only: false })
    }

    /// No call that can be refused: then it would be the time of the machine, which is the same.
    fn clock(&self, _: Option<&Name>) -> Option<Clock> {
        let mut state = self.machine.lock();
        let now = clock(state.now);
        let tick = state.disk(self.side).tick();
        Some(Clock { now, tick: if tick > 1 { tick } else { 0 } })
    }
}

struct Folder {
    machine: Machine,
    side: Side,
    key: Key,
    path: RelPath,
}

impl Folder {
    /// One call that names a child.
    fn call<T>(
        &self,
        call: Call,
        name: &Name,
        what: &'static str,
        work: impl FnOnce(&mut Disk, u64) -> Result<T, Errno>,
    ) -> Result<T, SideError> {
        let mut state = self.machine.lock();
        let path = if name.is_empty() { self.path.clone() } else { self.path.join(name) };
        let done = state.step(call, Some(self.side), &path).and_then(|()| {
            let now = state.now;
            work(state.disk(self.side), now)
        });
        done.map_err(|errno| refused(&path, what, errno))
    }

    fn fill(
        &self,
        name: &Name,
        key: Key,
        source: &mut dyn Content,
        like: &Seen,
        watch: &mut Watch<'_>,
    ) -> Result<Seen, SideError> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 64];
        while (bytes.len() as u64) < like.size {
            let want = buffer.len().min((like.size - bytes.len() as u64) as usize);
            let read = match source.read(&mut buffer[..want]) {
                Ok(0) => return Err(SideError::Changed { path: self.path.join(name) }),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    let path = self.path.join(name);
                    return Err(SideError::Io { path, what: "copy the content", source });
                }
            };
            bytes.extend_from_slice(&buffer[..read]);
            self.call(Call::Write, name, "copy the content", |disk, now| {
                disk.write(key, Arc::from(&bytes[..]), now)
            })?;
            if !watch(read as u64) {
                return Err(SideError::Stopped);
            }
        }
        self.call(Call::Set, name, "set the time of", |disk, now| {
            disk.set(key, Some(like.mode), Some(from_time(like.mtime)), now)
        })?;
        self.call(Call::Look, name, "read the status of", |disk, _| disk.seen(key))
    }

    /// Clears up after a failure, as far as it can be.
    fn unmake(&self, name: &Name, kind: Kind) {
        let _ = self.call(Call::Remove, name, "remove", |disk, now| disk.remove(self.key, name, kind, now));
    }

    fn must_look(&self, name: &Name) -> Result<Seen, SideError> {
        self.look(name)?.ok_or_else(|| SideError::Changed { path: self.path.join(name) })
    }
}

impl WriteDir for Folder {
    fn path(&self) -> &RelPath {
        &self.path
    }

    fn look(&self, name: &Name) -> Result<Option<Seen>, SideError> {
        look(&self.machine, self.side, self.key, &self.path, name)
    }

    fn temps(&self) -> Result<Vec<TempName>, SideError> {
        self.call(Call::List, b"", "list the directory", |disk, _| {
            Ok(disk.children(self.key)?.keys().filter_map(|name| TempName::parse(name)).collect())
        })
    }

    fn create_file(
        &self,
        new: NewFile<'_>,
        source: &mut dyn Content,
        watch: &mut Watch<'_>,
    ) -> Result<Seen, SideError> {
        let NewFile { name, like, .. } = new;
        let key = self.call(Call::Make, name, "create the file", |disk, now| {
            disk.make(self.key, name, Body::File(Arc::from(&b""[..])), like.mode & 0o777, now)
        })?;
        self.fill(name, key, source, like, watch).inspect_err(|_| self.unmake(name, Kind::File))
    }

    fn create_link(&self, name: &Name, target: &[u8], like: &Seen) -> Result<Seen, SideError> {
        let key = self.call(Call::Make, name, "create the link", |disk, now| {
            disk.make(self.key, name, Body::Link(target.into()), 0o777, now)
        })?;
        let time = Some(from_time(like.mtime));
        let made = self.call(Call::Set, name, "set the time of", |disk, now| disk.set(key, None, time, now));
        made.and_then(|()| self.must_look(name)).inspect_err(|_| self.unmake(name, Kind::File))
    }

    fn create_dir(&self, name: &Name, mode: u32) -> Result<Box<dyn WriteDir>, SideError> {
        let key = self.call(Call::Make, name, "create the directory", |disk, now| {
            disk.make(self.key, name, Body::Dir(Default::default()), mode & 0o777 | 0o700, now)
        })?;
        self.call(Call::Open, name, "open the directory", |_, _| Ok(()))
            .inspect_err(|_| self.unmake(name, Kind::Dir))?;
        let (machine, side) = (self.machine.clone(), self.side);
        Ok(Box::new(Self { machine, side, key, path: self.path.join(name) }))
    }

    fn finish(&self, like: &Seen) -> Result<Seen, SideError> {
        self.call(Call::Set, b"", "set the permissions", |disk, now| {
            disk.set(self.key, Some(like.mode), Some(from_time(like.mtime)), now)
        })?;
        self.here()
    }

    fn here(&self) -> Result<Seen, SideError> {
        self.call(Call::Look, b"", "read the status of", |disk, _| disk.seen(self.key))
    }

    fn set_meta(
        &self,
        name: &Name,
        kind: Kind,
        mode: Option<u32>,
        mtime: Option<Time>,
    ) -> Result<Seen, SideError> {
        let child = |disk: &Disk| {
            disk.may(self.key, Need::Enter)?;
            disk.child(self.key, name)?.ok_or(Errno::NOENT)
        };
        if let Some(mode) = mode.filter(|_| kind != Kind::Link) {
            self.call(Call::Set, name, "set the permissions of", |disk, now| {
                let key = child(disk)?;
                match disk.inode(key).map(|inode| &inode.body) {
                    Some(Body::Link(_)) => Err(Errno::LOOP),
                    _ => disk.set(key, Some(mode), None, now),
                }
            })?;
        }
        if let Some(mtime) = mtime {
            self.call(Call::SetTime, name, "set the time of", |disk, now| {
                let key = child(disk)?;
                disk.set(key, None, Some(from_time(mtime)), now)
            })?;
        }
        self.must_look(name)
    }

    fn extras(&self, name: &Name) -> Result<ExtraValues, SideError> {
        extras(&self.machine, self.side, self.key, &self.path, name)
    }

    fn set_extras(
        &self,
        name: &Name,
        kind: Kind,
        values: &ExtraValues,
        mode: Option<u32>,
    ) -> Result<Given, SideError> {
        let key = |disk: &Disk| {
            disk.may(self.key, Need::Enter)?;
            if name == b"." { Ok(self.key) } else { disk.child(self.key, name)?.ok_or(Errno::NOENT) }
        };
        let shown = if name == b"." { &b""[..] } else { name };
        let owner = values.owner.map(|owner| owner.user);
        let attribute = values.attributes.as_deref().map(|all| match all {
            [one] => one.value[..].try_into().map_or(0, u32::from_le_bytes),
            _ => 0,
        });
        let mut refused = None;
        let parts = [
            (Facets { owner: true, ..Facets::NONE }, owner, None),
            (Facets { attributes: true, ..Facets::NONE }, None, attribute),
        ];
        for (part, owner, attribute) in parts {
            if owner.is_none() && attribute.is_none() {
                continue;
            }
            let set = self.call(Call::Set, shown, "set the owner and attributes of", |disk, now| {
                disk.give(key(disk)?, owner, attribute, now)
            });
            if let Err(error) = set {
                let (parts, first) = refused.take().unwrap_or((Facets::NONE, error));
                refused = Some((part.or(parts), first));
            }
        }
        if let Some(mode) = mode.filter(|_| kind != Kind::Link) {
            self.call(Call::Set, shown, "set the permissions of", |disk, now| {
                disk.set(key(disk)?, Some(mode), None, now)
            })?;
        }
        let seen = self.call(Call::Look, shown, "read the status of", |disk, _| disk.seen(key(disk)?))?;
        Ok(Given { seen, refused })
    }

    fn rename(&self, name: &Name, target: &dyn WriteDir, to: &Name, how: Rename) -> Result<(), SideError> {
        // Directories of the other side have numbers of their own; the caller keeps them apart.
        let into = target.number().ok_or(Errno::XDEV);
        self.call(Call::Rename, name, "rename", |disk, now| {
            disk.rename((self.key, name), (into? as Key, to), Some(how), now)
        })
    }

    fn remove(&self, name: &Name, kind: Kind) -> Result<(), SideError> {
        self.call(Call::Remove, name, "remove", |disk, now| disk.remove(self.key, name, kind, now))
    }

    fn number(&self) -> Option<u64> {
        Some(u64::from(self.key))
    }
}
