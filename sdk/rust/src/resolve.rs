//! What the center asks about a conflict.

use std::sync::Arc;

use syncmgr::ItemId;
use syncmgr::conflict::{Conflict, ResolutionHandler};
use syncmgr::plan::RowList;
use wire::rpc::settle as ask;
use wire::rpc::{Names, conflict};

use crate::call::{Answered, Call, without};
use crate::server::{failed, refused};

impl Call {
    fn resolution(&self) -> Answered<Arc<dyn ResolutionHandler>> {
        self.handler.resolution_handler().ok_or_else(|| without("way to settle conflicts"))
    }

    fn known(&self, conflict: conflict::Conflict) -> Answered<Conflict> {
        conflict.into_contract(self.handler.id(), 0).map_err(refused)
    }

    pub(crate) fn abilities(&self, conflict: conflict::Conflict) -> Answered<ask::ConflictAbilities> {
        let abilities = self.resolution()?.abilities(&self.known(conflict)?);
        Ok(ask::ConflictAbilities { abilities: Names(abilities) })
    }

    pub(crate) fn resolve(&self, question: ask::ResolveConflict) -> Answered<ask::Resolved> {
        let conflict = self.known(question.conflict)?;
        let choice = self.shared.parts.choice(question.choice).map_err(refused)?;
        let feedback = self.resolution()?.carry_out(&conflict, &choice).map_err(failed)?;
        Ok(ask::Resolved { feedback: feedback.into() })
    }

    pub(crate) fn look_again(&self, conflict: conflict::Conflict) -> Answered<ask::FoundConflict> {
        let now = self.resolution()?.look_again(&self.known(conflict)?).map_err(failed)?;
        Ok(ask::FoundConflict { conflict: now.as_ref().map(Into::into) })
    }

    pub(crate) fn find_copies(&self, question: &ask::FindCopies) -> Answered<ask::FoundCopies> {
        let item = ItemId::new(&question.item).map_err(refused)?;
        let conflicts = self.resolution()?.find_copies(&item).map_err(failed)?;
        let count = conflicts.len();
        let rows = Arc::new(RowList { conflicts, ..RowList::default() });
        self.shared.looks.keep_rows(question.look, rows);
        Ok(ask::FoundCopies { conflicts: count })
    }

    pub(crate) fn content(&self, question: ask::GetContent) -> Answered<ask::Part> {
        let (which, limit, look) = (question.shown(), question.limit.0, question.look);
        let conflict = self.known(question.conflict)?;
        let content = self.resolution()?.content(&conflict, which, limit).map_err(failed)?;
        Ok(self.shared.parts.tell(look, content))
    }

    pub(crate) fn merge(&self, question: ask::Merge) -> Answered<ask::FoundMerge> {
        let conflict = self.known(question.conflict)?;
        let Some(merge) = self.resolution()?.merge(&conflict).map_err(failed)? else {
            return Ok(ask::FoundMerge::default());
        };
        let part = self.shared.parts.tell(question.look, Some(merge.text));
        Ok(ask::FoundMerge { text: part.bytes, more: part.more, overlaps: merge.overlaps })
    }
}
