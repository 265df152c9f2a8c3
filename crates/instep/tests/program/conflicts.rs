//! From a conflict to its end.

use serde_json::{Value, json};

use crate::daemon::ask;
use crate::scene::{Scene, of_type};
use crate::serve::Daemon;

fn contested() -> Scene {
    let scene = Scene::synced(|scene| {
        scene.a.file("dir/plan.txt", "first").file("other", "o");
    });
    scene.a.file("dir/plan.txt", "left, edited");
    scene.b.file("dir/plan.txt", "right, edited as well");
    scene
}

#[test]
fn a_conflict_leaves_both_versions_and_exits_5() {
    let scene = contested();
    scene.a.file("new", "n");
    let run = scene.instep("sync pair").expect(5);
    run.says(&[
        "dir/plan.txt",
        "left",
        "right",
        "instep resolve pair dir/plan.txt --keep a|b|both|newest|largest",
    ]);
    assert_eq!(scene.a.read("dir/plan.txt"), b"left, edited");
    assert_eq!(scene.b.read("dir/plan.txt"), b"right, edited as well");
    // All the rest is synced, and the conflict stays open until it is settled.
    assert!(scene.b.has("new"));
    let (code, objects) = scene.json("sync pair");
    assert_eq!(code, 5);
    assert_eq!(of_type(&objects, "conflict").len(), 1);
    assert_eq!(objects.last().expect("a summary")["counts"]["conflicts"], 1);
}

#[test]
fn conflicts_lists_both_versions_as_json() {
    let scene = contested();
    scene.instep("sync pair").expect(5);
    let (code, conflicts) = scene.json("conflicts");
    assert_eq!((code, conflicts.len()), (0, 1));
    let conflict = &conflicts[0];
    assert_eq!((&conflict["item"], &conflict["path"]), (&"pair".into(), &"dir/plan.txt".into()));
    assert_eq!(conflict["kind"], "edit-edit");
    assert_eq!((&conflict["a"]["side"], &conflict["b"]["side"]), (&"left".into(), &"right".into()));
    assert_eq!((&conflict["a"]["size"], &conflict["b"]["size"]), (&12.into(), &21.into()));
    scene.instep("conflicts pair").expect(0).says(&["dir/plan.txt", "--keep"]);
}

#[test]
fn resolve_settles_and_undo_opens_again() {
    let scene = contested();
    scene.instep("sync pair").expect(5);
    let (code, summary) = scene.summary("resolve pair dir/plan.txt --keep b");
    assert_eq!(code, 0);
    assert_eq!(summary["counts"]["updated"]["a"], 1);
    assert_eq!(scene.a.read("dir/plan.txt"), b"right, edited as well");
    assert_eq!(scene.trash(&scene.a), ["dir/plan.txt"]);
    assert_eq!(scene.json("conflicts").1.len(), 0);
    scene.instep("sync pair").expect(0);
    let run = summary["run"].as_u64().expect("a run of its own");
    scene.instep(&format!("undo {run}")).expect(0);
    assert_eq!(scene.a.read("dir/plan.txt"), b"left, edited");
    scene.instep("sync pair").expect(5);
    assert_eq!(scene.json("conflicts").1.len(), 1);
}

#[test]
fn every_way_to_keep_does_what_it_says() {
    for (keep, left, right) in [
        ("a", "left, edited", "left, edited"),
        ("b", "right, edited as well", "right, edited as well"),
        ("largest", "right, edited as well", "right, edited as well"),
    ] {
        let scene = contested();
        scene.instep("sync pair").expect(5);
        scene.instep(&format!("resolve pair --all --keep {keep}")).expect(0);
        assert_eq!(scene.a.read("dir/plan.txt"), left.as_bytes(), "{keep}");
        assert_eq!(scene.b.read("dir/plan.txt"), right.as_bytes(), "{keep}");
        scene.assert_same();
    }
    let scene = contested();
    scene.a.mtime("dir/plan.txt", 1_700_000_000, 0);
    scene.instep("sync pair").expect(5);
    scene.instep("resolve pair --all --keep newest").expect(0);
    assert_eq!(scene.a.read("dir/plan.txt"), b"right, edited as well");
    let scene = contested();
    scene.instep("sync pair").expect(5);
    scene.instep("resolve pair --all --keep both").expect(0);
    scene.assert_same();
    let contents: Vec<Vec<u8>> = scene
        .a
        .entries()
        .keys()
        .filter(|path| path.starts_with(b"dir/"))
        .map(|path| scene.a.read(path))
        .collect();
    assert_eq!(contents.len(), 2);
    assert!(
        contents.contains(&b"left, edited".to_vec()) && contents.contains(&b"right, edited as well".to_vec())
    );
}

