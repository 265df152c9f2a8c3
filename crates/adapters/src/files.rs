//! Small files of our own, which can always be made again; and whether a file is still the one that was read.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// What another file in the place of one, or another text in it, would not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Of the file as it is now; none where there is none.
    pub fn of(path: &Path) -> Option<Self> {
        let meta = fs::metadata(path).ok()?;
        Some(Self {
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        })
    }
}

/// Writes a whole file or none, which nobody else reads.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&new).and_then(|mut file| file.write_all(content));
    written.and_then(|()| fs::rename(&new, path)).inspect_err(|_| drop(fs::remove_file(&new)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_written_whole_for_its_owner_alone_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("list.json");
        write_whole(&file, b"one").unwrap();
        let first = Stamp::of(&file);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        write_whole(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_ne!(Stamp::of(&file), first, "another file is in its place");
        assert_eq!(Stamp::of(&place.path().join("none")), None);
        // A directory is not replaced, and nothing is left beside it.
        let taken = place.path().join("taken");
        fs::create_dir(&taken).unwrap();
        write_whole(&taken, b"three").unwrap_err();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }
}
