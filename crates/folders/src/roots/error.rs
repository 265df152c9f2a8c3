//! Why the roots of a pair cannot be used, and what follows from it.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use reconcile::RelPath;
use syncmgr::outcome::{Outcome, Problem, ProblemClass};

/// Something is wrong with a root.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.problem())]
pub struct RootError {
    /// What the person calls the side.
    pub label: String,
    /// Where it is.
    pub path: PathBuf,
    /// Whether the pair was synchronized before: what is missing then was there.
    pub known: bool,
    /// What is wrong.
    pub fault: RootFault,
}

/// What can be wrong with a root.
#[derive(Debug)]
#[non_exhaustive]
pub enum RootFault {
    /// There is nothing.
    Missing,
    /// There is something else.
    NotADirectory,
    /// A symbolic link took its place.
    Link,
    /// The system refuses it.
    Refused(std::io::Error),
    /// What it lay on is not mounted.
    NotMounted {
        /// Where that was mounted.
        mount_point: PathBuf,
    },
    /// Both sides are one folder.
    Same,
    /// This side is inside the other.
    Inside {
        /// The other side.
        outer: PathBuf,
    },
    /// This side and the other share a part, by a mount.
    Shares {
        /// The other side.
        other: PathBuf,
    },
    /// A mirror must not make this directory equal to another.
    MirrorTarget {
        /// What it is: "the root directory".
        is: &'static str,
    },
    /// Its file system cannot hold what the pair is to keep.
    CannotKeep {
        /// The word for that.
        what: &'static str,
    },
    /// Another run works on it.
    Busy,
    /// No lock can be had, so two runs could meet.
    NoLock(std::io::Error),
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootClass {
    /// The pair was set up wrongly: a usage error.
    Usage,
    /// Never released by `--approve`.
    SafetyStop,
    /// A condition is not met yet.
    Waiting,
    /// The system does not let us.
    Failed,
}

impl RootClass {
    /// The outcome of a run that is stopped by it; a usage error is none, the run was never a run.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Usage | Self::Failed => Outcome::Failed,
            Self::SafetyStop => Outcome::SafetyStop,
            Self::Waiting => Outcome::Waiting,
        }
    }
}

impl RootError {
    /// What follows from it.
    pub fn class(&self) -> RootClass {
        match &self.fault {
            RootFault::NotMounted { .. } | RootFault::Busy => RootClass::Waiting,
            RootFault::Same
            | RootFault::Inside { .. }
            | RootFault::Shares { .. }
            | RootFault::MirrorTarget { .. } => RootClass::Usage,
            RootFault::Missing | RootFault::NotADirectory | RootFault::Link if self.known => {
                RootClass::SafetyStop
            }
            RootFault::Refused(_) if self.known => RootClass::Failed,
            RootFault::Missing | RootFault::NotADirectory | RootFault::Link | RootFault::Refused(_) => {
                RootClass::Usage
            }
            RootFault::CannotKeep { .. } => RootClass::Failed,
            RootFault::NoLock(_) => RootClass::Failed,
        }
    }

    /// What a person reads.
    pub fn problem(&self) -> Problem {
        let path = shown(&self.path);
        let label = shown(Path::new(&self.label));
        let side = if label == path { path.clone() } else { format!("{label} ({path})") };
        let problem = |class, text| Problem::new(class, text);
        let put_back = "put it back, or remove the pair and add it anew";
        match &self.fault {
            RootFault::Missing if self.known => {
                problem(ProblemClass::Safety, format!("{side} is gone; nothing was touched"))
                    .with_fix(put_back)
            }
            RootFault::NotADirectory if self.known => {
                problem(ProblemClass::Safety, format!("{side} is no directory any more; nothing was touched"))
                    .with_fix(put_back)
            }
            RootFault::Link if self.known => {
                problem(ProblemClass::Safety, format!("{side} became a symbolic link; nothing was touched"))
                    .with_fix(put_back)
            }
            RootFault::Missing => problem(ProblemClass::Config, format!("{side} does not exist"))
                .with_fix("make the folder first, or check the spelling"),
            RootFault::NotADirectory => problem(ProblemClass::Config, format!("{side} is not a directory"))
                .with_fix("name the folder it is in"),
            RootFault::Link => problem(ProblemClass::Config, format!("{side} is a symbolic link"))
                .with_fix("name the folder it points to"),
            RootFault::Refused(error) => problem(
                ProblemClass::Permission,
                format!("{side} cannot be opened: {}", syncmgr::reason(error)),
            )
            .with_fix("check its permissions, and those of the directories that lead to it"),
            RootFault::NotMounted { mount_point } => problem(
                ProblemClass::Transient,
                format!("waiting for {side}: nothing is mounted on {}", shown(mount_point)),
            )
            .with_fix("connect or mount the drive"),
            RootFault::Same => {
                problem(ProblemClass::Config, format!("both sides are the same folder: {path}"))
                    .with_fix("name two different folders")
            }
            RootFault::Inside { outer } => {
                problem(ProblemClass::Config, format!("{side} is inside the other side, {}", shown(outer)))
                    .with_fix("name two folders neither of which is in the other")
            }
            RootFault::Shares { other } => problem(
                ProblemClass::Config,
                format!("{side} and {} share a folder by a mount", shown(other)),
            )
            .with_fix("name two folders neither of which is in the other"),
            RootFault::MirrorTarget { is } => {
                problem(ProblemClass::Config, format!("{side} is {is}: a mirror would delete what is in it"))
                    .with_fix("mirror into a folder made for it")
            }
            RootFault::CannotKeep { what } => problem(
                ProblemClass::Config,
                format!("{side} is on a file system that holds no {what}, which this pair is to keep; nothing was touched"),
            )
            .with_fix(format!("leave {what} out of `keep`, or keep that side on another file system")),
            RootFault::Busy => problem(ProblemClass::Transient, format!("another run is working on {side}"))
                .with_fix("try again when it is done"),
            RootFault::NoLock(error) => problem(
                ProblemClass::Permission,
                format!("{side} cannot be locked against another run: {}", syncmgr::reason(error)),
            ),
        }
    }
}

/// A path as a person may see it: without control characters (S8).
fn shown(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let (slash, below) = bytes.strip_prefix(b"/").map_or(("", bytes), |below| ("/", below));
    match RelPath::from_bytes(below) {
        Some(below) => format!("{slash}{below}"),
        None => bytes.escape_ascii().to_string(),
    }
}
