//! What commands wrote while they ran: a log for each run, of which the beginning and the end are kept.
//!
//! `<store>.logs/<run>/<offset>`: pieces that are named by where they begin. When a log grows beyond a few of them, the
//! second oldest goes; what is missing shows by the offsets. A log can be read while it is written, and by other
//! processes than the one that has the store open.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use syncmgr::RunId;

/// The size of a piece.
const PIECE: u64 = 256 * 1024;
/// How many pieces are kept: the first, and the last ones.
const PIECES: usize = 3;
/// How much all logs together may take.
const ALL: u64 = 512 * 1024 * 1024;

/// The logs beside a store.
#[derive(Debug, Clone)]
pub struct Logs {
    dir: PathBuf,
}

/// A log as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Log {
    /// From the beginning on.
    pub head: Vec<u8>,
    /// How many bytes are left out after it.
    pub left_out: u64,
    /// To the end; empty when nothing is left out.
    pub tail: Vec<u8>,
}

impl Logs {
    /// The logs beside the store of that file, which need not be opened for it.
    pub fn beside(store: &Path) -> Self {
        let mut dir = store.as_os_str().to_owned();
        dir.push(".logs");
        Self { dir: PathBuf::from(dir) }
    }

    /// Begins the log of a run; for this person only.
    ///
    /// # Errors
    /// The system refused.
    pub fn begin(&self, run: RunId) -> io::Result<LogWriter> {
        let dir = self.of(run);
        DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        let file = piece(&dir, 0)?;
        Ok(LogWriter { dir, file, written: 0, begun: vec![0] })
    }

    /// The log of a run; none when it has none.
    ///
    /// # Errors
    /// The system refused.
    pub fn read(&self, run: RunId) -> io::Result<Option<Log>> {
        let dir = self.of(run);
        let mut offsets = match offsets(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            offsets => offsets?,
        };
        offsets.sort_unstable();
        let mut log = Log::default();
        let mut end = 0;
        for offset in offsets {
            let bytes = match fs::read(dir.join(offset.to_string())) {
                // It grew meanwhile, and this piece had to go.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                bytes => bytes?,
            };
            log.left_out += offset.saturating_sub(end);
            end = offset + bytes.len() as u64;
            if log.left_out == 0 { &mut log.head } else { &mut log.tail }.extend(bytes);
        }
        Ok(Some(log))
    }

    /// Removes the logs of runs that are not kept, and the oldest ones when all together take too much.
    ///
    /// # Errors
    /// The system refused; what is gone is gone.
    pub fn prune(&self, is_kept: impl Fn(RunId) -> bool) -> io::Result<()> {
        self.prune_to(ALL, is_kept)
    }

    fn prune_to(&self, most: u64, is_kept: impl Fn(RunId) -> bool) -> io::Result<()> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok().map(RunId);
        let mut runs: Vec<RunId> = entries.flatten().filter_map(number).collect();
        runs.sort_unstable_by_key(|run| std::cmp::Reverse(run.0));
        let mut all = 0;
        for run in runs {
            let dir = self.of(run);
            let size: u64 =
                fs::read_dir(&dir)?.flatten().filter_map(|piece| Some(piece.metadata().ok()?.len())).sum();
            if is_kept(run) && all + size <= most {
                all += size;
            } else {
                fs::remove_dir_all(&dir)?;
            }
        }
        Ok(())
    }

    fn of(&self, run: RunId) -> PathBuf {
        self.dir.join(run.0.to_string())
    }
}

/// The writing end of a log.
#[derive(Debug)]
pub struct LogWriter {
    dir: PathBuf,
    file: File,
    written: u64,
    /// Where the pieces that are there begin; the last one is being written.
    begun: Vec<u64>,
}

impl LogWriter {
    /// Adds to the log.
    ///
    /// # Errors
    /// The system refused.
    pub fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let begun = self.begun.last().copied().unwrap_or(0);
            let room = (begun + PIECE).saturating_sub(self.written);
            if room == 0 {
                self.next()?;
                continue;
            }
            let (now, later) = bytes.split_at(bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            self.file.write_all(now)?;
            self.written += now.len() as u64;
            bytes = later;
        }
        Ok(())
    }

    fn next(&mut self) -> io::Result<()> {
        self.file = piece(&self.dir, self.written)?;
        self.begun.push(self.written);
        if self.begun.len() > PIECES {
            let middle = self.begun.remove(1);
            fs::remove_file(self.dir.join(middle.to_string()))?;
        }
        Ok(())
    }
}

fn piece(dir: &Path, offset: u64) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(dir.join(offset.to_string()))
}

fn offsets(dir: &Path) -> io::Result<Vec<u64>> {
    let entries = fs::read_dir(dir)?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs() -> (tempfile::TempDir, Logs) {
        let home = tempfile::tempdir().unwrap();
        let logs = Logs::beside(&home.path().join("instep.db"));
        (home, logs)
    }

    #[test]
    fn a_short_log_is_kept_whole_and_read_while_it_is_written() {
        let (_home, logs) = logs();
        let mut writer = logs.begin(RunId(7)).unwrap();
        writer.write(b"one\n").unwrap();
        assert_eq!(logs.read(RunId(7)).unwrap().unwrap().head, b"one\n");
        writer.write(b"\xfftwo").unwrap();
        let wanted = Log { head: b"one\n\xfftwo".to_vec(), left_out: 0, tail: vec![] };
        assert_eq!(logs.read(RunId(7)).unwrap(), Some(wanted));
        assert_eq!(logs.read(RunId(8)).unwrap(), None);
    }

    #[test]
    fn of_a_long_log_the_beginning_and_the_end_are_kept() {
        let (_home, logs) = logs();
        let mut writer = logs.begin(RunId(1)).unwrap();
        let mut all = Vec::new();
        for number in 0..400_000_u32 {
            let line = format!("line {number}\n");
            writer.write(line.as_bytes()).unwrap();
            all.extend(line.bytes());
        }
        let log = logs.read(RunId(1)).unwrap().unwrap();
        assert!(all.starts_with(&log.head) && all.ends_with(&log.tail));
        assert_eq!(log.head.len() as u64, PIECE);
        assert!(log.tail.len() as u64 > PIECE && log.tail.len() as u64 <= 2 * PIECE);
        assert_eq!(log.head.len() as u64 + log.left_out + log.tail.len() as u64, all.len() as u64);
    }

    #[test]
    fn logs_go_with_their_runs_and_the_oldest_first_when_they_are_too_many() {
        let (_home, logs) = logs();
        for run in 1..=5 {
            logs.begin(RunId(run)).unwrap().write(&[b'x'; 100]).unwrap();
        }
        logs.prune_to(250, |run| run != RunId(4)).unwrap();
        let left: Vec<u64> = (1..=5).filter(|run| logs.read(RunId(*run)).unwrap().is_some()).collect();
        assert_eq!(left, [3, 5]);
        Logs::beside(Path::new("/nonexistent/store")).prune(|_| true).unwrap();
    }
}
