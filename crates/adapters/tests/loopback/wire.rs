//! A connection that something happens to in the middle: it is cut, or nothing comes through any more.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

/// What becomes of it when so many bytes have come through, all connections and both directions together.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// Everything is closed, and nobody is let in any more.
    Cut,
    /// It stays open, and nothing moves.
    Stall,
}

/// Stands between a tool and its server.
pub(crate) struct Relay {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    server: u16,
    after: u64,
    then: Then,
    through: AtomicU64,
    reached: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    over: (Mutex<bool>, Condvar),
}

impl Relay {
    /// Leads to a server, for so many bytes.
    pub(crate) fn new(server: u16, after: u64, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            server,
            after,
            then,
            through: AtomicU64::new(0),
            reached: AtomicBool::new(false),
            open: Mutex::default(),
            over: <(Mutex<bool>, Condvar)>::default(),
        });
        let relaying = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if relaying.is_reached() && matches!(relaying.then, Then::Cut) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", relaying.server)) else { continue };
                relaying.join(&client, &server);
            }
        });
        Self { port, state }
    }

    /// Whether it has happened, as something to wait for.
    pub(crate) fn reached(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let state = Arc::clone(&self.state);
        move || state.is_reached()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        *self.state.over.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.state.over.1.notify_all();
        self.state.close();
    }
}

impl State {
    fn is_reached(&self) -> bool {
        self.reached.load(Ordering::SeqCst)
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        for stream in self.open().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn wait_for_the_end(&self) {
        let over = self.over.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _over = self.over.1.wait_while(over, |over| !*over).unwrap_or_else(PoisonError::into_inner);
    }

    fn join(self: &Arc<Self>, client: &TcpStream, server: &TcpStream) {
        for (from, to) in [(client, server), (server, client)] {
            let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
            self.open().push(from.try_clone().unwrap());
            let state = Arc::clone(self);
            thread::spawn(move || state.pump(from, to));
        }
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let before = self.through.fetch_add(length as u64, Ordering::SeqCst);
            if before + length as u64 > self.after {
                self.reached.store(true, Ordering::SeqCst);
                match self.then {
                    Then::Cut => self.close(),
                    Then::Stall => self.wait_for_the_end(),
                }
                return;
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}
