//! One file or link: copied, looked at again, and copied anew if it changed meanwhile (S10).

use std::cell::Cell;
use std::io;
use std::sync::atomic::Ordering;

use reconcile::path::Name;
use reconcile::{Kind, RelPath, Seen, Side};

use super::{Batch, Failed};
use crate::apply::task::{Copied, Item};
use crate::apply::{Point, Why, same_version};
use crate::scan::same_bytes;
use crate::side::write::{NewFile, WriteDir};
use crate::side::{BORROWED, Content, ReadDir, SideError};

/// How often a file that changes meanwhile is copied again (S10).
const TRIES: u32 = 3;
/// From so many bytes on a copy says how far it is.
const WORTH_SAYING: u64 = 4 * 1024 * 1024;
/// From so many bytes on a file is not copied before it is known that its name is free.
const LARGE: u64 = 1024 * 1024;

/// A file or link that is to be made, and the directories that it comes from and goes to.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'l> {
    pub(super) on: Side,
    pub(super) path: &'l RelPath,
    pub(super) item: &'l Item,
    pub(super) from: &'l dyn ReadDir,
    pub(super) into: &'l dyn WriteDir,
    /// Nobody sees that directory: it is made under its final name.
    pub(super) hidden: bool,
}

/// What came of it.
pub(super) struct Made {
    /// Where it is.
    pub(super) name: Vec<u8>,
    /// The version that was copied.
    pub(super) source: Seen,
    pub(super) copy: Seen,
}

impl<'l> Leaf<'l> {
    /// It, as it is copied to `name`.
    fn copied(&self, name: &'l Name, wanted: Seen) -> Copied<'l> {
        // Only files share blocks, and what else is kept.
        let instead = self.item.instead.as_deref();
        let instead = instead.filter(|instead| [wanted.kind, instead.target.kind] == [Kind::File; 2]);
        Copied { original: (self.from, &self.item.name[..]), copy: (self.into, name), wanted, instead }
    }

    /// The original's status could not be read.
    fn unread(&self, source: io::Error) -> Failed {
        let path = self.path.clone();
        Failed::This(Why::Source(SideError::Io { path, what: "read the status of", source }))
    }
}

impl Batch<'_, '_> {
    /// Makes one file or link: in a hidden directory under its final name, else under a temporary one.
    pub(super) fn leaf(&self, leaf: &Leaf<'_>) -> Result<Made, Failed> {
        let Leaf { on, path, item, into, hidden, .. } = *leaf;
        let mut source = item.source;
        let mut fresh = item.fresh;
        let mut tries = 0;
        // The same question as for a tree, where the answer saves more than it costs.
        if !hidden && item.instead.is_none() && source.size >= LARGE && into.look(&item.name)?.is_some() {
            return Err(Failed::This(Why::Taken));
        }
        while tries < TRIES {
            let name = if hidden { item.name.clone() } else { self.apply.temp_name() };
            let once = match source.kind {
                Kind::Link => self.link_once(leaf, &name, &mut source),
                _ => self.file_once(leaf, &name, &mut source, fresh),
            };
            match once {
                Ok(Some(copy)) => return Ok(Made { name, source, copy }),
                Ok(None) => {}
                Err(Failed::This(Why::Taken)) if !hidden => continue,
                // Nobody but this batch writes there.
                Err(Failed::This(Why::Taken)) => return Err(self.clash(on, path, into.path(), &item.name)),
                Err(failed) => return Err(failed),
            }
            tries += 1;
            fresh = false;
        }
        Err(Failed::This(Why::KeepsChanging))
    }

    /// Why a name is taken in a directory that nobody else knows: the side takes two names for one.
    pub(super) fn clash(&self, on: Side, path: &RelPath, place: &RelPath, name: &Name) -> Failed {
        let dir = path.split().map(|(dir, _)| dir).unwrap_or_default();
        let other = self.apply.spelled_otherwise(on, place, name);
        Failed::This(other.map_or(Why::Taken, |other| Why::SameName { by: dir.join(&other) }))
    }

