use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;
use store::{NewRun, Options, RunQuery, Store, StoreError};
use syncmgr::outcome::Outcome;

use crate::support::{Home, begin, ended, error, handler, item, run};

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn a_store_that_is_no_database_is_put_aside_and_a_new_one_starts_beyond_all_old_run_ids() {
    let home = Home::new();
    run(&home.open(), &[("photos", Outcome::Done)], 0);
    fs::write(home.file(), b"this is a poem, not a database. ".repeat(400)).unwrap();

    let before = seconds();
    let store = home.open();
    let aside = store.put_aside();
    assert_eq!(aside.len(), 1);
    assert!(fs::read(&aside[0]).unwrap().starts_with(b"this is a poem"));
    let name = aside[0].file_name().unwrap().to_str().unwrap();
    let time: u64 = name.strip_prefix("instep.db.damaged-").unwrap().parse().unwrap();
    assert!(time >= before);
    assert_eq!(store.runs(&RunQuery::default()).unwrap(), []);
    assert!(run(&store, &[("photos", Outcome::Done)], 0).0 > before);
    // The next process finds a sound store and has nothing to tell.
    assert_eq!(home.open().put_aside(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn damage_that_is_met_under_way_is_put_aside_and_the_run_ends_in_the_new_store() {
    let home = Home::new();
    let store = home.open();
    for n in 0..200 {
        run(&store, &[("photos", Outcome::Done)], n);
    }
    let recorder = begin(&store, &["photos"], 1000);
    drop(home.open());
    // Everything but the first page is overwritten behind our back.
    let conn = Connection::open(home.file()).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(conn);
    let mut bytes = fs::read(home.file()).unwrap();
    bytes[4096..].fill(0x5a);
    fs::write(home.file(), bytes).unwrap();

    recorder.event(error("photos", "still told"), 1001).unwrap();
    recorder.finish(ended(&[("photos", Outcome::Gaps)], 1002)).unwrap();
    assert_eq!(store.put_aside().len(), 1);
    let read = store.run(recorder.run()).unwrap().unwrap();
    assert_eq!((read.outcome, read.errors, read.started), (Some(Outcome::Gaps), 1, 1000));
}

#[test]
fn a_truncated_store_is_put_aside_when_it_is_read() {
    let home = Home::new();
    {
        let store = home.open();
        for n in 0..200 {
            run(&store, &[("photos", Outcome::Done)], n);
        }
    }
    let bytes = fs::read(home.file()).unwrap();
    fs::write(home.file(), &bytes[..8192]).unwrap();
    let _ = fs::remove_file(home.file().with_extension("db-wal"));
    let store = home.open();
    assert_eq!(store.runs(&RunQuery::default()).unwrap(), []);
    assert_eq!(store.put_aside().len(), 1);
}

#[test]
fn a_store_of_a_newer_program_is_left_alone() {
    let home = Home::new();
    run(&home.open(), &[("photos", Outcome::Done)], 0);
    let conn = Connection::open(home.file()).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let error = Store::open(&home.file()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("update Instep"));
    assert!(home.file().exists());
}

#[test]
fn a_locked_store_says_so_and_can_still_be_read() {
    let home = Home::new();
    run(&home.open(), &[("photos", Outcome::Done)], 0);
    let mut other = Connection::open(home.file()).unwrap();
    let held = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();

    let store = Store::open_with(&home.file(), Options { busy_timeout: Duration::ZERO }).unwrap();
    assert_eq!(store.runs(&RunQuery::default()).unwrap().len(), 1);
    let new = || NewRun { handler: handler(), items: vec![item("photos")], started: 0, reference: None };
    let error = store.begin_run(new()).err().unwrap();
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    assert!(error.to_string().contains("another program"));

    held.rollback().unwrap();
    store.begin_run(new()).unwrap();
}

#[test]
fn lines_that_a_locked_store_refused_are_written_with_the_next_group() {
    let home = Home::new();
    let store = Store::open_with(&home.file(), Options { busy_timeout: Duration::ZERO }).unwrap();
    let recorder = begin(&store, &["photos"], 0);
    let mut other = Connection::open(home.file()).unwrap();
    let held = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    recorder.event(error("photos", "told while it was locked"), 1).unwrap();
    assert!(store.flush().is_err());
    held.rollback().unwrap();
    assert_eq!(recorder.finish(ended(&[("photos", Outcome::Gaps)], 2)).unwrap(), 1);
    assert_eq!(store.trouble(), None);
}

#[test]
fn what_was_synchronized_is_nobody_elses_business_also_in_a_directory_that_others_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let directory = home.file().parent().unwrap().to_owned();
    fs::create_dir_all(&directory).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
    let store = home.open();
    run(&store, &[("photos", Outcome::Done)], 0);
    for file in ["instep.db", "instep.db-wal", "instep.db-shm"] {
        let mode = fs::metadata(directory.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_place_that_cannot_hold_a_store_is_named() {
    let home = Home::new();
    fs::write(home.file().parent().unwrap(), b"a file where the directory should be").unwrap();
    let error = Store::open(&home.file()).unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    assert!(error.to_string().contains("instep.db"));
}

#[test]
fn a_store_whose_first_moments_were_cut_short_by_a_kill_is_finished_by_the_next_who_opens_it() {
    let home = Home::new();
    let made = tempfile::tempdir().unwrap();
    let at = made.path().join("half");
    let half = Connection::open(&at).unwrap();
    half.execute_batch("PRAGMA cache_size = 1; CREATE TABLE of_ours (x); BEGIN IMMEDIATE;").unwrap();
    for _ in 0..200 {
        half.execute("INSERT INTO of_ours VALUES (zeroblob(4000))", []).unwrap();
    }
    // As a kill leaves it: pages that are written already, beside the journal that takes them back.
    fs::create_dir_all(home.file().parent().unwrap()).unwrap();
    fs::copy(&at, home.file()).unwrap();
    let journal = home.file().with_file_name("instep.db-journal");
    fs::copy(made.path().join("half-journal"), &journal).unwrap();

    let store = home.open();
    assert_eq!(store.item_states(None).unwrap(), []);
    run(&store, &[("photos", Outcome::Done)], 0);
    assert!(!journal.exists());
}
