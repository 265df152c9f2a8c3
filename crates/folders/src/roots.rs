//! The two roots of a pair: whether they are what they must be, where they are mounted, and the lock on them.
//!
//! Nothing here writes. A root that is not what it was is the most dangerous thing that can happen to a synchronizer,
//! so every doubt stops the run: as a usage error for a pair that never ran, as a safety stop or a wait for one that did.

mod error;
mod lock;
mod overlap;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reconcile::{Keep, Mode, Side};
use rustix::fs::{AtFlags, CWD, Mode as Bits, OFlags, StatxAttributes, StatxFlags, fstatvfs, openat, statx};
use rustix::io::Errno;

use crate::base::{Meta, RootIdentity};
use crate::pair::{Pair, PairSide};
use crate::side::local::LocalSide;

pub use error::{RootClass, RootError, RootFault};
pub use lock::PairLock;
pub use overlap::check_overlap;

/// Both sides of a pair, open and checked.
#[derive(Debug)]
pub struct Roots {
    /// Side A.
    pub a: Arc<LocalSide>,
    /// Side B.
    pub b: Arc<LocalSide>,
    /// What the roots are now, for the base.
    pub identities: [RootIdentity; 2],
}

impl Roots {
    /// One side.
    pub fn side(&self, side: Side) -> &LocalSide {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }
}

/// What of the surroundings the checks depend on.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The person's home directory: never a mirror's target.
    pub home_dir: Option<PathBuf>,
    /// The roots of all other pairs: overlapping ones take turns.
    pub other_roots: Vec<PathBuf>,
}

/// The path that a new pair remembers for a side: absolute, without symbolic links.
///
/// # Errors
/// It is missing, no directory, or refused: a usage error, as the pair never ran.
pub fn canonical(side: &PairSide) -> Result<PathBuf, RootError> {
    let refused =
        |fault| RootError { label: side.label.clone(), path: side.path.clone(), known: false, fault };
    let path = std::fs::canonicalize(&side.path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refused(RootFault::Missing),
        std::io::ErrorKind::NotADirectory => refused(RootFault::NotADirectory),
        _ => refused(RootFault::Refused(error)),
    })?;
    if path.is_dir() { Ok(path) } else { Err(refused(RootFault::NotADirectory)) }
}

/// Opens and checks both roots. `meta` is what the base knows of them, `known` whether the pair was synchronized before.
///
/// # Errors
/// A root is not what it must be; see [`RootError::class`] for what follows.
pub fn open(
    pair: &Pair,
    mode: Mode,
    keep: Keep,
    meta: &Meta,
    known: bool,
    surroundings: &Surroundings,
) -> Result<Roots, RootError> {
    let open = |side| open_root(pair.side(side), meta.root(side), known);
    let ((a, a_identity), (b, b_identity)) = (open(Side::A)?, open(Side::B)?);
    let (a, b) = (a.keeping(keep), b.keeping(keep));
    let roots = Roots { a: Arc::new(a), b: Arc::new(b), identities: [a_identity, b_identity] };
    check_overlap(pair, &roots.a, &roots.b)?;
    if mode == Mode::Mirror {
        overlap::check_mirror_target(&pair.b, &roots.b, surroundings.home_dir.as_deref())?;
    }
    for side in Side::BOTH.into_iter().filter(|&side| side == Side::B || mode == Mode::TwoWay) {
        if let Some(what) = roots.side(side).cannot_keep(keep) {
            let PairSide { path, label } = pair.side(side).clone();
            return Err(RootError { label, path, known, fault: RootFault::CannotKeep { what } });
        }
    }
    Ok(roots)
}

fn open_root(
    side: &PairSide,
    before: Option<&RootIdentity>,
    known: bool,
) -> Result<(LocalSide, RootIdentity), RootError> {
    let refused = |fault| RootError { label: side.label.clone(), path: side.path.clone(), known, fault };
    // First: below a drive that is away there is nothing, or an empty directory, and neither means anything.
    if let Some(before) = before
        && !is_mount_point(&before.mount_point)
    {
        return Err(refused(RootFault::NotMounted { mount_point: before.mount_point.clone() }));
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let root = openat(CWD, &side.path, flags, Bits::empty()).map_err(|errno| match errno {
        Errno::NOENT => refused(RootFault::Missing),
        Errno::NOTDIR | Errno::LOOP => {
            let is_link = std::fs::symlink_metadata(&side.path).is_ok_and(|meta| meta.is_symlink());
            refused(if is_link { RootFault::Link } else { RootFault::NotADirectory })
        }
        other => refused(RootFault::Refused(other.into())),
    })?;
    let identity = identify(&root, &side.path).map_err(|error| refused(RootFault::Refused(error)))?;
    match LocalSide::from_root(root, &side.path) {
        Ok(local) => Ok((local, identity)),
        Err(error) => Err(refused(RootFault::Refused(std::io::Error::other(error.to_string())))),
    }
}

fn identify(root: &OwnedFd, path: &Path) -> std::io::Result<RootIdentity> {
    let stat = statx(root, c"", AtFlags::EMPTY_PATH, StatxFlags::INO)?;
    let fs_id = fstatvfs(root)?.f_fsid;
    // Without links the ancestors are where it lies; the nearest one that is mounted carries it.
    let real = std::fs::canonicalize(path)?;
    let mount_point = real.ancestors().find(|at| is_mount_point(at)).unwrap_or(Path::new("/"));
    Ok(RootIdentity { mount_point: mount_point.into(), fs_id, ino: stat.stx_ino })
}

/// Whether a file system is mounted there now. What cannot be told counts as yes: it must not stop a pair for ever.
fn is_mount_point(path: &Path) -> bool {
    match statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO) {
        Ok(stat) if stat.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT) => {
            stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT)
        }
        Ok(_) => path == Path::new("/") || other_device(path),
        Err(_) => false,
    }
}

/// For kernels that do not tell: a directory on another device than its parent.
fn other_device(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| std::fs::symlink_metadata(path).map(|meta| meta.dev()).ok();
    path.parent().is_some_and(|parent| device(parent) != device(path))
}
