//! The files that are being copied just now, as a progress text names them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use reconcile::RelPath;
use syncmgr::text::{MAX_PROGRESS_TEXT, units};

/// Those that take long enough to be told of before they are done.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<Vec<RelPath>>);

impl UnderWay {
    /// A part of a file was copied, and more is to come.
    pub(super) fn goes_on(&self, path: &RelPath) {
        let mut files = self.files();
        if !files.contains(path) {
            files.push(path.clone());
        }
    }

    /// It is there, or will not be.
    pub(super) fn ended(&self, path: &RelPath) {
        self.files().retain(|file| file != path);
    }

    /// A text with these files at its end, the longest under way first, and what was heard of last.
    pub(super) fn after(&self, text: &str, latest: &RelPath) -> String {
        let files = self.files();
        let files: Vec<_> = files.iter().filter(|file| *file != latest).chain([latest]).collect();
        with_paths(text, &files)
    }

    fn files(&self) -> MutexGuard<'_, Vec<RelPath>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text with paths at its end, as far as there is room for them. Of a first one that is too long the end is shown: that
/// is what tells files apart.
pub(super) fn with_paths(text: &str, paths: &[&RelPath]) -> String {
    let mut said = text.to_owned();
    for (at, path) in paths.iter().enumerate() {
        let rest = match paths.len() - at - 1 {
            0 => String::new(),
            rest => format!(" and {rest} more"),
        };
        let room = MAX_PROGRESS_TEXT.saturating_sub(units(&said) + units(", ") + units(&rest));
        let path = path.to_string();
        if units(&path) <= room {
            said = format!("{said}, {path}");
        } else if at == 0 {
            return format!("{said}, …{}{rest}", end_of(&path, room.saturating_sub(1)));
        } else {
            return format!("{said} and {} more", paths.len() - at);
        }
    }
    said
}

/// The longest end of a text that has at most so many units.
fn end_of(text: &str, mut room: usize) -> &str {
    let kept = text.chars().rev().take_while(|letter| {
        let fits = room.checked_sub(letter.len_utf16());
        room = fits.unwrap_or(0);
        fits.is_some()
    });
    &text[text.len() - kept.map(char::len_utf8).sum::<usize>()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::from_bytes(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_under_way_is_named_until_it_ends_and_the_latest_beside_it() {
        let under_way = UnderWay::default();
        assert_eq!(under_way.after("1 of 4", &path("notes.txt")), "1 of 4, notes.txt");
        under_way.goes_on(&path("films/a.mkv"));
        under_way.goes_on(&path("b.iso"));
        under_way.goes_on(&path("films/a.mkv"));
        assert_eq!(under_way.after("1 of 4", &path("notes.txt")), "1 of 4, films/a.mkv, b.iso, notes.txt");
        assert_eq!(under_way.after("1 of 4", &path("films/a.mkv")), "1 of 4, b.iso, films/a.mkv");
        under_way.ended(&path("films/a.mkv"));
        assert_eq!(under_way.after("2 of 4", &path("films/a.mkv")), "2 of 4, b.iso, films/a.mkv");
        assert_eq!(under_way.after("2 of 4", &path("b.iso")), "2 of 4, b.iso");
    }

    #[test]
    fn r5_a_text_with_a_long_path_fits_and_shows_the_end_of_it() {
        for letter in ["n", "ü", "𝄞"] {
            let name = letter.repeat(240 / letter.len());
            let text = with_paths("1 of 2 entries", &[&path(&format!("{name}/{name}/end.jpg"))]);
            assert!(units(&text) <= MAX_PROGRESS_TEXT, "{}", units(&text));
            assert!(text.starts_with("1 of 2 entries, …") && text.ends_with("/end.jpg"), "{text}");
        }
        assert_eq!(with_paths("1 entry", &[&path("a/b")]), "1 entry, a/b");
    }

    #[test]
    fn r5_as_many_files_are_named_as_there_is_room_for_and_the_others_are_counted() {
        let under_way = UnderWay::default();
        for letter in ["a", "b", "c", "d"] {
            under_way.goes_on(&path(&letter.repeat(90)));
        }
        let text = under_way.after("1 of 9", &path("last"));
        assert!(units(&text) <= MAX_PROGRESS_TEXT, "{text}");
        assert!(text.starts_with("1 of 9, aaa") && text.ends_with("bbb and 3 more"), "{text}");
        let long = under_way.after(&"1".repeat(200), &path("last"));
        assert!(units(&long) <= MAX_PROGRESS_TEXT && long.ends_with("aaa and 4 more"), "{long}");
    }
}
