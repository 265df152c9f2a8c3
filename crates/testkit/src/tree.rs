//! Trees of real files: made in a line each, and read back for comparing.
//!
//! Paths are bytes, so that every name that a file system takes can be written down: `tree.file(b"a\xff", "x")`.
//! Whatever goes wrong is a bug of the test and panics with the path.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use tempfile::TempDir;

/// A temporary directory that is filled and changed by a test.
#[derive(Debug)]
pub struct Tree {
    dir: TempDir,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// An empty one.
    ///
    /// # Panics
    /// There is no room for it.
    pub fn new() -> Self {
        Self { dir: must(tempfile::tempdir(), "make", Path::new("a temporary directory")) }
    }

    /// An empty one inside another directory: on another file system, say.
    ///
    /// # Panics
    /// There is no room for it.
    pub fn in_dir(dir: &Path) -> Self {
        Self { dir: must(tempfile::tempdir_in(dir), "make a temporary directory in", dir) }
    }

    /// Its root.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The path of something in it.
    pub fn at(&self, path: impl AsRef<[u8]>) -> PathBuf {
        self.path().join(OsStr::from_bytes(path.as_ref()))
    }

    /// Writes a file, with the directories that lead to it. One that is there is overwritten in place.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn file(&self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> &Self {
        let at = self.with_parents(path);
        must(fs::write(&at, content), "write", &at);
        self
    }

    /// Flips a bit of a file's first byte; size and time stay what they are.
    ///
    /// # Panics
    /// It cannot be read or written, or it is empty.
    pub fn flip(&self, path: impl AsRef<[u8]>) -> &Self {
        let at = self.at(path);
        let flip = || {
            let file = fs::File::options().read(true).write(true).open(&at)?;
            let modified = file.metadata()?.modified()?;
            let mut byte = [0];
            file.read_exact_at(&mut byte, 0)?;
            file.write_all_at(&[byte[0] ^ 1], 0)?;
            file.set_modified(modified)
        };
        must(flip(), "flip a bit of", &at);
        self
    }

    /// Makes a directory, with those that lead to it.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn dir(&self, path: impl AsRef<[u8]>) -> &Self {
        let at = self.at(path);
        must(fs::create_dir_all(&at), "make", &at);
        self
    }

    /// Makes a symbolic link.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn link(&self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> &Self {
        let at = self.with_parents(path);
        must(symlink(OsStr::from_bytes(target.as_ref()), &at), "link", &at);
        self
    }

    /// Sets the permission bits.
    ///
    /// # Panics
    /// They cannot be set.
    pub fn mode(&self, path: impl AsRef<[u8]>, mode: u32) -> &Self {
        let at = self.at(path);
        must(fs::set_permissions(&at, Permissions::from_mode(mode)), "chmod", &at);
        self
    }

    /// Sets the time of the last change, in seconds and nanoseconds; of a link itself, not of what it points to.
    ///
    /// # Panics
    /// It cannot be set.
    pub fn mtime(&self, path: impl AsRef<[u8]>, secs: i64, nanos: u32) -> &Self {
        let at = self.at(path);
        let time = Timespec { tv_sec: secs, tv_nsec: nanos.into() };
        let times = Timestamps { last_access: time, last_modification: time };
        must(utimensat(CWD, &at, &times, AtFlags::SYMLINK_NOFOLLOW), "set the times of", &at);
        self
    }

    /// Renames.
    ///
    /// # Panics
    /// It cannot be renamed.
    pub fn rename(&self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> &Self {
        let at = self.with_parents(to);
        must(fs::rename(self.at(from), &at), "rename to", &at);
        self
    }

    /// Removes a file, a link, or a directory with all that is in it.
    ///
    /// # Panics
    /// It cannot be removed.
    pub fn remove(&self, path: impl AsRef<[u8]>) -> &Self {
        let at = self.at(path);
        let is_dir = must(fs::symlink_metadata(&at), "find", &at).is_dir();
        must(if is_dir { fs::remove_dir_all(&at) } else { fs::remove_file(&at) }, "remove", &at);
        self
    }

    /// The content of a file.
    ///
    /// # Panics
    /// It cannot be read.
    pub fn read(&self, path: impl AsRef<[u8]>) -> Vec<u8> {
        let at = self.at(path);
        must(fs::read(&at), "read", &at)
    }

    /// Whether there is anything under that name.
    pub fn has(&self, path: impl AsRef<[u8]>) -> bool {
        fs::symlink_metadata(self.at(path)).is_ok()
    }

    /// `dirs` directories of `files` small files each, in a tree that branches tenfold: a tree for measuring.
    ///
    /// # Panics
    /// There is no room for it.
    pub fn many(&self, dirs: usize, files: usize) -> &Self {
        for number in 0..dirs {
            let digits = format!("{number:04}");
            let path: Vec<String> = digits.chars().map(|digit| format!("dir-{digit}")).collect();
            let dir = self.at(path.join("/"));
            must(fs::create_dir_all(&dir), "make", &dir);
            for file in 0..files {
                let at = dir.join(format!("file-{number:04}-{file:03}.txt"));
                must(fs::write(&at, b"small"), "write", &at);
            }
        }
        self
    }

    /// All that is in it; see [`tree_of`].
    ///
    /// # Panics
    /// It cannot be read.
    pub fn entries(&self) -> BTreeMap<Vec<u8>, Entry> {
        tree_of(self.path())
    }

    fn with_parents(&self, path: impl AsRef<[u8]>) -> PathBuf {
        let at = self.at(path);
        if let Some(parent) = at.parent() {
            must(fs::create_dir_all(parent), "make", parent);
        }
        at
    }
}

