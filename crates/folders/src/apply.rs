//! Carrying a plan out.
//!
//! Everything that appears on a side is made under a temporary name first, in batches: stage, flush, publish, flush,
//! record in the base (S2, S3). A new directory is built whole under one temporary name and published by one rename.
//! Whatever goes away goes to the trash, after a look and before another (S1, S7). The journal says beforehand what is
//! going to be done (S4).

mod act;
mod alike;
mod check;
mod commit;
mod copy;
mod doubt;
mod error;
mod extras;
mod ground;
mod hooks;
mod meta;
mod moves;
mod publish;
mod put;
mod queue;
mod record;
mod recover;
mod refusal;
mod remove;
mod stage;
mod sweep;
mod task;
mod undo;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reconcile::{Action, DirKey, Facets, FileId, Kind, Op, Plan, RelPath, Seen, Settle, Side};
use syncmgr::outcome::SideCounts;

use crate::ancestors::Candidates;
use crate::journal::{Deed, Journal};
use crate::side::SideError;
use crate::side::names::TempName;
use crate::side::write::{WriteDir, WriteSide};
use crate::trash::Trash;

pub(crate) use act::side_of;
use check::same_but_renamed;
pub(crate) use check::same_version;
use doubt::Asked;
use error::Stop;
pub(crate) use error::{ApplyError, Trouble, Why};
pub(crate) use ground::{Ground, Last, Limits, Lists, Report};
pub(crate) use hooks::{Fault, Hooks, NoHooks, Point};
pub(crate) use put::{Put, open_given};
use record::Edit;
pub(crate) use recover::recover;
pub(crate) use sweep::{OpenDirs, Swept, sweep};

/// How a run of actions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All of it was tried.
    Complete,
    /// Somebody stopped it.
    Canceled,
    /// That side takes no more; what was complete is published.
    NoRoom(Side, Room),
}

/// What there is none of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// On the disk.
    Disk,
    /// In what the user may take of it.
    Quota,
}

/// Carries actions out. Everything is recorded when [`finish`](Self::finish) returns.
pub(crate) struct Apply<'a> {
    ground: Ground<'a>,
    trash: [Trash<'a>; 2],
    journal: Mutex<Journal>,
    open: Mutex<OpenDirs>,
    next_temp: AtomicU32,
    /// What the base will be told next.
    edits: Vec<Edit>,
    /// Directories that were made by themselves: their mode and time are set when everything in them is done.
    unfinished: Vec<(Side, RelPath, Seen)>,
    /// What this run made of things that later actions name: they expect this, not what the plan saw.
    ours: HashMap<(Side, RelPath), Seen>,
    /// Where the base has the directories that the plan names: true whatever has been moved so far, and recorded.
    dirs: HashMap<RelPath, DirKey>,
    /// Paths where something was not done as planned: what the plan has there besides, or beneath, rests on it.
    blocked: Mutex<HashSet<RelPath>>,
    /// Inodes whose change time this run moved: a file may have other names, under which it is still what the plan saw.
    stirred: Mutex<HashSet<(Side, FileId)>>,
    /// What files keep that get a new content, and the other side is to get after that.
    news: HashMap<RelPath, Facets>,
    /// Moves that no rename can make, as copies with what is removed after them.
    across: Vec<[Action; 2]>,
    /// What both sides agree on now, as far as it may be worth keeping.
    agreed: Candidates,
    counts: [SideCounts; 2],
    /// Whether what the plan saw on both sides can no longer be lost with the power.
    seen_is_durable: bool,
    /// Whether the base was told of this run already.
    introduced: bool,
    /// The sides' clocks, when they were needed.
    asked: Option<Asked>,
    /// How long until what was recorded as in doubt can be settled, if that is soon.
    in_doubt: Option<Duration>,
}

impl<'a> Apply<'a> {
    pub(crate) fn new(mut ground: Ground<'a>, journal: Journal) -> Self {
        ground.tag = TempName::tag_of(ground.tag, ground.run);
        let trash = ground.sides.map(|side| Trash::new(side, ground.run));
        let open = OpenDirs::new(Arc::clone(journal.notes()), ground.run, ground.tag);
        Self {
            trash,
            journal: Mutex::new(journal),
            open: Mutex::new(open),
            next_temp: AtomicU32::new(1),
            edits: Vec::new(),
            unfinished: Vec::new(),
            ours: HashMap::new(),
            dirs: HashMap::new(),
            blocked: Mutex::default(),
            stirred: Mutex::default(),
            news: HashMap::new(),
            across: Vec::new(),
            agreed: Candidates::default(),
            counts: [SideCounts::default(); 2],
            seen_is_durable: false,
            introduced: false,
            asked: None,
            in_doubt: None,
            ground,
        }
    }

    /// What was changed so far.
    pub(crate) fn counts(&self) -> [SideCounts; 2] {
        self.counts
    }

    /// Whether anything was written anywhere.
    pub(crate) fn wrote(&self) -> bool {
        self.introduced || lock(&self.journal).is_open()
    }

    /// What both sides came to agree on since this was asked last.
    pub(crate) fn take_agreed(&mut self) -> Candidates {
        std::mem::take(&mut self.agreed)
    }