#[test]
fn policies_settle_conflicts_in_the_run() {
    for (policy, wins) in
        [("a", "left, edited"), ("b", "right, edited as well"), ("largest", "right, edited as well")]
    {
        let scene = contested();
        scene.instep(&format!("sync pair --on-conflict {policy}")).expect(0);
        assert_eq!(scene.a.read("dir/plan.txt"), wins.as_bytes());
        scene.assert_same();
    }
}

#[test]
fn resolve_refuses_what_is_no_open_conflict() {
    let scene = contested();
    scene.instep("resolve pair --all --keep a").expect(2).says(&["no open conflict"]);
    scene.instep("sync pair").expect(5);
    scene.instep("resolve pair dir/plan --keep a").expect(2).says(&["dir/plan.txt"]);
    scene.instep("resolve pair other --keep a").expect(2);
    assert_eq!(scene.json("conflicts").1.len(), 1);
}

#[test]
fn resolve_takes_a_folder_for_all_in_it_and_paths_into_a_side() {
    let scene = Scene::new();
    for name in ["in/x", "in/y", "out", "third"] {
        scene.a.file(name, "left version");
        scene.b.file(name, "right");
    }
    scene.instep("sync pair").expect(5);
    scene.instep("resolve pair in/ --keep a").expect(0);
    assert_eq!(
        (scene.b.read("in/x"), scene.b.read("in/y")),
        (b"left version".to_vec(), b"left version".to_vec())
    );
    assert_eq!(scene.json("conflicts").1.len(), 2);
    let inside = scene.b.at("out");
    let words =
        ["resolve".as_ref(), "pair".as_ref(), inside.as_os_str(), "./third".as_ref(), "--keep".as_ref()];
    scene.run(&[&words[..], &["b".as_ref()]].concat()).expect(0);
    assert_eq!((scene.a.read("out"), scene.a.read("third")), (b"right".to_vec(), b"right".to_vec()));
}

#[test]
fn of_a_command_and_the_page_that_settle_the_same_at_once_one_does_and_the_other_is_told() {
    let scene = contested();
    scene.instep("sync pair").expect(5);
    let _daemon = Daemon::start(&scene);
    let (_, page) = ask(&scene, "GET", "/conflicts?handler=folders&item=pair", &Value::Null);
    let shown = &page["conflicts"][0];
    let order = json!({ "keep": "b", "conflicts": [{
        "handler": "folders", "item": "pair", "id": shown["id"], "seen": shown["seen"],
    }]});
    let command = scene.spawn("resolve pair dir/plan.txt --keep a");
    let (status, answer) = ask(&scene, "POST", "/conflicts/resolve", &order);
    let output = command.wait_with_output().expect("it ends");
    assert_eq!(status, 200, "{answer}");
    // Whoever came first has settled it, on both sides.
    let kept = scene.a.read("dir/plan.txt");
    assert_eq!(kept, scene.b.read("dir/plan.txt"), "{answer} {output:?}");
    let by_command = kept == b"left, edited";
    assert_eq!(answer["settled"], u64::from(!by_command), "{answer} {output:?}");
    if by_command {
        assert!(output.status.success(), "{output:?}");
    } else {
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let told = ["no open conflict", "another run"];
        assert!(told.iter().any(|words| said.contains(words)), "{said}");
    }
    assert_eq!(scene.json("conflicts").1.len(), 0);
    // And once more, when all is over.
    let (_, answer) = ask(&scene, "POST", "/conflicts/resolve", &order);
    assert_eq!((&answer["settled"], &answer["gone"]), (&json!(0), &json!(1)));
    scene.instep("resolve pair dir/plan.txt --keep a").expect(2).says(&["no open conflict"]);
}

