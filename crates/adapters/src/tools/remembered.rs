//! What a tool listed, kept in a file until the tool's own settings are others: to start a tool only to hear the same
//! again takes longer than all else that a command does.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{Stamp, write_whole};

/// A list as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The files that it was made of, as they were.
    of: Vec<File>,
    list: Vec<(String, String)>,
}

/// A file as it was; no stamp where there was none.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct File {
    path: PathBuf,
    stamp: Option<Stamp>,
}

impl File {
    fn of(path: &Path) -> Self {
        Self { path: path.to_owned(), stamp: Stamp::of(path) }
    }
}

/// What was listed last, or else what is listed now. The files are looked at before: one that is written meanwhile is
/// another one the next time. That nothing can be kept is no reason not to list.
pub(super) fn or_else<E>(
    kept: &Path,
    files: &[PathBuf],
    list: impl FnOnce() -> Result<Vec<(String, String)>, E>,
) -> Result<Vec<(String, String)>, E> {
    let of: Vec<File> = files.iter().map(|file| File::of(file)).collect();
    // Where there is no file at all, nothing would tell that something has changed.
    let any = of.iter().any(|file| file.stamp.is_some());
    let known = fs::read(kept).ok().and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
    if let Some(known) = known.filter(|known| any && known.of == of) {
        return Ok(known.list);
    }
    let now = Kept { of, list: list()? };
    if let Ok(text) = serde_json::to_vec(&now)
        && any
    {
        let _ = write_whole(kept, &text);
    }
    Ok(now.list)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_list_is_asked_for_again_only_when_its_files_are_others() {
        let place = tempfile::tempdir().unwrap();
        let (kept, conf) = (place.path().join("kept"), place.path().join("conf"));
        let asked = Cell::new(0);
        let list = || {
            asked.set(asked.get() + 1);
            or_else(&kept, std::slice::from_ref(&conf), || {
                Ok::<_, ()>(vec![(asked.get().to_string(), String::new())])
            })
            .unwrap()[0]
                .0
                .clone()
        };
        // Without a file nothing tells whether anything changed.
        assert_eq!([list(), list()], ["1", "2"]);
        fs::write(&conf, "a").unwrap();
        assert_eq!([list(), list(), list()], ["3", "3", "3"]);
        let other = place.path().join("other");
        fs::write(&other, "a").unwrap();
        fs::rename(&other, &conf).unwrap();
        assert_eq!(list(), "6");
        // What is damaged is no list.
        fs::write(&kept, "x").unwrap();
        assert_eq!([list(), list()], ["7", "7"]);
    }

    #[test]
    fn what_could_not_be_listed_is_not_kept() {
        let place = tempfile::tempdir().unwrap();
        let (kept, conf) = (place.path().join("kept"), place.path().join("conf"));
        fs::write(&conf, "a").unwrap();
        assert_eq!(or_else(&kept, std::slice::from_ref(&conf), || Err("why")), Err("why"));
        assert!(!kept.exists());
    }
}
