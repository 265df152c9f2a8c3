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
mod looks;
mod peer;
mod server;
mod session;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};
use syncmgr::{Handler, HandlerError, HandlerId};

pub use center::Center;
pub use syncmgr;

/// What the center said in the handshake.
#[derive(Clone)]
pub struct Hello {
    /// The identifier under which the handler is known.
    pub handler: HandlerId,
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
    /// The handler could not be made.
    #[error("{0}")]
    Handler(#[from] HandlerError),
}

/// Makes the handler when the center has introduced itself.
pub type Make<'a> = dyn FnOnce(&Hello) -> Result<Arc<dyn Handler>, HandlerError> + 'a;

/// Serves a handler on descriptors 3 and 4, until the center says goodbye or goes away. The process should exit then.
///
/// # Errors
/// There is no center, or the connection with it broke.
pub fn serve(make: impl FnOnce(&Hello) -> Result<Arc<dyn Handler>, HandlerError>) -> Result<(), ServeError> {
    // Opened by name, which needs no trust in a number.
    let input = OpenOptions::new().read(true).open("/dev/fd/3").map_err(ServeError::NotConnected)?;
    let output = OpenOptions::new().write(true).open("/dev/fd/4").map_err(ServeError::NotConnected)?;
    server::serve(Box::new(input), Box::new(output), None, Box::new(make))
}

/// Serves a handler of a program that started itself, over the center's socket.
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
    server::serve(Box::new(input), Box::new(output), Some(handler), Box::new(make))
}
