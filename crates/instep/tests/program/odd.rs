//! Large and odd things through the whole program: what a person reads, what a script gets, and that the next run goes on
//! by itself. What the engine makes of them is tried in `folders`.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};

use testkit::{Deep, Limited, Mounted, Tree, immutable};

use crate::scene::{Scene, assert_no_temps, of_type};

/// `pair` with its second side on such a file system.
fn on(side: Tree) -> Scene {
    Scene::with_b(side)
}

/// The next run has nothing to ask and nothing left to do.
fn goes_on(scene: &Scene) {
    scene.instep("sync pair").expect(0);
    scene.assert_same();
    assert_no_temps(&scene.b.entries());
    scene.instep("sync pair").expect(0).says(&["up to date"]);
    scene.instep("verify pair --checksum").expect(0).says(&["hold the same"]);
}

#[test]
fn what_does_not_fit_is_told_before_anything_is_touched() {
    let Some(disk) = Mounted::memory("size=4m") else { return };
    let scene = on(disk.folder());
    scene.a.file("x", "fits");
    scene.instep("sync pair").expect(0);
    scene.a.file("large", vec![7; 6_000_000]).file("y", "y");
    scene.instep("sync pair").expect(3).says(&[
        "right has room for",
        "6,000,001 are to be copied",
        "Nothing was touched",
        "make room",
    ]);
    assert!(!scene.b.has("y"));
    scene.instep("status").says(&["failed"]);
    scene.a.file("large", vec![7; 1_000_000]);
    goes_on(&scene);
}

#[test]
fn a_disk_that_fills_up_on_the_way_keeps_what_is_complete() {
    let Some(disk) = Mounted::memory("size=16m,nr_inodes=80") else { return };
    let scene = on(disk.folder());
    for number in 0..120 {
        scene.a.file(format!("d{}/f{number}", number % 10), "x");
    }
    // The second one finds no room for anything more.
    for code in [1, 3] {
        let told = ["right is full; what was complete is in place", "make room", "goes on where it stopped"];
        scene.instep("sync pair").expect(code).says(&told);
        scene.instep("results last").expect(0).says(&told);
        assert_no_temps(&scene.b.entries());
    }
    assert!(disk.remount("nr_inodes=1000"));
    goes_on(&scene);
}

#[test]
fn a_quota_that_is_used_up_is_told_as_one() {
    let Some(limited) = Limited::to("8M") else { return };
    let scene = on(limited.folder());
    for number in 0..60_u8 {
        scene.a.file(format!("d{}/f{number}", number % 4), vec![number; 200_000]);
    }
    scene.instep("sync pair").expect(1).says(&["quota", "make room within your quota"]);
    assert_no_temps(&scene.b.entries());
    assert!(limited.limit("none"));
    goes_on(&scene);
}

#[test]
fn a_side_that_is_mounted_read_only_is_read_and_what_would_be_written_there_is_told() {
    let Some(disk) = Mounted::memory("size=16m") else { return };
    let scene = on(disk.folder());
    scene.b.file("d/x", "1").file("y", "2");
    assert!(disk.remount("ro"));
    scene.instep("sync pair").expect(0);
    assert_eq!(scene.a.read("d/x"), b"1");
    scene.instep("sync pair").expect(0).says(&["up to date"]);
    scene.instep("verify pair --checksum").expect(0);
    scene.a.file("y", "edited").file("new", "n");
    let said = ["right is mounted read-only", "2 changes are to be made there", "mount it writable"];
    scene.instep("sync pair").expect(3).says(&said);
    assert_eq!((scene.a.read("y"), scene.b.read("y")), (b"edited".to_vec(), b"2".to_vec()));
    assert!(disk.remount("rw"));
    goes_on(&scene);
    // What is to be done on the other side is done all the same.
    scene.b.file("d/x", "by its owner");
    scene.a.file("y", "edited again");
    assert!(disk.remount("ro"));
    scene.instep("sync pair").expect(1).says(&["y on right", "read-only"]);
    assert_eq!(scene.a.read("d/x"), b"by its owner");
    assert!(disk.remount("rw"));
    goes_on(&scene);
}

#[test]
fn s9_what_is_made_immutable_is_told_by_its_path_and_the_rest_goes_on() {
    let scene = Scene::synced(|scene| {
        scene.a.file("closed/x", "1").file("fixed", "2").file("kept", "3").file("open", "4").many(10, 2);
    });
    let fixed = ["closed", "fixed", "kept"].map(|path| scene.b.at(path));
    scene.a.file("closed/new", "n").file("fixed", "edited").remove("kept").file("open", "edited");
    if !immutable(&fixed[0], true) {
        println!("skipped: nothing can be made immutable here");
        return;
    }
    fixed[1..].iter().for_each(|path| assert!(immutable(path, true)));
    let run = scene.instep("sync pair");
    let again = scene.instep("sync pair");
    fixed.iter().for_each(|path| assert!(immutable(path, false)));
    for run in [run, again] {
        run.expect(1).says(&["closed/new on right", "fixed on right", "kept on right", "not permitted"]);
    }
    assert_eq!((scene.b.read("open"), scene.b.read("fixed")), (b"edited".to_vec(), b"2".to_vec()));
    assert_no_temps(&scene.b.entries());
    goes_on(&scene);
}

