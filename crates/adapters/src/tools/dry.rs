//! What a tool would do, by its own dry run.

use std::process::Command;
use std::time::Duration;

use syncmgr::outcome::{Counts, Problem, ProblemClass};
use syncmgr::plan::{EntryKind, PlanSide, PlannedAction, PlannedNote, RowList, Verb};
use syncmgr::{Level, Outcome};

use super::Answers;
use crate::parse::{Disagreement, Fact, Parse, Reader, Stream, Tally};
use crate::process::{self, Ended, Exit, Follower, Input, Stopping, Wish};
use crate::verdict::{Tool, Verdict};

/// How many rows are kept; beyond, they are counted.
const ROWS: usize = 200_000;
/// How much of what it wrote is kept.
const OUTPUT: usize = 64 * 1024;
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
    /// What would need a decision.
    pub(super) conflicts: Vec<Disagreement>,
    /// Whether it said anything of what it would do, or that there is nothing to do, in words that are known.
    pub(super) was_understood: bool,
    /// What it wrote, from the beginning.
    pub(super) output: Vec<u8>,
}

/// Runs a dry run to its end, or until nobody waits for it: `look` is called several times a second with how many rows
/// there are.
pub(super) fn run(
    command: Command,
    answers: Option<Answers>,
    tool: Tool,
    look: &mut dyn FnMut(u64) -> bool,
) -> Seen {
    see(command, answers, tool, tool.dry_parser(), look)
}

/// Runs a command, and reads with that parser what it does.
pub(super) fn see(
    command: Command,
    answers: Option<Answers>,
    tool: Tool,
    parser: Box<dyn Parse>,
    look: &mut dyn FnMut(u64) -> bool,
) -> Seen {
    let mut follow = Follow {
        reader: Reader::new(parser),
        facts: Vec::new(),
        tally: Tally::default(),
        rows: RowList::default(),
        more: 0,
        conflicts: Vec::new(),
        output: Vec::new(),
        look,
    };
    let input = answers.map_or(Input::Nothing, |answers| Input::Words(answers.words));
    let verdict = match process::run(command, input, GRACE, &mut follow) {
        Ok(Ended { exit, stopped }) => {
            follow.reader.end(&mut follow.facts);
            follow.take();
            // It did as it was told, unless it says that something else kept it.
            let left = answers.is_some_and(|answers| exit == Exit::Code(answers.left));
            let exit = if left && follow.tally.failure.is_none() { Exit::Code(0) } else { exit };
            tool.verdict(exit, &follow.tally, stopped.is_some())
        }
        Err(error) => {
            let text = format!("{} cannot be run: {}", tool.name(), syncmgr::reason(&error));
            Verdict { outcome: Outcome::Failed, problem: Some(Problem::new(ProblemClass::Config, text)) }
        }
    };
    let Follow { tally, rows, more, conflicts, output, .. } = follow;
    Seen {
        rows,
        counts: tally.counts(),
        there: tally.there_before(),
        verdict,
        more,
        conflicts,
        was_understood: tally.was_understood,
        output,
    }
}

struct Follow<'l> {
    reader: Reader,
    facts: Vec<Fact>,
    tally: Tally,
    rows: RowList,
    more: usize,
    conflicts: Vec<Disagreement>,
    output: Vec<u8>,
    look: &'l mut dyn FnMut(u64) -> bool,
}

impl Follow<'_> {
    fn take(&mut self) {
        for fact in std::mem::take(&mut self.facts) {
            self.tally.add(&fact);
            let kept = self.rows.actions.len() + self.rows.notes.len() + self.conflicts.len();
            if kept >= ROWS {
                let is_row = matches!(fact, Fact::Did { .. } | Fact::Placed { .. } | Fact::Told { .. });
                self.more += usize::from(is_row);
                continue;
            }
            match fact {
                Fact::Did { verb, path } => {
                    let kind = if path.ends_with('/') { EntryKind::Directory } else { EntryKind::File };
                    self.rows.actions.push(action(PlanSide::B, verb, &path, kind, 0));
                }
                Fact::Placed { side, verb, path, kind, size } => {
                    self.rows.actions.push(action(side, verb, &path, kind, size));
                }
                Fact::Conflict(found) => self.conflicts.push(found),
                Fact::Told { level, about, text } => {
                    let path = about.unwrap_or_default().into_bytes();
                    self.rows.notes.push(PlannedNote { path, is_error: level == Level::Error, text });
                }
                _ => {}
            }
        }
    }
}

fn action(side: PlanSide, verb: Verb, path: &str, kind: EntryKind, size: u64) -> PlannedAction {
    let path = path.trim_end_matches('/').as_bytes().to_vec();
    let why = "as its dry run says".to_owned();
    PlannedAction { verb, side, path, from: None, kind, entries: 1, size, why }
}

impl Follower for Follow<'_> {
    fn output(&mut self, from: Stream, bytes: &[u8]) {
        let room = OUTPUT.saturating_sub(self.output.len());
        self.output.extend(bytes.iter().take(room));
        self.reader.read(from, bytes, &mut self.facts);
        self.take();
    }

    fn look(&mut self) -> Wish {
        if (self.look)((self.rows.actions.len() + self.more) as u64) { Wish::GoOn } else { Wish::Kill }
    }

    fn stopping(&mut self, _how: Stopping) {}
}
