//! When to look: soon after a change, but not in the middle of many; and less and less often where looking did not help.
//!
//! Pure: it is told the time.

use std::time::{Duration, Instant};

use reconcile::{RelPath, Scope};

/// A change is looked at when nothing more has changed for that long,
const QUIET: Duration = Duration::from_millis(50);
/// and at the latest so long after it.
const LATEST: Duration = Duration::from_millis(500);
/// What could not be settled is tried again after that,
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// then after twice as long each time, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What happened is told later than that it happened, but not so much later.
const LAG: Duration = Duration::from_secs(10);

/// What is in doubt, and since when.
#[derive(Debug, Default)]
pub(super) struct Pace {
    fresh: Scope,
    /// What was taken lately, and when. A directory in it may have had another name already when it was looked at: then
    /// the look has missed it.
    taken: Vec<(Instant, Scope)>,
    /// The first and the last change in `fresh`.
    since: Option<(Instant, Instant)>,
    held: Option<Held>,
}

/// What is to be looked at now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) scope: Scope,
    /// The pause of what could not be settled is over.
    pub(super) due: bool,
}

/// What could not be settled.
#[derive(Debug)]
struct Held {
    scope: Scope,
    until: Instant,
    pause: Duration,
}

impl Pace {
    /// Everything is looked at, without having been in doubt.
    pub(super) fn begin(&mut self, now: Instant) {
        self.taken.push((now, Scope::whole()));
    }

    /// The entries of a directory have changed.
    pub(super) fn changed(&mut self, dir: &RelPath, now: Instant) {
        self.fresh.add_dir(dir.clone());
        self.note(now);
    }

    /// A directory may have changed with all beneath.
    pub(super) fn changed_beneath(&mut self, dir: &RelPath, now: Instant) {
        self.fresh.add_tree(dir.clone());
        self.note(now);
    }

    /// A directory has another name: what is in doubt in it stays so.
    pub(super) fn renamed(&mut self, from: &RelPath, to: &RelPath, now: Instant) {
        self.fresh.follow(from, to);
        if let Some(held) = &mut self.held {
            held.scope.follow(from, to);
        }
        for (_, taken) in &mut self.taken {
            let moved = taken.moved(from, to);
            self.fresh.add(&moved);
            taken.add(&moved);
        }
        self.note(now);
    }

    fn note(&mut self, now: Instant) {
        let first = self.since.map_or(now, |(first, _)| first);
        self.since = Some((first, now));
    }

    /// When there will be something to look at, if nothing more happens.
    pub(super) fn ready_at(&self) -> Option<Instant> {
        let fresh = self.since.map(|(first, last)| (last + QUIET).min(first + LATEST));
        let held = self.held.as_ref().map(|held| held.until);
        fresh.into_iter().chain(held).min()
    }

    /// What is to be looked at now, if it is time. What could not be settled is always part of it, so that the outcome
    /// of a run tells of it.
    pub(super) fn take(&mut self, now: Instant) -> Option<Taken> {
        if self.ready_at().is_none_or(|ready| ready > now) {
            return None;
        }
        self.since = None;
        let mut scope = std::mem::take(&mut self.fresh);
        let mut due = false;
        if let Some(held) = &mut self.held {
            scope.add(&held.scope);
            due = held.until <= now;
            if due {
                held.until = now + held.pause;
            }
        }
        // The last one stays however long its look takes.
        let last = self.taken.pop();
        self.taken.retain(|(at, _)| now.saturating_duration_since(*at) < LAG);
        self.taken.extend(last);
        self.taken.push((now, scope.clone()));
        Some(Taken { scope, due })
    }

    /// All that was taken is settled.
    pub(super) fn settled(&mut self) {
        self.held = None;
    }

    /// Of what was taken, this could not be settled although it was tried: it waits, longer each time.
    pub(super) fn hold(&mut self, scope: Scope, now: Instant) {
        let before = self.held.take().filter(|held| held.scope == scope);
        let pause = before.map_or(FIRST_PAUSE, |held| (held.pause * 2).min(LONGEST_PAUSE));
        self.held = Some(Held { scope, until: now + pause, pause });
    }

