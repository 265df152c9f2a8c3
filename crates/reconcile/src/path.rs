//! Names and paths beneath a side: bytes, never shown raw (S8).

use std::fmt;

/// One name in a directory: 1 to 255 bytes, no slash, no NUL, neither `.` nor `..`.
pub type Name = [u8];

/// A path beneath a side: names joined by slashes; empty is the side's root.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RelPath(Vec<u8>);

impl RelPath {
    /// The root of a side.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path from its bytes, if each of its names is a legal one (S8).
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::root());
        }
        let legal = |name: &[u8]| !name.is_empty() && name != b"." && name != b".." && !name.contains(&0);
        bytes.split(|&byte| byte == b'/').all(legal).then(|| Self(bytes.to_vec()))
    }

    /// Bytes that only mark a place among paths.
    pub(crate) fn from_bytes_unchecked(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, slashes between names.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of a name in this directory.
    #[must_use]
    pub fn join(&self, name: &Name) -> Self {
        let mut bytes = Vec::with_capacity(self.0.len() + 1 + name.len());
        bytes.extend_from_slice(&self.0);
        if !bytes.is_empty() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(name);
        Self(bytes)
    }

    /// The directory it is in and its name; none for the root.
    pub fn split(&self) -> Option<(Self, &Name)> {
        if self.is_root() {
            return None;
        }
        Some(match self.0.iter().rposition(|&byte| byte == b'/') {
            Some(at) => (Self(self.0[..at].to_vec()), &self.0[at + 1..]),
            None => (Self::root(), &self.0[..]),
        })
    }

    /// Whether it is `other` or beneath it.
    pub fn starts_with(&self, other: &Self) -> bool {
        other.is_root()
            || (self.0.starts_with(&other.0) && matches!(self.0.get(other.0.len()), None | Some(b'/')))
    }

    /// Where it is when `top`, which it is or is beneath, has become `new`.
    #[must_use]
    pub fn moved(&self, top: &Self, new: &Self) -> Self {
        debug_assert!(self.starts_with(top), "{self} is not beneath {top}");
        let rest = self.0.get(top.0.len()..).unwrap_or_default();
        let rest = rest.strip_prefix(b"/").unwrap_or(rest);
        if rest.is_empty() { new.clone() } else { new.join(rest) }
    }

    /// Its names, from the root down.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.split(|&byte| byte == b'/').filter(|name| !name.is_empty())
    }
}

/// Shows the path harmlessly: escapes for what is no UTF-8 and for control characters (S8).
impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() || c == '\\' || is_bidi_control(c) {
                    write!(f, "{}", c.escape_default())?;
                } else {
                    write!(f, "{c}")?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Characters that turn the direction of text around: a name must not disguise itself with them.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}
