//! Collections: every remote of rclone is a handler with nothing set up for it, and so is every partner of a program that
//! is somebody else's.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::daemon::ask;
use crate::scene::{Scene, wait_until};
use crate::serve::Daemon;

/// A home in which rclone knows side A as its remote `disk`.
fn scene() -> Scene {
    let scene = Scene::bare();
    fs::create_dir(scene.home().join("me")).expect("the home is ours");
    remotes(&scene, &["disk"]);
    let config = scene.home().join("rclone.conf");
    let settings = format!(
        "[collections.rclone]\nfolder = \"{}\"\nenvironment = {{ RCLONE_CONFIG = \"{}\" }}\n",
        scene.b.path().display(),
        config.display()
    );
    fs::write(scene.settings_file(), settings).expect("the home is ours");
    scene
}

fn remotes(scene: &Scene, names: &[&str]) {
    let remote = |name: &&str| format!("[{name}]\ntype = alias\nremote = {}\n", scene.a.path().display());
    fs::write(scene.home().join("rclone.conf"), names.iter().map(remote).collect::<String>())
        .expect("the home is ours");
}

fn handlers(scene: &Scene) -> Vec<String> {
    let (_, objects) = scene.json("handler list");
    let ids = objects.iter().filter_map(|object| object["handler"].as_str());
    ids.filter(|id| id.starts_with("rclone")).map(ToOwned::to_owned).collect()
}

#[test]
fn a_remote_is_listed_previewed_synchronized_switched_and_gone_without_any_settings_of_its_own() {
    let scene = scene();
    scene.a.file("one", "1");
    assert_eq!(handlers(&scene), ["rclone:disk"]);
    scene.instep("preview rclone:disk").expect(0).says(&["create     one"]);
    scene.instep("sync rclone:disk").expect(0).says(&["1 created on the destination"]);
    scene
        .instep("sync rclone:disk")
        .expect(0)
        .says(&["up to date, the destination has all that the source has"]);
    assert!(scene.b.at("disk/one").exists());
    scene.instep("status rclone:disk").expect(0).says(&["disk", "up to date"]);
    scene.a.file("two", "2");
    scene.instep("handler disable rclone:disk").expect(0);
    scene.instep("sync rclone:disk").expect(3).says(&["disabled"]);
    scene.instep("handler enable rclone:disk").expect(0);
    scene.instep("sync --all").expect(0);
    assert!(scene.b.at("disk/two").exists());
    remotes(&scene, &[]);
    assert!(handlers(&scene).is_empty());
    scene.instep("sync rclone:disk").expect(2).says(&["no item \"rclone:disk\""]);
}

