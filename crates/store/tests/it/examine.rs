//! A look through a store for whoever looks after an installation: nothing is changed by it, and it ends in time.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use store::{Examined, examine};
use syncmgr::outcome::Outcome;

use crate::support::{Home, begin, error, run};

/// More than any of these needs.
const LONG: Duration = Duration::from_secs(600);

fn filled() -> Home {
    let home = Home::new();
    let store = home.open();
    for n in 0..20 {
        run(&store, &[("photos", Outcome::Done)], n);
    }
    let recorder = begin(&store, &["photos"], 1000);
    for n in 0..3000 {
        recorder.event(error("photos", &format!("page {n} is torn")), 1001).unwrap();
    }
    store.flush().unwrap();
    home
}

/// Everything in the directory of the store, but for the index of its log, which whoever reads may write.
fn files(home: &Home) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(home.file().parent().unwrap()).unwrap().flatten();
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let read = files
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()));
    read.filter(|(name, _)| !name.ends_with("-shm")).collect()
}

#[test]
fn a_sound_store_is_sound_whether_or_not_somebody_has_it_open_and_nothing_is_changed() {
    let home = filled();
    let before = files(&home);
    assert_eq!(examine(&home.file(), LONG), Ok(Examined::Sound));
    assert_eq!(files(&home), before);
    let store = home.open();
    run(&store, &[("photos", Outcome::Done)], 9000);
    let before = files(&home);
    assert!(before.keys().any(|name| name.ends_with("-wal")), "there is a log to be read with it");
    assert_eq!(examine(&home.file(), LONG), Ok(Examined::Sound));
    assert_eq!(files(&home), before);
}

#[test]
fn damage_is_found_wherever_it_is_and_left_where_it_is() {
    for place in [0.1, 0.5, 0.9] {
        let home = filled();
        let mut bytes = fs::read(home.file()).unwrap();
        let at = (bytes.len() as f64 * place) as usize / 4096 * 4096;
        // More than one page: what lies in the middle of a long row nobody can judge.
        let end = (at + 8 * 4096).min(bytes.len());
        bytes[at..end].fill(0x5a);
        fs::write(home.file(), &bytes).unwrap();
        let found = examine(&home.file(), LONG);
        assert!(matches!(found, Ok(Examined::Damaged(_))), "at {place}: {found:?}");
        assert!(fs::read(home.file()).unwrap() == bytes);
    }
    let home = filled();
    let length = fs::metadata(home.file()).unwrap().len();
    fs::OpenOptions::new().write(true).open(home.file()).unwrap().set_len(length / 2).unwrap();
    assert!(matches!(examine(&home.file(), LONG), Ok(Examined::Damaged(_))));
    fs::write(home.file(), b"a poem, not a database. ".repeat(400)).unwrap();
    assert!(matches!(examine(&home.file(), LONG), Ok(Examined::Damaged(_))));
    fs::remove_file(home.file()).unwrap();
    assert!(examine(&home.file(), LONG).is_err());
}

#[test]
fn a_store_that_is_too_large_for_the_time_is_sound_as_far_as_was_seen() {
    let home = filled();
    assert_eq!(examine(&home.file(), Duration::ZERO), Ok(Examined::Unfinished));
}
