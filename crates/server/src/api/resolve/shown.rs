//! Conflicts as a person saw them, found again: what is another by now, or gone, is left alone.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use center::Center;
use syncmgr::conflict::{Choice, Conflict, ConflictId, ConflictKey, Decided};
use syncmgr::{HandlerId, ItemId};
use wire::{Became, Chosen, ShownConflict};

use super::super::conflicts::gone;
use super::order::{Sender, choice};
use crate::convert;
use crate::failure::Failure;

/// What became of the conflicts of an order so far, and what is to be done about the rest.
pub(super) struct Found {
    pub(super) decided: Vec<Decided>,
    /// What became of each conflict; none for those that are still to be settled.
    pub(super) became: Vec<Option<(Became, Option<String>)>>,
    /// Which place in the order each conflict has.
    pub(super) places: BTreeMap<ConflictKey, usize>,
}

/// Finds the conflicts of an order again.
pub(super) fn find(
    center: &Center,
    shown: &[ShownConflict],
    for_all: &Chosen,
    sender: Sender,
) -> Result<Found, Failure> {
    let for_all = choice(for_all, sender)?;
    let mut copies = Copies::default();
    let mut found = Found { decided: Vec::new(), became: Vec::new(), places: BTreeMap::new() };
    for (place, one) in shown.iter().enumerate() {
        let chosen = one.instead.as_ref().map(|chosen| choice(chosen, sender)).transpose()?;
        let chosen = chosen.unwrap_or_else(|| for_all.clone());
        let key = ConflictKey {
            handler: HandlerId::new(&one.handler)?,
            item: ItemId::new(&one.item)?,
            id: ConflictId(wire::ConflictKey::read(&one.id).ok_or_else(gone)?.0),
        };
        let now = if one.copy { copies.find(center, &key)? } else { center.conflict(&key)? };
        match found.places.entry(key) {
            Entry::Vacant(entry) => entry.insert(place),
            Entry::Occupied(_) => return Err(Failure::bad_request("a conflict is named twice")),
        };
        let became = match now {
            None => Some((Became::Gone, None)),
            Some(conflict) if convert::seen(&conflict) != one.seen => Some((Became::Changed, None)),
            Some(conflict) => match impossible(center, &conflict, &chosen) {
                Some(why) => Some((Became::Left, Some(why))),
                None => {
                    found.decided.push(Decided { conflict, choice: chosen });
                    None
                }
            },
        };
        found.became.push(became);
    }
    Ok(found)
}

/// Why nobody can even try it. What a handler leaves open for reasons of its own, it says itself.
fn impossible(center: &Center, conflict: &Conflict, choice: &Choice) -> Option<String> {
    if center.resolution_handler(&conflict.handler).is_none() {
        return Some(format!("its handler '{}' settles no conflicts", conflict.handler));
    }
    choice.check(conflict).err().map(|why| why.to_string())
}

/// Copies that other programs have left, looked for once in each item.
#[derive(Default)]
struct Copies {
    of: BTreeMap<(HandlerId, ItemId), BTreeMap<ConflictId, Conflict>>,
}

impl Copies {
    fn find(&mut self, center: &Center, key: &ConflictKey) -> Result<Option<Conflict>, Failure> {
        let of = match self.of.entry((key.handler.clone(), key.item.clone())) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let copies = match center.resolution_handler(&key.handler) {
                    Some(handler) => handler.find_copies(&key.item),
                    None => Ok(Vec::new()),
                };
                let copies = copies.map_err(|error| Failure::of_problem(error.problem))?;
                entry.insert(copies.into_iter().map(|copy| (copy.id.clone(), copy)).collect())
            }
        };
        Ok(of.remove(&key.id))
    }
}
