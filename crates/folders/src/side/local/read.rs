//! Reading a local side.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use reconcile::path::Name;
use reconcile::{Extras, FileId, Kind, Listing, Owner, RelPath, Seen, Time};
use rustix::fs::{Mode, OFlags, RawDir, SeekFrom, openat, readlinkat};
use rustix::io::Errno;

use super::fs_type::says_it_folds;
use super::{LocalSide, Trust, Volume, io_error, io_error_at, look_at_open};
use crate::side::extras::ExtraValues;
use crate::side::names::{TempName, is_ours};
use crate::side::{Capabilities, Content, ReadDir, ReadSide, SideError};

/// Room for the names that one call brings: a directory of a thousand files is read at once.
const NAMES_BUFFER: usize = 64 * 1024;

thread_local! {
    static NAMES: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(NAMES_BUFFER));
}

impl ReadSide for LocalSide {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn dir(&self, path: &RelPath) -> Result<Box<dyn ReadDir + '_>, SideError> {
        let fd = self.open_dir(path)?;
        Ok(Box::new(LocalDir { side: self, fd, path: path.clone(), listed: Cell::new(false) }))
    }
}

/// One open directory.
struct LocalDir<'s> {
    side: &'s LocalSide,
    fd: OwnedFd,
    path: RelPath,
    /// The descriptor's position is at the end.
    listed: Cell<bool>,
}

impl LocalDir<'_> {
    fn open_file(&self, name: &Name) -> Result<LocalFile, Errno> {
        // Non-blocking: a pipe that took the file's place must not make us wait.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = self.side.quietly(flags, |flags| openat(&self.fd, name, flags, Mode::empty()))?;
        Ok(LocalFile { file: File::from(fd), trust: self.side.trust })
    }

    fn list_into(&self, listing: &mut Listing, buffer: &mut Vec<u8>) -> Result<(), Errno> {
        let mut missing: Vec<Vec<u8>> = Vec::new();
        let at_top = self.path.is_root();
        let mut volume = self.side.volumes.root();
        let mut entries = RawDir::new(&self.fd, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let c_name = entry.file_name();
            let name = c_name.to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            if is_ours(name, at_top) {
                listing.half_made |= TempName::parse(name).is_some();
                continue;
            }
            match self.side.status(self.fd.as_fd(), c_name) {
                Ok(Some(stat)) => {
                    let seen = self.side.seen(&stat);
                    if Volume::of(&stat) != volume {
                        volume = Volume::of(&stat);
                        let at =
                            || if seen.kind == Kind::Dir { self.path.join(name) } else { self.path.clone() };
                        self.side.volumes.meet(volume, at);
                    }
                    listing.push(name, self.side.with_attributes(self.fd.as_fd(), name, seen));
                }
                Ok(None) => missing.push(name.to_vec()),
                // Refused: there is something, and nobody may take it for nothing (S5).
                Err(_) => listing.push(name, UNREADABLE),
            }
        }
        self.list_missing(&missing, listing, buffer)
    }

    /// What was listed and then not found: gone since, unless it is listed again. Then the file system contradicts itself
    /// (some in user space do), and nobody may take that for an absence (S5).
    fn list_missing(
        &self,
        missing: &[Vec<u8>],
        listing: &mut Listing,
        buffer: &mut Vec<u8>,
    ) -> Result<(), Errno> {
        if missing.is_empty() {
            return Ok(());
        }
        rustix::fs::seek(&self.fd, rustix::fs::SeekFrom::Start(0))?;
        let mut entries = RawDir::new(&self.fd, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let c_name = entry.file_name();
            if missing.iter().any(|name| name == c_name.to_bytes()) {
                let seen = self.side.look_at(self.fd.as_fd(), c_name.to_bytes());
                listing.push(c_name.to_bytes(), seen.ok().flatten().unwrap_or(UNREADABLE));
            }
        }
        Ok(())
    }
}

