//! Following a pair: a change on a side is synchronized soon after it was made, without a look at anything else.
//!
//! What is remembered are doubts, never changes: an event says only that a directory is not known any more. What
//! follows from it is planned afresh from base, A and B, in that scope alone. So a lost event costs a wider look, and a
//! wrong one a look for nothing; our own writes are such (S12).

mod eye;
mod found;
mod inotify;
mod pace;
mod places;

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reconcile::{RelPath, Scope};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use syncmgr::outcome::{Counts, Outcome, Problem};

use crate::look::{Look, LookError};
use crate::options::{ChangeRequest, RunOptions};
use crate::roots::RootFault;
use crate::scan;
use eye::{Blind, Doubt, Event, Eye};
use found::Found;
use inotify::Buffer;
use pace::{Pace, Taken};

pub use found::Ground;

/// Now and then it is checked that the roots are still where they were: nobody is told when a directory above one is
/// renamed, or something is mounted over it.
const CHECK_ROOTS: Duration = Duration::from_secs(5);
/// A root that is away is waited for, at first so long from one try to the next, then longer.
const FIRST_TRY: Duration = Duration::from_secs(1);
const LONGEST_TRY: Duration = Duration::from_secs(30);
/// Where directories cannot be watched, everything is looked at so often, or less often if a look takes long.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How much of the time may go into looking then.
const LOOK_SHARE: u32 = 20;
/// After so many looks it is tried to watch again: perhaps the limit was raised.
const LOOKS: usize = 10;
/// Where directories are watched, everything is looked at so often all the same: some changes are told to nobody, as
/// those of a file that has another name elsewhere.
const LOOK_AT_ALL: Duration = Duration::from_secs(3600);
/// A directory that was moved away comes at once, if it comes at all.
const MOVE: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Deletions that follow each other more closely than this are one sweep, of which guards count all.
const SWEEP: Duration = Duration::from_secs(60);

/// Who starts runs for a [`Follower`], and hears from it.
pub trait Runner: Sync {
    /// Runs the pair with this request, and gives what came of it when it has ended. `consent` is the runner's to add.
    fn run(&self, change: ChangeRequest) -> Ended;

    /// Something that a person should know.
    fn tell(&self, news: News);
}

/// What a run came to.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// What it changed.
    pub counts: Counts,
}

/// How following goes.
#[derive(Debug, Clone)]
pub enum News {
    /// Both sides are followed from now on.
    Following {
        /// How many directories are watched.
        directories: usize,
        /// How long it took to begin.
        took: Duration,
    },
    /// A side is not there, or not what it was: it is waited for.
    Away(Problem),
    /// Directories cannot be watched: everything is looked at now and then.
    Periodic {
        /// Why, and what to do.
        problem: Problem,
        /// How often.
        every: Duration,
    },
}

/// Follows one pair until it is stopped.
#[derive(Debug)]
pub struct Follower {
    state: Mutex<State>,
    changed: Condvar,
    /// Wakes the thread that waits for events.
    wake: OwnedFd,
    /// The next events are lost, and an overflow is told instead.
    #[cfg(test)]
    pub(crate) lose: std::sync::atomic::AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    pace: Pace,
    /// A root is not where it was.
    lost: bool,
    /// Watching is over.
    blind: Option<Blind>,
    /// The thread that waits for events is to end.
    closing: bool,
    stopped: bool,
}

/// What is remembered of looks and runs that came to nothing.
#[derive(Debug, Default)]
struct Memory {
    /// What a run refused to do: asking again would only be refused again.
    refused: Option<[u8; 32]>,
    /// What a run could not do: it waits for its time, whatever it has become (S10).
    tried: BTreeSet<RelPath>,
    /// What could not be synchronized, and was told.
    errors: BTreeSet<RelPath>,
    /// What was told of roots.
    away: Option<String>,
    /// It was told that directories cannot be watched.
    blind: Option<Blind>,
    sweep: Sweep,
}

/// By how much the sides shrink in runs that follow each other closely.
#[derive(Debug, Default)]
struct Sweep {
    lost: [u64; 2],
    last: Option<Instant>,
}

/// Why attending to a pair has ended.
enum End {
    Stopped,
    Lost,
    Blind(Blind),
}