    /// One try; none if the file changed meanwhile. `source` becomes the version that was copied.
    fn file_once(
        &self,
        leaf: &Leaf<'_>,
        name: &Name,
        source: &mut Seen,
        fresh: bool,
    ) -> Result<Option<Seen>, Failed> {
        let Leaf { on, path, item, into, .. } = *leaf;
        let mut content = match leaf.from.open_known(&item.name) {
            Ok(content) => content,
            Err(SideError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(Failed::This(Why::Vanished));
            }
            Err(error) => return Err(Failed::This(Why::Source(error))),
        };
        if !fresh {
            *source = content.seen().map_err(|error| leaf.unread(error))?;
            if source.kind != Kind::File {
                return Err(Failed::This(Why::Changed));
            }
        }
        self.hook(Point::Staging, on, path)?;
        let mode =
            item.instead.as_ref().filter(|instead| instead.keep.mode).map(|instead| instead.target.mode);
        // A mode that stays lends only what the new content's mode lends too: the new file has another owner, perhaps.
        let mode = mode.map_or(source.mode, |kept| kept & (source.mode | !BORROWED));
        let copied = leaf.copied(name, Seen { mode, ..*source });
        let unsaid = Cell::new(0);
        let made = match self.copy_content(leaf, &copied, &mut *content, &unsaid) {
            Err(SideError::Changed { .. }) => return Ok(None),
            // Whatever took its place since it was listed cannot be copied as a file.
            Err(_) if fresh && content.seen().is_ok_and(|now| now.kind != Kind::File) => {
                return Err(Failed::This(Why::Changed));
            }
            made => self.guard(on, made)?,
        };
        let made = self.given(leaf, &copied, source, made)?;
        self.hook(Point::Staged, on, path)?;
        let now = content.seen().map_err(|error| leaf.unread(error))?;
        if same_version(source, &now) && self.is_no_mix(on, source, &copied) {
            self.apply.ground.report.done(path, 1, unsaid.get());
            return Ok(Some(made));
        }
        into.remove(name, Kind::File)?;
        Ok(None)
    }

    /// Makes the file. `unsaid` are bytes of it that nobody was told of yet.
    fn copy_content(
        &self,
        leaf: &Leaf<'_>,
        copied: &Copied<'_>,
        content: &mut dyn Content,
        unsaid: &Cell<u64>,
    ) -> Result<Seen, SideError> {
        let report = self.apply.ground.report;
        let mut watch = |bytes: u64| {
            self.written[leaf.on as usize].fetch_add(bytes, Ordering::Relaxed);
            let sum = unsaid.get() + bytes;
            if sum < WORTH_SAYING {
                unsaid.set(sum);
                return true;
            }
            unsaid.set(0);
            report.done(leaf.path, 0, sum);
            report.go_on() && !self.died.load(Ordering::Relaxed)
        };
        let (into, name) = copied.copy;
        let instead = copied.instead.map(|_| copied.original.1);
        into.create_file(NewFile { name, instead, like: &copied.wanted }, content, &mut watch)
    }

    /// Whether a copy is of one version (S10), where times would not show an edit: then both are read once more. A copy
    /// that cannot be read is compared by the next run.
    fn is_no_mix(&self, on: Side, source: &Seen, copied: &Copied<'_>) -> bool {
        if !self.doubt.covers(on.other(), source) {
            return true;
        }
        let Copied { original: (from, original), copy: (into, copy), .. } = *copied;
        // The next try has the reason.
        let Ok(mut original) = from.open(original) else { return false };
        let side = self.apply.side(on);
        let dir = side.dir(into.path());
        let Ok(mut copy) = dir.and_then(|dir| dir.open(copy)) else { return true };
        let mut go_on = |_| self.apply.ground.report.go_on();
        !matches!(same_bytes(&mut *original, &mut *copy, &mut go_on), Ok(Some(false)))
    }

    /// The same for a link.
    fn link_once(&self, leaf: &Leaf<'_>, name: &Name, source: &mut Seen) -> Result<Option<Seen>, Failed> {
        let Leaf { on, path, item, from, into, .. } = *leaf;
        let target = match from.read_link(&item.name) {
            Err(SideError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(Failed::This(Why::Vanished));
            }
            target => target?,
        };
        let now = from.look(&item.name)?.ok_or(Failed::This(Why::Vanished))?;
        if !same_version(source, &now) {
            if now.kind != Kind::Link {
                return Err(Failed::This(Why::Changed));
            }
            *source = now;
            return Ok(None);
        }
        self.hook(Point::Staging, on, path)?;
        let made = self.guard(on, into.create_link(name, &target, source))?;
        let made = self.given(leaf, &leaf.copied(name, *source), source, made)?;
        self.hook(Point::Staged, on, path)?;
        self.apply.ground.report.done(path, 1, 0);
        Ok(Some(made))
    }

    /// The copy with all that is kept besides, where anything is. What cannot have it is not left behind.
    fn given(
        &self,
        leaf: &Leaf<'_>,
        copied: &Copied<'_>,
        source: &mut Seen,
        made: Seen,
    ) -> Result<Seen, Failed> {
        if !self.apply.keeps_extras() {
            return Ok(made);
        }
        self.apply.give_to_copy(leaf.on, leaf.path, copied, source, made).map_err(|why| {
            let (into, name) = copied.copy;
            let _ = into.remove(name, made.kind);
            Failed::This(why)
        })
    }
}