impl ReadDir for LocalDir<'_> {
    fn list(&self) -> Result<Listing, SideError> {
        let mut listing = Listing::default();
        NAMES
            .with_borrow_mut(|buffer| {
                if self.listed.replace(true) {
                    rustix::fs::seek(&self.fd, rustix::fs::SeekFrom::Start(0))?;
                }
                self.list_into(&mut listing, buffer)
            })
            .map_err(|errno| io_error(&self.path, "list the directory", errno))?;
        listing.sort();
        Ok(listing)
    }

    fn look(&self, name: &Name) -> Result<Option<Seen>, SideError> {
        let look = self.side.look_at(self.fd.as_fd(), name);
        look.map_err(|errno| io_error_at(&self.path, name, "read the status of", errno))
    }

    fn open(&self, name: &Name) -> Result<Box<dyn Content>, SideError> {
        let file = self.open_file(name).and_then(|file| match look_at_open(&file.file, file.trust)?.kind {
            Kind::File => Ok(file),
            Kind::Dir => Err(Errno::ISDIR),
            _ => Err(Errno::NODEV),
        });
        match file {
            Ok(file) => Ok(Box::new(file)),
            Err(errno) => Err(io_error_at(&self.path, name, "open", errno)),
        }
    }

    fn open_known(&self, name: &Name) -> Result<Box<dyn Content>, SideError> {
        match self.open_file(name) {
            Ok(file) => Ok(Box::new(file)),
            Err(errno) => Err(io_error_at(&self.path, name, "open", errno)),
        }
    }

    fn folds(&self) -> bool {
        says_it_folds(self.fd.as_fd())
    }

    fn owner(&self, name: &Name) -> Result<Option<Owner>, SideError> {
        let stat = rustix::fs::statat(&self.fd, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|errno| io_error_at(&self.path, name, "read the status of", errno))?;
        Ok(Some(Owner { user: stat.st_uid, group: stat.st_gid }))
    }

    fn extras(&self, name: &Name) -> Result<ExtraValues, SideError> {
        let extras = self.side.extras(self.fd.as_fd(), name);
        extras.map_err(|errno| io_error_at(&self.path, name, "read the owner and the attributes of", errno))
    }

    fn read_link(&self, name: &Name) -> Result<Vec<u8>, SideError> {
        match readlinkat(&self.fd, name, Vec::new()) {
            Ok(target) => Ok(target.into_bytes()),
            Err(errno) => Err(io_error_at(&self.path, name, "read the link", errno)),
        }
    }
}

/// What is known of a name whose status was refused.
const UNREADABLE: Seen = Seen {
    kind: Kind::Unreadable,
    mode: 0,
    size: 0,
    mtime: Time { secs: 0, nanos: 0 },
    ctime: Time { secs: 0, nanos: 0 },
    id: FileId { ino: 0, birth: 0 },
    extras: Extras { owner: Owner::UNKNOWN, attributes: 0 },
};

/// One open file.
struct LocalFile {
    file: File,
    trust: Trust,
}

impl Read for LocalFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Content for LocalFile {
    fn seen(&self) -> io::Result<Seen> {
        Ok(look_at_open(&self.file, self.trust)?)
    }

    fn hole(&mut self) -> io::Result<u64> {
        let at = rustix::fs::tell(&self.file)?;
        let data = match rustix::fs::seek(&self.file, SeekFrom::Data(at)) {
            Ok(data) => data,
            // Only a hole is left.
            Err(Errno::NXIO) => rustix::fs::seek(&self.file, SeekFrom::End(0))?,
            // A file system without the question.
            Err(Errno::INVAL | Errno::OPNOTSUPP) => at,
            Err(error) => return Err(error.into()),
        };
        rustix::fs::seek(&self.file, SeekFrom::Start(at))?;
        Ok(data.saturating_sub(at))
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let bytes = i64::try_from(bytes).map_err(io::Error::other)?;
        rustix::fs::seek(&self.file, SeekFrom::Current(bytes))?;
        Ok(())
    }

    fn as_file(&self) -> Option<&File> {
        Some(&self.file)
    }
}
