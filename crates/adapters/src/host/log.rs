//! What a handler writes to its standard output and standard error: its log, kept within bounds.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::limits::Pace;

/// Lines that are kept for explaining an end.
const KEPT: usize = 10;
/// The longest line; the rest of it is dropped.
pub(crate) const LONGEST: usize = 4096;
/// Lines per second over a long time, and at once.
pub(crate) const PACE: (u32, u32) = (200, 2000);
/// A log file is put aside at this size; one older one is kept.
const FILE_SIZE: u64 = 1 << 20;

/// The log of one process.
pub(crate) struct Log {
    unfinished: Vec<u8>,
    last: VecDeque<String>,
    pace: Pace,
    dropped: u64,
    file: Option<LogFile>,
}

impl Log {
    /// A log that is also written to this file, if it can be.
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self {
            unfinished: Vec::new(),
            last: VecDeque::new(),
            pace: Pace::new(PACE.0, PACE.1, Instant::now()),
            dropped: 0,
            file: path.and_then(|path| LogFile::open(&path)),
        }
    }

    /// Takes what was read.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, whole) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let room = LONGEST.saturating_sub(self.unfinished.len());
            self.unfinished.extend_from_slice(text.get(..room).unwrap_or(text));
            if whole {
                self.finish_line();
            }
        }
    }

    /// Something to remember that the handler did not write itself.
    pub(crate) fn note(&mut self, text: &str) {
        if !self.unfinished.is_empty() {
            self.finish_line();
        }
        self.keep(format!("[instep] {text}"));
    }

    fn finish_line(&mut self) {
        let line = String::from_utf8_lossy(&self.unfinished).trim_end().to_owned();
        self.unfinished.clear();
        if !line.is_empty() {
            self.keep(line);
        }
    }

    fn keep(&mut self, line: String) {
        // The last lines are always kept: they explain an end. The file is spared a flood.
        if !self.pace.take(Instant::now()).is_zero() {
            self.dropped += 1;
        } else if let Some(file) = &mut self.file {
            if self.dropped > 0 {
                file.write(&format!("[instep] {} lines were left out", self.dropped));
                self.dropped = 0;
            }
            file.write(&line);
        }
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The last lines.
    pub(crate) fn last_words(&self) -> Vec<String> {
        let rest = String::from_utf8_lossy(&self.unfinished).trim_end().to_owned();
        self.last.iter().cloned().chain((!rest.is_empty()).then_some(rest)).collect()
    }
}

/// A file that never grows beyond bounds. What cannot be written is let go: the log is never in the way of a sync.
struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
}

impl LogFile {
    fn open(path: &Path) -> Option<Self> {
        fs::create_dir_all(path.parent()?).ok()?;
        let file = OpenOptions::new().create(true).append(true).open(path).ok()?;
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        Some(Self { path: path.to_owned(), file, size })
    }

    fn write(&mut self, line: &str) {
        if self.size >= FILE_SIZE {
            let _ = fs::rename(&self.path, self.path.with_extension("log.old"));
            match OpenOptions::new().create(true).append(true).open(&self.path) {
                Ok(file) => (self.file, self.size) = (file, 0),
                Err(_) => return,
            }
        }
        if writeln!(self.file, "{line}").is_ok() {
            self.size += line.len() as u64 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_also_of_a_flood_and_half_a_line() {
        let mut log = Log::new(None);
        for n in 0..100_000 {
            log.take(format!("line {n}\n").as_bytes());
        }
        log.take(b"\xff half");
        let last = log.last_words();
        assert_eq!(last.len(), KEPT + 1);
        assert_eq!(last[KEPT - 1], "line 99999");
        assert!(last[KEPT].ends_with("half"));
    }

    #[test]
    fn an_endless_line_holds_no_memory() {
        let mut log = Log::new(None);
        for _ in 0..100 {
            log.take(&[b'x'; 64 * 1024]);
            assert!(log.unfinished.len() <= LONGEST);
        }
        log.take(b"\nnext\n");
        assert_eq!(log.last_words()[1], "next");
    }

    #[test]
    fn the_file_is_put_aside_when_it_is_full() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("handlers/mine.log");
        let mut file = LogFile::open(&path).unwrap();
        let line = "x".repeat(LONGEST);
        for _ in 0..600 {
            file.write(&line);
        }
        assert!(fs::metadata(&path).unwrap().len() <= FILE_SIZE + LONGEST as u64 + 1);
        assert!(dir.path().join("handlers/mine.log.old").exists());
    }
}
