//! What both sides had before their first run, too much of it to be listed in a plan: looked at again, one directory after
//! the other, and told to the base in parts.

use std::thread;

use reconcile::{Alike, Kind, RelPath, Side};

use super::{Apply, ApplyError, Edit, Ending, Trouble, Why};

impl Apply<'_> {
    /// Tells the base of all that is the same in these directories.
    pub(super) fn settle_alike(&mut self, alike: &[Alike]) -> Result<Ending, ApplyError> {
        let mut rest = alike;
        while !rest.is_empty() {
            if !self.ground.report.go_on() {
                return Ok(Ending::Canceled);
            }
            let (now, later) = rest.split_at(part(rest, self.ground.limits.entries));
            let edits = self.look_again(now);
            self.edits.extend(edits);
            // The last of it goes with the end of the run.
            if !later.is_empty() {
                self.commit(None)?;
            }
            rest = later;
        }
        Ok(Ending::Complete)
    }

    fn look_again(&self, dirs: &[Alike]) -> Vec<Edit> {
        let share = dirs.len().div_ceil(self.ground.limits.threads.max(1));
        thread::scope(|scope| {
            let busy: Vec<_> = dirs
                .chunks(share)
                .map(|share| scope.spawn(|| share.iter().filter_map(|dir| self.same_in(&dir.path)).collect()))
                .collect();
            let done = busy
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            done.flat_map(|edits: Vec<Edit>| edits).collect()
        })
    }

    /// What is the same in one directory now. What is not any more is news to the next run.
    fn same_in(&self, dir: &RelPath) -> Option<Edit> {
        let list = |side| {
            let listing = self.ground.lists.list(side, dir);
            let told = |error: reconcile::Unreadable| {
                self.trouble(Trouble { on: side, path: dir.clone(), why: Why::Unlisted(error.reason) });
            };
            listing.map_err(told).ok()
        };
        let (a, b) = (list(Side::A)?, list(Side::B)?);
        let (mut entries, mut rest) = (Vec::new(), Vec::new());
        for (name, on_a) in a.iter() {
            let Some(on_b) = b.get(name) else { continue };
            if reconcile::decide::alike(on_a, on_b, self.ground.policy) {
                entries.push((name.to_vec(), *on_a, *on_b));
            } else if self.keeps_extras() && [on_a.kind, on_b.kind] == [Kind::File; 2] {
                rest.push((name.to_vec(), *on_a, *on_b));
            }
        }
        Some(Edit::Alike { dir: dir.clone(), entries, rest })
    }
}

/// How many of the directories are looked at before the base is told: until they hold that many files, and at least one.
fn part(dirs: &[Alike], files: u64) -> usize {
    let mut sum = 0;
    let full = dirs.iter().position(|dir| {
        sum += dir.files;
        sum >= files
    });
    full.map_or(dirs.len(), |last| last + 1)
}
