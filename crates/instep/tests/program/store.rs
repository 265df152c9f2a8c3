//! A store that is locked, read-only, full or damaged: named, in nobody's way, and never a reason to touch a file.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use testkit::Mounted;

use crate::daemon::ask;
use crate::scene::Scene;
use crate::serve::Daemon;

#[test]
fn a_locked_store_is_waited_for_then_named_and_no_file_is_touched() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x");
    });
    scene.a.file("y", "y");
    let holder = rusqlite::Connection::open(scene.state("instep.db")).expect("it is a database");
    holder.execute_batch("BEGIN IMMEDIATE").expect("nobody else holds it");
    scene.instep("sync pair").expect(3).says(&["instep.db is locked", "end that program"]);
    assert!(!scene.b.has("y"));
    // It can be read all the same.
    scene.instep("status pair").expect(0);
    scene.instep("results").expect(0).says(&["pair"]);
    drop(holder);
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn a_read_only_store_is_named_and_no_file_is_touched() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x");
    });
    scene.a.file("y", "y").mode("", 0o777);
    scene.b.mode("", 0o777);
    let set = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    set(scene.home(), 0o755);
    set(&scene.settings_file(), 0o644);
    set(&scene.state(""), 0o555);
    set(&scene.state("instep.db"), 0o444);
    let ask = |line: &str| {
        testkit::as_nobody(|| scene.command(&scene.words(line)).output()).expect("the program starts")
    };
    for line in ["sync pair", "serve"] {
        let run = ask(line);
        let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(3), "{line}: {said}");
        assert!(said.contains(&*scene.state("").to_string_lossy()), "{line}: {said}");
        assert!(said.contains("denied") || said.contains("readonly"), "{line}: {said}");
    }
    assert!(!scene.b.has("y"));
    set(&scene.state(""), 0o700);
    set(&scene.state("instep.db"), 0o600);
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn a_full_disk_under_the_store_is_said_by_commands_and_by_the_health_of_the_daemon() {
    let scene = Scene::bare();
    let Some(_disk) = Mounted::memory_at(scene.home(), "size=4m") else { return };
    scene.a.file("x", "x");
    scene.instep("add pair A B").expect(0);
    scene.instep("sync pair").expect(0);
    let daemon = Daemon::start(&scene);
    let filler = scene.home().join("filler");
    let fill = || {
        // As much as there is room for, and what others gave back since.
        let mut file =
            fs::OpenOptions::new().create(true).append(true).open(&filler).expect("it can be opened");
        for size in [1 << 20, 512] {
            while file.write(&vec![0; size]).is_ok_and(|written| written > 0) {}
        }
    };
    fill();
    scene.a.file("y", "y");
    scene.instep("sync pair").expect(3).says(&["instep.db", "full"]);
    assert!(!scene.b.has("y"));
    let (status, health) = ask(&scene, "GET", "/health", &Value::Null);
    assert_eq!(status, 503, "{health}");
    assert!(health.to_string().contains("full"), "{health}");
    fs::remove_file(&filler).expect("it is there");
    scene.instep("sync pair").expect(0);
    assert_eq!(ask(&scene, "GET", "/health", &Value::Null).0, 200);
    scene.assert_same();
    assert_eq!(daemon.stop(), Some(0));
    // Who ends while one of its threads still reads leaves the files that SQLite needs beside it, and with those it can be
    // read on a full disk, too. Whoever is the last to close it takes them away.
    let last = rusqlite::Connection::open(scene.state("instep.db")).expect("it is a database");
    last.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("nobody else has it open");
    drop(last);
    fill();
    scene.a.file("z", "z");
    // Without a daemon there is nobody who has the store open already.
    for line in ["sync pair", "status", "results", "conflicts", "pause pair", "undo last", "serve"] {
        fill();
        scene.instep(line).expect(3).says(&["instep.db", "is full", "make room there"]);
    }
    scene.instep("doctor").expect(3).says(&["free where the state is kept", "make room"]);
    assert!(!scene.b.has("z"));
    // A job runs all the same.
    scene.instep("run nightly -- echo done").expect(0).says(&["on no record", "is full", "done"]);
    fs::remove_file(&filler).expect("it is there");
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn a_daemon_that_finds_a_damaged_store_puts_it_aside_and_serves() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x");
    });
    fs::write(scene.state("instep.db"), b"a poem, not a database. ".repeat(400)).expect("it can be damaged");
    let daemon = Daemon::start(&scene);
    scene.a.file("more", "m");
    scene.instep("sync pair").expect(0);
    scene.assert_same();
    assert_eq!(ask(&scene, "GET", "/health", &Value::Null).0, 200);
    assert_eq!(ask(&scene, "GET", "/runs", &Value::Null).1["runs"].as_array().map(Vec::len), Some(1));
    let aside = fs::read_dir(scene.state("")).expect("it is there").flatten();
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    assert!(aside.map(name).any(|name| name.starts_with("instep.db.damaged-")));
    assert!(daemon.log().contains("damaged"), "{}", daemon.log());
    assert_eq!(daemon.stop(), Some(0));
}
