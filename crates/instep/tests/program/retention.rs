//! S7: how long what a run took away can be brought back, and what is said when it cannot.

use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::SystemTime;

use crate::scene::Scene;

/// Synchronizes; the number of the run.
fn sync(scene: &Scene) -> u64 {
    let (code, summary) = scene.summary("sync pair");
    assert_eq!(code, 0, "{summary}");
    summary["run"].as_u64().expect("it is told")
}

fn of_long_ago(path: &Path) {
    let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
    File::open(path).and_then(|file| file.set_times(times)).expect("it is ours");
}

#[test]
fn s7_the_oldest_trash_goes_when_there_is_too_much_and_undo_names_what_is_gone() {
    let scene = Scene::synced(|scene| {
        scene.a.file("one", [b'1'; 2000]).file("two", [b'2'; 2000]).file("moves", "m").many(10, 1);
    });
    scene.set_of_item("trash_size = \"3 KiB\"\n");
    scene.a.remove("one").rename("moves", "moved");
    let first = sync(&scene);
    scene.a.remove("two");
    let second = sync(&scene);
    assert_eq!(scene.trash(&scene.b), ["two"]);
    let gone = "one is not in the trash of right any more, so it cannot come back";
    scene.instep(&format!("undo {first}")).expect(1).says(&[gone]);
    assert!(scene.b.has("moves") && !scene.b.has("one"));
    scene.instep(&format!("undo {second}")).expect(0);
    assert!(scene.b.has("two"));
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn s7_old_trash_goes_after_its_days_and_undo_says_so() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "precious").many(10, 1);
    });
    scene.set_of_item("trash_days = 3\n");
    scene.a.remove("x");
    let run = sync(&scene);
    of_long_ago(&scene.b.at(format!(".instep/trash/{run}")));
    of_long_ago(&scene.state(&format!("pairs/pair/runs/{run}.jsonl")));
    sync(&scene);
    assert_eq!(scene.trash(&scene.b), Vec::<String>::new());
    scene.instep(&format!("undo {run}")).expect(2).says(&["cannot be taken back", "more than 3 days ago"]);
    scene.instep("sync pair").expect(0);
}
