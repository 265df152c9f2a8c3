//! A command in a process group of its own: started, heard, and stopped with all that it started.
//!
//! One thread follows it. Both outputs are read as they come; a few times a second the one who follows is asked what it
//! wants ([`Follower::look`]). A stop is a TERM to the group, and a KILL when the grace is over. A process that the
//! command left behind, and that keeps an output open, keeps nobody waiting.

mod leash;
mod terminal;

use std::io::{self, Read, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, kill_process_group, waitid,
};

use crate::parse::Stream;
pub(crate) use leash::command;
pub use leash::{become_command, take_on_leash};
use terminal::Terminal;

/// How often the follower is asked, and a silent command looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the outputs of a command that has ended are read on, for what others still write.
const LINGER: Duration = Duration::from_secs(1);
/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

impl Exit {
    /// The code that a shell would pass on.
    pub fn code(self) -> u8 {
        match self {
            // The system keeps the low byte.
            Self::Code(code) => (code & 0xff) as u8,
            Self::Signal(signal) => 128_u8.saturating_add(u8::try_from(signal).unwrap_or(0)),
        }
    }
}

/// What a follower wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Let it go on.
    GoOn,
    /// Stop it: asked first, killed after the grace.
    Stop,
    /// End it now.
    Kill,
}

/// How far a stop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// The group was asked to end (TERM).
    Asked,
    /// It did not, and was killed.
    Killed,
}

impl Stopping {
    /// For the results: a name, and what happened.
    pub fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Asked => ("Asked to stop", "the command and all that it started were asked to end"),
            Self::Killed => ("Killed", "the command did not end when it was asked to, and was killed"),
        }
    }
}

/// Whoever follows a command.
pub trait Follower {
    /// It wrote something.
    fn output(&mut self, from: Stream, bytes: &[u8]);
    /// Several times a second: what is to become of it.
    fn look(&mut self) -> Wish;
    /// A stop went on.
    fn stopping(&mut self, how: Stopping);
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub exit: Exit,
    /// The last step of the stop, if it was stopped.
    pub stopped: Option<Stopping>,
}

/// Where a command reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Nothing.
    Nothing,
    /// Our own standard input. A terminal is handed over, so that the command may ask for a password.
    Ours,
    /// A few words, and then nothing more: what would be typed.
    Words(&'static str),
}

/// Runs a command to its end. Both outputs are taken; `grace` is how long a stop waits before it kills.
///
/// # Errors
/// It could not be started.
pub fn run(
    mut command: Command,
    input: Input,
    grace: Duration,
    follower: &mut dyn Follower,
) -> io::Result<Ended> {
    command.stdin(match input {
        Input::Nothing => Stdio::null(),
        Input::Ours => Stdio::inherit(),
        Input::Words(words) => typed(words)?.into(),
    });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if !leash::holds(&command) {
        command.process_group(0);
    }
    let mut child = command.spawn()?;
    let group = Group(Pid::from_child(&child));
    let terminal = if input == Input::Ours { Terminal::hand_to(group.0) } else { None };
    let following = Following {
        pipes: Pipes::of(&mut child),
        group,
        terminal,
        grace,
        asked: None,
        stopped: None,
        ended: None,
    };
    let stopped = following.follow(follower);
    // Reaped only now: until here the group's number could not be given to another one.
    let exit = match child.wait() {
        Ok(status) => exit_of(status),
        Err(_) => Exit::Signal(Signal::KILL.as_raw()),
    };
    Ok(Ended { exit, stopped })
}

/// What was typed before anybody reads it: words that are few enough for a pipe to hold.
fn typed(words: &str) -> io::Result<io::PipeReader> {
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(words.as_bytes())?;
    Ok(reader)
}

fn exit_of(status: std::process::ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or(0)),
    }
}

/// The process group of a command.
#[derive(Clone, Copy)]
struct Group(Pid);

impl Group {
    fn signal(self, signal: Signal) {
        if kill_process_group(self.0, signal).is_err() {
            // A group that is gone needs no signal; one that is not there yet has one process.
            let _ = kill_process(self.0, signal);
        }
    }

    /// What its first process did since; without taking the news away from whoever reaps it.
    fn news(self) -> Option<WaitIdStatus> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        waitid(WaitId::Pid(self.0), options).ok().flatten()
    }

    /// Whether a signal of the terminal holds it.
    fn is_held(self) -> bool {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        waitid(WaitId::Pid(self.0), options).ok().flatten().is_some_and(|status| status.stopped())
    }
}

