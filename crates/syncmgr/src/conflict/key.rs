//! What finds a conflict again, over all stores and over runs.

use std::fmt;
use std::str::FromStr;

use super::ConflictId;
use crate::error::Refusal;
use crate::ids::{HandlerId, ItemId};

/// The identity of a conflict over all stores (what a row of the original's conflict folder is bound by). As text it is one
/// harmless word, for links: handler, item and identity, between slashes, with `%xx` for whatever is not a plain letter,
/// digit, dash, dot or underscore.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConflictKey {
    /// Its handler.
    pub handler: HandlerId,
    /// Its item.
    pub item: ItemId,
    /// Its identity within the item.
    pub id: ConflictId,
}

impl fmt::Display for ConflictKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.handler.as_str().as_bytes(), f)?;
        f.write_str("/")?;
        escape(self.item.as_str().as_bytes(), f)?;
        f.write_str("/")?;
        escape(&self.id.0, f)
    }
}

impl FromStr for ConflictKey {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let unknown = || Refusal::InvalidArgument(format!("'{text}' names no conflict"));
        let mut parts = text.split('/').map(|part| unescape(part).ok_or_else(unknown));
        let mut next = || parts.next().ok_or_else(unknown)?;
        let (handler, item, id) = (next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(unknown());
        }
        let word = |bytes| String::from_utf8(bytes).map_err(|_| unknown());
        Ok(Self {
            handler: HandlerId::new(&word(handler)?)?,
            item: ItemId::new(&word(item)?)?,
            id: ConflictId(id),
        })
    }
}

fn escape(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|&byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => write!(f, "{}", char::from(byte)),
        _ => write!(f, "%{byte:02x}"),
    })
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, tail) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = tail;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_text_whatever_the_identity() {
        let key = ConflictKey {
            handler: HandlerId::new("folders").unwrap(),
            item: ItemId::new("my photos/ä").unwrap(),
            id: ConflictId(b"dir/a b\n\xff%2f".to_vec()),
        };
        let text = key.to_string();
        assert_eq!(text, "folders/my%20photos%2f%c3%a4/dir%2fa%20b%0a%ff%252f");
        assert_eq!(text.parse::<ConflictKey>().unwrap(), key);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "folders",
            "folders/x",
            "folders/x/y/z",
            "folders//y",
            "folders/x/%",
            "folders/x/%g0",
            "f/%ff/y",
        ] {
            assert!(text.parse::<ConflictKey>().is_err(), "{text}");
        }
    }
}
