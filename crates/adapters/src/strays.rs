//! Processes that left the group of whoever started them. A mark in their environment tells whose they are: a child
//! inherits it wherever it goes, unless it is given another environment on purpose.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// The variable with the mark.
const VARIABLE: &str = "INSTEP_PROCESS";
/// Whoever starts others faster than they are found is looked for again, so many times.
const MOST_LOOKS: usize = 16;

/// A mark that no other process has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark(String);

impl Mark {
    pub(crate) fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        // The number of a process comes again, the moment does not.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(format!("{}-{}-{number}", std::process::id(), now.as_nanos()))
    }

    /// The variable that the process is to have.
    pub(crate) fn variable(&self) -> (&'static str, &str) {
        (VARIABLE, &self.0)
    }

    /// Kills whoever bears the mark, until nobody does.
    pub(crate) fn kill_all(&self) {
        for _ in 0..MOST_LOOKS {
            if self.kill_those_found() == 0 {
                return;
            }
        }
    }

    fn kill_those_found(&self) -> usize {
        let Ok(processes) = fs::read_dir("/proc") else { return 0 };
        let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        numbers.filter(|number| self.kill(*number).is_some()).count()
    }

    fn kill(&self, number: i32) -> Option<()> {
        if !self.is_borne_by(number) {
            return None;
        }
        let held = pidfd_open(Pid::from_raw(number)?, PidfdFlags::empty()).ok()?;
        // Between the look and the hold the number may have become another's.
        if !self.is_borne_by(number) {
            return None;
        }
        pidfd_send_signal(held, Signal::KILL).ok()
    }

    /// A process that is dead and not yet reaped has no environment.
    fn is_borne_by(&self, number: i32) -> bool {
        let wanted = format!("{VARIABLE}={}", self.0);
        let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;

    fn sleeper(mark: &Mark) -> std::process::Child {
        let (name, value) = mark.variable();
        Command::new("sleep").arg("1000").env(name, value).process_group(0).spawn().unwrap()
    }

    #[test]
    fn whoever_bears_the_mark_is_found_in_any_group_and_nobody_else() {
        let (ours, others) = (Mark::new(), Mark::new());
        let mut children = [sleeper(&ours), sleeper(&ours), sleeper(&others)];
        ours.kill_all();
        let [first, second, other] = &mut children;
        assert!(!first.wait().unwrap().success() && !second.wait().unwrap().success());
        assert!(other.try_wait().unwrap().is_none());
        others.kill_all();
        assert!(!other.wait().unwrap().success());
    }
}
