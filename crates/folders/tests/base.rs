//! The base: what is agreed stays agreed, damage is never taken for an agreement, and looking writes nothing.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use folders::base::{Access, Base, BaseError, BaseRead as _, BaseStore as _, FILE_NAME, Meta, RootIdentity};
use reconcile::{Agreed, Agreement, DirKey, FileId, Kind, Seen, Side, Time};
use syncmgr::RunId;

fn seen(kind: Kind, ino: u64) -> Seen {
    let time = Time { secs: 1_700_000_000 + ino as i64, nanos: 123_456_789 };
    Seen {
        kind,
        mode: 0o644,
        size: 10 * ino,
        mtime: time,
        ctime: time,
        id: FileId { ino, birth: ino as i64 },
        extras: reconcile::Extras::default(),
    }
}

fn file(ino: u64) -> Agreed {
    Agreed { a: seen(Kind::File, ino), b: seen(Kind::File, ino + 1000), dir: None }
}

fn dir(key: DirKey) -> Agreed {
    Agreed { a: seen(Kind::Dir, key.0), b: seen(Kind::Dir, key.0), dir: Some(key) }
}

fn agreement(children: &[(&str, Agreed)]) -> Agreement {
    let mut agreement = Agreement::default();
    for (name, agreed) in children {
        agreement.push(name.as_bytes(), *agreed);
    }
    agreement
}

fn same(left: &Agreement, right: &Agreement) -> bool {
    left.iter().eq(right.iter())
}

/// `/` with `file` and `sub/`, which has `one` and `two`.
fn filled(home: &Path) -> (Base, DirKey) {
    let base = Base::open(home, Access::Write).unwrap();
    let mut txn = base.begin().unwrap();
    let sub = txn.new_key();
    txn.put(DirKey::ROOT, &agreement(&[("file", file(1)), ("sub", dir(sub))])).unwrap();
    txn.put(sub, &agreement(&[("one", file(2)), ("two", file(3))])).unwrap();
    txn.commit().unwrap();
    (base, sub)
}

#[test]
fn s12_opening_a_base_that_never_was_creates_nothing() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("pair");
    for access in [Access::Read, Access::Write] {
        let base = Base::open(&dir, access).unwrap();
        assert!(base.is_new().unwrap());
        assert!(base.agreement(DirKey::ROOT).unwrap().is_none());
        assert!(base.reader().unwrap().agreement(DirKey::ROOT).unwrap().is_none());
        assert_eq!(base.meta().unwrap(), Meta::default());
    }
    assert!(!dir.exists());
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let home = tempfile::tempdir().unwrap();
    let (base, sub) = filled(home.path());
    drop(base);
    let base = Base::open(home.path(), Access::Read).unwrap();
    assert!(!base.is_new().unwrap());
    let root = base.agreement(DirKey::ROOT).unwrap().unwrap();
    assert!(same(&root, &agreement(&[("file", file(1)), ("sub", dir(sub))])));
    let meta = base.meta().unwrap();
    assert_eq!((meta.entries, meta.files), (4, 3));
}

#[test]
fn s3_a_transaction_that_is_dropped_has_not_happened() {
    let home = tempfile::tempdir().unwrap();
    let (base, sub) = filled(home.path());
    let mut txn = base.begin().unwrap();
    txn.put(sub, &agreement(&[])).unwrap();
    txn.set_last_clean_run(RunId(9)).unwrap();
    drop(txn);
    assert_eq!(base.agreement(sub).unwrap().unwrap().len(), 2);
    assert_eq!(base.meta().unwrap().entries, 4);
    assert_eq!(base.meta().unwrap().last_clean_run, None);
}

