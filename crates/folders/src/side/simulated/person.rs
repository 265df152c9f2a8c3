//! The people at both sides: what their programs do.

use std::fmt;
use std::sync::Arc;

use reconcile::{Kind, RelPath, Side};
use rustix::io::Errno;

use super::chance::Chance;
use super::disk::{Body, Disk, Inode, Key};
use super::ledger::{Ledger, Place, place_of};
use super::machine::State;
use crate::side::write::Rename;

/// One content that a person wrote: each is unlike every other.
pub(crate) type Version = u32;

/// The bytes of a version.
pub(crate) fn content(version: Version, size: usize) -> Arc<[u8]> {
    let tail = (0..size.saturating_sub(4)).map(|at| (version as usize * 31 + at + 1) as u8);
    version.to_le_bytes().into_iter().chain(tail).collect()
}

/// One thing that a person's program does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Act {
    pub(crate) on: Side,
    pub(crate) path: RelPath,
    pub(crate) deed: Deed,
}

/// What it does to the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Writes the file in place, or makes it.
    Write(Version, usize),
    /// Writes another file and gives it the name.
    Replace(Version, usize),
    /// Writes in place and puts the time back.
    Sneak(Version),
    /// Makes a symbolic link.
    Link(Version, usize),
    MakeDir,
    /// Sets the time of the last change.
    Touch(u64),
    Chmod(u32),
    /// Gives it to another user.
    Chown(u32),
    /// Gives its attribute another value.
    Attribute(u32),
    /// Gives it another name, in place of what has that name.
    Rename(RelPath),
    /// Makes two names change places.
    Swap(RelPath),
    /// Gives the file one more name.
    Share(RelPath),
    /// Deletes it with all that is in it.
    Remove,
    /// Makes a pipe.
    Pipe,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on, path, deed } = self;
        write!(f, "{on:?} ")?;
        match deed {
            Deed::Write(version, size) => write!(f, "write {path} {version} {size}"),
            Deed::Replace(version, size) => write!(f, "replace {path} {version} {size}"),
            Deed::Sneak(version) => write!(f, "sneak {path} {version}"),
            Deed::Link(version, size) => write!(f, "link {path} {version} {size}"),
            Deed::MakeDir => write!(f, "mkdir {path}"),
            Deed::Touch(time) => write!(f, "touch {path} {time}"),
            Deed::Chmod(mode) => write!(f, "chmod {path} {mode:o}"),
            Deed::Chown(user) => write!(f, "chown {path} {user}"),
            Deed::Attribute(value) => write!(f, "attribute {path} {value}"),
            Deed::Rename(to) => write!(f, "rename {path} {to}"),
            Deed::Swap(with) => write!(f, "swap {path} {with}"),
            Deed::Share(to) => write!(f, "share {path} {to}"),
            Deed::Remove => write!(f, "remove {path}"),
            Deed::Pipe => write!(f, "pipe {path}"),
        }
    }
}

