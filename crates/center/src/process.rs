//! Whether another process is still there.

use std::fs;

/// A process, told apart from a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pid: u32,
    /// In clock ticks since the machine was started.
    started: u64,
}

impl Process {
    /// The process that has this number now; none when there is none, or this system cannot tell.
    pub fn find(pid: u32) -> Option<Self> {
        Some(Self { pid, started: start_of(pid)? })
    }

    /// Its number.
    pub fn pid(self) -> u32 {
        self.pid
    }

    /// Whether it has ended.
    pub fn is_gone(self) -> bool {
        start_of(self.pid) != Some(self.started)
    }
}

/// When the process with that number was started. None for one that has ended and is only waited for.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold anything; the state is the first word after it, the start the twentieth.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut words = rest.split_ascii_whitespace();
    let state = words.next()?;
    if matches!(state, "Z" | "X") { None } else { words.nth(18)?.parse().ok() }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_there_until_it_has_ended() {
        let mut child =
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let process = Process::find(child.id()).unwrap();
        assert!(!process.is_gone());
        assert!(Process { started: process.started - 1, ..process }.is_gone(), "another one of that number");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(process.is_gone());
        assert_eq!(Process::find(child.id()), None);
    }
}
