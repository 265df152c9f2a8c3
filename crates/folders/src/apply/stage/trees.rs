//! Whole trees: a new directory is built under a temporary name, with all that is in it, until it is full or published.

use std::sync::atomic::{AtomicU8, AtomicUsize};
use std::sync::{Arc, Mutex};

use reconcile::{Kind, Listing, RelPath, Side};

use super::{Batch, CHUNK, Failed, is_taken};
use crate::apply::task::{Item, NewDir, Root, State, Task, Work};
use crate::apply::{Apply, Edit, Why, lock};
use crate::journal::{Deed, Stamp, Text};
use crate::side::write::WriteDir;
use crate::side::{ReadDir, SideError};

/// The hidden directory that a thread made or worked in last, open: its subdirectories come one after another.
pub(super) type Hand = Option<(Arc<NewDir>, Box<dyn WriteDir>)>;

impl Batch<'_, '_> {
    /// Makes a directory and begins with what is in it.
    pub(super) fn tree(
        &self,
        hand: &mut Hand,
        on: Side,
        dir: &RelPath,
        home: &Option<Arc<NewDir>>,
        item: &Item,
        path: &RelPath,
    ) -> Result<(), Failed> {
        // Looked at first: a directory that cannot be listed is not made either.
        let open = self.apply.ground.lists.open(on.other(), path);
        let (from, listing) = open.map_err(|error| Failed::This(Why::Unlisted(error.reason)))?;
        let hidden = home.as_ref().filter(|home| home.root.state() == State::Building);
        let (root, into, seen) = match hidden {
            Some(home) => {
                let above = self.in_hand(hand, home)?;
                let into = match self.guard(on, above.create_dir(&item.name, item.source.mode)) {
                    Err(Failed::This(Why::Taken)) => {
                        return Err(self.clash(on, path, &home.place(), &item.name));
                    }
                    made => made?,
                };
                let seen = into.here()?;
                (Arc::clone(&home.root), into, seen)
            }
            None => {
                let (root, into) = self.new_root(on, dir, home, item, path)?;
                let seen = root.seen;
                (root, into, seen)
            }
        };
        {
            let mut made = lock(&root.made);
            if hidden.is_some() {
                let names = vec![(Text(item.name.clone()), Stamp::from(&seen))];
                made.deeds.push(Deed::Create { on: on.into(), dir: dir.into(), made: names });
            }
            made.edits.push(Edit::directory(path.clone(), on, &item.source, &seen, true));
            made.entries += 1;
        }
        self.count(1, 0);
        self.apply.ground.report.done(path, 1, 0);
        if hidden.is_some() {
            self.one_done(home);
        }
        let new = NewDir {
            on,
            path: path.clone(),
            like: item.source,
            root,
            // One for ourselves, so that it is not done before it is listed.
            left: AtomicUsize::new(listing.len() + 1),
        };
        let new = Arc::new(new);
        self.children(&new, &Arc::new(listing), 0, &*from, &*into);
        if new.one_done() {
            self.close_dir(&new, Some(&*into));
        } else {
            *hand = Some((new, into));
        }
        Ok(())
    }

