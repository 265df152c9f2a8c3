//! Owners and extended attributes on request, with the real program.

use std::os::unix::fs::{MetadataExt as _, chown};

use crate::scene::Scene;

#[test]
fn owners_are_kept_where_that_is_asked_for_and_only_there() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root may give files to others");
        return;
    }
    let scene = Scene::bare();
    let owner = |path: &str| {
        let meta = std::fs::metadata(scene.b.at(path)).expect("it is there");
        (meta.uid(), meta.gid())
    };
    let give = |path: &str, user| chown(scene.a.at(path), Some(user), Some(user)).expect("root may");
    scene.a.file("x", "x").file("d/y", "y");
    give("x", 1001);
    give("d", 1002);
    scene.instep("add pair A B --keep owners").expect(0);
    let (_, items) = scene.json("list");
    assert_eq!(items[0]["keep"], serde_json::json!(["owners"]));
    scene.instep("sync pair").expect(0);
    assert_eq!((owner("x"), owner("d"), owner("d/y")), ((1001, 1001), (1002, 1002), (0, 0)));

    give("x", 1003);
    scene.instep("preview pair").expect(0).says(&["owner"]);
    let (_, rows) = scene.json("preview pair");
    let row = rows.iter().find(|row| row["path"] == "x").expect("it is in the plan");
    assert_eq!((&row["op"], &row["owner"], &row["mode"]), (&"metadata".into(), &true.into(), &false.into()));
    scene.instep("verify pair").expect(1).says(&["x"]);
    let plan = rows.last().expect("a summary")["plan"].as_str().expect("a plan").to_owned();
    scene.instep(&format!("sync pair --plan {plan}")).expect(0);
    assert_eq!(owner("x"), (1003, 1003));
    scene.instep("undo last").expect(0);
    assert_eq!(owner("x"), (1001, 1001));
}

#[test]
fn what_can_be_kept_is_said_to_who_asks_for_something_else() {
    let scene = Scene::bare();
    scene.a.file("x", "x");
    scene.instep("sync A B --keep owner").expect(2).says(&["owners", "attributes"]);
    scene.instep("sync A B --keep attributes").expect(0);
}