#[test]
fn the_daemon_takes_in_a_remote_that_is_new_and_lets_go_of_one_that_is_gone() {
    let scene = scene();
    let _daemon = Daemon::start(&scene);
    let known = || {
        let (_, answer) = ask(&scene, "GET", "/handlers", &Value::Null);
        let all = answer["handlers"].as_array().cloned().unwrap_or_default();
        let ids = all.iter().filter_map(|one| one["id"].as_str());
        ids.filter(|id| id.starts_with("rclone:")).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(known(), ["rclone:disk"]);
    remotes(&scene, &["disk", "other"]);
    wait_until(|| known() == ["rclone:disk", "rclone:other"]);
    remotes(&scene, &["other"]);
    wait_until(|| known() == ["rclone:other"]);
    scene.a.file("one", "1");
    let order = json!({ "handler": "rclone:other", "items": ["rclone:other"] });
    let (status, answer) = ask(&scene, "POST", "/control/start", &order);
    assert!(status < 300, "{answer}");
    wait_until(|| scene.b.at("other/one").exists());
}

/// More lines for the settings.
fn say(scene: &Scene, more: &str) {
    let settings = fs::read_to_string(scene.settings_file()).expect("the home is ours");
    fs::write(scene.settings_file(), settings + more).expect("the home is ours");
}

#[test]
fn partners_run_by_themselves_as_their_collection_says_or_as_is_said_of_one_alone() {
    let scene = scene();
    remotes(&scene, &["disk", "other", "out"]);
    say(
        &scene,
        "schedule = { every = \"6h\" }\n[collections.rclone.partners.other]\nschedule = { cron = \"30 2 * * *\" }\n\
         [collections.rclone.partners.out]\nenabled = false\n",
    );
    assert_eq!(handlers(&scene), ["rclone:disk", "rclone:other"]);
    scene.instep("sync rclone:out").expect(2).says(&["no item \"rclone:out\""]);
    scene.instep("schedule").expect(0).says(&["disk", "6h after the last good run", "other", "02:30"]);
    let (_, objects) = scene.json("schedule rclone:other");
    assert_eq!(objects[0]["schedule"]["cron"], json!(["30 2 * * *"]), "{objects:?}");
    scene
        .instep("schedule rclone:disk --every 1h")
        .expect(2)
        .says(&["[collections.rclone.partners.\"disk\"]"]);
}

#[test]
fn the_daemon_starts_partners_that_are_due_those_that_come_later_too() {
    let scene = scene();
    say(&scene, "schedule = { every = \"1h\" }\n");
    scene.a.file("one", "1");
    let _daemon = Daemon::start(&scene);
    wait_until(|| scene.b.at("disk/one").exists());
    remotes(&scene, &["disk", "other"]);
    wait_until(|| scene.b.at("other/one").exists());
}

#[test]
fn a_collection_that_cannot_say_what_it_has_keeps_nothing_else_from_working() {
    let scene = scene();
    fs::write(scene.home().join("rclone.conf"), "no settings at all\n").expect("the home is ours");
    scene.a.file("one", "1");
    scene.instep("sync A B").expect(0).says(&["rclone does not list its remotes"]);
    assert!(scene.b.at("one").exists());
}

#[test]
fn what_is_wrong_with_a_collections_settings_is_said_with_its_place() {
    let scene = scene();
    for (settings, says) in [
        ("[collections.rclon]\n", "there is no collection `rclon`"),
        ("[collections.x]\ncommand = ['x']\nsetting = 1\n", "`setting`"),
        ("[collections.x]\ncommand = ['x']\nschedule = { every = '1h' }\n", "are for rclone and Syncthing"),
        ("[collections.x]\ncommand = ['x']\n[handlers.x]\n", "`x` is a handler already"),
        ("[collections.rclone]\nfolder = \"x\"\n", "`folder` is absolute"),
        ("[collections.rclone]\nfolders = \"/x\"\n", "line 2"),
        ("[collections.syncthing]\naddress = \"http://x\"\n", "goes the `key`"),
        ("[collections.syncthing.partners.x]\nmode = \"sync\"\n", "line 2"),
        (
            "[collections.rclone]\nfolder = \"/x\"\n[collections.rclone.partners.x]\nmode = \"move\"\n",
            "line 4",
        ),
    ] {
        fs::write(scene.settings_file(), settings).expect("the home is ours");
        scene.instep("status").expect(2).says(&[says]);
    }
}

/// A home in which a program lists the directories below `devices` as its partners.
fn with_devices(devices: &[&str]) -> Scene {
    let scene = Scene::bare();
    fs::create_dir(scene.home().join("me")).expect("the home is ours");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = format!(
        "[collections.devices]\ncommand = [\"/usr/bin/python3\", \"-B\", \"{}\", \"{}\"]\n\
         env = {{ PYTHONPATH = \"{}\" }}\n",
        tests.join("tests/program/devices.py").display(),
        scene.home().join("devices").display(),
        tests.join("../../sdk/python/src").display(),
    );
    fs::write(scene.settings_file(), settings).expect("the home is ours");
    devices.iter().for_each(|device| plug(&scene, device));
    scene
}

fn plug(scene: &Scene, device: &str) {
    fs::create_dir_all(scene.home().join("devices").join(device)).expect("the home is ours");
}

fn done(scene: &Scene, device: &str, item: &str) -> usize {
    let file = scene.home().join("devices").join(device).join(item);
    fs::read_to_string(file).map_or(0, |text| text.lines().count())
}

#[test]
fn partners_of_a_program_are_handlers_with_items_of_their_own() {
    let scene = with_devices(&["camera", "phone"]);
    let (_, objects) = scene.json("handler list");
    let named =
        |id: &str| objects.iter().find(|object| object["handler"] == id).map(|one| one["name"].clone());
    assert_eq!(
        (named("devices:phone"), named("devices:camera")),
        (Some(json!("The phone")), Some(json!("The camera")))
    );
    // All that one has, one item of one, and what both have under one name.
    scene.instep("sync devices:phone").expect(0);
    assert_eq!((done(&scene, "phone", "photos"), done(&scene, "phone", "music")), (1, 1));
    scene.run(&["sync", "Photos of the camera"]).expect(0);
    scene.instep("sync music").expect(0);
    assert_eq!((done(&scene, "camera", "photos"), done(&scene, "camera", "music")), (1, 1));
    assert_eq!(done(&scene, "phone", "music"), 2);
    scene.instep("status").expect(0).says(&["Photos of the phone", "Photos of the camera"]);
    // One that is new is found when it is named, and one that is gone is no handler any more.
    plug(&scene, "radio");
    scene.instep("sync devices:radio").expect(0);
    assert_eq!(done(&scene, "radio", "music"), 1);
    scene.instep("sync --all").expect(0);
    assert_eq!((done(&scene, "radio", "music"), done(&scene, "phone", "photos")), (2, 2));
    scene.instep("sync devices:none").expect(2).says(&["no item \"devices:none\""]);
}

#[test]
fn the_daemon_has_the_partners_of_a_program_and_starts_what_lists_them_again() {
    let scene = with_devices(&["phone"]);
    let _daemon = Daemon::start(&scene);
    let known = |id: &str| ask(&scene, "GET", &format!("/handlers/{id}"), &Value::Null).0 == 200;
    wait_until(|| known("devices:phone"));
    let order = json!({ "handler": "devices:phone", "items": ["photos"] });
    let (status, answer) = ask(&scene, "POST", "/control/start", &order);
    assert!(status < 300, "{answer}");
    wait_until(|| done(&scene, "phone", "photos") == 1);
    scene.instep("sync devices:phone").expect(0);
    assert_eq!(done(&scene, "phone", "photos"), 2);
    // Without a table it has no partners.
    fs::write(scene.settings_file(), "").expect("the home is ours");
    wait_until(|| !known("devices:phone"));
}