    /// A hidden directory, opened unless it is at hand.
    fn in_hand<'h>(&self, hand: &'h mut Hand, home: &Arc<NewDir>) -> Result<&'h dyn WriteDir, SideError> {
        let open = match hand.take() {
            Some((at_hand, open)) if Arc::ptr_eq(&at_hand, home) => open,
            _ => self.apply.side(home.on).folder(&home.place())?,
        };
        let (_, open) = hand.insert((Arc::clone(home), open));
        Ok(&**open)
    }

    fn new_root(
        &self,
        on: Side,
        dir: &RelPath,
        home: &Option<Arc<NewDir>>,
        item: &Item,
        path: &RelPath,
    ) -> Result<(Arc<Root>, Box<dyn WriteDir>), Failed> {
        let into = self.apply.side(on).folder(dir)?;
        // Asked before the work is done: where names clash, it would be done in vain in every run.
        if item.instead.is_none() && into.look(&item.name)?.is_some() {
            return Err(Failed::This(Why::Taken));
        }
        self.note_open(on, dir)?;
        let (temp, made) = loop {
            let temp = self.apply.temp_name();
            match into.create_dir(&temp, item.source.mode) {
                // Left by a killed run in a place that nobody remembers.
                Err(error) if is_taken(&error) => {}
                made => break (temp, self.guard(on, made)?),
            }
        };
        let seen = made.here()?;
        let root = Arc::new(Root {
            on,
            dir: dir.clone(),
            temp,
            path: path.clone(),
            seen,
            instead: item.instead.clone(),
            home: home.clone(),
            state: AtomicU8::new(State::Building as u8),
            made: Mutex::default(),
        });
        lock(&self.roots).push(Arc::clone(&root));
        Ok((root, made))
    }

    /// Goes on with the children of a directory that this run made, from one place of their order on.
    pub(super) fn more_children(&self, new: &Arc<NewDir>, listing: &Arc<Listing>, at: usize) {
        match self.both(new.on, &new.path, &new.place()) {
            Ok((from, into)) => self.children(new, listing, at, &*from, &*into),
            Err(error) => {
                let names = listing.part(at..listing.len()).map(|(name, _)| name);
                self.unlisted(new.on, &new.path, &Some(Arc::clone(new)), names, &error);
            }
        }
    }

    /// Stages some children of a new directory, and leaves the rest, and what is in them, to whoever comes first.
    fn children(
        &self,
        new: &Arc<NewDir>,
        listing: &Arc<Listing>,
        at: usize,
        from: &dyn ReadDir,
        into: &dyn WriteDir,
    ) {
        let home = Some(Arc::clone(new));
        let task = |work| Task { on: new.on, dir: new.path.clone(), home: home.clone(), work };
        let end = (at + CHUNK).min(listing.len());
        let (mut leaves, mut trees) = (Vec::new(), Vec::new());
        for (name, seen) in listing.part(at..end) {
            let item = || Item { name: name.to_vec(), source: *seen, instead: None, fresh: true };
            match seen.kind {
                Kind::File | Kind::Link => leaves.push(item()),
                Kind::Dir => trees.push(task(Work::Tree(item()))),
                Kind::Special | Kind::Unreadable => {
                    if seen.kind == Kind::Unreadable {
                        let why = Why::Unlisted("its status is refused".into());
                        self.trouble(new.on.other(), &new.path.join(name), why);
                    }
                    self.one_done(&home);
                }
            }
        }
        // What is added last is taken first: what is deep before what is beside, which keeps the list short.
        let rest = (end < listing.len()).then(|| task(Work::Children(Arc::clone(listing), end)));
        if rest.is_some() || !trees.is_empty() {
            self.queue.add(rest.into_iter().chain(trees.into_iter().rev()));
        }
        if !leaves.is_empty() {
            self.leaves(new.on, &new.path, &home, leaves, from, into);
        }
    }

    /// Gives a directory its last mode and time.
    pub(super) fn close_dir(&self, dir: &NewDir, handle: Option<&dyn WriteDir>) {
        match close_dir(self.apply, dir, handle) {
            Ok(edit) if dir.root.state() == State::Published => lock(&self.edits).push(edit),
            Ok(edit) => lock(&dir.root.made).edits.push(edit),
            Err(error) => self.trouble(dir.on, &dir.path, error.into()),
        }
    }
}

/// Gives a directory its last mode and time, and tells what the base should know.
pub(in crate::apply) fn close_dir(
    apply: &Apply<'_>,
    dir: &NewDir,
    handle: Option<&dyn WriteDir>,
) -> Result<Edit, SideError> {
    let mut like = dir.like;
    let made = match handle {
        Some(handle) => apply.finish_directory(dir.on, &dir.path, handle, &mut like)?,
        None => {
            let handle = apply.side(dir.on).folder(&dir.place())?;
            apply.finish_directory(dir.on, &dir.path, &*handle, &mut like)?
        }
    };
    Ok(Edit::set(dir.path.clone(), dir.on, &like, &made, false))
}
