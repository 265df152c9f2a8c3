//! What happens in the middle of a run over the network, whichever tool it is: the network goes away, the person stops it,
//! the tool is killed. Each time the next run must find its way, or say what a person has to do.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use syncmgr::testing::{Ask, Call, TestCenter, Verdict, What};
use syncmgr::{Handler, Outcome, ProblemClass, ProgressStatus};

use crate::every::{BARE, nothing_of_it_runs, processes_of, with_own_home};
use crate::place::{Place, Server, expect, finish, item};
use crate::wire::{Relay, Then};
use crate::{rsyncd, ssh_config, sshd};

/// How far it comes before something happens: handshakes are over, and not all of the content is.
const MIDDLE: u64 = 1_500_000;

/// A tool and its server; `settings` are those for a way to it that ends at a port.
struct Row {
    tool: &'static str,
    /// What is made before, in the shell.
    before: &'static str,
    server: fn(&Place) -> Server,
    settings: fn(&Place, u16) -> Value,
}

/// `ssh` to that port.
fn ssh(place: &Place, port: u16) -> String {
    let name = format!("ssh_config_{port}");
    place.write(&name, &ssh_config(place, port, "known"));
    format!("ssh -oBatchMode=yes -oHostKeyAlias=box -F {}", place.at(&name))
}

/// A server of git with a repository where nothing is.
fn receiving(place: &Place) -> Server {
    place.prepare("git init -q --bare dst/up.git");
    let command = "git daemon --reuseaddr --export-all --enable=receive-pack --base-path=dst --listen=127.0.0.1 --port={port}";
    Server::start(place, command)
}

const ROWS: [Row; 8] = [
    Row {
        tool: "rsync",
        before: "",
        server: rsyncd,
        settings: |place, port| {
            let target = format!("rsync://me@127.0.0.1:{port}/m");
            json!({"source": place.at("src/"), "target": target, "environment": {"RSYNC_PASSWORD": "secret:right"}})
        },
    },
    Row {
        tool: "rclone",
        before: "",
        server: |place| Server::start(place, "rclone serve webdav dst --addr 127.0.0.1:{port}"),
        settings: |place, port| {
            json!({
                "mode": "copy", "source": place.at("src"), "target": ":webdav:",
                "options": ["--retries=1", "--low-level-retries=1"],
                "environment": {"RCLONE_WEBDAV_URL": format!("http://127.0.0.1:{port}"), "RCLONE_WEBDAV_VENDOR": "other"},
            })
        },
    },
    Row {
        tool: "restic",
        before: "restic init -q --repo repo --cache-dir home/cache",
        server: sshd,
        settings: |place, port| {
            let command = format!("sftp.command={} box -s sftp", ssh(place, port));
            json!({"repository": format!("sftp:box:{}", place.at("repo")), "paths": [place.at("src")], "options": ["-o", command]})
        },
    },
    Row {
        tool: "borg",
        before: "borg init -e none repo",
        server: sshd,
        settings: |place, port| {
            json!({
                "repository": format!("ssh://box{}", place.at("repo")), "paths": [place.at("src")],
                "environment": {"BORG_RSH": ssh(place, port)},
            })
        },
    },
    Row {
        tool: "unison",
        before: "",
        server: sshd,
        settings: |place, port| {
            ssh(place, port);
            let arguments = format!("-oHostKeyAlias=box -F {}", place.at(&format!("ssh_config_{port}")));
            json!({
                "a": place.at("src"), "b": format!("ssh://box/{}", place.at("dst")), "options": ["-sshargs", arguments],
            })
        },
    },
    Row {
        tool: "git",
        before: BARE,
        server: receiving,
        settings: |place, port| json!({"mode": "push", "path": place.at("code"), "remote": format!("git://127.0.0.1:{port}/up.git")}),
    },
    Row {
        tool: "git",
        before: BARE,
        server: receiving,
        settings: |place, port| json!({"mode": "mirror", "path": place.at("code"), "remote": format!("git://127.0.0.1:{port}/up.git")}),
    },
    Row {
        tool: "git",
        before: BARE,
        server: |place| {
            place.prepare("git clone -q --bare code dst/up.git; git init -q other");
            Server::start(
                place,
                "git daemon --reuseaddr --export-all --base-path=dst --listen=127.0.0.1 --port={port}",
            )
        },
        settings: |place, port| json!({"mode": "fetch", "path": place.at("other"), "remote": format!("git://127.0.0.1:{port}/up.git")}),
    },
];

