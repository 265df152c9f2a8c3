//! Carrying a plan out.
//!
//! Everything that appears on a side is made under a temporary name first, in batches: stage, flush, publish, flush,
//! record in the base (S2, S3). A new directory is built whole under one temporary name and published by one rename.
//! Whatever goes away goes to the trash, after a look and before another (S1, S7). The journal says beforehand what is
//! going to be done (S4).

mod alike;
mod check;
mod copy;
mod doubt;
mod extras;
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

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use reconcile::{
    Action, DirKey, Facets, FileId, Kind, Listing, Op, Plan, Policy, RelPath, Seen, Settle, Side, Unreadable,
};
use syncmgr::RunId;
use syncmgr::outcome::SideCounts;

use crate::ancestors::Candidates;
use crate::base::{BaseError, BaseStore, RootIdentity, Transaction};
use crate::journal::{Deed, Journal, JournalError, Stamp};
use crate::side::SideError;
use crate::side::names::TempName;
use crate::side::write::{WriteDir, WriteSide};
use crate::trash::Trash;

use check::same_but_renamed;
pub(crate) use check::same_version;
use doubt::Asked;
pub(crate) use hooks::{Fault, Hooks, NoHooks, Point};
pub(crate) use put::{Put, open_given};
use record::Edit;
pub(crate) use recover::recover;
pub(crate) use sweep::{OpenDirs, sweep};

/// How much is done before it is published and recorded: a killed run loses at most that, and memory holds at most that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Files, links and directories.
    pub(crate) entries: u64,
    /// Bytes of content.
    pub(crate) bytes: u64,
    /// How long it is staged: on a slow disk a few files take as long as thousands on a fast one.
    pub(crate) time: Duration,
    /// How many threads copy.
    pub(crate) threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 16384, bytes: 1 << 30, time: Duration::from_secs(4), threads: copy::threads() }
    }
}

impl Limits {
    /// How many actions are begun together.
    fn actions(&self) -> usize {
        usize::try_from(self.entries).unwrap_or(usize::MAX).max(1)
    }
}

/// Whoever wants to know how it goes, and may stop it.
pub(crate) trait Report: Sync {
    /// So many more entries and bytes are done; `path` is the latest.
    fn done(&self, path: &RelPath, entries: u64, bytes: u64);
    /// Whether to go on.
    fn go_on(&self) -> bool;
    /// A flush begins: nothing will be heard until it is done.
    fn flushing(&self) {}
    /// One entry could not be synchronized; the others go on (S9).
    fn trouble(&self, trouble: Trouble);
}

/// Reads directories as planning did: without what filters leave out.
pub(crate) trait Lists: Sync {
    /// The children of a directory.
    fn list(&self, side: Side, dir: &RelPath) -> Result<Listing, Unreadable>;
}

/// Why one entry could not be synchronized.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// The side where it went wrong.
    pub(crate) on: Side,
    /// Where.
    pub(crate) path: RelPath,
    /// Why.
    pub(crate) why: Why,
}

/// Why something was not done. Nothing was lost in any of these cases.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    /// The system refused.
    #[error(transparent)]
    Side(SideError),
    /// The system refused to let the version on the other side be read.
    #[error(transparent)]
    Source(SideError),
    /// All of it is there, but these parts were refused.
    #[error("{0} cannot be set: {1}")]
    Extras(Facets, #[source] SideError),
    /// A directory could not be listed.
    #[error("cannot be listed: {0}")]
    Unlisted(String),
    /// What is there is not what the plan saw (S1).
    #[error("changed after this run had looked at it")]
    Changed,
    /// It changed each time while it was copied (S10).
    #[error("keeps changing while it is copied")]
    KeepsChanging,
    /// What was to be copied is gone.
    #[error("disappeared after this run had looked at it")]
    Vanished,
    /// What is to come back is not in the trash any more.
    #[error("is not in the trash any more")]
    NotInTrash,
    /// Something in a new tree could neither be completed nor removed: the tree is not shown (S2).
    #[error("something in it could neither be completed nor removed again")]
    HalfMade,
    /// Something has appeared where nothing was (S1).
    #[error("something with this name has appeared after this run had looked")]
    Taken,
    /// The side takes this name and another for one (S1).
    #[error("is the same name as {by} to that file system, which holds only one of them")]
    SameName {
        /// The name that is there.
        by: RelPath,
    },
    /// The file system cannot hold the name.
    #[error("has a name that the file system cannot hold")]
    Name,
    /// The file system has no symbolic links.
    #[error("is a symbolic link, and the file system has none")]
    NoLinks,
    /// No rename leads there.
    #[error("has moved to where another file system is mounted")]
    OtherSystem,
}

impl From<SideError> for Why {
    fn from(error: SideError) -> Self {
        match error {
            SideError::Changed { .. } => Self::Changed,
            SideError::Io { ref source, .. } if source.kind() == io::ErrorKind::AlreadyExists => Self::Taken,
            SideError::Io { ref source, .. } if source.kind() == io::ErrorKind::CrossesDevices => {
                Self::OtherSystem
            }
            error => Self::Side(error),
        }
    }
}

