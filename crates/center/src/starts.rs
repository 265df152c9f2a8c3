//! Starts of programs outside: asked for in words, and followed by a number until their verdict was fetched.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use syncmgr::flags::SyncControlFlags;
use syncmgr::{Handler, HandlerId, ItemId, Refusal, RunId};

use crate::center::{Center, Inner, locked, unknown_handler};
use crate::verdict::Started;

/// How many starts are remembered. Those that are not over yet always are.
const REMEMBERED: usize = 1024;

/// Names a start of this center.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StartId(pub u64);

impl fmt::Display for StartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What was started, for those who have only a number.
#[derive(Default)]
pub(crate) struct Starts {
    last: u64,
    known: VecDeque<(StartId, Started)>,
}

impl Starts {
    fn keep(&mut self, started: Started) -> StartId {
        self.last += 1;
        let id = StartId(self.last);
        self.known.push_back((id, started));
        let surplus = self.known.len().saturating_sub(REMEMBERED);
        let mut over = 0;
        self.known.retain(|(_, started)| {
            let goes = over < surplus && started.verdict().is_some();
            over += usize::from(goes);
            !goes
        });
        id
    }
}

impl Center {
    /// Starts items (none: all of the handler that may be synchronized) with options as text, which the handler reads:
    /// see [`Handler::request`](syncmgr::Handler::request).
    ///
    /// # Errors
    /// As [`start`](Self::start), and `InvalidArgument` for options that the handler does not understand.
    pub fn start_with(
        &self,
        handler: &HandlerId,
        items: Option<&[ItemId]>,
        options: &str,
        flags: SyncControlFlags,
    ) -> Result<Started, Refusal> {
        let request = self.inner.handler(handler)?.request(options)?;
        self.start(handler, items, request, flags)
    }

    /// Whether something of a run can be put back: its handler says so, and one of its items is still there. Asking it may take
    /// a moment.
    pub fn takes_back(&self, run: RunId) -> bool {
        self.still_there(run).is_ok_and(|(handler, _)| handler.takes_back(run))
    }

    /// Takes a run back, as far as its items are still there: a run of its own.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown run, or one of whose items none is there any more; `NotImplemented` when its
    /// handler takes nothing back; and as [`start`](Self::start).
    pub fn undo(&self, run: RunId) -> Result<Started, Refusal> {
        let (handler, items) = self.still_there(run)?;
        let request = handler.undo_request(run).ok_or_else(|| {
            let text = format!("the handler '{}' cannot take a run back", handler.id());
            Refusal::NotImplemented(text)
        })?;
        self.start(handler.id(), Some(&items), Some(request), SyncControlFlags::empty())
    }

    /// The handler of a run, and those of its items that are still there.
    fn still_there(&self, run: RunId) -> Result<(Arc<dyn Handler>, Vec<ItemId>), Refusal> {
        let record = self.inner.store.run(run)?;
        let record = record.ok_or_else(|| Refusal::InvalidArgument(format!("there is no run {run}")))?;
        let items = record.items.into_iter().map(|item| item.item);
        let (handler, known) = self.inner.with_handler(&record.handler, |entry| {
            let known: Vec<ItemId> = items.filter(|item| entry.items.get(item).is_some()).collect();
            Ok((Arc::clone(&entry.handler), known))
        })?;
        if known.is_empty() {
            return Err(Refusal::InvalidArgument(format!("no item of run {run} is set up any more")));
        }
        Ok((handler, known))
    }

    /// Keeps something that was started for whoever comes back with its number.
    pub fn keep(&self, started: Started) -> StartId {
        locked(&self.inner.starts).keep(started)
    }

    /// What was started under that number; none when it is long over, or of another life of the center.
    pub fn started(&self, id: StartId) -> Option<Started> {
        let starts = locked(&self.inner.starts);
        starts.known.iter().find(|(known, _)| *known == id).map(|(_, started)| started.clone())
    }
}

impl Inner {
    pub(crate) fn handler(&self, id: &HandlerId) -> Result<Arc<dyn Handler>, Refusal> {
        let state = self.lock();
        let entry = state.handler(id).ok_or_else(|| unknown_handler(id))?;
        Ok(Arc::clone(&entry.handler))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

    #[test]
    fn what_is_over_is_forgotten_first_and_what_is_not_never() {
        let mut starts = Starts::default();
        let (open, _ticket) = Started::new();
        let first = starts.keep(open);
        let mut last = first;
        for _ in 0..2 * REMEMBERED {
            let (over, ticket) = Started::new();
            ticket.deliver(&Verdict::nothing());
            last = starts.keep(over);
        }
        assert_eq!(starts.known.len(), REMEMBERED);
        let ids: Vec<StartId> = starts.known.iter().map(|(id, _)| *id).collect();
        assert!(ids.contains(&first) && ids.contains(&last) && !ids.contains(&StartId(2)));
    }
}