#[test]
fn meta_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let (base, _) = filled(home.path());
    let root = RootIdentity { mount_point: "/mnt/usb".into(), fs_id: u64::MAX, ino: 2 };
    let mut txn = base.begin().unwrap();
    txn.set_root(Side::B, &root).unwrap();
    txn.set_filter(&[7; 32]).unwrap();
    txn.set_last_clean_run(RunId(12)).unwrap();
    txn.commit().unwrap();
    let meta = base.meta().unwrap();
    assert_eq!(meta.root(Side::A), None);
    assert_eq!(meta.root(Side::B), Some(&root));
    assert_eq!(meta.filter, Some([7; 32]));
    assert_eq!(meta.last_clean_run, Some(RunId(12)));
}

#[test]
fn a_removed_tree_takes_all_its_records_and_its_keys_are_never_given_again() {
    let home = tempfile::tempdir().unwrap();
    let (base, sub) = filled(home.path());
    let mut txn = base.begin().unwrap();
    let deep = txn.new_key();
    txn.put(sub, &agreement(&[("deep", dir(deep)), ("one", file(2))])).unwrap();
    txn.put(deep, &agreement(&[("x", file(5))])).unwrap();
    txn.commit().unwrap();
    assert_eq!(base.meta().unwrap().entries, 5);

    let mut txn = base.begin().unwrap();
    assert_eq!(txn.remove_tree(sub).unwrap(), 2);
    txn.put(DirKey::ROOT, &agreement(&[("file", file(1))])).unwrap();
    txn.commit().unwrap();
    assert!(base.agreement(deep).unwrap().is_none());
    assert_eq!(base.meta().unwrap().entries, 1);
    assert!(base.begin().unwrap().new_key() > deep);
}

fn with_file(home: &Path, edit: impl FnOnce(&rusqlite::Connection)) {
    edit(&rusqlite::Connection::open(home.join(FILE_NAME)).unwrap());
}

#[test]
fn s5_a_damaged_record_is_no_agreement_and_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let (base, sub) = filled(home.path());
    with_file(home.path(), |connection| {
        let sql = "UPDATE dirs SET record = substr(record, 1, length(record) - 9) || x'00' || zeroblob(8) WHERE key = ?1";
        assert_eq!(connection.execute(sql, [sub.0 as i64]).unwrap(), 1);
    });
    assert!(base.agreement(sub).unwrap().is_none());
    assert_eq!(base.damaged_records(), 1);
    assert!(base.agreement(DirKey::ROOT).unwrap().is_some(), "the others stand");
    assert!(!base.is_damaged());
}

#[test]
fn what_a_damaged_record_led_to_is_swept_away() {
    let home = tempfile::tempdir().unwrap();
    let (base, sub) = filled(home.path());
    with_file(home.path(), |connection| {
        connection.execute("UPDATE dirs SET record = x'ff' WHERE key = 1", []).unwrap();
    });
    let mut txn = base.begin().unwrap();
    assert!(txn.dir(DirKey::ROOT).unwrap().is_none());
    txn.put(DirKey::ROOT, &agreement(&[("file", file(1))])).unwrap();
    assert_eq!(txn.sweep().unwrap(), 1);
    txn.commit().unwrap();
    assert!(base.agreement(sub).unwrap().is_none());
    assert_eq!(base.meta().unwrap().entries, 1);
}

#[test]
fn a_damaged_file_is_put_aside_by_a_run_and_left_by_a_look() {
    let home = tempfile::tempdir().unwrap();
    drop(filled(home.path()));
    let file = home.path().join(FILE_NAME);
    fs::write(&file, vec![b'x'; 5000]).unwrap();

    let look = Base::open(home.path(), Access::Read).unwrap();
    assert!(look.was_put_aside().unwrap().to.is_none());
    assert!(look.agreement(DirKey::ROOT).unwrap().is_none());
    assert!(file.exists());

    let run = Base::open(home.path(), Access::Write).unwrap();
    let aside = run.was_put_aside().unwrap().to.clone().unwrap();
    assert_eq!(fs::read(&aside).unwrap(), vec![b'x'; 5000]);
    assert!(run.is_new().unwrap());
    let mut txn = run.begin().unwrap();
    txn.put(DirKey::ROOT, &agreement(&[])).unwrap();
    txn.commit().unwrap();
    assert!(!run.is_new().unwrap());
}

