//! The last common versions of small text files, so that a conflict about one can be merged.
//!
//! They are kept beside the base in a file of their own, found by what A's version looked like when both sides agreed on
//! it: one that was renamed since is still found, one that was edited is not, and nothing must be told of either. The
//! file is a convenience that may be lost at any time: it is never flushed, and a damaged one is thrown away. It is
//! bounded per file, per run and in all, and a run that changes nothing does not open it (S12).

use std::io::Read as _;
use std::path::{Path, PathBuf};

use reconcile::{Kind, RelPath, Seen};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::side::{ReadDir, ReadSide};

/// Name of the file in its pair's directory.
pub(crate) const FILE_NAME: &str = "ancestors.db";

const SCHEMA: &str = "
    CREATE TABLE kept (age INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, size INTEGER NOT NULL, sum BLOB NOT NULL,
                       text BLOB NOT NULL);
    PRAGMA user_version = 1;
";

/// How much is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The largest file, in bytes.
    pub(crate) file: u64,
    /// The most files that one run adds: a first copy of a large tree must not be slowed down by it.
    pub(crate) run_files: usize,
    /// The most bytes that one run adds.
    pub(crate) run_bytes: u64,
    /// The most bytes in all, compressed; the oldest go.
    pub(crate) total: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { file: 256 << 10, run_files: 4096, run_bytes: 32 << 20, total: 64 << 20 }
    }
}

/// What a run agreed on that is worth keeping.
#[derive(Debug)]
pub(crate) struct Candidates {
    bounds: Bounds,
    bytes: u64,
    found: Vec<(RelPath, Seen)>,
}

impl Default for Candidates {
    fn default() -> Self {
        Self::new(Bounds::default())
    }
}

impl Candidates {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self { bounds, bytes: 0, found: Vec::new() }
    }

    /// Both sides have this now, which is so on A.
    pub(crate) fn add(&mut self, path: impl FnOnce() -> RelPath, a: &Seen) {
        let fits = a.kind == Kind::File
            && (1..=self.bounds.file).contains(&a.size)
            && self.found.len() < self.bounds.run_files
            && self.bytes + a.size <= self.bounds.run_bytes;
        if fits {
            self.bytes += a.size;
            self.found.push((path(), *a));
        }
    }

    /// Keeps those of them that are text, and as they were agreed on. What goes wrong costs a merge some day, no more.
    pub(crate) fn keep(mut self, home: &Path, a: &dyn ReadSide) {
        if self.found.is_empty() {
            return;
        }
        self.found.sort_by(|x, y| x.0.cmp(&y.0));
        let texts = Texts { a, dir: None, found: self.found.into_iter() };
        let path = home.join(FILE_NAME);
        if write(&path, self.bounds, texts).is_err_and(|error| is_damage(&error)) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Reads candidates, one after another.
struct Texts<'s> {
    a: &'s dyn ReadSide,
    /// The directory that was opened last.
    dir: Option<(RelPath, Option<Box<dyn ReadDir + 's>>)>,
    found: std::vec::IntoIter<(RelPath, Seen)>,
}

impl Iterator for Texts<'_> {
    type Item = (Seen, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, seen) = self.found.next()?;
            let Some((dir, name)) = path.split() else { continue };
            if self.dir.as_ref().is_none_or(|(open, _)| *open != dir) {
                let open = self.a.dir(&dir).ok();
                self.dir = Some((dir, open));
            }
            let Some((_, Some(dir))) = &self.dir else { continue };
            if let Some(text) = read(&**dir, name, &seen) {
                return Some((seen, text));
            }
        }
    }
}

fn read(dir: &dyn ReadDir, name: &[u8], seen: &Seen) -> Option<Vec<u8>> {
    let mut content = dir.open_known(name).ok()?;
    let mut text = vec![0; usize::try_from(seen.size).ok()?];
    content.read_exact(&mut text).ok()?;
    // What is longer now has another size as well.
    let now = content.seen().ok()?;
    let same = now.size == seen.size && now.mtime == seen.mtime && now.id == seen.id;
    (same && is_text(&text)).then_some(text)
}

/// Whether it is text, as far as its beginning tells: the same question as other tools ask.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    !bytes[..bytes.len().min(8000)].contains(&0)
}

fn write(path: &Path, bounds: Bounds, texts: impl Iterator<Item = (Seen, Vec<u8>)>) -> rusqlite::Result<()> {
    let mut texts = texts.peekable();
    // Nothing of it was text: then there is nothing to write.
    if texts.peek().is_none() {
        return Ok(());
    }
    let mut conn = Connection::open(path)?;
    conn.execute_batch("PRAGMA synchronous = OFF")?;
    if conn.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))? == 0 {
        conn.execute_batch(SCHEMA)?;
    }
    let txn = conn.transaction()?;
    {
        let mut insert =
            txn.prepare("INSERT OR REPLACE INTO kept (key, size, sum, text) VALUES (?1, ?2, ?3, ?4)")?;
        for (seen, text) in texts {
            let sum = blake3::hash(&text);
            let packed = lz4_flex::compress(&text);
            insert.execute(params![
                key(&seen),
                i64::try_from(text.len()).unwrap_or(i64::MAX),
                &sum.as_bytes()[..16],
                packed
            ])?;
        }
    }
    let total = i64::try_from(bounds.total).unwrap_or(i64::MAX);
    txn.execute(
        "DELETE FROM kept WHERE age <= (
            SELECT age FROM (SELECT age, sum(length(text)) OVER (ORDER BY age DESC) AS kept FROM kept)
             WHERE kept > ?1 ORDER BY age DESC LIMIT 1)",
        [total],
    )?;
    txn.commit()
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode as Code;
    matches!(error.sqlite_error_code(), Some(Code::DatabaseCorrupt | Code::NotADatabase))
}

