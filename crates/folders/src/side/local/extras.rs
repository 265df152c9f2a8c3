//! Owners and extended attributes of a local folder's entries.
//!
//! Attributes are asked for by way of the directory's entry in `/proc`: the system has no call that names a child of an
//! open directory before Linux 6.13. The last step never follows a link (S8).

use std::os::fd::{AsRawFd, BorrowedFd};

use reconcile::path::Name;
use reconcile::{Facets, Keep, Kind, Owner, Seen};
use rustix::buffer::spare_capacity;
use rustix::fs::{AtFlags, Gid, Uid, XattrFlags};
use rustix::io::Errno;

use super::write::Folder;
use super::{LocalSide, io_error_at};
use crate::side::extras::{Attribute, ExtraValues, Given, digest, is_kept};
use crate::side::{ReadSide as _, SideError};

/// More than that the system gives for no list and no value.
const LARGEST: usize = 64 * 1024;
/// The largest list or value for which one call is enough.
const COMMON: usize = 512;

impl LocalSide {
    /// The same side, showing what else is kept.
    #[must_use]
    pub fn keeping(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self.trust.owner = keep.owners;
        self
    }

    /// Which of what is to be kept this file system cannot hold at all, as far as can be known without writing.
    pub fn cannot_keep(&self, keep: Keep) -> Option<&'static str> {
        if keep.owners && !self.capabilities().permissions {
            return Some("owners");
        }
        let probe = || rustix::fs::fgetxattr(self.root(), c"user.instep.probe", &mut [0_u8; 1][..]);
        (keep.attributes && matches!(probe(), Err(Errno::OPNOTSUPP))).then_some("attributes")
    }

    /// Owner and attributes of a child, as far as they are kept; "." is the directory itself.
    pub(super) fn extras(&self, dir: BorrowedFd<'_>, name: &Name) -> Result<ExtraValues, Errno> {
        let owner = if self.keep.owners {
            let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
            Some(Owner { user: stat.st_uid, group: stat.st_gid })
        } else {
            None
        };
        let attributes = if self.keep.attributes { Some(attributes(&place(dir, name))?) } else { None };
        Ok(ExtraValues { owner, attributes })
    }

    /// What was seen of a child, with its attributes in short if they are kept. What is refused is unknown: it is neither
    /// a change nor an absence (S5).
    pub(super) fn with_attributes(&self, dir: BorrowedFd<'_>, name: &Name, mut seen: Seen) -> Seen {
        if self.keep.attributes && matches!(seen.kind, Kind::File | Kind::Dir | Kind::Link) {
            seen.extras.attributes = attributes(&place(dir, name)).map_or(0, |all| digest(&all));
        }
        seen
    }
}

/// Where the system finds a child by its path.
fn place(dir: BorrowedFd<'_>, name: &Name) -> Vec<u8> {
    [format!("/proc/self/fd/{}/", dir.as_raw_fd()).as_bytes(), name].concat()
}

/// All attributes that are kept, sorted.
fn attributes(place: &[u8]) -> Result<Vec<Attribute>, Errno> {
    let mut all = Vec::new();
    for name in names(place)? {
        match read(|buffer| rustix::fs::lgetxattr(place, &name[..], buffer)) {
            Ok(value) => all.push(Attribute { name, value }),
            // Taken away in this moment.
            Err(Errno::NODATA) => {}
            Err(errno) => return Err(errno),
        }
    }
    all.sort_unstable();
    Ok(all)
}

/// The names of all attributes that are kept. A file system that knows of none has none.
fn names(place: &[u8]) -> Result<Vec<Vec<u8>>, Errno> {
    let list = match read(|buffer| rustix::fs::llistxattr(place, buffer)) {
        Err(Errno::OPNOTSUPP) => Vec::new(),
        list => list?,
    };
    let names = list.split(|&byte| byte == 0).filter(|name| is_kept(name));
    Ok(names.map(<[u8]>::to_vec).collect())
}

