//! What programs read: notices and runs as JSON.

use center::{Headline, Notice};
use jiff::Timestamp;
use serde_json::{Value, json};
use syncmgr::{HandlerId, ItemId};

/// A notice, for webhooks and commands.
pub(crate) fn notice(notice: &Notice) -> Value {
    let alert = &notice.alert;
    let states = || alert.state.iter().flat_map(|states| states.split(' '));
    json!({
        "type": "alert",
        "occasion": notice.occasion.word(),
        "id": alert.id,
        "rule": alert.rule,
        "handler": alert.handler.as_ref().map(HandlerId::as_str),
        "item": alert.item.as_ref().map(ItemId::as_str),
        "name": alert.name,
        "state": states().next(),
        "overdue": states().any(|state| state == Headline::Overdue.word()),
        "title": notice.title(),
        "text": alert.text,
        "fix": alert.fix,
        "more": alert.more,
        "raised": alert.raised.and_then(time),
        "cleared": alert.cleared.and_then(time),
    })
}

/// A time as RFC 3339 has it.
pub(crate) fn time(millis: i64) -> Option<String> {
    Timestamp::from_millisecond(millis).ok().map(|time| time.to_string())
}
