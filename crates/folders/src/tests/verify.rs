//! `verify` by content: what a failing disk does, which no status shows.

use reconcile::{Agreed, Agreement, DirKey};
use syncmgr::conflict::ConflictKind;

use super::*;
use crate::base::{Access, Base, BaseStore as _};
use crate::look::Ask;
use crate::roots::Surroundings;
use crate::side::ReadSide as _;
use crate::verify::{DifferenceKind, verify};

/// Looks for differences by content.
pub(super) fn found(bed: &Bed) -> Vec<(String, DifferenceKind)> {
    on_look(bed, |ask| {
        let report = verify(ask, true, &()).unwrap();
        report.differences.into_iter().map(|one| (one.path.to_string(), one.kind)).collect()
    })
}

fn on_look<T>(bed: &Bed, look: impl FnOnce(Ask<'_>) -> T) -> T {
    look(Ask {
        pair: &bed.pair,
        options: &RunOptions::default(),
        home: &Home { pairs: bed.home.path().into() },
        surroundings: &Surroundings::default(),
        now: crate::run::now(),
        threads: std::num::NonZero::<usize>::MIN,
    })
}

/// Another byte on that side alone, and nothing else that anybody could see: the inode's own time, which nobody can put
/// back, is made what the base knows.
fn rot(bed: &Bed, side: Side, name: &str) {
    bed.tree(side).flip(name);
    on_look(bed, |ask| {
        let look = crate::look::Look::open(ask).unwrap();
        let base = Base::open(&look.dir, Access::Write).unwrap();
        let mut txn = base.begin().unwrap();
        let mut now = Agreement::default();
        for (known, agreed) in txn.dir(DirKey::ROOT).unwrap().unwrap_or_default().iter() {
            let mut agreed: Agreed = *agreed;
            if known == name.as_bytes() {
                let seen = if side == Side::A { &mut agreed.a } else { &mut agreed.b };
                *seen = look.roots.side(side).dir(&RelPath::root()).unwrap().look(known).unwrap().unwrap();
            }
            now.push(known, agreed);
        }
        txn.put(DirKey::ROOT, &now).unwrap();
        txn.commit().unwrap();
    });
}

#[test]
fn a_byte_that_was_flipped_without_a_trace_is_found_on_the_side_where_it_was() {
    let bed = Bed::new();
    bed.a.file("text", "a text that both have").file("other", "another text");
    bed.sync().is(Outcome::Done);
    assert_eq!(found(&bed), []);
    rot(&bed, Side::B, "text");
    bed.sync().is(Outcome::Done);
    // The first read of a file moves its time of access, and then it rests.
    found(&bed);
    let stamps = || [&bed.a, &bed.b, &bed.home].map(|tree| testkit::stamps(tree.path()));
    let before = stamps();
    let damage = DifferenceKind::Content { strayed: Some(Side::B) };
    assert_eq!(found(&bed), [("text".to_owned(), damage)]);
    for (before, after) in before.iter().zip(&stamps()) {
        assert_eq!(testkit::moved(before, after), Vec::<String>::new(), "S12");
    }
}

#[test]
fn of_what_nobody_kept_a_version_only_the_difference_is_known() {
    let bed = Bed::with(|pair| Pair { ancestors: false, ..pair }, Limits::default());
    bed.a.file("text", "a text that both have");
    bed.sync().is(Outcome::Done);
    rot(&bed, Side::A, "text");
    assert_eq!(found(&bed), [("text".to_owned(), DifferenceKind::Content { strayed: None })]);
}

#[test]
fn permissions_that_are_a_question_are_a_conflict_and_no_damage() {
    let ask = reconcile::AskAlso { deletions: false, permissions: true };
    let bed = Bed::with(|pair| Pair { ask, ..pair }, Limits::default());
    bed.a.file("text", "a text that both have");
    bed.sync().is(Outcome::Done);
    bed.a.mode("text", 0o600);
    bed.b.mode("text", 0o755);
    assert_eq!(found(&bed), [("text".to_owned(), DifferenceKind::Conflict(ConflictKind::Metadata))]);
}
