//! Trees that are deeper than a path may be long: no call of the system takes the whole of such a path.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;

const DIR: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A directory far below the top of a tree, by the path to it.
#[derive(Debug)]
pub struct Deep {
    dir: OwnedFd,
}

impl Deep {
    /// Makes one, with those that lead to it.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn make(root: &Path, path: &[u8]) -> Self {
        let mut dir = top(root);
        for name in path.split(|&byte| byte == b'/') {
            match mkdirat(&dir, name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => never("make", name, error),
            }
            dir = must("open", name, openat(&dir, name, DIR, Mode::empty()));
        }
        Self { dir }
    }

    /// Opens one, if it is there.
    ///
    /// # Panics
    /// The top itself cannot be opened.
    pub fn open(root: &Path, path: &[u8]) -> Option<Self> {
        let mut dir = top(root);
        for name in path.split(|&byte| byte == b'/') {
            dir = openat(&dir, name, DIR, Mode::empty()).ok()?;
        }
        Some(Self { dir })
    }

    /// Writes a file in it.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn file(&self, name: &str, content: &str) -> &Self {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
        let file = openat(&self.dir, name, flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(must("write", name.as_bytes(), file));
        must("write", name.as_bytes(), file.write_all_at(content.as_bytes(), 0));
        self
    }

    /// Removes a file from it.
    ///
    /// # Panics
    /// It cannot be removed.
    pub fn remove(&self, name: &str) -> &Self {
        must("remove", name.as_bytes(), unlinkat(&self.dir, name, AtFlags::empty()));
        self
    }

    /// What is in one of its files, if there is such.
    pub fn read(&self, name: &str) -> Option<String> {
        let file = openat(&self.dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        std::io::read_to_string(File::from(file)).ok()
    }
}

fn top(root: &Path) -> OwnedFd {
    must("open", root.as_os_str().as_encoded_bytes(), File::open(root)).into()
}

fn must<T, E: std::fmt::Display>(what: &str, name: &[u8], result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| never(what, name, error))
}

#[expect(clippy::panic, reason = "a test that cannot set its scene has failed")]
fn never(what: &str, name: &[u8], error: impl std::fmt::Display) -> ! {
    panic!("cannot {what} {}: {error}", name.escape_ascii())
}
