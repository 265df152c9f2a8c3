//! The connection: lines out, and answers to questions.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use syncmgr::Refusal;
use wire::rpc::{ErrorObject, Method, write_answer, write_call};

/// How long a report waits for others to go with it.
const GATHER: Duration = Duration::from_millis(10);
/// So much is sent at once without waiting.
const ENOUGH: usize = 32 * 1024;

/// The writing half and the open questions.
pub(crate) struct Peer {
    out: Mutex<Out>,
    gathered: Condvar,
    calls: Mutex<Calls>,
}

struct Out {
    to: Box<dyn Write + Send>,
    waiting: Vec<u8>,
}

#[derive(Default)]
struct Calls {
    last: u64,
    open: HashMap<u64, mpsc::Sender<Result<Box<RawValue>, ErrorObject>>>,
    over: bool,
}

pub(crate) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Peer {
    pub(crate) fn new(to: Box<dyn Write + Send>) -> io::Result<Arc<Self>> {
        let peer = Arc::new(Self {
            out: Mutex::new(Out { to, waiting: Vec::new() }),
            gathered: Condvar::new(),
            calls: Mutex::default(),
        });
        let gathers = Arc::downgrade(&peer);
        thread::Builder::new().name("reports".into()).spawn(move || gather(&gathers))?;
        Ok(peer)
    }

    /// Asks, and waits for the answer.
    pub(crate) fn call<M: Method>(&self, question: &M) -> Result<M::Answer, Refusal> {
        let (sender, answer) = mpsc::channel();
        let id = {
            let mut calls = locked(&self.calls);
            if calls.over {
                return Err(Refusal::Ended);
            }
            calls.last += 1;
            let id = calls.last;
            calls.open.insert(id, sender);
            id
        };
        let line = write_call(Some(id), question).map_err(|why| {
            locked(&self.calls).open.remove(&id);
            Refusal::InvalidArgument(why.to_string())
        })?;
        self.send(&line);
        match answer.recv() {
            Ok(Ok(raw)) => {
                serde_json::from_str(raw.get()).map_err(|error| Refusal::Failed(error.to_string()))
            }
            Ok(Err(error)) => Err(error.into_refusal()),
            // The center is gone, and with it all sessions.
            Err(_) => Err(Refusal::Ended),
        }
    }

    /// Asks without waiting: whoever reads knows the question by its number, which no other question has.
    pub(crate) fn ask<M: Method>(&self, number: u64, question: &M) -> Result<(), Refusal> {
        let line = write_call(Some(number), question);
        self.send(&line.map_err(|why| Refusal::InvalidArgument(why.to_string()))?);
        Ok(())
    }

    /// Tells something soon; what is told in the same moment goes with it.
    pub(crate) fn tell<M: Method>(&self, message: &M) -> Result<(), Refusal> {
        let line = write_call(None, message).map_err(|why| Refusal::InvalidArgument(why.to_string()))?;
        let mut out = locked(&self.out);
        out.waiting.extend_from_slice(&line);
        if out.waiting.len() >= ENOUGH {
            out.flush();
        } else if out.waiting.len() == line.len() {
            self.gathered.notify_one();
        }
        Ok(())
    }

    /// Answers a question.
    pub(crate) fn reply<R: Serialize>(&self, id: Option<&RawValue>, answer: &Result<R, ErrorObject>) {
        if let Some(id) = id {
            self.send(&write_answer(id, answer));
        }
    }

    fn send(&self, line: &[u8]) {
        let mut out = locked(&self.out);
        out.waiting.extend_from_slice(line);
        out.flush();
    }

    pub(crate) fn answered(&self, id: u64, answer: Result<&RawValue, ErrorObject>) {
        let waits = locked(&self.calls).open.remove(&id);
        if let Some(waits) = waits {
            // Whoever asked may have been dropped meanwhile.
            let _ = waits.send(answer.map(ToOwned::to_owned));
        }
    }

    /// The center is gone: whoever waits or asks hears that everything has ended.
    pub(crate) fn over(&self) {
        let mut calls = locked(&self.calls);
        calls.over = true;
        calls.open.clear();
    }
}

impl Out {
    /// A write that fails is followed by the end of the other direction, which is where the end is told.
    fn flush(&mut self) {
        let _ = self.to.write_all(&self.waiting);
        self.waiting.clear();
    }
}

/// Sends what was gathered, until the connection is gone.
fn gather(peer: &Weak<Peer>) {
    while let Some(peer) = peer.upgrade() {
        {
            let out = locked(&peer.out);
            let nothing = |out: &mut Out| out.waiting.is_empty();
            // Looked at from time to time, so that the thread ends with the connection.
            let waited = peer.gathered.wait_timeout_while(out, Duration::from_secs(1), nothing);
            if waited.is_ok_and(|(_, timeout)| timeout.timed_out()) {
                continue;
            }
        }
        thread::sleep(GATHER);
        locked(&peer.out).flush();
    }
}