impl Act {
    /// The act that a line says, if it says one.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let on = match words.next()? {
            "A" => Side::A,
            "B" => Side::B,
            _ => return None,
        };
        let verb = words.next()?;
        let path = RelPath::from_bytes(words.next()?.as_bytes())?;
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let deed = match verb {
            "write" => Deed::Write(number()? as Version, number()? as usize),
            "replace" => Deed::Replace(number()? as Version, number()? as usize),
            "sneak" => Deed::Sneak(number()? as Version),
            "link" => Deed::Link(number()? as Version, number()? as usize),
            "mkdir" => Deed::MakeDir,
            "touch" => Deed::Touch(number()?),
            "chmod" => Deed::Chmod(u32::from_str_radix(words.next()?, 8).ok()?),
            "chown" => Deed::Chown(number()? as u32),
            "attribute" => Deed::Attribute(number()? as u32),
            "rename" => Deed::Rename(RelPath::from_bytes(words.next()?.as_bytes())?),
            "swap" => Deed::Swap(RelPath::from_bytes(words.next()?.as_bytes())?),
            "share" => Deed::Share(RelPath::from_bytes(words.next()?.as_bytes())?),
            "remove" => Deed::Remove,
            "pipe" => Deed::Pipe,
            _ => return None,
        };
        Some(Self { on, path, deed })
    }

    /// Does it, as far as it is possible.
    pub(super) fn perform(&self, disks: &mut [Disk; 2], ledger: &mut Ledger, now: u64) -> Result<(), Errno> {
        let disk = &mut disks[self.on as usize];
        let (parent, name) = self.path.split().ok_or(Errno::INVAL)?;
        let dir = disk.walk(&parent)?;
        let there = disk.child(dir, name)?;
        let before = there.and_then(|key| disk.seen(key).ok());
        match &self.deed {
            Deed::Write(version, size) => {
                let bytes = ledger.content(*version, *size);
                match there {
                    Some(key) if kind(disk, key) == Some(Kind::File) => disk.write(key, bytes, now)?,
                    Some(_) => return Err(Errno::EXIST),
                    None => create(disk, dir, name, bytes, now)?,
                }
            }
            Deed::Replace(version, size) => {
                let bytes = ledger.content(*version, *size);
                let temp = b".persons-own.tmp";
                create(disk, dir, temp, bytes, now)?;
                if let Err(errno) = disk.rename((dir, temp), (dir, name), None, now) {
                    disk.remove(dir, temp, Kind::File, now)?;
                    return Err(errno);
                }
            }
            Deed::Sneak(version) => {
                let key = there.ok_or(Errno::NOENT)?;
                let inode = disk.inode(key).ok_or(Errno::NOENT)?;
                let (Body::File(bytes), mtime) = (&inode.body, inode.mtime) else { return Err(Errno::INVAL) };
                if bytes.len() < SIZES[0] {
                    return Err(Errno::INVAL);
                }
                let bytes = ledger.content(*version, bytes.len());
                ledger.sneaked(*version);
                disk.write(key, bytes, now)?;
                disk.set(key, None, Some(mtime), now)?;
            }
            Deed::Link(version, size) => {
                if let Some(Kind::Link) = there.and_then(|key| kind(disk, key)) {
                    disk.remove(dir, name, Kind::Link, now)?;
                }
                let target = ledger.content(*version, *size);
                disk.make(dir, name, Body::Link(target), 0o777, now)?;
            }
            Deed::MakeDir => drop(disk.make(dir, name, Body::Dir(Default::default()), 0o755, now)?),
            Deed::Pipe => drop(disk.make(dir, name, Body::Special, 0o644, now)?),
            Deed::Touch(time) => {
                let key = there.ok_or(Errno::NOENT)?;
                let inode = disk.inode(key).ok_or(Errno::NOENT)?;
                if let Body::File(bytes) = &inode.body {
                    ledger.touched(bytes, inode.mtime, *time);
                }
                disk.set(key, None, Some(*time), now)?;
            }
            Deed::Chmod(mode) => {
                let key = there.ok_or(Errno::NOENT)?;
                if kind(disk, key) != Some(Kind::Link) {
                    disk.set(key, Some(*mode), None, now)?;
                }
            }
            Deed::Chown(user) => disk.give(there.ok_or(Errno::NOENT)?, Some(*user), None, now)?,
            Deed::Attribute(value) => disk.give(there.ok_or(Errno::NOENT)?, None, Some(*value), now)?,
            Deed::Rename(to) | Deed::Swap(to) => {
                let (parent, to) = to.split().ok_or(Errno::INVAL)?;
                let into = disk.walk(&parent)?;
                if matches!(self.deed, Deed::Rename(_)) {
                    disk.rename((dir, name), (into, to), None, now)?;
                } else {
                    swap(disk, (dir, name), (into, to), now)?;
                }
            }
            Deed::Share(to) => {
                let (parent, to) = to.split().ok_or(Errno::INVAL)?;
                let into = disk.walk(&parent)?;
                disk.link(there.ok_or(Errno::NOENT)?, into, to, now)?;
            }
            Deed::Remove => remove_tree(disk, dir, name, now)?,
        }
        if let Deed::Write(version, _) | Deed::Replace(version, _) = &self.deed
            && let (Some(before), Some(key)) = (before, disk.child(dir, name)?)
            && let after = disk.seen(key)?
            && (after.id, after.ctime) == (before.id, before.ctime)
        {
            // In this tick of the clock something had happened to it already.
            ledger.sneaked(*version);
        }
        Ok(())
    }
}

fn kind(disk: &Disk, key: Key) -> Option<Kind> {
    disk.inode(key).map(Inode::kind)
}

fn create(disk: &mut Disk, dir: Key, name: &[u8], bytes: Arc<[u8]>, now: u64) -> Result<(), Errno> {
    let key = disk.make(dir, name, Body::File(Arc::from(&b""[..])), 0o644, now)?;
    disk.write(key, bytes, now)
}

/// As people do it where names cannot be exchanged: by way of a third name.
fn swap(disk: &mut Disk, x: (Key, &[u8]), y: (Key, &[u8]), now: u64) -> Result<(), Errno> {
    let exchange = std::mem::replace(&mut disk.traits.exchange, true);
    let done = disk.rename(x, y, Some(Rename::Exchange), now);
    disk.traits.exchange = exchange;
    done
}

