//! Providers that bring a handler for each of their partners: `[collections.<id>]`.

use syncmgr::HandlerId;

use crate::handlers::{HandlerKeys, HandlerProgram};
use crate::mistake::Mistake;
use crate::raw::{Named, RawTable};

/// A collection as the person set it up.
#[derive(Debug, Clone)]
pub struct Collection {
    /// Which one.
    pub id: String,
    /// What is said of it: whoever makes its handlers knows the keys.
    pub options: RawTable,
}

impl Collection {
    /// The program that knows the partners, where that is somebody else's: it is set up as a handler is.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn program(&self) -> Option<Result<HandlerProgram, Mistake>> {
        let keys = self.options.has("command").then(|| HandlerKeys::read(&self.options))?;
        let id = || HandlerId::new(&self.id).map_err(|refusal| self.options.mistake(refusal.to_string()));
        Some(keys.and_then(|keys| Ok(HandlerProgram { id: id()?, keys })))
    }
}

pub(crate) fn read(named: Named) -> Result<Collection, Mistake> {
    Ok(Collection { id: named.key.text, options: named.table })
}
