//! The tools against real servers on this machine: what works, what is wrong with the password or the host, and what is
//! left when a run is stopped in the middle or the disk is full.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

mod asks;
mod changed;
mod every;
mod left;
mod middle;
mod place;
mod settle;
mod wire;

use std::fs;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use syncmgr::testing::{Ask, TestCenter};
use syncmgr::{Handler, Outcome, ProblemClass, ProgressStatus};

use place::{Place, Server, expect, fails, finish, item};

fn rsyncd(place: &Place) -> Server {
    place.private("users", "me:right\n");
    let (root, users) = (place.at("dst"), place.at("users"));
    let id = fs::metadata(&root).map(|meta| std::os::unix::fs::MetadataExt::uid(&meta)).unwrap();
    place.write(
        "rsyncd.conf",
        &format!("use chroot = no\nuid = {id}\n[m]\npath = {root}\nread only = no\nauth users = me\nsecrets file = {users}\n"),
    );
    Server::start(place, "rsync --daemon --no-detach --config=rsyncd.conf --address=127.0.0.1 --port={port}")
}

#[test]
fn rsync_to_a_daemon_of_rsync() {
    let place = Place::new();
    let server = rsyncd(&place);
    let settings = |secret: &str, port: u16| {
        json!({
            "source": place.at("src/"), "target": format!("rsync://me@127.0.0.1:{port}/m"), "delete": true,
            "environment": {"RSYNC_PASSWORD": format!("secret:{secret}")},
        })
    };
    let verdict = place.sync("rsync", settings("right", server.port));
    expect(&verdict, Outcome::Done);
    assert!(verdict.events.iter().any(|event| event.event.name == "The command"), "{verdict:#?}");
    assert_eq!(fs::read_to_string(place.at("dst/dir/two")).unwrap(), "22");
    fails(&place.sync("rsync", settings("wrong", server.port)), ProblemClass::Auth);
    let port = server.port;
    drop(server);
    fails(&place.sync("rsync", settings("right", port)), ProblemClass::Transient);
}

#[test]
fn r3_a_stop_in_the_middle_leaves_no_process_of_the_tool() {
    let place = Place::new();
    let server = rsyncd(&place);
    fs::File::create(place.at("src/big")).unwrap().set_len(1 << 30).unwrap();
    let settings = json!({
        "source": place.at("src/"), "target": format!("rsync://me@127.0.0.1:{}/m", server.port),
        "options": ["--bwlimit=1m", "--outbuf=N"], "environment": {"RSYNC_PASSWORD": "secret:right"},
    });
    let center = TestCenter::new(place.handler("rsync", settings) as Arc<dyn Handler>);
    center.when(|call| call.is_progress(&item(), ProgressStatus::Updating), Ask::CancelItem(item()));
    expect(&finish(&center), Outcome::Canceled);
    let source = place.at("src/");
    let running = fs::read_dir("/proc")
        .unwrap()
        .filter_map(Result::ok)
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    let left = running.filter(|line| String::from_utf8_lossy(line).contains(&source)).count();
    assert_eq!(left, 0, "something of the tool still runs");
}

/// An ssh server that lets this user in with a key of its own.
fn sshd(place: &Place) -> Server {
    place.prepare("ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f user && cp user.pub allowed && chmod 600 allowed");
    place.write(
        "sshd_config",
        &format!(
            "HostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\n",
            place.at("host"),
            place.at("allowed")
        ),
    );
    // What it drops its privileges in, where it has any.
    let _ = fs::create_dir_all("/run/sshd");
    let server =
        Server::start(place, "/usr/sbin/sshd -D -e -f sshd_config -o ListenAddress=127.0.0.1:{port}");
    let key = fs::read_to_string(place.at("host.pub")).unwrap();
    place.write("known", &format!("[127.0.0.1]:{} {key}", server.port));
    place.write("ssh_config", &ssh_config(place, server.port, "known"));
    place.write("stranger_config", &ssh_config(place, server.port, "known_by_nobody"));
    server
}

fn ssh_config(place: &Place, port: u16, known: &str) -> String {
    format!(
        "Host box\n HostName 127.0.0.1\n Port {port}\n IdentityFile {}\n IdentitiesOnly yes\n UserKnownHostsFile {}\n GlobalKnownHostsFile /dev/null\n StrictHostKeyChecking yes\n LogLevel ERROR\n",
        place.at("user"),
        place.at(known)
    )
}

