//! Staging: making what is to appear, under names that nobody sees.
//!
//! A batch is worked on by several threads, which share a queue of tasks: whole [trees], and the [leaves] of one
//! directory, each of them [copied](leaf) and checked. This is what they have in common: the batch's limits, its end, and
//! what came of it.

mod leaf;
mod leaves;
mod trees;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reconcile::path::Name;
use reconcile::{RelPath, Side};

use super::doubt::Doubt;
use super::queue::Queue;
use super::task::{NewDir, Root, Staged, State, Task, Work};
use super::{Apply, ApplyError, Edit, Ending, Fault, Point, Room, Why, lock};
use crate::side::write::WriteDir;
use crate::side::{ReadDir, SideError};
use trees::Hand;
pub(super) use trees::close_dir;

/// Names that are staged by one thread in one go.
pub(super) const CHUNK: usize = 256;
/// What the disk is given to do while more is staged.
const EARLY: u64 = 32 * 1024 * 1024;
/// How often somebody looks whether there is that much.
const PACE: Duration = Duration::from_millis(5);

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
    /// Nothing more is begun, for whatever reason: asked for each file.
    over: AtomicBool,
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

impl<E: Into<Why>> From<E> for Failed {
    fn from(error: E) -> Self {
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
            over: AtomicBool::new(false),
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
        let mut hand = None;
        while let Some(task) = self.queue.take() {
            self.carry_out(&mut hand, task);
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

    fn carry_out(&self, hand: &mut Hand, task: Task) {
        if task.home.as_ref().is_some_and(|home| home.root.state() == State::Failed) {
            return;
        }
        if self.must_stop() {
            self.queue.add([task]);
            return;
        }
        let Task { on, dir, home, work } = task;
        match work {
            Work::Leaves(items) => self.some_leaves(on, &dir, &home, items),
            Work::Children(listing, at) => {
                if let Some(home) = &home {
                    self.more_children(home, &listing, at);
                }
            }
            Work::Tree(item) => {
                let path = dir.join(&item.name);
                match self.tree(hand, on, &dir, &home, &item, &path) {
                    Ok(()) => {}
                    Err(Failed::Batch) => self.queue.add([Task { on, dir, home, work: Work::Tree(item) }]),
                    Err(Failed::This(why)) => {
                        self.trouble(on, &path, why);
                        self.one_done(&home);
                    }
                }
            }
        }
    }

    /// Opens a directory on both sides: to read from, and to write into where it is now.
    fn both(&self, on: Side, dir: &RelPath, place: &RelPath) -> Result<Both<'a>, SideError> {
        let into = self.apply.side(on).folder(place)?;
        Ok((self.apply.side(on.other()).dir(dir)?, into))
    }

    /// The directory of these names cannot be opened: each of them has its own reason, even if it is the same.
    fn unlisted<'n>(
        &self,
        on: Side,
        dir: &RelPath,
        home: &Option<Arc<NewDir>>,
        names: impl Iterator<Item = &'n Name>,
        error: &SideError,
    ) {
        let text = error.to_string();
        for name in names {
            self.trouble(on, &dir.join(name), Why::Unlisted(text.clone()));
            self.one_done(home);
        }
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

    /// Turns what the system says about a full disk or a wish to stop into the end of the batch.
    fn guard<T>(&self, on: Side, result: Result<T, SideError>) -> Result<T, Failed> {
        result.map_err(|error| match error {
            SideError::Stopped => {
                self.end(Ending::Canceled);
                Failed::Batch
            }
            SideError::Io { ref source, .. } => match no_room(source) {
                Some(room) => {
                    self.end(Ending::NoRoom(on, room));
                    Failed::Batch
                }
                None => error.into(),
            },
            error => error.into(),
        })
    }

    fn note_open(&self, on: Side, dir: &RelPath) -> Result<(), Failed> {
        lock(&self.apply.open).add(on, dir).map_err(|error| {
            *lock(&self.failed) = Some(error);
            self.close();
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
                self.close();
                Err(Failed::Batch)
            }
        }
    }

    fn must_stop(&self) -> bool {
        if self.over.load(Ordering::Relaxed) {
            return true;
        }
        let limits = self.apply.ground.limits;
        if self.entries.load(Ordering::Relaxed) >= limits.entries
            || self.bytes.load(Ordering::Relaxed) >= limits.bytes
            || (self.entries.load(Ordering::Relaxed) > 0 && self.begun.elapsed() >= limits.time)
        {
            self.close();
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
        self.close();
    }

    /// Nothing more is begun.
    fn close(&self) {
        self.over.store(true, Ordering::Relaxed);
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

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn is_taken(error: &SideError) -> bool {
    matches!(error, SideError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists)
}

fn no_room(error: &io::Error) -> Option<Room> {
    match error.kind() {
        io::ErrorKind::StorageFull => Some(Room::Disk),
        io::ErrorKind::QuotaExceeded => Some(Room::Quota),
        _ => None,
    }
}