/// What ends a run before it is done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The journal cannot be written: nothing may be done.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The base cannot be written.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// A side cannot make its writes durable (S3).
    #[error("{side:?}: {error}")]
    Flush {
        /// The side.
        side: Side,
        /// Why.
        #[source]
        error: SideError,
    },
    /// The list of places with half-made things cannot be written.
    #[error("cannot write down where half-made files are: {}", syncmgr::reason(.0))]
    Open(#[source] io::Error),
    /// Only in tests: killed on purpose.
    #[error("killed")]
    Died,
}

/// How a run of actions ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// All of it was tried.
    Complete,
    /// Somebody stopped it.
    Canceled,
    /// That side is full; what was complete is published.
    NoRoom(Side),
}

/// Says the last things to the base.
pub(crate) type Last<'l> = dyn Fn(&mut dyn Transaction) -> Result<(), BaseError> + 'l;

/// What applying stands on.
pub(crate) struct Ground<'a> {
    pub(crate) sides: [&'a dyn WriteSide; 2],
    pub(crate) lists: &'a dyn Lists,
    pub(crate) base: &'a dyn BaseStore,
    pub(crate) run: RunId,
    /// Marks the temporary names of this pair (its upper half does).
    pub(crate) tag: u32,
    /// False deletes for good what the run took away, once all is recorded.
    pub(crate) keep_trash: bool,
    pub(crate) limits: Limits,
    pub(crate) report: &'a dyn Report,
    pub(crate) hooks: &'a dyn Hooks,
    /// As the plan was made.
    pub(crate) policy: &'a Policy,
    /// What the roots are, for the base to know them again.
    pub(crate) identities: &'a [RootIdentity; 2],
    /// How long ago this run began to look at the sides.
    pub(crate) since_looking: Box<dyn Fn() -> Duration + Sync + 'a>,
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

    /// Records everything and removes what was only needed meanwhile. `last` has the last word in the base, and is
    /// asked only if something was written anyway (S12).
    pub(crate) fn finish(&mut self, last: &Last<'_>) -> Result<(), ApplyError> {
        self.finish_directories();
        if self.edits.is_empty() && !self.wrote() {
            return Ok(());
        }
        self.commit(Some(last))?;
        if !self.ground.keep_trash {
            self.purge();
        }
        lock(&self.open).close();
        if let Some(soon) = self.in_doubt {
            // So that the next run settles what was recorded as in doubt, however soon it comes.
            thread::sleep(soon);
        }
        Ok(())
    }

    /// What is done at once, without staging: directories, moves, metadata, removals.
    fn act(&mut self, actions: &[Action]) -> Result<Ending, ApplyError> {
        for chunk in chunks(actions) {
            for action in chunk {
                self.foretell(action);
            }
            lock(&self.journal).flush()?;
            if !self.seen_is_durable && chunk.iter().any(|action| matches!(action.op, Op::Remove { .. })) {
                // What is taken away here because it is gone or renamed there must not come back there with the power:
                // the next run would take it for deleted here.
                self.flush(&Side::BOTH)?;
                self.seen_is_durable = true;
            }
            for (at, action) in chunk.iter().enumerate() {
                if !self.ground.report.go_on() {
                    for action in &chunk[at..] {
                        self.note(&Deed::Void {
                            on: side_of(&action.op).into(),
                            path: (&action.path).into(),
                        });
                    }
                    return Ok(Ending::Canceled);
                }
                self.act_on(action)?;
            }
            if self.edits.len() as u64 >= self.ground.limits.entries {
                self.commit(None)?;
            }
        }
        Ok(Ending::Complete)
    }

    /// Writes into the journal what an action is going to do.
    fn foretell(&self, action: &Action) {
        let path = (&action.path).into();
        let deed = match &action.op {
            Op::Create { on, source, .. } => {
                let (dir, name) = split(&action.path);
                let made = Seen { id: FileId::default(), ..*source };
                Deed::Create {
                    on: (*on).into(),
                    dir: (&dir).into(),
                    made: vec![(crate::journal::Text(name), Stamp::from(&made))],
                }
            }
            Op::Move { on, at, seen, .. } => {
                Deed::Move { on: (*on).into(), from: at.into(), to: path, seen: seen.into() }
            }
            Op::KeepBoth { renamed_on, from, seen } => {
                Deed::Move { on: (*renamed_on).into(), from: from.into(), to: path, seen: seen.into() }
            }
            Op::Meta { on, source, target, what } => Deed::Meta {
                on: (*on).into(),
                path,
                before: target.into(),
                mode: what.mode.then_some(source.mode),
                mtime: what.mtime.then_some((source.mtime.secs, source.mtime.nanos)),
                extras: self.extras_before(*on, &action.path, *what),
            },
            Op::Remove { on, target, .. } => Deed::Remove { on: (*on).into(), path, old: target.into() },
            // Staged first: foretold when it is known what will be there.
            Op::Replace { .. } => return,
        };
        self.note(&deed);
    }

    fn act_on(&mut self, action: &Action) -> Result<(), ApplyError> {
        let path = &action.path;
        if self.is_blocked(path) {
            self.note(&Deed::Void { on: side_of(&action.op).into(), path: path.into() });
            return Ok(());
        }
        let result = match &action.op {
            Op::Create { on, source, .. } => self.make_directory(*on, path, source),
            Op::Move { on, at, origin, seen, source, same, .. } => {
                self.move_one(*on, at, path, seen, Some((origin, same.then_some(source))))
            }
            Op::KeepBoth { renamed_on, from, seen } => self.move_one(*renamed_on, from, path, seen, None),
            Op::Meta { on, source, target, what } => self.follow_meta(*on, path, source, target, *what),
            Op::Remove { on, target, tally } => self.remove(*on, path, target, tally),
            Op::Replace { .. } => return Ok(()),
        };
        match result {
            Ok(()) => self.ground.report.done(path, 1, 0),
            Err(Stop::Why(Why::OtherSystem)) if self.goes_across(action) => {}
            Err(Stop::Why(why)) => {
                let on = side_of(&action.op);
                self.note(&Deed::Void { on: on.into(), path: path.into() });
                self.undone(on, path, why);
            }
            Err(Stop::Died) => return Err(ApplyError::Died),
        }
        Ok(())
    }

    /// Makes what was done durable and tells the base (S3).
    fn commit(&mut self, last: Option<&Last<'_>>) -> Result<(), ApplyError> {
        let edits = std::mem::take(&mut self.edits);
        if !edits.is_empty() {
            self.flush(&Side::BOTH)?;
        }
        self.hook(Point::Committing, Side::A, &RelPath::root()).map_err(|_| ApplyError::Died)?;
        for edit in &edits {
            edit.candidates(&mut self.agreed);
        }
        let doubt = self.doubt();
        let mut txn = self.ground.base.begin()?;
        let news = record::write(&mut *txn, edits, &self.dirs, &doubt)?;
        if !news && !self.wrote() {
            // What was in doubt still is: that is no reason to write (S12).
            return Ok(());
        }
        if !self.introduced {
            for side in Side::BOTH {
                txn.set_root(side, &self.ground.identities[side as usize])?;
            }
        }
        if let Some(last) = last {
            last(&mut *txn)?;
        }
        txn.commit()?;
        self.introduced = true;
        let mut journal = lock(&self.journal);
        if journal.is_open() {
            journal.add(&Deed::Recorded);
            // Read only after a kill: a machine that was down is looked at anew.
            journal.hand_over()?;
        }
        drop(journal);
        self.in_doubt = self.in_doubt.max(doubt.soon_over());
        self.hook(Point::Committed, Side::A, &RelPath::root()).map_err(|_| ApplyError::Died)
    }

    fn flush(&self, sides: &[Side]) -> Result<(), ApplyError> {
        let mut flushed = BTreeSet::new();
        for &side in sides {
            self.ground.report.flushing();
            self.flush_one(side, &mut flushed)?;
        }
        Ok(())
    }

    /// A failure is told once by the system: it ends the run, whoever meets it.
    fn flush_one(&self, side: Side, flushed: &mut BTreeSet<u64>) -> Result<(), ApplyError> {
        self.side(side).flush(flushed).map_err(|error| ApplyError::Flush { side, error })
    }

    fn purge(&self) {
        for side in Side::BOTH {
            match self.trash[side as usize].purge() {
                Ok(true) => self.note(&Deed::Purged { on: side.into() }),
                Ok(false) => {}
                Err(error) => {
                    let path = RelPath::root();
                    self.trouble(Trouble { on: side, path, why: error.into() });
                }
            }
        }
        // Without this line undo finds the trash empty, and says so just as well.
        let _ = lock(&self.journal).flush();
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

/// Why one deed was not done.
enum Stop {
    /// Goes into the results; the others go on.
    Why(Why),
    /// Only in tests.
    Died,
}

impl<E: Into<Why>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Why(error.into())
    }
}

/// The side that is changed.
pub(crate) fn side_of(op: &Op) -> Side {
    match op {
        Op::Create { on, .. }
        | Op::Replace { on, .. }
        | Op::Meta { on, .. }
        | Op::Remove { on, .. }
        | Op::Move { on, .. } => *on,
        Op::KeepBoth { renamed_on, .. } => *renamed_on,
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

/// Parts of a group that are foretold together. Moves stay together: the base learns of all of them at once, so that
/// names can change places.
fn chunks(actions: &[Action]) -> impl Iterator<Item = &[Action]> {
    const CHUNK: usize = 4096;
    let moves = actions
        .iter()
        .rposition(|action| !matches!(action.op, Op::Remove { .. } | Op::Meta { .. }))
        .map_or(0, |last| last + 1);
    let (first, rest) = actions.split_at(moves);
    std::iter::once(first).filter(|first| !first.is_empty()).chain(rest.chunks(CHUNK))
}

/// The directory and the name of a path; the root, which no action names, has neither.
fn split(path: &RelPath) -> (RelPath, Vec<u8>) {
    path.split().map_or_else(|| (RelPath::root(), Vec::new()), |(dir, name)| (dir, name.to_vec()))
}

/// A lock whose holder panicked protects nothing that could be half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
