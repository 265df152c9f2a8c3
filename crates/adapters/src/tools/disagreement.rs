//! What a tool says both sides have, as a conflict of the contract.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use syncmgr::HandlerId;
use syncmgr::conflict::{Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictVersion};

use super::Set;
use crate::parse::{Became, Disagreement, Told};

/// The conflict, with the versions that the tool told of.
pub(super) fn conflict_of(handler: &HandlerId, set: &Set, found: Disagreement) -> Conflict {
    let Disagreement { path, versions } = found;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let kind = versions.as_ref().map_or(ConflictKind::EditEdit, kind);
    let names = set.job.ends().names;
    let versions = versions.into_iter().zip(names).flat_map(|(versions, names)| {
        let [a, b] = versions;
        let [of_a, of_b] = names;
        [version(of_a, a), version(of_b, b)]
    });
    Conflict {
        id: ConflictId(path.clone().into_bytes()),
        handler: handler.clone(),
        item: set.id.clone(),
        kind,
        path: path.into_bytes(),
        detected: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        versions: versions.collect(),
    }
}

fn kind([a, b]: &[Told; 2]) -> ConflictKind {
    match (a.became, b.became) {
        (Became::Deleted, _) | (_, Became::Deleted) => ConflictKind::EditDelete,
        _ if a.kind != b.kind => ConflictKind::KindMismatch,
        (Became::Created, Became::Created) => ConflictKind::CreateCreate,
        (Became::Same, Became::Same) => ConflictKind::Metadata,
        _ => ConflictKind::EditEdit,
    }
}

fn version(location: String, told: Told) -> ConflictVersion {
    let Told { became, kind, size, modified, besides } = told;
    if became == Became::Deleted {
        return ConflictVersion {
            location,
            item_type: ConflictItemType::Deleted,
            kind: String::new(),
            size: 0,
            modified: 0,
            stamp: Vec::new(),
            path: None,
        };
    }
    ConflictVersion {
        location,
        item_type: ConflictItemType::Updated,
        kind: kind.word().to_owned(),
        size,
        modified: modified.and_then(milliseconds).unwrap_or(0),
        stamp: besides.into_bytes(),
        path: None,
    }
}

/// The tool writes times by the clock of this machine.
fn milliseconds(moment: DateTime) -> Option<i64> {
    Some(moment.to_zoned(TimeZone::system()).ok()?.timestamp().as_millisecond())
}
