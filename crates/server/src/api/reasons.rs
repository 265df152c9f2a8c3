//! Events of one reason together: a thousand files that cannot be read are one thing to a person.

use std::cmp::Reverse;
use std::collections::HashMap;

use wire::{Event, EventGroup, Level};

/// How many events of a group are shown.
const EXAMPLES: usize = 20;

/// Groups what has the same level, summary, reason and advice: the most serious first, then the largest.
pub(super) fn group(events: Vec<syncmgr::Event>) -> Vec<EventGroup> {
    let mut groups: Vec<EventGroup> = Vec::new();
    let mut places: HashMap<(Level, String, Option<String>, Option<String>), usize> = HashMap::new();
    for event in events {
        let event = Event::from(event);
        let (name, reason) = common(&event.name, &event.description);
        let place = *places.entry((event.level, name, reason, event.fix.clone())).or_insert_with_key(|key| {
            let (level, name, reason, fix) = key.clone();
            groups.push(EventGroup { level, name, reason, fix, count: 0, examples: Vec::new() });
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.count += 1;
        if group.examples.len() < EXAMPLES {
            group.examples.push(event);
        }
    }
    groups.sort_by_key(|group| Reverse((group.level, group.count)));
    groups
}

/// What an event has in common with those of other things. A name that ends with the thing it is about loses it, and the
/// description that names it as well is the reason, with `…` in its place; any other event stands for itself.
fn common(name: &str, description: &str) -> (String, Option<String>) {
    match name.split_once(": ") {
        Some((what, thing)) if !thing.is_empty() && description.contains(thing) => {
            (what.to_owned(), Some(description.replacen(thing, "…", 1)))
        }
        _ => (name.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_only_in_the_thing_has_one_reason() {
        let refused = |path: &str| {
            let name = format!("Not synchronized: {path}");
            common(&name, &format!("{path} on laptop: permission denied; nothing was done there"))
        };
        let reason = Some("… on laptop: permission denied; nothing was done there".to_owned());
        assert_eq!(refused("a.txt"), ("Not synchronized".to_owned(), reason));
        assert_eq!(refused("a.txt"), refused("deep/b: c.txt"));
    }

    #[test]
    fn what_names_no_thing_stands_for_itself() {
        assert_eq!(common("Torn page", "in the middle"), ("Torn page".to_owned(), None));
        assert_eq!(common("rsync: broken pipe", "it ended"), ("rsync: broken pipe".to_owned(), None));
        assert_eq!(common("Odd: ", "nothing"), ("Odd: ".to_owned(), None));
    }
}
