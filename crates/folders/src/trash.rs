//! The trash of a side: `.instep/trash/<run>/<path>`, reached by renames only, so that deleting costs the same for a file
//! and for a tree, and nothing is ever half in it (S7). What lies on another file system, mounted inside the side, is kept
//! at the top of that one: `<mount>/.instep-trash/<run>/<path from there>`.

use std::sync::{Arc, Mutex, PoisonError};

use reconcile::path::Name;
use reconcile::{Kind, RelPath, Time};
use syncmgr::RunId;

use crate::side::names::{MOUNT_TRASH, OUR_DIR};
use crate::side::write::{Rename, WriteDir, WriteSide};
use crate::side::{ReadSide, SideError};

/// Ours alone: what was deleted from a private directory must not be readable by others in here.
const PRIVATE: u32 = 0o700;
/// In how many places of one run's trash a path may be: more than one only where a file and a directory of the same name
/// were deleted one after the other.
const PLACES: u32 = 8;

/// One run's part of one side's trash. Nothing is created before something is thrown away (S12).
pub struct Trash<'s> {
    side: &'s dyn WriteSide,
    run: RunId,
    /// The directory that was used last: what is deleted together was most often together.
    last: Mutex<Option<(RelPath, Arc<dyn WriteDir>)>>,
}

/// Where something is in the trash.
pub struct Kept {
    /// The directory.
    pub dir: Arc<dyn WriteDir>,
    /// Its name there.
    pub name: Vec<u8>,
}

impl Kept {
    /// The path beneath the side.
    pub fn path(&self) -> RelPath {
        self.dir.path().join(&self.name)
    }
}

impl<'s> Trash<'s> {
    /// The part of `run`.
    pub fn new(side: &'s dyn WriteSide, run: RunId) -> Self {
        Self { side, run, last: Mutex::new(None) }
    }

    /// Moves the child `name` of `dir` here; `path` is where it belongs.
    ///
    /// # Errors
    /// It is gone, or the rename was refused; then it is where it was.
    pub fn take(&self, dir: &dyn WriteDir, name: &Name, path: &RelPath) -> Result<Kept, SideError> {
        let (parent, final_name) = path.split().unwrap_or((RelPath::root(), name));
        let top = self.side.top_of(&parent)?;
        let mut place = 0;
        loop {
            let refused = match self.folder(&top, place, &parent) {
                Ok(into) => match dir.rename(name, &*into, final_name, Rename::NoReplace) {
                    Ok(()) => return Ok(Kept { dir: into, name: final_name.to_vec() }),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            place += 1;
            if place == PLACES || !is_in_the_way(&refused) {
                return Err(refused);
            }
        }
    }

    /// Moves back what [`take`](Self::take) moved here.
    ///
    /// # Errors
    /// Something else is there by now, or the rename was refused; then it stays in the trash.
    pub fn give_back(&self, kept: &Kept, dir: &dyn WriteDir, name: &Name) -> Result<(), SideError> {
        kept.dir.rename(&kept.name, dir, name, Rename::NoReplace)
    }

    /// All places in this run's trash where what was at `path` can be.
    pub fn places(&self, path: &RelPath) -> impl Iterator<Item = RelPath> {
        let run = self.run;
        let names: Vec<Vec<u8>> = path.names().map(<[u8]>::to_vec).collect();
        // Any directory that leads there may be, or have been, a place where something is mounted.
        (0..names.len().max(1)).flat_map(move |above| {
            let (above, beneath) = names.split_at(above);
            let top = above.iter().fold(RelPath::root(), |at, name| at.join(name));
            let beneath = beneath.to_vec();
            (0..PLACES)
                .map(move |place| beneath.iter().fold(of_run(&top, run, place), |at, name| at.join(name)))
        })
    }

    /// Deletes this run's trash for good; tells whether there was any.
    ///
    /// # Errors
    /// Something in it could not be deleted.
    pub fn purge(&self) -> Result<bool, SideError> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let mut any = false;
        for top in self.side.tops() {
            for place in 0..PLACES {
                any |= remove_tree(self.side, &of_run(&top, self.run, place))?;
            }
        }
        Ok(any)
    }

    /// The directory of the trash beneath `top` for what was in `parent`, made if need be.
    fn folder(&self, top: &RelPath, place: u32, parent: &RelPath) -> Result<Arc<dyn WriteDir>, SideError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let beneath = parent.names().skip(top.names().count());
        let path = beneath.fold(of_run(top, self.run, place), |at, name| at.join(name));
        if let Some((known, dir)) = &*last
            && *known == path
        {
            return Ok(Arc::clone(dir));
        }
        let dir: Arc<dyn WriteDir> = Arc::from(open_or_make(self.side, &path)?);
        *last = Some((path, Arc::clone(&dir)));
        Ok(dir)
    }
}

