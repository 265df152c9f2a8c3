//! Tokens on record: a file of digests, which the daemon and the command line both read and write.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use blake3::Hash;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use wire::{NewToken, Role, Time, Token, TokenKind};

use super::locked;
use super::secret::{digest, random};

/// The most tokens and pages on record; a page more takes the place of the oldest one.
const MOST: usize = 100;
/// The most characters of a token's name.
const LONGEST_NAME: usize = 100;
/// How many characters of a digest name a token.
const ID: usize = 12;

/// Why access could not be looked at or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The file of tokens cannot be read or written.
    #[error("the tokens in {} cannot be read or written: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file of tokens makes no sense.
    #[error("the file of tokens {} is damaged: {reason}; remove it and make new tokens", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Senseless(String),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    NoRandom(String),
}

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    token: Token,
    /// The digest of the secret, as hexadecimal digits.
    #[serde(with = "hexadecimal")]
    digest: Hash,
}

mod hexadecimal {
    use blake3::Hash;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(digest: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&digest.to_hex())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        Hash::from_hex(text).map_err(de::Error::custom)
    }
}

/// Tells whether a file is still the one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp(u64, u64, i64, i64);

/// What was read last, and of which file.
#[derive(Debug, Default)]
struct Read {
    stamp: Option<Stamp>,
    kept: Vec<Kept>,
}

/// The file of tokens.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
    read: Mutex<Read>,
}

impl TokenFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::default() }
    }

    pub(super) fn list(&self, now: i64) -> Result<Vec<Token>, AccessError> {
        self.with_kept(|kept| {
            kept.iter().filter(|kept| kept.is_alive(now)).map(|kept| kept.token.clone()).collect()
        })
    }

    pub(super) fn role_of(
        &self,
        kind: TokenKind,
        secret: &str,
        now: i64,
    ) -> Result<Option<Role>, AccessError> {
        let digest = digest(secret);
        self.with_kept(|kept| {
            let found = kept.iter().find(|kept| kept.digest == digest && kept.token.kind == kind);
            found.filter(|kept| kept.is_alive(now)).map(|kept| kept.token.role)
        })
    }

    pub(super) fn create(
        &self,
        new: &NewToken,
        kind: TokenKind,
        now: i64,
    ) -> Result<(Token, String), AccessError> {
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(AccessError::Senseless(format!(
                "a token's name is a line of 1 to {LONGEST_NAME} characters"
            )));
        }
        if new.expires.is_some_and(|expires| expires.0 <= now) {
            return Err(AccessError::Senseless("a token must expire in the future".into()));
        }
        let secret = random()?;
        let digest = digest(&secret);
        let id = digest.to_hex().as_str().chars().take(ID).collect();
        let token =
            Token { id, name: name.into(), role: new.role, kind, created: Time(now), expires: new.expires };
        let kept = Kept { token: token.clone(), digest };
        self.change(now, |all| {
            if all.len() >= MOST {
                let oldest_page = all.iter().position(|kept| kept.token.kind == TokenKind::Page);
                let Some(oldest) = oldest_page else {
                    let text = format!("there are {MOST} tokens already; revoke one first");
                    return Err(AccessError::Senseless(text));
                };
                all.remove(oldest);
            }
            all.push(kept);
            Ok(())
        })?;
        Ok((token, secret))
    }

    pub(super) fn revoke(&self, id: &str, now: i64) -> Result<bool, AccessError> {
        self.change(now, |all| {
            let before = all.len();
            all.retain(|kept| kept.token.id != id);
            Ok(all.len() < before)
        })
    }

    /// Looks at what is on record. The file is read again only when it is another one.
    fn with_kept<T>(&self, look: impl FnOnce(&[Kept]) -> T) -> Result<T, AccessError> {
        let mut read = locked(&self.read);
        let stamp = match fs::metadata(&self.path) {
            Ok(meta) => Some(Stamp(meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(self.failed(error)),
        };
        if read.stamp != stamp {
            *read = Read { stamp, kept: self.load()? };
        }
        Ok(look(&read.kept))
    }

    fn load(&self) -> Result<Vec<Kept>, AccessError> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(error)),
        };
        serde_json::from_slice(&text)
            .map_err(|error| AccessError::Damaged { path: self.path.clone(), reason: error.to_string() })
    }

    /// Changes what is on record, against other processes that do the same; what has expired goes.
    fn change<T>(
        &self,
        now: i64,
        change: impl FnOnce(&mut Vec<Kept>) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        let failed = |error| self.failed(error);
        let lock = private(&beside(&self.path, "lock")).map_err(failed)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
        let mut all = self.load()?;
        all.retain(|kept| kept.is_alive(now));
        let answer = change(&mut all)?;
        let text = serde_json::to_vec_pretty(&all).map_err(|error| failed(error.into()))?;
        let new = beside(&self.path, "new");
        let mut file = private(&new).map_err(failed)?;
        file.set_len(0)
            .and_then(|()| file.write_all(&text))
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        fs::rename(&new, &self.path).map_err(failed)?;
        Ok(answer)
    }

    fn failed(&self, reason: io::Error) -> AccessError {
        AccessError::File { path: self.path.clone(), reason }
    }
}

