//! The files and links of one directory, one after another.

use std::sync::Arc;

use reconcile::{RelPath, Side};

use super::leaf::{Leaf, Made};
use super::{Batch, Failed};
use crate::apply::record::in_order;
use crate::apply::task::{Item, NewDir, Staged, State, Task, Work};
use crate::apply::{Edit, Why, lock};
use crate::journal::{Deed, Stamp, Text};
use crate::side::ReadDir;
use crate::side::write::WriteDir;

impl Batch<'_, '_> {
    /// Opens a directory on both sides, and stages files and links of it.
    pub(super) fn some_leaves(&self, on: Side, dir: &RelPath, home: &Option<Arc<NewDir>>, items: Vec<Item>) {
        let place = home.as_ref().map_or_else(|| dir.clone(), |home| home.place());
        match self.both(on, dir, &place) {
            Ok((from, into)) => self.leaves(on, dir, home, items, &*from, &*into),
            Err(error) => {
                let names = items.iter().map(|item| &item.name[..]);
                self.unlisted(on, dir, home, names, &error);
            }
        }
    }

    /// Stages files and links.
    pub(super) fn leaves(
        &self,
        on: Side,
        dir: &RelPath,
        home: &Option<Arc<NewDir>>,
        items: Vec<Item>,
        from: &dyn ReadDir,
        into: &dyn WriteDir,
    ) {
        let hidden = home.as_ref().filter(|home| home.root.state() == State::Building);
        let mut names = Vec::new();
        let mut entries = Vec::new();
        let mut items = items.into_iter();
        let ready = hidden.is_some() || self.note_open(on, dir).is_ok();
        while let Some(item) = items.next() {
            let path = dir.join(&item.name);
            if !ready || self.must_stop() {
                self.put_back(on, dir, home, item, items);
                break;
            }
            let leaf = Leaf { on, path: &path, item: &item, from, into, hidden: hidden.is_some() };
            match self.leaf(&leaf) {
                Ok(Made { name: temp, source, copy }) => {
                    self.count(1, source.size);
                    match hidden {
                        Some(_) => {
                            names.push((Text(item.name.clone()), Stamp::from(&copy)));
                            let (a, b) = in_order(on, &source, &copy);
                            entries.push((item.name, a, b));
                            // By those who are left: the last of them closes the directory when it is recorded.
                        }
                        None => lock(&self.staged).push(Staged {
                            on,
                            dir: dir.clone(),
                            name: item.name,
                            temp,
                            source,
                            made: copy,
                            instead: item.instead,
                            home: home.clone(),
                        }),
                    }
                }
                Err(Failed::Batch) => {
                    self.clear_away(hidden, into, &item.name);
                    self.put_back(on, dir, home, item, items);
                    break;
                }
                Err(Failed::This(why)) => {
                    match hidden {
                        // The neighbour that is in the way is whole.
                        _ if matches!(why, Why::SameName { .. }) => {}
                        // What a try before this one could not remove; if it is somebody else's, it is in a bad place.
                        Some(home) if matches!(why, Why::Taken) => home.root.set_state(State::Failed),
                        _ => self.clear_away(hidden, into, &item.name),
                    }
                    self.trouble(on, &path, why);
                    self.one_done(home);
                }
            }
        }
        if let (Some(hidden), false) = (hidden, entries.is_empty()) {
            let done = entries.len();
            let mut made = lock(&hidden.root.made);
            made.entries += done as u64;
            made.deeds.push(Deed::Create { on: on.into(), dir: dir.into(), made: names });
            made.edits.push(Edit::Many { dir: dir.clone(), entries });
            drop(made);
            for _ in 0..done {
                self.one_done(home);
            }
        }
    }

    /// After a failure in a hidden directory nothing may be left under the final name, even if the system refused to
    /// clear up at once (S2).
    fn clear_away(&self, hidden: Option<&Arc<NewDir>>, into: &dyn WriteDir, name: &[u8]) {
        let Some(hidden) = hidden else { return };
        // Where cases are not told apart, the name finds a neighbour that is whole, and not to be cleared away.
        if self.apply.spelled_otherwise(hidden.on, into.path(), name).is_some() {
            return;
        }
        let clear = match into.look(name) {
            Ok(None) => true,
            Ok(Some(seen)) => into.remove(name, seen.kind).is_ok(),
            Err(_) => false,
        };
        if !clear {
            hidden.root.set_state(State::Failed);
        }
    }

    fn put_back(
        &self,
        on: Side,
        dir: &RelPath,
        home: &Option<Arc<NewDir>>,
        item: Item,
        rest: impl Iterator<Item = Item>,
    ) {
        let items = std::iter::once(item).chain(rest).collect();
        self.queue.add([Task { on, dir: dir.clone(), home: home.clone(), work: Work::Leaves(items) }]);
    }
}
