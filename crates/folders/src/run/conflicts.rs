//! Conflicts of a plan as the ledger keeps them, and back.

use reconcile::{Contested, Kind, RelPath, Scope, Seen, Side};
use syncmgr::conflict::{Conflict, ConflictId, ConflictItemType, ConflictVersion};
use syncmgr::{HandlerId, ItemId};

use crate::journal::Stamp;
use crate::pair::Pair;

/// A contested path for the ledger.
pub(crate) fn to_conflict(
    handler: &HandlerId,
    item: &ItemId,
    pair: &Pair,
    contested: &Contested,
    now: i64,
) -> Conflict {
    let version = |side: Side, seen: &Option<Seen>| ConflictVersion {
        location: pair.side(side).label.clone(),
        item_type: if seen.is_some() { ConflictItemType::Updated } else { ConflictItemType::Deleted },
        kind: seen.map_or("", |seen| kind_word(seen.kind)).to_owned(),
        size: seen.map_or(0, |seen| seen.size),
        modified: seen.map_or(0, |seen| {
            seen.mtime.secs.saturating_mul(1000).saturating_add(i64::from(seen.mtime.nanos / 1_000_000))
        }),
        stamp: stamp(seen.as_ref()),
        path: None,
    };
    Conflict {
        id: ConflictId(contested.path.as_bytes().to_vec()),
        handler: handler.clone(),
        item: item.clone(),
        kind: contested.kind,
        path: contested.path.as_bytes().to_vec(),
        detected: now,
        versions: vec![version(Side::A, &contested.a), version(Side::B, &contested.b)],
    }
}

/// Where conflicts are open.
pub(crate) fn places(open: &[Conflict]) -> Scope {
    let mut scope = Scope::default();
    for path in open.iter().filter_map(|one| RelPath::from_bytes(&one.path)) {
        scope.add_unsettled(&path);
    }
    scope
}

/// What a version is recognised by, for a later run.
pub(crate) fn stamp(seen: Option<&Seen>) -> Vec<u8> {
    serde_json::to_vec(&seen.map(Stamp::from)).unwrap_or_default()
}

/// The version a stamp stands for: outside none if it is no stamp of ours, inside none for a deletion.
pub(crate) fn from_stamp(stamp: &[u8]) -> Option<Option<Seen>> {
    let stamp: Option<Stamp> = serde_json::from_slice(stamp).ok()?;
    Some(stamp.map(Seen::from))
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Dir => "directory",
        Kind::Link => "link",
        Kind::Special | Kind::Unreadable => "other",
    }
}
