//! Bytes that are longer than a line: told part by part, and taken part by part.

use std::collections::HashMap;
use std::sync::Mutex;

use syncmgr::Refusal;
use syncmgr::conflict::{Choice, OtherVersion};
use wire::rpc::conflict;
use wire::rpc::settle::{GetPart, Part, SendContent};

use crate::peer::locked;

/// What is being told, and what is being taken.
#[derive(Default)]
pub(crate) struct Parts {
    told: Mutex<HashMap<u64, Vec<u8>>>,
    taken: Mutex<HashMap<u64, Vec<u8>>>,
}

impl Parts {
    /// The first part; all of it is kept while there are more.
    pub(crate) fn tell(&self, look: u64, all: Option<Vec<u8>>) -> Part {
        let Some(all) = all else { return Part::default() };
        let (bytes, more) = wire::rpc::part(&all, 0);
        if more {
            locked(&self.told).insert(look, all);
        }
        Part { bytes: Some(bytes), more }
    }

    /// A later part of what is kept.
    pub(crate) fn part(&self, question: GetPart) -> Option<Part> {
        let told = locked(&self.told);
        let from = usize::try_from(question.from.0).ok()?;
        let (bytes, more) = wire::rpc::part(told.get(&question.look)?, from);
        Some(Part { bytes: Some(bytes), more })
    }

    pub(crate) fn forget(&self, look: u64) {
        locked(&self.told).remove(&look);
    }

    /// A part of what a choice will name.
    pub(crate) fn take(&self, message: SendContent) {
        locked(&self.taken).entry(message.sent).or_default().extend(message.bytes.0);
    }

    /// A choice with the content that came before it.
    pub(crate) fn choice(&self, choice: conflict::Choice) -> Result<Choice, Refusal> {
        let conflict::Choice::Other { sent: Some(sent), .. } = choice else { return choice.try_into() };
        let content = locked(&self.taken).remove(&sent);
        let missing = || Refusal::InvalidArgument("the content of the other version did not come".into());
        Ok(Choice::KeepOther(OtherVersion::Content(content.ok_or_else(missing)?)))
    }
}