    /// Carries out a whole plan, and takes the actions out of it: those of a hundred thousand names take room that is
    /// needed for the base.
    pub(crate) fn carry_out(&mut self, plan: &mut Plan) -> Result<Ending, ApplyError> {
        let actions = plan.actions.iter().map(|action| (&action.path, action.dir));
        let settle = plan.settle.iter().map(|settle| (&settle.path, settle.dir));
        self.dirs.extend(actions.chain(settle).filter_map(|(path, dir)| Some((path.split()?.0, dir?))));
        self.news = extras::news(&plan.actions);
        // First, so that there is a place in the base for what comes into directories that both sides made.
        self.settle(&plan.settle);
        let mut ending = Ending::Complete;
        // Taken from the end: what is done gives its room back.
        plan.actions.reverse();
        while ending == Ending::Complete
            && let Some(copies) = plan.actions.last().map(is_copy)
        {
            // Copies in parts, so that memory holds what one batch needs, however many actions there are.
            let most = if copies { self.ground.limits.actions() } else { usize::MAX };
            let alike = plan.actions.iter().rev().take(most).take_while(|action| is_copy(action) == copies);
            let first = plan.actions.len() - alike.count();
            let mut group = plan.actions.split_off(first);
            plan.actions.shrink_to_fit();
            group.reverse();
            ending = if copies { self.copy(&group)? } else { self.act(&group)? };
        }
        if ending == Ending::Complete {
            ending = self.settle_alike(&plan.alike)?;
        }
        while ending == Ending::Complete
            && let Some([copy, removal]) = self.across.pop()
        {
            ending = self.copy(std::slice::from_ref(&copy))?;
            if ending == Ending::Complete && !self.is_blocked(&copy.path) {
                ending = self.act(&[removal])?;
            }
        }
        Ok(ending)
    }

    /// Says what both sides agree on already.
    pub(crate) fn settle(&mut self, settle: &[Settle]) {
        self.edits.extend(settle.iter().map(|one| match (&one.agreed, &one.origin) {
            (None, _) => Edit::Forget { path: one.path.clone() },
            (Some((a, b)), None) => Edit::Set { path: one.path.clone(), a: *a, b: *b, fresh: false },
            (Some((a, b)), Some(origin)) => {
                let seen = record::Renamed::Same(*a, *b);
                Edit::Rename { origin: origin.clone(), path: one.path.clone(), seen }
            }
        }));
    }

    /// Writes a line into the journal, to be flushed before the deed.
    pub(crate) fn note(&self, deed: &Deed) {
        lock(&self.journal).add(deed);
    }

    /// One entry could not be synchronized. Whatever went wrong may have left something half-made behind, so the next
    /// run is to look.
    fn trouble(&self, trouble: Trouble) {
        lock(&self.open).left_behind();
        self.ground.report.trouble(self.explained(trouble));
    }

    fn side(&self, side: Side) -> &'a dyn WriteSide {
        self.ground.sides[side as usize]
    }

    fn counts_on(&mut self, side: Side) -> &mut SideCounts {
        &mut self.counts[side as usize]
    }

    /// What to expect on a side: what this run made of it, else what the plan saw.
    fn expected(&self, side: Side, path: &RelPath, planned: &Seen) -> Seen {
        self.ours.get(&(side, path.clone())).copied().unwrap_or(*planned)
    }

    /// Something was not done: it is told, and nothing more is done there.
    fn undone(&self, on: Side, path: &RelPath, why: Why) {
        lock(&self.blocked).insert(path.clone());
        self.trouble(Trouble { on, path: path.clone(), why });
    }

    /// Whether something was not done at `path` or above.
    fn is_blocked(&self, path: &RelPath) -> bool {
        let blocked = lock(&self.blocked);
        if blocked.is_empty() {
            return false;
        }
        let mut at = path.clone();
        loop {
            if blocked.contains(&at) {
                return true;
            }
            match at.split() {
                Some((above, _)) => at = above,
                None => return false,
            }
        }
    }

    /// Whether what is there now is the version that is expected, but for what this run itself did to it.
    fn is_still(&self, on: Side, expected: &Seen, now: &Seen) -> bool {
        same_version(expected, now)
            || (same_but_renamed(expected, now) && lock(&self.stirred).contains(&(on, now.id)))
    }

    /// This run renamed it or set its metadata.
    fn stir(&self, on: Side, seen: &Seen) {
        if seen.kind == Kind::File {
            lock(&self.stirred).insert((on, seen.id));
        }
    }

    /// A temporary name that this run has not given yet.
    fn temp_name(&self) -> Vec<u8> {
        TempName { tag: self.ground.tag, number: self.next_temp.fetch_add(1, Ordering::Relaxed) }.to_name()
    }

    fn hook(&self, point: Point, on: Side, path: &RelPath) -> Result<(), Stop> {
        match self.ground.hooks.at(point, on, path) {
            Ok(()) => Ok(()),
            Err(Fault::Io(source)) => {
                Err(Stop::Why(SideError::Io { path: path.clone(), what: "go on with", source }.into()))
            }
            Err(Fault::Die) => Err(Stop::Died),
        }
    }

    /// Opens the directory that a path is in.
    fn parent_of(&self, side: Side, path: &RelPath) -> Result<(Box<dyn WriteDir>, Vec<u8>), SideError> {
        let (dir, name) = split(path);
        Ok((self.side(side).folder(&dir)?, name))
    }
}

/// Whether an action copies something, and so is staged.
fn is_copy(action: &Action) -> bool {
    match &action.op {
        Op::Create { source, whole, .. } => *whole || source.kind != Kind::Dir,
        Op::Replace { .. } => true,
        _ => false,
    }
}

/// The directory and the name of a path; the root, which no action names, has neither.
fn split(path: &RelPath) -> (RelPath, Vec<u8>) {
    path.split().map_or_else(|| (RelPath::root(), Vec::new()), |(dir, name)| (dir, name.to_vec()))
}

/// A lock whose holder panicked protects nothing that could be half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
