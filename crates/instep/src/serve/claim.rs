//! One daemon for each home: whoever holds the lock is it, and says where it is found.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::places::{Places, make_private_dir};
use crate::render::text::SafePath;

/// The longest path that a socket can have, on the system that allows least.
const LONGEST_SOCKET: usize = 103;

/// Where a daemon is found. Left behind when it is killed: only who answers at the socket is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) pid: u32,
    /// When it began, in milliseconds since 1970.
    pub(crate) started: i64,
    pub(crate) socket: PathBuf,
}

impl Address {
    /// What the last daemon of this home has said.
    pub(crate) fn read(places: &Places) -> Option<Self> {
        Self::parse(&fs::read(address_file(places)).ok()?)
    }

    /// Numbers on the first line, then the path as it is: it need not be text.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = bytes.split_at(end);
        let (pid, started) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let socket = PathBuf::from(std::ffi::OsString::from_vec(rest.get(1..)?.to_vec()));
        Some(Self { pid: pid.parse().ok()?, started: started.parse().ok()?, socket })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {}\n", self.pid, self.started).into_bytes();
        bytes.extend_from_slice(self.socket.as_os_str().as_bytes());
        bytes
    }
}

fn address_file(places: &Places) -> PathBuf {
    places.state.join("daemon")
}

/// Whether the daemon of a home answers.
pub(crate) fn answers(places: &Places) -> bool {
    Address::read(places).is_some_and(|address| UnixStream::connect(address.socket).is_ok())
}

/// This process is the daemon of its home for as long as this lives.
pub(crate) struct Claim {
    address: PathBuf,
    socket: PathBuf,
    _lock: File,
}

impl Claim {
    /// Becomes the daemon of the home; what a killed one left is cleared away.
    pub(crate) fn take(places: &Places) -> Result<Self, Failure> {
        places.make_state()?;
        let path = places.state.join("daemon.lock");
        let failed = |error: &io::Error| {
            Failure::failed(format!("cannot lock {}: {}", SafePath(&path), syncmgr::reason(error)))
        };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed(&error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(places)),
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let socket = places.socket();
        free(&socket)?;
        Ok(Self { address: address_file(places), socket, _lock: lock })
    }

    /// Where it answers.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Says where it answers, now that it does.
    pub(crate) fn publish(&self, now: i64) -> Result<(), Failure> {
        let address = Address { pid: std::process::id(), started: now, socket: self.socket.clone() };
        let new = self.address.with_extension("new");
        let write = || {
            let mut file =
                OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
            file.write_all(&address.bytes())?;
            fs::rename(&new, &self.address)
        };
        write().map_err(|error| {
            Failure::failed(format!("cannot write {}: {}", SafePath(&self.address), syncmgr::reason(&error)))
        })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Left behind they say nothing wrong: nobody answers there.
        let _ = fs::remove_file(&self.address);
        let _ = fs::remove_file(&self.socket);
    }
}

fn taken(places: &Places) -> Failure {
    let who = Address::read(places).map(|address| address.pid);
    let which = who.map_or_else(String::new, |pid| format!(" (process {pid})"));
    Failure::failed(format!("a daemon of this home is running already{which}"))
        .tip("`instep status` asks it; to run a second one, give it a home of its own with INSTEP_HOME")
}

/// Makes room for a socket: one that nobody answers at was left by a daemon that was killed.
pub(crate) fn free(socket: &Path) -> Result<(), Failure> {
    let shown = SafePath(socket);
    if socket.as_os_str().len() > LONGEST_SOCKET {
        return Err(Failure::failed(format!(
            "the path of the socket is too long for the system: {shown} has {} bytes, {LONGEST_SOCKET} are possible",
            socket.as_os_str().len()
        ))
        .tip("set INSTEP_HOME to a directory with a shorter path, or XDG_RUNTIME_DIR"));
    }
    let failed = |error: &io::Error| {
        Failure::failed(format!("cannot make the socket {shown}: {}", syncmgr::reason(error)))
    };
    if let Some(directory) = socket.parent() {
        make_private_dir(directory).map_err(|error| failed(&error))?;
    }
    match fs::symlink_metadata(socket) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(&error)),
        Ok(meta) if !meta.file_type().is_socket() => {
            return Err(Failure::failed(format!(
                "where the socket should be, there is something else: {shown}"
            ))
            .tip("move it away; nothing of ours is called so"));
        }
        Ok(_) => {}
    }
    if UnixStream::connect(socket).is_ok() {
        return Err(Failure::failed(format!("another program answers at {shown}"))
            .tip("perhaps the daemon of another home; set XDG_RUNTIME_DIR to a directory of its own"));
    }
    fs::remove_file(socket).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written_whatever_the_path_is() {
        let odd = std::ffi::OsStr::from_bytes(b"/x/\n\xff y/instep.sock");
        let address = Address { pid: 17, started: 1_700_000_000_000, socket: odd.into() };
        assert_eq!(Address::parse(&address.bytes()), Some(address));
        for damaged in ["", "17", "17 5", "x 5\n/s"] {
            assert_eq!(Address::parse(damaged.as_bytes()), None, "{damaged:?}");
        }
    }
}
