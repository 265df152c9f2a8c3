//! Writes the settings: comments, order and everything else that a person put there stay.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use syncmgr::ItemId;
use toml_edit::{DocumentMut, Item, Table, TableLike};

use crate::file::{Error, SettingsFile, digest, flush_dir, make_private_dir};
use crate::place::{Place, implicit};
use crate::settings::Settings;

/// A key that is to be set, or taken out.
#[derive(Debug, Clone)]
pub struct Change {
    /// Through tables to the key: `["items", "photos", "mode"]`; the tables of a list are counted: `["alerts", "0"]`.
    pub path: Vec<String>,
    /// Its new value; none takes it out.
    pub value: Option<Item>,
}

/// The settings, held against other processes of ours until it is dropped.
pub struct Editor<'a> {
    file: &'a SettingsFile,
    document: DocumentMut,
    /// What the file says now.
    settings: Settings,
    _lock: File,
}

impl<'a> Editor<'a> {
    pub(crate) fn open(file: &'a SettingsFile, lock: File) -> Result<Self, Error> {
        let text = file.text()?;
        let settings = file.parse(&text)?;
        Ok(Self { file, document: document(file, &text)?, settings, _lock: lock })
    }

    /// What the file says now.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the file says now, for keeps.
    pub fn into_settings(self) -> Settings {
        self.settings
    }

    /// Goes on only if the file still says what the caller saw ([`Settings::digest`]).
    ///
    /// # Errors
    /// [`Error::Changed`].
    pub fn expect(self, digest: &str) -> Result<Self, Error> {
        if self.settings.digest == digest { Ok(self) } else { Err(self.changed()) }
    }

    /// Adds an item and writes the file.
    ///
    /// # Errors
    /// As [`save`](Self::set) has them.
    pub fn add_item(&mut self, item: &ItemId, mut table: Table) -> Result<(), Error> {
        self.document.entry("items").or_insert_with(|| Item::Table(implicit()));
        // What stands at the end of the file stays where it is: before what is appended now.
        let end = self.document.trailing().as_str().unwrap_or_default().trim_end().to_owned();
        if !end.is_empty() {
            table.decor_mut().set_prefix(format!("{end}\n\n"));
            self.document.set_trailing("");
        }
        let Some(items) = self.document.get_mut("items").and_then(Item::as_table_like_mut) else {
            return Err(Error::NoSuchPlace("`items` in the settings is no table".to_owned()));
        };
        items.insert(item.as_str(), Item::Table(table));
        self.save()
    }

    /// Takes an item out and writes the file. The comment right above it goes with it, all others stay.
    ///
    /// # Errors
    /// As [`set`](Self::set) has them.
    pub fn remove_item(&mut self, item: &ItemId) -> Result<(), Error> {
        let Some(items) = self.document.get_mut("items").and_then(Item::as_table_like_mut) else {
            return Ok(());
        };
        let key =
            items.iter().map(|(key, _)| key.to_owned()).find(|key| ItemId::new(key).as_ref() == Ok(item));
        let removed = key.and_then(|key| items.remove(&key));
        if let Some(Item::Table(removed)) = removed {
            let stays = keep_comments(items, &removed);
            if let Some(stays) = stays {
                let own = self.document.trailing().as_str().unwrap_or_default().to_owned();
                self.document.set_trailing(format!("{stays}{own}"));
            }
        }
        self.save()
    }

    /// Sets a key, or takes it out, and writes the file. The path leads through tables, which are made where they are
    /// missing: `["items", "photos", "mode"]`.
    ///
    /// # Errors
    /// [`Error::Wrong`] when the settings would not be usable, [`Error::Changed`] when somebody else wrote the file,
    /// [`Error::ForeignLink`], [`Error::NoSuchPlace`] and [`Error::Write`]. The file is then as it was.
    pub fn set(&mut self, path: &[&str], value: Option<Item>) -> Result<(), Error> {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        self.set_all([Change { path, value }])
    }

