//! What follows both sides of a pair: a watch on every directory, and doubts about those in which something happened.
//!
//! A directory is watched before it is looked at, so that whatever is not seen by the look is told by the watch.

use std::collections::HashMap;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;

use reconcile::path::Name;
use reconcile::{Kind, Mode, RelPath, Side};
use rustix::fs::{AtFlags, FileType, RawDir, StatxFlags, fstatfs, statx};
use rustix::io::Errno;
use syncmgr::outcome::{Problem, ProblemClass};

use super::inotify::{Buffer, Inotify, What};
use super::places::{Places, Watch};
use crate::filter::{Filter, SideFilter};
use crate::look::Look;
use crate::side::local::LocalSide;
use crate::side::names::{IGNORE_FILE, is_ours};

/// Room for the names of a directory.
const NAMES: usize = 64 * 1024;

/// File systems that others write to as well (magic numbers of `statfs(2)`): NFS, SMB, 9P, Ceph, AFS, and what is made by
/// programs, which may be anything.
const REMOTE: [u32; 7] =
    [0x6969, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x00c3_6400, 0x5346_414f, 0x6573_5546];

/// Why directories cannot be watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Blind {
    /// There are more directories than this user may watch.
    #[error("there are more directories than may be watched (fs.inotify.max_user_watches)")]
    TooManyDirectories,
    /// Too many programs of this user watch something.
    #[error("too many programs watch directories already (fs.inotify.max_user_instances)")]
    TooManyWatchers,
    /// Anything else.
    #[error("the system cannot watch directories here: {}", syncmgr::reason(.0))]
    Refused(Errno),
}

impl Blind {
    /// What a person reads.
    pub(super) fn problem(self) -> Problem {
        let fix = match self {
            Self::TooManyDirectories => {
                "raise the limit with `sudo sysctl fs.inotify.max_user_watches=1048576` (and write it into /etc/sysctl.d \
                 to keep it)"
            }
            Self::TooManyWatchers => "raise the limit with `sudo sysctl fs.inotify.max_user_instances=1024`",
            Self::Refused(_) => "check that /proc is mounted and that the file system tells of changes",
        };
        Problem::new(ProblemClass::Config, self.to_string()).with_fix(fix)
    }
}

impl From<Errno> for Blind {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOSPC => Self::TooManyDirectories,
            Errno::MFILE => Self::TooManyWatchers,
            other => Self::Refused(other),
        }
    }
}

/// What an event means for what is known of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The entries of a directory have changed.
    Dir(RelPath),
    /// A directory may have changed with all beneath.
    Tree(RelPath),
    /// A directory was renamed.
    Renamed(RelPath, RelPath),
    /// A root is not where it was.
    Lost,
}

/// One thing that happened, as it is read.
pub(super) type Event = (Watch, What, Vec<u8>);

/// The watches of one pair.
pub(super) struct Eye {
    inotify: Inotify,
    sides: [Arc<LocalSide>; 2],
    filter: Filter,
    ours: [Option<RelPath>; 2],
    places: Places,
    /// Directories that were moved away and did not come back yet, by the number of the move.
    left: HashMap<u32, Left>,
    /// Directories that were not found where events say that they are: renamed since, they or one above. Later events
    /// will say so.
    missed: Vec<(Side, RelPath)>,
    /// Whether anything was met that leaves names out: then a moved directory may have other ones left out.
    filtered: bool,
    mode: Mode,
    doubts: Vec<Doubt>,
}

/// A directory that is watched, and open.
struct Above {
    watch: Watch,
    dir: Arc<OwnedFd>,
}

struct Left {
    watch: Watch,
    side: Side,
    from: RelPath,
}

impl Eye {
    /// Watches every directory of both sides.
    pub(super) fn open(look: &Look<'_>) -> Result<Self, Blind> {
        let mut eye = Self {
            inotify: Inotify::new()?,
            sides: [Arc::clone(&look.roots.a), Arc::clone(&look.roots.b)],
            filter: look.filter.clone(),
            ours: look.ours(),
            places: Places::default(),
            left: HashMap::new(),
            missed: Vec::new(),
            filtered: false,
            mode: look.policy.mode,
            doubts: Vec::new(),
        };
        eye.watch_all()?;
        Ok(eye)
    }

    /// Whether changes may come about that nobody here is told of: those that are made on other machines.
    pub(super) fn misses_some(&self) -> bool {
        self.sides
            .iter()
            .any(|side| fstatfs(side.root()).is_ok_and(|fs| REMOTE.contains(&(fs.f_type as u32))))
    }

    /// How many directories are watched.
    pub(super) fn directories(&self) -> usize {
        self.places.len()
    }

