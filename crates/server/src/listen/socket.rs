//! The local socket, for processes of the same user only.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::ServeError;

/// The socket, for as long as it is listened at.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    pub(super) fn bind(path: &Path) -> Result<Self, ServeError> {
        let failed = |reason: io::Error| match reason.kind() {
            io::ErrorKind::AddrInUse => ServeError::SocketTaken { path: path.to_owned() },
            _ => ServeError::Socket { path: path.to_owned(), reason },
        };
        let listener = UnixListener::bind(path).map_err(failed)?;
        // Until then the peer is checked all the same.
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned() })
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // One that cannot be removed is what a killed daemon leaves, too: who comes next clears it away.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the process at the other end is of our user, or may do as it likes anyway.
pub(super) fn is_ours(stream: &UnixStream) -> bool {
    let us = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == us || peer.uid() == 0)
}
