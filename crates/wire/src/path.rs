//! Paths beneath a side, which are bytes.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A path. One that is not UTF-8 is shown with its odd bytes escaped in `path`, and exactly in `path_base64`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PathText {
    /// The path as it can be shown.
    pub path: String,
    /// The exact bytes, where `path` cannot say them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub path_base64: Option<String>,
}

impl PathText {
    /// A path of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Self { path: text.to_owned(), path_base64: None };
        }
        let mut path = String::new();
        for chunk in bytes.utf8_chunks() {
            path.push_str(chunk.valid());
            for byte in chunk.invalid() {
                // Writing into a string cannot fail.
                let _ = write!(path, "\\x{byte:02x}");
            }
        }
        Self { path, path_base64: Some(STANDARD.encode(bytes)) }
    }

    /// The exact bytes; none when `path_base64` is no base64.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match &self.path_base64 {
            Some(exact) => STANDARD.decode(exact).ok(),
            None => Some(self.path.clone().into_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_bytes_are_escaped_and_kept_exactly() {
        let odd = b"photos/caf\xe9.jpg";
        let path = PathText::new(odd);
        assert_eq!(path.path, "photos/caf\\xe9.jpg");
        assert_eq!(path.bytes().as_deref(), Some(&odd[..]));
        assert_eq!(PathText::new("plain/ü".as_bytes()).path_base64, None);
    }
}
