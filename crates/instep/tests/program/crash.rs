//! S4: killed at any moment, every path has its old or new content, and the next run converges with no help.

use crate::scene::{Scene, assert_no_temps, wait_until};

/// Moments that differ in every round, the same in every run of the tests.
fn moments(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    }
}

/// Starts a run and kills it when it has made so many system calls' worth of progress, as far as we can see it: each
/// look at both sides costs about as much as a few actions of the run.
fn kill_after(scene: &Scene, looks: u64) {
    let mut child = scene.spawn("sync pair --yes --approve");
    for _ in 0..looks {
        std::hint::black_box(std::fs::read_dir(scene.b.path()).map(Iterator::count).unwrap_or(0));
        if child.try_wait().expect("it is our child").is_some() {
            return;
        }
    }
    child.kill().expect("it is our child");
    child.wait().expect("it ends");
}

#[test]
fn s4_a_first_copy_that_is_killed_again_and_again_converges() {
    let scene = Scene::new();
    scene.a.many(60, 20).file("big", vec![3; 2 << 20]).file("b/only-left", "l");
    scene.b.file("c/only-right", "r");
    let mut moment = moments(1);
    // From the first moments to beyond the end: later rounds get further.
    for round in 0..12 {
        kill_after(&scene, moment(200 << round));
        let left = scene.a.entries();
        for (path, entry) in scene.b.entries() {
            let ours = path.split(|byte| *byte == b'/').any(|name| name.starts_with(b".instep"));
            let known = left.get(&path) == Some(&entry) || path == b"c/only-right";
            assert!(ours || known || matches!(entry, testkit::Entry::Dir(_)), "{}", path.escape_ascii());
        }
    }
    scene.instep("sync pair").expect(0);
    scene.assert_same();
    assert_no_temps(&scene.b.entries());
    assert!(scene.a.has("c/only-right") && scene.b.has("b/only-left"));
}

#[test]
fn s4_changes_of_all_kinds_that_are_killed_again_and_again_lose_nothing() {
    let scene = Scene::synced(|scene| {
        scene.a.many(30, 20);
        for number in 0..50 {
            scene.a.file(format!("edit/{number}"), "old").file(format!("gone/{number}"), "g");
        }
        scene.a.file("move/me", "m");
    });
    let mut moment = moments(7);
    for round in 0..6 {
        let mut newer = format!("new in {round}");
        for number in 0..50 {
            scene.a.file(format!("edit/{number}"), &newer);
            scene.b.file(format!("from-right/{round}/{number}"), format!("{round} {number}"));
        }
        if round == 2 {
            scene.a.remove("gone").rename("move", "moved");
        }
        let mut versions = vec![scene.b.read("edit/0"), newer.clone().into_bytes()];
        for again in 0..3 {
            kill_after(&scene, moment(600 << round));
            for number in 0..50 {
                let found = scene.b.read(format!("edit/{number}"));
                assert!(versions.contains(&found), "{number}: {}", found.escape_ascii());
                assert!(scene.b.has(format!("from-right/{round}/{number}")));
            }
            // What was copied already, and recorded nowhere, is edited again: our own copy is no other version.
            newer = format!("edited after kill {again} of round {round}");
            for number in 0..50 {
                scene.a.file(format!("edit/{number}"), &newer);
            }
            versions.push(newer.clone().into_bytes());
        }
        scene.instep("sync pair --approve").expect(0);
        scene.assert_same();
        assert_eq!(scene.b.read("edit/49"), newer.as_bytes());
        assert_eq!(scene.a.read(format!("from-right/{round}/49")), format!("{round} 49").as_bytes());
    }
    assert!(!scene.b.has("gone") && scene.b.has("moved/me"));
}

#[test]
fn r12_a_killed_run_is_shown_as_interrupted() {
    let scene = Scene::new();
    scene.a.many(100, 30);
    let mut child = scene.spawn("sync pair");
    let begun = |scene: &Scene| std::fs::read_dir(scene.b.path()).is_ok_and(|entries| entries.count() > 0);
    wait_until(|| begun(&scene) || child.try_wait().is_ok_and(|ended| ended.is_some()));
    child.kill().expect("it is our child");
    child.wait().expect("it ends");
    let (_, runs) = scene.json("results");
    assert_eq!(runs.len(), 1);
    assert!(runs[0]["outcome"] == "interrupted" || runs[0]["outcome"] == "done", "{runs:?}");
    scene.instep("sync pair").expect(0);
}
