//! Where the program keeps its things.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::render::text::SafePath;

/// The directories and files of one home; two homes never meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// The settings, one file that a person may edit.
    pub(crate) settings: PathBuf,
    /// Everything that is not for editing.
    pub(crate) state: PathBuf,
    /// Where the system keeps sockets until the person logs out, if it has such a place and no home was chosen.
    pub(crate) runtime: Option<PathBuf>,
    /// The person's home directory, if there is one.
    pub(crate) home: Option<PathBuf>,
}

impl Places {
    /// Reads the environment.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        // Cron and others start programs with next to no environment: then the system knows whose home it is.
        let home = || std::env::home_dir().map(OsString::from);
        let var = |name: &str| std::env::var_os(name).or_else(|| (name == "HOME").then(home).flatten());
        Self::resolve(var, &here)
    }

    /// `INSTEP_HOME` moves everything; else the XDG directories, whose variables count only if they are absolute.
    fn resolve(var: impl Fn(&str) -> Option<OsString>, here: &Path) -> Result<Self, Failure> {
        let set = |name: &str| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = set("HOME").filter(|home| home.is_absolute());
        if let Some(all) = set("INSTEP_HOME") {
            let all = here.join(all);
            let (settings, state) = (all.join("instep.toml"), all.join("state"));
            return Ok(Self { settings, state, runtime: None, home });
        }
        let xdg = |name: &str, default: &str| {
            let chosen = set(name).filter(|path| path.is_absolute());
            let path = chosen.or_else(|| home.as_ref().map(|home| home.join(default)));
            path.map(|path| path.join("instep")).ok_or_else(|| {
                Failure::failed(format!(
                    "there is no place for settings and state: neither HOME nor {name} is set"
                ))
                .tip("set HOME, or INSTEP_HOME to a directory of your choice")
            })
        };
        Ok(Self {
            settings: xdg("XDG_CONFIG_HOME", ".config")?.join("instep.toml"),
            state: xdg("XDG_STATE_HOME", ".local/state")?,
            runtime: set("XDG_RUNTIME_DIR").filter(|path| path.is_absolute()).map(|path| path.join("instep")),
            home,
        })
    }

    /// Runs, events, conflicts.
    pub(crate) fn store(&self) -> PathBuf {
        self.state.join("instep.db")
    }

    /// Where the daemon answers.
    pub(crate) fn socket(&self) -> PathBuf {
        self.runtime.as_ref().unwrap_or(&self.state).join("instep.sock")
    }

    /// Where programs come in that are handlers and start themselves.
    pub(crate) fn handlers_socket(&self) -> PathBuf {
        self.socket().with_file_name("handlers.sock")
    }

    /// Bases, journals and stored plans of folder pairs.
    pub(crate) fn pairs(&self) -> PathBuf {
        self.state.join("pairs")
    }

    /// Makes the state directory, for this person only.
    pub(crate) fn make_state(&self) -> Result<(), Failure> {
        make_private_dir(&self.state).map_err(|error| {
            Failure::failed(format!(
                "cannot make the directory {}: {}",
                SafePath(&self.state),
                syncmgr::reason(&error)
            ))
            .tip("INSTEP_HOME moves settings and state to a directory of your choice")
        })
    }
}

/// Makes a directory (and those above it) that only its owner may read.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(vars: &[(&str, &str)]) -> Result<Places, Failure> {
        let var =
            |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        Places::resolve(var, Path::new("/here"))
    }

    #[test]
    fn instep_home_moves_everything() {
        let places = places(&[("INSTEP_HOME", "x"), ("HOME", "/home/me"), ("XDG_STATE_HOME", "/s")]).unwrap();
        assert_eq!(places.settings, Path::new("/here/x/instep.toml"));
        assert_eq!(places.store(), Path::new("/here/x/state/instep.db"));
        assert_eq!(places.pairs(), Path::new("/here/x/state/pairs"));
        assert_eq!(places.socket(), Path::new("/here/x/state/instep.sock"));
    }

    #[test]
    fn otherwise_the_xdg_directories_hold_them_and_relative_ones_are_ignored() {
        let places =
            places(&[("HOME", "/home/me"), ("XDG_STATE_HOME", "s"), ("XDG_CONFIG_HOME", "/c")]).unwrap();
        assert_eq!(places.settings, Path::new("/c/instep/instep.toml"));
        assert_eq!(places.state, Path::new("/home/me/.local/state/instep"));
        assert_eq!(places.socket(), Path::new("/home/me/.local/state/instep/instep.sock"));
    }

    #[test]
    fn no_home_at_all_is_said() {
        assert!(places(&[]).is_err());
    }
}
