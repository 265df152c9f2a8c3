//! The icons of a handler in another process and of its items.

use std::sync::Arc;

use syncmgr::ItemId;
use syncmgr::ui::Icon;
use wire::rpc::handler::GetIcon;
use wire::rpc::settle::Part;

use super::parts::{self, MOST_BYTES};
use super::shared::Host;

/// The icon, if it can be had just now.
pub(crate) fn icon(host: &Arc<Host>, item: Option<&ItemId>) -> Option<Icon> {
    let connection = host.connect().ok()?;
    let look = connection.next_number();
    let question = GetIcon { look, item: item.map(ItemId::to_string) };
    let found = connection.call(&question, host.limits.answer).ok()?;
    let first = Part { bytes: found.bytes, more: found.more };
    let bytes = parts::whole(&connection, look, first, MOST_BYTES).ok()??;
    Some(Icon { media_type: found.media_type, bytes: bytes.into() })
}