impl Kept {
    fn is_alive(&self, now: i64) -> bool {
        self.token.expires.is_none_or(|expires| expires.0 > now)
    }
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// A file that only we can read.
fn private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str, role: Role, expires: Option<i64>) -> NewToken {
        NewToken { name: name.into(), role, expires: expires.map(Time) }
    }

    fn file() -> (tempfile::TempDir, TokenFile) {
        let dir = tempfile::tempdir().unwrap();
        let file = TokenFile::new(dir.path().join("tokens.json"));
        (dir, file)
    }

    #[test]
    fn a_token_is_known_by_its_secret_of_which_only_a_digest_is_kept() {
        let (dir, file) = file();
        let (token, secret) = file.create(&new("backup", Role::Operator, None), TokenKind::Token, 1).unwrap();
        assert_eq!(file.role_of(TokenKind::Token, &secret, 2).unwrap(), Some(Role::Operator));
        assert_eq!(file.role_of(TokenKind::Page, &secret, 2).unwrap(), None);
        assert_eq!(file.role_of(TokenKind::Token, "guess", 2).unwrap(), None);
        let path = dir.path().join("tokens.json");
        assert!(!fs::read_to_string(&path).unwrap().contains(&secret));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(file.list(2).unwrap(), [token]);
    }

    #[test]
    fn an_expired_or_revoked_token_is_none() {
        let (_dir, file) = file();
        let (token, secret) = file.create(&new("a", Role::Viewer, Some(10)), TokenKind::Token, 1).unwrap();
        assert_eq!(file.role_of(TokenKind::Token, &secret, 9).unwrap(), Some(Role::Viewer));
        assert_eq!(file.role_of(TokenKind::Token, &secret, 10).unwrap(), None);
        assert!(file.list(10).unwrap().is_empty());
        assert!(file.revoke(&token.id, 5).unwrap());
        assert_eq!(file.role_of(TokenKind::Token, &secret, 6).unwrap(), None);
        assert!(!file.revoke(&token.id, 5).unwrap());
    }

    #[test]
    fn what_another_process_wrote_counts_at_once() {
        let (dir, file) = file();
        assert!(file.list(1).unwrap().is_empty());
        let other = TokenFile::new(dir.path().join("tokens.json"));
        let (_, secret) = other.create(&new("a", Role::Admin, None), TokenKind::Token, 1).unwrap();
        assert_eq!(file.role_of(TokenKind::Token, &secret, 2).unwrap(), Some(Role::Admin));
    }

    #[test]
    fn senseless_tokens_are_refused_and_a_damaged_file_is_said_to_be() {
        let (dir, file) = file();
        for bad in
            [new(" ", Role::Viewer, None), new("a\nb", Role::Viewer, None), new("a", Role::Viewer, Some(1))]
        {
            let refused = file.create(&bad, TokenKind::Token, 1);
            assert!(matches!(refused, Err(AccessError::Senseless(_))), "{bad:?}");
        }
        fs::write(dir.path().join("tokens.json"), "[{").unwrap();
        assert!(matches!(file.list(1), Err(AccessError::Damaged { .. })));
    }

    #[test]
    fn pages_make_room_for_each_other_and_tokens_do_not() {
        let (_dir, file) = file();
        let (_, first) = file.create(&new("page", Role::Admin, None), TokenKind::Page, 1).unwrap();
        for number in 1..MOST {
            file.create(&new(&number.to_string(), Role::Viewer, None), TokenKind::Token, 1).unwrap();
        }
        file.create(&new("page", Role::Admin, None), TokenKind::Page, 2).unwrap();
        assert_eq!(file.role_of(TokenKind::Page, &first, 3).unwrap(), None);
    }
}
