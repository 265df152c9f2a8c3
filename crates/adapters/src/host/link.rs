//! One connection's bytes: a thread that reads and writes without ever waiting for one of the two alone.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use wire::rpc::{Line, Lines};

use super::process::Pipes;

/// What is read at once.
const CHUNK: usize = 64 * 1024;
/// After an exit, so much of what is left in a pipe is still read: a process that was ended by force may have left
/// others behind that go on writing.
const LAST_WORDS: usize = 1 << 20;
/// How often the desk is asked what is to be passed on.
const TICK: Duration = Duration::from_millis(50);

/// Where what was read goes. All methods are called on the link's thread.
pub(crate) trait Desk {
    /// A line of the protocol. False ends the link.
    fn line(&mut self, line: Line<'_>) -> bool;
    /// The stream of messages ended in the middle of a line.
    fn half_line(&mut self, bytes: usize);
    /// Something of the log.
    fn log(&mut self, bytes: &[u8]);
    /// Time has passed.
    fn tick(&mut self) -> Tick;
}

/// How the desk wants to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tick {
    /// Ask again soon.
    Soon,
    /// Nothing is to be watched before that time, if no message comes.
    In(Duration),
}

/// How a link ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The process has exited.
    Exited,
    /// It closed its side, or its side broke.
    Closed,
    /// We ended it.
    Ended,
}

/// The writing half, for all threads.
pub(crate) struct Outbox {
    output: OwnedFd,
    wake: OwnedFd,
    pending: Mutex<Pending>,
    most: usize,
}

#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    written: usize,
    closed: bool,
    end: bool,
}

/// Why nothing can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// The link is over.
    Closed,
    /// The other side does not read.
    Full,
}

impl Outbox {
    pub(crate) fn new(output: OwnedFd, most: usize) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&output, true)?;
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { output, wake, pending: Mutex::default(), most })
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a line, now or as soon as the other side reads.
    pub(crate) fn send(&self, line: &[u8]) -> Result<(), Unsent> {
        let mut pending = self.pending();
        if pending.closed {
            return Err(Unsent::Closed);
        }
        let waiting = pending.bytes.len() - pending.written;
        if waiting + line.len() > self.most {
            return Err(Unsent::Full);
        }
        if waiting > 0 {
            pending.bytes.extend_from_slice(line);
            return Ok(());
        }
        // Nearly always there is room, and no other thread has to be woken.
        let written = match rustix::io::write(&self.output, line) {
            Ok(written) => written,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(_) => {
                pending.closed = true;
                return Err(Unsent::Closed);
            }
        };
        if let Some(rest) = line.get(written..).filter(|rest| !rest.is_empty()) {
            pending.bytes.clear();
            pending.bytes.extend_from_slice(rest);
            pending.written = 0;
            drop(pending);
            self.wake();
        }
        Ok(())
    }

    /// Ends the link.
    pub(crate) fn end(&self) {
        self.pending().end = true;
        self.wake();
    }

    /// Makes the link's thread look at its desk.
    pub(crate) fn wake(&self) {
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }

    fn close(&self) {
        let mut pending = self.pending();
        *pending = Pending { closed: true, ..Pending::default() };
    }

    fn has_pending(&self) -> bool {
        let pending = self.pending();
        pending.bytes.len() > pending.written
    }

    fn is_to_end(&self) -> bool {
        self.pending().end
    }

    fn flush(&self) {
        let mut pending = self.pending();
        while let Some(rest) = pending.bytes.get(pending.written..).filter(|rest| !rest.is_empty()) {
            match rustix::io::write(&self.output, rest) {
                Ok(written) => pending.written += written,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => {
                    pending.closed = true;
                    break;
                }
            }
        }
        pending.bytes.clear();
        pending.written = 0;
    }
}

/// The reading half; runs on a thread of its own until the link is over.
pub(crate) struct Reader {
    input: OwnedFd,
    log: Option<OwnedFd>,
    exited: Option<OwnedFd>,
    outbox: Arc<Outbox>,
    lines: Lines,
    buffer: Vec<u8>,
    /// How long a process may live on after it has closed its side: most are on their way out.
    way_out: Duration,
    closed: Option<Instant>,
}

/// What reading a descriptor came to.
#[derive(PartialEq, Eq)]
enum Read {
    /// So many bytes.
    Some(usize),
    /// Nothing for now.
    Nothing,
    /// No more.
    Over,
}

impl Reader {
    pub(crate) fn new(
        pipes: Pipes,
        most_unread: usize,
        way_out: Duration,
    ) -> io::Result<(Self, Arc<Outbox>)> {
        for fd in [Some(&pipes.input), pipes.log.as_ref()].into_iter().flatten() {
            rustix::io::ioctl_fionbio(fd, true)?;
        }
        let outbox = Arc::new(Outbox::new(pipes.output, most_unread)?);
        let reader = Self {
            input: pipes.input,
            log: pipes.log,
            exited: pipes.exited,
            outbox: Arc::clone(&outbox),
            lines: Lines::default(),
            buffer: vec![0; CHUNK],
            way_out,
            closed: None,
        };
        Ok((reader, outbox))
    }

