//! Collections: every remote of rclone is a handler, with nothing set up for it.

use std::fs;

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
    scene.instep("sync rclone:disk").expect(0);
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
        ("[collections.rclone]\nfolder = \"x\"\n", "`folder` is absolute"),
        ("[collections.rclone]\nfolders = \"/x\"\n", "line 2"),
        ("[collections.syncthing]\naddress = \"http://x\"\n", "goes the `key`"),
    ] {
        fs::write(scene.settings_file(), settings).expect("the home is ours");
        scene.instep("status").expect(2).says(&[says]);
    }
}
