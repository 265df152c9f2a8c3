//! What a refusal means: the system's words are about a temporary name and a call; a person wants to hear of their own
//! file, and whether waiting or renaming helps.

use std::io;

use reconcile::path::Name;
use reconcile::{RelPath, Side};
use rustix::io::Errno;

use super::{Apply, Trouble, Why};
use crate::side::SideError;
use crate::side::names::{is_ours, spelled_otherwise};

impl Apply<'_> {
    /// The trouble as a person should hear of it.
    pub(super) fn explained(&self, trouble: Trouble) -> Trouble {
        let Trouble { on, path, why } = trouble;
        let why = match why {
            Why::Taken => self.who_has(on, &path).map_or(Why::Taken, |by| Why::SameName { by }),
            Why::Side(SideError::Io { what, source, .. }) if is_link_refused(what, &source) => Why::NoLinks,
            Why::Side(SideError::Io { what, source, .. }) if is_name_refused(&path, what, &source) => {
                Why::Name
            }
            Why::Side(SideError::Io { path: at, what, source }) if is_hidden(&at) => {
                Why::Side(SideError::Io { path: path.clone(), what, source })
            }
            Why::Extras(parts, SideError::Io { path: at, what, source }) if is_hidden(&at) => {
                Why::Extras(parts, SideError::Io { path: path.clone(), what, source })
            }
            why => why,
        };
        Trouble { on, path, why }
    }

    /// The name that is in the way of another, on a side that takes both for one.
    fn who_has(&self, on: Side, path: &RelPath) -> Option<RelPath> {
        let (dir, name) = path.split()?;
        self.spelled_otherwise(on, &dir, name).map(|by| dir.join(&by))
    }

    /// How a name is spelled in a directory that takes several names for one; none where it has just this name.
    pub(super) fn spelled_otherwise(&self, on: Side, dir: &RelPath, name: &Name) -> Option<Vec<u8>> {
        let dir = self.side(on).dir(dir).ok()?;
        let found = dir.look(name).ok()??;
        spelled_otherwise(&dir.list().ok()?, name, &found).map(<[u8]>::to_vec)
    }
}

/// Whether a path leads through something of ours, which no message should speak of.
fn is_hidden(path: &RelPath) -> bool {
    path.names().enumerate().any(|(depth, name)| is_ours(name, depth == 0))
}

fn is_link_refused(what: &str, source: &io::Error) -> bool {
    what == "create the link"
        && matches!(Errno::from_io_error(source), Some(Errno::PERM | Errno::NOSYS | Errno::OPNOTSUPP))
}

/// Whether the name itself was refused. "No such file" and "not permitted" are said of bad names too, but of other things
/// as well: they count only where the name has something in it that some file systems cannot hold.
fn is_name_refused(path: &RelPath, what: &str, source: &io::Error) -> bool {
    if !matches!(what, "rename" | "create the file" | "create the directory" | "create the link") {
        return false;
    }
    let Some((_, name)) = path.split() else { return false };
    match Errno::from_io_error(source) {
        Some(Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ) => true,
        Some(Errno::NOENT | Errno::PERM | Errno::ACCESS) => is_unusual(name),
        _ => false,
    }
}

/// Whether a name has something in it that the file systems of other systems cannot hold.
fn is_unusual(name: &Name) -> bool {
    let special = |byte: &u8| *byte < b' ' || br#""*:<>?\|"#.contains(byte);
    name.iter().any(special)
        || name.ends_with(b".")
        || name.ends_with(b" ")
        || std::str::from_utf8(name).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_not_taken_for_a_bad_name() {
        let gone = io::Error::from(Errno::NOENT);
        let path = |text: &str| RelPath::from_bytes(text.as_bytes()).unwrap();
        assert!(!is_name_refused(&path("d/plain"), "rename", &gone));
        assert!(is_name_refused(&path("d/a:b"), "rename", &gone));
        assert!(!is_name_refused(&path("d/a:b"), "set the time of", &gone));
    }
}
