//! What people wrote, what they themselves did away with, and so what must never be lost.

use std::collections::HashSet;
use std::sync::Arc;

use reconcile::{RelPath, Side};

use super::disk::{Body, Disk, ROOT};
use super::person::{Act, Deed, Version, content};
use crate::side::names::{OUR_DIR, TempName};

/// Where on a side a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Live,
    Trash,
    /// Half-made things of ours.
    Temp,
}

pub(crate) fn place_of(path: &RelPath) -> Place {
    let mut place = Place::Live;
    for (depth, name) in path.names().enumerate() {
        if depth == 0 && name == OUR_DIR {
            return Place::Trash;
        }
        if TempName::parse(name).is_some() {
            place = Place::Temp;
        }
    }
    place
}

/// What people wrote, and what they themselves did away with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    /// By version; the first is 1.
    versions: Vec<Entry>,
    /// Contents that nobody wrote, but a power failure left in a file that a person had not flushed.
    damaged: HashSet<Arc<[u8]>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    size: usize,
    /// It came to be on a disk.
    written: bool,
    /// A person deleted or overwrote a copy of it: no side has to keep it, but for the trash.
    given_up: bool,
    /// A person did away with the last copy, or never flushed it.
    excused: bool,
    /// The power failed before it was flushed: its content may be there with the time of another.
    doubtful: bool,
    /// Copies that do not come from the run that is under way.
    own: i64,
}

/// How many copies of each version there are, and where.
#[derive(Debug, Clone, Default)]
pub(crate) struct Copies {
    live: Vec<u32>,
    trash: Vec<u32>,
    temp: Vec<u32>,
    /// Files under final names whose content nobody wrote.
    pub(crate) partial: Vec<(Side, RelPath)>,
}

impl Copies {
    fn live(&self, version: usize) -> u32 {
        self.live.get(version).copied().unwrap_or(0)
    }

    fn temp(&self, version: usize) -> u32 {
        self.temp.get(version).copied().unwrap_or(0)
    }

    fn anywhere(&self, version: usize) -> u32 {
        self.live(version) + self.trash.get(version).copied().unwrap_or(0)
    }
}

impl Ledger {
    /// A version that nobody used yet.
    pub(crate) fn next(&mut self) -> Version {
        if self.versions.is_empty() {
            self.versions.push(Entry::default());
        }
        self.versions.push(Entry::default());
        (self.versions.len() - 1) as Version
    }

    /// The bytes of a version, which is known from now on.
    pub(crate) fn content(&mut self, version: Version, size: usize) -> Arc<[u8]> {
        let at = version as usize;
        if self.versions.len() <= at {
            self.versions.resize(at + 1, Entry::default());
        }
        self.versions[at].size = size;
        content(version, size)
    }

    /// Nothing but the content itself tells this version: against an edit on the other side it goes to the trash.
    pub(super) fn sneaked(&mut self, version: Version) {
        self.versions[version as usize].given_up = true;
    }

    /// The same for a version that got the time of the one before it, an hour aside: that is how summer time looks on a file
    /// system that keeps local time, and against an edit on the other side it is none. The version before is not known
    /// here, only that it is older than this one, by as long as a history takes.
    pub(super) fn touched(&mut self, bytes: &[u8], was: u64, time: u64) {
        const AN_HOUR: u64 = 3_600_000_000_000;
        const A_HISTORY: u64 = 1_800_000_000_000;
        if (AN_HOUR..AN_HOUR + A_HISTORY).contains(&was.saturating_sub(time))
            && let Some(version) = self.version_of(bytes)
        {
            self.versions[version].given_up = true;
        }
    }

    /// Which version these bytes are.
    fn version_of(&self, bytes: &[u8]) -> Option<usize> {
        let version = Version::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
        let entry = self.versions.get(version as usize)?;
        (entry.size == bytes.len() && *content(version, entry.size) == *bytes).then_some(version as usize)
    }

    /// Whether a power failure may have left these bytes with the times of others.
    pub(crate) fn is_doubtful(&self, bytes: &[u8]) -> bool {
        self.version_of(bytes).is_none_or(|version| self.versions[version].doubtful)
    }

    /// All copies on both disks.
    pub(crate) fn live(&self, disks: &[Disk; 2]) -> Copies {
        let mut copies = Copies {
            live: vec![0; self.versions.len()],
            trash: vec![0; self.versions.len()],
            temp: vec![0; self.versions.len()],
            partial: Vec::new(),
        };
        for side in Side::BOTH {
            disks[side as usize].each(&mut |path, _, inode| {
                let (Body::File(bytes) | Body::Link(bytes)) = &inode.body else { return };
                match (self.version_of(bytes), place_of(path)) {
                    (Some(version), Place::Live) => copies.live[version] += 1,
                    (Some(version), Place::Trash) => copies.trash[version] += 1,
                    (Some(version), Place::Temp) => copies.temp[version] += 1,
                    (None, Place::Live) if !self.damaged.contains(bytes) => {
                        copies.partial.push((side, path.clone()));
                    }
                    _ => {}
                }
            });
        }
        copies
    }

    /// A run begins.
    pub(super) fn run_begins(&mut self, disks: &[Disk; 2]) {
        let copies = self.live(disks);
        for (version, entry) in self.versions.iter_mut().enumerate() {
            entry.own = i64::from(copies.anywhere(version));
        }
    }

