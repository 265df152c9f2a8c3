//! Who may ask for what.
//!
//! Whoever reaches the local socket as the same user may do everything: they could as well run the program. Everybody else
//! shows a token, or the cookie of a page that was let in by a ticket. Of tokens and cookies only digests are kept.

mod gate;
mod secret;
mod tickets;
mod tokens;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use gate::{Door, addressed_to_us, check, require};
use tickets::Tickets;
pub use tokens::AccessError;
use tokens::TokenFile;
use wire::{NewToken, Role, Token, TokenKind};

/// For how long a page that was let in stays so.
const PAGE_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Who may ask for what: tokens on record, and the tickets that were given out.
#[derive(Debug)]
pub struct Access {
    tokens: TokenFile,
    tickets: Mutex<Tickets>,
}

impl Access {
    /// With the tokens of that file, which is made with the first of them.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { tokens: TokenFile::new(file.into()), tickets: Mutex::default() }
    }

    /// All tokens and pages that are let in.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn tokens(&self) -> Result<Vec<Token>, AccessError> {
        self.tokens.list(now())
    }

    /// Makes a token. The answer is what is kept of it, and the secret itself, which nobody can tell again.
    ///
    /// # Errors
    /// The name or the life makes no sense, or the file cannot be written.
    pub fn create_token(&self, new: &NewToken) -> Result<(Token, String), AccessError> {
        self.tokens.create(new, TokenKind::Token, now())
    }

    /// Takes a token or a page's admission back; whether there was one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn revoke_token(&self, id: &str) -> Result<bool, AccessError> {
        self.tokens.revoke(id, now())
    }

    /// A ticket with which a page is let in once, within a few minutes.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn ticket(&self) -> Result<String, AccessError> {
        let secret = secret::random()?;
        locked(&self.tickets).add(&secret, now());
        Ok(secret)
    }

    /// Lets a page in; the answer is the secret of its cookie. None for a ticket that was never given out, was used, or
    /// is too old.
    pub(crate) fn redeem(&self, ticket: &str) -> Result<Option<String>, AccessError> {
        let now = now();
        if !locked(&self.tickets).take(ticket, now) {
            return Ok(None);
        }
        let new = NewToken {
            name: "page".into(),
            role: Role::Admin,
            expires: Some(wire::Time(now.saturating_add(milliseconds(PAGE_LIFE)))),
        };
        self.tokens.create(&new, TokenKind::Page, now).map(|(_, secret)| Some(secret))
    }

    /// What the bearer of a secret may do.
    fn role_of(&self, kind: TokenKind, secret: &str) -> Result<Option<Role>, AccessError> {
        self.tokens.role_of(kind, secret, now())
    }
}

/// The cookie of a page that was let in. No script can read it, and no other site's page sends it along.
pub(crate) fn page_cookie(secret: &str, tls: bool) -> String {
    let (name, life) = (gate::COOKIE, PAGE_LIFE.as_secs());
    let secure = if tls { "; Secure" } else { "" };
    format!("{name}={secret}; Path=/; Max-Age={life}; HttpOnly; SameSite=Strict{secure}")
}

fn now() -> i64 {
    milliseconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Takes a lock. What it guards is whole after every statement.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
