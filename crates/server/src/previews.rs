//! The last previews, whose rows are asked for page by page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use syncmgr::plan::Preview;

/// How many are kept. A large plan is a lot of memory.
const KEPT: usize = 8;

/// The last previews.
#[derive(Default)]
pub(crate) struct Previews {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    last: u64,
    previews: VecDeque<(u64, Arc<Preview>)>,
}

impl Previews {
    /// Keeps one; the answer is what is told of it.
    pub(crate) fn keep(&self, preview: Preview) -> wire::Preview {
        let preview = Arc::new(preview);
        let mut kept = self.kept();
        kept.last += 1;
        let id = kept.last;
        kept.previews.push_back((id, Arc::clone(&preview)));
        let oldest = if kept.previews.len() > KEPT { kept.previews.pop_front() } else { None };
        drop(kept);
        // A large plan takes a while to go.
        drop(oldest);
        wire::Preview {
            id,
            plan: preview.plan.clone(),
            counts: preview.counts.into(),
            expected: preview.expected.into(),
            stops: preview.stops.clone(),
            needs_consent: preview.needs_consent,
            first_run: preview.first_run,
            warnings: preview.warnings.clone(),
            sides: preview.sides.clone().map(Into::into),
            actions: preview.rows.actions() as u64,
            conflicts: preview.rows.conflicts() as u64,
            notes: preview.rows.notes() as u64,
        }
    }

    pub(crate) fn get(&self, id: u64) -> Option<Arc<Preview>> {
        let kept = self.kept();
        kept.previews.iter().find(|(known, _)| *known == id).map(|(_, preview)| Arc::clone(preview))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