    /// A person acted: what has fewer copies than before was given up by them.
    pub(super) fn acted(&mut self, before: &Copies, disks: &[Disk; 2]) {
        let after = self.live(disks);
        for (version, entry) in self.versions.iter_mut().enumerate() {
            entry.written |= after.live(version) > 0;
            entry.own += i64::from(after.live(version)) - i64::from(before.live(version));
            // What a run has copied just now, it may still take back.
            let last = after.anywhere(version) == 0 && after.temp(version) == 0;
            if after.live(version) < before.live(version) {
                entry.given_up = true;
                entry.excused |= after.anywhere(version) == 0 || entry.own <= 0;
            }
            // An old version that was just being replaced, in a directory that the person removed.
            entry.excused |= last && before.temp(version) > 0;
        }
    }

    /// A run ended before it could tell the base what it had taken away: should a person now bring back what they had
    /// renamed, it looks deleted on the other side. What is still live is worth no more than a place in the trash then.
    /// The same for what it had only just displaced, and the next run brings to the trash.
    pub(crate) fn ended_early(&mut self, disks: &[Disk; 2]) {
        let copies = self.live(disks);
        for (version, entry) in self.versions.iter_mut().enumerate() {
            let displaced = copies.temp(version) > 0 && i64::from(copies.anywhere(version)) < entry.own;
            let taken_away = displaced || copies.anywhere(version) > copies.live(version);
            entry.given_up |= copies.live(version) > 0 && taken_away;
        }
    }

    /// What a person edits or renames in the very middle of a run that then fails or is killed may be in the trash
    /// alone: there it is found, and the failure was told.
    pub(crate) fn in_the_middle(&mut self, versions: &[usize]) {
        for &version in versions {
            self.versions[version].given_up = true;
        }
    }

    /// The versions at the paths that an act names.
    pub(super) fn at(&self, act: &Act, disks: &[Disk; 2]) -> Vec<usize> {
        let mut versions = Vec::new();
        let to = match &act.deed {
            Deed::Rename(to) | Deed::Swap(to) | Deed::Share(to) => Some(to),
            _ => None,
        };
        disks[act.on as usize].each(&mut |path, _, inode| {
            let is_named = path.starts_with(&act.path) || to.is_some_and(|to| path.starts_with(to));
            if let (true, Body::File(bytes) | Body::Link(bytes)) = (is_named, &inode.body) {
                versions.extend(self.version_of(bytes));
            }
        });
        versions
    }

    pub(super) fn damaged(&mut self, contents: Vec<Arc<[u8]>>) {
        self.damaged.extend(contents);
    }

    /// After a power failure: what was never flushed may be gone. `flushed` are the copies that were safe.
    pub(super) fn lost_power(&mut self, flushed: &Copies, disks: &[Disk; 2]) {
        let left = self.live(disks);
        for (version, entry) in self.versions.iter_mut().enumerate() {
            entry.given_up |= flushed.live(version) == 0;
            entry.doubtful |= flushed.anywhere(version) == 0;
            if left.anywhere(version) == 0 && (flushed.anywhere(version) == 0 || entry.given_up) {
                entry.excused = true;
            }
        }
    }

    /// What is lost that nobody gave up. `keeps_live`: nothing but a person takes a version from where people see it.
    /// `under_way`: the run did not come to its end, so that an old version may still be under a temporary name.
    pub(crate) fn losses(&self, disks: &[Disk; 2], keeps_live: bool, under_way: bool) -> Vec<String> {
        let copies = self.live(disks);
        let mut losses = Vec::new();
        for (version, entry) in self.versions.iter().enumerate().filter(|(_, entry)| entry.written) {
            let hidden = under_way && copies.temp[version] > 0;
            if copies.anywhere(version) == 0 && !entry.excused && !hidden {
                losses.push(format!("version {version} is lost"));
            } else if keeps_live && copies.live(version) == 0 && !entry.given_up {
                losses.push(format!("version {version} is in the trash alone, although nobody gave it up"));
            }
        }
        for (side, path) in &copies.partial {
            losses.push(format!("{side:?}:{path} has a content that nobody wrote"));
        }
        losses
    }
}

/// Marks contents that nothing but reading could tell from others.
pub(crate) const DOUBTFUL: &str = "perhaps";

/// A disk's whole live tree as text lines, for comparing and for people.
pub(crate) fn tree(disk: &Disk, ledger: &Ledger) -> Vec<(RelPath, String)> {
    let mut lines = Vec::new();
    disk.each(&mut |path, _, inode| {
        if place_of(path) != Place::Live {
            return;
        }
        let what = match &inode.body {
            Body::Dir(_) => "directory".to_owned(),
            Body::Special => "pipe".to_owned(),
            Body::File(bytes) => match ledger.version_of(bytes) {
                Some(version) if ledger.versions[version].doubtful => format!("{DOUBTFUL} version {version}"),
                Some(version) => format!("version {version}"),
                None => format!("{DOUBTFUL} {bytes:?}"),
            },
            Body::Link(bytes) => match ledger.version_of(bytes) {
                Some(version) if ledger.versions[version].doubtful => format!("{DOUBTFUL} link {version}"),
                Some(version) => format!("link {version}"),
                None => format!("{DOUBTFUL} link {bytes:?}"),
            },
        };
        lines.push((path.clone(), what));
    });
    debug_assert!(disk.inode(ROOT).is_some());
    lines
}
