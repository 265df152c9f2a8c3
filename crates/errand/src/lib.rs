//! Short commands that are run on the way: a hook, an alert, a look-up of a secret.
//!
//! A command runs in a process group of its own, gets a text on its standard input and has a limited time; then its
//! whole group is ended. What it prints is read with a limit, so that a command that prints for ever fills nothing. It
//! is started as it is: no shell reads it.

use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// How much of what it prints is kept, of each stream.
const KEPT: u64 = 64 * 1024;
/// How long a command that was asked to end has before it is killed.
const TO_END: Duration = Duration::from_secs(2);
/// How long to wait for the rest of its output: what it left in the background may hold it open for ever.
const TO_READ: Duration = Duration::from_millis(500);

/// A command to be run.
#[derive(Debug, Clone)]
pub struct Errand<'a> {
    /// The program: a path, or a name that is looked for in `PATH`.
    pub program: &'a str,
    /// Its arguments.
    pub args: &'a [String],
    /// What it reads.
    pub input: &'a [u8],
    /// Where it is started; none: where we are.
    pub directory: Option<&'a Path>,
    /// Variables that are set for it.
    pub env: &'a [(&'a str, String)],
    /// How long it may take.
    pub timeout: Duration,
}

/// What came of it.
#[derive(Debug)]
pub struct Done {
    /// How it ended.
    pub status: ExitStatus,
    /// The beginning of what it printed.
    pub stdout: Vec<u8>,
    /// The beginning of what it complained of.
    pub stderr: Vec<u8>,
}

/// Why nothing came of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// It could not be started.
    #[error("cannot start {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ended with an error.
    #[error("{} {}{}", program.display(), how(*status), told(stderr))]
    Exit {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The last line of what it complained of.
        stderr: String,
    },
    /// It took too long, and was ended.
    #[error("{} took longer than {} s and was ended", program.display(), limit.as_secs_f32())]
    TimedOut {
        /// The program.
        program: PathBuf,
        /// How long it could have taken.
        limit: Duration,
    },
}

fn how(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    }
}

fn told(stderr: &str) -> String {
    if stderr.is_empty() { String::new() } else { format!(": {stderr}") }
}

