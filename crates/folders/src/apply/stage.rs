//! Staging: making what is to appear, under names that nobody sees.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reconcile::path::Name;
use reconcile::{Kind, Listing, RelPath, Seen, Side};

use super::check::same_version;
use super::doubt::Doubt;
use super::queue::Queue;
use super::task::{Instead, Item, NewDir, Root, Staged, State, Task, Work};
use super::{Apply, ApplyError, Edit, Ending, Fault, Point, Why, lock};
use crate::journal::{Deed, Stamp, Text};
use crate::scan::same_bytes;
use crate::side::write::{NewFile, WriteDir};
use crate::side::{BORROWED, ReadDir, SideError};

/// Names that are staged by one thread in one go.
pub(super) const CHUNK: usize = 256;
/// How often a file that changes meanwhile is copied again (S10).
const TRIES: u32 = 3;
/// What the disk is given to do while more is staged.
const EARLY: u64 = 32 * 1024 * 1024;
/// How often somebody looks whether there is that much.
const PACE: Duration = Duration::from_millis(5);
/// From so many bytes on a copy says how far it is.
const WORTH_SAYING: u64 = 4 * 1024 * 1024;

/// From so many bytes on a file is not copied before it is known that its name is free.
const LARGE: u64 = 1024 * 1024;

/// What is staged together.
pub(super) struct Batch<'b, 'a> {
    apply: &'b Apply<'a>,
    doubt: Doubt,
    queue: Queue<Task>,
    width: usize,
    begun: Instant,
    entries: AtomicU64,
    bytes: AtomicU64,
    /// Bytes that were written to each side, of unfinished files too.
    written: [AtomicU64; 2],
    staged: Mutex<Vec<Staged>>,
    roots: Mutex<Vec<Arc<Root>>>,
    /// What the base should know of directories that were published before.
    edits: Mutex<Vec<Edit>>,
    /// Why it ended before it was full.
    ending: Mutex<Option<Ending>>,
    failed: Mutex<Option<io::Error>>,
    pub(super) died: AtomicBool,
}

/// A directory on both sides: to read from, to write into.
type Both<'a> = (Box<dyn ReadDir + 'a>, Box<dyn WriteDir>);

/// What came of a batch.
pub(super) struct Done {
    pub(super) staged: Vec<Staged>,
    pub(super) roots: Vec<Arc<Root>>,
    pub(super) edits: Vec<Edit>,
    /// Why it ended before it was full.
    pub(super) ending: Option<Ending>,
    /// The list of places with half-made things could not be written.
    pub(super) failed: Option<io::Error>,
}

/// What one failure means for the rest of the batch.
enum Failed {
    /// Nothing.
    This(Why),
    /// The batch is at its end; this one is tried again, if ever, in the next.
    Batch,
}

impl From<SideError> for Failed {
    fn from(error: SideError) -> Self {
        Self::This(error.into())
    }
}

impl<'b, 'a> Batch<'b, 'a> {
    pub(super) fn new(apply: &'b Apply<'a>, tasks: Vec<Task>, doubt: Doubt) -> Self {
        let spreads = tasks.iter().any(|task| matches!(task.work, Work::Tree(_)));
        Self {
            apply,
            doubt,
            width: if spreads { usize::MAX } else { tasks.len().max(1) },
            queue: Queue::new(tasks),
            begun: Instant::now(),
            entries: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            written: Default::default(),
            staged: Mutex::default(),
            roots: Mutex::default(),
            edits: Mutex::default(),
            ending: Mutex::default(),
            failed: Mutex::default(),
            died: AtomicBool::new(false),
        }
    }

    /// How many threads at most find something to do.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// What came of it, and what is left for the next batch.
    pub(super) fn into_parts(self) -> (Done, Vec<Task>) {
        let done = Done {
            staged: into_inner(self.staged),
            roots: into_inner(self.roots),
            edits: into_inner(self.edits),
            ending: into_inner(self.ending),
            failed: into_inner(self.failed),
        };
        (done, self.queue.into_rest())
    }

    /// Works until nothing is left or the batch is full.
    pub(super) fn work(&self) {
        while let Some(task) = self.queue.take() {
            self.carry_out(task);
            self.queue.done();
        }
    }

