//! How many system calls a run makes, and which, counted by `strace`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::measure::Job;
use crate::shell;

/// Calls by kind, the most frequent first.
pub(crate) struct Calls(Vec<(String, u64)>);

impl Calls {
    /// Runs a job under `strace`; none where that is not there or may not trace.
    pub(crate) fn of(job: &Job, place: &Path) -> Result<Option<Self>> {
        let log = place.join("calls.txt");
        let counting = ["strace", "-f", "-qq", "-c", "-o", &log.display().to_string()].map(str::to_owned);
        if !shell::succeeds(&[&counting.each_ref().map(|word| &word[..])[..], &["true"]].concat()) {
            return Ok(None);
        }
        let status = Command::new(&counting[0])
            .args(counting[1..].iter().chain(&job.words))
            .envs(job.env.iter().map(|(name, value)| (name, value)))
            .status()
            .context("cannot start strace")?;
        ensure!(status.success(), "`{}` ended with {status}", job.words.join(" "));
        Ok(Some(Self::read(&fs::read_to_string(&log)?)))
    }

    /// Reads a table of `strace -c`: share, seconds, microseconds a call, calls, errors if there were any, name.
    fn read(table: &str) -> Self {
        let row = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let calls = words.get(3)?.parse().ok()?;
            let name = words.last().filter(|name| **name != "total")?;
            Some(((*name).to_owned(), calls))
        };
        let mut calls: Vec<(String, u64)> = table.lines().filter_map(row).collect();
        calls.sort_by(|x, y| y.1.cmp(&x.1).then_with(|| x.0.cmp(&y.0)));
        Self(calls)
    }

    /// So many for each of `files`, and of which kinds.
    pub(crate) fn each(&self, files: u64) -> String {
        let each = |calls: u64| calls as f64 / files as f64;
        let kinds = self.0.iter().filter(|(_, calls)| each(*calls) >= 0.05);
        let kinds: Vec<String> = kinds.map(|(name, calls)| format!("{name} {:.2}", each(*calls))).collect();
        let all: u64 = self.0.iter().map(|(_, calls)| calls).sum();
        format!("{:.2} ({})", each(all), kinds.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_strace_is_read_with_and_without_errors() {
        let table = "% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000006           0       200           close
 40.00    0.000004           0       400         3 statx
  0.00    0.000000           0         1           execve
------ ----------- ----------- --------- --------- ----------------
100.00    0.000010           0       601         3 total
";
        assert_eq!(Calls::read(table).each(100), "6.01 (statx 4.00, close 2.00)");
    }
}
