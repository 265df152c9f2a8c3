//! Ways to tell a person something: `[channels.<id>]`.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::mistake::{Mistake, unknown};
use crate::period::Period;
use crate::raw::{Named, RawTable};
use crate::words::{Command, PathWord, Text, check_id};

/// How long one attempt may take when nobody says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

/// A way to tell a person something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its identity, as alerts name it.
    pub id: String,
    /// How it tells.
    pub kind: Kind,
}

/// How a channel tells. In the file the key `kind` has the word for it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// A note on the desktop.
    Desktop(Desktop),
    /// A mail.
    Mail(Mail),
    /// A POST of JSON.
    Webhook(Webhook),
    /// A push by an ntfy server.
    Ntfy(Ntfy),
    /// A program that gets JSON on its standard input.
    Command(Program),
}

/// The words for the kinds.
const KINDS: [&str; 5] = ["desktop", "mail", "webhook", "ntfy", "command"];

/// A note on the desktop of whoever runs the center.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Desktop {
    /// How long one attempt may take; 15 seconds if nothing is said.
    pub timeout: Option<Period>,
}

/// A mail by SMTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The server's name or address.
    pub host: String,
    /// Its port; by `encryption` if nothing is said (465, 587 or 25).
    pub port: Option<u16>,
    /// How the connection is protected.
    #[serde(default)]
    pub encryption: Encryption,
    /// Whom to log in as.
    pub user: Option<String>,
    /// The password; keep it as `secret:NAME`.
    pub password: Option<Text>,
    /// The sender, such as `Sync <sync@example.org>`.
    pub from: String,
    /// The receivers.
    pub to: Vec<String>,
    /// How long one attempt may take; 15 seconds if nothing is said.
    pub timeout: Option<Period>,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// Plain at first, then TLS; never without.
    StartTls,
    /// None: for a server on this machine.
    None,
}

/// A POST of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to.
    pub url: Text,
    /// Sent as `Authorization: Bearer ...`.
    pub token: Option<Text>,
    /// More headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Text>,
    /// How long one attempt may take; 15 seconds if nothing is said.
    pub timeout: Option<Period>,
}

/// A push by an ntfy server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ntfy {
    /// The server; `https://ntfy.sh` if nothing is said.
    pub server: Option<String>,
    /// The topic; who knows its name can read it, so it may be a secret.
    pub topic: Text,
    /// Sent as `Authorization: Bearer ...`.
    pub token: Option<Text>,
    /// How long one attempt may take; 15 seconds if nothing is said.
    pub timeout: Option<Period>,
}

/// A program that gets JSON on its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The program and its arguments.
    pub command: Command,
    /// Where it is started; the home directory if nothing is said.
    pub directory: Option<PathWord>,
    /// How long one attempt may take; 15 seconds if nothing is said.
    pub timeout: Option<Period>,
}

impl Kind {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Desktop(_) => "desktop",
            Self::Mail(_) => "mail",
            Self::Webhook(_) => "webhook",
            Self::Ntfy(_) => "ntfy",
            Self::Command(_) => "command",
        }
    }

    /// How long one attempt may take.
    pub fn timeout(&self) -> Duration {
        let said = match self {
            Self::Desktop(keys) => keys.timeout,
            Self::Mail(keys) => keys.timeout,
            Self::Webhook(keys) => keys.timeout,
            Self::Ntfy(keys) => keys.timeout,
            Self::Command(keys) => keys.timeout,
        };
        said.map_or(DEFAULT_TIMEOUT, Period::duration)
    }
}

pub(crate) fn read(named: Named) -> Result<Channel, Mistake> {
    let Named { key, table: mut keys } = named;
    check_id(&key.text).map_err(|text| key.mistake(text))?;
    let kind = keys.split(&["kind"]);
    Ok(Channel { id: key.text, kind: read_kind(&kind, &keys)? })
}

/// By hand: serde's own way to choose by a key forgets where the others stood.
fn read_kind(kind: &RawTable, keys: &RawTable) -> Result<Kind, Mistake> {
    match kind.text("kind")? {
        Some("desktop") => keys.read().map(Kind::Desktop),
        Some("mail") => keys.read().map(Kind::Mail),
        Some("webhook") => keys.read().map(Kind::Webhook),
        Some("ntfy") => keys.read().map(Kind::Ntfy),
        Some("command") => keys.read().map(Kind::Command),
        Some(other) => Err(kind.mistake_at("kind", unknown("kind of channel", other, KINDS.into_iter()))),
        None => Err(keys.mistake(format!("`kind` is missing: one of {}", KINDS.join(", ")))),
    }
}
