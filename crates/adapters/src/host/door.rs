//! The socket where programs come in that start themselves: who is let in, and what the others are told.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use serde_json::value::RawValue;
use syncmgr::{HandlerId, Refusal};
use wire::rpc::center::Register;
use wire::rpc::{Done, ErrorObject, Incoming, MAX_LINE, Method, VERSION, code, write_answer};

/// How long a program may take to say who it is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// So many may be about to say who they are; whoever comes then is shut out at once.
const MOST_NEWCOMERS: usize = 32;

/// Who decides which programs become handlers.
pub trait Visitors: Send + Sync {
    /// A program wants to be this handler: lets it in by [`HostedHandler::attach`](super::HostedHandler::attach).
    ///
    /// # Errors
    /// Why it may not be; the program is told.
    fn admit(&self, handler: &HandlerId, newcomer: &mut Newcomer) -> Result<(), Refusal>;
    /// The program that was this handler has left.
    fn left(&self, handler: &HandlerId);
}

/// A program that has said which handler it is.
pub struct Newcomer {
    stream: UnixStream,
    visitors: Arc<dyn Visitors>,
    question: Option<Box<RawValue>>,
    greeted: bool,
}

impl Newcomer {
    /// Its two directions, and the question that is to be answered first.
    pub(crate) fn greet(&mut self) -> io::Result<(OwnedFd, OwnedFd, Option<Box<RawValue>>)> {
        let (input, output) = (self.stream.try_clone()?, self.stream.try_clone()?);
        self.greeted = true;
        Ok((input.into(), output.into(), self.question.take()))
    }

    /// Who is to hear that it has left.
    pub(crate) fn visitors(&self) -> Arc<dyn Visitors> {
        Arc::clone(&self.visitors)
    }

    /// Says why not. Once it was let in, the connection tells its end itself.
    fn refuse(mut self, refusal: &ErrorObject) {
        if self.greeted {
            return;
        }
        let id = self.question.as_deref().unwrap_or(RawValue::NULL);
        // Whoever does not wait for the answer does without.
        let _ = self.stream.write_all(&write_answer(id, &Err::<Done, _>(refusal.clone())));
    }
}

/// The open socket.
pub struct Door {
    path: PathBuf,
    wake: Arc<OwnedFd>,
    porter: Option<JoinHandle<()>>,
}

impl Door {
    /// Listens at this path, where nothing may be, and only for processes of the same user.
    ///
    /// # Errors
    /// The path is taken, or cannot be a socket.
    pub fn open(path: &Path, visitors: Arc<dyn Visitors>) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        // Until then the peer is checked all the same.
        let mut door = Self { path: path.to_owned(), wake: Arc::new(wake_up()?), porter: None };
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let wake = Arc::clone(&door.wake);
        let receives = move || receive(&listener, &wake, &visitors);
        door.porter = Some(thread::Builder::new().name("door".into()).spawn(receives)?);
        Ok(door)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        if let Some(porter) = self.porter.take() {
            // It has panicked, or ends at once: either way nobody listens any more.
            let _ = porter.join();
        }
        // One that cannot be removed is what a killed daemon leaves, too: who comes next clears it away.
        let _ = fs::remove_file(&self.path);
    }
}

fn wake_up() -> io::Result<OwnedFd> {
    Ok(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
}

fn receive(listener: &UnixListener, wake: &OwnedFd, visitors: &Arc<dyn Visitors>) {
    let newcomers = Arc::new(AtomicUsize::new(0));
    loop {
        let mut fds =
            [PollFd::new(wake, PollFlags::IN), PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
        if !fds[0].revents().is_empty() {
            return;
        }
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => continue,
            Err(error) => {
                // For instance no descriptor is left: whoever waits is let in when there is one again.
                tracing::warn!("a program cannot be let in: {error}");
                thread::sleep(Duration::from_millis(100));
                continue;
            }
        };
        if !is_ours(&stream) || newcomers.fetch_add(1, Ordering::AcqRel) >= MOST_NEWCOMERS {
            continue;
        }
        let (visitors, counted) = (Arc::clone(visitors), Arc::clone(&newcomers));
        let talk = move || {
            talk(stream, &visitors);
            counted.fetch_sub(1, Ordering::AcqRel);
        };
        if thread::Builder::new().name("newcomer".into()).spawn(talk).is_err() {
            newcomers.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Whether the process at the other end is of our user, or may do as it likes anyway.
fn is_ours(stream: &UnixStream) -> bool {
    let us = rustix::process::geteuid();
    rustix::net::sockopt::socket_peercred(stream).is_ok_and(|peer| peer.uid == us || peer.uid.is_root())
}

fn talk(stream: UnixStream, visitors: &Arc<dyn Visitors>) {
    let mut newcomer = Newcomer { stream, visitors: Arc::clone(visitors), question: None, greeted: false };
    let let_in = introduction(&mut newcomer).and_then(|handler| {
        visitors.admit(&handler, &mut newcomer).map_err(|refusal| ErrorObject::from(&refusal))
    });
    if let Err(refusal) = let_in {
        tracing::info!("a program that wants to be a handler is not let in: {}", refusal.message);
        newcomer.refuse(&refusal);
    }
}

/// The first line: which handler it is.
fn introduction(newcomer: &mut Newcomer) -> Result<HandlerId, ErrorObject> {
    let line = first_line(&mut newcomer.stream)?;
    let no_message = |why: &str| ErrorObject::new(code::INVALID_REQUEST, format!("the first line: {why}"));
    let (method, params) = match Incoming::read(&line).map_err(|why| no_message(&why.to_string()))? {
        Incoming::Request { id, method, params } => {
            newcomer.question = Some(id.to_owned());
            (method, params)
        }
        Incoming::Notification { method, params } => (method, params),
        Incoming::Answer { .. } => return Err(no_message("it answers a question that was not asked")),
    };
    if method != Register::NAME {
        return Err(no_message("it is not 'register', which says which handler this is"));
    }
    let register: Register =
        params.read().map_err(|why| ErrorObject::invalid_params(Register::NAME, &why))?;
    VERSION.with(register.protocol).map_err(|other| {
        ErrorObject::from(&Refusal::NotImplemented(format!(
            "this Instep speaks version {} of the handler protocol, and not {}: {}",
            other.ours,
            other.theirs,
            other.fix()
        )))
    })?;
    HandlerId::new(&register.handler).map_err(|refusal| (&refusal).into())
}

fn first_line(stream: &mut UnixStream) -> Result<Vec<u8>, ErrorObject> {
    let until = Instant::now() + PATIENCE;
    let (mut line, mut chunk) = (Vec::new(), [0_u8; 1024]);
    let late =
        || ErrorObject::new(code::INVALID_REQUEST, format!("no first line came in {} s", PATIENCE.as_secs()));
    loop {
        let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero());
        let count =
            stream.set_read_timeout(Some(left.ok_or_else(late)?)).and_then(|()| stream.read(&mut chunk));
        let read = match count {
            Ok(0) => return Err(ErrorObject::new(code::INVALID_REQUEST, "it left without a word")),
            Ok(count) => chunk.get(..count).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Err(late()),
        };
        line.extend_from_slice(read);
        if line.len() > MAX_LINE {
            return Err(ErrorObject::new(
                code::INVALID_REQUEST,
                format!("a line has {MAX_LINE} bytes at most"),
            ));
        }
        if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            if end + 1 < line.len() {
                let why = "nothing is said between 'register' and the handshake";
                return Err(ErrorObject::new(code::INVALID_REQUEST, why));
            }
            line.truncate(end);
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(line);
        }
    }
}