/// `.instep/trash/<run>`, or for further places `.instep/trash/<run>~<place>`.
fn of_run(top: &RelPath, run: RunId, place: u32) -> RelPath {
    let name = if place == 0 { run.to_string() } else { format!("{run}~{place}") };
    all_runs(top).join(name.as_bytes())
}

/// The trash of all runs on the file system whose topmost directory is `top`.
fn all_runs(top: &RelPath) -> RelPath {
    if top.is_root() { top.join(OUR_DIR).join(b"trash") } else { top.join(MOUNT_TRASH) }
}

/// Whether another place in the trash may help.
fn is_in_the_way(error: &SideError) -> bool {
    use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    matches!(error, SideError::Io { source, .. }
        if matches!(source.kind(), AlreadyExists | NotADirectory | DirectoryNotEmpty))
}

fn is_missing(error: &SideError) -> bool {
    matches!(error, SideError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound)
}

/// Opens a directory, making it and those that lead to it where they are missing.
pub(crate) fn open_or_make(side: &dyn WriteSide, path: &RelPath) -> Result<Box<dyn WriteDir>, SideError> {
    match side.folder(path) {
        Err(error) if is_missing(&error) => {}
        answer => return answer,
    }
    let Some((parent, name)) = path.split() else {
        return side.folder(path);
    };
    match open_or_make(side, &parent)?.create_dir(name, PRIVATE) {
        // Made in the same moment by another thread.
        Err(error) if is_in_the_way(&error) => side.folder(path),
        made => made,
    }
}

/// Deletes a directory with all that is in it; tells whether there was one. Only for what is ours.
pub(crate) fn remove_tree(side: &dyn WriteSide, path: &RelPath) -> Result<bool, SideError> {
    // Not by recursion: a tree may be deeper than a stack.
    let mut left = vec![(path.clone(), false)];
    let mut any = false;
    while let Some((dir, emptied)) = left.pop() {
        if emptied {
            if let Some((parent, name)) = dir.split() {
                side.folder(&parent)?.remove(name, Kind::Dir)?;
            }
            continue;
        }
        let folder = match side.folder(&dir) {
            Ok(folder) => folder,
            Err(error) if is_missing(&error) => continue,
            Err(error) => return Err(error),
        };
        any = true;
        left.push((dir.clone(), true));
        // A directory of the person's that was closed to us must be opened to be emptied.
        let listing = side.dir(&dir)?.list()?;
        for (name, seen) in listing.iter() {
            if seen.kind == Kind::Dir {
                if seen.mode & PRIVATE != PRIVATE {
                    folder.set_meta(name, Kind::Dir, Some(seen.mode | PRIVATE), None)?;
                }
                left.push((dir.join(name), false));
            } else {
                folder.remove(name, seen.kind)?;
            }
        }
    }
    Ok(any)
}

/// Deletes what was thrown away before `before`; tells how many runs' trash that was. Left-overs that cannot be deleted
/// are tried again after the next run.
///
/// # Errors
/// The trash could not be listed.
pub fn prune(side: &dyn WriteSide, before: Time) -> Result<u64, SideError> {
    let mut pruned = 0;
    for top in side.tops() {
        pruned += prune_beneath(side, &all_runs(&top), before)?;
    }
    Ok(pruned)
}