/// By what a version is found: all that stays when it is renamed and moves when it is edited.
fn key(seen: &Seen) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seen.size.to_le_bytes());
    hasher.update(&seen.mtime.secs.to_le_bytes()).update(&seen.mtime.nanos.to_le_bytes());
    hasher.update(&seen.id.ino.to_le_bytes()).update(&seen.id.birth.to_le_bytes());
    let mut key = [0; 16];
    hasher.finalize_xof().fill(&mut key);
    key
}

/// What is kept, for reading.
pub(crate) struct Ancestors {
    conn: Connection,
}

impl Ancestors {
    /// Those of the pair with this directory; none when nothing is kept.
    pub(crate) fn open_to_read(home: &Path) -> Option<Self> {
        let path: PathBuf = home.join(FILE_NAME);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(path, flags).ok().map(|conn| Self { conn })
    }

    /// The text of the version that A had, if it is kept and whole.
    pub(crate) fn get(&self, a: &Seen) -> Option<Vec<u8>> {
        let (size, sum, packed): (i64, Vec<u8>, Vec<u8>) = self
            .conn
            .query_row("SELECT size, sum, text FROM kept WHERE key = ?1", [key(a)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .ok()??;
        // A damaged number must not take all memory.
        let size = usize::try_from(size).ok().filter(|size| *size <= 1 << 24)?;
        let text = lz4_flex::decompress(&packed, size).ok()?;
        (blake3::hash(&text).as_bytes()[..16] == sum[..]).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reconcile::{FileId, Time};

    fn seen(ino: u64, size: usize) -> Seen {
        Seen {
            kind: Kind::File,
            mode: 0o644,
            size: size as u64,
            mtime: Time { secs: 5, nanos: 6 },
            ctime: Time { secs: 7, nanos: 8 },
            id: FileId { ino, birth: 9 },
            extras: reconcile::Extras::default(),
        }
    }

    fn keep(home: &Path, bounds: Bounds, texts: &[(u64, &[u8])]) {
        let texts = texts.iter().map(|(ino, text)| (seen(*ino, text.len()), text.to_vec()));
        write(&home.join(FILE_NAME), bounds, texts).unwrap();
    }

    #[test]
    fn what_was_kept_is_found_by_its_version_whatever_it_is_called_now() {
        let home = tempfile::tempdir().unwrap();
        keep(home.path(), Bounds::default(), &[(1, b"one\n"), (2, b"two, other\n")]);
        let kept = Ancestors::open_to_read(home.path()).unwrap();
        let renamed = Seen { ctime: Time { secs: 99, nanos: 0 }, mode: 0o600, ..seen(1, 4) };
        assert_eq!(kept.get(&renamed).unwrap(), b"one\n");
        let edited = Seen { mtime: Time { secs: 6, nanos: 6 }, ..seen(1, 4) };
        assert_eq!(kept.get(&edited), None);
    }

    #[test]
    fn the_oldest_go_when_it_becomes_too_much() {
        let home = tempfile::tempdir().unwrap();
        let texts: Vec<Vec<u8>> =
            (0..40_u64).map(|n| blake3::hash(&n.to_le_bytes()).to_hex().as_bytes().to_vec()).collect();
        let bounds = Bounds { total: 1000, ..Bounds::default() };
        for (ino, text) in (0..).zip(&texts) {
            keep(home.path(), bounds, &[(ino, text)]);
        }
        let kept = Ancestors::open_to_read(home.path()).unwrap();
        let there: Vec<bool> = (0..40).map(|ino| kept.get(&seen(ino, 64)).is_some()).collect();
        assert!(!there[0] && there[39]);
        let first = there.iter().position(|there| *there).unwrap();
        assert!(there[first..].iter().all(|there| *there) && there.len() - first >= 10);
    }

    #[test]
    fn a_damaged_file_keeps_nothing_and_is_begun_anew() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(
            home.path().join(FILE_NAME),
            b"this is no database, and long enough to be seen as none".repeat(40),
        )
        .unwrap();
        assert!(Ancestors::open_to_read(home.path()).unwrap().get(&seen(1, 4)).is_none());
        let texts = || [(seen(1, 4), b"one\n".to_vec())].into_iter();
        let path = home.path().join(FILE_NAME);
        let error = write(&path, Bounds::default(), texts()).unwrap_err();
        assert!(is_damage(&error));
        std::fs::remove_file(&path).unwrap();
        write(&path, Bounds::default(), texts()).unwrap();
        assert_eq!(Ancestors::open_to_read(home.path()).unwrap().get(&seen(1, 4)).unwrap(), b"one\n");
    }

    #[test]
    fn a_run_keeps_only_so_much() {
        let mut candidates = Candidates::new(Bounds { run_files: 2, ..Bounds::default() });
        for n in 0..5 {
            candidates.add(|| RelPath::from_bytes(b"x").unwrap(), &seen(n, 10));
        }
        candidates.add(|| RelPath::from_bytes(b"x").unwrap(), &seen(9, 1 << 20));
        assert_eq!(candidates.found.len(), 2);
    }
}