struct Following {
    pipes: Pipes,
    group: Group,
    terminal: Option<Terminal>,
    grace: Duration,
    /// When it was asked to stop.
    asked: Option<Instant>,
    stopped: Option<Stopping>,
    /// When it was seen to have ended.
    ended: Option<Instant>,
}

impl Following {
    fn follow(mut self, follower: &mut dyn Follower) -> Option<Stopping> {
        let mut looked = Instant::now();
        let mut buffer = vec![0; CHUNK];
        loop {
            self.pipes.read(LOOK_EVERY, &mut buffer, follower);
            if self.ended.is_none() && self.group.news().is_some() {
                self.ended = Some(Instant::now());
            }
            if self.is_over() {
                break;
            }
            if looked.elapsed() >= LOOK_EVERY {
                looked = Instant::now();
                self.look(follower);
            }
        }
        if self.stopped.is_some() {
            // Nothing of a stopped command is left running.
            self.group.signal(Signal::KILL);
        }
        self.stopped
    }

    fn is_over(&self) -> bool {
        let Some(ended) = self.ended else { return false };
        let all_said = self.pipes.are_closed();
        match (self.asked, self.stopped) {
            // Its own processes have the same grace to end well.
            (Some(asked), Some(Stopping::Asked)) => all_said || asked.elapsed() >= self.grace,
            _ => all_said || ended.elapsed() >= LINGER,
        }
    }

    fn look(&mut self, follower: &mut dyn Follower) {
        if self.ended.is_none()
            && let Some(terminal) = &self.terminal
            && self.group.is_held()
        {
            terminal.wait_for_return(self.group.0);
        }
        let wish = follower.look();
        match (wish, self.asked) {
            (Wish::GoOn, None) => {}
            (Wish::Stop, None) => {
                self.asked = Some(Instant::now());
                self.stopped = Some(Stopping::Asked);
                self.group.signal(Signal::TERM);
                // One that is held would not hear of it.
                self.group.signal(Signal::CONT);
                follower.stopping(Stopping::Asked);
            }
            (Wish::Kill, _) => self.kill(follower),
            (_, Some(asked)) if asked.elapsed() >= self.grace => self.kill(follower),
            _ => {}
        }
    }

    fn kill(&mut self, follower: &mut dyn Follower) {
        self.asked.get_or_insert_with(Instant::now);
        if self.stopped.replace(Stopping::Killed) != Some(Stopping::Killed) {
            self.group.signal(Signal::KILL);
            follower.stopping(Stopping::Killed);
        }
    }
}

/// Both outputs, as long as they are open.
struct Pipes {
    out: Option<std::process::ChildStdout>,
    err: Option<std::process::ChildStderr>,
}

impl Pipes {
    fn of(child: &mut Child) -> Self {
        Self { out: child.stdout.take(), err: child.stderr.take() }
    }

    fn are_closed(&self) -> bool {
        self.out.is_none() && self.err.is_none()
    }

    /// Waits for output, at most for that long, and hands over what is there.
    fn read(&mut self, wait: Duration, buffer: &mut [u8], follower: &mut dyn Follower) {
        let ready = match self.ready(wait) {
            Ok(ready) => ready,
            // Interrupted by a signal: the next look sees to it.
            Err(_) => return,
        };
        if ready[0] {
            hand_over(&mut self.out, Stream::Out, buffer, follower);
        }
        if ready[1] {
            hand_over(&mut self.err, Stream::Err, buffer, follower);
        }
    }

    fn ready(&self, wait: Duration) -> io::Result<[bool; 2]> {
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
        let fds: [Option<BorrowedFd<'_>>; 2] =
            [self.out.as_ref().map(AsFd::as_fd), self.err.as_ref().map(AsFd::as_fd)];
        let mut polled: Vec<PollFd<'_>> =
            fds.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
        poll(&mut polled, Some(&timeout))?;
        let mut answers = polled.iter().map(|fd| !fd.revents().is_empty());
        Ok(fds.map(|fd| fd.is_some() && answers.next() == Some(true)))
    }
}

/// Reads once; an output that has ended is closed.
fn hand_over<R: Read>(pipe: &mut Option<R>, from: Stream, buffer: &mut [u8], follower: &mut dyn Follower) {
    let Some(open) = pipe else { return };
    match open.read(buffer) {
        Ok(0) => *pipe = None,
        Ok(length) => follower.output(from, &buffer[..length]),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(_) => *pipe = None,
    }
}
