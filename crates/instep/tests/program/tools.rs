//! Items of wrapped tools: previewed, synchronized, guarded and explained like all others.

use std::fs;
use std::process::Command;

use crate::scene::{Scene, of_type};

/// A home with an item `nightly` that rsync copies from A to B.
fn scene() -> Scene {
    let there = Command::new("rsync").arg("--version").output();
    assert!(there.is_ok(), "rsync is not installed: `cargo xtask test` installs it");
    let scene = Scene::bare();
    let settings = format!(
        "[items.nightly]\nhandler = \"rsync\"\nname = \"Every night\"\nsource = \"{}/\"\ntarget = \"{}/\"\ndelete = true\n",
        scene.a.path().display(),
        scene.b.path().display()
    );
    fs::write(scene.home().join("instep.toml"), settings).expect("the home is ours");
    scene
}

#[test]
fn a_tools_item_is_previewed_and_synchronized_by_its_name() {
    let scene = scene();
    scene.a.file("one", "1");
    scene.b.file("gone", "x");
    scene.instep("preview nightly").expect(0).says(&["delete     gone", "create     one"]);
    assert!(scene.b.at("gone").exists());
    let (code, objects) = scene.json("sync nightly");
    assert_eq!((code, objects.last().expect("a summary")["counts"]["deleted"]["b"].as_u64()), (0, Some(1)));
    assert_eq!(of_type(&objects, "event").iter().filter(|event| event["name"] == "The command").count(), 1);
    assert!(scene.b.at("one").exists() && !scene.b.at("gone").exists());
    scene.instep("results last --log").expect(0).says(&["*deleting"]);
    scene.instep("sync nightly --mode copy").expect(2).says(&["--mode is for pairs of folders"]);
}

#[test]
fn s6_a_tools_item_is_guarded_and_released_like_all_others() {
    let scene = scene();
    for number in 0..20 {
        scene.b.file(format!("file-{number}"), "x");
    }
    scene.instep("sync nightly").expect(4).says(&["20 of", "would be deleted", "Nothing was touched"]);
    assert!(scene.b.at("file-0").exists());
    scene.instep("sync nightly --approve").expect(0);
    assert!(!scene.b.at("file-0").exists());
}

#[test]
fn what_is_wrong_with_a_tools_item_is_said_with_its_place() {
    let scene = scene();
    let path = scene.home().join("instep.toml");
    let settings =
        fs::read_to_string(&path).expect("it was written").replace("delete = true", "delet = true");
    fs::write(&path, settings).expect("the home is ours");
    scene.instep("sync nightly").expect(2).says(&["line 6, column 1", "did you mean `delete`"]);
}
