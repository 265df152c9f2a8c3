//! Writes the settings: comments, order and everything else that a person put there stay.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use folders::pair::Pair;
use reconcile::{Mode, OnConflict};
use syncmgr::ItemId;
use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::{
    DEFAULT_TRASH_DAYS, Settings, folder_word, labels, limit_word, mode_word, on_conflict_word, read,
};
use crate::exit::Failure;
use crate::places::{Places, make_private_dir};
use crate::render::text::SafePath;

/// The settings, held against other processes until it is dropped.
pub(crate) struct Editor<'a> {
    places: &'a Places,
    document: DocumentMut,
    /// What the file says now.
    pub(crate) settings: Settings,
    _lock: File,
}

impl<'a> Editor<'a> {
    /// Waits for other processes that edit, then reads.
    pub(crate) fn open(places: &'a Places) -> Result<Self, Failure> {
        places.make_state()?;
        let lock_path = places.state.join("settings.lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|error| {
                Failure::failed(format!("cannot lock {}: {}", SafePath(&lock_path), syncmgr::reason(&error)))
            })?;
        let text = read(&places.settings)?;
        let settings = Settings::parse(&text, places)?;
        let document = text.parse().map_err(|error: toml_edit::TomlError| {
            Failure::usage(format!("the settings in {} cannot be edited", SafePath(&places.settings)))
                .detail(error.to_string())
        })?;
        Ok(Self { places, document, settings, _lock: lock })
    }

    /// Adds an item and writes the file.
    pub(crate) fn add(&mut self, pair: &Pair) -> Result<(), Failure> {
        self.document.entry("items").or_insert_with(|| {
            let mut items = Table::new();
            items.set_implicit(true);
            Item::Table(items)
        });
        let mut table = table(pair);
        // What stands at the end of the file stays where it is: before what is appended now.
        let end = self.document.trailing().as_str().unwrap_or_default().trim_end().to_owned();
        if !end.is_empty() {
            table.decor_mut().set_prefix(format!("{end}\n\n"));
            self.document.set_trailing("");
        }
        let Some(items) = self.document.get_mut("items").and_then(Item::as_table_like_mut) else {
            return Err(Failure::usage("`items` in the settings is no table"));
        };
        items.insert(pair.item.as_str(), Item::Table(table));
        self.save()
    }

    /// Takes an item out and writes the file. The comment right above it goes with it, all others stay.
    pub(crate) fn remove(&mut self, item: &ItemId) -> Result<(), Failure> {
        let Some(items) = self.document.get_mut("items").and_then(Item::as_table_like_mut) else {
            return Ok(());
        };
        let key =
            items.iter().map(|(key, _)| key.to_owned()).find(|key| ItemId::new(key).as_ref() == Ok(item));
        let removed = key.and_then(|key| items.remove(&key));
        if let Some(Item::Table(removed)) = removed {
            let above = removed.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
            let stays = above.rsplit_once("\n\n").map(|(stays, _)| format!("{stays}\n")).unwrap_or_default();
            let next = items
                .iter_mut()
                .filter_map(|(_, item)| item.as_table_mut())
                .filter(|table| table.position() > removed.position())
                .min_by_key(|table| table.position());
            if let Some(next) = next {
                let own =
                    next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
                next.decor_mut().set_prefix(format!("{stays}{own}"));
            } else {
                let own = self.document.trailing().as_str().unwrap_or_default().to_owned();
                self.document.set_trailing(format!("{stays}{own}"));
            }
        }
        self.save()
    }

    /// The new text must say what was meant before it replaces the old one.
    fn save(&mut self) -> Result<(), Failure> {
        let text = self.document.to_string();
        let settings = Settings::parse(&text, self.places)?;
        write(&self.places.settings, &text).map_err(|error| {
            Failure::failed(format!(
                "cannot write the settings to {}: {error}",
                SafePath(&self.places.settings)
            ))
        })?;
        self.settings = settings;
        Ok(())
    }
}