fn remove_tree(disk: &mut Disk, dir: Key, name: &[u8], now: u64) -> Result<(), Errno> {
    let key = disk.child(dir, name)?.ok_or(Errno::NOENT)?;
    let kind = kind(disk, key).ok_or(Errno::NOENT)?;
    if kind == Kind::Dir {
        let names: Vec<_> = disk.children(key)?.keys().cloned().collect();
        for name in names {
            remove_tree(disk, key, &name, now)?;
        }
    }
    disk.remove(dir, name, kind, now)
}

/// Acts that are still to be chosen, or known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acts {
    /// So many, by chance from a seed, among what is possible when the moment comes.
    ByChance {
        seed: u64,
        count: usize,
        tastes: Tastes,
    },
    Exactly(Vec<Act>),
}

/// What people at these sides do at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tastes {
    /// Somebody works on that side.
    pub(crate) on: [bool; 2],
    /// Edits that leave size and time as they were (and no renames).
    pub(crate) sneaks: bool,
    /// Every edit has another size: the clock is too coarse to tell two edits apart.
    pub(crate) new_sizes: bool,
    /// Every other edit leaves the size as it was, and may come so soon that nothing else shows it either.
    pub(crate) hasty: bool,
    /// Files with several names.
    pub(crate) shares: bool,
    /// Permissions that close directories and files.
    pub(crate) closes: bool,
    /// Owners and attributes.
    pub(crate) extras: bool,
}

