//! The encrypted file: names with their values, and the names of what the keyring keeps for us.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use secrecy::{ExposeSecret, SecretString};
use settings::words::SecretName;
use zeroize::{Zeroize, Zeroizing};

use crate::{Error, Kept};

pub(crate) struct Vault {
    state: PathBuf,
}

/// None: the keyring has it.
type Entries = BTreeMap<String, Option<String>>;

impl Vault {
    pub(crate) fn new(state: &Path) -> Self {
        Self { state: state.to_owned() }
    }

    pub(crate) fn get(&self, name: &SecretName) -> Result<Option<SecretString>, Error> {
        let mut entries = self.read()?;
        let value = entries.remove(name.as_str()).flatten();
        wipe(entries);
        Ok(value.map(SecretString::from))
    }

    pub(crate) fn names(&self) -> Result<Vec<(SecretName, Kept)>, Error> {
        let entries = self.read()?;
        let kept = |value: &Option<String>| if value.is_some() { Kept::File } else { Kept::Keyring };
        let names = entries
            .iter()
            .filter_map(|(name, value)| SecretName::new(name).ok().map(|name| (name, kept(value))))
            .collect();
        wipe(entries);
        Ok(names)
    }

    pub(crate) fn put(&self, name: &SecretName, value: Option<&SecretString>) -> Result<(), Error> {
        self.change(|entries| {
            entries.insert(name.to_string(), value.map(|value| value.expose_secret().to_owned()));
        })
    }

    pub(crate) fn remove(&self, name: &SecretName) -> Result<(), Error> {
        self.change(|entries| {
            entries.remove(name.as_str()).flatten().zeroize();
        })
    }

    fn change(&self, change: impl FnOnce(&mut Entries)) -> Result<(), Error> {
        let failed = |error: io::Error| self.failed(&error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.state).map_err(failed)?;
        // Two processes that set at once must not lose one of both.
        let lock = private(&self.state.join("secrets.lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut entries = self.read()?;
        change(&mut entries);
        let written = self.write(&entries);
        wipe(entries);
        written
    }

    fn read(&self) -> Result<Entries, Error> {
        let sealed = match fs::read(self.file()) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Entries::new()),
            Err(error) => return Err(self.failed(&error)),
        };
        let identity = self.identity().map_err(|error| self.failed(&error))?;
        let identity =
            identity.ok_or_else(|| self.wrong(&format!("their key {} is gone", self.key().display())))?;
        let opened = age::decrypt(&identity, &sealed).map_err(|error| self.wrong(&error.to_string()))?;
        let opened = Zeroizing::new(opened);
        serde_json::from_slice(&opened).map_err(|_| self.wrong("it does not hold what it should"))
    }

    fn write(&self, entries: &Entries) -> Result<(), Error> {
        let failed = |error: io::Error| self.failed(&error);
        let identity = match self.identity().map_err(failed)? {
            Some(identity) => identity,
            None => self.new_identity().map_err(failed)?,
        };
        let plain = serde_json::to_vec(entries).map_err(|error| self.wrong(&error.to_string()))?;
        let plain = Zeroizing::new(plain);
        let sealed =
            age::encrypt(&identity.to_public(), &plain).map_err(|error| self.wrong(&error.to_string()))?;
        replace(&self.file(), &sealed).map_err(failed)
    }

    /// The key, if there is one. One that others may read is no secret any more, and is refused.
    fn identity(&self) -> io::Result<Option<Identity>> {
        let path = self.key();
        let text = match fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
            let text = format!("others may read the key {0}; `chmod 600 {0}` mends it", path.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        let wrong =
            || io::Error::new(io::ErrorKind::InvalidData, format!("{} is no age identity", path.display()));
        text.trim().parse().map(Some).map_err(|_| wrong())
    }

    fn new_identity(&self) -> io::Result<Identity> {
        let identity = Identity::generate();
        replace(&self.key(), identity.to_string().expose_secret().as_bytes())?;
        Ok(identity)
    }

    fn file(&self) -> PathBuf {
        self.state.join("secrets.age")
    }

    fn key(&self) -> PathBuf {
        self.state.join("secrets.key")
    }

    fn failed(&self, error: &io::Error) -> Error {
        self.wrong(&error.to_string())
    }

    fn wrong(&self, reason: &str) -> Error {
        Error::Vault { path: self.file().display().to_string(), reason: reason.to_owned() }
    }
}

fn wipe(entries: Entries) {
    entries.into_values().flatten().for_each(|mut value| value.zeroize());
}

/// Opens a file that only its owner may read, and makes it so if it is new.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

/// Replaces a file in one step.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temp = path.with_extension("new");
    let mut file = private(&temp)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temp, path)?;
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
