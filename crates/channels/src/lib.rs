//! What leaves the center: alerts by channels, and hooks.
//!
//! [`open`] makes a [`center::Channel`] of each `[channels.<id>]`. Each keeps to its time limit, says in a sentence why
//! something could not be told, and keeps secrets out of that sentence. [`hooks`] runs commands when runs begin and end.

mod desktop;
pub mod hooks;
mod http;
mod json;
mod mail;
mod program;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use center::{Channel, Notice, Undelivered};
use secrets::Secrets;
use settings::Settings;
use settings::channels::Kind;

pub use desktop::Desktop;

/// The channels that are set up. `home` is where commands are started that name no directory.
pub fn open(settings: &Settings, secrets: &Arc<Secrets>, home: Option<PathBuf>) -> Vec<Arc<dyn Channel>> {
    let channel = |set_up: &settings::channels::Channel| -> Arc<dyn Channel> {
        let common = Common {
            id: set_up.id.clone(),
            timeout: set_up.kind.timeout(),
            secrets: Arc::clone(secrets),
            home: home.clone(),
        };
        match &set_up.kind {
            Kind::Desktop(_) => Arc::new(Desktop::new(common.id, common.timeout)),
            Kind::Mail(keys) => Arc::new(Told { common, by: keys.clone() }),
            Kind::Webhook(keys) => Arc::new(Told { common, by: keys.clone() }),
            Kind::Ntfy(keys) => Arc::new(Told { common, by: keys.clone() }),
            Kind::Command(keys) => Arc::new(Told { common, by: keys.clone() }),
        }
    };
    settings.channels.iter().map(channel).collect()
}

/// What every channel has.
struct Common {
    id: String,
    timeout: Duration,
    secrets: Arc<Secrets>,
    home: Option<PathBuf>,
}

impl Common {
    /// What a secret is, or why it cannot be told without.
    fn secret(&self, text: &settings::words::Text) -> Result<secrets::Value, Undelivered> {
        // A keyring may be unlocked later.
        self.secrets.resolve(text).map_err(|error| Undelivered { why: error.to_string(), again: true })
    }
}

/// How a kind of channel tells something.
trait Tell: Send + Sync {
    fn tell(&self, common: &Common, notice: &Notice) -> Result<(), Undelivered>;
}

/// A channel whose kind is its keys in the settings.
struct Told<K> {
    common: Common,
    by: K,
}

impl<K: Tell> Channel for Told<K> {
    fn id(&self) -> &str {
        &self.common.id
    }

    fn timeout(&self) -> Duration {
        self.common.timeout
    }

    fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        self.by.tell(&self.common, notice).map_err(|undelivered| Undelivered {
            why: self.common.secrets.redact(&undelivered.why),
            ..undelivered
        })
    }
}
