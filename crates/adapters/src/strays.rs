//! Processes that left the group of whoever started them. A mark in their environment tells whose they are: a child
//! inherits it wherever it goes, unless it is given another environment on purpose.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io, thread};

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::time::{ClockId, clock_gettime};

/// The variable with the mark.
const VARIABLE: &str = "INSTEP_PROCESS";
/// Whoever starts others faster than they are found is looked for again, so many times.
const MOST_LOOKS: usize = 100;
/// More than an environment has, unless somebody keeps data in it.
const AT_ONCE: usize = 256 * 1024;
/// How soon one that just becomes another program is looked at again.
const PACE: Duration = Duration::from_millis(1);

/// A mark that no other process has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    text: String,
    /// Since the machine was started, in the ticks in which `/proc` says when a process began.
    made: u64,
}

/// Whether a process bears a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Borne {
    Yes,
    No,
    /// It is becoming another program just now, and has no environment until it has.
    Unclear,
}

impl Mark {
    pub(crate) fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        // The number of a process comes again, the moment does not.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let text = format!("{}-{}-{number}", std::process::id(), now.as_nanos());
        let up = clock_gettime(ClockId::Boottime);
        let up = Duration::new(up.tv_sec.unsigned_abs(), u32::try_from(up.tv_nsec).unwrap_or_default());
        let made = up.as_secs_f64() * clock_ticks_per_second() as f64;
        Self { text, made: made as u64 }
    }

    /// The variable that the process is to have.
    pub(crate) fn variable(&self) -> (&'static str, &str) {
        (VARIABLE, &self.text)
    }

    /// Kills whoever bears the mark, until nobody does.
    pub(crate) fn kill_all(&self) {
        for _ in 0..MOST_LOOKS {
            let found = self.kill_those_found();
            if !found.contains(&Borne::Yes) {
                if !found.contains(&Borne::Unclear) {
                    return;
                }
                thread::sleep(PACE);
            }
        }
    }

    fn kill_those_found(&self) -> Vec<Borne> {
        let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
        let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        numbers.map(|number| self.kill(number)).filter(|borne| *borne != Borne::No).collect()
    }

    fn kill(&self, number: i32) -> Borne {
        let borne = self.is_borne_by(number);
        if borne != Borne::Yes {
            return borne;
        }
        let held = Pid::from_raw(number).and_then(|number| pidfd_open(number, PidfdFlags::empty()).ok());
        let Some(held) = held else { return Borne::No };
        // Between the look and the hold the number may have become another's.
        let borne = self.is_borne_by(number);
        if borne == Borne::Yes && pidfd_send_signal(held, Signal::KILL).is_err() {
            return Borne::No;
        }
        borne
    }

    fn is_borne_by(&self, number: i32) -> Borne {
        let wanted = format!("{VARIABLE}={}", self.text);
        let environment = match environment(number) {
            Ok(environment) => environment,
            // Of somebody else, or gone.
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound) => {
                return Borne::No;
            }
            Err(_) => Vec::new(),
        };
        if environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes()) {
            return Borne::Yes;
        }
        // The kernel's own threads, and who is dead and not yet reaped, have no program either.
        let is_running = || fs::read_link(format!("/proc/{number}/exe")).is_ok();
        if environment.is_empty() && is_running() && began(number).is_some_and(|began| began >= self.made) {
            return Borne::Unclear;
        }
        Borne::No
    }
}

/// The environment with which a process became the program that it is.
fn environment(number: i32) -> io::Result<Vec<u8>> {
    let mut file = File::open(format!("/proc/{number}/environ"))?;
    // In one call as far as possible: between two it may become another program, and all that is left would not be read.
    let mut environment = vec![0; AT_ONCE];
    let length = file.read(&mut environment)?;
    if length == AT_ONCE {
        file.read_to_end(&mut environment)?;
    } else {
        environment.truncate(length);
    }
    Ok(environment)
}

/// When a process began, in ticks since the machine was started: the 22nd field of its status (`proc_pid_stat(5)`).
fn began(number: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    // The second field is a name in parentheses, which may have anything in it.
    let (_, fields) = status.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
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

    #[test]
    fn whoever_becomes_one_program_after_the_other_is_found_too() {
        for _ in 0..100 {
            let mark = Mark::new();
            let (name, value) = mark.variable();
            let restless = "exec sh -c \"$0\" \"$0\"";
            let mut child =
                Command::new("sh").args(["-c", restless, restless]).env(name, value).spawn().unwrap();
            // Before that it has the environment of this process.
            let number = i32::try_from(child.id()).unwrap();
            while mark.is_borne_by(number) != Borne::Yes {
                thread::yield_now();
            }
            mark.kill_all();
            assert_eq!(child.wait().unwrap().signal(), Some(9));
        }
    }
}