    /// What has something to read when something has happened.
    pub(super) fn source(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }

    /// Reads some of what has happened.
    pub(super) fn read(&self, buffer: &mut Buffer) -> Result<Vec<Event>, Blind> {
        let mut events: Vec<Event> = Vec::new();
        self.inotify.read(buffer, |watch, what, name| {
            // Whoever writes a file writes many times.
            let again = events.last().is_some_and(|(last, last_what, last_name)| {
                (*last, *last_what, &last_name[..]) == (watch, what, name)
            });
            if !(again && what == What::Changed) {
                events.push((watch, what, name.to_vec()));
            }
        })?;
        Ok(events)
    }

    /// Learns from what has happened; gives what is in doubt then.
    pub(super) fn learn(&mut self, events: &[Event]) -> Result<Vec<Doubt>, Blind> {
        for (watch, what, name) in events {
            self.learn_one(*watch, *what, name)?;
        }
        Ok(std::mem::take(&mut self.doubts))
    }

    /// Whether directories are on their way, so that what is known of them is not to be relied on.
    pub(super) fn awaits(&self) -> bool {
        !self.left.is_empty() || !self.missed.is_empty()
    }

    /// Nothing more has happened: directories that did not come until now went out of the pair, and the others are where
    /// events said, or gone.
    pub(super) fn settle(&mut self) -> Result<Vec<Doubt>, Blind> {
        for (_, left) in std::mem::take(&mut self.left) {
            self.forget(left.watch);
        }
        for (side, path) in std::mem::take(&mut self.missed) {
            self.doubts.push(Doubt::Tree(path.clone()));
            self.watch(side, path)?;
        }
        // What is not there even now was removed, which is told as well.
        self.missed.clear();
        Ok(std::mem::take(&mut self.doubts))
    }

    fn learn_one(&mut self, watch: Watch, what: What, name: &Name) -> Result<(), Blind> {
        if what == What::Overflow {
            self.doubts.push(Doubt::Tree(RelPath::root()));
            return self.watch_all();
        }
        let Some((side, dir)) = self.places.place(watch) else {
            // A directory that went out of the pair and was still watched.
            if what != What::Ended {
                self.inotify.remove(watch);
            }
            return Ok(());
        };
        match what {
            What::RootLost if self.places.is_root(watch) => self.doubts.push(Doubt::Lost),
            What::RootLost => self.doubts.push(Doubt::Tree(dir)),
            What::Ended if self.places.is_root(watch) => self.doubts.push(Doubt::Lost),
            What::Ended => {
                self.places.remove(watch);
            }
            _ if is_ours(name, dir.is_root()) => {}
            What::Changed if name == IGNORE_FILE => {
                self.doubts.push(Doubt::Tree(dir.clone()));
                self.watch(side, dir)?;
            }
            What::Changed => self.doubts.push(Doubt::Dir(dir)),
            What::DirAppeared => self.appeared(side, dir, name)?,
            What::DirChanged => {
                if self.places.child(watch, name).is_some() {
                    self.doubts.push(Doubt::Dir(dir));
                } else {
                    // Perhaps it can be looked into now.
                    self.appeared(side, dir, name)?;
                }
            }
            What::DirLeft(number) => {
                if let Some(child) = self.places.child(watch, name) {
                    self.left.insert(number, Left { watch: child, side, from: dir.join(name) });
                }
                self.doubts.push(Doubt::Dir(dir));
            }
            What::DirCame(number) => self.came(side, dir, watch, name, number)?,
            What::Overflow => {}
        }
        Ok(())
    }

    fn appeared(&mut self, side: Side, dir: RelPath, name: &Name) -> Result<(), Blind> {
        let path = dir.join(name);
        self.doubts.push(Doubt::Dir(dir));
        self.doubts.push(Doubt::Tree(path.clone()));
        self.watch(side, path)
    }

