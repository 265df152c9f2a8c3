//! Previews and checks: what the center follows, gives up, and asks for rows of.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use syncmgr::plan::{Preview, Rows, Verification, Watch};
use wire::rpc::look::{GetRows, LookedAt, PreviewAnswer, RowKind, RowPage, VerifyAnswer};
use wire::rpc::{Bytes, paged};

use crate::peer::{Peer, locked};

/// How often the center is told how far a look is.
const TELL: Duration = Duration::from_millis(100);

/// The looks that go on, and the rows that were not forgotten.
#[derive(Default)]
pub(crate) struct Looks {
    going_on: Mutex<HashMap<u64, Arc<AtomicBool>>>,
    rows: Mutex<HashMap<u64, Arc<dyn Rows>>>,
}

impl Looks {
    /// Follows a look while it goes on.
    pub(crate) fn watch<T>(&self, peer: &Peer, look: u64, run: impl FnOnce(&dyn Watch) -> T) -> T {
        let canceled = Arc::new(AtomicBool::new(false));
        locked(&self.going_on).insert(look, Arc::clone(&canceled));
        let watch = Follower { peer, look, canceled, sum: Mutex::new((0, Instant::now())) };
        let done = run(&watch);
        locked(&self.going_on).remove(&look);
        done
    }

    pub(crate) fn cancel(&self, look: u64) {
        if let Some(canceled) = locked(&self.going_on).get(&look) {
            canceled.store(true, Ordering::Release);
        }
    }

    /// Keeps the rows of a preview, and says what it comes to.
    pub(crate) fn keep(&self, look: u64, preview: Preview) -> PreviewAnswer {
        let rows: Arc<dyn Rows> = preview.rows.into();
        let answer = PreviewAnswer {
            plan: preview.plan,
            counts: preview.counts.into(),
            expected: preview.expected.into(),
            stops: preview.stops,
            needs_consent: preview.needs_consent,
            first_run: preview.first_run,
            warnings: preview.warnings,
            sides: preview.sides,
            actions: rows.actions(),
            conflicts: rows.conflicts(),
            notes: rows.notes(),
        };
        self.keep_rows(look, rows);
        answer
    }

    /// Keeps rows that are asked for by the number of a look.
    pub(crate) fn keep_rows(&self, look: u64, rows: Arc<dyn Rows>) {
        locked(&self.rows).insert(look, rows);
    }

    pub(crate) fn rows(&self, question: &GetRows) -> Option<RowPage> {
        let rows = locked(&self.rows).get(&question.look).cloned()?;
        let from = question.from;
        Some(match question.of {
            RowKind::Actions => RowPage {
                actions: paged((from..rows.actions()).map_while(|at| rows.action(at).map(Into::into))),
                ..RowPage::default()
            },
            RowKind::Conflicts => RowPage {
                conflicts: paged(
                    (from..rows.conflicts()).map_while(|at| rows.conflict(at).as_ref().map(Into::into)),
                ),
                ..RowPage::default()
            },
            RowKind::Notes => RowPage {
                notes: paged((from..rows.notes()).map_while(|at| rows.note(at).map(Into::into))),
                ..RowPage::default()
            },
        })
    }

    pub(crate) fn forget(&self, look: u64) {
        locked(&self.rows).remove(&look);
    }
}

/// What a check found, as far as it fits into a line.
pub(crate) fn verified(found: Verification) -> VerifyAnswer {
    let count = found.differences.len();
    let differences: Vec<_> = paged(found.differences.into_iter().map(Into::into));
    let more = differences.len() < count;
    VerifyAnswer {
        unknown: if more { Vec::new() } else { paged(found.unknown.into_iter().map(Into::into)) },
        more,
        differences,
        looked_at: found.looked_at.map(Into::into),
        compared_bytes: found.compared_bytes.into(),
    }
}

/// Passes on how far a look is.
struct Follower<'a> {
    peer: &'a Peer,
    look: u64,
    canceled: Arc<AtomicBool>,
    sum: Mutex<(u64, Instant)>,
}

impl Watch for Follower<'_> {
    fn canceled(&self) -> bool {
        self.canceled.load(Ordering::Acquire)
    }

    fn looked_at(&self, entries: u64, place: &[u8]) {
        let mut sum = locked(&self.sum);
        sum.0 += entries;
        if sum.1.elapsed() < TELL {
            return;
        }
        let told = std::mem::replace(&mut *sum, (0, Instant::now())).0;
        drop(sum);
        // Nobody waits for it.
        let _ =
            self.peer.tell(&LookedAt { look: self.look, entries: told.into(), place: Bytes(place.to_vec()) });
    }
}
