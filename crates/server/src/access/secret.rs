//! Secrets that nobody can guess, and their digests.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blake3::Hash;

use super::AccessError;

/// 256 random bits, as text. So much cannot be guessed, and so a plain digest of it can be kept.
pub(super) fn random() -> Result<String, AccessError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| AccessError::NoRandom(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a secret. Digests are compared in constant time.
pub(super) fn digest(secret: &str) -> Hash {
    blake3::hash(secret.as_bytes())
}