fn prune_beneath(side: &dyn WriteSide, trash: &RelPath, before: Time) -> Result<u64, SideError> {
    let listing = match side.dir(trash) {
        Ok(dir) => dir.list()?,
        Err(error) if is_missing(&error) => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut pruned = 0;
    for (name, _) in listing.iter().filter(|(_, seen)| seen.kind == Kind::Dir && seen.mtime < before) {
        if run_of(name).is_some() && remove_tree(side, &trash.join(name)).is_ok() {
            pruned += 1;
        }
    }
    Ok(pruned)
}

/// Deletes the oldest runs' trash until what is left is no more than `limit` bytes of content; that of `last` stays, so
/// that the last run can always be taken back. Tells how many runs' trash that was.
///
/// # Errors
/// The trash could not be listed.
pub fn prune_to(side: &dyn WriteSide, limit: u64, last: RunId) -> Result<u64, SideError> {
    let mut kept: Vec<(u64, u64, RelPath)> = Vec::new();
    for top in side.tops() {
        let trash = all_runs(&top);
        let listing = match side.dir(&trash) {
            Ok(dir) => dir.list()?,
            Err(error) if is_missing(&error) => continue,
            Err(error) => return Err(error),
        };
        for (name, _) in listing.iter().filter(|(_, seen)| seen.kind == Kind::Dir) {
            if let Some(run) = run_of(name) {
                let path = trash.join(name);
                kept.push((run, bytes_in(side, &path), path));
            }
        }
    }
    kept.sort();
    let mut all: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
    let mut pruned = 0;
    for (run, bytes, path) in kept {
        if all <= limit {
            break;
        }
        if run != last.0 && remove_tree(side, &path).is_ok() {
            all -= bytes;
            pruned += 1;
        }
    }
    Ok(pruned)
}

/// The run whose trash a directory is; none if it is not ours to judge.
fn run_of(name: &Name) -> Option<u64> {
    let digits = name.split(|&byte| byte == b'~').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Bytes of all files in a tree. What cannot be listed counts for nothing.
fn bytes_in(side: &dyn ReadSide, path: &RelPath) -> u64 {
    let mut bytes = 0;
    let mut left = vec![path.clone()];
    while let Some(dir) = left.pop() {
        let Ok(listing) = side.dir(&dir).and_then(|dir| dir.list()) else { continue };
        for (name, seen) in listing.iter() {
            match seen.kind {
                Kind::Dir => left.push(dir.join(name)),
                _ => bytes += seen.size,
            }
        }
    }
    bytes
}

/// Whether a side has any trash, of whichever run.
pub fn exists(side: &dyn ReadSide) -> bool {
    side.dir(&all_runs(&RelPath::root())).is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::side::local::{LocalSide, LocalWriter};

    fn writer(root: &Path) -> LocalWriter {
        LocalWriter::new(Arc::new(LocalSide::open(root).unwrap()))
    }

    fn path(text: &str) -> RelPath {
        RelPath::from_bytes(text.as_bytes()).unwrap()
    }

    #[test]
    fn s7_what_is_thrown_away_is_whole_in_the_trash_and_comes_back_whole() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b/c")).unwrap();
        fs::write(root.path().join("a/b/c/x"), "content").unwrap();
        let side = writer(root.path());
        let trash = Trash::new(&side, RunId(3));
        let dir = side.folder(&path("a")).unwrap();

        let kept = trash.take(&*dir, b"b", &path("a/b")).unwrap();
        assert!(!root.path().join("a/b").exists());
        assert_eq!(fs::read(root.path().join(".instep/trash/3/a/b/c/x")).unwrap(), b"content");
        let mode = |path| fs::metadata(root.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(".instep"), mode(".instep/trash/3")), (0o700, 0o700));

        trash.give_back(&kept, &*dir, b"b").unwrap();
        assert_eq!(fs::read(root.path().join("a/b/c/x")).unwrap(), b"content");
    }

    #[test]
    fn s7_two_things_of_one_name_are_both_kept() {
        let root = tempfile::tempdir().unwrap();
        let side = writer(root.path());
        let trash = Trash::new(&side, RunId(3));
        let dir = side.folder(&RelPath::root()).unwrap();
        for content in ["one", "two"] {
            fs::write(root.path().join("x"), content).unwrap();
            trash.take(&*dir, b"x", &path("x")).unwrap();
        }
        fs::create_dir(root.path().join("x")).unwrap();
        fs::write(root.path().join("x/y"), "three").unwrap();
        let below = side.folder(&path("x")).unwrap();
        trash.take(&*below, b"y", &path("x/y")).unwrap();
        let kept: Vec<String> = trash
            .places(&path("x"))
            .filter_map(|place| fs::read_to_string(root.path().join(place.to_string())).ok())
            .collect();
        assert_eq!(kept, ["one", "two"]);
        assert_eq!(fs::read(root.path().join(".instep/trash/3~2/x/y")).unwrap(), b"three");
    }

    #[test]
    fn s7_only_old_trash_is_pruned_and_nothing_that_is_not_ours() {
        let root = tempfile::tempdir().unwrap();
        for dir in ["1/deep/er", "2", "notes"] {
            fs::create_dir_all(root.path().join(".instep/trash").join(dir)).unwrap();
        }
        fs::write(root.path().join(".instep/trash/1/deep/x"), "").unwrap();
        fs::set_permissions(root.path().join(".instep/trash/1/deep"), fs::Permissions::from_mode(0o000))
            .unwrap();
        let old = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH);
        for dir in ["1", "notes"] {
            fs::File::open(root.path().join(".instep/trash").join(dir)).unwrap().set_times(old).unwrap();
        }
        let side = writer(root.path());
        assert_eq!(prune(&side, Time { secs: 1000, nanos: 0 }).unwrap(), 1);
        let left: Vec<_> = fs::read_dir(root.path().join(".instep/trash")).unwrap().collect();
        assert_eq!(left.len(), 2);
    }

    #[test]
    fn s12_a_side_without_trash_is_not_given_one() {
        let root = tempfile::tempdir().unwrap();
        let side = writer(root.path());
        let trash = Trash::new(&side, RunId(3));
        assert!(!trash.purge().unwrap());
        assert_eq!(prune(&side, Time::default()).unwrap(), 0);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
