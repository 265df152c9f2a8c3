//! Taking deeds back. Each looks first whether what is there is what the run left, and touches nothing else.

use reconcile::{Extras, FileId, Kind, RelPath, Seen, Side, Time};
use syncmgr::RunId;

use super::check::same_but_renamed;
use super::{Apply, ApplyError, Edit, Ending, Stop, Trouble, Why, lock, split};
use crate::journal::{Deed, ExtrasBefore, Stamp, Text};
use crate::side::SideError;
use crate::side::names::same_but_spelling;
use crate::side::write::{Rename, WriteDir};
use crate::trash::Trash;

/// How many deeds are foretold together.
const CHUNK: usize = 4096;

/// One deed taken apart, so that each entry is taken back, or not, by itself.
enum Back {
    /// It goes away again.
    Created { on: Side, path: RelPath, made: Seen },
    /// The old version comes back from the trash.
    Replaced { on: Side, path: RelPath, made: Seen, old: Seen },
    /// It comes back from the trash.
    Removed { on: Side, path: RelPath, old: Seen },
    /// The empty directory is made again.
    RemovedDir { on: Side, path: RelPath, old: Seen },
    /// It gets its old name.
    Moved { on: Side, from: RelPath, to: RelPath, seen: Seen },
    /// It gets its old permissions and time, its old owner and attributes.
    Meta {
        on: Side,
        path: RelPath,
        before: Seen,
        mode: Option<u32>,
        mtime: Option<Time>,
        extras: Option<ExtrasBefore>,
    },
}

