//! Reports that nobody could take in when they were made: kept in a file until somebody does, with their times.
//!
//! `reports.spool` beside the store: a JSON object per line, only ever added to, each on the disk before the reporter
//! goes on. Whoever takes reports in holds the lock, and writes what must stay into a new file. A line that a crash
//! tore is left out; all others stand.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Beyond this, only beginnings and ends are added; they are few and small.
const FULL: u64 = 4 * 1024 * 1024;
/// Beyond this, nothing is.
const OVERFULL: u64 = 5 * 1024 * 1024;

/// One report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// When it was made, in milliseconds since 1970.
    pub(crate) at: i64,
    /// The job.
    pub(crate) item: String,
    /// What the reporter calls this run; empty when it has one at a time.
    pub(crate) rid: String,
    /// The run that it is on record as already, begun with a daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<u64>,
    #[serde(flatten)]
    pub(crate) said: Said,
}

/// What was reported. Progress is not kept: nobody needs to know afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub(crate) enum Said {
    Start {
        /// The process whose end is the end of the run, if it is known.
        process: Option<u32>,
        /// Without a good run for so many milliseconds the job is overdue.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overdue: Option<i64>,
    },
    Event {
        level: String,
        text: String,
    },
    End {
        outcome: String,
        text: Option<String>,
    },
}

/// The file.
pub(crate) struct Spool {
    path: PathBuf,
}

/// The reports, while nobody else takes them in.
pub(crate) struct Taken {
    pub(crate) reports: Vec<Report>,
    path: PathBuf,
    _lock: File,
}

impl Spool {
    /// The spool in this directory.
    pub(crate) fn beneath(state: &Path) -> Self {
        Self { path: state.join("reports.spool") }
    }

    /// Adds a report; it is on the disk afterwards. Answers whether there was room for it.
    pub(crate) fn add(&self, report: &Report) -> io::Result<bool> {
        let _lock = self.lock()?;
        let mut file =
            OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&self.path)?;
        let length = file.metadata()?.len();
        let limit = if matches!(report.said, Said::Event { .. }) { FULL } else { OVERFULL };
        let mut line = serde_json::to_vec(report)?;
        line.push(b'\n');
        if length + line.len() as u64 > limit {
            return Ok(false);
        }
        // After a torn line, a new one begins.
        line.insert(0, b'\n');
        file.write_all(&line)?;
        file.sync_data()?;
        Ok(true)
    }

    /// Whether there is anything. Cheap: asked with every command.
    pub(crate) fn is_empty(&self) -> bool {
        fs::metadata(&self.path).map_or(true, |file| file.len() == 0)
    }

    /// All reports, in the order in which they were made.
    pub(crate) fn take(&self) -> io::Result<Taken> {
        let lock = self.lock()?;
        let reports = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            file => lines(file?)?,
        };
        Ok(Taken { reports, path: self.path.clone(), _lock: lock })
    }

    fn lock(&self) -> io::Result<File> {
        let path = self.path.with_extension("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        lock.lock()?;
        Ok(lock)
    }
}

/// The lines that can be read.
fn lines(file: File) -> io::Result<Vec<Report>> {
    let mut reports = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        reports.extend(serde_json::from_slice(&line?));
    }
    Ok(reports)
}

impl Taken {
    /// Only these stay.
    pub(crate) fn keep(self, rest: &[Report]) -> io::Result<()> {
        let new = self.path.with_extension("new");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        for report in rest {
            serde_json::to_writer(&mut file, report)?;
            file.write_all(b"\n")?;
        }
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(text: &str) -> Report {
        let said = Said::Event { level: "error".into(), text: text.into() };
        Report { at: 1, item: "x".into(), rid: String::new(), run: None, said }
    }

    #[test]
    fn what_was_added_is_there_in_order_until_it_is_taken() {
        let home = tempfile::tempdir().unwrap();
        let spool = Spool::beneath(home.path());
        assert!(spool.is_empty() && spool.take().unwrap().reports.is_empty());
        for text in ["one", "two", "three"] {
            assert!(spool.add(&event(text)).unwrap());
        }
        let taken = spool.take().unwrap();
        assert_eq!(taken.reports, [event("one"), event("two"), event("three")]);
        taken.keep(&[event("two")]).unwrap();
        assert_eq!(spool.take().unwrap().reports, [event("two")]);
    }

    #[test]
    fn a_torn_line_is_left_out_and_harms_no_other() {
        let home = tempfile::tempdir().unwrap();
        let spool = Spool::beneath(home.path());
        spool.add(&event("one")).unwrap();
        let path = home.path().join("reports.spool");
        let mut torn = fs::read(&path).unwrap();
        torn.extend_from_slice(b"{\"at\":12,\"it");
        fs::write(&path, torn).unwrap();
        spool.add(&event("two")).unwrap();
        assert_eq!(spool.take().unwrap().reports, [event("one"), event("two")]);
    }

    #[test]
    fn it_is_bounded_and_ends_still_fit_when_events_do_not() {
        let home = tempfile::tempdir().unwrap();
        let spool = Spool::beneath(home.path());
        let long = "x".repeat(1024 * 1024);
        let fits = (0..10).filter(|_| spool.add(&event(&long)).unwrap()).count();
        assert_eq!(fits, 3);
        let end = Report { said: Said::End { outcome: "done".into(), text: None }, ..event("") };
        assert!(spool.add(&end).unwrap());
        assert_eq!(spool.take().unwrap().reports.last(), Some(&end));
    }

    #[test]
    fn many_who_report_at_once_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for who in 0..4 {
                let spool = Spool::beneath(home.path());
                scope.spawn(move || {
                    for number in 0..25 {
                        assert!(spool.add(&event(&format!("{who}-{number}"))).unwrap());
                    }
                });
            }
        });
        assert_eq!(Spool::beneath(home.path()).take().unwrap().reports.len(), 100);
    }
}
