//! Bytes that are nearly always text.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path, an identity or a stamp: a string when it is UTF-8, else `{"base64": "..."}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(&self.0))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrMap;

        impl<'de> Visitor<'de> for TextOrMap {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, or an object with its bytes in `base64`")
            }

            fn visit_str<E>(self, text: &str) -> Result<Bytes, E> {
                Ok(Bytes(text.as_bytes().to_vec()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bytes, A::Error> {
                let mut bytes = None;
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    if key == "base64" {
                        let text = map.next_value::<Cow<'de, str>>()?;
                        bytes = Some(STANDARD.decode(text.as_bytes()).map_err(de::Error::custom)?);
                    } else {
                        map.next_value::<de::IgnoredAny>()?;
                    }
                }
                bytes.map(Bytes).ok_or_else(|| de::Error::missing_field("base64"))
            }
        }

        deserializer.deserialize_any(TextOrMap)
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Bytes: a string when they are UTF-8, else an object with their base64.",
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "base64": { "type": "string", "contentEncoding": "base64" } },
                    "required": ["base64"]
                }
            ]
        })
    }
}

/// So many bytes go into one line, whatever they are: at worst each of them is written with six characters.
const PART: usize = 8 * 1024;

/// A part of bytes that surely fits into a line, and whether there are more behind it.
pub fn part(all: &[u8], from: usize) -> (Bytes, bool) {
    let rest = all.get(from..).unwrap_or_default();
    let part = rest.get(..PART).unwrap_or(rest);
    (Bytes(part.to_vec()), part.len() < rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_bytes_fit_into_lines_and_make_the_whole() {
        let kinds: [fn(usize) -> u8; 3] = [|_| 0, |at| if at % 2 == 0 { 0xc3 } else { 0xa4 }, |_| 0xff];
        for byte in kinds {
            let all: Vec<u8> = (0..3 * PART + 1).map(byte).collect();
            let (mut together, mut more) = (Vec::new(), true);
            while more {
                let (piece, rest) = part(&all, together.len());
                assert!(serde_json::to_vec(&piece).unwrap().len() < crate::rpc::MAX_LINE - 1024);
                together.extend_from_slice(&piece.0);
                more = rest;
            }
            assert!(together == all);
        }
        assert_eq!(part(b"", 0), (Bytes::default(), false));
        assert_eq!(part(b"a", 7), (Bytes::default(), false));
    }

    #[test]
    fn bytes_that_are_no_text_survive() {
        for (bytes, text) in [
            (b"a/b".to_vec(), r#""a/b""#),
            (b"".to_vec(), r#""""#),
            (b"\xff\x00".to_vec(), r#"{"base64":"/wA="}"#),
        ] {
            assert_eq!(serde_json::to_string(&Bytes(bytes.clone())).unwrap(), text);
            assert_eq!(serde_json::from_str::<Bytes>(text).unwrap(), Bytes(bytes));
        }
        assert!(serde_json::from_str::<Bytes>(r#"{"base64":"?"}"#).is_err());
        assert!(serde_json::from_str::<Bytes>(r#"{"hex":"00"}"#).is_err());
    }
}
