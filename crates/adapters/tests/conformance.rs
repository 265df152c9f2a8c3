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

/// Waits short where a handler is to be waited for in vain, and as long as it takes where it is not.
fn tried(mode: &[&str]) -> Report {
    let short = Duration::from_secs(2);
    let trial = match mode {
        ["stubborn"] => Trial { patience: short, stop: short, exit: short, ..Trial::unhurried() },
        ["stays-on" | "orphan"] => Trial { exit: short, ..Trial::unhurried() },
        _ => Trial::unhurried(),
    };
    let script = at("crates/adapters/tests/host/handler.py");
    let words: Vec<&str> = [python(), "-S", "-E", &script].into_iter().chain(mode.iter().copied()).collect();
    try_handler(&spec(&words), &trial)
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
        (&["takes-all"], "R9", "was refused"),
        (&["lies"], "R10", "foreign"),
        (&["dies", "3"], "R12", "exited with code 3"),
        (&["stubborn"], "R12", "not over after 2 s"),
        (&["twofold"], "R15", "does not say that it supports several"),
        (&["wordless"], "R16", "was refused"),
        (&["once"], "R17", "That was done already"),
        (&["nameless"], "R18", "it has no name"),
    ];
    // Collections and conflicts have broken ones of their own, below.
    for (rule, _) in RULES.iter().filter(|(rule, _)| *rule != "P11" && !rule.starts_with('C')) {
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
    assert_clean(&try_handler(&spec, &Trial::unhurried()));
    let list = Command::new("tar").arg("tf").arg(dir.path().join("songs.tar")).output().unwrap();
    assert_eq!(String::from_utf8(list.stdout).unwrap(), "songs/one.txt\n");
}

/// One of `quarrels.py`'s ways.
fn quarrels(words: &[&str], settle: bool) -> Report {
    let script = at("crates/adapters/tests/host/quarrels.py");
    let words: Vec<&str> = [python(), "-S", "-E", &script].into_iter().chain(words.iter().copied()).collect();
    try_handler(&spec(&words), &Trial { settle, ..Trial::unhurried() })
}

#[track_caller]
fn assert_holds(report: &Report, rules: &[&str]) {
    for rule in rules {
        let finding = report.findings.iter().find(|finding| finding.rule == *rule).unwrap();
        assert_eq!(finding.held, Held::Yes, "{rule}: {report:#?}");
    }
}

#[test]
fn conflicts_are_settled_in_every_way_that_is_offered() {
    for how in [&["well"][..], &["well", "sessions"]] {
        let report = quarrels(how, true);
        assert_clean(&report);
        assert_holds(&report, &["C1", "C2", "C3", "C4", "C5", "R17"]);
    }
    // Nobody's conflicts are settled who did not ask for it.
    let report = quarrels(&["well"], false);
    assert_holds(&report, &["C1"]);
    let not_tried = |finding: &&adapters::conformance::Finding| matches!(&finding.held, Held::NotTried { why } if why.contains("asked for"));
    assert_eq!(report.findings.iter().filter(not_tried).count(), 4, "{report:#?}");
}

#[test]
fn whoever_settles_conflicts_wrongly_fails_at_just_that_rule() {
    let broken = [
        (&["one-sided"][..], "C1", "has 1 of the versions"),
        (&["lets-stand"], "C2", "it is open still"),
        (&["refuses"], "C2", "the choice of the newest version was refused: The newest is not to be had."),
        (&["returns"], "C2", "the next synchronization opens it"),
        (&["silent", "sessions"], "C2", "was not answered"),
        (&["agrees"], "C3", "the choice of version 2, which it does not offer, has closed it"),
        (&["agrees", "sessions"], "C3", "was answered with 'settled'"),
        (&["stammers"], "C3", "without a class"),
        (&["blind"], "C4", "was answered with 'settled'"),
        (&["repeats"], "C5", "a second time, was refused without a class"),
        (&["repeats", "sessions"], "C5", "without a class"),
    ];
    std::thread::scope(|scope| {
        for (words, rule, word) in broken {
            scope.spawn(move || {
                let report = quarrels(words, true);
                assert_broken(&report, rule, word);
                let rules: Vec<_> = report.broken().map(|finding| finding.rule).collect();
                // Whoever answers for nothing breaks all that is about answers.
                assert!(rules == [rule] || words[0] == "silent", "{words:?} breaks {rules:?}: {report:#?}");
            });
        }
    });
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
    let report = try_handler(&devices(dir.path(), "well"), &Trial::unhurried());
    assert_clean(&report);
    assert_eq!(report.handler, "test: The camera, The phone");
    fs::create_dir_all(dir.path().join("devices").join("x".repeat(62))).unwrap();
    let broken = [
        ("well", "no partner's identifier"),
        ("twice", "listed twice"),
        ("flickers", "gone after a restart"),
        ("fails", "The bus is locked"),
    ];
    std::thread::scope(|scope| {
        for (mode, word) in broken {
            let tried = || try_handler(&devices(dir.path(), mode), &Trial::unhurried());
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
    let mut spec = spec(&[python(), "-m", "instep_handler.examples.notes_git"]);
    spec.env.insert("PYTHONPATH".into(), at("sdk/python/src"));
    for item in ["diary", "recipes"] {
        let (folder, remote) = (place(item), place(&format!("{item}.git")));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("monday.md"), item).unwrap();
        git(dir.path(), &["init", "--quiet", "--bare", remote.to_str().unwrap()]);
        let keys = json!({ "folder": folder, "remote": remote });
        spec.items.insert(item.into(), serde_json::from_value(keys).unwrap());
    }
    // Others wrote notes of the same names: conflicts, enough for every choice that there is.
    let others = place("others");
    fs::create_dir(&others).unwrap();
    git(&others, &["init", "--quiet", "--initial-branch", "notes"]);
    for n in 0..6 {
        fs::write(others.join(format!("{n}.md")), "theirs, and longer").unwrap();
        fs::write(place("diary").join(format!("{n}.md")), "mine").unwrap();
    }
    git(&others, &["add", "--all"]);
    let them = ["-c", "user.name=others", "-c", "user.email=others@example.org"];
    git(&others, &[&them[..], &["commit", "--quiet", "--message", "theirs"]].concat());
    git(&others, &["push", "--quiet", place("diary.git").to_str().unwrap(), "notes"]);
    let report = try_handler(&spec, &Trial { settle: true, ..Trial::unhurried() });
    assert_clean(&report);
    assert_holds(&report, &["R17", "C1", "C2", "C3", "C4", "C5"]);
    assert_eq!(git(&place("diary.git"), &["show", "notes:monday.md"]), "diary");
}
