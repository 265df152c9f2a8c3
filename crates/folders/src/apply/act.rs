//! What is done at once, without staging: directories, moves, metadata, removals. Foretold in the journal, then done one
//! after another.

use reconcile::{Action, FileId, Op, Seen, Side};

use super::{Apply, ApplyError, Ending, Stop, Why, lock, split};
use crate::journal::{Deed, Stamp, Text};

impl Apply<'_> {
    /// Carries out actions that copy nothing.
    pub(super) fn act(&mut self, actions: &[Action]) -> Result<Ending, ApplyError> {
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
                    made: vec![(Text(name), Stamp::from(&made))],
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
