//! What the tests of several rules share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "test code; each file uses a part of it")]

use syncmgr::session::{EndReason, Ended, Session};
use syncmgr::{HandlerId, ItemId, Refusal, RunId};

pub fn id(text: &str) -> ItemId {
    ItemId::new(text).unwrap()
}

pub fn handler() -> HandlerId {
    HandlerId::new("handler").unwrap()
}

/// A session of these items that began at time zero.
pub fn session(items: &[&str]) -> Session {
    let items: Vec<ItemId> = items.iter().copied().map(id).collect();
    Session::new(RunId(1), handler(), &items, 0).unwrap()
}

/// A session of the one item `a`.
pub fn begin() -> (Session, ItemId) {
    (session(&["a"]), id("a"))
}

/// What the session comes to when its handler ends it now.
pub fn end(session: &Session) -> Ended {
    session.end(1_000_000, EndReason::Ended).unwrap()
}

pub fn is_invalid<T>(answer: Result<T, Refusal>) -> bool {
    matches!(answer, Err(Refusal::InvalidArgument(_)))
}
