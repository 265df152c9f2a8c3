//! Guards: a run that would do harm stops before anything is touched.

use crate::scene::Scene;

fn twenty() -> Scene {
    Scene::synced(|scene| {
        for number in 0..20 {
            scene.a.file(format!("f{number}"), format!("{number}"));
        }
    })
}

#[test]
fn s6_deleting_more_than_half_is_stopped_until_approved() {
    let scene = twenty();
    for number in 0..12 {
        scene.a.remove(format!("f{number}"));
    }
    scene.a.file("new", "n");
    let (code, summary) = scene.summary("sync pair");
    assert_eq!((code, &summary["outcome"]), (4, &"safety_stop".into()));
    assert!(scene.b.has("f0") && !scene.b.has("new"));
    scene.instep("sync pair").expect(4).says(&["--approve"]);
    scene.instep("sync pair --approve").expect(0);
    scene.assert_same();
    assert!(!scene.b.has("f0"));
}

#[test]
fn s6_limits_are_settings() {
    let scene = twenty();
    scene.a.remove("f1");
    scene.instep("sync pair --max-delete 0").expect(4);
    assert!(scene.b.has("f1"));
    scene.instep("sync pair --max-delete 1").expect(0);
    assert!(!scene.b.has("f1"));
}

#[test]
fn s5_an_emptied_side_is_stopped_and_a_vanished_one_is_never_released() {
    let scene = twenty();
    for number in 0..20 {
        scene.a.remove(format!("f{number}"));
    }
    scene.instep("sync pair").expect(4);
    assert!(scene.b.has("f0"));
    std::fs::rename(scene.a.path(), scene.home().join("elsewhere")).expect("it can be moved");
    scene.instep("sync pair --approve").expect(4).says(&[&scene.a.path().to_string_lossy()]);
    assert!(scene.b.has("f0"));
    std::fs::rename(scene.home().join("elsewhere"), scene.a.path()).expect("it can be moved back");
    scene.instep("sync pair --approve").expect(0);
    scene.assert_same();
}

#[test]
fn a_first_run_that_would_overwrite_is_refused_without_a_word() {
    let scene = Scene::new();
    scene.a.file("x", "x");
    scene.b.file("y", "y");
    scene.instep("sync pair --mode mirror").expect(4).says(&["--yes"]);
    assert!(scene.b.has("y") && !scene.b.has("x"));
    scene.instep("sync pair --mode mirror --yes").expect(0);
    scene.assert_same();
    assert_eq!(scene.trash(&scene.b), ["y"]);
}

#[test]
fn s11_a_pair_that_another_run_holds_is_waited_for() {
    let scene = twenty();
    scene.a.file("new", "n");
    let root = std::fs::File::open(scene.a.path()).expect("the side is there");
    rustix::fs::flock(&root, rustix::fs::FlockOperation::NonBlockingLockExclusive).expect("nobody holds it");
    let (code, summary) = scene.summary("sync pair");
    assert_eq!((code, &summary["outcome"]), (7, &"waiting".into()));
    assert!(!scene.b.has("new"));
    drop(root);
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}
