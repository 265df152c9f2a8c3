//! Where the service listens, and how much it bears.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Where the service listens, and how much it bears.
#[derive(Debug, Clone)]
pub struct Config {
    /// The local socket; whoever reaches it as the same user may do everything.
    pub socket: Option<PathBuf>,
    /// Addresses on the network. Beyond the machine itself only when there is a token.
    pub listen: Vec<SocketAddr>,
    /// What TLS needs on the network; without it requests are not encrypted.
    pub tls: Option<TlsFiles>,
}

/// Files in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, with those that lead to it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// How much the service bears. What is beyond is refused in words where that is possible.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at each address, or at the socket.
    pub connections: usize,
    /// Event streams in all.
    pub streams: usize,
    /// Requests a second of one client on the network, and as many again at once.
    pub rate: NonZeroU32,
    /// Bytes of a body that is read as a whole.
    pub body: usize,
    /// How long a client may take for the head of a request, for its body, and to take a part of an answer.
    pub patience: Duration,
    /// How long what is under way may take when the service ends.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            streams: 64,
            rate: NonZeroU32::MIN.saturating_add(199),
            body: 1024 * 1024,
            patience: Duration::from_secs(20),
            grace: Duration::from_secs(5),
        }
    }
}
