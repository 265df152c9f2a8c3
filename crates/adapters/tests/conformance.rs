//! The conformance kit tells good handlers from bad ones, and what is wrong with those. The SDKs' examples are good ones,
//! and do their work on real folders with real tools.
#![expect(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use adapters::conformance::{Held, RULES, Report, Trial, try_handler};
use adapters::host::HandlerSpec;
use serde_json::json;
use syncmgr::HandlerId;

fn at(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(path).to_str().unwrap().to_owned()
}

/// The system's own where there is one: what else is called so may be a script that looks for it first, for long.
fn python() -> &'static str {
    let system = "/usr/bin/python3";
    if Path::new(system).exists() { system } else { "python3" }
}

fn spec(words: &[&str]) -> HandlerSpec {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    HandlerSpec::of_command(HandlerId::new("test").unwrap(), words)
}

/// One of `handler.py`'s ways.
fn tried(mode: &[&str]) -> Report {
    let script = at("crates/adapters/tests/host/handler.py");
    let words: Vec<&str> = [python(), "-S", "-E", &script].into_iter().chain(mode.iter().copied()).collect();
    try_handler(&spec(&words), &Trial { patience: Duration::from_secs(5), ..Trial::default() })
}

#[track_caller]
fn assert_clean(report: &Report) {
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let held = report.findings.iter().filter(|finding| finding.held == Held::Yes).count();
    assert!(held >= 15, "only {held} rules could be tried: {report:#?}");
}

#[track_caller]
fn assert_broken(report: &Report, rule: &str, word: &str) {
    let why: Vec<String> = report
        .broken()
        .filter(|finding| finding.rule == rule)
        .flat_map(|finding| match &finding.held {
            Held::No { why } => why.clone(),
            _ => Vec::new(),
        })
        .collect();
    assert!(why.iter().any(|why| why.contains(word)), "{rule} is broken by: {why:?}; all: {report:#?}");
}

#[test]
fn every_broken_handler_fails_at_the_right_rule() {
    let broken = [
        (&["wrong-hello"][..], "P1", "no protocol version"),
        (&["no-protocol"], "P1", "it ended instead of answering"),
        (&["newer"], "P2", "answered 2.0"),
        (&["knows-all"], "P3", "it answered"),
        (&["strict"], "P4", "there are no such parameters"),
        (&["well"], "P5", "after lines that are no messages"),
        (&["garbage", "3"], "P6", "3 lines were no messages"),
        (&["stays-on"], "P7", "after 'shutdown'"),
        (&["orphan"], "P8", "after the center had gone"),
        (&["forgets"], "P9", "is gone after a restart"),
        (&["short-sighted"], "P10", "that is no identifier"),
        (&["lies"], "R1", "access denied"),
        (&["mute"], "R2", "nothing was reported"),
        (&["gives-up"], "R3", "not acknowledged with 'canceled'"),
        (&["greedy"], "R4", "after the handler was told to stop everything"),
        (&["panics"], "R4", "was stopped, and 'b' with it"),
        (&["long-winded"], "R5", "a progress text has more than"),
        (&["half-hearted"], "R8", "proposed and never committed"),
        (&["grabs"], "R9", "was refused"),
        (&["lies"], "R10", "foreign"),
        (&["dies", "3"], "R12", "exited with code 3"),
        (&["stubborn"], "R12", "not over after 5 s"),
        (&["twofold"], "R15", "does not say that it supports several"),
        (&["wordless"], "R16", "was refused"),
        (&["nameless"], "R18", "it has no name"),
    ];
    // P11 has broken ones of its own, below.
    for (rule, _) in RULES.iter().filter(|(rule, _)| *rule != "P11") {
        assert!(broken.iter().any(|(_, of, _)| of == rule), "no handler breaks {rule}");
    }
    // Most of the time is waiting for what does not come: all wait together.
    std::thread::scope(|scope| {
        for (mode, rule, word) in broken {
            scope.spawn(move || {
                let report = tried(mode);
                assert!(!report.is_clean());
                assert_broken(&report, rule, word);
            });
        }
    });
}

#[test]
fn an_archive_kept_in_shell_passes_and_is_there() {
    let dir = tempfile::tempdir().unwrap();
    for (folder, file) in [("letters", "to mother.txt"), ("songs", "one.txt")] {
        fs::create_dir(dir.path().join(folder)).unwrap();
        fs::write(dir.path().join(folder).join(file), "text").unwrap();
    }
    let mut spec = spec(&["sh", &at("sdk/sh/examples/archive.sh")]);
    spec.env.insert("ARCHIVES".into(), dir.path().to_str().unwrap().into());
    assert_clean(&try_handler(&spec, &Trial::default()));
    let list = Command::new("tar").arg("tf").arg(dir.path().join("songs.tar")).output().unwrap();
    assert_eq!(String::from_utf8(list.stdout).unwrap(), "songs/one.txt\n");
}

fn devices(dir: &Path, mode: &str) -> HandlerSpec {
    let script = at("crates/adapters/tests/host/devices.py");
    let mut spec = spec(&[python(), "-B", &script, dir.to_str().unwrap(), mode]);
    spec.env.insert("PYTHONPATH".into(), at("sdk/python/src"));
    spec
}

#[test]
fn a_collection_is_tried_with_each_of_its_partners() {
    let dir = tempfile::tempdir().unwrap();
    for device in ["camera", "phone"] {
        fs::create_dir_all(dir.path().join("devices").join(device)).unwrap();
    }
    let report = try_handler(&devices(dir.path(), "well"), &Trial::default());
    assert_clean(&report);
    assert_eq!(report.handler, "test: The camera, The phone");
    let trial = || Trial { patience: Duration::from_secs(5), ..Trial::default() };
    fs::create_dir_all(dir.path().join("devices").join("x".repeat(62))).unwrap();
    let broken = [
        ("well", "no partner's identifier"),
        ("twice", "listed twice"),
        ("flickers", "gone after a restart"),
        ("fails", "The bus is locked"),
    ];
    std::thread::scope(|scope| {
        for (mode, word) in broken {
            let tried = || try_handler(&devices(dir.path(), mode), &trial());
            scope.spawn(move || assert_broken(&tried(), "P11", word));
        }
    });
}

fn git(dir: &Path, words: &[&str]) -> String {
    let done = Command::new("git").arg("-C").arg(dir).args(words).output().unwrap();
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn notes_kept_in_python_pass_and_are_at_the_remote() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| -> PathBuf { dir.path().join(name) };
    let mut spec = spec(&["python3", "-m", "instep_handler.examples.notes_git"]);
    spec.env.insert("PYTHONPATH".into(), at("sdk/python/src"));
    for item in ["diary", "recipes"] {
        let (folder, remote) = (place(item), place(&format!("{item}.git")));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("monday.md"), item).unwrap();
        git(dir.path(), &["init", "--quiet", "--bare", remote.to_str().unwrap()]);
        let keys = json!({ "folder": folder, "remote": remote });
        spec.items.insert(item.into(), serde_json::from_value(keys).unwrap());
    }
    assert_clean(&try_handler(&spec, &Trial::default()));
    assert_eq!(git(&place("diary.git"), &["show", "notes:monday.md"]), "diary");
}