impl Follower {
    /// A follower that follows nothing yet.
    ///
    /// # Errors
    /// The system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            wake,
            #[cfg(test)]
            lose: std::sync::atomic::AtomicBool::default(),
        })
    }

    /// Ends [`follow`](Self::follow), from another thread. A run that is under way must be stopped by whoever runs it.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Whether it was told to stop.
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Follows the pair: runs it once, then after each change. Comes back when it is stopped.
    pub fn follow(&self, ground: &Ground<'_>, runner: &dyn Runner) {
        let mut memory = Memory::default();
        let mut pause = FIRST_TRY;
        while !self.is_stopped() {
            let began = Instant::now();
            let options = RunOptions::default();
            let eye = match Look::open(ground.ask(&options)) {
                Ok(look) => Eye::open(&look),
                Err(error) => {
                    self.away(&error, runner, &mut memory);
                    self.sleep(pause);
                    pause = (pause * 2).min(LONGEST_TRY);
                    continue;
                }
            };
            (pause, memory.away) = (FIRST_TRY, None);
            let end = match eye {
                Ok(eye) => {
                    memory.blind = None;
                    runner.tell(News::Following { directories: eye.directories(), took: began.elapsed() });
                    self.attend(ground, runner, eye, &mut memory)
                }
                Err(blind) => End::Blind(blind),
            };
            match end {
                End::Stopped => return,
                End::Lost => {}
                End::Blind(blind) => self.look_now_and_then(ground, runner, blind, &mut memory),
            }
        }
    }

    /// A root is not what it must be: the state of the item is told by a run, once, and the return is waited for.
    fn away(&self, error: &LookError, runner: &dyn Runner, memory: &mut Memory) {
        let problem = error.problem();
        if memory.away.as_ref() != Some(&problem.text) {
            memory.away = Some(problem.text.clone());
            runner.run(ChangeRequest { scope: Scope::whole(), ..ChangeRequest::default() });
            runner.tell(News::Away(problem));
        }
    }

    /// Follows with an eye on every directory.
    fn attend(&self, ground: &Ground<'_>, runner: &dyn Runner, mut eye: Eye, memory: &mut Memory) -> End {
        let mut state = self.lock();
        *state = State { stopped: state.stopped, ..State::default() };
        drop(state);
        let every = if eye.misses_some() { LOOK_EVERY } else { LOOK_AT_ALL };
        std::thread::scope(|scope| {
            scope.spawn(|| self.watch(&mut eye));
            // Whatever was there before is synchronized; whatever happens meanwhile is in doubt afterwards.
            self.lock().pace.begin(Instant::now());
            self.run(ground, runner, &Scope::whole(), memory);
            let end = self.answer(ground, runner, every, memory);
            self.lock().closing = true;
            // It is only ever written here, so there is room for a one.
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
            end
        })
    }

    /// Answers doubts, one after the other.
    fn answer(&self, ground: &Ground<'_>, runner: &dyn Runner, every: Duration, memory: &mut Memory) -> End {
        let identities =
            || Look::open(ground.ask(&RunOptions::default())).ok().map(|look| look.roots.identities);
        let roots = identities();
        let mut looked = Instant::now();
        loop {
            let taken = match self.next() {
                Err(end) => return end,
                Ok(taken) => taken,
            };
            if let Some(Taken { scope, due }) = taken {
                match ground.look(&scope, self) {
                    Ok(found) if memory.is_known(&found, due) => self.remember(&found, due, memory),
                    Ok(_) => self.run(ground, runner, &scope, memory),
                    Err(error) if is_away(&error) => return End::Lost,
                    // Somebody else works on the pair, or on the base.
                    Err(_) => self.lock().pace.hold(scope, Instant::now()),
                }
                continue;
            }
            let now = identities();
            if now.is_none() || now != roots {
                return End::Lost;
            }
            if looked.elapsed() >= every {
                looked = Instant::now();
                self.lock().pace.changed_beneath(&RelPath::root(), looked);
            }
        }
    }

    /// What is to be looked at next; nothing if it is time to check the roots.
    fn next(&self) -> Result<Option<Taken>, End> {
        let check = Instant::now() + CHECK_ROOTS;
        let mut state = self.lock();
        loop {
            if state.stopped {
                return Err(End::Stopped);
            }
            if let Some(blind) = state.blind {
                return Err(End::Blind(blind));
            }
            if state.lost {
                return Err(End::Lost);
            }
            let now = Instant::now();
            if let Some(taken) = state.pace.take(now) {
                return Ok(Some(taken));
            }
            if now >= check {
                return Ok(None);
            }
            let until = state.pace.ready_at().map_or(check, |ready| ready.min(check));
            state = self
                .changed
                .wait_timeout(state, until.saturating_duration_since(now))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn run(&self, ground: &Ground<'_>, runner: &dyn Runner, scope: &Scope, memory: &mut Memory) {
        let lost = memory.sweep.lost(Instant::now());
        let Ended { outcome, counts } =
            runner.run(ChangeRequest { scope: scope.clone(), lost, consent: false });
        memory.sweep.add(&counts, Instant::now());
        memory.refused = None;
        memory.tried.clear();
        if matches!(outcome, Outcome::Done | Outcome::NeedsDecision) {
            memory.errors.clear();
            self.lock().pace.settled();
            return;
        }
        // What is left of it waits.
        match ground.look(scope, self) {
            Ok(found) => {
                if outcome == Outcome::SafetyStop {
                    memory.refused = found.to_do;
                }
                memory.tried.clone_from(&found.paths);
                self.remember(&found, true, memory);
            }
            Err(_) => self.lock().pace.hold(scope.clone(), Instant::now()),
        }
    }

    fn remember(&self, found: &Found, tried: bool, memory: &mut Memory) {
        memory.errors.clone_from(&found.errors);
        let (unsettled, now) = (found.unsettled.clone(), Instant::now());
        let pace = &mut self.lock().pace;
        if unsettled.is_empty() {
            pace.settled();
        } else if tried {
            pace.hold(unsettled, now);
        } else {
            pace.keep(unsettled, now);
        }
    }

    /// What is left where directories cannot be watched.
    fn look_now_and_then(&self, ground: &Ground<'_>, runner: &dyn Runner, blind: Blind, memory: &mut Memory) {
        if memory.blind.replace(blind) != Some(blind) {
            runner.tell(News::Periodic { problem: blind.problem(), every: LOOK_EVERY });
            self.run(ground, runner, &Scope::whole(), memory);
        }
        let mut every = LOOK_EVERY;
        for _ in 0..LOOKS {
            self.sleep(every);
            if self.is_stopped() {
                return;
            }
            let began = Instant::now();
            match ground.look(&Scope::whole(), self) {
                Ok(found) if memory.is_known(&found, true) => memory.errors = found.errors,
                Ok(_) => self.run(ground, runner, &Scope::whole(), memory),
                Err(error) if is_away(&error) => return,
                Err(_) => {}
            }
            every = LOOK_EVERY.max(began.elapsed() * LOOK_SHARE);
        }
    }

    /// Waits for events and passes the doubts on.
    fn watch(&self, eye: &mut Eye) {
        let mut buffer = Buffer::new();
        // What woke another one is not for this one.
        let _ = rustix::io::read(&self.wake, &mut [0_u8; 8]);
        while !self.lock().closing {
            let source = eye.source();
            let mut ready = [
                PollFd::new(&source, PollFlags::IN),
                PollFd::from_borrowed_fd(self.wake.as_fd(), PollFlags::IN),
            ];
            let timeout = eye.awaits().then_some(&MOVE);
            let happened = poll(&mut ready, timeout);
            let doubts = match happened {
                Ok(0) => eye.settle(),
                Err(rustix::io::Errno::INTR) => continue,
                Err(errno) => Err(Blind::Refused(errno)),
                Ok(_) => eye.read(&mut buffer).and_then(|events| eye.learn(&self.as_read(events))),
            };
            match doubts {
                Ok(doubts) => self.doubt(doubts),
                Err(blind) => {
                    self.lock().blind = Some(blind);
                    self.changed.notify_all();
                    return;
                }
            }
        }
    }

    fn doubt(&self, doubts: Vec<Doubt>) {
        if doubts.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut state = self.lock();
        for doubt in doubts {
            match doubt {
                Doubt::Dir(dir) => state.pace.changed(&dir, now),
                Doubt::Tree(dir) => state.pace.changed_beneath(&dir, now),
                Doubt::Renamed(from, to) => state.pace.renamed(&from, &to, now),
                Doubt::Lost => state.lost = true,
            }
        }
        drop(state);
        self.changed.notify_all();
    }

    /// What was read, unless a test has the kernel lose it.
    fn as_read(&self, events: Vec<Event>) -> Vec<Event> {
        #[cfg(test)]
        if self.lose.swap(false, std::sync::atomic::Ordering::SeqCst) {
            return vec![(-1, inotify::What::Overflow, Vec::new())];
        }
        events
    }

    /// Waits, unless it is stopped.
    fn sleep(&self, time: Duration) {
        let state = self.lock();
        let _ = self.changed.wait_timeout_while(state, time, |state| !state.stopped);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl scan::Watch for Follower {
    fn canceled(&self) -> bool {
        self.is_stopped()
    }
}

impl Memory {
    /// Whether there is nothing to run for. What was tried is tried again when it is `due`.
    fn is_known(&self, found: &Found, due: bool) -> bool {
        let waits = !due && found.paths.is_subset(&self.tried);
        (found.to_do.is_none() || found.to_do == self.refused || waits)
            && !found.conflicts
            && found.errors.is_subset(&self.errors)
    }
}

impl Sweep {
    /// What each side has lost up to now.
    fn lost(&mut self, now: Instant) -> [u64; 2] {
        if self.last.is_none_or(|last| now.saturating_duration_since(last) > SWEEP) {
            self.lost = [0; 2];
        }
        self.lost
    }

    /// A run ended. What is made anew while other things go is no loss: programs that write a file beside the old one do
    /// so all day.
    fn add(&mut self, counts: &Counts, now: Instant) {
        self.lost(now);
        for (lost, side) in self.lost.iter_mut().zip([&counts.a, &counts.b]) {
            *lost = (*lost + side.deleted).saturating_sub(side.created);
        }
        if counts.a.deleted + counts.b.deleted > 0 {
            self.last = Some(now);
        }
    }
}

/// Whether a look failed because a root is not what it must be.
fn is_away(error: &LookError) -> bool {
    matches!(error, LookError::Root(error) if !matches!(error.fault, RootFault::Busy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(to_do: &[&str], errors: &[&str]) -> Found {
        let rel = |path: &&str| RelPath::from_bytes(path.as_bytes()).unwrap_or_default();
        Found {
            to_do: (!to_do.is_empty()).then(|| *blake3::hash(to_do.join("\n").as_bytes()).as_bytes()),
            paths: to_do.iter().map(rel).collect(),
            errors: errors.iter().map(rel).collect(),
            ..Found::default()
        }
    }

    #[test]
    fn s12_nothing_to_do_is_nothing_to_run_for() {
        let memory = Memory::default();
        assert!(memory.is_known(&found(&[], &[]), true));
        assert!(!memory.is_known(&found(&["x"], &[]), true));
        assert!(!memory.is_known(&found(&[], &["unreadable"]), true));
    }

    #[test]
    fn what_was_told_is_not_told_again() {
        let told = found(&[], &["unreadable"]);
        let memory = Memory { errors: told.errors.clone(), ..Memory::default() };
        assert!(memory.is_known(&told, true));
        assert!(!memory.is_known(&found(&[], &["unreadable", "another"]), true));
    }

    #[test]
    fn s6_what_was_refused_is_not_asked_for_again_unless_it_is_something_else() {
        let refused = found(&["x", "y"], &[]);
        let memory = Memory { refused: refused.to_do, ..Memory::default() };
        assert!(memory.is_known(&refused, true));
        assert!(!memory.is_known(&found(&["x"], &[]), true));
    }

    #[test]
    fn s6_a_sweep_is_all_that_is_lost_in_quick_succession() {
        let counts = |created, deleted| Counts {
            b: syncmgr::outcome::SideCounts { created, deleted, ..Default::default() },
            ..Counts::default()
        };
        let (begin, mut sweep) = (Instant::now(), Sweep::default());
        let at = |secs| begin + Duration::from_secs(secs);
        sweep.add(&counts(0, 100), at(0));
        sweep.add(&counts(0, 50), at(50));
        // A file that is written beside the old one, and takes its name.
        sweep.add(&counts(1, 1), at(60));
        assert_eq!(sweep.lost(at(100)), [0, 150]);
        assert_eq!(sweep.lost(at(121)), [0, 0]);
    }

    #[test]
    fn s10_what_was_tried_waits_until_it_is_due_and_keeps_nothing_else_waiting() {
        let memory = Memory { tried: found(&["hot"], &[]).paths, ..Memory::default() };
        assert!(memory.is_known(&found(&["hot"], &[]), false));
        assert!(!memory.is_known(&found(&["hot"], &[]), true));
        assert!(!memory.is_known(&found(&["hot", "other"], &[]), false));
    }
}
