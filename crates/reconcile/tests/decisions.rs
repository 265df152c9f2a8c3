//! The table of decisions about one name, case by case.

mod common;

use common::{mode, on_conflict, policy};
use reconcile::change::Change;
use reconcile::decide::{Decision, Trio, decide};
use reconcile::model::EPOCH;
use reconcile::plan::NoteKind;
use reconcile::{
    Agreed, DirKey, Extras, Facets, FileId, Follow, Kind, Mode, OnConflict, Policy, Seen, Side, Time,
};
use syncmgr::conflict::ConflictKind::{CreateCreate, EditEdit, KindMismatch};

use Side::{A, B};

/// A version as one side of the base has it: 100 bytes, mode 644.
fn file(side: Side) -> Seen {
    let ino = if side == A { 11 } else { 22 };
    let at = |secs| Time { secs: EPOCH + secs, nanos: 7 };
    Seen {
        kind: Kind::File,
        mode: 0o644,
        size: 100,
        mtime: at(0),
        ctime: at(if side == A { 1 } else { 2 }),
        id: FileId { ino, birth: 5 },
        extras: Extras::default(),
    }
}

fn dir(side: Side) -> Seen {
    Seen { kind: Kind::Dir, mode: 0o755, size: 0, ..file(side) }
}

/// What became of a version.
type Fate = fn(Seen) -> Option<Seen>;

fn later(time: Time, secs: i64) -> Time {
    Time { secs: time.secs + secs, ..time }
}

fn same(seen: Seen) -> Option<Seen> {
    Some(seen)
}
fn gone(_: Seen) -> Option<Seen> {
    None
}
/// Written, longer.
fn edited(seen: Seen) -> Option<Seen> {
    Some(Seen { size: 130, mtime: later(seen.mtime, 50), ctime: later(seen.ctime, 50), ..seen })
}
/// The same edit ten seconds later.
fn edited_alike(seen: Seen) -> Option<Seen> {
    Some(Seen { size: 130, mtime: later(seen.mtime, 60), ctime: later(seen.ctime, 60), ..seen })
}
/// Written later, but shorter.
fn edited_later(seen: Seen) -> Option<Seen> {
    Some(Seen { size: 90, mtime: later(seen.mtime, 70), ctime: later(seen.ctime, 70), ..seen })
}
/// Written, of the same size: as far as a status call tells, it may be a touch.
fn rewritten(seen: Seen) -> Option<Seen> {
    Some(Seen { mtime: later(seen.mtime, 60), ctime: later(seen.ctime, 60), ..seen })
}
fn touched(seen: Seen) -> Option<Seen> {
    rewritten(seen)
}
fn touched_later(seen: Seen) -> Option<Seen> {
    Some(Seen { mtime: later(seen.mtime, 80), ctime: later(seen.ctime, 80), ..seen })
}
fn chmodded(seen: Seen) -> Option<Seen> {
    Some(Seen { mode: 0o755, ctime: later(seen.ctime, 60), ..seen })
}
fn chmodded_otherwise(seen: Seen) -> Option<Seen> {
    Some(Seen { mode: 0o600, ctime: later(seen.ctime, 30), ..seen })
}
fn an_hour_off(seen: Seen) -> Option<Seen> {
    Some(Seen { mtime: later(seen.mtime, 3600), ..seen })
}
/// Only the inode knows: a hard link was made, or an edit put the time back.
fn stirred(seen: Seen) -> Option<Seen> {
    Some(Seen { ctime: later(seen.ctime, 60), ..seen })
}
fn at_zero(seen: Seen) -> Option<Seen> {
    Some(Seen { mtime: Time { secs: 0, nanos: 0 }, ctime: later(seen.ctime, 60), ..seen })
}
fn before_1970(seen: Seen) -> Option<Seen> {
    Some(Seen { mtime: Time { secs: -5, nanos: 0 }, ctime: later(seen.ctime, 60), ..seen })
}
fn in_the_far_future(seen: Seen) -> Option<Seen> {
    Some(Seen { mtime: later(seen.mtime, 1_000_000_000), ctime: later(seen.ctime, 60), ..seen })
}
fn a_link(seen: Seen) -> Option<Seen> {
    Some(Seen { kind: Kind::Link, mode: 0o777, size: 9, ..seen })
}
fn a_directory(seen: Seen) -> Option<Seen> {
    Some(Seen { kind: Kind::Dir, mode: 0o755, size: 0, ..seen })
}
fn a_socket(seen: Seen) -> Option<Seen> {
    Some(Seen { kind: Kind::Special, size: 0, ..seen })
}
fn refused(seen: Seen) -> Option<Seen> {
    Some(Seen { kind: Kind::Unreadable, mode: 0, size: 0, ..seen })
}

