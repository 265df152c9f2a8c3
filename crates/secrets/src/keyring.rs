//! The keyring of the desktop, asked with patience that ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use keyring_core::{CredentialStore, Entry};
use secrecy::{ExposeSecret, SecretString};
use settings::words::SecretName;

use crate::Error;

/// What our entries are filed under.
const SERVICE: &str = "instep";

/// Opens a keyring.
pub type OpenKeyring = fn() -> keyring_core::Result<Arc<CredentialStore>>;

/// The keyring of the session that this process belongs to.
pub(crate) fn system() -> keyring_core::Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

pub(crate) struct Keyring {
    open: OpenKeyring,
    timeout: Duration,
    /// It did not answer once: it is not waited for again.
    silent: Arc<AtomicBool>,
}

impl Keyring {
    pub(crate) fn new(open: OpenKeyring, timeout: Duration) -> Self {
        Self { open, timeout, silent: Arc::default() }
    }

    pub(crate) fn get(&self, name: &SecretName) -> Result<Option<SecretString>, Error> {
        self.ask(name, |entry| match entry.get_password() {
            Ok(value) => Ok(Some(value.into())),
            Err(keyring_core::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    pub(crate) fn set(&self, name: &SecretName, value: &SecretString) -> Result<(), Error> {
        let value = value.clone();
        self.ask(name, move |entry| entry.set_password(value.expose_secret()))
    }

    pub(crate) fn delete(&self, name: &SecretName) -> Result<(), Error> {
        self.ask(name, |entry| match entry.delete_credential() {
            Err(keyring_core::Error::NoEntry) => Ok(()),
            other => other,
        })
    }

    /// On a thread of its own: a locked keyring asks its person, and where nobody sits that lasts for ever.
    fn ask<T: Send + 'static>(
        &self,
        name: &SecretName,
        question: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let no_answer =
            || Error::Keyring(format!("it gave no answer within {} s", self.timeout.as_secs_f32()));
        if self.silent.load(Ordering::Relaxed) {
            return Err(no_answer());
        }
        let (open, name) = (self.open, name.to_string());
        let (tell, told) = sync_channel(1);
        let ask = move || {
            let answer =
                open().and_then(|store| store.build(SERVICE, &name, None)).and_then(|entry| question(&entry));
            // Nobody waits any more if it took too long.
            let _ = tell.send(answer);
        };
        std::thread::Builder::new()
            .name("keyring".into())
            .spawn(ask)
            .map_err(|error| Error::Keyring(error.to_string()))?;
        match told.recv_timeout(self.timeout) {
            Ok(answer) => answer.map_err(|error| Error::Keyring(error.to_string())),
            Err(_) => {
                self.silent.store(true, Ordering::Relaxed);
                Err(no_answer())
            }
        }
    }
}
