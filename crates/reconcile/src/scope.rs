//! Which directories are in doubt: what a look must see that is not to see everything.
//!
//! A look in a scope finds what a look at everything would find, if in every directory outside the scope, and outside
//! the trees in it, nothing has changed since both sides agreed. Whoever follows the sides knows that: a change in a
//! directory puts the directory in doubt, a rename both directories that it is about. What earlier plans left as it was,
//! conflicts first of all, stays in doubt. Where a [mode](crate::Mode::leaves_what_is_gone) leaves what A has no more as
//! it is on B, nobody looks into that: a directory that comes back to such a name is in doubt with all beneath.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::path::{Name, RelPath};
use crate::plan::{NoteKind, Plan};

/// Directories in doubt, in the names of whichever side brought the doubt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Directories whose own entries are in doubt.
    dirs: BTreeSet<RelPath>,
    /// Directories that are in doubt with all beneath.
    trees: BTreeSet<RelPath>,
}

/// What a scope says of one directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Nothing in it and nothing beneath it is in doubt.
    Outside,
    /// Its own entries are known, something beneath is in doubt.
    Leads,
    /// Its own entries are in doubt.
    Doubtful,
    /// It is in doubt with all beneath.
    Whole,
}

impl Scope {
    /// Everything.
    pub fn whole() -> Self {
        let mut scope = Self::default();
        scope.add_tree(RelPath::root());
        scope
    }

    /// Puts the entries of a directory in doubt.
    pub fn add_dir(&mut self, dir: RelPath) {
        if !self.is_in_tree(&dir) {
            self.dirs.insert(dir);
        }
    }

    /// Puts a directory in doubt with all beneath.
    pub fn add_tree(&mut self, dir: RelPath) {
        if self.is_in_tree(&dir) {
            return;
        }
        for paths in [&mut self.dirs, &mut self.trees] {
            let covered: Vec<_> = beneath(paths, &dir).chain(paths.get(&dir)).cloned().collect();
            for path in covered {
                paths.remove(&path);
            }
        }
        self.trees.insert(dir);
    }

    /// Puts in doubt what was left as it is: a conflict, or something that could not be read. What is beneath it was not
    /// looked at.
    pub fn add_unsettled(&mut self, path: &RelPath) {
        if let Some((dir, _)) = path.split() {
            self.add_dir(dir);
        }
        self.add_tree(path.clone());
    }

    /// Adds all that is in doubt in another scope.
    pub fn add(&mut self, other: &Self) {
        other.trees.iter().for_each(|tree| self.add_tree(tree.clone()));
        other.dirs.iter().for_each(|dir| self.add_dir(dir.clone()));
    }

    /// Whether nothing is in doubt.
    pub fn is_empty(&self) -> bool {
        self.dirs.is_empty() && self.trees.is_empty()
    }

    /// Whether everything is in doubt.
    pub fn is_whole(&self) -> bool {
        self.trees.contains(&RelPath::root())
    }

    /// Whether a directory's entries are in doubt.
    pub fn contains(&self, dir: &RelPath) -> bool {
        self.dirs.contains(dir) || self.is_in_tree(dir)
    }

    /// The directories whose own entries are in doubt.
    pub fn dirs(&self) -> impl Iterator<Item = &RelPath> {
        self.dirs.iter()
    }

    /// The directories that are in doubt with all beneath.
    pub fn trees(&self) -> impl Iterator<Item = &RelPath> {
        self.trees.iter()
    }

    /// A directory was renamed: what is in doubt in it is so under both names.
    pub fn follow(&mut self, from: &RelPath, to: &RelPath) {
        self.add(&self.moved(from, to));
    }

    /// What is in doubt in a directory, where it is when the directory has another name.
    #[must_use]
    pub fn moved(&self, from: &RelPath, to: &RelPath) -> Self {
        let mut moved = Self::default();
        if self.is_in_tree(from) {
            moved.add_tree(to.clone());
            return moved;
        }
        let depth = from.names().count();
        let renamed = |path: &RelPath| path.names().skip(depth).fold(to.clone(), |at, name| at.join(name));
        beneath(&self.trees, from).for_each(|path| moved.add_tree(renamed(path)));
        beneath(&self.dirs, from).chain(self.dirs.get(from)).for_each(|path| moved.add_dir(renamed(path)));
        moved
    }

    /// Looks at a plan that was made within this scope. Where it could not list a directory, the directory may be gone,
    /// and those above it, that were thought to be known, are in doubt too. True if there are such: plan again.
    pub fn widen(&mut self, plan: &Plan) -> bool {
        let unlisted = plan.notes.iter().filter(|note| matches!(note.what, NoteKind::Unreadable(..)));
        let above: Vec<_> = unlisted.filter_map(|note| Some(note.path.split()?.0)).collect();
        let known = self.dirs.len();
        for dir in above {
            if !self.contains(&dir) {
                self.add_dir(dir);
            }
        }
        self.dirs.len() > known
    }

    fn is_in_tree(&self, dir: &RelPath) -> bool {
        if self.trees.is_empty() {
            return false;
        }
        let mut at = dir.clone();
        loop {
            if self.trees.contains(&at) {
                return true;
            }
            match at.split() {
                Some((parent, _)) => at = parent,
                None => return false,
            }
        }
    }

