//! The one line that says how an item stands: the worst fact wins, and nothing is green that was not seen to be.

use syncmgr::Outcome;

/// How an item stands, from worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Headline {
    /// A guard stopped the last run before anything was touched.
    SafetyStop,
    /// The last run did nothing useful.
    Failed,
    /// No good run for longer than it should take.
    Overdue,
    /// Conflicts wait for a decision.
    Conflicts,
    /// Its handler does not answer a request to stop, or has fallen silent.
    NotResponding,
    /// The last run could not synchronize some entries.
    Gaps,
    /// The last run was stopped, or its program went away.
    Interrupted,
    /// There was no run yet.
    NeverRun,
    /// A condition is not met, a request waits, or nothing was seen yet since the center was started.
    Waiting,
    /// Nobody wants it synchronized for now.
    Paused,
    /// The last run was clean.
    UpToDate,
}

impl Headline {
    /// All of them, the worst first.
    pub const ALL: [Self; 11] = [
        Self::SafetyStop,
        Self::Failed,
        Self::Overdue,
        Self::Conflicts,
        Self::NotResponding,
        Self::Gaps,
        Self::Interrupted,
        Self::NeverRun,
        Self::Waiting,
        Self::Paused,
        Self::UpToDate,
    ];

    /// The word used in the API and the command line's JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::SafetyStop => "safety_stop",
            Self::Failed => "failed",
            Self::Overdue => "overdue",
            Self::Conflicts => "conflicts",
            Self::NotResponding => "not_responding",
            Self::Gaps => "gaps",
            Self::Interrupted => "interrupted",
            Self::NeverRun => "never_run",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::UpToDate => "up_to_date",
        }
    }

    /// What a person reads.
    pub fn label(self) -> &'static str {
        match self {
            Self::SafetyStop => "safety stop",
            Self::Failed => "failed",
            Self::Overdue => "overdue",
            Self::Conflicts => "conflicts",
            Self::NotResponding => "not responding",
            Self::Gaps => "done with gaps",
            Self::Interrupted => "interrupted",
            Self::NeverRun => "never run",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::UpToDate => "up to date",
        }
    }

    /// Whether a person should look at it.
    pub fn needs_attention(self) -> bool {
        self <= Self::Interrupted
    }
}

/// What is known of an item. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What the last run came to.
    pub last: Option<Outcome>,
    /// What the last run came to that tells how the item stands: one that was stopped or could not begin does not.
    pub verdict: Option<Outcome>,
    /// Error events and entries that failed in the last run.
    pub errors: u64,
    /// Open conflicts.
    pub conflicts: u64,
    /// When the last good run ended.
    pub last_good: Option<i64>,
    /// When it is overdue, if no good run comes before.
    pub overdue_at: Option<i64>,
    /// Only runs since then count as seen; none: all of them.
    pub trusted_since: Option<i64>,
    /// Its handler does not answer.
    pub not_responding: bool,
    /// A request waits for its turn, or what is due for something that it needs.
    pub waiting: bool,
    /// Paused or disabled by a person.
    pub paused: bool,
    /// The time.
    pub now: i64,
}

/// How an item with these facts stands: the worst that any of them says.
pub fn headline(facts: &Facts) -> Headline {
    let said = [facts.verdict, facts.last].into_iter().flatten().map(of_outcome);
    let overdue = facts.overdue_at.is_some_and(|at| facts.now > at);
    let unseen =
        facts.trusted_since.is_some_and(|since| facts.last_good.is_none_or(|last_good| last_good < since));
    said.chain(
        [
            (facts.last.is_none(), Headline::NeverRun),
            (overdue, Headline::Overdue),
            (facts.conflicts > 0, Headline::Conflicts),
            (facts.not_responding, Headline::NotResponding),
            // It says "done", but it reported errors.
            (facts.errors > 0, Headline::Gaps),
            (facts.waiting || unseen, Headline::Waiting),
            (facts.paused, Headline::Paused),
        ]
        .into_iter()
        .filter_map(|(holds, headline)| holds.then_some(headline)),
    )
    .min()
    .unwrap_or(Headline::NeverRun)
}

