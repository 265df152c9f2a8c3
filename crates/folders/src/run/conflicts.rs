//! Conflicts of a plan as the ledger keeps them, and back.

use reconcile::{Contested, Holder, Kind, RelPath, Scope, Seen, Side};
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
    let holder = |side: Side| contested.holder.as_ref().filter(|holder| holder.on == side);
    let version = |side: Side, seen: &Option<Seen>| ConflictVersion {
        location: pair.side(side).label.clone(),
        item_type: if seen.is_some() { ConflictItemType::Updated } else { ConflictItemType::Deleted },
        kind: seen.map_or("", |seen| kind_word(seen.kind)).to_owned(),
        size: seen.map_or(0, |seen| seen.size),
        modified: seen.map_or(0, |seen| {
            seen.mtime.secs.saturating_mul(1000).saturating_add(i64::from(seen.mtime.nanos / 1_000_000))
        }),
        stamp: match holder(side) {
            // What the other side has under that name is part of what is shown.
            Some(holder) => [stamp(seen.as_ref()), stamp(holder.also.as_ref())].join(&b'\n'),
            None => stamp(seen.as_ref()),
        },
        path: holder(side).map(|holder| holder.path.as_bytes().to_vec()),
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

/// The clash of names that a conflict of the ledger is; none when it is no clash, or none of ours.
pub(crate) fn to_clash(conflict: &Conflict) -> Option<Contested> {
    let path = RelPath::from_bytes(&conflict.path).filter(|path| !path.is_root())?;
    let [a, b] = &conflict.versions[..] else { return None };
    let on = if a.path.is_some() { Side::A } else { Side::B };
    let [there, held] = if on == Side::A { [b, a] } else { [a, b] };
    let (of_holder, also) = {
        let at = held.stamp.iter().position(|&byte| byte == b'\n')?;
        (from_stamp(&held.stamp[..at])?, from_stamp(&held.stamp[at + 1..])?)
    };
    let holder = Holder { on, path: RelPath::from_bytes(held.path.as_ref()?)?, also };
    let there = from_stamp(&there.stamp)?;
    let [a, b] = if on == Side::A { [of_holder, there] } else { [there, of_holder] };
    Some(Contested { path, kind: conflict.kind, a, b, holder: Some(holder) })
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
