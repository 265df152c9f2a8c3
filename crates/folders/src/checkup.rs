//! What can be said of a side without synchronizing it: for whoever looks after an installation. Only looks.

use std::io;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

/// The room on a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that its users may still write.
    pub free: u64,
    /// All its bytes.
    pub total: u64,
    /// It is mounted so that nothing can be written.
    pub read_only: bool,
}

/// What was counted below a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Census {
    /// Directories, itself included.
    pub directories: u64,
    /// Bytes of files.
    pub bytes: u64,
    /// There is more: it was counted only so far.
    pub more: bool,
}

/// The room on the file system that a path is on.
///
/// # Errors
/// It cannot be asked.
pub fn room(path: &Path) -> io::Result<Room> {
    let stat = statvfs(path)?;
    Ok(Room {
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
        read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY),
    })
}

/// Counts what is below a directory, at most so many entries; follows no link. What cannot be read is not counted.
pub fn census(root: &Path, most: u64) -> Census {
    let mut census = Census::default();
    let mut open = vec![root.to_owned()];
    let mut entries = 0_u64;
    while let Some(directory) = open.pop() {
        census.directories += 1;
        let Ok(listed) = std::fs::read_dir(&directory) else { continue };
        for entry in listed.flatten() {
            entries += 1;
            if entries > most {
                census.more = true;
                return census;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => {
                    census.bytes += entry.metadata().map_or(0, |meta| meta.len());
                }
                _ => {}
            }
        }
    }
    census
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_census_counts_what_is_there_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::fs::write(dir.path().join("a/f"), "four").unwrap();
        std::os::unix::fs::symlink("/", dir.path().join("a/b/root")).unwrap();
        assert_eq!(census(dir.path(), 100), Census { directories: 3, bytes: 4, more: false });
        assert!(census(dir.path(), 2).more);
        assert_eq!(census(&dir.path().join("missing"), 9), Census { directories: 1, ..Census::default() });
    }

    #[test]
    fn the_room_of_a_directory_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let room = room(dir.path()).unwrap();
        assert!(!room.read_only && room.free <= room.total);
        assert!(super::room(&dir.path().join("missing")).is_err());
    }
}