    /// A directory that was moved here: if it is known where from, its watches are still good.
    fn came(
        &mut self,
        side: Side,
        dir: RelPath,
        above: Watch,
        name: &Name,
        number: u32,
    ) -> Result<(), Blind> {
        let to = dir.join(name);
        if let Some(left) = self.left.remove(&number) {
            let here = self.sides[side as usize].open_dir(&to).ok();
            let watch = here.map(|here| self.inotify.add(here.as_fd(), false)).transpose()?;
            if watch == Some(left.watch) && left.side == side && !self.filtered {
                for gone in self.places.set(above, name, left.watch) {
                    self.inotify.remove(gone);
                }
                let missed = std::mem::take(&mut self.missed);
                self.doubts.push(Doubt::Renamed(left.from.clone(), to.clone()));
                self.doubts.push(Doubt::Dir(dir));
                if self.mode.leaves_what_is_gone() {
                    self.doubts.push(Doubt::Tree(to.clone()));
                }
                for (missed_on, path) in missed {
                    if missed_on == side && path.starts_with(&left.from) {
                        let names = path.names().skip(left.from.names().count());
                        let path = names.fold(to.clone(), |path, name| path.join(name));
                        self.doubts.push(Doubt::Tree(path.clone()));
                        self.watch(side, path)?;
                    } else {
                        self.missed.push((missed_on, path));
                    }
                }
                return Ok(());
            }
            // Something else has that name by now, or other rules hold here; perhaps both exchanged their names.
            self.forget(left.watch);
            if let Some((was_in, was)) = left.from.split() {
                self.appeared(left.side, was_in, was)?;
            }
        }
        self.appeared(side, dir, name)
    }

    /// Everything anew: what is watched already keeps its watch.
    fn watch_all(&mut self) -> Result<(), Blind> {
        self.places.clear();
        self.left.clear();
        self.missed.clear();
        for side in Side::BOTH {
            self.watch(side, RelPath::root())?;
        }
        Ok(())
    }

    /// Watches a directory and all beneath, each before it is looked into.
    fn watch(&mut self, side: Side, top: RelPath) -> Result<(), Blind> {
        let local = Arc::clone(&self.sides[side as usize]);
        let filter = SideFilter::new(&self.filter).in_any_order().without(self.ours[side as usize].clone());
        let mut names = Vec::with_capacity(NAMES);
        let mut gone = Vec::new();
        let mut open = vec![(self.above(side, &top)?, top)];
        while let Some((above, path)) = open.pop() {
            if !path.is_root() && filter.excludes(&*local, &path, Kind::Dir) {
                continue;
            }
            let dir = match (&above, path.split()) {
                (_, None) => local.open_dir(&path).map_err(|_| Errno::NOENT),
                (Some(above), Some((_, name))) => local.open_dir_in(above.dir.as_fd(), name),
                (None, Some(_)) => Err(Errno::NOENT),
            };
            let dir = match dir {
                Ok(dir) => Arc::new(dir),
                Err(Errno::NOENT | Errno::NOTDIR) => {
                    self.missed.push((side, path));
                    continue;
                }
                // What lets nobody in is told of by the look.
                Err(_) => continue,
            };
            let watch = self.inotify.add(dir.as_fd(), path.is_root())?;
            match (&above, path.split()) {
                (Some(above), Some((_, name))) => gone.append(&mut self.places.set(above.watch, name, watch)),
                _ if self.places.is_root(watch) => {}
                _ => self.places.set_root(side, watch),
            }
            each_directory(&dir, &mut names, |name| {
                if !is_ours(name, path.is_root()) {
                    open.push((Some(Above { watch, dir: Arc::clone(&dir) }), path.join(name)));
                }
            });
        }
        self.filtered |= !filter.is_empty();
        drop(filter);
        for watch in gone {
            if self.places.place(watch).is_none() {
                self.inotify.remove(watch);
            }
        }
        Ok(())
    }

    /// The directory above, open, if it is the one that is watched by that name: it may have been renamed since.
    fn above(&self, side: Side, path: &RelPath) -> Result<Option<Above>, Blind> {
        let Some((parent, _)) = path.split() else { return Ok(None) };
        let (Some(watch), Ok(dir)) =
            (self.places.find(side, &parent), self.sides[side as usize].open_dir(&parent))
        else {
            return Ok(None);
        };
        let same = self.inotify.add(dir.as_fd(), parent.is_root())? == watch;
        Ok(same.then(|| Above { watch, dir: Arc::new(dir) }))
    }

    fn forget(&mut self, watch: Watch) {
        for gone in self.places.remove(watch) {
            self.inotify.remove(gone);
        }
    }
}

/// The names of all directories in a directory. One that cannot be listed to the end is one that the look will tell of.
fn each_directory(dir: &OwnedFd, names: &mut Vec<u8>, mut each: impl FnMut(&Name)) {
    let mut entries = RawDir::new(dir, names.spare_capacity_mut());
    while let Some(Ok(entry)) = entries.next() {
        let name = entry.file_name();
        let is_dir = match entry.file_type() {
            FileType::Directory => true,
            FileType::Unknown => statx(dir, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::TYPE)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.stx_mode.into()) == FileType::Directory),
            _ => false,
        };
        if is_dir && !matches!(name.to_bytes(), b"." | b"..") {
            each(name.to_bytes());
        }
    }
}
