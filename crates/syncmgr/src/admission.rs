//! Which handlers and items may be shown and synchronized (R18).

use crate::error::HandlerError;
use crate::flags::{HandlerCapabilities, HandlerPolicies, ItemCapabilities, ItemPolicies};
use crate::handler::{Handler, HandlerInfo, SyncItem, SyncItemInfo};
use crate::text;

/// Why a handler or item is hidden and never synchronized (R18).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Inadmissible {
    /// Its name is empty.
    #[error("it has no name")]
    NoName,
    /// It could not tell its name.
    #[error("it cannot tell its name: {0}")]
    NameFails(HandlerError),
}

/// What is read of a handler when it is loaded, and again on [`Control::update_handler`](crate::control::Control).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerProperties {
    /// Its name, at most [`text::MAX_NAME`] units.
    pub name: String,
    /// Its info, or defaults when it could not tell (R18).
    pub info: HandlerInfo,
    /// Why it could not tell its info.
    pub info_error: Option<HandlerError>,
    /// What can be done to it.
    pub capabilities: HandlerCapabilities,
    /// What is withheld.
    pub policies: HandlerPolicies,
}

/// What is read of an item when it is loaded, and again on [`Control::update_item`](crate::control::Control).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemProperties {
    /// Its name, at most [`text::MAX_NAME`] units.
    pub name: String,
    /// Its info, or defaults when it could not tell (R18).
    pub info: SyncItemInfo,
    /// Why it could not tell its info.
    pub info_error: Option<HandlerError>,
    /// What can be done to it.
    pub capabilities: ItemCapabilities,
    /// What is withheld.
    pub policies: ItemPolicies,
}

fn admitted_name(name: Result<String, HandlerError>) -> Result<String, Inadmissible> {
    let name = name.map_err(Inadmissible::NameFails)?;
    // A name of blanks is as unreadable as none.
    if name.trim().is_empty() { Err(Inadmissible::NoName) } else { Ok(text::name(&name).to_owned()) }
}

/// Reads a handler's properties.
///
/// # Errors
/// Why it is hidden and never synchronized (R18).
pub fn handler(handler: &dyn Handler) -> Result<HandlerProperties, Inadmissible> {
    let name = admitted_name(handler.name())?;
    let (mut info, info_error) = defaulted(handler.info());
    info.comment = text::cut(&info.comment, text::MAX_COMMENT).to_owned();
    Ok(HandlerProperties {
        name,
        info,
        info_error,
        capabilities: handler.capabilities() & HandlerCapabilities::VALID,
        policies: handler.policies() & HandlerPolicies::all(),
    })
}

/// Reads an item's properties.
///
/// # Errors
/// Why it is hidden and never synchronized (R18).
pub fn item(item: &dyn SyncItem) -> Result<ItemProperties, Inadmissible> {
    let name = admitted_name(item.name())?;
    let (mut info, info_error) = defaulted(item.info());
    info.comment = text::cut(&info.comment, text::MAX_COMMENT).to_owned();
    Ok(ItemProperties {
        name,
        info,
        info_error,
        capabilities: item.capabilities() & ItemCapabilities::VALID,
        policies: item.policies() & ItemPolicies::all(),
    })
}

fn defaulted<T: Default>(info: Result<T, HandlerError>) -> (T, Option<HandlerError>) {
    match info {
        Ok(info) => (info, None),
        Err(why) => (T::default(), Some(why)),
    }
}
