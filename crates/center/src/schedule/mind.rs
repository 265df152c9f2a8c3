//! What the scheduler remembers of an item, and what it saw of it last.

use std::sync::Arc;

use settings::schedule::Schedule;
use store::{ItemState, ScheduleState};
use syncmgr::Outcome;
use syncmgr::handler::SyncItem;

use super::book::{Found, Key};
use super::changes::{Follow, Followed};
use super::decide::{Ended, Standing};
use crate::center::Inner;
use crate::verdict::Started;

/// When an item that could not be followed is tried again.
const FOLLOW_AGAIN: i64 = 60_000;

/// What the scheduler remembers of an item.
pub(super) struct Mind {
    pub(super) schedule: Arc<Schedule>,
    pub(super) found: Found,
    /// The run that it started.
    pub(super) started: Option<Started>,
    pub(super) look_at: Option<i64>,
    /// The facts that were decided upon last: while they are the same, only time makes a difference.
    pub(super) seen: Option<Seen>,
    pub(super) follow: Option<Follow>,
    /// The item that is followed: another object is another item.
    pub(super) followed: Option<Arc<dyn SyncItem>>,
    pub(super) follow_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) running: bool,
    pub(super) standing: Owned,
    pub(super) paused_until: Option<i64>,
    pub(super) last: Option<Ended>,
    pub(super) verdict: Option<Ended>,
    pub(super) before: Option<i64>,
    pub(super) changed: bool,
    pub(super) is_unmet: bool,
    pub(super) is_overdue: bool,
}

/// A [`Standing`] that can be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owned {
    Free,
    Disabled,
    Refused(String),
}

impl Owned {
    pub(super) fn standing(&self) -> Standing<'_> {
        match self {
            Self::Free => Standing::Free,
            Self::Disabled => Standing::Disabled,
            Self::Refused(why) => Standing::Refused(why),
        }
    }
}

/// What the center itself knows of an item just now.
pub(super) struct Now {
    pub(super) running: bool,
    pub(super) standing: Owned,
    pub(super) item: Arc<dyn SyncItem>,
}

impl Mind {
    pub(super) fn new(schedule: Arc<Schedule>, state: ScheduleState) -> Self {
        Self {
            schedule,
            found: Found { state, ..Found::default() },
            started: None,
            look_at: None,
            seen: None,
            follow: None,
            followed: None,
            follow_at: i64::MIN,
        }
    }

    /// Follows the item while it is to be followed.
    pub(super) fn keep_following(&mut self, inner: &Arc<Inner>, key: &Key, present: &Now, now: i64) {
        let wanted = self.schedule.watches() && present.standing != Owned::Disabled;
        let same = self.followed.as_ref().is_some_and(|item| Arc::ptr_eq(item, &present.item));
        if !wanted || !same {
            (self.follow, self.followed, self.follow_at) = (None, None, i64::MIN);
        }
        if !wanted || self.follow.is_some() || now < self.follow_at {
            return;
        }
        self.followed = Some(Arc::clone(&present.item));
        self.follow_at = now.saturating_add(FOLLOW_AGAIN);
        match Follow::begin(inner, &key.0, &key.1) {
            Ok(follow) => self.follow = Some(follow),
            Err(why) => self.found.followed = Some(Followed::Not(why)),
        }
    }

    pub(super) fn waits_to_follow(&self, now: i64) -> bool {
        self.schedule.watches() && self.follow.is_none() && self.follow_at <= now
    }

    pub(super) fn followed_now(&self) -> Option<Followed> {
        match &self.follow {
            Some(follow) => Some(Followed::News(follow.news())),
            None => self.found.followed.clone().filter(|followed| matches!(followed, Followed::Not(_))),
        }
    }
}

/// The last run that ended, as the store has it.
pub(super) fn ended(kept: &ItemState) -> Option<Ended> {
    let last = kept.last_run.as_ref()?;
    Some(Ended {
        started: last.started,
        outcome: last.result.outcome?,
        class: last.result.problem.as_ref().map(|problem| problem.class),
        is_good: kept.last_good.is_some_and(|(run, _)| run == last.run),
    })
}

/// What a run that was started came to, if it has ended.
pub(super) fn verdict(started: &Started, (_, item): &Key, state: &ScheduleState) -> Option<Ended> {
    let verdict = started.verdict()?;
    let end = verdict.items.iter().find(|end| end.item == *item);
    let outcome = end.map_or(verdict.result.outcome, |end| end.outcome);
    let errors = verdict.result.errors + end.map_or(0, |end| end.counts.errors);
    Some(Ended {
        started: state.begun?,
        outcome,
        class: end.and_then(|end| end.problem.as_ref()).map(|problem| problem.class),
        is_good: matches!(outcome, Outcome::Done | Outcome::NeedsDecision) && errors == 0,
    })
}