impl Errand<'_> {
    /// Runs it and waits for its end.
    ///
    /// # Errors
    /// It could not be started, failed, or took too long.
    pub fn run(&self) -> Result<Done, Failed> {
        let program = || PathBuf::from(self.program);
        let mut child = self.start().map_err(|source| Failed::Start { program: program(), source })?;
        let group = Pid::from_child(&child);
        let written = self.input.to_vec();
        let input = child.stdin.take();
        // Who does not read what it is given is no error, and must not hold us up.
        let feeder =
            std::thread::Builder::new().spawn(move || input.map(|mut pipe| pipe.write_all(&written)));
        let stdout = reader(child.stdout.take());
        let stderr = reader(child.stderr.take());
        let status = self.wait(child, group);
        drop(feeder);
        let (stdout, stderr) = (rest(&stdout), rest(&stderr));
        match status {
            Ok(Some(status)) if status.success() => Ok(Done { status, stdout, stderr }),
            Ok(Some(status)) => Err(Failed::Exit { program: program(), status, stderr: last_line(&stderr) }),
            Ok(None) => Err(Failed::TimedOut { program: program(), limit: self.timeout }),
            Err(source) => Err(Failed::Start { program: program(), source }),
        }
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(self.program);
        command
            .args(self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(directory) = self.directory {
            command.current_dir(directory);
        }
        command.spawn()
    }

    /// Waits for its end; none when it had to be ended.
    fn wait(&self, mut child: Child, group: Pid) -> io::Result<Option<ExitStatus>> {
        let (tell, ended) = sync_channel(1);
        std::thread::Builder::new().name("errand".into()).spawn(move || tell.send(child.wait()))?;
        match ended.recv_timeout(self.timeout) {
            Ok(status) => return status.map(Some),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
        for signal in [Signal::TERM, Signal::KILL] {
            // It may have ended just now; then there is nobody to be asked.
            let _ = kill_process_group(group, signal);
            if ended.recv_timeout(TO_END).is_ok() {
                // What it started and what ignored the first signal goes with it.
                let _ = kill_process_group(group, Signal::KILL);
                break;
            }
        }
        Ok(None)
    }
}

/// Reads a stream on a thread of its own: all of it, so that the other end never waits, but keeps only the beginning.
fn reader(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (tell, kept) = sync_channel(1);
    let read = move || {
        let Some(mut stream) = stream else { return };
        let mut bytes = Vec::new();
        let _ = (&mut stream).take(KEPT).read_to_end(&mut bytes);
        // Told before the rest is drained: the beginning is all that counts, unless the end comes at once.
        let _ = tell.send(bytes);
        let _ = io::copy(&mut stream, &mut io::sink());
    };
    // Without a thread there is nothing to read, which is what the receiver then finds.
    let _ = std::thread::Builder::new().spawn(read);
    kept
}

fn rest(stream: &Receiver<Vec<u8>>) -> Vec<u8> {
    stream.recv_timeout(TO_READ).unwrap_or_default()
}

fn last_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell<'a>(args: &'a [String], input: &'a [u8], timeout: Duration) -> Errand<'a> {
        Errand { program: "sh", args, input, directory: None, env: &[], timeout }
    }

    fn script(text: &str) -> Vec<String> {
        vec!["-c".to_owned(), text.to_owned()]
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn it_gets_its_input_and_its_output_is_read() {
        let args = script("cat; echo more; echo oops >&2; echo $X");
        let errand = Errand { env: &[("X", "y".to_owned())], ..shell(&args, b"hello ", LONG) };
        let done = errand.run().unwrap();
        assert_eq!(
            (done.stdout.as_slice(), done.stderr.as_slice()),
            (&b"hello more\ny\n"[..], &b"oops\n"[..])
        );
    }

    #[test]
    fn who_does_not_read_its_input_is_no_error() {
        let input = vec![b'x'; 1 << 20];
        assert!(shell(&script("exit 0"), &input, LONG).run().is_ok());
    }

    #[test]
    fn a_failure_says_how_and_why() {
        let error = shell(&script("echo first >&2; echo why >&2; exit 3"), b"", LONG).run().unwrap_err();
        assert_eq!(error.to_string(), "sh ended with exit code 3: why");
        let error = shell(&script("kill -9 $$"), b"", LONG).run().unwrap_err();
        assert_eq!(error.to_string(), "sh was ended by signal 9");
        let missing = Errand { program: "/nonexistent/tool", ..shell(&[], b"", LONG) };
        assert!(missing.run().unwrap_err().to_string().starts_with("cannot start /nonexistent/tool: "));
    }

    #[test]
    fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let note = dir.path().join("pid");
        let text =
            format!("trap '' TERM; sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", note.display());
        let error = shell(&script(&text), b"", Duration::from_millis(300)).run().unwrap_err();
        assert!(matches!(error, Failed::TimedOut { .. }), "{error}");
        let pid = std::fs::read_to_string(&note).unwrap();
        // It is killed, but the system may take a moment to carry that out; one that is not would stay for 1000 seconds.
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        let end = std::time::Instant::now() + LONG;
        while !(stat().is_empty() || stat().contains(") Z ") || stat().contains(") X ")) {
            assert!(std::time::Instant::now() < end, "{}", stat());
            std::thread::yield_now();
        }
    }

    #[test]
    fn who_prints_for_ever_fills_nothing() {
        let done = shell(&script("head -c 3000000 /dev/zero"), b"", LONG).run().unwrap();
        assert_eq!(done.stdout.len(), 64 * 1024);
    }

    #[test]
    fn what_it_leaves_in_the_background_holds_nobody_up() {
        let done = shell(&script("echo hi; sleep 5 & exit 0"), b"", LONG).run();
        assert!(done.is_ok());
    }
}
