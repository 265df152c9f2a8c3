//! Making what was done durable, and telling the base (S3).

use std::collections::BTreeSet;
use std::thread;

use reconcile::{RelPath, Side};

use super::{Apply, ApplyError, Last, Point, Trouble, lock, record};
use crate::journal::Deed;

impl Apply<'_> {
    /// Records everything and removes what was only needed meanwhile. `last` has the last word in the base, and is
    /// asked only if something was written anyway (S12).
    pub(crate) fn finish(&mut self, last: &Last<'_>) -> Result<(), ApplyError> {
        self.finish_directories();
        if self.edits.is_empty() && !self.wrote() {
            return Ok(());
        }
        self.commit(Some(last))?;
        if !self.ground.keep_trash {
            self.purge();
        }
        lock(&self.open).close();
        if let Some(soon) = self.in_doubt {
            // So that the next run settles what was recorded as in doubt, however soon it comes.
            thread::sleep(soon);
        }
        Ok(())
    }

    /// Makes what was done durable and tells the base (S3).
    pub(super) fn commit(&mut self, last: Option<&Last<'_>>) -> Result<(), ApplyError> {
        let edits = std::mem::take(&mut self.edits);
        if !edits.is_empty() {
            self.flush(&Side::BOTH)?;
        }
        self.hook(Point::Committing, Side::A, &RelPath::root()).map_err(|_| ApplyError::Died)?;
        for edit in &edits {
            edit.candidates(&mut self.agreed);
        }
        let doubt = self.doubt();
        let mut txn = self.ground.base.begin()?;
        let news = record::write(&mut *txn, edits, &self.dirs, &doubt)?;
        if !news && !self.wrote() {
            // What was in doubt still is: that is no reason to write (S12).
            return Ok(());
        }
        if !self.introduced {
            for side in Side::BOTH {
                txn.set_root(side, &self.ground.identities[side as usize])?;
            }
        }
        if let Some(last) = last {
            last(&mut *txn)?;
        }
        txn.commit()?;
        self.introduced = true;
        let mut journal = lock(&self.journal);
        if journal.is_open() {
            journal.add(&Deed::Recorded);
            // Read only after a kill: a machine that was down is looked at anew.
            journal.hand_over()?;
        }
        drop(journal);
        self.in_doubt = self.in_doubt.max(doubt.soon_over());
        self.hook(Point::Committed, Side::A, &RelPath::root()).map_err(|_| ApplyError::Died)
    }

    pub(super) fn flush(&self, sides: &[Side]) -> Result<(), ApplyError> {
        let mut flushed = BTreeSet::new();
        for &side in sides {
            self.ground.report.flushing();
            self.flush_one(side, &mut flushed)?;
        }
        Ok(())
    }

    /// A failure is told once by the system: it ends the run, whoever meets it.
    pub(super) fn flush_one(&self, side: Side, flushed: &mut BTreeSet<u64>) -> Result<(), ApplyError> {
        self.side(side).flush(flushed).map_err(|error| ApplyError::Flush { side, error })
    }

    fn purge(&self) {
        for side in Side::BOTH {
            match self.trash[side as usize].purge() {
                Ok(true) => self.note(&Deed::Purged { on: side.into() }),
                Ok(false) => {}
                Err(error) => {
                    let path = RelPath::root();
                    self.trouble(Trouble { on: side, path, why: error.into() });
                }
            }
        }
        // Without this line undo finds the trash empty, and says so just as well.
        let _ = lock(&self.journal).flush();
    }
}