impl Apply<'_> {
    /// Takes back what `run` did.
    pub(crate) fn take_back(&mut self, run: RunId, deeds: &[Deed]) -> Result<Ending, ApplyError> {
        for deed in deeds {
            if let (Deed::Agreed { before, .. }, Some(path)) = (deed, agreed_path(deed)) {
                let before = before.map(|(a, b)| (a.into(), b.into()));
                self.edits.push(Edit::Restore { path, before });
            }
        }
        let agreed: Vec<RelPath> = deeds.iter().filter_map(agreed_path).collect();
        let mut backs = deeds.iter().rev().flat_map(backs).peekable();
        while backs.peek().is_some() {
            let chunk: Vec<(Back, u64)> = backs
                .by_ref()
                .take(CHUNK)
                .map(|back| {
                    self.foretell_back(&back);
                    let entries = 1 + self.foretell_tree(run, &back);
                    (back, entries)
                })
                .collect();
            lock(&self.journal).flush()?;
            for (at, (back, entries)) in chunk.iter().enumerate() {
                if !self.ground.report.go_on() {
                    chunk[at..].iter().for_each(|(back, _)| self.void(back));
                    return Ok(Ending::Canceled);
                }
                let (on, path) = place(back);
                match self.one_back(run, back, *entries, &agreed) {
                    Ok(()) => self.ground.report.done(&path, *entries, 0),
                    Err(Stop::Died) => return Err(ApplyError::Died),
                    Err(Stop::Why(why)) => {
                        self.void(back);
                        self.trouble(Trouble { on, path, why });
                    }
                }
            }
        }
        Ok(Ending::Complete)
    }

    /// Writes down what taking it back does. What owner and attributes are until then is only known by looking.
    fn foretell_back(&self, back: &Back) {
        for mut deed in foretold(back) {
            if let (Deed::Meta { extras, .. }, Back::Meta { on, path, extras: Some(before), .. }) =
                (&mut deed, back)
            {
                *extras = self.extras_before(*on, path, before.parts());
            }
            self.note(&deed);
        }
    }

    /// What was foretold of it does not come to pass.
    fn void(&self, back: &Back) {
        let (on, path) = place(back);
        for _ in foretold(back) {
            self.note(&Deed::Void { on: on.into(), path: (&path).into() });
        }
    }

    /// A deed that never came to pass, because the run was killed before it, needs nothing. Of a tree that comes back as a
    /// whole all `entries` count.
    fn one_back(&mut self, run: RunId, back: &Back, entries: u64, agreed: &[RelPath]) -> Result<(), Stop> {
        match back {
            Back::Created { on, path, made } => self.uncreate(*on, path, made, agreed),
            Back::Replaced { on, path, made, old } => {
                let (dir, name) = self.parent_of(*on, path)?;
                if is_there(&*dir, &name, old)? {
                    return Ok(());
                }
                let kept = self.find(run, *on, path, old)?;
                if made.kind == Kind::Dir {
                    // What the run had put into it has gone by now; anything else in it is the person's.
                    remove_empty(&*dir, &name, made)?;
                    if let Err(stop) = self.bring_back(*on, kept, &*dir, &name) {
                        dir.create_dir(&name, made.mode)?;
                        return Err(stop);
                    }
                } else {
                    self.take_expected(*on, &*dir, &name, path, made)?;
                    self.bring_back(*on, kept, &*dir, &name)?;
                }
                let counts = self.counts_on(*on);
                if made.kind == old.kind {
                    counts.updated += 1;
                } else {
                    counts.deleted += 1;
                    counts.created += entries;
                }
                Ok(())
            }
            Back::Removed { on, path, old } => {
                if self.lead_back(*on, path)? {
                    // Once more, after what it lies in: taken back, it goes before that.
                    foretold(back).iter().for_each(|deed| self.note(deed));
                    self.write_down(path)?;
                }
                let (dir, name) = self.parent_of(*on, path)?;
                if is_there(&*dir, &name, old)? {
                    return Ok(());
                }
                let kept = self.find(run, *on, path, old)?;
                self.bring_back(*on, kept, &*dir, &name)?;
                self.counts_on(*on).created += entries;
                Ok(())
            }
            Back::RemovedDir { on, path, old } => {
                let (dir, name) = self.parent_of(*on, path)?;
                if is_there(&*dir, &name, old)? {
                    return Ok(());
                }
                dir.create_dir(&name, old.mode)?;
                self.unfinished.push((*on, path.clone(), *old));
                self.counts_on(*on).created += 1;
                Ok(())
            }
            Back::Moved { on, from, to, seen } => {
                let (dir, name) = self.parent_of(*on, to)?;
                let (old_dir, old_name) = self.parent_of(*on, from)?;
                // Where cases are not told apart, the old spelling finds what has the new one.
                let is_respelled = || {
                    same_but_spelling(&name, &old_name)
                        && self.spelled_otherwise(*on, old_dir.path(), &old_name).is_some()
                };
                if is_there(&*old_dir, &old_name, seen)? && !is_respelled() {
                    return Ok(());
                }
                let now = dir.look(&name)?.ok_or(Why::Vanished)?;
                if !same_but_renamed(seen, &now) {
                    return Err(Why::Changed.into());
                }
                dir.rename(&name, &*old_dir, &old_name, Rename::NoReplace)?;
                self.counts_on(*on).moved += 1;
                Ok(())
            }
            Back::Meta { on, path, before, mode, mtime, extras } => {
                let (dir, name) = self.parent_of(*on, path)?;
                let now = dir.look(&name)?.ok_or(Why::Vanished)?;
                let left = Seen { mtime: mtime.unwrap_or(before.mtime), ..*before };
                if !same_but_renamed(&left, &now) {
                    return Err(Why::Changed.into());
                }
                if let Some(extras) = extras {
                    let wanted = mode.map_or(now.mode, |_| before.mode);
                    let given = dir.set_extras(&name, now.kind, &extras.clone().into(), Some(wanted))?;
                    if let Some((parts, error)) = given.refused {
                        return Err(Why::Extras(parts, error).into());
                    }
                }
                dir.set_meta(&name, now.kind, mode.map(|_| before.mode), mtime.map(|_| before.mtime))?;
                self.counts_on(*on).updated += 1;
                Ok(())
            }
        }
    }

    /// Makes the directories that led to something again, if they are gone: a later run may have removed them when they
    /// were empty. True if there were such.
    fn lead_back(&mut self, on: Side, path: &RelPath) -> Result<bool, Stop> {
        match self.parent_of(on, path) {
            Err(SideError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(false),
        }
        let Some((dir, _)) = path.split() else { return Ok(false) };
        let mut at = RelPath::root();
        for name in dir.names() {
            let into = self.side(on).folder(&at)?;
            at = at.join(name);
            if into.look(name)?.is_some() {
                continue;
            }
            let there = self.side(on.other()).dir(into.path()).and_then(|dir| dir.look(name));
            let mode =
                there.ok().flatten().filter(|seen| seen.kind == Kind::Dir).map_or(0o755, |seen| seen.mode);
            let made = Seen {
                kind: Kind::Dir,
                mode,
                size: 0,
                mtime: Time::default(),
                ctime: Time::default(),
                id: FileId::default(),
                extras: Extras::default(),
            };
            foretold(&Back::RemovedDir { on, path: at.clone(), old: made })
                .iter()
                .for_each(|deed| self.note(deed));
            self.write_down(&at)?;
            into.create_dir(name, mode)?;
            self.counts_on(on).created += 1;
        }
        Ok(true)
    }

    /// What was noted must be on record before it is done (S4).
    fn write_down(&self, path: &RelPath) -> Result<(), Stop> {
        lock(&self.journal).flush().map_err(|error| {
            let source = std::io::Error::other(error.to_string());
            let what = "write down that it comes back";
            Stop::Why(SideError::Io { path: path.clone(), what, source }.into())
        })
    }

    /// What was created goes away; a directory only when nothing is left in it.
    fn uncreate(&mut self, on: Side, path: &RelPath, made: &Seen, agreed: &[RelPath]) -> Result<(), Stop> {
        let (dir, name) = match self.parent_of(on, path) {
            Ok(place) => place,
            // Gone with all that was in it: then there is nothing to take back.
            Err(SideError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        if dir.look(&name)?.is_none() {
            return Ok(());
        }
        if made.kind == Kind::Dir {
            remove_empty(&*dir, &name, made)?;
        } else {
            self.take_expected(on, &*dir, &name, path, made)?;
        }
        // Where the base comes back as it was, that is all there is to say.
        if !agreed.contains(path) {
            self.edits.push(Edit::Forget { path: path.clone() });
        }
        self.counts_on(on).deleted += 1;
        Ok(())
    }

    /// Moves something to this run's trash, if it is what is expected before and after.
    fn take_expected(
        &self,
        on: Side,
        dir: &dyn WriteDir,
        name: &[u8],
        path: &RelPath,
        expected: &Seen,
    ) -> Result<(), Stop> {
        let now = dir.look(name)?.ok_or(Why::Vanished)?;
        if !same_but_renamed(expected, &now) {
            return Err(Why::Changed.into());
        }
        let kept = self.trash[on as usize].take(dir, name, path)?;
        let out = kept.dir.look(&kept.name)?.ok_or(Why::Vanished)?;
        if !same_but_renamed(expected, &out) {
            self.trash[on as usize].give_back(&kept, dir, name)?;
            return Err(Why::Changed.into());
        }
        Ok(())
    }

    /// A tree that comes back comes with all that is in it, and each of it can be taken back again. Tells how much that
    /// is.
    fn foretell_tree(&self, run: RunId, back: &Back) -> u64 {
        let (Back::Removed { on, path, old } | Back::Replaced { on, path, old, .. }) = back else { return 0 };
        if old.kind != Kind::Dir {
            return 0;
        }
        let Ok(top) = self.find(run, *on, path, old) else { return 0 };
        let mut entries = 0;
        let mut left = vec![(top, path.clone())];
        while let Some((place, dir)) = left.pop() {
            // What cannot be listed stays when this is taken back, and is then said to be in the way.
            let Ok(listing) = self.side(*on).dir(&place).and_then(|open| open.list()) else { continue };
            entries += listing.len() as u64;
            let made = listing.iter().map(|(name, seen)| (Text(name.to_vec()), Stamp::from(seen)));
            self.note(&Deed::Create { on: (*on).into(), dir: (&dir).into(), made: made.collect() });
            let dirs = listing.iter().filter(|(_, seen)| seen.kind == Kind::Dir);
            left.extend(dirs.map(|(name, _)| (place.join(name), dir.join(name))));
        }
        entries
    }

    /// Where something is in the trash of a run.
    fn find(&self, run: RunId, on: Side, path: &RelPath, old: &Seen) -> Result<RelPath, Stop> {
        let side = self.side(on);
        for place in Trash::new(side, run).places(path) {
            let (dir, name) = split(&place);
            let Ok(folder) = side.folder(&dir) else { continue };
            if folder.look(&name)?.is_some_and(|kept| same_but_renamed(old, &kept)) {
                return Ok(place);
            }
        }
        Err(Why::NotInTrash.into())
    }

    fn bring_back(&self, on: Side, kept: RelPath, dir: &dyn WriteDir, name: &[u8]) -> Result<(), Stop> {
        let (from, kept_name) = self.parent_of(on, &kept)?;
        Ok(from.rename(&kept_name, dir, name, Rename::NoReplace)?)
    }
}

/// Whether that very version is there.
fn is_there(dir: &dyn WriteDir, name: &[u8], expected: &Seen) -> Result<bool, SideError> {
    Ok(dir.look(name)?.is_some_and(|now| same_but_renamed(expected, &now)))
}

/// Removes a directory that the run had made, if nothing is in it any more.
fn remove_empty(dir: &dyn WriteDir, name: &[u8], made: &Seen) -> Result<(), Stop> {
    let now = dir.look(name)?.ok_or(Why::Vanished)?;
    if !same_but_renamed(made, &now) {
        return Err(Why::Changed.into());
    }
    match dir.remove(name, Kind::Dir) {
        Err(SideError::Io { source, .. }) if source.kind() == std::io::ErrorKind::DirectoryNotEmpty => {
            Err(Why::Changed.into())
        }
        result => Ok(result?),
    }
}

fn agreed_path(deed: &Deed) -> Option<RelPath> {
    match deed {
        Deed::Agreed { path, .. } => path.path(),
        _ => None,
    }
}

/// What is to be done to take a deed back, the last of it first. A path that is none is passed over: a journal is a file,
/// and files can be damaged (S8).
fn backs(deed: &Deed) -> Vec<Back> {
    let back = match deed {
        Deed::Create { on, dir, made } => {
            let Some(dir) = dir.path() else { return Vec::new() };
            let created = |(name, made): &(Text, Stamp)| {
                let path = RelPath::from_bytes(&name.0).filter(|name| name.names().count() == 1)?;
                let path = dir.join(path.as_bytes());
                Some(Back::Created { on: (*on).into(), path, made: (*made).into() })
            };
            return made.iter().rev().filter_map(created).collect();
        }
        Deed::Replace { on, path, made, old, .. } => path.path().map(|path| Back::Replaced {
            on: (*on).into(),
            path,
            made: (*made).into(),
            old: (*old).into(),
        }),
        Deed::Remove { on, path, old } => {
            path.path().map(|path| Back::Removed { on: (*on).into(), path, old: (*old).into() })
        }
        Deed::RemoveDir { on, path, old } => {
            path.path().map(|path| Back::RemovedDir { on: (*on).into(), path, old: (*old).into() })
        }
        Deed::Move { on, from, to, seen } => from.path().zip(to.path()).map(|(from, to)| Back::Moved {
            on: (*on).into(),
            from,
            to,
            seen: (*seen).into(),
        }),
        Deed::Meta { on, path, before, mode, mtime, extras } => path.path().map(|path| Back::Meta {
            on: (*on).into(),
            path,
            before: (*before).into(),
            mode: *mode,
            mtime: mtime.map(|(secs, nanos)| Time { secs, nanos }),
            extras: extras.clone(),
        }),
        Deed::Run { .. } | Deed::Agreed { .. } | Deed::Recorded | Deed::Void { .. } | Deed::Purged { .. } => {
            None
        }
    };
    back.into_iter().filter(|back| !place(back).1.is_root()).collect()
}

/// The side and the path that a failure is about.
fn place(back: &Back) -> (Side, RelPath) {
    match back {
        Back::Created { on, path, .. }
        | Back::Replaced { on, path, .. }
        | Back::Removed { on, path, .. }
        | Back::RemovedDir { on, path, .. }
        | Back::Meta { on, path, .. } => (*on, path.clone()),
        Back::Moved { on, from, .. } => (*on, from.clone()),
    }
}

/// The lines that take this, in turn, back.
fn foretold(back: &Back) -> Vec<Deed> {
    let deed = match back {
        Back::Created { on, path, made } if made.kind == Kind::Dir => {
            Deed::RemoveDir { on: (*on).into(), path: path.into(), old: made.into() }
        }
        Back::Created { on, path, made } => {
            Deed::Remove { on: (*on).into(), path: path.into(), old: made.into() }
        }
        // The directory is empty by now, and goes for good.
        Back::Replaced { on, path, made, old } if made.kind == Kind::Dir => {
            let gone = Deed::RemoveDir { on: (*on).into(), path: path.into(), old: made.into() };
            return vec![gone, comes(*on, path, old)];
        }
        Back::Replaced { on, path, made, old } => Deed::Replace {
            on: (*on).into(),
            path: path.into(),
            temp: Text(Vec::new()),
            made: old.into(),
            old: made.into(),
        },
        Back::Removed { on, path, old } => comes(*on, path, old),
        // Made anew, it is another directory.
        Back::RemovedDir { on, path, old } => comes(*on, path, &Seen { id: FileId::default(), ..*old }),
        Back::Moved { on, from, to, seen } => {
            Deed::Move { on: (*on).into(), from: to.into(), to: from.into(), seen: seen.into() }
        }
        Back::Meta { on, path, before, mode, mtime, .. } => {
            let left =
                Seen { mode: mode.unwrap_or(before.mode), mtime: mtime.unwrap_or(before.mtime), ..*before };
            Deed::Meta {
                on: (*on).into(),
                path: path.into(),
                before: (&left).into(),
                mode: mode.map(|_| before.mode),
                mtime: mtime.map(|_| (before.mtime.secs, before.mtime.nanos)),
                extras: None,
            }
        }
    };
    vec![deed]
}

fn comes(on: Side, path: &RelPath, seen: &Seen) -> Deed {
    let (dir, name) = split(path);
    Deed::Create { on: on.into(), dir: (&dir).into(), made: vec![(Text(name), Stamp::from(seen))] }
}