impl fmt::Display for Acts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByChance { .. } => write!(f, "something"),
            Self::Exactly(acts) => {
                for (at, act) in acts.iter().enumerate() {
                    write!(f, "{}{act}", if at > 0 { ", " } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl Acts {
    /// The acts themselves.
    pub(crate) fn resolve(self, state: &mut State) -> Vec<Act> {
        match self {
            Self::Exactly(acts) => acts,
            Self::ByChance { seed, count, tastes } => {
                let mut chance = Chance::new(seed);
                (0..count).flat_map(|_| choose(state, &mut chance, &tastes)).collect()
            }
        }
    }
}

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
const SIZES: [usize; 3] = [6, 12, 20];

/// Chooses something that is possible now; two acts where the same is done on both sides.
pub(crate) fn choose(state: &mut State, chance: &mut Chance, tastes: &Tastes) -> Vec<Act> {
    let on = match tastes.on {
        [true, true] => Side::BOTH[chance.below(2)],
        [false, true] => Side::B,
        _ => Side::A,
    };
    let (mut files, mut dirs, mut all) = (Vec::new(), vec![RelPath::root()], Vec::new());
    let disk = &state.disks[on as usize];
    disk.each(&mut |path, _, inode| {
        if place_of(path) != Place::Live {
            return;
        }
        all.push(path.clone());
        match inode.kind() {
            Kind::File => files.push(path.clone()),
            Kind::Dir if path.names().count() < 3 => dirs.push(path.clone()),
            _ => {}
        }
    });
    let place = |chance: &mut Chance| {
        let dir = chance.pick(&dirs).cloned().unwrap_or_default();
        dir.join(NAMES[chance.below(NAMES.len())].as_bytes())
    };
    let size = |chance: &mut Chance, version: Version| size(chance, tastes, version);
    let one = |path: RelPath, deed: Deed| vec![Act { on, path, deed }];
    let existing = chance.pick(&all).cloned();
    let file = chance.pick(&files).cloned();
    // In an empty side there is nothing to do but to make something.
    let roll = if all.is_empty() { chance.below(7) } else { chance.below(32) };
    match (roll, file, existing) {
        (7 | 15 | 24 | 28, _, Some(path)) if tastes.extras && chance.one_in(2) => {
            let number = chance.below(3) as u32;
            one(path, if chance.one_in(2) { Deed::Chown(number) } else { Deed::Attribute(number) })
        }
        (0..=3, ..) => {
            let version = state.ledger.next();
            one(place(chance), Deed::Write(version, size(chance, version)))
        }
        (4 | 5, ..) => one(place(chance), Deed::MakeDir),
        (6, ..) => {
            let version = state.ledger.next();
            let size = if tastes.new_sizes { version as usize } else { version as usize % 3 };
            one(place(chance), Deed::Link(version, 6 + size))
        }
        (7..=10, Some(file), _) => {
            let version = state.ledger.next();
            let size = edited_size(chance, tastes, version, &state.disks[on as usize], &file);
            one(file, Deed::Write(version, size))
        }
        (11 | 12, Some(file), _) => {
            let version = state.ledger.next();
            let size = edited_size(chance, tastes, version, &state.disks[on as usize], &file);
            one(file, Deed::Replace(version, size))
        }
        (13, Some(file), _) if tastes.sneaks => one(file, Deed::Sneak(state.ledger.next())),
        // Whatever else is done to a file that was written when another was makes it look like a copy of that.
        (14..=22 | 30 | 31, ..) if tastes.hasty => Vec::new(),
        (14, Some(file), _) => {
            // Never exactly the time of another file: that would make both the same.
            let time = super::disk::START + state.now + 1 + chance.below(900) as u64;
            let mtime = mtime_of(&state.disks[on as usize], &file);
            let time = match chance.below(6) {
                // Before 1970 ends; never twice the same, for that would put the time back.
                0 => state.now % 999_999_999,
                1 => time + 400 * 86_400 * 1_000_000_000,
                2 => mtime - 3600 * 1_000_000_000,
                3 => time - chance.below(1000) as u64 * 1_000_000_000,
                _ => time,
            };
            one(file, Deed::Touch(time))
        }
        (15, _, Some(path)) => {
            let modes: &[u32] =
                if tastes.closes { &[0o000, 0o400, 0o500, 0o755] } else { &[0o700, 0o755, 0o750] };
            one(path, Deed::Chmod(modes[chance.below(modes.len())]))
        }
        // A rename hides that the inode was touched for another reason.
        (16..=22, ..) if tastes.sneaks => Vec::new(),
        (16..=21, _, Some(path)) => one(path, Deed::Rename(place(chance))),
        (22, _, Some(path)) => {
            let with = chance.pick(&all).cloned().unwrap_or_default();
            one(path, Deed::Swap(with))
        }
        (23, Some(file), _) if tastes.shares => one(file, Deed::Share(place(chance))),
        (24..=28, _, Some(path)) => one(path, Deed::Remove),
        (29, ..) if tastes.closes => one(place(chance), Deed::Pipe),
        (30 | 31, ..) if tastes.on == [true; 2] => {
            // The same on both sides.
            let (version, path) = (state.ledger.next(), place(chance));
            let deed = match chance.below(4) {
                0 => Deed::MakeDir,
                1 => Deed::Remove,
                2 if !tastes.sneaks => Deed::Rename(place(chance)),
                _ => Deed::Write(version, size(chance, version)),
            };
            Side::BOTH.map(|on| Act { on, path: path.clone(), deed: deed.clone() }).into()
        }
        _ => Vec::new(),
    }
}

/// Chooses an edit of a file that is at one of these places, or beneath it.
pub(crate) fn edit_one_of(
    state: &mut State,
    chance: &mut Chance,
    tastes: &Tastes,
    places: &[(Side, RelPath)],
) -> Option<Act> {
    let mut files = Vec::new();
    for side in Side::BOTH.into_iter().filter(|&side| tastes.on[side as usize]) {
        state.disks[side as usize].each(&mut |path, _, inode| {
            let is_there = places.iter().any(|(on, top)| *on == side && path.starts_with(top));
            if is_there && place_of(path) == Place::Live && inode.kind() == Kind::File {
                files.push((side, path.clone()));
            }
        });
    }
    let (on, path) = chance.pick(&files).cloned()?;
    let version = state.ledger.next();
    let size = edited_size(chance, tastes, version, &state.disks[on as usize], &path);
    let deed = if chance.one_in(2) { Deed::Write(version, size) } else { Deed::Replace(version, size) };
    Some(Act { on, path, deed })
}

fn size(chance: &mut Chance, tastes: &Tastes, version: Version) -> usize {
    if tastes.new_sizes { 6 + version as usize } else { SIZES[chance.below(SIZES.len())] }
}

fn edited_size(chance: &mut Chance, tastes: &Tastes, version: Version, disk: &Disk, path: &RelPath) -> usize {
    let before = inode_at(disk, path).map(|inode| &inode.body);
    match before {
        Some(Body::File(bytes)) if tastes.hasty && chance.one_in(2) => bytes.len().max(SIZES[0]),
        _ => size(chance, tastes, version),
    }
}

fn mtime_of(disk: &Disk, path: &RelPath) -> u64 {
    inode_at(disk, path).map_or(0, |inode| inode.mtime).max(super::disk::START)
}

fn inode_at<'d>(disk: &'d Disk, path: &RelPath) -> Option<&'d Inode> {
    let (dir, name) = path.split()?;
    disk.inode(disk.child(disk.walk(&dir).ok()?, name).ok()??)
}
