//! `after`: items that follow each other must not go round in a circle.

use std::collections::{BTreeMap, BTreeSet};

use syncmgr::ItemId;

/// Why `after` of several items cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// An item that is not there.
    #[error("'{item}' is to run after '{missing}', and there is no such item")]
    Unknown {
        /// Who waits.
        item: ItemId,
        /// For whom.
        missing: ItemId,
    },
    /// Each waits for the other.
    #[error("these items run after each other in a circle, so that none ever stops: {}", round(.0))]
    Circle(Vec<ItemId>),
}

impl ChainError {
    /// The item whose `after` is wrong.
    pub fn item(&self) -> Option<&ItemId> {
        match self {
            Self::Unknown { item, .. } => Some(item),
            Self::Circle(items) => items.first(),
        }
    }
}

fn round(items: &[ItemId]) -> String {
    let names = items.iter().chain(items.first());
    names.map(|item| format!("'{item}'")).collect::<Vec<_>>().join(" after ")
}

/// Checks who runs after whom, for all items together.
///
/// # Errors
/// An unknown item, or a circle.
pub fn check_chains(after: &BTreeMap<ItemId, Vec<ItemId>>) -> Result<(), ChainError> {
    for (item, before) in after {
        if let Some(missing) = before.iter().find(|before| !after.contains_key(before)) {
            return Err(ChainError::Unknown { item: item.clone(), missing: missing.clone() });
        }
    }
    let mut free = BTreeSet::new();
    for item in after.keys() {
        // Depth first, without recursion: a chain may be as long as the settings.
        let mut path: Vec<(&ItemId, std::slice::Iter<'_, ItemId>)> = Vec::new();
        let mut next = Some(item);
        loop {
            if let Some(item) = next.take()
                && !free.contains(item)
            {
                if let Some(at) = path.iter().position(|(other, _)| *other == item) {
                    return Err(ChainError::Circle(
                        path[at..].iter().map(|(item, _)| (*item).clone()).collect(),
                    ));
                }
                path.push((item, after.get(item).map_or(&[][..], Vec::as_slice).iter()));
            }
            let Some((item, rest)) = path.last_mut() else { break };
            next = rest.next();
            if next.is_none() {
                free.insert(*item);
                path.pop();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(items: &[(&str, &[&str])]) -> Result<(), String> {
        let id = |text: &&str| ItemId::new(text).unwrap();
        let after = items.iter().map(|(item, before)| (id(item), before.iter().map(id).collect())).collect();
        check_chains(&after).map_err(|error| error.to_string())
    }

    #[test]
    fn chains_and_diamonds_are_fine() {
        assert_eq!(check(&[("a", &[]), ("b", &["a"]), ("c", &["a"]), ("d", &["b", "c"])]), Ok(()));
    }

    #[test]
    fn a_circle_is_named_all_round() {
        let error = check(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"]), ("d", &["a"])]).unwrap_err();
        assert!(error.contains("'a' after 'c' after 'b' after 'a'"), "{error}");
        assert!(check(&[("a", &["a"])]).unwrap_err().contains("'a' after 'a'"));
    }

    #[test]
    fn an_item_that_is_not_there_is_named() {
        assert!(check(&[("a", &["b"])]).unwrap_err().contains("no such item"));
    }
}
