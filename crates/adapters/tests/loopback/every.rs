//! What holds for every tool: a run that is stopped in the middle leaves nothing of it behind, a disk that is full and an
//! address where nobody answers are told as such.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use syncmgr::testing::{Ask, TestCenter};
use syncmgr::{Handler, Outcome, ProblemClass};
use testkit::Mounted;

use crate::place::{Place, expect, finish, item};

/// A tool in a certain situation.
struct Row {
    tool: &'static str,
    /// What is made before, in the shell.
    before: &'static str,
    settings: fn(&Place) -> Value,
}

/// A place with something large in its source, and a script that says when it was reached and then takes for ever.
fn place(row: &Row) -> Place {
    let place = Place::new();
    place.prepare("head -c 4000000 /dev/urandom > src/big");
    let slow = format!("#!/bin/sh\ntouch {}\nsleep 1000\n", place.at("reached"));
    place.write("slow", &slow);
    place.prepare("chmod 755 slow; mkdir -p home");
    place.prepare(row.before);
    place
}

/// Its settings, with a home of its own: what the tools remember stays here, and all that they start can be told by it.
fn settings(row: &Row, place: &Place) -> Value {
    with_own_home((row.settings)(place), place)
}

pub(crate) fn with_own_home(mut settings: Value, place: &Place) -> Value {
    let own = json!({
        "HOME": place.at("home"), "RCLONE_CONFIG": "/dev/null", "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        "RESTIC_PASSWORD": "right", "RESTIC_CACHE_DIR": place.at("home/cache"), "GIT_CONFIG_GLOBAL": "/dev/null",
    });
    let mut environment = own.as_object().unwrap().clone();
    if let Some(more) = settings.get("environment").and_then(Value::as_object) {
        environment.extend(more.clone());
    }
    settings.as_object_mut().unwrap().insert("environment".into(), environment.into());
    settings
}

/// Processes that have this place in their words or their environment: the number and the words of each.
pub(crate) fn processes_of(place: &Place) -> Vec<(String, String)> {
    let mark = place.at("home");
    let read = |process: &Path, file: &str| fs::read(process.join(file)).unwrap_or_default();
    let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|entry| entry.path());
    let ours = all.filter(|process| {
        let said = [read(process, "cmdline"), read(process, "environ")].concat();
        String::from_utf8_lossy(&said).contains(&mark)
    });
    let told = |process: std::path::PathBuf| {
        let number = process.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (number, String::from_utf8_lossy(&read(&process, "cmdline")).replace('\0', " "))
    };
    ours.map(told).collect()
}

/// The system may take a moment to carry a kill out.
pub(crate) fn nothing_of_it_runs(place: &Place, tool: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    while let Some((_, left)) = processes_of(place).first() {
        assert!(Instant::now() < end, "something of {tool} still runs: {left}");
        std::thread::yield_now();
    }
}

pub(crate) const BARE: &str =
    "git init -q -b main code && cp src/big code && cd code && git add . && git commit -qm 1";

const STOPPED: [Row; 6] = [
    Row {
        tool: "rsync",
        before: "",
        settings: |place| json!({"source": place.at("src/"), "target": "box:/dst", "environment": {"RSYNC_RSH": place.at("slow")}}),
    },
    Row {
        tool: "rclone",
        before: "",
        settings: |place| json!({"mode": "copy", "source": place.at("src"), "target": place.at("dst"), "options": ["--bwlimit=1k"]}),
    },
    Row {
        tool: "restic",
        before: "",
        settings: |place| {
            let repository = format!("sftp:box:{}", place.at("repo"));
            let command = format!("sftp.command={}", place.at("slow"));
            json!({"repository": repository, "paths": [place.at("src")], "options": ["-o", command]})
        },
    },
    Row {
        tool: "borg",
        before: "",
        settings: |place| {
            let repository = format!("ssh://box{}", place.at("repo"));
            json!({"repository": repository, "paths": [place.at("src")], "environment": {"BORG_RSH": place.at("slow")}})
        },
    },
    Row {
        tool: "unison",
        before: "",
        settings: |place| {
            let b = format!("ssh://box/{}", place.at("dst"));
            json!({"a": place.at("src"), "b": b, "options": ["-sshcmd", place.at("slow")]})
        },
    },
    Row {
        tool: "git",
        before: "git init -q -b main code && cd code && echo 1 > f && git add . && git commit -qm 1 && \
                 git init -q --bare ../up.git && cp ../slow ../up.git/hooks/pre-receive",
        settings: |place| json!({"mode": "push", "path": place.at("code"), "remote": place.at("up.git")}),
    },
];