    fn place_of(&self, dir: &RelPath) -> Place {
        if self.is_in_tree(dir) {
            Place::Whole
        } else if self.dirs.contains(dir) {
            Place::Doubtful
        } else if [&self.dirs, &self.trees].into_iter().any(|paths| beneath(paths, dir).next().is_some()) {
            Place::Leads
        } else {
            Place::Outside
        }
    }

    /// What it says of a directory that has these names.
    pub(crate) fn place<'p>(&self, names: impl IntoIterator<Item = &'p RelPath>) -> Place {
        names.into_iter().map(|name| self.place_of(name)).max().unwrap_or(Place::Outside)
    }

    /// The children of a directory with these names that lead to something in doubt, or are it.
    pub(crate) fn leads<'p>(&self, names: impl IntoIterator<Item = &'p RelPath>) -> BTreeSet<Vec<u8>> {
        let mut children = BTreeSet::new();
        for dir in names {
            let depth = dir.names().count();
            for paths in [&self.dirs, &self.trees] {
                children.extend(
                    beneath(paths, dir).filter_map(|path| path.names().nth(depth)).map(<Name>::to_vec),
                );
            }
        }
        children
    }
}

/// Those of the paths that are beneath a directory.
fn beneath<'p>(paths: &'p BTreeSet<RelPath>, dir: &RelPath) -> impl Iterator<Item = &'p RelPath> + use<'p> {
    // Paths are ordered as bytes: all that begin with the directory and a slash follow each other, though not right
    // after the directory itself (`a`, `a-b`, `a/c`).
    let mut start = dir.as_bytes().to_vec();
    if !dir.is_root() {
        start.push(b'/');
    }
    let from = RelPath::from_bytes_unchecked(start.clone());
    let after = (Bound::Included(from), Bound::Unbounded);
    paths
        .range(after)
        .take_while(move |path| path.as_bytes().starts_with(&start))
        .filter(|path| !path.is_root())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(path: &str) -> RelPath {
        RelPath::from_bytes(path.as_bytes()).unwrap()
    }

    fn scope(dirs: &[&str], trees: &[&str]) -> Scope {
        let mut scope = Scope::default();
        dirs.iter().for_each(|dir| scope.add_dir(rel(dir)));
        trees.iter().for_each(|dir| scope.add_tree(rel(dir)));
        scope
    }

    #[test]
    fn a_directory_in_doubt_is_found_through_those_above_it() {
        let scope = scope(&["a/b/c", "a-x"], &["t/u"]);
        let place = |path: &str| scope.place([&rel(path)]);
        assert_eq!(place(""), Place::Leads);
        assert_eq!(place("a"), Place::Leads);
        assert_eq!(place("a/b"), Place::Leads);
        assert_eq!(place("a/b/c"), Place::Doubtful);
        assert_eq!(place("a/b/c/d"), Place::Outside);
        assert_eq!(place("a/bb"), Place::Outside);
        assert_eq!(place("a-"), Place::Outside);
        assert_eq!(place("t"), Place::Leads);
        assert_eq!(place("t/u"), Place::Whole);
        assert_eq!(place("t/u/v/w"), Place::Whole);
    }

    #[test]
    fn a_name_that_sorts_between_a_directory_and_its_children_hides_nothing() {
        let scope = scope(&["a", "a-b", "a/c"], &[]);
        assert_eq!(scope.leads([&rel("")]), BTreeSet::from([b"a".to_vec(), b"a-b".to_vec()]));
        assert_eq!(scope.leads([&rel("a")]), BTreeSet::from([b"c".to_vec()]));
    }

    #[test]
    fn what_leaves_a_tree_in_doubt_stays_in_doubt() {
        let scope = scope(&[], &["t"]);
        let moved = scope.moved(&rel("t/x"), &rel("u/x"));
        assert_eq!(moved.trees().map(ToString::to_string).collect::<Vec<_>>(), ["u/x"]);
    }

    #[test]
    fn a_tree_stands_for_all_that_is_in_it() {
        let mut scope = scope(&["t/a", "t", "t-x"], &["t/b/c"]);
        scope.add_tree(rel("t"));
        scope.add_tree(rel("t/d"));
        scope.add_dir(rel("t/e"));
        assert_eq!(scope.dirs().map(ToString::to_string).collect::<Vec<_>>(), ["t-x"]);
        assert_eq!(scope.trees().map(ToString::to_string).collect::<Vec<_>>(), ["t"]);
    }

    #[test]
    fn the_root_in_doubt_says_nothing_of_what_is_beneath() {
        let scope = scope(&[""], &[]);
        assert_eq!(scope.place([&rel("")]), Place::Doubtful);
        assert_eq!(scope.place([&rel("a")]), Place::Outside);
        assert!(scope.leads([&rel("")]).is_empty());
    }

    #[test]
    fn the_root_as_a_tree_is_everything() {
        assert!(Scope::whole().is_whole());
        assert_eq!(Scope::whole().place([&rel("any/where")]), Place::Whole);
    }

    #[test]
    fn a_renamed_directory_takes_its_doubts_along() {
        let mut scope = scope(&["x", "x/y", "x-z"], &["x/t"]);
        scope.follow(&rel("x"), &rel("n/m"));
        let dirs: Vec<_> = scope.dirs().map(ToString::to_string).collect();
        assert_eq!(dirs, ["n/m", "n/m/y", "x", "x-z", "x/y"]);
        let trees: Vec<_> = scope.trees().map(ToString::to_string).collect();
        assert_eq!(trees, ["n/m/t", "x/t"]);
    }
}