#[test]
fn s4_what_is_left_of_a_killed_first_commit_is_no_base_and_no_damage() {
    let home = tempfile::tempdir().unwrap();
    with_file(home.path(), |connection| {
        connection.execute_batch("CREATE TABLE t (x); DROP TABLE t").unwrap()
    });
    assert!(fs::metadata(home.path().join(FILE_NAME)).unwrap().len() > 0);
    let base = Base::open(home.path(), Access::Write).unwrap();
    assert!(base.is_new().unwrap() && base.was_put_aside().is_none());
    let mut txn = base.begin().unwrap();
    txn.put(DirKey::ROOT, &agreement(&[("file", file(1))])).unwrap();
    txn.commit().unwrap();
    assert!(!base.is_new().unwrap());
}

#[test]
fn a_database_of_another_program_is_not_written_into() {
    let home = tempfile::tempdir().unwrap();
    with_file(home.path(), |connection| connection.execute_batch("CREATE TABLE theirs (x)").unwrap());
    let base = Base::open(home.path(), Access::Write).unwrap();
    assert!(base.was_put_aside().is_some_and(|aside| aside.to.is_some()));
}

#[test]
fn damage_that_shows_while_reading_is_no_agreement() {
    let home = tempfile::tempdir().unwrap();
    drop(filled(home.path()));
    let file = home.path().join(FILE_NAME);
    let mut bytes = fs::read(&file).unwrap();
    // Every page but the first, which holds the schema.
    let (_, rest) = bytes.split_at_mut(8192);
    rest.fill(0xa5);
    fs::write(&file, bytes).unwrap();
    let mut base = Base::open(home.path(), Access::Write).unwrap();
    assert!(base.reader().unwrap().agreement(DirKey::ROOT).unwrap().is_none());
    assert!(base.is_damaged());
    base.put_aside("it showed while reading".into()).unwrap();
    assert!(base.is_new().unwrap());
    assert!(!base.is_damaged());
}

#[test]
fn a_base_of_a_newer_version_is_refused_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    drop(filled(home.path()));
    with_file(home.path(), |connection| connection.pragma_update(None, "user_version", 99).unwrap());
    let error = Base::open(home.path(), Access::Write).unwrap_err();
    assert!(matches!(error, BaseError::TooNew { format: 99, .. }), "{error}");
    assert!(home.path().join(FILE_NAME).exists());
}

#[test]
fn a_locked_base_says_so() {
    let home = tempfile::tempdir().unwrap();
    let (base, _) = filled(home.path());
    with_file(home.path(), |connection| {
        connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let error = base.begin().unwrap_err();
        assert!(matches!(error, BaseError::Locked { .. }), "{error}");
    });
    base.begin().unwrap();
}

#[test]
fn s12_reading_changes_no_file() {
    let home = tempfile::tempdir().unwrap();
    drop(filled(home.path()));
    let state = || {
        let mut state: Vec<_> = [home.path().to_owned(), home.path().join(FILE_NAME)]
            .iter()
            .map(|path| fs::metadata(path).unwrap())
            .map(|meta| (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec(), meta.ino()))
            .collect();
        state.push((fs::read_dir(home.path()).unwrap().count() as i64, 0, 0, 0, 0));
        state
    };
    let before = state();
    let base = Base::open(home.path(), Access::Write).unwrap();
    let reader = base.reader().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(reader.agreement(DirKey::ROOT).unwrap().unwrap().len(), 2));
        }
    });
    drop(reader);
    drop(base);
    assert_eq!(state(), before);
}

#[test]
fn readers_do_not_stand_in_the_way_of_a_later_write() {
    let home = tempfile::tempdir().unwrap();
    let (base, sub) = filled(home.path());
    drop(base.reader().unwrap());
    let reader = base.reader().unwrap();
    reader.agreement(sub).unwrap();
    drop(reader);
    let mut txn = base.begin().unwrap();
    txn.remove_tree(sub).unwrap();
    txn.commit().unwrap();
}