#[test]
fn s8_what_lies_deeper_than_a_path_may_be_long_is_met_by_every_command() {
    let scene = Scene::new();
    let path = vec![[b'n'; 200]; 30].join(&b'/');
    let long = format!("{}/x", String::from_utf8(path.clone()).expect("it is text"));
    assert!(long.len() > 4096);
    let ours = Deep::make(scene.a.path(), &path);
    ours.file("x", "1").file("gone", "g");
    let (_, plan) = scene.json("preview pair");
    assert_eq!(of_type(&plan, "action").len(), 1, "{plan:?}");
    scene.instep("sync pair").expect(0);
    let theirs = Deep::open(scene.b.path(), &path).expect("it was copied");
    assert_eq!(theirs.read("x").as_deref(), Some("1"));

    ours.file("x", "ours, edited").remove("gone");
    theirs.file("x", "theirs, edited too");
    scene.instep("verify pair").expect(1).says(&[&long]);
    scene.instep("sync pair").expect(5);
    assert_eq!(theirs.read("gone"), None);
    let (_, open) = scene.json("conflicts pair");
    assert_eq!((open.len(), &open[0]["path"]), (1, &long.as_str().into()));
    scene.instep("conflicts pair").expect(0).says(&[&long]);
    scene.run(&["resolve", "pair", &long, "--keep", "a"]).expect(0);
    assert_eq!(theirs.read("x").as_deref(), Some("ours, edited"));
    scene.instep("results last -v").expect(0);
    scene.instep("undo last").expect(0);
    assert_eq!(theirs.read("x").as_deref(), Some("theirs, edited too"));
    scene.run(&["resolve", "pair", &long, "--keep", "b"]).expect(0);
    assert_eq!(ours.read("x").as_deref(), Some("theirs, edited too"));
    scene.instep("verify pair --checksum").expect(0);
    scene.instep("sync pair").expect(0).says(&["up to date"]);

    // What cannot be written there is told by its whole path.
    ours.file("x", "edited once more");
    let top = scene.b.at("n".repeat(200));
    fs::rename(&top, scene.b.at("aside")).expect("it is ours");
    fs::write(&top, "in the way").expect("there is room");
    let run = scene.instep("sync pair --approve");
    assert!(matches!(run.code, Some(0 | 5)), "{run:?}");
    assert_eq!(Deep::open(scene.b.path(), &path).and_then(|dir| dir.read("x")), None);
    assert_eq!(ours.read("x").as_deref(), Some("edited once more"));
}

#[test]
fn a_file_of_hundreds_of_gigabytes_that_are_mostly_holes_costs_what_is_in_it() {
    const GIB: u64 = 1 << 30;
    let scene = Scene::new();
    let image = File::create(scene.a.at("disk.img")).expect("there is room");
    if image.set_len(300 * GIB).is_err() {
        println!("skipped: this file system holds no file of 300 GiB");
        return;
    }
    let write = |content: &str, at: u64| image.write_all_at(content.as_bytes(), at).expect("there is room");
    let read = |tree: &Tree, at: u64| {
        let mut bytes = [0; 6];
        File::open(tree.at("disk.img"))
            .expect("it is there")
            .read_exact_at(&mut bytes, at)
            .expect("it is long");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let small = |tree: &Tree| {
        let meta = fs::metadata(tree.at("disk.img")).expect("it is there");
        meta.len() == 300 * GIB && meta.blocks() * 512 < 16 << 20
    };
    write("middle", 150 * GIB);
    scene.instep("preview pair").expect(0).says(&["disk.img"]);
    scene.instep("sync pair").expect(0);
    assert!(small(&scene.b));
    assert_eq!(read(&scene.b, 150 * GIB), "middle");
    write("edited", 150 * GIB);
    write("beyond", 222 * GIB);
    scene.instep("sync pair").expect(0);
    assert!(small(&scene.b));
    assert_eq!((read(&scene.b, 150 * GIB), read(&scene.b, 222 * GIB)), ("edited".into(), "beyond".into()));
    scene.instep("verify pair --checksum").expect(0).says(&["hold the same"]);
    scene.instep("undo last").expect(0);
    assert_eq!((read(&scene.b, 150 * GIB).as_str(), small(&scene.b)), ("middle", true));
    scene.instep("sync pair").expect(0);
    assert_eq!((read(&scene.a, 150 * GIB).as_str(), small(&scene.a)), ("middle", true));
}

#[test]
fn a_file_system_that_knows_whole_seconds_rests_after_the_first_run() {
    let make = ["mkfs.ext3", "-q", "-I", "128"];
    let Some(disk) = Mounted::image(&make, &["mount"], 64) else { return };
    let scene = on(disk.folder());
    scene.a.file("d/x", "1").mtime("d/x", 1_700_000_000, 999_999_999).file("y", "2");
    scene.instep("sync pair").expect(0);
    scene.instep("verify pair --checksum").expect(0).says(&["hold the same"]);
    scene.instep("sync pair").expect(0).says(&["up to date"]);
    scene.b.file("d/x", "edited there");
    scene.instep("sync pair").expect(0);
    assert_eq!(scene.a.read("d/x"), b"edited there");
    scene.instep("sync pair").expect(0).says(&["up to date"]);
}
