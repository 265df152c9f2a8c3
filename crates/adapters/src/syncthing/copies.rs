//! The copies that Syncthing leaves of versions that disagreed. Only names, sizes and times are looked at.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What Syncthing puts into the name, before the day and the time.
const MARK: &[u8] = b".sync-conflict-";
/// How many copies are kept apart; more of them are one problem.
const COPIES: usize = 1000;

/// A copy.
pub(super) struct Copy {
    /// Beneath the folder.
    pub(super) path: Vec<u8>,
    /// The name that it is a version of.
    pub(super) original: Vec<u8>,
    /// The version that kept the name, if it is still there.
    pub(super) now: Option<Seen>,
    /// The version that lost it.
    pub(super) then: Option<Seen>,
}

/// A version.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    pub(super) size: u64,
    pub(super) modified: i64,
}

/// The name that a copy is a version of; none for what is no copy: `a.sync-conflict-20240102-030405-ABCDEFG.txt` is one
/// of `a.txt`.
pub fn original_of(name: &[u8]) -> Option<Vec<u8>> {
    let at = name.windows(MARK.len()).position(|window| window == MARK)?;
    let stamp = &name[at + MARK.len()..];
    let end = stamp.iter().position(|byte| *byte == b'.').unwrap_or(stamp.len());
    let mut parts = stamp[..end].split(|byte| *byte == b'-');
    let digits = |part: Option<&[u8]>, count| {
        part.is_some_and(|part| part.len() == count && part.iter().all(u8::is_ascii_digit))
    };
    let good = digits(parts.next(), 8) && digits(parts.next(), 6);
    good.then(|| [&name[..at], &stamp[end..]].concat())
}

/// All copies beneath a folder; symbolic links are not followed.
pub(super) fn find(root: &Path) -> Vec<Copy> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(directory) = open.pop() {
        // What cannot be listed is an error of Syncthing's own run.
        let Ok(entries) = fs::read_dir(root.join(&directory)) else { continue };
        for entry in entries.filter_map(Result::ok) {
            let Ok(kind) = entry.file_type() else { continue };
            let path = directory.join(entry.file_name());
            if kind.is_dir() {
                // Old versions, and Syncthing's own mark.
                if !matches!(entry.file_name().as_bytes(), b".stversions" | b".stfolder") {
                    open.push(path);
                }
            } else if let Some(original) = original_of(entry.file_name().as_bytes()) {
                let original = directory.join(std::ffi::OsStr::from_bytes(&original));
                let seen = |path: &Path| {
                    let meta = fs::symlink_metadata(root.join(path)).ok()?;
                    Some(Seen { size: meta.len(), modified: meta.mtime().saturating_mul(1000) })
                };
                found.push(Copy {
                    now: seen(&original),
                    then: seen(&path),
                    path: path.as_os_str().as_bytes().to_vec(),
                    original: original.as_os_str().as_bytes().to_vec(),
                });
                if found.len() >= COPIES {
                    return found;
                }
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_known_by_the_mark_and_the_time_in_their_name() {
        for (name, original) in [
            ("a.sync-conflict-20240102-030405-ABCDEFG.txt", Some("a.txt")),
            ("a.sync-conflict-20240102-030405", Some("a")),
            ("a.sync-conflict-20240102-030405-ABCDEFG.tar.gz", Some("a.tar.gz")),
            ("a.sync-conflict-yesterday.txt", None),
            ("a.txt", None),
            (".sync-conflict-", None),
        ] {
            assert_eq!(original_of(name.as_bytes()).as_deref(), original.map(str::as_bytes), "{name}");
        }
    }
}