/// Only what differs from the defaults is written: a short file is a readable one.
fn table(pair: &Pair) -> Table {
    let mut table = Table::new();
    if pair.name != pair.item.as_str() {
        table["name"] = value(&pair.name);
    }
    table["a"] = value(folder_word(&pair.a.path));
    table["b"] = value(folder_word(&pair.b.path));
    let (label_a, label_b) = labels(&pair.a.path, &pair.b.path);
    if pair.a.label != label_a {
        table["a_label"] = value(&pair.a.label);
    }
    if pair.b.label != label_b {
        table["b_label"] = value(&pair.b.label);
    }
    if pair.mode != Mode::default() {
        table["mode"] = value(mode_word(pair.mode));
    }
    if pair.on_conflict != OnConflict::default() {
        table["on_conflict"] = value(on_conflict_word(pair.on_conflict));
    }
    for (key, globs) in [("exclude", &pair.exclude), ("include", &pair.include)] {
        if !globs.is_empty() {
            table[key] = value(globs.iter().collect::<Array>());
        }
    }
    if let Some(limit) = pair.max_delete {
        table["max_delete"] = value(limit_word(limit));
    }
    if pair.trash_days != DEFAULT_TRASH_DAYS {
        table["trash_days"] = value(i64::from(pair.trash_days));
    }
    table
}

/// Replaces the file in one step. One that is a link (a dotfiles repository) stays a link; the one it points to keeps
/// its permissions.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let parent = target.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
    make_private_dir(&parent)?;
    let temp = target.with_extension("toml.new");
    // What an earlier process left behind when it was killed; the lock keeps others away.
    let _ = fs::remove_file(&temp);
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&temp)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| {
        if let Ok(old) = fs::metadata(&target) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&temp, &target)?;
        File::open(&parent)?.sync_all()
    });
    if written.is_err() {
        let _ = fs::remove_file(&temp);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use folders::pair::{MaxDelete, PairSide};
    use std::os::unix::fs::PermissionsExt;

    fn pair(id: &str) -> Pair {
        Pair {
            item: ItemId::new(id).unwrap(),
            name: "My Photos".into(),
            a: PairSide { path: "/x/a".into(), label: "a".into() },
            b: PairSide { path: "/x/b".into(), label: "NAS".into() },
            mode: Mode::Copy,
            on_conflict: OnConflict::KeepBoth,
            exclude: vec!["*.tmp".into()],
            include: vec![],
            max_delete: Some(MaxDelete::Percent(10)),
            trash_days: 30,
        }
    }

    fn places(dir: &Path) -> Places {
        Places { settings: dir.join("c/instep.toml"), state: dir.join("s"), home: None }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let places = places(dir.path());
        Editor::open(&places).unwrap().add(&pair("photos")).unwrap();
        assert_eq!(Settings::load(&places).unwrap().pairs, [pair("photos")]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&places.settings), 0o600);
        assert_eq!(mode(places.settings.parent().unwrap()), 0o700);
    }

    #[test]
    fn comments_order_and_permissions_stay() {
        let dir = tempfile::tempdir().unwrap();
        let places = places(dir.path());
        make_private_dir(places.settings.parent().unwrap()).unwrap();
        let text = "# mine\n[items.z] # last letter\na = '/p' # here\nb = '/q'\n\n# the first\n[items.a]\na = '/r'\nb = '/s'\n";
        fs::write(&places.settings, text).unwrap();
        fs::set_permissions(&places.settings, fs::Permissions::from_mode(0o640)).unwrap();
        let mut editor = Editor::open(&places).unwrap();
        editor.add(&pair("photos")).unwrap();
        editor.remove(&ItemId::new("photos").unwrap()).unwrap();
        drop(editor);
        assert_eq!(fs::read_to_string(&places.settings).unwrap(), text);
        assert_eq!(fs::metadata(&places.settings).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_linked_file_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let places = places(dir.path());
        make_private_dir(places.settings.parent().unwrap()).unwrap();
        let real = dir.path().join("dotfiles.toml");
        fs::write(&real, "# mine\n").unwrap();
        std::os::unix::fs::symlink(&real, &places.settings).unwrap();
        let mut editor = Editor::open(&places).unwrap();
        editor.add(&pair("photos")).unwrap();
        assert!(fs::symlink_metadata(&places.settings).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().starts_with("# mine\n"));
        editor.remove(&ItemId::new("photos").unwrap()).unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "# mine\n");
    }

    #[test]
    fn two_editors_wait_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let places = places(dir.path());
        std::thread::scope(|scope| {
            for id in ["p1", "p2", "p3", "p4", "p5", "p6"] {
                let places = &places;
                scope.spawn(move || Editor::open(places).unwrap().add(&pair(id)).unwrap());
            }
        });
        assert_eq!(Settings::load(&places).unwrap().pairs.len(), 6);
    }
}