/// One entry of a tree as far as it is to be the same on both sides.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file with its content, permission bits and time of the last change.
    File(Vec<u8>, u32, (i64, i64)),
    /// A directory with its permission bits.
    Dir(u32),
    /// A link with its target.
    Link(Vec<u8>),
    /// Anything else.
    Special,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(content, mode, (secs, nanos)) => {
                let start = &content[..content.len().min(40)];
                write!(f, "file {mode:o} {secs}.{nanos:09} {} \"{}\"", content.len(), start.escape_ascii())
            }
            Self::Dir(mode) => write!(f, "dir {mode:o}"),
            Self::Link(target) => write!(f, "link to {}", target.escape_ascii()),
            Self::Special => f.write_str("special"),
        }
    }
}

/// All entries beneath a directory but what the program keeps there for itself (`.instep` at its top), by their paths.
///
/// # Panics
/// It cannot be read.
pub fn tree_of(root: &Path) -> BTreeMap<Vec<u8>, Entry> {
    let mut tree = BTreeMap::new();
    walk(root, &mut |path, at, meta| {
        let mode = meta.mode() & 0o7777;
        let kind = meta.file_type();
        let entry = if kind.is_file() {
            Entry::File(must(fs::read(at), "read", at), mode, (meta.mtime(), meta.mtime_nsec()))
        } else if kind.is_dir() {
            Entry::Dir(mode)
        } else if kind.is_symlink() {
            Entry::Link(must(fs::read_link(at), "read", at).into_os_string().as_bytes().to_vec())
        } else {
            Entry::Special
        };
        if path == b".instep" {
            return false;
        }
        tree.insert(path.to_vec(), entry);
        true
    });
    tree
}

/// What moves whenever something was written: to show that nothing was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    ino: u64,
    mode: u32,
    links: u64,
    size: u64,
    changed: (i64, i64),
    modified: (i64, i64),
    accessed: (i64, i64),
}

/// The stamps of a directory and of all beneath it, ours included. Taking them moves no time of access.
///
/// # Panics
/// It cannot be read.
pub fn stamps(root: &Path) -> BTreeMap<Vec<u8>, Stamp> {
    let mut stamps = BTreeMap::new();
    let stamp = |meta: &fs::Metadata| Stamp {
        ino: meta.ino(),
        mode: meta.mode(),
        links: meta.nlink(),
        size: meta.size(),
        changed: (meta.ctime(), meta.ctime_nsec()),
        modified: (meta.mtime(), meta.mtime_nsec()),
        accessed: (meta.atime(), meta.atime_nsec()),
    };
    // The first walk moves the times of access of the directories, at most once; the second finds them at rest.
    walk(root, &mut |_, _, _| true);
    stamps.insert(Vec::new(), stamp(&must(fs::symlink_metadata(root), "find", root)));
    walk(root, &mut |path, _, meta| {
        stamps.insert(path.to_vec(), stamp(meta));
        true
    });
    stamps
}

/// The paths whose stamps are not the same, in a form that a failed test can show.
pub fn moved(before: &BTreeMap<Vec<u8>, Stamp>, after: &BTreeMap<Vec<u8>, Stamp>) -> Vec<String> {
    let paths: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    differ
        .map(|path| format!("{}: {:?} -> {:?}", path.escape_ascii(), before.get(path), after.get(path)))
        .collect()
}

/// Visits everything beneath `root`, parents first; the visitor says whether to go into a directory.
fn walk(root: &Path, visit: &mut dyn FnMut(&[u8], &Path, &fs::Metadata) -> bool) {
    let mut left = vec![PathBuf::new()];
    while let Some(dir) = left.pop() {
        let at = root.join(&dir);
        for entry in must(fs::read_dir(&at), "list", &at) {
            let entry = must(entry, "list", &at);
            let path = dir.join(entry.file_name());
            let meta = must(entry.metadata(), "find", &entry.path());
            if visit(path.as_os_str().as_bytes(), &entry.path(), &meta) && meta.is_dir() {
                left.push(path);
            }
        }
    }
}

#[expect(clippy::panic, reason = "a test that cannot set its scene has failed")]
fn must<T, E: fmt::Display>(result: Result<T, E>, what: &str, path: &Path) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("cannot {what} {}: {error}", path.display()),
    }
}