fn of_outcome(outcome: Outcome) -> Headline {
    match outcome {
        Outcome::Done => Headline::UpToDate,
        Outcome::Pending | Outcome::Waiting | Outcome::Disconnected => Headline::Waiting,
        Outcome::Canceled | Outcome::Interrupted => Headline::Interrupted,
        Outcome::NeedsDecision => Headline::Conflicts,
        Outcome::Gaps => Headline::Gaps,
        Outcome::SafetyStop => Headline::SafetyStop,
        // Failed, and whatever may be added: not knowing better is no reason for green.
        _ => Headline::Failed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLEAN: Facts = Facts {
        last: Some(Outcome::Done),
        verdict: Some(Outcome::Done),
        errors: 0,
        conflicts: 0,
        last_good: Some(900),
        overdue_at: None,
        trusted_since: None,
        not_responding: false,
        waiting: false,
        paused: false,
        now: 1000,
    };

    fn after(outcome: Outcome) -> Facts {
        Facts { last: Some(outcome), verdict: Some(outcome), ..CLEAN }
    }

    #[test]
    fn each_headline_has_its_facts() {
        let cases = [
            (after(Outcome::SafetyStop), Headline::SafetyStop),
            (after(Outcome::Failed), Headline::Failed),
            (Facts { overdue_at: Some(999), ..CLEAN }, Headline::Overdue),
            (Facts { overdue_at: Some(1000), ..CLEAN }, Headline::UpToDate),
            (Facts { conflicts: 1, ..CLEAN }, Headline::Conflicts),
            (after(Outcome::NeedsDecision), Headline::Conflicts),
            (Facts { not_responding: true, ..CLEAN }, Headline::NotResponding),
            (after(Outcome::Gaps), Headline::Gaps),
            (Facts { errors: 1, ..CLEAN }, Headline::Gaps),
            (Facts { last: Some(Outcome::Interrupted), ..CLEAN }, Headline::Interrupted),
            (Facts { last: Some(Outcome::Canceled), ..CLEAN }, Headline::Interrupted),
            (Facts { last: None, verdict: None, last_good: None, ..CLEAN }, Headline::NeverRun),
            (Facts { last: Some(Outcome::Waiting), ..CLEAN }, Headline::Waiting),
            (Facts { last: Some(Outcome::Disconnected), ..CLEAN }, Headline::Waiting),
            (after(Outcome::Pending), Headline::Waiting),
            (Facts { waiting: true, ..CLEAN }, Headline::Waiting),
            (Facts { paused: true, ..CLEAN }, Headline::Paused),
            (CLEAN, Headline::UpToDate),
        ];
        for (facts, expected) in cases {
            assert_eq!(headline(&facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn a_run_that_tells_nothing_does_not_hide_what_the_one_before_found() {
        for silent in [Outcome::Waiting, Outcome::Canceled, Outcome::Interrupted, Outcome::Disconnected] {
            let facts = Facts { last: Some(silent), ..after(Outcome::SafetyStop) };
            assert_eq!(headline(&facts), Headline::SafetyStop, "{silent:?}");
        }
    }

    #[test]
    fn green_needs_a_clean_run_since_the_start() {
        assert_eq!(headline(&Facts { trusted_since: Some(950), ..CLEAN }), Headline::Waiting);
        assert_eq!(headline(&Facts { trusted_since: Some(850), ..CLEAN }), Headline::UpToDate);
    }

    #[test]
    fn an_item_that_never_ran_can_be_overdue() {
        let new = Facts { last: None, verdict: None, last_good: None, ..CLEAN };
        assert_eq!(headline(&Facts { overdue_at: Some(500), ..new }), Headline::Overdue);
        assert_eq!(headline(&Facts { overdue_at: Some(1500), ..new }), Headline::NeverRun);
    }

    fn outcomes() -> impl Strategy<Value = Option<Outcome>> {
        proptest::option::of(proptest::sample::select(vec![
            Outcome::Done,
            Outcome::Pending,
            Outcome::Waiting,
            Outcome::Disconnected,
            Outcome::Canceled,
            Outcome::Interrupted,
            Outcome::NeedsDecision,
            Outcome::Gaps,
            Outcome::Failed,
            Outcome::SafetyStop,
        ]))
    }

    proptest! {
        #[test]
        fn a_worse_fact_never_makes_a_better_headline(
            last in outcomes(), verdict in outcomes(), errors in 0_u64..2, conflicts in 0_u64..2,
            switches in any::<[bool; 3]>(), overdue in any::<bool>(),
        ) {
            let [not_responding, waiting, paused] = switches;
            let overdue_at = overdue.then_some(1);
            let facts =
                Facts { last, verdict, errors, conflicts, not_responding, waiting, paused, overdue_at, ..CLEAN };
            let all = headline(&facts);
            let without = [
                Facts { errors: 0, ..facts },
                Facts { conflicts: 0, ..facts },
                Facts { not_responding: false, ..facts },
                Facts { waiting: false, ..facts },
                Facts { paused: false, ..facts },
                Facts { overdue_at: None, ..facts },
            ];
            for fewer in without {
                prop_assert!(headline(&fewer) >= all);
            }
            if all == Headline::UpToDate {
                prop_assert_eq!(last, Some(Outcome::Done));
                prop_assert_eq!(errors + conflicts, 0);
            }
        }
    }
}
