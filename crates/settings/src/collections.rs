//! Providers that bring a handler for each of their partners: `[collections.<id>]`.

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

pub(crate) fn read(named: Named) -> Result<Collection, Mistake> {
    Ok(Collection { id: named.key.text, options: named.table })
}
