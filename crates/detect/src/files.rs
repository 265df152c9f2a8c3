//! Reading files that anybody may have written: none is waited for, none is read without end, and what could not be
//! read is told.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use wire::{PathText, Unread};

/// How large a file may be. Settings and scripts that people write are a thousand times smaller.
const FILE: u64 = 1 << 20;
/// How much one look reads in all.
const ALL: u64 = 32 << 20;
/// How many entries of a directory are looked at.
const ENTRIES: usize = 2_000;
/// How many files that could not be read are told.
const TOLD: usize = 100;

/// What was read in one look.
#[derive(Default)]
pub(crate) struct Files {
    read: u64,
    unread: Vec<Unread>,
}

impl Files {
    /// The text of a file; bytes that are no UTF-8 are replaced. None when it is not there, or is no text; what cannot
    /// be read is remembered.
    pub(crate) fn text(&mut self, path: &Path) -> Option<String> {
        match self.bytes(path) {
            Ok(bytes) if bytes.contains(&0) => None,
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                None
            }
            Err(error) => {
                self.tell(path, reason(&error));
                None
            }
        }
    }

    /// The text of a script; none of anything else, and nothing is told of that.
    pub(crate) fn script(&mut self, path: &Path) -> Option<String> {
        let text = String::from_utf8(self.bytes(path).ok()?).ok()?;
        text.starts_with("#!").then_some(text)
    }

    fn bytes(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        // A pipe that nobody writes to, or a device, must not hold the look up.
        let file = File::from(rustix::fs::open(
            path,
            OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        )?);
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        if meta.len() > FILE {
            return Err(io::Error::other(format!("it has {} bytes, more than settings have", meta.len())));
        }
        if self.read >= ALL {
            return Err(io::Error::other("there was too much to read before it"));
        }
        let mut bytes = Vec::new();
        file.take(FILE).read_to_end(&mut bytes)?;
        self.read += bytes.len() as u64;
        Ok(bytes)
    }

    /// What is in a directory, by name; nothing when it is not there.
    pub(crate) fn list(&mut self, directory: &Path) -> Vec<PathBuf> {
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => {
                if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
                    self.tell(directory, reason(&error));
                }
                return Vec::new();
            }
        };
        let mut paths: Vec<PathBuf> =
            entries.filter_map(Result::ok).map(|entry| entry.path()).take(ENTRIES + 1).collect();
        if paths.len() > ENTRIES {
            paths.pop();
            self.tell(
                directory,
                format!("it has more than {ENTRIES} entries; the others were not looked at"),
            );
        }
        paths.sort();
        paths
    }

    /// Remembers what was not understood.
    pub(crate) fn tell(&mut self, path: &Path, why: impl Into<String>) {
        if self.unread.len() < TOLD {
            self.unread.push(Unread { file: shown(path), why: why.into() });
        }
    }

    /// What could not be read.
    pub(crate) fn unread(self) -> Vec<Unread> {
        self.unread
    }
}

/// A path as it is told.
pub(crate) fn shown(path: &Path) -> PathText {
    PathText::new(path.as_os_str().as_bytes())
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_files_hold_nothing_up_and_are_told() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        File::create(at("huge")).unwrap().set_len(1 << 40).unwrap();
        fs::write(at("binary"), b"\x7fELF\0rsync").unwrap();
        fs::write(at("odd"), b"caf\xe9").unwrap();
        std::os::unix::fs::symlink("loop", at("loop")).unwrap();
        let mut files = Files::default();
        for name in ["pipe", "huge", "binary", "loop", "missing", "odd/beneath"] {
            assert_eq!(files.text(&at(name)), None, "{name}");
        }
        assert_eq!(files.text(&at("odd")).as_deref(), Some("caf\u{fffd}"));
        let told: Vec<String> = files.unread().into_iter().map(|unread| unread.why).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].contains("no file") && told[1].contains("more than settings have"));
    }
}