    /// Reads until the end.
    pub(crate) fn run(mut self, desk: &mut dyn Desk) -> End {
        let end = self.until_the_end(desk);
        self.outbox.close();
        if end != End::Ended {
            self.last_words(desk);
        }
        if self.lines.rest() > 0 {
            desk.half_line(self.lines.rest());
        }
        end
    }

    fn until_the_end(&mut self, desk: &mut dyn Desk) -> End {
        let mut tick = Tick::Soon;
        let mut last_tick = Instant::now();
        loop {
            let pause = match tick {
                Tick::In(pause) if self.closed.is_none() => pause.max(TICK),
                _ => TICK,
            };
            let ready = match self.wait(pause) {
                Ok(ready) => ready,
                Err(_) => return End::Closed,
            };
            if self.outbox.is_to_end() {
                return End::Ended;
            }
            if ready.woken {
                let _ = rustix::io::read(&self.outbox.wake, &mut [0_u8; 8]);
            }
            if ready.output {
                self.outbox.flush();
            }
            if ready.log {
                self.read_log(desk);
            }
            if ready.input {
                match self.read_lines(desk) {
                    Some(Read::Over) if self.exited.is_none() => return End::Closed,
                    Some(Read::Over) => self.closed = Some(Instant::now()),
                    Some(_) => {}
                    None => return End::Ended,
                }
            }
            if ready.exited {
                return End::Exited;
            }
            let now = Instant::now();
            if self.closed.is_some_and(|closed| now.saturating_duration_since(closed) >= self.way_out) {
                return End::Closed;
            }
            if ready.woken || now.saturating_duration_since(last_tick) >= TICK {
                last_tick = now;
                tick = desk.tick();
            } else if ready.input {
                tick = Tick::Soon;
            }
        }
    }

    fn wait(&self, pause: Duration) -> io::Result<Ready> {
        let outgoing = if self.outbox.has_pending() { PollFlags::OUT } else { PollFlags::empty() };
        let mut fds = vec![PollFd::new(&self.outbox.wake, PollFlags::IN)];
        let input = self.closed.is_none().then(|| add(&mut fds, self.input.as_fd(), PollFlags::IN));
        // A hung-up end without anything to wait for would wake us for ever.
        let output = (!outgoing.is_empty()).then(|| add(&mut fds, self.outbox.output.as_fd(), outgoing));
        let log = self.log.as_ref().map(|log| add(&mut fds, log.as_fd(), PollFlags::IN));
        let exited = self.exited.as_ref().map(|exited| add(&mut fds, exited.as_fd(), PollFlags::IN));
        let seconds = i64::try_from(pause.as_secs()).unwrap_or(i64::MAX);
        let timeout = Timespec { tv_sec: seconds, tv_nsec: i64::from(pause.subsec_nanos()) };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let is_ready = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready {
            woken: is_ready(0),
            input: input.is_some_and(is_ready),
            output: output.is_some_and(is_ready),
            log: log.is_some_and(is_ready),
            exited: exited.is_some_and(is_ready),
        })
    }

    /// Reads one chunk of messages; none when the desk has had enough.
    fn read_lines(&mut self, desk: &mut dyn Desk) -> Option<Read> {
        let read = read(self.input.as_fd(), &mut self.buffer);
        if let Read::Some(count) = read {
            let mut go_on = true;
            self.lines.push(self.buffer.get(..count).unwrap_or_default(), |line| {
                go_on = go_on && desk.line(line);
            });
            if !go_on {
                return None;
            }
        }
        Some(read)
    }

    fn read_log(&mut self, desk: &mut dyn Desk) {
        let Some(log) = &self.log else { return };
        match read(log.as_fd(), &mut self.buffer) {
            Read::Some(count) => desk.log(self.buffer.get(..count).unwrap_or_default()),
            Read::Nothing => {}
            Read::Over => self.log = None,
        }
    }

    /// What was written before the end and not read yet.
    fn last_words(&mut self, desk: &mut dyn Desk) {
        let mut left = LAST_WORDS;
        while left > 0 {
            match self.read_lines(desk) {
                Some(Read::Some(count)) => left = left.saturating_sub(count),
                _ => break,
            }
        }
        let mut left = LAST_WORDS;
        while let Some(log) = self.log.as_ref().filter(|_| left > 0) {
            let Read::Some(count) = read(log.as_fd(), &mut self.buffer) else { break };
            desk.log(self.buffer.get(..count).unwrap_or_default());
            left = left.saturating_sub(count);
        }
    }
}

#[derive(Default)]
struct Ready {
    input: bool,
    woken: bool,
    output: bool,
    log: bool,
    exited: bool,
}

fn add<'fd>(fds: &mut Vec<PollFd<'fd>>, fd: BorrowedFd<'fd>, flags: PollFlags) -> usize {
    fds.push(PollFd::from_borrowed_fd(fd, flags));
    fds.len() - 1
}

fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Read {
    match rustix::io::read(fd, buffer) {
        Ok(0) => Read::Over,
        Ok(count) => Read::Some(count),
        Err(Errno::AGAIN | Errno::INTR) => Read::Nothing,
        Err(_) => Read::Over,
    }
}