#[test]
fn r3_whichever_tool_is_stopped_in_the_middle_nothing_of_it_goes_on() {
    for row in STOPPED {
        let place = place(&row);
        let center = TestCenter::new(place.handler(row.tool, settings(&row, &place)) as Arc<dyn Handler>);
        // What is there as soon as it is in the middle.
        let middle = place.root().join(if row.tool == "rclone" { "dst/big" } else { "reached" });
        let seen = middle.clone();
        center.when(move |_| seen.exists(), Ask::CancelItem(item()));
        let verdict = finish(&center);
        expect(&verdict, Outcome::Canceled);
        assert!(middle.exists(), "{} did not get as far as that", row.tool);
        nothing_of_it_runs(&place, row.tool);
    }
}

const FULL: [Row; 6] = [
    Row {
        tool: "rsync",
        before: "",
        settings: |place| json!({"source": place.at("src/"), "target": place.at("small/")}),
    },
    Row {
        tool: "rclone",
        before: "",
        settings: |place| json!({"mode": "copy", "source": place.at("src"), "target": place.at("small"), "options": ["--retries=1"]}),
    },
    Row {
        tool: "restic",
        before: "restic init -q --repo small/repo --cache-dir home/cache",
        settings: |place| json!({"repository": place.at("small/repo"), "paths": [place.at("src")]}),
    },
    Row {
        tool: "borg",
        before: "borg init -e none small/repo",
        settings: |place| json!({"repository": place.at("small/repo"), "paths": [place.at("src")]}),
    },
    Row {
        tool: "unison",
        before: "mkdir small/b",
        settings: |place| json!({"a": place.at("src"), "b": place.at("small/b")}),
    },
    Row {
        tool: "git",
        before: BARE,
        settings: |place| json!({"mode": "push", "path": place.at("code"), "remote": place.at("small/up.git")}),
    },
];

#[test]
fn a_full_disk_is_told_as_one_by_whichever_tool() {
    for row in FULL {
        let before = Row { before: "", ..row };
        let place = place(&before);
        let Some(_disk) = Mounted::memory_at(&place.root().join("small"), "size=2m") else { return };
        place.prepare(row.before);
        if row.tool == "git" {
            place.prepare("git init -q --bare small/up.git");
        }
        let verdict = place.sync(row.tool, settings(&row, &place));
        let item = verdict.item(&item()).unwrap();
        assert!(matches!(item.outcome, Outcome::Failed | Outcome::Gaps), "{}: {verdict:#?}", row.tool);
        let problem = item.problem.as_ref().unwrap();
        assert_eq!(problem.class, ProblemClass::Space, "{}: {problem:?}", row.tool);
        assert!(
            problem.fix.as_ref().is_some_and(|fix| fix.contains("make room")),
            "{}: {problem:?}",
            row.tool
        );
    }
}

const NOBODY: [Row; 6] = [
    Row {
        tool: "rsync",
        before: "",
        settings: |place| json!({"source": place.at("src/"), "target": "rsync://127.0.0.1:1/m"}),
    },
    Row {
        tool: "rclone",
        before: "",
        settings: |place| {
            json!({
                "mode": "copy", "source": place.at("src"), "target": ":webdav:",
                "options": ["--retries=1", "--low-level-retries=1"], "environment": {"RCLONE_WEBDAV_URL": "http://127.0.0.1:1"},
            })
        },
    },
    Row {
        tool: "restic",
        before: "",
        settings: |place| json!({"repository": "sftp:box:/repo", "paths": [place.at("src")], "options": ["-o", "sftp.command=ssh -p1 127.0.0.1 -s sftp"]}),
    },
    Row {
        tool: "borg",
        before: "",
        settings: |place| json!({"repository": "ssh://127.0.0.1:1/repo", "paths": [place.at("src")]}),
    },
    Row {
        tool: "unison",
        before: "",
        settings: |place| json!({"a": place.at("src"), "b": "socket://127.0.0.1:1/x"}),
    },
    Row {
        tool: "git",
        before: "git init -q -b main code",
        settings: |place| json!({"mode": "fetch", "path": place.at("code"), "remote": "git://127.0.0.1:1/x.git"}),
    },
];

#[test]
fn an_address_where_nobody_answers_is_told_as_one_by_whichever_tool() {
    for row in NOBODY {
        let place = place(&row);
        let verdict = place.sync(row.tool, settings(&row, &place));
        let item = verdict.item(&item()).unwrap();
        assert_eq!(item.outcome, Outcome::Failed, "{}: {verdict:#?}", row.tool);
        let problem = item.problem.as_ref().unwrap();
        assert_eq!(problem.class, ProblemClass::Transient, "{}: {problem:?}", row.tool);
        assert!(problem.fix.is_some(), "{}: {problem:?}", row.tool);
    }
}
