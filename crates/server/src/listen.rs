//! Where requests come in, and how connections are served.

mod connection;
mod patient;
mod socket;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::access::{AccessError, Door};
use crate::config::Config;
use crate::parts::Parts;
use crate::routes;
use connection::Connections;
use socket::Socket;

/// Why the service cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The socket cannot be made.
    #[error("cannot listen at {}: {reason}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// There is a socket already: of another daemon, or of one that was killed.
    #[error("there is a socket at {} already", path.display())]
    SocketTaken {
        /// Where.
        path: PathBuf,
    },
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {reason}")]
    Address {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        reason: io::Error,
    },
    /// Beyond the machine itself nobody is let in without a token.
    #[error(
        "{address} can be reached from other machines, and there is no token: make one with `instep serve token add`, or listen at 127.0.0.1"
    )]
    NoToken {
        /// The address.
        address: SocketAddr,
    },
    /// The tokens cannot be looked at.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A file of TLS cannot be used.
    #[error("{} cannot be used for TLS: {reason}", path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The service, listening.
pub struct Server {
    parts: Parts,
    socket: Option<Socket>,
    tcp: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Listens everywhere that the configuration says. Nothing is answered before [`run`](Self::run).
    ///
    /// # Errors
    /// Something cannot be listened at; then nothing is.
    pub async fn bind(config: &Config, parts: Parts) -> Result<Self, ServeError> {
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let socket = config.socket.as_deref().map(Socket::bind).transpose()?;
        let mut tcp = Vec::new();
        let mut addresses = Vec::new();
        for &address in &config.listen {
            if !address.ip().is_loopback() {
                if parts.access().tokens()?.is_empty() {
                    return Err(ServeError::NoToken { address });
                }
                if tls.is_none() {
                    warn!(%address, "tokens and answers cross the network in the clear: set `tls` in the section `[server]`");
                }
            }
            let failed = |reason| ServeError::Address { address, reason };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            addresses.push(listener.local_addr().map_err(failed)?);
            tcp.push(listener);
        }
        parts.listens_at(addresses.clone(), tls.is_some());
        Ok(Self { parts, socket, tcp, addresses, tls })
    }

    /// The addresses on the network, with the ports that were given where none was asked for.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// A link that lets a page in, once, within ten minutes; none when nothing listens on the network.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn page_link(&self) -> Result<Option<String>, AccessError> {
        self.parts.page_link()
    }

    /// Answers until `until` is over; then lets what is under way come to its end, for a while.
    pub async fn run(self, until: impl Future<Output = ()>) {
        let Self { parts, socket, tcp, tls, addresses: _ } = self;
        let router = routes::router(parts.clone());
        let connections = Connections::new(&parts);
        let mut doors = JoinSet::new();
        if let Some(socket) = socket {
            doors.spawn(answer_socket(socket, router.clone(), connections.clone()));
        }
        for listener in tcp {
            doors.spawn(answer_tcp(listener, tls.clone(), router.clone(), connections.clone()));
        }
        until.await;
        // No new connections; the listeners close, and the socket goes.
        doors.shutdown().await;
        parts.closing().cancel();
        connections.finish(parts.limits().grace).await;
    }
}

async fn answer_socket(socket: Socket, router: Router, connections: Connections) {
    let room = connections.room();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await;
        match socket.accept().await {
            Ok(stream) if socket::is_ours(&stream) => {
                connections.serve(stream, Door::Socket, router.clone(), permit.ok());
            }
            Ok(_) => debug!("a process of another user was turned away at the socket"),
            Err(error) => pause(&error).await,
        }
    }
}

async fn answer_tcp(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    connections: Connections,
) {
    let room: Arc<Semaphore> = connections.room();
    loop {
        let permit = Arc::clone(&room).acquire_owned().await.ok();
        let (stream, peer): (TcpStream, SocketAddr) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                pause(&error).await;
                continue;
            }
        };
        // Small answers leave at once.
        let _ = stream.set_nodelay(true);
        match &tls {
            None => connections.serve(stream, Door::Tcp { peer, tls: false }, router.clone(), permit),
            Some(tls) => {
                connections.serve_tls(
                    stream,
                    tls.clone(),
                    Door::Tcp { peer, tls: true },
                    router.clone(),
                    permit,
                );
            }
        }
    }
}

/// Errors of accepting are of one connection, or of a machine without descriptors; then the next try comes later.
async fn pause(error: &io::Error) {
    warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
}