    /// Of what was taken, this is not settled, and was not tried because its pause is not over.
    pub(super) fn keep(&mut self, scope: Scope, now: Instant) {
        match &mut self.held {
            Some(held) => held.scope = scope,
            None => self.hold(scope, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rel(path: &str) -> RelPath {
        RelPath::from_bytes(path.as_bytes()).unwrap()
    }

    fn dirs(scope: &Scope) -> Vec<String> {
        scope.dirs().map(ToString::to_string).collect()
    }

    /// A clock that is set by hand, in milliseconds.
    struct Clock(Instant);

    impl Clock {
        fn at(&self, millis: u64) -> Instant {
            self.0 + Duration::from_millis(millis)
        }
    }

    fn clock() -> Clock {
        Clock(Instant::now())
    }

    #[test]
    fn one_change_is_looked_at_after_a_moment_of_quiet() {
        let (clock, mut pace) = (clock(), Pace::default());
        assert_eq!(pace.ready_at(), None);
        pace.changed(&rel("x"), clock.at(0));
        assert_eq!(pace.ready_at(), Some(clock.at(50)));
        assert_eq!(pace.take(clock.at(49)), None);
        assert_eq!(pace.take(clock.at(50)).map(|taken| dirs(&taken.scope)), Some(vec!["x".to_owned()]));
        assert_eq!((pace.ready_at(), pace.take(clock.at(60))), (None, None));
    }

    #[test]
    fn many_changes_are_looked_at_together_but_not_for_ever_later() {
        let (clock, mut pace) = (clock(), Pace::default());
        for at in (0..480).step_by(40) {
            assert_eq!(pace.take(clock.at(at)), None);
            pace.changed(&rel(&format!("d{at:03}")), clock.at(at));
        }
        assert_eq!(pace.ready_at(), Some(clock.at(490)));
        pace.changed(&rel("last"), clock.at(480));
        assert_eq!(pace.ready_at(), Some(clock.at(500)));
        assert_eq!(pace.take(clock.at(500)).map(|taken| dirs(&taken.scope).len()), Some(13));
    }

    #[test]
    fn s10_what_keeps_changing_is_tried_again_after_growing_pauses() {
        let (clock, mut pace) = (clock(), Pace::default());
        pace.changed(&rel("hot"), clock.at(0));
        let mut now = 50;
        let scope = pace.take(clock.at(now)).unwrap().scope;
        let mut pauses = Vec::new();
        for _ in 0..8 {
            pace.hold(scope.clone(), clock.at(now));
            // It changes again: it is looked at soon, but not tried.
            pace.changed(&rel("hot"), clock.at(now + 1));
            let taken = pace.take(clock.at(now + 51)).unwrap();
            assert!(!taken.due);
            pace.keep(taken.scope, clock.at(now + 51));
            let pause = pace.ready_at().unwrap().duration_since(clock.at(now)).as_secs();
            pauses.push(pause);
            now += pause * 1000;
            assert!(pace.take(clock.at(now)).unwrap().due);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn what_waits_is_looked_at_with_every_other_change() {
        let (clock, mut pace) = (clock(), Pace::default());
        pace.changed(&rel("hot"), clock.at(0));
        let taken = pace.take(clock.at(50)).unwrap();
        pace.hold(taken.scope, clock.at(50));
        pace.changed(&rel("other"), clock.at(60));
        let taken = pace.take(clock.at(110)).unwrap();
        assert_eq!(dirs(&taken.scope), ["hot", "other"]);
        pace.settled();
        assert_eq!(pace.ready_at(), None);
    }

    #[test]
    fn a_renamed_directory_keeps_its_doubts() {
        let (clock, mut pace) = (clock(), Pace::default());
        pace.changed(&rel("x/y"), clock.at(0));
        pace.renamed(&rel("x"), &rel("z"), clock.at(1));
        assert_eq!(
            pace.take(clock.at(51)).map(|taken| dirs(&taken.scope)),
            Some(vec!["x/y".to_owned(), "z/y".to_owned()])
        );
    }
    #[test]
    fn a_directory_that_was_renamed_before_it_was_looked_at_is_looked_at_again() {
        let (clock, mut pace) = (clock(), Pace::default());
        pace.changed(&rel("x/y"), clock.at(0));
        assert!(pace.take(clock.at(50)).is_some());
        // It is told now, but who knows since when it is so.
        pace.renamed(&rel("x"), &rel("z"), clock.at(60));
        pace.renamed(&rel("z"), &rel("w"), clock.at(61));
        assert_eq!(dirs(&pace.take(clock.at(111)).unwrap().scope), ["w/y", "z/y"]);
    }
}
