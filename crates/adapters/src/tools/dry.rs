//! What a tool would do, by its own dry run.

use std::process::Command;
use std::time::Duration;

use syncmgr::outcome::{Counts, Problem, ProblemClass};
use syncmgr::plan::{EntryKind, PlanSide, PlannedAction, PlannedNote, RowList};
use syncmgr::{Level, Outcome};

use crate::parse::{Fact, Reader, Stream, Tally};
use crate::process::{self, Ended, Follower, Input, Stopping, Wish};
use crate::verdict::{Tool, Verdict};

/// How many rows are kept; beyond, they are counted.
const ROWS: usize = 200_000;
/// How long a dry run has to end when nobody waits for it any more.
const GRACE: Duration = Duration::from_secs(2);

/// What was seen.
pub(super) struct Seen {
    pub(super) rows: RowList,
    pub(super) counts: Counts,
    /// What was there before at the target, if the tool tells.
    pub(super) there: Option<u64>,
    pub(super) verdict: Verdict,
    /// How many rows there were beyond those that are kept.
    pub(super) more: usize,
}

/// Runs a dry run to its end, or until nobody waits for it: `look` is called several times a second with how many rows
/// there are.
pub(super) fn run(command: Command, tool: Tool, look: &mut dyn FnMut(u64) -> bool) -> Seen {
    let mut follow = Follow {
        reader: Reader::new(tool.parser()),
        facts: Vec::new(),
        tally: Tally::default(),
        rows: RowList::default(),
        more: 0,
        look,
    };
    let verdict = match process::run(command, Input::Nothing, GRACE, &mut follow) {
        Ok(Ended { exit, stopped }) => {
            follow.reader.end(&mut follow.facts);
            follow.take();
            tool.verdict(exit, &follow.tally, stopped.is_some())
        }
        Err(error) => {
            let text = format!("{} cannot be run: {}", tool.name(), syncmgr::reason(&error));
            Verdict { outcome: Outcome::Failed, problem: Some(Problem::new(ProblemClass::Config, text)) }
        }
    };
    let Follow { tally, rows, more, .. } = follow;
    Seen { rows, counts: tally.counts(), there: tally.there_before(), verdict, more }
}

struct Follow<'l> {
    reader: Reader,
    facts: Vec<Fact>,
    tally: Tally,
    rows: RowList,
    more: usize,
    look: &'l mut dyn FnMut(u64) -> bool,
}

impl Follow<'_> {
    fn take(&mut self) {
        for fact in std::mem::take(&mut self.facts) {
            self.tally.add(&fact);
            if self.rows.actions.len() + self.rows.notes.len() >= ROWS {
                self.more += usize::from(matches!(fact, Fact::Did { .. } | Fact::Told { .. }));
                continue;
            }
            match fact {
                Fact::Did { verb, path } => {
                    let kind = if path.ends_with('/') { EntryKind::Directory } else { EntryKind::File };
                    let path = path.trim_end_matches('/').as_bytes().to_vec();
                    let why = "as its dry run says".to_owned();
                    let side = PlanSide::B;
                    self.rows.actions.push(PlannedAction {
                        verb,
                        side,
                        path,
                        from: None,
                        kind,
                        entries: 1,
                        size: 0,
                        why,
                    });
                }
                Fact::Told { level, about, text } => {
                    let path = about.unwrap_or_default().into_bytes();
                    self.rows.notes.push(PlannedNote { path, is_error: level == Level::Error, text });
                }
                _ => {}
            }
        }
    }
}

impl Follower for Follow<'_> {
    fn output(&mut self, from: Stream, bytes: &[u8]) {
        self.reader.read(from, bytes, &mut self.facts);
        self.take();
    }

    fn look(&mut self) -> Wish {
        if (self.look)((self.rows.actions.len() + self.more) as u64) { Wish::GoOn } else { Wish::Kill }
    }

    fn stopping(&mut self, _how: Stopping) {}
}