/// How the contents compare, if anybody asks.
#[derive(Clone, Copy)]
enum Contents {
    Same,
    Differ,
    /// To ask would be a waste.
    NotAsked,
}
use Contents::{Differ, NotAsked, Same};

fn take(from: Side) -> Decision {
    Decision::Take { from, keep: Facets::NONE, force: false, note: None }
}
fn force(from: Side) -> Decision {
    Decision::Take { from, keep: Facets::NONE, force: true, note: None }
}
fn survive(from: Side) -> Decision {
    Decision::Take { from, keep: Facets::NONE, force: false, note: Some(NoteKind::EditSurvived(from)) }
}
fn merge_edit_and_mode(from: Side) -> Decision {
    Decision::Take { from, keep: Facets::MODE, force: false, note: None }
}
fn drop_on(on: Side) -> Decision {
    Decision::Drop { on, force: false }
}
fn purge(on: Side) -> Decision {
    Decision::Drop { on, force: true }
}
fn meta(mode: Option<Side>, mtime: Option<Side>) -> Decision {
    Decision::Meta(Follow { mode, mtime, ..Follow::NONE })
}
fn merge(mode: Option<Side>, settle: bool) -> Decision {
    Decision::Merge { follow: Follow { mode, ..Follow::NONE }, settle }
}
fn left(notes: &[NoteKind]) -> Decision {
    Decision::Leave(notes.to_vec())
}

