//! The reading half of a simulated side.

use std::io::{self, Read};

use reconcile::path::Name;
use reconcile::{Extras, FileId, Kind, Listing, Owner, RelPath, Seen, Side, Time};
use rustix::io::Errno;

use super::disk::{Body, Key, Need};
use super::machine::{Call, Machine};
use super::write::SimulatedSide;
use crate::side::extras::ExtraValues;
use crate::side::names::{TempName, is_ours};
use crate::side::{Capabilities, Content, Folding, ReadDir, ReadSide, SideError};

/// A file larger than this takes two reads, so that an edit can come between them.
const SLICE: usize = 8;

const REFUSED: Seen = Seen {
    kind: Kind::Unreadable,
    mode: 0,
    size: 0,
    mtime: Time { secs: 0, nanos: 0 },
    ctime: Time { secs: 0, nanos: 0 },
    id: FileId { ino: 0, birth: 0 },
    extras: Extras { owner: Owner::UNKNOWN, attributes: 0 },
};

impl ReadSide for SimulatedSide {
    fn capabilities(&self) -> Capabilities {
        let traits = self.machine.lock().disk(self.side).traits;
        Capabilities {
            exchange: traits.exchange,
            no_replace: true,
            reflink: false,
            time_resolution: traits.resolution,
            case_sensitive: true,
            folding: Folding::Never,
            permissions: true,
            writable: true,
        }
    }

    fn dir(&self, path: &RelPath) -> Result<Box<dyn ReadDir + '_>, SideError> {
        let key = self.open_dir(path)?;
        Ok(Box::new(SimulatedDir { machine: self.machine.clone(), side: self.side, key, path: path.clone() }))
    }
}

struct SimulatedDir {
    machine: Machine,
    side: Side,
    key: Key,
    path: RelPath,
}

impl SimulatedDir {
    fn failed<'a>(&'a self, name: &'a Name, what: &'static str) -> impl Fn(Errno) -> SideError + use<'a> {
        move |errno| refused(&self.path.join(name), what, errno)
    }
}

pub(super) fn refused(path: &RelPath, what: &'static str, errno: Errno) -> SideError {
    SideError::Io { path: path.clone(), what, source: errno.into() }
}

impl ReadDir for SimulatedDir {
    fn list(&self) -> Result<Listing, SideError> {
        let mut state = self.machine.lock();
        let failed = |errno| refused(&self.path, "list the directory", errno);
        state.step(Call::List, Some(self.side), &self.path).map_err(failed)?;
        let names: Vec<_> =
            state.disk(self.side).children(self.key).map_err(failed)?.keys().cloned().collect();
        let mut listing = Listing::default();
        for name in &names {
            if is_ours(name, self.path.is_root()) {
                listing.half_made |= TempName::parse(name).is_some();
                continue;
            }
            let path = self.path.join(name);
            let looked = state.step(Call::Look, Some(self.side), &path).and_then(|()| {
                let disk = state.disk(self.side);
                disk.may(self.key, Need::Enter)?;
                disk.child(self.key, name)?.map(|key| disk.seen(key)).transpose()
            });
            match looked {
                Ok(Some(seen)) => listing.push(name, seen),
                Ok(None) => {}
                Err(_) if state.end.is_some() => return Err(failed(Errno::IO)),
                Err(_) => listing.push(name, REFUSED),
            }
        }
        listing.sort();
        Ok(listing)
    }

    fn look(&self, name: &Name) -> Result<Option<Seen>, SideError> {
        look(&self.machine, self.side, self.key, &self.path, name)
    }

    fn open(&self, name: &Name) -> Result<Box<dyn Content>, SideError> {
        let mut state = self.machine.lock();
        let path = self.path.join(name);
        let opened = state.step(Call::Open, Some(self.side), &path).and_then(|()| {
            let disk = state.disk(self.side);
            disk.may(self.key, Need::Enter)?;
            let key = disk.child(self.key, name)?.ok_or(Errno::NOENT)?;
            match disk.inode(key).map(|inode| &inode.body) {
                Some(Body::File(_)) => {}
                Some(Body::Dir(_)) => return Err(Errno::ISDIR),
                Some(Body::Link(_)) => return Err(Errno::LOOP),
                Some(Body::Special) => return Err(Errno::NODEV),
                None => return Err(Errno::NOENT),
            }
            disk.may(key, Need::Read)?;
            Ok(key)
        });
        let key = opened.map_err(self.failed(name, "open"))?;
        Ok(Box::new(SimulatedFile { machine: self.machine.clone(), side: self.side, key, path, at: 0 }))
    }

    fn extras(&self, name: &Name) -> Result<ExtraValues, SideError> {
        extras(&self.machine, self.side, self.key, &self.path, name)
    }

    fn read_link(&self, name: &Name) -> Result<Vec<u8>, SideError> {
        let mut state = self.machine.lock();
        let target = state.step(Call::Read, Some(self.side), &self.path.join(name)).and_then(|()| {
            let disk = state.disk(self.side);
            disk.may(self.key, Need::Enter)?;
            let key = disk.child(self.key, name)?.ok_or(Errno::NOENT)?;
            match disk.inode(key).map(|inode| &inode.body) {
                Some(Body::Link(target)) => Ok(target.to_vec()),
                _ => Err(Errno::INVAL),
            }
        });
        target.map_err(self.failed(name, "read the link"))
    }
}

/// The status of one child, for both halves.
pub(super) fn look(
    machine: &Machine,
    side: Side,
    dir: Key,
    path: &RelPath,
    name: &Name,
) -> Result<Option<Seen>, SideError> {
    let mut state = machine.lock();
    let path = path.join(name);
    let looked = state.step(Call::Look, Some(side), &path).and_then(|()| {
        let disk = state.disk(side);
        disk.may(dir, Need::Enter)?;
        disk.child(dir, name)?.map(|key| disk.seen(key)).transpose()
    });
    looked.map_err(|errno| refused(&path, "read the status of", errno))
}

/// Owner and attributes of one child, or of the directory itself, for both halves.
pub(super) fn extras(
    machine: &Machine,
    side: Side,
    dir: Key,
    path: &RelPath,
    name: &Name,
) -> Result<ExtraValues, SideError> {
    let mut state = machine.lock();
    let path = if name == b"." { path.clone() } else { path.join(name) };
    let read = state.step(Call::Look, Some(side), &path).and_then(|()| {
        let disk = state.disk(side);
        disk.may(dir, Need::Enter)?;
        let key = if name == b"." { dir } else { disk.child(dir, name)?.ok_or(Errno::NOENT)? };
        Ok(disk.extras(disk.inode(key).ok_or(Errno::NOENT)?))
    });
    read.map_err(|errno| refused(&path, "read the owner and the attributes of", errno))
}

/// One open file: it stays the same object, whatever becomes of its name.
struct SimulatedFile {
    machine: Machine,
    side: Side,
    key: Key,
    path: RelPath,
    at: usize,
}

impl Read for SimulatedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.machine.lock();
        state.step(Call::Read, Some(self.side), &self.path)?;
        let Some(Body::File(bytes)) = state.disk(self.side).inode(self.key).map(|inode| &inode.body) else {
            return Err(Errno::IO.into());
        };
        let rest = bytes.get(self.at..).unwrap_or_default();
        let length = rest.len().min(buffer.len()).min(SLICE);
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}

impl Content for SimulatedFile {
    fn seen(&self) -> io::Result<Seen> {
        let mut state = self.machine.lock();
        state.step(Call::Look, Some(self.side), &self.path)?;
        Ok(state.disk(self.side).seen(self.key)?)
    }
}