    /// Lets the disk work while processors still do: what is flushed already need not be waited for at the end. Until
    /// the other end of `staging` is gone.
    pub(super) fn flush_early(&self, staging: Receiver<Infallible>) -> Result<(), ApplyError> {
        let mut flushed = [0; 2];
        while staging.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
            for side in Side::BOTH {
                let written = self.written[side as usize].load(Ordering::Relaxed);
                if written - flushed[side as usize] >= EARLY {
                    self.apply.flush_one(side, &mut BTreeSet::new())?;
                    flushed[side as usize] = written;
                }
            }
        }
        Ok(())
    }

    fn carry_out(&self, task: Task) {
        if task.home.as_ref().is_some_and(|home| home.root.state() == State::Failed) {
            return;
        }
        if self.must_stop() {
            self.queue.add([task]);
            return;
        }
        match task.work {
            Work::Leaves(items) => {
                let dirs = self.open(task.on, &task.dir, task.home.as_ref());
                match dirs {
                    Ok((from, into)) => self.leaves(task.on, &task.dir, &task.home, items, &*from, &*into),
                    Err(error) => {
                        let text = error.to_string();
                        for item in items {
                            let path = task.dir.join(&item.name);
                            self.trouble(task.on, &path, Why::Unlisted(text.clone()));
                            self.one_done(&task.home);
                        }
                    }
                }
            }
            Work::Children(listing, at) => {
                let Some(home) = &task.home else { return };
                match self.apply.side(task.on).folder(&home.place()) {
                    Ok(into) => self.children(home, &listing, at, &*into),
                    Err(error) => {
                        let text = error.to_string();
                        for (name, _) in listing.part(at..listing.len()) {
                            self.trouble(task.on, &task.dir.join(name), Why::Unlisted(text.clone()));
                            self.one_done(&task.home);
                        }
                    }
                }
            }
            Work::Tree(item) => {
                let path = task.dir.join(&item.name);
                match self.tree(task.on, &task.dir, &task.home, &item, &path) {
                    Ok(()) => {}
                    Err(Failed::Batch) => self.queue.add([Task { work: Work::Tree(item), ..task }]),
                    Err(Failed::This(why)) => {
                        self.trouble(task.on, &path, why);
                        self.one_done(&task.home);
                    }
                }
            }
        }
    }

    /// Opens the directory on both sides.
    fn open(&self, on: Side, dir: &RelPath, home: Option<&Arc<NewDir>>) -> Result<Both<'a>, SideError> {
        let into = self.apply.side(on).folder(&home.map_or_else(|| dir.clone(), |home| home.place()))?;
        Ok((self.apply.side(on.other()).dir(dir)?, into))
    }

    /// Makes a directory and begins with what is in it.
    fn tree(
        &self,
        on: Side,
        dir: &RelPath,
        home: &Option<Arc<NewDir>>,
        item: &Item,
        path: &RelPath,
    ) -> Result<(), Failed> {
        // Looked at first: a directory that cannot be listed is not made either.
        let listing = self
            .apply
            .ground
            .lists
            .list(on.other(), path)
            .map_err(|error| Failed::This(Why::Unlisted(error.reason)))?;
        let hidden = home.as_ref().filter(|home| home.root.state() == State::Building);
        let (root, place) = match hidden {
            Some(home) => {
                let place = home.place();
                let into = self.apply.side(on).folder(&place)?;
                match self.guard(on, into.create_dir(&item.name, item.source.mode)) {
                    Err(Failed::This(Why::Taken)) => return Err(self.clash(on, path, &place, &item.name)),
                    made => made?,
                }
                (Arc::clone(&home.root), place.join(&item.name))
            }
            None => {
                let root = self.new_root(on, dir, home, item, path)?;
                let place = root.temp_path();
                (root, place)
            }
        };
        let into = self.apply.side(on).folder(&place)?;
        let seen = into.here()?;
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
        self.children(&new, &Arc::new(listing), 0, &*into);
        if new.one_done() {
            self.close_dir(&new, Some(&*into));
        }
        Ok(())
    }

    fn new_root(
        &self,
        on: Side,
        dir: &RelPath,
        home: &Option<Arc<NewDir>>,
        item: &Item,
        path: &RelPath,
    ) -> Result<Arc<Root>, Failed> {
        let into = self.apply.side(on).folder(dir)?;
        // Asked before the work is done: where names clash, it would be done in vain in every run.
        if item.instead.is_none() && into.look(&item.name)?.is_some() {
            return Err(Failed::This(Why::Taken));
        }
        self.note_open(on, dir)?;
        let temp = loop {
            let temp = self.apply.temp_name();
            match into.create_dir(&temp, item.source.mode) {
                // Left by a killed run in a place that nobody remembers.
                Err(error) if is_taken(&error) => {}
                made => {
                    self.guard(on, made)?;
                    break temp;
                }
            }
        };
        let seen = into.look(&temp)?.ok_or(Failed::This(Why::Vanished))?;
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
        Ok(root)
    }

    /// Stages some children of a new directory, and leaves the rest, and what is in them, to whoever comes first.
    fn children(&self, new: &Arc<NewDir>, listing: &Arc<Listing>, at: usize, into: &dyn WriteDir) {
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
            match self.apply.side(new.on.other()).dir(&new.path) {
                Ok(from) => self.leaves(new.on, &new.path, &home, leaves, &*from, into),
                Err(error) => {
                    let text = error.to_string();
                    for item in leaves {
                        self.trouble(new.on, &new.path.join(&item.name), Why::Unlisted(text.clone()));
                        self.one_done(&home);
                    }
                }
            }
        }
    }

    /// Stages files and links.
    fn leaves(
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
            match self.leaf(on, &path, &item, from, into, hidden.is_some()) {
                Ok((temp, source, made)) => {
                    self.count(1, source.size);
                    match hidden {
                        Some(_) => {
                            names.push((Text(item.name.clone()), Stamp::from(&made)));
                            let (a, b) = super::record::in_order(on, &source, &made);
                            entries.push((item.name, a, b));
                            // By those who are left: the last of them closes the directory when it is recorded.
                        }
                        None => lock(&self.staged).push(Staged {
                            on,
                            dir: dir.clone(),
                            name: item.name,
                            temp,
                            source,
                            made,
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

    /// Makes one file or link: in a hidden directory under its final name, else under a temporary one. Gives that name,
    /// the version that was copied, and the copy.
    fn leaf(
        &self,
        on: Side,
        path: &RelPath,
        item: &Item,
        from: &dyn ReadDir,
        into: &dyn WriteDir,
        hidden: bool,
    ) -> Result<(Vec<u8>, Seen, Seen), Failed> {
        let mut like = item.source;
        let mut fresh = item.fresh;
        let mut tries = 0;
        // The same question as for a tree, where the answer saves more than it costs.
        if !hidden && item.instead.is_none() && like.size >= LARGE && into.look(&item.name)?.is_some() {
            return Err(Failed::This(Why::Taken));
        }
        while tries < TRIES {
            let name = if hidden { item.name.clone() } else { self.apply.temp_name() };
            let once = match like.kind {
                Kind::Link => self.link_once(on, path, item, &mut like, from, into, &name),
                _ => self.file_once(on, path, item, &mut like, fresh, from, into, &name),
            };
            match once {
                Ok(Some(made)) => return Ok((name, like, made)),
                Ok(None) => {}
                Err(Failed::This(Why::Taken)) if !hidden => continue,
                // Nobody but this batch writes there.
                Err(Failed::This(Why::Taken)) => return Err(self.clash(on, path, into.path(), &item.name)),
                Err(failed) => return Err(failed),
            }
            tries += 1;
            fresh = false;
        }
        Err(Failed::This(Why::KeepsChanging))
    }

    /// Why a name is taken in a directory that nobody else knows: the side takes two names for one.
    fn clash(&self, on: Side, path: &RelPath, place: &RelPath, name: &[u8]) -> Failed {
        let dir = path.split().map(|(dir, _)| dir).unwrap_or_default();
        let other = self.apply.spelled_otherwise(on, place, name);
        Failed::This(other.map_or(Why::Taken, |other| Why::SameName { by: dir.join(&other) }))
    }

    /// One try; none if the file changed meanwhile. `like` becomes the version that was copied.
    #[expect(clippy::too_many_arguments, reason = "what a copy needs to know")]
    fn file_once(
        &self,
        on: Side,
        path: &RelPath,
        item: &Item,
        like: &mut Seen,
        fresh: bool,
        from: &dyn ReadDir,
        into: &dyn WriteDir,
        name: &[u8],
    ) -> Result<Option<Seen>, Failed> {
        let opened = if fresh { from.open_known(&item.name) } else { from.open(&item.name) };
        let mut content = match opened {
            Ok(content) => content,
            Err(SideError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(Failed::This(Why::Vanished));
            }
            Err(error) => return Err(Failed::This(Why::Source(error))),
        };
        let unread = |source| {
            Failed::This(Why::Source(SideError::Io {
                path: path.clone(),
                what: "read the status of",
                source,
            }))
        };
        if !fresh {
            *like = content.seen().map_err(unread)?;
        }
        self.hook(Point::Staging, on, path)?;
        let said = std::cell::Cell::new(0);
        let report = self.apply.ground.report;
        let mut watch = |bytes: u64| {
            self.written[on as usize].fetch_add(bytes, Ordering::Relaxed);
            let unsaid = said.get() + bytes;
            if unsaid < WORTH_SAYING {
                said.set(unsaid);
                return true;
            }
            said.set(0);
            report.done(path, 0, unsaid);
            report.go_on() && !self.died.load(Ordering::Relaxed)
        };
        let mode =
            item.instead.as_ref().filter(|instead| instead.keep.mode).map(|instead| instead.target.mode);
        // A mode that stays lends only what the new content's mode lends too: the new file has another owner, perhaps.
        let mode = mode.map_or(like.mode, |kept| kept & (like.mode | !BORROWED));
        let wanted = Seen { mode, ..*like };
        let instead = item.instead.as_deref().filter(|instead| instead.target.kind == Kind::File);
        let new = NewFile { name, instead: instead.map(|_| &item.name[..]), like: &wanted };
        let made = match into.create_file(new, &mut *content, &mut watch) {
            Err(SideError::Changed { .. }) => return Ok(None),
            // Whatever took its place since it was listed cannot be copied as a file.
            Err(_) if fresh && content.seen().is_ok_and(|now| now.kind != Kind::File) => {
                return Err(Failed::This(Why::Changed));
            }
            made => self.guard(on, made)?,
        };
        let made = self.given(on, path, (from, &item.name), like, (into, name), &wanted, made, instead)?;
        self.hook(Point::Staged, on, path)?;
        let now = content.seen().map_err(unread)?;
        if same_version(like, &now) && self.is_no_mix(on, like, (from, &item.name), (into, name)) {
            report.done(path, 1, said.get());
            return Ok(Some(made));
        }
        into.remove(name, Kind::File)?;
        Ok(None)
    }

    /// Whether a copy is of one version (S10), where times would not show an edit: then both are read once more. A copy
    /// that cannot be read is compared by the next run.
    fn is_no_mix(
        &self,
        on: Side,
        like: &Seen,
        (from, original): (&dyn ReadDir, &Name),
        (into, copy): (&dyn WriteDir, &Name),
    ) -> bool {
        if !self.doubt.covers(on.other(), like) {
            return true;
        }
        // The next try has the reason.
        let Ok(mut original) = from.open(original) else { return false };
        let side = self.apply.side(on);
        let dir = side.dir(into.path());
        let Ok(mut copy) = dir.and_then(|dir| dir.open(copy)) else { return true };
        let mut go_on = |_| self.apply.ground.report.go_on();
        !matches!(same_bytes(&mut *original, &mut *copy, &mut go_on), Ok(Some(false)))
    }

    #[expect(clippy::too_many_arguments, reason = "what a copy needs to know")]
    fn link_once(
        &self,
        on: Side,
        path: &RelPath,
        item: &Item,
        like: &mut Seen,
        from: &dyn ReadDir,
        into: &dyn WriteDir,
        name: &[u8],
    ) -> Result<Option<Seen>, Failed> {
        let target = match from.read_link(&item.name) {
            Err(SideError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(Failed::This(Why::Vanished));
            }
            target => target?,
        };
        let now = from.look(&item.name)?.ok_or(Failed::This(Why::Vanished))?;
        if !same_version(like, &now) {
            if now.kind != Kind::Link {
                return Err(Failed::This(Why::Changed));
            }
            *like = now;
            return Ok(None);
        }
        self.hook(Point::Staging, on, path)?;
        let made = self.guard(on, into.create_link(name, &target, like))?;
        let wanted = *like;
        let made = self.given(on, path, (from, &item.name), like, (into, name), &wanted, made, None)?;
        self.hook(Point::Staged, on, path)?;
        self.apply.ground.report.done(path, 1, 0);
        Ok(Some(made))
    }

    /// The copy with all that is kept besides, where anything is. What cannot have it is not left behind.
    #[expect(
        clippy::too_many_arguments,
        reason = "an original, a copy, and what the copy takes the place of"
    )]
    fn given(
        &self,
        on: Side,
        path: &RelPath,
        (from, original): (&dyn ReadDir, &[u8]),
        like: &mut Seen,
        (into, name): (&dyn WriteDir, &[u8]),
        wanted: &Seen,
        made: Seen,
        instead: Option<&Instead>,
    ) -> Result<Seen, Failed> {
        if !self.apply.keeps_extras() {
            return Ok(made);
        }
        let (from, copy) = ((from, original), (into, name));
        self.apply.give_to_copy(on, path, from, like, copy, wanted, made, instead).map_err(|why| {
            let _ = into.remove(name, made.kind);
            Failed::This(why)
        })
    }

    /// A child of a directory is done. In a hidden directory the last one closes it; in one that people see that is for
    /// publishing to do.
    fn one_done(&self, home: &Option<Arc<NewDir>>) {
        if let Some(home) = home
            && home.one_done()
        {
            self.close_dir(home, None);
        }
    }

    /// Gives a directory its last mode and time.
    fn close_dir(&self, dir: &NewDir, handle: Option<&dyn WriteDir>) {
        match close_dir(self.apply, dir, handle) {
            Ok(edit) if dir.root.state() == State::Published => lock(&self.edits).push(edit),
            Ok(edit) => lock(&dir.root.made).edits.push(edit),
            Err(error) => self.trouble(dir.on, &dir.path, error.into()),
        }
    }

    /// Turns what the system says about a full disk or a wish to stop into the end of the batch.
    fn guard<T>(&self, on: Side, result: Result<T, SideError>) -> Result<T, Failed> {
        result.map_err(|error| match error {
            SideError::Stopped => {
                self.end(Ending::Canceled);
                Failed::Batch
            }
            SideError::Io { ref source, .. } if is_full(source) => {
                self.end(Ending::NoRoom(on));
                Failed::Batch
            }
            error => error.into(),
        })
    }

    fn note_open(&self, on: Side, dir: &RelPath) -> Result<(), Failed> {
        lock(&self.apply.open).add(on, dir).map_err(|error| {
            *lock(&self.failed) = Some(error);
            self.queue.close();
            Failed::Batch
        })
    }

    fn hook(&self, point: Point, on: Side, path: &RelPath) -> Result<(), Failed> {
        match self.apply.ground.hooks.at(point, on, path) {
            Ok(()) => Ok(()),
            Err(Fault::Io(source)) => {
                self.guard(on, Err(SideError::Io { path: path.clone(), what: "copy the content", source }))
            }
            Err(Fault::Die) => {
                self.died.store(true, Ordering::Relaxed);
                self.queue.close();
                Err(Failed::Batch)
            }
        }
    }

    fn must_stop(&self) -> bool {
        if self.died.load(Ordering::Relaxed) || lock(&self.ending).is_some() || lock(&self.failed).is_some() {
            return true;
        }
        let limits = self.apply.ground.limits;
        if self.entries.load(Ordering::Relaxed) >= limits.entries
            || self.bytes.load(Ordering::Relaxed) >= limits.bytes
            || (self.entries.load(Ordering::Relaxed) > 0 && self.begun.elapsed() >= limits.time)
        {
            self.queue.close();
            return true;
        }
        if !self.apply.ground.report.go_on() {
            self.end(Ending::Canceled);
            return true;
        }
        false
    }

    fn end(&self, ending: Ending) {
        lock(&self.ending).get_or_insert(ending);
        self.queue.close();
    }

    fn count(&self, entries: u64, bytes: u64) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn trouble(&self, on: Side, path: &RelPath, why: Why) {
        self.apply.undone(on, path, why);
    }
}

/// Gives a directory its last mode and time, and tells what the base should know.
pub(super) fn close_dir(
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

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn is_taken(error: &SideError) -> bool {
    matches!(error, SideError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists)
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