/// A place with something large in its source, and the server.
fn scene(row: &Row) -> (Place, Server) {
    let place = Place::new();
    place.prepare("head -c 4000000 /dev/urandom > src/big; mkdir -p home");
    place.prepare(row.before);
    let server = (row.server)(&place);
    if place.root().join("known").exists() {
        let key = fs::read_to_string(place.at("host.pub")).unwrap();
        place.write("known", &format!("box {key}"));
    }
    (place, server)
}

fn settings(row: &Row, place: &Place, port: u16) -> Value {
    with_own_home((row.settings)(place, port), place)
}

/// The next run, with nothing in its way.
fn again(row: &Row, place: &Place, server: &Server) -> Verdict {
    place.sync(row.tool, settings(row, place, server.port))
}

#[test]
fn a_network_that_goes_away_in_the_middle_passes_and_the_next_run_mends_it() {
    for row in &ROWS {
        let (place, server) = scene(row);
        let relay = Relay::new(server.port, MIDDLE, Then::Cut);
        let verdict = place.sync(row.tool, settings(row, &place, relay.port));
        assert!(relay.reached()(), "{} did not get as far as that: {verdict:#?}", row.tool);
        let ended = verdict.item(&item()).unwrap();
        assert!(matches!(ended.outcome, Outcome::Failed | Outcome::Gaps), "{}: {verdict:#?}", row.tool);
        let problem = ended.problem.as_ref().unwrap();
        assert_eq!(problem.class, ProblemClass::Transient, "{}: {verdict:#?}", row.tool);
        assert!(problem.fix.is_some(), "{}: {problem:?}", row.tool);
        expect(&again(row, &place, &server), Outcome::Done);
    }
}

/// A bar that has begun; borg, which never knows how much there is, says what it is at.
fn shows_its_work(tool: &str, call: &Call) -> bool {
    let What::Progress { text, status, step, .. } = &call.what else { return false };
    match tool {
        "borg" => text.as_ref().is_some_and(|text| !text.is_empty()),
        _ => *status == ProgressStatus::Updating && *step > 0,
    }
}

#[test]
fn r3_a_run_that_is_stopped_in_the_middle_of_the_network_is_mended_by_the_next() {
    for row in &ROWS {
        let (place, server) = scene(row);
        let relay = Relay::new(server.port, MIDDLE, Then::Stall);
        let handler = place.handler(row.tool, settings(row, &place, relay.port));
        let center = TestCenter::new(handler as Arc<dyn Handler>);
        let reached = relay.reached();
        center.when(move |call| reached() && shows_its_work(row.tool, call), Ask::CancelItem(item()));
        let verdict = finish(&center);
        expect(&verdict, Outcome::Canceled);
        let told =
            |name: &str| verdict.events.iter().find(|told| told.event.name == name).map(|told| &told.event);
        let command = told("The command").unwrap_or_else(|| panic!("{}: {verdict:#?}", row.tool));
        assert!(command.description.contains(&format!(" {} ", row.tool)), "{command:?}");
        assert!(told("Asked to stop").is_some(), "{}: {verdict:#?}", row.tool);
        if matches!(row.tool, "restic" | "borg") {
            let created = verdict.item(&item()).unwrap().counts.b.created;
            assert_eq!(created, 0, "of an archive that was not made nothing is there");
        }
        nothing_of_it_runs(&place, row.tool);
        drop(relay);
        expect(&again(row, &place, &server), Outcome::Done);
    }
}

#[test]
fn a_tool_that_is_killed_in_the_middle_is_told_and_the_next_run_finds_its_way() {
    for row in &ROWS {
        let (place, server) = scene(row);
        let relay = Relay::new(server.port, MIDDLE, Then::Stall);
        let place = Arc::new(place);
        let handler = place.handler(row.tool, settings(row, &place, relay.port));
        let center = TestCenter::new(handler as Arc<dyn Handler>);
        let (reached, at) = (relay.reached(), Arc::clone(&place));
        let killed = move || {
            for (process, _) in processes_of(&at) {
                let _ = Command::new("kill").args(["-9", &process]).status();
            }
        };
        let when = move |_: &_| {
            if reached() {
                killed();
            }
            false
        };
        center.when(when, Ask::CancelItem(item()));
        let verdict = finish(&center);
        let ended = verdict.item(&item()).unwrap();
        assert_eq!(ended.outcome, Outcome::Failed, "{}: {verdict:#?}", row.tool);
        assert!(ended.problem.as_ref().unwrap().text.contains("signal 9"), "{}: {ended:#?}", row.tool);
        drop(relay);
        expect(&again(row, &place, &server), Outcome::Done);
    }
}
