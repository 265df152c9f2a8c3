//! Handlers for Instep, in Rust: whatever implements [`syncmgr::Handler`] becomes a program that the sync center runs.
//!
//! ```no_run
//! use std::sync::Arc;
//! use syncmgr::handler::{ItemList, NamedItem};
//! use syncmgr::*;
//!
//! struct Clocks {
//!     id: HandlerId,
//!     items: ItemList,
//! }
//!
//! impl Handler for Clocks {
//!     fn id(&self) -> &HandlerId {
//!         &self.id
//!     }
//!     fn name(&self) -> Result<String, HandlerError> {
//!         Ok("Clocks".into())
//!     }
//!     fn items(&self) -> &dyn ItemContainer {
//!         &self.items
//!     }
//!     fn synchronize(
//!         &self,
//!         items: &[ItemId],
//!         creator: &dyn SessionCreator,
//!         _request: Option<&Request>,
//!     ) -> Result<(), HandlerError> {
//!         let session = creator.create_session(&self.id, items)?;
//!         for item in items {
//!             session.report_progress(item, Some("winding"), ProgressStatus::Succeeded, 1, 1)?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! fn main() -> Result<(), instep_handler::ServeError> {
//!     instep_handler::serve(|hello| {
//!         let clocks = [NamedItem::new(ItemId::new("kitchen")?, "Kitchen clock")];
//!         Ok(Arc::new(Clocks { id: hello.handler.clone(), items: clocks.into_iter().collect() }))
//!     })
//! }
//! ```
//!
//! The settings have a table for it, and `instep handler test` tells whether it keeps the rules:
//!
//! ```toml
//! [handlers.clocks]
//! command = ["/usr/local/bin/clocks"]
//! ```
//!
//! Standard output and standard error are the handler's log; the protocol has descriptors 3 and 4 to itself.
//!
//! Requests that reach [`syncmgr::Handler::synchronize`] are what the handler's own
//! [`request`](syncmgr::Handler::request) made of the options.

mod call;
mod center;
mod follow;
mod lister;
mod looks;
mod parts;
mod peer;
mod resolve;
mod server;
mod session;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use syncmgr::{Handler, HandlerCollection, HandlerError, HandlerId, Refusal};

pub use center::Center;
pub use syncmgr;

/// What the center said in the handshake.
#[derive(Clone)]
pub struct Hello {
    /// The identifier under which the handler is known.
    pub handler: HandlerId,
    /// The partner whose handler this is; none: it lists the partners, or is no collection.
    pub partner: Option<String>,
    /// The handler's own settings, as a person wrote them.
    pub settings: Map<String, Value>,
    /// The settings of its items.
    pub items: BTreeMap<String, Map<String, Value>>,
    /// The center, for what is not part of a session.
    pub center: Center,
}

