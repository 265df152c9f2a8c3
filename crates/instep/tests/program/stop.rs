//! Stopping a run: asked politely it acknowledges, and leaves both sides consistent.

use rustix::process::{Pid, Signal, kill_process};

use crate::scene::{Scene, wait_until};

/// Enough work to be stopped in the middle of it.
fn large() -> Scene {
    let scene = Scene::new();
    scene.a.many(80, 30);
    scene.a.file("big", vec![9; 32 << 20]);
    scene
}

fn has_begun(scene: &Scene) -> bool {
    std::fs::read_dir(scene.b.path()).is_ok_and(|entries| entries.count() > 0)
}

/// Whatever is under its final name on B is whole (S2).
fn assert_whole(scene: &Scene) {
    let left = scene.a.entries();
    for (path, entry) in scene.b.entries() {
        let ours = path.split(|byte| *byte == b'/').any(|name| name.starts_with(b".instep"));
        assert!(
            ours || matches!(entry, testkit::Entry::Dir(_)) || left.get(&path) == Some(&entry),
            "{}",
            path.escape_ascii()
        );
    }
}

fn stopped_by(signal: Signal) {
    let mut scene = large();
    // A fast machine may be done before the signal arrives; then there is more to do.
    for _ in 0..5 {
        let mut child = scene.spawn("sync pair --json");
        wait_until(|| has_begun(&scene) || child.try_wait().is_ok_and(|ended| ended.is_some()));
        if child.try_wait().is_ok_and(|ended| ended.is_none()) {
            kill_process(Pid::from_child(&child), signal).expect("it is our child");
        }
        let output = child.wait_with_output().expect("it ends");
        assert_whole(&scene);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.code() == Some(0) {
            scene = large();
            continue;
        }
        assert_eq!(output.status.code(), Some(6), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let last = text.lines().last().expect("there is a summary");
        assert!(last.contains("\"canceled\"") && last.contains("\"summary\""), "{last}");
        scene.instep("sync pair").expect(0);
        scene.assert_same();
        return;
    }
    panic!("every run was done before it could be stopped");
}

#[test]
fn ctrl_c_asks_and_the_run_ends_canceled_and_consistent() {
    stopped_by(Signal::INT);
}

#[test]
fn a_termination_is_the_same_request() {
    stopped_by(Signal::TERM);
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_the_next_run_picks_up() {
    let scene = large();
    let mut child = scene.spawn("sync pair");
    wait_until(|| has_begun(&scene) || child.try_wait().is_ok_and(|ended| ended.is_some()));
    for _ in 0..2 {
        // It may be gone already, by itself or by the first one.
        let _ = kill_process(Pid::from_child(&child), Signal::INT);
    }
    let code = child.wait().expect("it ends").code();
    assert!(matches!(code, Some(0 | 6)), "{code:?}");
    assert_whole(&scene);
    scene.instep("sync pair").expect(0);
    scene.assert_same();
    assert_ne!(scene.json("results").1[0]["outcome"], serde_json::Value::Null);
}
