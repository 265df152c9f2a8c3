//! Values of JSON lines as any version of a tool may write them: a number may come as text, or as something else
//! altogether, and then it is none. One odd value must not make all else that a line says unknown.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A count; zero where it cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Count(pub(super) u64);

/// A share or a speed; zero where it cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Measure(pub(super) f64);

/// Words; none where there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words(pub(super) String);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        // A float that is no count becomes the nearest one that is.
        let count = value.as_u64().or_else(|| measure(&value).map(|measure| measure as u64));
        Ok(Self(count.unwrap_or(0)))
    }
}

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(measure(&Value::deserialize(deserializer)?).unwrap_or(0.0)))
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        }))
    }
}

fn measure(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_is_read_as_far_as_it_goes() {
        let count = |text: &str| serde_json::from_str::<Count>(text).unwrap().0;
        for (text, wanted) in [
            ("7", 7),
            ("\"7\"", 7),
            ("7.9", 7),
            ("-1", 0),
            ("null", 0),
            ("[7]", 0),
            ("\"many\"", 0),
            ("1e300", u64::MAX),
        ] {
            assert_eq!(count(text), wanted, "{text}");
        }
        assert_eq!(serde_json::from_str::<Measure>("\"0.5\"").unwrap(), Measure(0.5));
        assert_eq!(serde_json::from_str::<Words>("12").unwrap(), Words("12".into()));
        assert_eq!(serde_json::from_str::<Words>("null").unwrap(), Words(String::new()));
    }
}