type Case = (&'static str, Fate, Fate, Contents, Decision);

fn check(policy: &Policy, base: Option<Agreed>, start: fn(Side) -> Seen, cases: &[Case]) {
    for (what, on_a, on_b, contents, expected) in cases {
        let (a, b) = (on_a(start(A)), on_b(start(B)));
        let trio = Trio { base: base.as_ref(), a: a.as_ref(), b: b.as_ref(), moved: [false; 2] };
        let decision = decide(trio, policy, &mut || match contents {
            Same => Ok(true),
            Differ => Ok(false),
            NotAsked => panic!("{what}: contents need not be compared"),
        });
        assert_eq!(decision, *expected, "{what} ({:?})", policy.mode);
    }
}

fn files_known(policy: &Policy, cases: &[Case]) {
    check(policy, Some(Agreed { a: file(A), b: file(B), dir: None }), file, cases);
}

fn files_unknown(policy: &Policy, cases: &[Case]) {
    check(policy, None, file, cases);
}

fn dirs_known(policy: &Policy, cases: &[Case]) {
    check(policy, Some(Agreed { a: dir(A), b: dir(B), dir: Some(DirKey(9)) }), dir, cases);
}

#[test]
fn two_way_of_files_that_both_knew() {
    use Decision::{Conflict, Forget, Nothing, Settle};
    files_known(
        &policy(),
        &[
            ("nothing happened", same, same, NotAsked, Nothing),
            ("edited on A", edited, same, NotAsked, take(A)),
            ("edited on B", same, edited, NotAsked, take(B)),
            ("rewritten on A with the same size", rewritten, same, Differ, take(A)),
            ("rewritten on B with the same size", same, rewritten, Differ, take(B)),
            ("an edit that put the time back", stirred, same, Differ, take(A)),
            ("the inode alone was stirred", stirred, same, Same, Settle),
            ("both made the same edit", edited, edited, Same, Settle),
            ("both made the same edit, one of them later", edited, edited_alike, Same, Settle),
            ("both edited, other sizes", edited, edited_later, NotAsked, Conflict(EditEdit)),
            ("both edited, same size", edited, edited, Differ, Conflict(EditEdit)),
            ("both rewrote", rewritten, rewritten, Differ, Conflict(EditEdit)),
            ("deleted on A", gone, same, NotAsked, drop_on(B)),
            ("deleted on B", same, gone, NotAsked, drop_on(A)),
            ("deleted on both", gone, gone, NotAsked, Settle),
            ("deleted on A, edited on B", gone, edited, NotAsked, survive(B)),
            ("deleted on B, perhaps edited on A", rewritten, gone, NotAsked, survive(A)),
            ("deleted on B, only the inode stirred on A", stirred, gone, NotAsked, drop_on(A)),
            ("deleted on A, permissions changed on B", gone, chmodded, NotAsked, drop_on(B)),
            ("deleted on A, clock of B shifted", gone, an_hour_off, NotAsked, drop_on(B)),
            ("permissions changed on A", chmodded, same, Same, meta(Some(B), None)),
            ("permissions changed on B", same, chmodded, Same, meta(Some(A), None)),
            ("both changed permissions alike", chmodded, chmodded, Same, Settle),
            (
                "both changed permissions: the later wins",
                chmodded_otherwise,
                chmodded,
                Same,
                meta(Some(A), None),
            ),
            ("touched on A", touched, same, Same, meta(None, Some(B))),
            ("touched on B", same, touched, Same, meta(None, Some(A))),
            ("permissions here, time there", chmodded, touched, Same, meta(Some(B), Some(A))),
            ("both touched at once", touched, touched, Same, Settle),
            ("both touched, one of them later", touched, touched_later, Same, Settle),
            ("permissions on A, edit on B: both", chmodded, edited, NotAsked, merge_edit_and_mode(B)),
            ("edit on A, permissions on B: both", edited, chmodded, NotAsked, merge_edit_and_mode(A)),
            ("the clock of A shifted by an hour", an_hour_off, same, Same, Settle),
            ("both clocks shifted", an_hour_off, an_hour_off, Same, Settle),
            ("time zero is no news", at_zero, same, Same, Settle),
            ("nor is a negative one", same, before_1970, Same, Settle),
            ("nor one in the far future", in_the_far_future, same, Same, Settle),
            ("became a link on A", a_link, same, NotAsked, take(A)),
            ("became a directory on B", same, a_directory, NotAsked, take(B)),
            ("became a link on A, edited on B", a_link, edited, NotAsked, Conflict(KindMismatch)),
            ("became a link on A, a directory on B", a_link, a_directory, NotAsked, Conflict(KindMismatch)),
            ("became a link on A, deleted on B", a_link, gone, NotAsked, survive(A)),
            ("became the same link on both", a_link, a_link, Same, Settle),
            ("became other links", a_link, a_link, Differ, Conflict(CreateCreate)),
            ("a socket in its place", a_socket, same, NotAsked, left(&[NoteKind::AgainstSpecial])),
            (
                "a socket in its place, deleted on B",
                a_socket,
                gone,
                NotAsked,
                Forget(vec![NoteKind::Special(A)]),
            ),
            (
                "status refused on A",
                refused,
                gone,
                NotAsked,
                left(&[NoteKind::Unreadable(A, "its status was refused".into())]),
            ),
        ],
    );
}

#[test]
fn two_way_of_files_that_nobody_knew() {
    use Decision::{Conflict, Settle};
    files_unknown(
        &policy(),
        &[
            ("new on A", same, gone, NotAsked, take(A)),
            ("new on B", gone, same, NotAsked, take(B)),
            ("same size and time to the nanosecond", same, same, NotAsked, Settle),
            ("same size, other time, same content", same, touched, Same, Settle),
            ("same size, other content", same, touched, Differ, Conflict(CreateCreate)),
            ("other size", same, edited, NotAsked, Conflict(CreateCreate)),
            ("permissions stay as they are", same, chmodded, NotAsked, Settle),
            ("the same implausible time proves nothing", at_zero, at_zero, Differ, Conflict(CreateCreate)),
            ("a file and a link", same, a_link, NotAsked, Conflict(KindMismatch)),
            ("a file and a directory", same, a_directory, NotAsked, Conflict(KindMismatch)),
            ("two links", a_link, a_link, Same, Settle),
            ("two directories", a_directory, a_directory, NotAsked, merge(None, true)),
            ("a socket", a_socket, gone, NotAsked, left(&[NoteKind::Special(A)])),
            (
                "two sockets",
                a_socket,
                a_socket,
                NotAsked,
                left(&[NoteKind::Special(A), NoteKind::Special(B)]),
            ),
        ],
    );
}

#[test]
fn a_whole_second_proves_nothing_unless_the_file_system_knows_no_finer() {
    let whole = |side| Seen { mtime: Time { secs: EPOCH, nanos: 0 }, ..file(side) };
    let cases = |contents| {
        [("times without a part below the second", same as Fate, same as Fate, contents, Decision::Settle)]
    };
    check(&policy(), None, whole, &cases(Same));
    let coarse = Policy { time_resolution: 2_000_000_000, ..policy() };
    check(&coarse, None, whole, &cases(NotAsked));
    // Empty files have nothing to differ in.
    let empty =
        |side| Seen { size: 0, mtime: Time { secs: if side == A { 5 } else { 9 }, nanos: 0 }, ..file(side) };
    check(&policy(), None, empty, &cases(NotAsked));
}

#[test]
fn the_time_at_which_both_were_written_proves_nothing_but_the_time_that_a_copy_keeps_does() {
    let written = |side| Seen { ctime: file(side).mtime, ..file(side) };
    files_unknown(&policy(), &[("one is a copy", same, same, NotAsked, Decision::Settle)]);
    let copied = |seen: Seen| Some(Seen { ctime: later(seen.mtime, 1), ..seen });
    check(&policy(), None, written, &[("one is a copy", same, copied, NotAsked, Decision::Settle)]);
    check(
        &policy(),
        None,
        written,
        &[
            ("both were written in one tick of the clock", same, same, Same, Decision::Settle),
            ("with other contents", same, same, Differ, Decision::Conflict(CreateCreate)),
        ],
    );
    let simple = |side| Seen { ctime: Time::default(), ..file(side) };
    check(&policy(), None, simple, &[("nobody knows", same, same, NotAsked, Decision::Settle)]);
}

#[test]
fn the_content_decides_about_what_may_have_been_edited_within_the_tick_in_which_it_was_recorded() {
    use Decision::{Conflict, Settle};
    // The clock of A's file system stood still when it was looked at.
    let known = Agreed { a: file(A).in_doubt(), b: file(B), dir: None };
    let cases: &[Case] = &[
        ("it was not edited", same, same, Same, Settle),
        ("it was", same, same, Differ, take(A)),
        ("edited on B", same, edited, NotAsked, take(B)),
        ("rewritten on B", same, rewritten, Differ, take(B)),
        ("permissions changed on A", chmodded, same, Same, meta(Some(B), None)),
        ("permissions changed, and it was edited", chmodded, same, Differ, take(A)),
        // Else everything that is made, synchronized and deleted there in a moment would come back.
        ("deleted on B", same, gone, NotAsked, drop_on(A)),
        ("deleted on A", gone, same, NotAsked, drop_on(B)),
        ("edited on A, deleted on B", edited, gone, NotAsked, survive(A)),
    ];
    check(&policy(), Some(known), file, cases);
    // A file system that keeps no times of inodes is no exception.
    let simple = |side| Seen { ctime: Time::default(), id: FileId::default(), ..file(side) };
    let known = Agreed { a: simple(A).in_doubt(), b: simple(B), dir: None };
    check(&policy(), Some(known), simple, &[("it was edited", same, same, Differ, take(A))]);
    // Both in doubt: nobody knows whose edit it is.
    let known = Agreed { a: file(A).in_doubt(), b: file(B).in_doubt(), dir: None };
    check(&policy(), Some(known), file, &[("edited", same, same, Differ, Conflict(EditEdit))]);
    // Renaming stirs the inode too, and hides nothing.
    let (known, a, b) = (Agreed { a: file(A).in_doubt(), b: file(B), dir: None }, file(A), file(B));
    let moved = Trio { base: Some(&known), a: Some(&a), b: Some(&b), moved: [true, false] };
    assert_eq!(decide(moved, &policy(), &mut || Ok(false)), take(A));
}

#[test]
fn two_way_of_directories() {
    dirs_known(
        &policy(),
        &[
            ("nothing happened", same, same, NotAsked, merge(None, false)),
            ("permissions on A", chmodded_otherwise, same, NotAsked, merge(Some(B), false)),
            (
                "permissions on both, alike",
                chmodded_otherwise,
                chmodded_otherwise,
                NotAsked,
                merge(None, true),
            ),
            ("deleted on A: its content decides", gone, same, NotAsked, drop_on(B)),
            ("deleted on A, permissions on B", gone, chmodded, NotAsked, drop_on(B)),
            (
                "made anew on A: the base learns its identity",
                |seen| Some(Seen { id: FileId { ino: 99, birth: 99 }, ..seen }),
                same,
                NotAsked,
                merge(None, true),
            ),
            ("became a file on A", |seen| same(Seen { kind: Kind::File, ..seen }), same, NotAsked, take(A)),
            ("became a socket on A", a_socket, same, NotAsked, left(&[NoteKind::AgainstSpecial])),
        ],
    );
}

#[test]
fn comparing_contents_finds_what_rotted() {
    let policy = Policy { checksum: true, ..policy() };
    files_known(
        &policy,
        &[
            ("nothing happened", same, same, Same, Decision::Nothing),
            ("nobody wrote, but the contents differ", same, same, Differ, Decision::Conflict(EditEdit)),
            ("edited on A", edited, same, NotAsked, take(A)),
        ],
    );
    files_unknown(&policy, &[("same size and time", same, same, Differ, Decision::Conflict(CreateCreate))]);
}

#[test]
fn mirror() {
    use Decision::{Nothing, Settle};
    let policy = mode(Mode::Mirror);
    files_known(
        &policy,
        &[
            ("nothing happened", same, same, NotAsked, Nothing),
            ("edited on A", edited, same, NotAsked, force(A)),
            ("edited on B", same, edited, NotAsked, force(A)),
            ("both edited", edited, edited_later, NotAsked, force(A)),
            ("deleted on A", gone, same, NotAsked, purge(B)),
            ("deleted on A, edited on B", gone, edited, NotAsked, purge(B)),
            ("deleted on B", same, gone, NotAsked, take(A)),
            ("permissions on B go back", same, chmodded, Same, meta(Some(B), None)),
            ("a touch on B goes back", same, touched, Same, meta(None, Some(B))),
            ("an implausible time never replaces a plausible one", at_zero, same, Same, Settle),
            ("another kind on B", same, a_directory, NotAsked, force(A)),
            ("a socket on B", gone, a_socket, NotAsked, Decision::Forget(vec![NoteKind::Special(B)])),
            ("a socket on B against a file", same, a_socket, NotAsked, left(&[NoteKind::AgainstSpecial])),
        ],
    );
    files_unknown(
        &policy,
        &[
            ("only on B", gone, same, NotAsked, purge(B)),
            ("a socket only on B", gone, a_socket, NotAsked, left(&[NoteKind::Special(B)])),
            ("other content", same, edited, NotAsked, force(A)),
            ("same content, other permissions", same, chmodded, NotAsked, meta(Some(B), None)),
        ],
    );
    dirs_known(
        &policy,
        &[("permissions on B go back", same, chmodded_otherwise, NotAsked, merge(Some(B), false))],
    );
}

#[test]
fn copy() {
    use Decision::{Conflict, Settle};
    let policy = mode(Mode::Copy);
    let left_on_b = || left(&[NoteKind::LeftOnB]);
    files_known(
        &policy,
        &[
            ("edited on A", edited, same, NotAsked, take(A)),
            ("what B alone edited is left", same, edited, NotAsked, left_on_b()),
            ("both edited", edited, edited_later, NotAsked, Conflict(EditEdit)),
            ("deleted on A: nothing is deleted", gone, same, NotAsked, left(&[])),
            ("deleted on A, edited on B", gone, edited, NotAsked, left_on_b()),
            ("what B deleted comes back", same, gone, NotAsked, take(A)),
            ("what B deleted and A edited comes back", edited, gone, NotAsked, take(A)),
            ("permissions on A", chmodded, same, Same, meta(Some(B), None)),
            ("permissions on B stay", same, chmodded, Same, Settle),
            ("a touch on A", touched, same, Same, meta(None, Some(B))),
            ("a change of kind on A", a_directory, same, NotAsked, Conflict(KindMismatch)),
            ("a change of kind on B", same, a_link, NotAsked, Conflict(KindMismatch)),
        ],
    );
    files_unknown(
        &policy,
        &[
            ("new on A", same, gone, NotAsked, take(A)),
            ("new on B", gone, same, NotAsked, left(&[])),
            ("created differently", same, edited, NotAsked, Conflict(CreateCreate)),
        ],
    );
}

#[test]
fn policies_settle_conflicts() {
    use Decision::{Conflict, KeepBoth};
    let conflict = |choice, what, on_a, on_b, contents, expected| {
        files_known(&on_conflict(choice), &[(what, on_a, on_b, contents, expected)]);
    };
    conflict(OnConflict::Ask, "asked", edited, edited_later, NotAsked, Conflict(EditEdit));
    conflict(OnConflict::Newest, "B is newer", edited, edited_later, NotAsked, force(B));
    conflict(OnConflict::Newest, "A is newer", edited_later, edited, NotAsked, force(A));
    conflict(OnConflict::Newest, "a tie stays", edited, edited, Differ, Conflict(EditEdit));
    conflict(
        OnConflict::Newest,
        "an hour is more than a tie",
        rewritten,
        |seen| an_hour_off(rewritten(seen)?),
        Differ,
        force(B),
    );
    conflict(
        OnConflict::Newest,
        "the far future is not newer",
        rewritten,
        in_the_far_future,
        Differ,
        force(A),
    );
    conflict(OnConflict::Newest, "zero is not newer", at_zero, edited, NotAsked, force(B));
    conflict(
        OnConflict::Newest,
        "two implausible times are a tie",
        at_zero,
        before_1970,
        Differ,
        Conflict(EditEdit),
    );
    conflict(OnConflict::Largest, "A is larger", edited, edited_later, NotAsked, force(A));
    conflict(OnConflict::Largest, "a tie stays", rewritten, rewritten, Differ, Conflict(EditEdit));
    conflict(
        OnConflict::Largest,
        "a link and a directory",
        a_link,
        a_directory,
        NotAsked,
        Conflict(KindMismatch),
    );
    conflict(OnConflict::A, "A wins", edited, edited_later, NotAsked, force(A));
    conflict(OnConflict::B, "B wins", edited, a_directory, NotAsked, force(B));
    conflict(OnConflict::KeepBoth, "both stay", edited, edited_later, NotAsked, KeepBoth);
    conflict(OnConflict::B, "an edit is no conflict", edited, same, NotAsked, take(A));
    conflict(OnConflict::A, "an edit outlives a deletion", gone, edited, NotAsked, survive(B));
}

#[test]
fn in_copy_that_b_wins_means_that_it_keeps_its_own() {
    let policy = Policy { mode: Mode::Copy, ..on_conflict(OnConflict::Newest) };
    files_known(
        &policy,
        &[
            ("B is newer", edited, edited_later, NotAsked, left(&[NoteKind::LeftOnB])),
            ("A is newer", edited_later, edited, NotAsked, force(A)),
        ],
    );
}

#[test]
fn s5_contents_that_cannot_be_compared_are_left() {
    let base = Agreed { a: file(A), b: file(B), dir: None };
    let (a, b) = (rewritten(file(A)), same(file(B)));
    let trio = Trio { base: Some(&base), a: a.as_ref(), b: b.as_ref(), moved: [false; 2] };
    let decision = decide(trio, &policy(), &mut || Err(reconcile::Unreadable { reason: "gone bad".into() }));
    assert_eq!(decision, left(&[NoteKind::Uncompared("gone bad".into())]));
}

#[test]
fn changes_are_told_by_what_a_status_call_shows() {
    let was = file(A);
    let told: [(&str, Fate, Change); 8] = [
        ("nothing", same, Change::None),
        ("an edit", edited, Change::Edited),
        ("an edit or a touch", rewritten, Change::Unclear),
        ("permissions", chmodded, Change::Meta),
        ("an hour", an_hour_off, Change::Meta),
        ("the inode", stirred, Change::Inode),
        ("another kind", a_link, Change::Kind),
        ("another object", |seen| Some(Seen { id: FileId { ino: 3, birth: 3 }, ..seen }), Change::Unclear),
    ];
    for (what, fate, change) in told {
        let is = fate(was);
        assert_eq!(is.map(|is| Change::between(&was, &is)), Some(change), "{what}");
    }
    // Where a file system does not tell, nothing is made of it.
    let silent = Seen { ctime: Time::default(), id: FileId::default(), ..was };
    assert_eq!(Change::between(&silent, &was), Change::None);
    assert_eq!(Change::between(&was, &silent), Change::None);
    assert_eq!(Change::between(&silent, &Seen { mode: 0o600, ..silent }), Change::Mode);
}
