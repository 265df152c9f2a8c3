//! Damaged memory is never in the way, and never a reason to delete.

use std::fs;

use crate::scene::Scene;

#[test]
fn a_damaged_store_is_put_aside_with_a_warning() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x");
    });
    fs::write(scene.state("instep.db"), b"this is no database, whatever its name says")
        .expect("it can be damaged");
    for extra in ["instep.db-wal", "instep.db-shm"] {
        let _ = fs::remove_file(scene.state(extra));
    }
    scene.a.file("y", "y");
    let run = scene.instep("sync pair").expect(0);
    assert!(run.stderr.contains("damaged"), "{run:?}");
    scene.assert_same();
    let after = scene.instep("sync pair").expect(0);
    assert!(!after.stderr.contains("damaged"), "{after:?}");
}

#[test]
fn a_damaged_or_lost_base_is_a_union_and_deletes_nothing() {
    for damage in ["garbage", "gone"] {
        let scene = Scene::synced(|scene| {
            scene.a.file("same", "s").file("dir/deleted-later", "d").file("edited", "e");
        });
        scene.a.remove("dir/deleted-later").file("edited", "left, edited");
        scene.b.file("edited", "right");
        let base = scene.state("pairs/pair/base.db");
        if damage == "garbage" {
            fs::write(&base, b"garbage".repeat(1000)).expect("it can be damaged");
        } else {
            fs::remove_file(&base).expect("it can be lost");
        }
        scene.instep("sync pair").expect(5);
        assert!(scene.b.has("dir/deleted-later") && scene.a.has("dir/deleted-later"), "{damage}");
        assert_eq!(scene.a.read("edited"), b"left, edited");
        assert_eq!(scene.b.read("edited"), b"right");
    }
}

#[test]
fn a_base_that_another_program_holds_is_waited_for() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x");
    });
    scene.a.file("y", "y");
    let holder = rusqlite::Connection::open(scene.state("pairs/pair/base.db")).expect("it is a database");
    holder.execute_batch("BEGIN EXCLUSIVE").expect("nobody else holds it");
    scene.instep("sync pair").expect(7).says(&["base.db"]);
    assert!(!scene.b.has("y"));
    drop(holder);
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn removing_an_item_forgets_it_and_keeps_every_file() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x").file("y", "y").file("z", "z");
    });
    scene.a.remove("x");
    scene.instep("sync pair").expect(0);
    scene.instep("remove pair").expect(0).says(&["stay where they are", ".instep/trash"]);
    assert!(scene.a.has("y") && scene.b.has("y"));
    assert_eq!(scene.trash(&scene.b), ["x"]);
    assert!(!scene.state("pairs/pair").exists());
    assert_eq!(scene.json("list").1.len(), 0);
    // Added again it starts from nothing: a union.
    scene.instep("add pair A B").expect(0);
    scene.a.remove("y");
    scene.instep("sync pair").expect(0);
    assert!(scene.a.has("y"));
}
