//! Copying: batch by batch, staged by several threads, published and recorded by one.

use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;

use reconcile::{Action, Kind, Op, RelPath, Side};

use super::stage::{Batch, CHUNK};
use super::task::{Instead, Item, Task, Work};
use super::{Apply, ApplyError, Ending, lock, split};

/// More threads than cores keep slow disks and networks busy; more than that only wait for each other.
pub(super) fn threads() -> usize {
    thread::available_parallelism().map_or(2, |cores| (cores.get() * 2).clamp(2, 8))
}

impl Apply<'_> {
    /// Carries out creations and replacements.
    pub(super) fn copy(&mut self, actions: &[Action]) -> Result<Ending, ApplyError> {
        let mut waiting = tasks(actions, |path| self.is_blocked(path));
        loop {
            let doubt = self.doubt();
            let batch = Batch::new(self, waiting, doubt);
            self.stage(&batch)?;
            if batch.died.load(Ordering::Relaxed) {
                return Err(ApplyError::Died);
            }
            let (done, rest) = batch.into_parts();
            let failed = done.failed;
            let ending = done.ending;
            self.publish(done.staged, done.roots)?;
            self.edits.extend(done.edits);
            self.commit(None)?;
            lock(&self.open).close();
            if let Some(error) = failed {
                return Err(ApplyError::Open(error));
            }
            if let Some(ending) = ending {
                return Ok(ending);
            }
            if rest.is_empty() {
                return Ok(Ending::Complete);
            }
            waiting = rest;
        }
    }

    /// Makes what a batch is to make, with as many threads as find something to do.
    fn stage(&self, batch: &Batch<'_, '_>) -> Result<(), ApplyError> {
        if self.ground.limits.threads == 1 {
            batch.work();
            return Ok(());
        }
        let helpers = self.ground.limits.threads.min(batch.width()) - 1;
        thread::scope(|scope| {
            // Hung up when all is staged, by a panic too.
            let (staging, staged) = mpsc::channel();
            let early = scope.spawn(|| batch.flush_early(staged));
            thread::scope(|scope| {
                for _ in 0..helpers {
                    scope.spawn(|| batch.work());
                }
                batch.work();
            });
            drop(staging);
            early.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

/// The actions as tasks, the first at the end. Files of one directory share a task.
fn tasks(actions: &[Action], is_blocked: impl Fn(&RelPath) -> bool) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut leaves: Option<(Side, RelPath, Vec<Item>)> = None;
    let close = |leaves: Option<(Side, RelPath, Vec<Item>)>, tasks: &mut Vec<Task>| {
        if let Some((on, dir, items)) = leaves {
            tasks.push(Task { on, dir, home: None, work: Work::Leaves(items) });
        }
    };
    for action in actions.iter().filter(|action| !is_blocked(&action.path)) {
        let (on, source, instead) = match &action.op {
            Op::Create { on, source, .. } => (*on, source, None),
            Op::Replace { on, source, target, removed, keep, .. } => {
                let instead = Instead { target: *target, removed: *removed, keep: *keep };
                (*on, source, Some(Box::new(instead)))
            }
            _ => continue,
        };
        let (dir, name) = split(&action.path);
        let item = Item { name, source: *source, instead, fresh: false };
        if source.kind == Kind::Dir {
            tasks.push(Task { on, dir, home: None, work: Work::Tree(item) });
            continue;
        }
        match &mut leaves {
            Some((same_on, same_dir, items)) if *same_on == on && *same_dir == dir && items.len() < CHUNK => {
                items.push(item);
            }
            _ => {
                close(leaves.take(), &mut tasks);
                leaves = Some((on, dir, vec![item]));
            }
        }
    }
    close(leaves, &mut tasks);
    tasks.reverse();
    tasks
}