/// Why serving ended before its time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The descriptors or the socket cannot be had.
    #[error(
        "no connection with the sync center: {0}; a handler is started by Instep, or by `instep handler test`"
    )]
    NotConnected(#[source] io::Error),
    /// The connection broke.
    #[error("the connection with the sync center broke: {0}")]
    Broken(#[source] io::Error),
    /// The first message is not the handshake, or the center is of another major version.
    #[error("the handshake failed: {0}")]
    Handshake(String),
    /// The center does not let this program in: another one is this handler already, or it broke down too often.
    #[error("the sync center does not let this program in: {0}")]
    NotLetIn(#[source] Refusal),
    /// The handler could not be made.
    #[error("{0}")]
    Handler(#[from] HandlerError),
}

/// What a process is for.
enum Served {
    /// It is this handler.
    Handler(Arc<dyn Handler>),
    /// It lists the partners of this collection.
    Collection(Arc<dyn HandlerCollection>, Partners),
}

/// Makes it when the center has introduced itself.
type Make<'a> = dyn FnOnce(&Hello) -> Result<Served, HandlerError> + 'a;

/// How a collection hears of partners that come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partners {
    /// When it is asked for the list.
    Listed,
    /// At once: the process that lists runs all the time, and tells [`Center::update_partners`].
    Watched,
}

/// Serves a handler on descriptors 3 and 4, until the center says goodbye or goes away. The process should exit then.
///
/// # Errors
/// There is no center, or the connection with it broke.
pub fn serve(make: impl FnOnce(&Hello) -> Result<Arc<dyn Handler>, HandlerError>) -> Result<(), ServeError> {
    let (input, output) = descriptors()?;
    server::serve(input, output, None, Box::new(|hello: &Hello| make(hello).map(Served::Handler)))
}

/// Serves a collection: the center makes a handler for each of its partners when it needs one, in a process of its own,
/// which is this program started again. The identifiers that [`HandlerCollection::handlers`] lists are those of the
/// partners; the center puts its own name for the collection before them.
///
/// # Errors
/// As [`serve`].
pub fn serve_collection(
    partners: Partners,
    make: impl FnOnce(&Hello) -> Result<Arc<dyn HandlerCollection>, HandlerError>,
) -> Result<(), ServeError> {
    let (input, output) = descriptors()?;
    let make = |hello: &Hello| {
        let collection = make(hello)?;
        Ok(match &hello.partner {
            Some(partner) => Served::Handler(collection.bind(&HandlerId::new(partner)?)?),
            None => Served::Collection(collection, partners),
        })
    };
    server::serve(input, output, None, Box::new(make))
}

/// Serves a handler of a program that started itself, over the center's socket, until the center says goodbye or goes
/// away. [`keep_serving`] comes back then.
///
/// # Errors
/// There is no center, it lets this program not in, or the connection with it broke.
pub fn serve_socket(
    socket: &Path,
    handler: &HandlerId,
    make: impl FnOnce(&Hello) -> Result<Arc<dyn Handler>, HandlerError>,
) -> Result<(), ServeError> {
    let input = UnixStream::connect(socket).map_err(ServeError::NotConnected)?;
    let output = input.try_clone().map_err(ServeError::NotConnected)?;
    let make = |hello: &Hello| make(hello).map(Served::Handler);
    server::serve(Box::new(input), Box::new(output), Some(handler), Box::new(make))
}

/// The two directions of a connection.
type Streams = (Box<dyn Read>, Box<dyn Write + Send>);

fn descriptors() -> Result<Streams, ServeError> {
    // Opened by name, which needs no trust in a number.
    let input = OpenOptions::new().read(true).open("/dev/fd/3").map_err(ServeError::NotConnected)?;
    let output = OpenOptions::new().write(true).open("/dev/fd/4").map_err(ServeError::NotConnected)?;
    Ok((Box::new(input), Box::new(output)))
}

/// Serves a handler of a program that started itself for as long as the program runs: whenever the connection ends, or
/// there is no center, it tries again after a pause that grows to a minute.
///
/// # Errors
/// What no pause changes: the center is of another major version, or the handler cannot be made.
pub fn keep_serving(
    socket: &Path,
    handler: &HandlerId,
    make: impl Fn(&Hello) -> Result<Arc<dyn Handler>, HandlerError>,
) -> Result<(), ServeError> {
    let mut pauses = Pauses::default();
    loop {
        let begun = Instant::now();
        match serve_socket(socket, handler, &make) {
            Err(lasting @ (ServeError::Handshake(_) | ServeError::Handler(_))) => return Err(lasting),
            Ok(()) | Err(_) => thread::sleep(pauses.after(begun.elapsed())),
        }
    }
}

/// Where the daemon of this user listens for programs that start themselves.
pub fn default_socket() -> Option<PathBuf> {
    socket_of(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn socket_of(var: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| var(name).filter(|path| path.is_absolute());
    let dir = var("INSTEP_HOME")
        .map(|home| home.join("state"))
        .or_else(|| absolute("XDG_RUNTIME_DIR").map(|dir| dir.join("instep")))
        .or_else(|| absolute("XDG_STATE_HOME").map(|dir| dir.join("instep")))
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state/instep")));
    dir.map(|dir| dir.join("handlers.sock"))
}

/// The pauses between connections.
#[derive(Debug, Default)]
struct Pauses {
    in_a_row: u32,
}

impl Pauses {
    const LONGEST: Duration = Duration::from_secs(60);

    /// The pause after a connection that lasted so long.
    fn after(&mut self, lasted: Duration) -> Duration {
        self.in_a_row = if lasted >= Self::LONGEST { 0 } else { self.in_a_row.saturating_add(1) };
        Self::LONGEST.min(Duration::from_secs(1 << self.in_a_row.saturating_sub(1).min(10)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_a_connection_that_lasted_begins_anew() {
        let mut pauses = Pauses::default();
        let short = Duration::from_secs(1);
        let seconds: Vec<u64> = (0..9).map(|_| pauses.after(short).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pauses.after(Pauses::LONGEST).as_secs(), 1);
        assert_eq!(pauses.after(short).as_secs(), 1);
    }

    #[test]
    fn the_socket_is_beside_that_of_the_daemon() {
        let at = |vars: &[(&str, &str)]| {
            socket_of(|name| {
                vars.iter().find(|(known, _)| *known == name).map(|(_, value)| PathBuf::from(value))
            })
        };
        let home = ("HOME", "/home/me");
        assert_eq!(at(&[home, ("INSTEP_HOME", "x")]).unwrap(), Path::new("x/state/handlers.sock"));
        let runtime = ("XDG_RUNTIME_DIR", "/run/user/7");
        assert_eq!(at(&[home, runtime]).unwrap(), Path::new("/run/user/7/instep/handlers.sock"));
        assert_eq!(at(&[home]).unwrap(), Path::new("/home/me/.local/state/instep/handlers.sock"));
        assert_eq!(at(&[]), None);
    }
}
