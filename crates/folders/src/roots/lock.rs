//! One run per pair at a time, over all processes and homes (S11).
//!
//! The lock is `flock` on the root directories themselves: it needs no file, works on a side that is read-only, and the
//! system takes it away from whoever dies.

use std::collections::HashSet;
use std::fs::DirBuilder;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use reconcile::Side;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::Errno;

use super::{RootError, RootFault, Roots, Surroundings, overlap};
use crate::pair::{Pair, PairSide};

/// Held for a run; gone when it is dropped.
#[derive(Debug)]
#[must_use = "the pair is locked as long as this lives"]
pub struct PairLock {
    /// Descriptors of their own: those of the sides must not decide how long the lock lives.
    _held: Vec<Held>,
}

/// One locked directory. Unlocked by word, since closing it is not enough: a child process that another thread starts in
/// that moment holds a copy of the descriptor until it becomes another program.
#[derive(Debug)]
struct Held(OwnedFd);

impl Drop for Held {
    fn drop(&mut self) {
        // Should it be refused, closing does it a moment later.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl Roots {
    /// Takes the lock for a run, or says who has it. `home` is the pair's own directory: it is locked where the file
    /// systems of the sides know no locks.
    ///
    /// # Errors
    /// [`RootFault::Busy`] names the side that is in use.
    pub fn lock(&self, pair: &Pair, home: &Path, surroundings: &Surroundings) -> Result<PairLock, RootError> {
        let mut held = Vec::new();
        let mut without = None;
        // Always in the same order would not help: nobody waits, so nobody waits in a circle.
        for side in Side::BOTH {
            let pair_side = pair.side(side);
            match take(self.side(side).root(), pair_side, FlockOperation::NonBlockingLockExclusive)? {
                Ok(fd) => held.push(fd),
                Err(errno) => without = Some((pair_side, errno)),
            }
        }
        let mut seen = HashSet::new();
        for other in &surroundings.other_roots {
            let Ok(fd) = open(other) else { continue };
            // Two pairs may share a root: a second lock of ours would be refused because of the first.
            if overlap::is_below(&fd, self)
                && overlap::identity(&fd).is_ok_and(|identity| seen.insert(identity))
            {
                let other = PairSide { path: other.clone(), label: other.display().to_string() };
                if let Ok(fd) = take(fd.as_fd(), &other, FlockOperation::NonBlockingLockExclusive)? {
                    held.push(fd);
                }
            }
        }
        if let Some((side, errno)) = without {
            let refused = |error| refused(side, RootFault::NoLock(error));
            DirBuilder::new().recursive(true).mode(0o700).create(home).map_err(refused)?;
            let fd = open(home).map_err(|errno| refused(errno.into()))?;
            match take(fd.as_fd(), side, FlockOperation::NonBlockingLockExclusive)? {
                Ok(fd) => held.push(fd),
                Err(_) => return Err(refused(errno.into())),
            }
        }
        Ok(PairLock { _held: held })
    }

    /// Whether a run works on the pair just now; leaves no lock.
    ///
    /// # Errors
    /// [`RootFault::Busy`] names the side that is in use.
    pub fn check_idle(&self, pair: &Pair) -> Result<(), RootError> {
        for side in Side::BOTH {
            // Where locks are not known there is nothing to find out.
            let _ = take(self.side(side).root(), pair.side(side), FlockOperation::NonBlockingLockShared)?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<OwnedFd, Errno> {
    openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Locks a directory by a descriptor of its own. Inside: no lock is to be had on this file system.
fn take(
    dir: impl AsFd,
    side: &PairSide,
    operation: FlockOperation,
) -> Result<Result<Held, Errno>, RootError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = match openat(dir, c".", flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(errno) => return Err(refused(side, RootFault::Refused(errno.into()))),
    };
    match flock(&fd, operation) {
        Ok(()) => Ok(Ok(Held(fd))),
        Err(Errno::WOULDBLOCK) => Err(refused(side, RootFault::Busy)),
        Err(errno) => Ok(Err(errno)),
    }
}

fn refused(side: &PairSide, fault: RootFault) -> RootError {
    RootError { label: side.label.clone(), path: side.path.clone(), known: true, fault }
}