#[test]
fn rsync_unison_borg_and_git_over_ssh() {
    let place = Place::new();
    let _server = sshd(&place);
    let ssh = format!("ssh -oBatchMode=yes -F {}", place.at("ssh_config"));
    let home = place.at("");

    let rsync = |config: &str| {
        let shell = format!("ssh -oBatchMode=yes -F {}", place.at(config));
        let target = format!("box:{}", place.at("dst/"));
        json!({"source": place.at("src/"), "target": target, "environment": {"RSYNC_RSH": shell}})
    };
    expect(&place.sync("rsync", rsync("ssh_config")), Outcome::Done);
    assert!(place.root().join("dst/dir/two").exists());
    // A host that nobody knows would be asked about; nobody is there to answer.
    let verdict = place.sync("rsync", rsync("stranger_config"));
    expect(&verdict, Outcome::Failed);
    assert!(format!("{verdict:?}").contains("Host key verification failed"), "{verdict:#?}");

    let unison = json!({
        "a": place.at("src"), "b": format!("ssh://box/{}", place.at("dst")),
        "options": ["-sshargs", format!("-F {}", place.at("ssh_config"))], "environment": {"HOME": home},
    });
    // Its first run learns that both sides are the same.
    expect(&place.sync("unison", unison.clone()), Outcome::Done);
    place.write("src/one", "changed");
    expect(&place.sync("unison", unison), Outcome::Done);
    assert_eq!(fs::read_to_string(place.at("dst/one")).unwrap(), "changed");

    let environment =
        json!({"HOME": home, "BORG_RSH": ssh, "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"});
    place.prepare("borg init -e none repo");
    let repository = format!("ssh://box{}", place.at("repo"));
    let borg = json!({"repository": repository, "paths": [place.at("src")], "environment": environment});
    let verdict = place.sync("borg", borg);
    expect(&verdict, Outcome::Done);
    assert_eq!(verdict.item(&item()).unwrap().counts.b.created, 2);

    place.prepare("git init -q -b main code && cd code && echo 1 > f && git add . && git commit -qm 1 && git init -q --bare ../up.git");
    let git = json!({
        "mode": "push", "path": place.at("code"), "remote": format!("box:{}", place.at("up.git")),
        "environment": {"GIT_SSH_COMMAND": ssh, "HOME": home},
    });
    expect(&place.sync("git", git), Outcome::Done);
    place.prepare("git -C up.git rev-parse main");
}

#[test]
fn rclone_to_webdav() {
    let place = Place::new();
    let server =
        Server::start(&place, "rclone serve webdav dst --addr 127.0.0.1:{port} --user me --pass right");
    let settings = |password: &str, port: u16| {
        json!({
            "mode": "sync", "source": place.at("src"), "target": ":webdav:", "options": ["--retries=1", "--low-level-retries=1"],
            "environment": {
                "RCLONE_CONFIG": "/dev/null", "RCLONE_WEBDAV_URL": format!("http://127.0.0.1:{port}"), "RCLONE_WEBDAV_VENDOR": "other",
                "RCLONE_WEBDAV_USER": "me", "RCLONE_WEBDAV_PASS": password,
            },
        })
    };
    // rclone takes passwords in a shape of its own.
    let obscured = |password: &str| {
        let output = Command::new("rclone").args(["obscure", password]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    expect(&place.sync("rclone", settings(&obscured("right"), server.port)), Outcome::Done);
    assert_eq!(fs::read_to_string(place.at("dst/dir/two")).unwrap(), "22");
    fails(&place.sync("rclone", settings(&obscured("wrong"), server.port)), ProblemClass::Auth);
    let port = server.port;
    drop(server);
    fails(&place.sync("rclone", settings(&obscured("right"), port)), ProblemClass::Transient);
}

#[test]
fn restic_to_its_rest_server() {
    let place = Place::new();
    let server = Server::start(&place, "rclone serve restic dst --addr 127.0.0.1:{port}");
    let repository = format!("rest:http://127.0.0.1:{}/", server.port);
    place.prepare(&format!("restic init --repo {repository}"));
    let settings = |password: Value| {
        let cache = place.at("cache");
        json!({"repository": repository, "password": password, "paths": [place.at("src")], "environment": {"RESTIC_CACHE_DIR": cache}})
    };
    expect(&place.sync("restic", settings(json!("secret:right"))), Outcome::Done);
    fails(&place.sync("restic", settings(json!("secret:wrong"))), ProblemClass::Auth);
    // It would ask; nobody is there to answer.
    fails(&place.sync("restic", settings(Value::Null)), ProblemClass::Auth);
}

#[test]
fn s6_a_mirror_to_a_git_daemon_is_guarded() {
    let place = Place::new();
    place.prepare("git init -q -b main code && cd code && echo 1 > f && git add . && git commit -qm 1 && git init -q --bare ../dst/up.git");
    let server = Server::start(
        &place,
        "git daemon --reuseaddr --export-all --enable=receive-pack --base-path=dst --listen=127.0.0.1 --port={port}",
    );
    let settings = json!({
        "mode": "mirror", "path": place.at("code"), "remote": format!("git://127.0.0.1:{}/up.git", server.port), "environment": {"HOME": place.at("")},
    });
    for branch in 0..12 {
        place.prepare(&format!("git -C code branch b{branch}"));
    }
    expect(&place.sync("git", settings.clone()), Outcome::Done);
    for branch in 0..11 {
        place.prepare(&format!("git -C code branch -D b{branch}"));
    }
    let handler = place.handler("git", settings.clone());
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    assert_eq!(
        (preview.counts.b.deleted, preview.expected),
        (11, Outcome::SafetyStop),
        "{:?}",
        preview.stops
    );
    expect(&place.sync("git", settings), Outcome::SafetyStop);
    place.prepare("git -C dst/up.git rev-parse b0");
    let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn Handler>);
    center.start(&[item()], handler.request(r#"{"approve":true}"#).unwrap()).unwrap();
    center.run();
    expect(&center.finish(), Outcome::Done);
    place.prepare("! git -C dst/up.git rev-parse -q --verify b0");
}
