//! Where the watched directories are. A watch follows its directory when it is renamed; this knows what it is called.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use reconcile::path::Name;
use reconcile::{RelPath, Side};

/// A watch, by the kernel's number.
pub(super) type Watch = i32;

/// All watched directories of both sides.
#[derive(Debug, Default)]
pub(super) struct Places {
    dirs: HashMap<Watch, Dir>,
    roots: [Option<Watch>; 2],
}

#[derive(Debug)]
struct Dir {
    /// The directory it is in; none for a root.
    above: Option<Watch>,
    name: Arc<Name>,
    children: BTreeMap<Arc<Name>, Watch>,
}

impl Places {
    /// How many directories there are.
    pub(super) fn len(&self) -> usize {
        self.dirs.len()
    }

    /// Whether it is a side's root.
    pub(super) fn is_root(&self, watch: Watch) -> bool {
        self.roots.contains(&Some(watch))
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A side's root.
    pub(super) fn set_root(&mut self, side: Side, watch: Watch) {
        self.roots[side as usize] = Some(watch);
        self.dirs.insert(watch, Dir { above: None, name: Arc::from(&b""[..]), children: BTreeMap::new() });
    }

    /// A directory in a known one: new, or known under another name until now. Gives the watches of what was there
    /// before.
    pub(super) fn set(&mut self, above: Watch, name: &Name, watch: Watch) -> Vec<Watch> {
        if self.child(above, name) == Some(watch)
            || !self.dirs.contains_key(&above)
            || self.is_above(watch, above)
        {
            return Vec::new();
        }
        let replaced = self.child(above, name).map(|there| self.remove(there)).unwrap_or_default();
        self.detach(watch);
        let name: Arc<Name> = Arc::from(name);
        if let Some(above) = self.dirs.get_mut(&above) {
            above.children.insert(Arc::clone(&name), watch);
        }
        let dir = self.dirs.entry(watch).or_insert_with(|| Dir {
            above: None,
            name: Arc::clone(&name),
            children: BTreeMap::new(),
        });
        (dir.above, dir.name) = (Some(above), name);
        replaced
    }

    /// Forgets a directory and all beneath; gives their watches.
    pub(super) fn remove(&mut self, watch: Watch) -> Vec<Watch> {
        self.detach(watch);
        let mut removed = Vec::new();
        let mut open = vec![watch];
        while let Some(watch) = open.pop() {
            if let Some(dir) = self.dirs.remove(&watch) {
                open.extend(dir.children.into_values());
                removed.push(watch);
            }
        }
        removed
    }

    /// A directory by its name.
    pub(super) fn child(&self, above: Watch, name: &Name) -> Option<Watch> {
        self.dirs.get(&above)?.children.get(name).copied()
    }

    /// A directory by its path.
    pub(super) fn find(&self, side: Side, path: &RelPath) -> Option<Watch> {
        path.names().try_fold(self.roots[side as usize]?, |above, name| self.child(above, name))
    }

    /// Where a directory is.
    pub(super) fn place(&self, watch: Watch) -> Option<(Side, RelPath)> {
        let mut names = Vec::new();
        let mut at = watch;
        loop {
            let dir = self.dirs.get(&at)?;
            let Some(above) = dir.above else { break };
            names.push(&dir.name);
            at = above;
        }
        let side = Side::BOTH.into_iter().find(|&side| self.roots[side as usize] == Some(at))?;
        Some((side, names.into_iter().rev().fold(RelPath::root(), |path, name| path.join(name))))
    }

    fn detach(&mut self, watch: Watch) {
        let Some(dir) = self.dirs.get(&watch) else { return };
        let (above, name) = (dir.above, Arc::clone(&dir.name));
        if let Some(above) = above.and_then(|above| self.dirs.get_mut(&above))
            && above.children.get(&name) == Some(&watch)
        {
            above.children.remove(&name);
        }
    }

    /// Whether one directory is the other, or above it.
    fn is_above(&self, watch: Watch, other: Watch) -> bool {
        let mut at = Some(other);
        while let Some(here) = at {
            if here == watch {
                return true;
            }
            at = self.dirs.get(&here).and_then(|dir| dir.above);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let mut places = Places::default();
        places.set_root(Side::A, 1);
        places.set_root(Side::B, 2);
        places.set(1, b"x", 3);
        places.set(3, b"y", 4);
        places.set(4, b"z", 5);
        places
    }

    fn at(places: &Places, watch: Watch) -> Option<String> {
        places.place(watch).map(|(side, path)| format!("{side:?}:{path}"))
    }

    #[test]
    fn a_renamed_directory_takes_all_beneath_along() {
        let mut places = places();
        assert_eq!(at(&places, 5).as_deref(), Some("A:x/y/z"));
        assert!(places.set(1, b"n", 4).is_empty());
        assert_eq!(at(&places, 5).as_deref(), Some("A:n/z"));
        assert_eq!(places.child(3, b"y"), None);
        places.set(2, b"over", 4);
        assert_eq!(at(&places, 5).as_deref(), Some("B:over/z"));
        assert_eq!(places.find(Side::B, &RelPath::from_bytes(b"over/z").unwrap()), Some(5));
    }

    #[test]
    fn what_takes_a_place_drives_out_what_was_there() {
        let mut places = places();
        places.set(1, b"w", 6);
        let mut gone = places.set(1, b"x", 6);
        gone.sort_unstable();
        assert_eq!(gone, [3, 4, 5]);
        assert_eq!((at(&places, 6).as_deref(), at(&places, 4)), (Some("A:x"), None));
        assert_eq!(places.len(), 3);
    }

    #[test]
    fn nothing_gets_into_itself_and_nothing_hangs_in_the_air() {
        let mut places = places();
        places.set(5, b"loop", 3);
        assert_eq!(at(&places, 5).as_deref(), Some("A:x/y/z"));
        places.set(99, b"nowhere", 7);
        assert_eq!(at(&places, 7), None);
        assert_eq!(places.len(), 5);
    }
}
