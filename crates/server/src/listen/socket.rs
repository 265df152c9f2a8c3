//! The local socket: one daemon at a time, and only processes of the same user.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tokio::net::{UnixListener, UnixStream};

use super::ServeError;

/// The socket, for as long as it is listened at.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Held while we listen: a socket whose daemon was killed looks like one that is in use until somebody asks it.
    _lock: File,
}

impl Socket {
    pub(super) fn bind(path: &Path) -> Result<Self, ServeError> {
        let failed = |reason| ServeError::Socket { path: path.to_owned(), reason };
        let lock =
            lock(path).map_err(failed)?.ok_or_else(|| ServeError::SocketTaken { path: path.to_owned() })?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            // There was none, or a stale one: who holds the lock is the only daemon.
            _ => {}
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, path: path.to_owned(), _lock: lock })
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Still under our lock: it is ours. One that cannot be removed is taken over by the next daemon.
        let _ = fs::remove_file(&self.path);
    }
}

/// The lock beside the socket; none when another process has it.
fn lock(socket: &Path) -> io::Result<Option<File>> {
    let mut name = socket.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(name)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the process at the other end is of our user, or may do as it likes anyway.
pub(super) fn is_ours(stream: &UnixStream) -> bool {
    let us = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == us || peer.uid() == 0)
}