#[test]
fn the_api_offers_what_can_be_done_and_says_what_tells_the_versions_apart() {
    let scene = contested();
    std::os::unix::fs::symlink("to-left", scene.a.at("link")).unwrap();
    std::os::unix::fs::symlink("to-right", scene.b.at("link")).unwrap();
    scene.a.file("thing", "a file");
    scene.b.file("thing/in/it", "in a directory");
    scene.instep("sync pair").expect(5);
    let _daemon = Daemon::start(&scene);
    let (_, page) = ask(&scene, "GET", "/conflicts?handler=folders&item=pair", &Value::Null);
    let choices = |path: &str| {
        let open = page["conflicts"].as_array().unwrap().iter();
        let id =
            open.filter(|one| one["path"] == path).map(|one| one["id"].as_str().unwrap()).next().unwrap();
        ask(&scene, "GET", &format!("/conflicts/folders/pair/{id}/choices"), &Value::Null).1
    };
    let link = choices("link");
    assert_eq!(link["versions"][0]["target"]["path"], "to-left");
    assert_eq!(link["versions"][1]["target"]["path"], "to-right");
    assert_eq!(link["versions"][0]["permissions"], Value::Null);
    assert_eq!(link["merge"], Value::Null);
    let thing = choices("thing");
    assert_eq!(thing["versions"][1]["entries"], 1);
    assert_eq!(thing["keep"], json!(["a", "b", "both", "leave-out"]));
    let text = choices("dir/plan.txt");
    let offered: Vec<&str> =
        text["keep"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(
        ["a", "b", "both", "other", "leave-out"].iter().all(|keep| offered.contains(keep)),
        "{offered:?}"
    );
    // Both changed the same line: that is shown, and not offered.
    assert!(!offered.contains(&"merged"), "{offered:?}");
    assert_eq!(text["merge"]["overlaps"], 1);
    assert!(text["merge"]["text"].as_str().unwrap().contains("<<<<<<< "), "{text}");
    assert!(text["versions"][0]["permissions"].as_str().unwrap().starts_with("rw-"), "{text}");

    // What a choice comes to is said beforehand, and nothing is done.
    let order = json!({ "keep": "merged", "all": { "handler": "folders", "item": "pair" }, "dry_run": true });
    let (status, answer) = ask(&scene, "POST", "/conflicts/resolve", &order);
    assert_eq!((status, &answer["runs"]), (200, &json!([])), "{answer}");
    let open = page["conflicts"].as_array().unwrap().len() as u64;
    assert_eq!(answer["settled"].as_u64().unwrap() + answer["left"].as_u64().unwrap(), open, "{answer}");
    assert_eq!(scene.json("conflicts").1.len() as u64, open);
}

#[test]
fn a_look_at_many_merges_says_which_of_them_would_be_settled() {
    let scene = Scene::new();
    let lines = "one\ntwo\nthree\nfour\nfive\n";
    for name in ["apart.txt", "same.txt"] {
        scene.a.file(name, lines);
    }
    scene.instep("sync pair --yes").expect(0);
    scene.a.file("apart.txt", lines.replace("one", "ONE, at the left"));
    scene.b.file("apart.txt", lines.replace("five", "FIVE"));
    scene.a.file("same.txt", lines.replace("three", "at the left"));
    scene.b.file("same.txt", lines.replace("three", "right"));
    scene.instep("sync pair --approve").expect(5);
    let _daemon = Daemon::start(&scene);
    let order = |dry: bool| json!({ "keep": "merged", "all": { "handler": "folders" }, "dry_run": dry });
    let (_, foreseen) = ask(&scene, "POST", "/conflicts/resolve", &order(true));
    assert_eq!((&foreseen["settled"], &foreseen["left"]), (&json!(1), &json!(1)), "{foreseen}");
    let reasons = foreseen["reasons"].to_string();
    assert!(reasons.contains("same.txt") && reasons.contains("the same place"), "{reasons}");
    assert_eq!(scene.json("conflicts").1.len(), 2);
    // And that is what comes of it.
    let (_, settled) = ask(&scene, "POST", "/conflicts/resolve", &order(false));
    assert_eq!((&settled["settled"], &settled["left"]), (&json!(1), &json!(1)), "{settled}");
    assert_eq!(scene.json("conflicts").1.len(), 1);
}
