//! What makes a plan so unlikely that a person must look at it first (S5, S6). A guard counts entries that the base
//! knows: what a mirror clears away for the first time is asked about in another way, and moves lose nothing.

use crate::entry::{Kind, Side};
use crate::plan::{Op, Plan};

/// From how many entries of the base up a share of them means anything.
const MEANINGFUL: u64 = 10;
/// From how many entries of the base up an emptied side is suspicious.
const EMPTIED: u64 = 2;
/// The share of deletions that is allowed where nobody says anything else.
const DEFAULT: MaxDelete = MaxDelete::Percent(50);

/// The limit on deletions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaxDelete {
    /// At most that many entries.
    Count(u64),
    /// At most that share of the base's entries, 0 to 100.
    Percent(u8),
}

impl std::fmt::Display for MaxDelete {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

/// How much both sides had agreed on before the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaseCounts {
    /// Files, links and directories.
    pub entries: u64,
    /// Files alone.
    pub files: u64,
}

/// Why a plan is not carried out until a person approves of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// A side has nothing in it any more.
    Emptied {
        /// The side.
        side: Side,
        /// What the base knows of.
        entries: u64,
    },
    /// Too much would be deleted on a side.
    Deletions {
        /// The side.
        side: Side,
        /// Entries that would go.
        deleted: u64,
        /// What the base knows of.
        of: u64,
        /// The limit.
        limit: MaxDelete,
    },
    /// Every file that stays on a side would get other content.
    Everything {
        /// The side.
        side: Side,
        /// Files whose content would be replaced.
        replaced: u64,
        /// What the base knows of.
        of: u64,
    },
}

impl Stop {
    /// The side that it is about.
    pub fn side(&self) -> Side {
        match *self {
            Self::Emptied { side, .. } | Self::Deletions { side, .. } | Self::Everything { side, .. } => side,
        }
    }

    /// What happened and how to go on, in terms of what people call A and B.
    pub fn sentence(&self, names: [&str; 2]) -> String {
        let name = |side: Side| names[side as usize];
        match self {
            Self::Emptied { side, entries } => format!(
                "{} is empty, although {} were there after the last run. Nothing was touched. If its drive is not \
                 connected, connect it; if it was emptied on purpose, run again with --approve.",
                name(*side),
                counted(*entries, "entry", "entries"),
            ),
            Self::Deletions { side, deleted, of, limit } => format!(
                "{} of {} would be deleted on {}, more than the limit of {limit}. Nothing was touched. Look at the \
                 plan with `instep preview`; if it is right, run again with --approve, or set another --max-delete.",
                deleted,
                counted(*of, "entry", "entries"),
                name(*side),
            ),
            Self::Everything { side, replaced, of } => format!(
                "All files that are left on {} would get other content ({replaced} of {}), which is how an accident \
                 or malicious encryption looks. Nothing was touched. Look at the files on {}; if they are as they \
                 should be, run again with --approve.",
                name(*side),
                counted(*of, "file", "files"),
                name(side.other()),
            ),
        }
    }
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.sentence(["A", "B"]))
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// All reasons why a plan must not be carried out unseen; none: it may be. `limit` is what the person set, if anything.
pub fn stops(plan: &Plan, base: BaseCounts, limit: Option<MaxDelete>) -> Vec<Stop> {
    stops_after([0; 2], plan, base, limit)
}

/// The same where the plan is one of several that follow each other closely, as when changes are synchronized while
/// they are made: `lost` is by how many entries each side shrank in those before it. Cut into slices, too many deletions
/// are too many all the same.
pub fn stops_after(lost: [u64; 2], plan: &Plan, base: BaseCounts, limit: Option<MaxDelete>) -> Vec<Stop> {
    let emptied = |side: &Side| plan.emptied[*side as usize] && base.entries >= EMPTIED;
    let mut stops: Vec<Stop> = Side::BOTH
        .into_iter()
        .filter(emptied)
        .map(|side| Stop::Emptied { side, entries: base.entries })
        .collect();
    for side in Side::BOTH {
        let losses = Losses::of(plan, side);
        // That all goes with the other side is said already.
        if !emptied(&side.other()) {
            stops.extend(losses.too_many(side, lost[side as usize], base, limit));
        }
        stops.extend(losses.everything(side, base));
    }
    stops
}

/// Whether a first run would take anything away: a person must agree to that beforehand.
pub fn first_run_needs_consent(plan: &Plan) -> bool {
    plan.actions.iter().any(|action| matches!(action.op, Op::Remove { .. } | Op::Replace { .. }))
}

/// What one side loses.
#[derive(Default)]
struct Losses {
    /// Entries in all.
    deleted: u64,
    /// Such that the base knows.
    agreed: u64,
    /// Files among them.
    files: u64,
    /// Files that get other content.
    replaced: u64,
}

impl Losses {
    fn of(plan: &Plan, side: Side) -> Self {
        let mut losses = Self::default();
        for action in &plan.actions {
            match &action.op {
                Op::Remove { on, tally, .. } if *on == side => losses.lose(tally),
                Op::Replace { on, source, target, removed, .. } if *on == side => {
                    if source.kind != target.kind {
                        losses.lose(removed);
                    } else if target.kind == Kind::File && removed.agreed > 0 {
                        losses.replaced += 1;
                    }
                }
                _ => {}
            }
        }
        losses
    }

    fn lose(&mut self, tally: &crate::plan::Tally) {
        self.deleted += tally.entries();
        self.agreed += tally.agreed;
        self.files += tally.files;
    }

    fn too_many(&self, side: Side, lost: u64, base: BaseCounts, limit: Option<MaxDelete>) -> Option<Stop> {
        if self.deleted == 0 {
            return None;
        }
        // As if what was lost before were part of it.
        let entries = base.entries + lost;
        let (deleted, stop) = match limit.unwrap_or(DEFAULT) {
            // "At most that many" is meant as it is said, whatever the base knows.
            MaxDelete::Count(most) => (self.deleted + lost, self.deleted + lost > most),
            MaxDelete::Percent(most) => {
                let deleted = self.agreed + lost;
                let meaningful = limit.is_some() || entries >= MEANINGFUL;
                let share = u128::from(deleted) * 100 > u128::from(entries) * u128::from(most);
                (deleted, self.agreed > 0 && meaningful && share)
            }
        };
        let limit = limit.unwrap_or(DEFAULT);
        stop.then_some(Stop::Deletions { side, deleted, of: entries, limit })
    }

    fn everything(&self, side: Side, base: BaseCounts) -> Option<Stop> {
        let all = self.replaced + self.files >= base.files && self.replaced * 2 > base.files;
        (base.files >= MEANINGFUL && all).then_some(Stop::Everything {
            side,
            replaced: self.replaced,
            of: base.files,
        })
    }
}
