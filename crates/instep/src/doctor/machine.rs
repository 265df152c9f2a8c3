//! The machine: its clock, and how many directories it can watch.

use std::path::Path;
use std::time::{Duration, SystemTime};

use folders::checkup::census;

use super::{Finding, Patient};

/// A clock that is before this program's time is wrong: 2026-01-01.
const EARLIEST: Duration = Duration::from_secs(1_767_225_600);
/// How many entries are looked at for directories, of each side.
const MOST: u64 = 500_000;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(clock(SystemTime::now()));
    findings.extend(watches(patient));
    findings
}

fn clock(now: SystemTime) -> Vec<Finding> {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if since >= EARLIEST {
        return vec![Finding::good("the clock is plausible")];
    }
    vec![
        Finding::error("the clock says a time before this program was written")
            .why("schedules, `newest` and how long trash is kept go by it")
            .fix("set it: timedatectl set-ntp true"),
    ]
}

/// What follows a side takes a watch for each directory.
fn watches(patient: &Patient<'_>) -> Option<Finding> {
    let limit = number("/proc/sys/fs/inotify/max_user_watches")?;
    let followed = patient
        .setup
        .pairs
        .iter()
        .filter(|pair| patient.setup.said.item(&pair.item).is_some_and(|item| item.schedule.watches()));
    let sides: Vec<&Path> =
        followed.flat_map(|pair| [pair.a.path.as_path(), pair.b.path.as_path()]).collect();
    if sides.is_empty() {
        return None;
    }
    let counted: Vec<_> = sides.iter().map(|side| census(side, MOST)).collect();
    let directories: u64 = counted.iter().map(|census| census.directories).sum();
    let least = if counted.iter().any(|census| census.more) { "at least " } else { "" };
    Some(if directories > limit {
        Finding::error(format!("{least}{directories} directories are to be watched, and the system allows {limit}"))
            .why("changes in the rest are only found by the next scheduled run")
            .fix(format!(
                "echo fs.inotify.max_user_watches={} | sudo tee /etc/sysctl.d/60-instep.conf && sudo sysctl --system",
                directories.saturating_mul(2).next_power_of_two()
            ))
    } else {
        Finding::good(format!("{least}{directories} directories are watched, the system allows {limit}"))
    })
}

fn number(file: &str) -> Option<u64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    #[test]
    fn a_clock_that_was_never_set_is_found() {
        assert_eq!(clock(SystemTime::UNIX_EPOCH)[0].level, Level::Error);
        assert_eq!(clock(SystemTime::UNIX_EPOCH + EARLIEST)[0].level, Level::Good);
    }
}