    /// Sets and takes out several keys, which make sense only together, and writes the file once.
    ///
    /// # Errors
    /// As [`set`](Self::set) has them; then none of them was set.
    pub fn set_all(&mut self, changes: impl IntoIterator<Item = Change>) -> Result<(), Error> {
        for Change { path, value } in changes {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            if let Err(error) = self.put(&path, value) {
                // The next edit begins with what the file says.
                self.document = document(self.file, &self.file.text()?)?;
                return Err(error);
            }
        }
        self.save()
    }

    fn put(&mut self, path: &[&str], value: Option<Item>) -> Result<(), Error> {
        let Some((last, parents)) = path.split_last() else {
            return Err(Error::NoSuchPlace("there is no key without a name".to_owned()));
        };
        let mut place = Place::Table(self.document.as_table_mut());
        for (depth, key) in parents.iter().enumerate() {
            let no_place =
                |why| Error::NoSuchPlace(format!("`{}` in the settings {why}", path[..=depth].join(".")));
            match place.step(key, value.is_some()).map_err(no_place)? {
                Some(next) => place = next,
                None => return Ok(()),
            }
        }
        let no_place = |why| Error::NoSuchPlace(format!("`{}` in the settings {why}", path.join(".")));
        place.put(last, value).map_err(no_place)
    }

    /// Replaces the whole text: what a person wrote in an editor of ours.
    ///
    /// # Errors
    /// As [`set`](Self::set) has them.
    pub fn replace(&mut self, text: &str) -> Result<(), Error> {
        self.file.parse(text)?;
        self.document = document(self.file, text)?;
        self.save()
    }

    /// The new text must say what was meant before it replaces the old one.
    fn save(&mut self) -> Result<(), Error> {
        let text = self.document.to_string();
        let result = self.file.parse(&text).and_then(|settings| {
            // An editor of a person takes no lock.
            if digest(&self.file.text()?) != self.settings.digest {
                return Err(self.changed());
            }
            write(self.file.path(), &text)?;
            Ok(settings)
        });
        match result {
            Ok(settings) => self.settings = settings,
            Err(error) => {
                // The next edit begins with what the file says.
                self.document = document(self.file, &self.file.text()?)?;
                return Err(error);
            }
        }
        Ok(())
    }

    fn changed(&self) -> Error {
        Error::Changed { path: self.file.path().to_owned() }
    }
}

fn document(file: &SettingsFile, text: &str) -> Result<DocumentMut, Error> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let mistake =
            crate::Source::new(text).mistake(error.span().unwrap_or(0..0), error.message().to_owned());
        Error::Wrong { path: file.path().to_owned(), mistakes: vec![mistake] }
    })
}

/// Hands what stood above the comment of a removed table to the one that follows; gives it back when none does.
fn keep_comments(tables: &mut dyn TableLike, removed: &Table) -> Option<String> {
    let above = removed.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
    let stays = above.rsplit_once("\n\n").map(|(stays, _)| format!("{stays}\n")).unwrap_or_default();
    let next = tables
        .iter_mut()
        .filter_map(|(_, item)| item.as_table_mut())
        .filter(|table| table.position() > removed.position())
        .min_by_key(|table| table.position());
    let Some(next) = next else { return Some(stays) };
    let own = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
    next.decor_mut().set_prefix(format!("{stays}{own}"));
    None
}

/// Replaces the file in one step. One that is a link (a dotfiles repository) stays a link; the one it points to keeps
/// its permissions.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    if follows_others(path).map_err(failed)? {
        return Err(Error::ForeignLink { path: path.to_owned() });
    }
    write_through(path, text).map_err(failed)
}

/// Whether the file is a link that another user made: it could point anywhere tomorrow.
fn follows_others(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) => {
            Ok(found.is_symlink() && ![0, rustix::process::geteuid().as_raw()].contains(&found.uid()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_through(path: &Path, text: &str) -> io::Result<()> {
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
        flush_dir(&parent)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temp);
    }
    written
}
