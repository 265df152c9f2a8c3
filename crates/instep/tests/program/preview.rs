//! Preview shows exactly what a run would do, and touches nothing.

use crate::scene::{Scene, of_type};

fn changed() -> Scene {
    let scene = Scene::synced(|scene| {
        scene
            .a
            .file("gone", "g")
            .file("edited", "e")
            .file("dir/moved", "the same content")
            .file("stays", "s");
    });
    scene
        .a
        .remove("gone")
        .file("edited", "edited now")
        .rename("dir/moved", "moved")
        .file("tree/1", "1")
        .file("tree/2", "22");
    scene
}

#[test]
fn preview_tells_and_touches_nothing() {
    let scene = changed();
    let before = (testkit::stamps(scene.a.path()), testkit::stamps(scene.b.path()));
    scene.instep("preview pair").expect(0).says(&["gone", "edited", "moved", "tree", "instep sync --plan"]);
    let (code, objects) = scene.json("preview pair");
    assert_eq!(code, 0);
    let actions: Vec<(String, String)> = of_type(&objects, "action")
        .iter()
        .map(|action| {
            assert_eq!(action["side"], "b", "{action}");
            let text = |key: &str| action[key].as_str().unwrap_or_default().to_owned();
            (text("op"), text("path"))
        })
        .collect();
    for (op, path) in [("delete", "gone"), ("update", "edited"), ("move", "moved"), ("create", "tree")] {
        assert!(actions.contains(&(op.to_owned(), path.to_owned())), "{op} {path} is not in {actions:?}");
    }
    let summary = objects.last().expect("there is a summary");
    assert_eq!(summary["type"], "summary");
    assert_eq!(summary["counts"]["created"]["b"], 3);
    assert_eq!(summary["counts"]["deleted"]["b"], 1);
    assert!(summary["plan"].as_str().is_some_and(|plan| !plan.is_empty()));
    assert_eq!(before, (testkit::stamps(scene.a.path()), testkit::stamps(scene.b.path())));
}

#[test]
fn a_plan_is_run_exactly_and_what_came_later_is_left() {
    let scene = changed();
    let (_, summary) = scene.summary("preview pair");
    let plan = summary["plan"].as_str().expect("a plan").to_owned();
    scene.a.file("later", "l");
    let (code, ran) = scene.summary(&format!("sync --plan {plan}"));
    assert!(code == 0 || code == 1, "{ran}");
    for what in ["created", "updated", "deleted", "moved"] {
        assert_eq!(ran["counts"][what], summary["counts"][what], "{what}");
    }
    assert!(!scene.b.has("gone") && scene.b.has("tree/1") && scene.b.has("moved"));
    assert!(!scene.b.has("later"));
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn an_unknown_plan_is_refused() {
    let scene = changed();
    scene.instep("sync --plan nonsense").expect(2).says(&["nonsense"]);
    scene.instep("sync pair --plan ../../etc").expect(2);
    assert!(scene.b.has("gone"));
}

#[test]
fn preview_of_a_first_run_shows_whole_trees() {
    let scene = Scene::bare();
    scene.a.file("tree/x/1", "1").file("tree/y/2", "2");
    let (code, objects) = scene.json("preview A B");
    assert_eq!(code, 0);
    let actions = of_type(&objects, "action");
    assert_eq!(actions.len(), 1, "{actions:?}");
    assert_eq!((&actions[0]["path"], &actions[0]["entries"]), (&"tree".into(), &5.into()));
    assert!(scene.b.entries().is_empty());
}

#[test]
fn preview_tells_conflicts_and_what_would_be_stopped() {
    let scene = Scene::synced(|scene| {
        for number in 0..20 {
            scene.a.file(format!("f{number}"), "x");
        }
        scene.a.file("c", "c");
    });
    scene.a.file("c", "left");
    scene.b.file("c", "right, too");
    for number in 0..15 {
        scene.a.remove(format!("f{number}"));
    }
    let (code, objects) = scene.json("preview pair");
    assert_eq!(of_type(&objects, "conflict").len(), 1);
    let summary = objects.last().expect("a summary");
    assert_eq!((code, &summary["outcome"], &summary["expected"]), (0, &"done".into(), &"safety_stop".into()));
    scene.instep("preview pair").expect(0).says(&["would stop", "--approve", "conflict"]);
}