/// Reads what has no length that could be known beforehand.
fn read(
    call: impl Fn(rustix::buffer::SpareCapacity<'_, u8>) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    let mut buffer = Vec::with_capacity(COMMON);
    match call(spare_capacity(&mut buffer)) {
        Err(Errno::RANGE) => {
            buffer.reserve(LARGEST);
            call(spare_capacity(&mut buffer))?;
        }
        length => drop(length?),
    }
    Ok(buffer)
}

impl Folder {
    /// Gives a child owner and attributes, as far as they are said, and then `mode`: changing the owner takes bits of it
    /// away, and an access list changes others. What is refused is left as it is, and said; without the owner there is no
    /// mode either, for it may lend the owner's rights.
    pub(super) fn give(
        &self,
        name: &Name,
        kind: Kind,
        values: &ExtraValues,
        mode: Option<u32>,
    ) -> Result<Given, SideError> {
        let failed = |what, errno| io_error_at(&self.path, name, what, errno);
        let mut refused: Option<(Facets, SideError)> = None;
        let mut refuse = |part: Facets, error: SideError| {
            let (parts, first) = refused.take().unwrap_or((Facets::NONE, error));
            refused = Some((parts.or(part), first));
        };
        if let Some(owner) = values.owner
            && let Err(errno) = self.set_owner(name, owner)
        {
            refuse(Facets { owner: true, ..Facets::NONE }, failed("set the owner of", errno));
        }
        if let Some(attributes) = &values.attributes
            && let Err(errno) = self.set_attributes(name, kind, attributes)
        {
            refuse(Facets { attributes: true, ..Facets::NONE }, failed("set the attributes of", errno));
        }
        let mut seen = self.must_look(name)?;
        let has_owner = refused.as_ref().is_none_or(|(parts, _)| !parts.owner);
        if let Some(mode) = mode.filter(|&mode| has_owner && mode != seen.mode && self.keeps_mode(kind)) {
            self.change_mode(name, kind, mode)?;
            seen = self.must_look(name)?;
        }
        Ok(Given { seen, refused })
    }

    /// Only what is not so already: nothing is asked of the system that it need not allow.
    fn set_owner(&self, name: &Name, owner: Owner) -> Result<(), Errno> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if owner == Owner::UNKNOWN || (stat.st_uid, stat.st_gid) == (owner.user, owner.group) {
            return Ok(());
        }
        let user = (stat.st_uid != owner.user).then(|| Uid::from_raw_unchecked(owner.user));
        let group = (stat.st_gid != owner.group).then(|| Gid::from_raw_unchecked(owner.group));
        match rustix::fs::chownat(&self.fd, name, user, group, AtFlags::SYMLINK_NOFOLLOW) {
            // Who may not give it away may still give it to a group of their own.
            Err(errno) if user.is_some() && group.is_some() => {
                let _ = rustix::fs::chownat(&self.fd, name, None, group, AtFlags::SYMLINK_NOFOLLOW);
                Err(errno)
            }
            answer => answer,
        }
    }

    /// Makes the attributes exactly these. One that is refused does not keep the others away.
    fn set_attributes(&self, name: &Name, kind: Kind, wanted: &[Attribute]) -> Result<(), Errno> {
        let place = place(self.fd(), name);
        let there = attributes(&place)?;
        let mut outcome = Ok(());
        let mut tried = |done: Result<(), Errno>| {
            if outcome.is_ok() {
                outcome = done;
            }
        };
        for gone in
            there.iter().filter(|one| wanted.binary_search_by(|other| other.name.cmp(&one.name)).is_err())
        {
            tried(self.with_lock_open(name, kind, || rustix::fs::lremovexattr(&place[..], &gone.name[..])));
        }
        for Attribute { name: attribute, value } in
            wanted.iter().filter(|one| there.binary_search(one).is_err())
        {
            let set = || rustix::fs::lsetxattr(&place[..], &attribute[..], value, XattrFlags::empty());
            tried(self.with_lock_open(name, kind, set));
        }
        outcome
    }

    /// Does something to a child of our own that is closed even to us, opened for that moment.
    fn with_lock_open(
        &self,
        name: &Name,
        kind: Kind,
        work: impl Fn() -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        const LOCK: u32 = 0o600;
        match work() {
            Err(Errno::ACCESS) if kind != Kind::Link => {}
            answer => return answer,
        }
        let mode = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode & 0o7777;
        if mode & LOCK == LOCK {
            return Err(Errno::ACCESS);
        }
        self.set_mode(name, kind, super::create::mode_bits(mode | LOCK))?;
        let answer = work();
        self.set_mode(name, kind, super::create::mode_bits(mode))?;
        answer
    }
}
