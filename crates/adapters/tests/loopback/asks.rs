//! A tool that wants a password and has none: it does not wait for somebody to type it, and what is told says what is
//! missing and how to give it. Then it is given.

use serde_json::{Value, json};
use syncmgr::{Outcome, ProblemClass};

use crate::every::with_own_home;
use crate::place::{Place, Server, expect, fails, item};
use crate::{rsyncd, ssh_config, sshd};

/// Fails for want of access, and says that.
#[track_caller]
fn wants(place: &Place, tool: &str, settings: Value, says: &str) {
    let verdict = place.sync(tool, settings);
    fails(&verdict, ProblemClass::Auth);
    let problem = verdict.item(&item()).unwrap().problem.as_ref().unwrap();
    assert!(problem.fix.as_ref().is_some_and(|fix| fix.contains(says)), "{tool}: {problem:?}");
}

/// With a home of its own, and without what that brings.
fn bare(settings: Value, place: &Place, without: &str) -> Value {
    let mut settings = with_own_home(settings, place);
    settings["environment"].as_object_mut().unwrap().remove(without);
    settings
}

#[test]
fn rsync_wants_the_password_of_a_daemon() {
    let place = Place::new();
    let server = rsyncd(&place);
    let target = format!("rsync://me@127.0.0.1:{}/m", server.port);
    let settings = json!({"source": place.at("src/"), "target": target});
    wants(&place, "rsync", settings.clone(), "RSYNC_PASSWORD = \"secret:NAME\"");
    let mut given = settings;
    given["environment"] = json!({"RSYNC_PASSWORD": "secret:right"});
    expect(&place.sync("rsync", given), Outcome::Done);
}

#[test]
fn whatever_runs_over_ssh_wants_a_key_that_opens_without_asking() {
    let place = Place::new();
    let server = sshd(&place);
    place.prepare(
        "ssh-keygen -q -t ed25519 -N 'asks for this' -f locked && cat locked.pub >> allowed; mkdir -p home",
    );
    let config = ssh_config(&place, server.port, "known").replace(&place.at("user"), &place.at("locked"));
    place.write("locked_config", &config);
    place.prepare(
        "git init -q -b main code; borg init -e none repo; restic init -q --repo back --cache-dir home/cache",
    );
    let ssh = format!("ssh -oBatchMode=yes -F {}", place.at("locked_config"));
    // Not restic and borg: they may end before they have passed on what their ssh said.
    let at = |name: &str| format!("box:{}", place.at(name));
    for (tool, settings) in [
        (
            "rsync",
            json!({"source": place.at("src/"), "target": at("dst/"), "environment": {"RSYNC_RSH": ssh}}),
        ),
        (
            "unison",
            json!({
                "a": place.at("src"), "b": format!("ssh://box/{}", place.at("dst")),
                "options": ["-sshargs", format!("-oBatchMode=yes -F {}", place.at("locked_config"))],
            }),
        ),
        (
            "git",
            json!({"mode": "push", "path": place.at("code"), "remote": at("up.git"), "environment": {"GIT_SSH_COMMAND": ssh}}),
        ),
    ] {
        wants(&place, tool, with_own_home(settings, &place), "an agent");
    }
}

#[test]
fn restic_and_borg_want_the_password_of_their_repository() {
    let place = Place::new();
    place.prepare("mkdir -p home; restic init -q --repo back --cache-dir home/cache; BORG_PASSPHRASE=right borg init -e repokey repo");
    let restic = json!({"repository": place.at("back"), "paths": [place.at("src")]});
    let asks = bare(restic.clone(), &place, "RESTIC_PASSWORD");
    wants(&place, "restic", asks, "password = \"secret:NAME\"");
    let mut given = bare(restic, &place, "RESTIC_PASSWORD");
    given["password"] = json!("secret:right");
    expect(&place.sync("restic", given), Outcome::Done);
    let borg = with_own_home(json!({"repository": place.at("repo"), "paths": [place.at("src")]}), &place);
    wants(&place, "borg", borg.clone(), "passphrase = \"secret:NAME\"");
    let mut given = borg;
    given["passphrase"] = json!("secret:right");
    expect(&place.sync("borg", given), Outcome::Done);
}

#[test]
fn rclone_wants_the_password_of_its_own_settings() {
    let place = Place::new();
    place.prepare("mkdir -p home; printf '[disk]\\ntype = alias\\nremote = %s/dst\\n' $PWD > rclone.conf");
    // It asks for the new password at a terminal only.
    place.prepare(
        "printf 's\\na\\nright\\nright\\nq\\nq\\n' | RCLONE_CONFIG=$PWD/rclone.conf script -qec 'rclone config' /dev/null",
    );
    place.prepare("grep -q ENCRYPT rclone.conf");
    let settings = |more: Value| {
        let mut environment = json!({"RCLONE_CONFIG": place.at("rclone.conf")});
        environment.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"mode": "copy", "source": place.at("src"), "target": "disk:", "environment": environment})
    };
    wants(&place, "rclone", settings(json!({})), "RCLONE_CONFIG_PASS = \"secret:NAME\"");
    wants(&place, "rclone", settings(json!({"RCLONE_CONFIG_PASS": "secret:wrong"})), "RCLONE_CONFIG_PASS");
    expect(&place.sync("rclone", settings(json!({"RCLONE_CONFIG_PASS": "secret:right"}))), Outcome::Done);
}

#[test]
fn rclone_wants_the_password_of_a_remote_that_is_encrypted() {
    let place = Place::new();
    place.prepare("mkdir enc");
    let remote = |password: &str| {
        let config = format!("[c]\ntype = crypt\nremote = {}\n{password}", place.at("enc"));
        place.write("rclone.conf", &config);
        json!({
            "mode": "copy", "source": place.at("src"), "target": "c:", "environment": {"RCLONE_CONFIG": place.at("rclone.conf")},
        })
    };
    wants(&place, "rclone", remote(""), "`rclone config`");
    // It is kept in a shape of rclone's own, which a person does not type.
    wants(&place, "rclone", remote("password = right\n"), "`rclone config`");
    let obscured = std::process::Command::new("rclone").args(["obscure", "right"]).output().unwrap();
    let obscured = String::from_utf8(obscured.stdout).unwrap();
    expect(&place.sync("rclone", remote(&format!("password = {obscured}"))), Outcome::Done);
}

#[test]
fn git_wants_the_password_of_a_web_server() {
    let place = Place::new();
    place.prepare("mkdir -p home; git init -q -b main code && cd code && echo 1 > f && git add . && git commit -qm 1 && git clone -q --bare . ../dst/up.git && git -C ../dst/up.git update-server-info && git init -q ../other");
    let server =
        Server::start(&place, "rclone serve http dst --addr 127.0.0.1:{port} --user me --pass right");
    let remote = format!("http://127.0.0.1:{}/up.git", server.port);
    let settings = |more: Value| {
        let mut settings = json!({"mode": "fetch", "path": place.at("other"), "remote": remote});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with_own_home(settings, &place)
    };
    wants(&place, "git", settings(json!({})), "password = \"secret:NAME\"");
    wants(&place, "git", settings(json!({"user": "me", "password": "secret:wrong"})), "password =");
    expect(&place.sync("git", settings(json!({"user": "me", "password": "secret:right"}))), Outcome::Done);
    place.prepare("git -C other rev-parse FETCH_HEAD");
}
