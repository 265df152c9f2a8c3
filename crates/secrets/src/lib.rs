//! Secrets that the settings refer to by `secret:NAME`.
//!
//! Looked up in this order: the keyring of the desktop, the command of `[secrets]`, an encrypted file beside the state.
//! A keyring that does not answer in time (a machine without a desktop, a prompt that nobody sees) is passed over.
//! What is set goes to the keyring, else to the file. Nothing here ever shows a value: there is `get` for whoever uses
//! one, and [`Secrets::redact`] for texts that may have caught one.

mod command;
mod keyring;
mod vault;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use settings::words::{SecretName, Text};

use keyring::Keyring;
pub use keyring::OpenKeyring;
/// A value: shows itself to nobody who does not ask.
pub use secrecy::SecretString as Value;
use vault::Vault;

/// How long the keyring or the command may take when the settings say nothing.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Shorter texts are not looked for: they would be found everywhere.
const REDACTED_FROM: usize = 4;

/// Why a secret could not be had or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody has it.
    #[error("there is no secret \"{0}\"; `instep secret set {0}` keeps one")]
    Unknown(SecretName),
    /// The keyring is there and refuses.
    #[error("the keyring: {0}")]
    Keyring(String),
    /// The command failed.
    #[error("the command of [secrets]: {0}")]
    Command(String),
    /// The encrypted file cannot be used.
    #[error("the encrypted secrets in {path}: {reason}")]
    Vault {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A value that cannot be kept.
    #[error("a secret is one line of text, and not empty")]
    NoSecret,
}

/// Where a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// In the keyring of the desktop.
    Keyring,
    /// In the encrypted file.
    File,
}

impl Kept {
    /// As a person reads it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "encrypted file",
        }
    }
}

/// The secrets of a home.
pub struct Secrets {
    keyring: Option<Keyring>,
    command: Option<(settings::words::Command, Duration)>,
    vault: Vault,
    /// What was given out in this process, to be kept out of texts.
    given: Mutex<Vec<(SecretName, SecretString)>>,
}

impl Secrets {
    /// By the settings, with the encrypted file in the state directory.
    pub fn new(settings: &settings::Secrets, state: &Path) -> Self {
        Self::with_keyring(settings, state, keyring::system)
    }

    /// With another keyring than the desktop's.
    pub fn with_keyring(settings: &settings::Secrets, state: &Path, open: OpenKeyring) -> Self {
        let timeout = settings.timeout.map_or(TIMEOUT, |timeout| timeout.duration());
        let keyring = settings.keyring.unwrap_or(true).then(|| Keyring::new(open, timeout));
        let command = settings.command.clone().map(|command| (command, timeout));
        Self { keyring, command, vault: Vault::new(state), given: Mutex::default() }
    }

    /// The value of a secret.
    ///
    /// # Errors
    /// Nobody has it, or who may have it fails.
    pub fn get(&self, name: &SecretName) -> Result<SecretString, Error> {
        let value = self.look_up(name)?.ok_or_else(|| Error::Unknown(name.clone()))?;
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.retain(|(known, _)| known != name);
        given.push((name.clone(), value.clone()));
        Ok(value)
    }

    /// A text of the settings, with its secret if it names one.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn resolve(&self, text: &Text) -> Result<SecretString, Error> {
        match text {
            Text::Plain(text) => Ok(text.as_str().into()),
            Text::Secret(name) => self.get(name),
        }
    }

    /// Keeps a secret, in place of one of that name.
    ///
    /// # Errors
    /// It could not be kept.
    pub fn set(&self, name: &SecretName, value: &SecretString) -> Result<Kept, Error> {
        let text = value.expose_secret();
        if text.is_empty() || text.contains(['\n', '\r', '\0']) {
            return Err(Error::NoSecret);
        }
        if let Some(keyring) = &self.keyring
            && keyring.set(name, value).is_ok()
        {
            // One value under a name: an older one in the file would come back if the keyring were gone one day.
            self.vault.put(name, None)?;
            return Ok(Kept::Keyring);
        }
        self.vault.put(name, Some(value))?;
        Ok(Kept::File)
    }

    /// Forgets a secret; gives whether it was kept here. What the command prints is not ours to forget.
    ///
    /// # Errors
    /// It could not be forgotten.
    pub fn delete(&self, name: &SecretName) -> Result<bool, Error> {
        let kept = self.names()?.into_iter().find(|(known, _)| known == name);
        let Some((_, kept)) = kept else { return Ok(false) };
        if kept == Kept::Keyring {
            match &self.keyring {
                Some(keyring) => keyring.delete(name)?,
                None => return Err(Error::Keyring("it is switched off in [secrets]".to_owned())),
            }
        }
        self.vault.remove(name)?;
        Ok(true)
    }

    /// The names of what was set here, and where it is kept. Values are never listed.
    ///
    /// # Errors
    /// The list could not be read.
    pub fn names(&self) -> Result<Vec<(SecretName, Kept)>, Error> {
        self.vault.names()
    }

    /// The text without any secret that was given out in this process.
    pub fn redact(&self, text: &str) -> String {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.iter().fold(text.to_owned(), |text, (name, value)| {
            let value = value.expose_secret();
            if value.len() < REDACTED_FROM { text } else { text.replace(value, &format!("[secret {name}]")) }
        })
    }

    fn look_up(&self, name: &SecretName) -> Result<Option<SecretString>, Error> {
        // A keyring that fails is passed over: where there is none every look-up would.
        let from_keyring = self.keyring.as_ref().and_then(|keyring| keyring.get(name).ok().flatten());
        if from_keyring.is_some() {
            return Ok(from_keyring);
        }
        if let Some((command, timeout)) = &self.command
            && let Some(value) = command::run(command, name, *timeout)?
        {
            return Ok(Some(value));
        }
        self.vault.get(name)
    }
}
