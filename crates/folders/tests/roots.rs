//! Roots: a doubt about one of them stops the run, and says what to do.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use folders::base::{Meta, RootIdentity};
use folders::roots::{self, RootClass, RootError, RootFault, Roots, Surroundings};
use folders::{Pair, PairSide};
use reconcile::{Keep, Mode, OnConflict, Side};
use syncmgr::ItemId;
use syncmgr::outcome::Outcome;
use testkit::{Tree, as_nobody};

fn pair(a: &Path, b: &Path) -> Pair {
    let side = |path: &Path| PairSide { path: path.into(), label: path.display().to_string() };
    Pair {
        item: ItemId::new("pair").unwrap(),
        name: "pair".into(),
        a: side(a),
        b: side(b),
        mode: Mode::TwoWay,
        on_conflict: OnConflict::Ask,
        keep: Keep::default(),
        exclude: vec![],
        include: vec![],
        max_delete: None,
        trash_days: 30,
        trash_size: None,
        ancestors: true,
        ask: Default::default(),
    }
}

fn open_as(pair: &Pair, mode: Mode, known: bool) -> Result<Roots, RootError> {
    roots::open(pair, mode, Keep::default(), &Meta::default(), known, &Surroundings::default())
}

fn class(result: Result<Roots, RootError>) -> RootClass {
    let error = result.unwrap_err();
    assert!(error.problem().fix.is_some(), "{error} says what to do");
    error.class()
}

fn two() -> (Tree, PathBuf, PathBuf) {
    let tree = Tree::new();
    tree.dir("a").dir("b");
    let (a, b) = (tree.at("a"), tree.at("b"));
    (tree, a, b)
}

#[test]
fn two_folders_apart_are_fine() {
    let (_tree, a, b) = two();
    let roots = open_as(&pair(&a, &b), Mode::TwoWay, true).unwrap();
    assert_eq!(roots.side(Side::B).path(), b);
    assert_ne!(roots.identities[0].ino, roots.identities[1].ino);
}

#[test]
fn a_side_that_never_was_is_a_usage_error() {
    let (tree, a, _) = two();
    tree.file("file", "x");
    for wrong in ["missing", "file", "file/below"] {
        assert_eq!(
            class(open_as(&pair(&a, &tree.at(wrong)), Mode::TwoWay, false)),
            RootClass::Usage,
            "{wrong}"
        );
        let side = PairSide { path: tree.at(wrong), label: wrong.into() };
        assert_eq!(roots::canonical(&side).unwrap_err().class(), RootClass::Usage, "{wrong}");
    }
}

#[test]
fn s5_a_root_that_vanished_or_changed_its_kind_is_a_safety_stop() {
    let (tree, a, b) = two();
    let pair = pair(&a, &b);
    fs::remove_dir(&b).unwrap();
    assert_eq!(class(open_as(&pair, Mode::TwoWay, true)), RootClass::SafetyStop);
    assert_eq!(RootClass::SafetyStop.outcome(), Outcome::SafetyStop);
    tree.file("b", "a file now");
    assert_eq!(class(open_as(&pair, Mode::TwoWay, true)), RootClass::SafetyStop);
    fs::remove_file(&b).unwrap();
    symlink("a", &b).unwrap();
    let error = open_as(&pair, Mode::TwoWay, true).unwrap_err();
    assert!(matches!(error.fault, RootFault::Link), "{error}");
    assert_eq!(error.class(), RootClass::SafetyStop);
}

#[test]
fn a_refused_root_says_so() {
    let (tree, a, b) = two();
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).unwrap();
    tree.mode("b", 0o000);
    let pair = pair(&a, &b);
    assert_eq!(as_nobody(|| class(open_as(&pair, Mode::TwoWay, false))), RootClass::Usage);
    assert_eq!(as_nobody(|| class(open_as(&pair, Mode::TwoWay, true))), RootClass::Failed);
}

#[test]
fn s11_the_same_folder_twice_and_one_in_the_other_are_usage_errors() {
    let (tree, a, b) = two();
    tree.dir("a/deep/er").link("to-a", "a").link("b/out", "../a");
    let wrong = [
        (a.clone(), a.clone()),
        (a.clone(), a.join("deep/er")),
        (a.join("deep"), a.clone()),
        (tree.path().into(), b.clone()),
        // Links on the way hide nothing.
        (a.clone(), tree.at("to-a/deep")),
        (b.join("out/deep/er"), a.clone()),
        (a.clone(), tree.at("b/../a")),
    ];
    for (one, two) in wrong {
        assert_eq!(
            class(open_as(&pair(&one, &two), Mode::TwoWay, true)),
            RootClass::Usage,
            "{one:?} {two:?}"
        );
    }
    tree.dir("ab");
    open_as(&pair(&a, &tree.at("ab")), Mode::TwoWay, true).unwrap();
}

#[test]
fn a_mirror_never_replaces_the_home_or_the_root_directory() {
    let (tree, a, b) = two();
    tree.dir("home/me/docs");
    let surroundings = Surroundings { home_dir: Some(tree.at("home/me")), other_roots: vec![] };
    let open = |target: &Path, mode| {
        roots::open(&pair(&a, target), mode, Keep::default(), &Meta::default(), false, &surroundings)
    };
    for target in ["home/me", "home"] {
        assert_eq!(class(open(&tree.at(target), Mode::Mirror)), RootClass::Usage, "{target}");
        open(&tree.at(target), Mode::TwoWay).unwrap();
    }
    open(&tree.at("home/me/docs"), Mode::Mirror).unwrap();
    open(&b, Mode::Mirror).unwrap();
    assert_eq!(class(open(Path::new("/"), Mode::Mirror)), RootClass::Usage);
}

#[test]
fn s11_a_pair_that_is_running_is_waited_for() {
    let (tree, a, b) = two();
    tree.dir("home").dir("c");
    let (first, second) = (pair(&a, &b), pair(&tree.at("c"), &a));
    let (home, alone) = (tree.at("home"), Surroundings::default());
    let roots = open_as(&first, Mode::TwoWay, true).unwrap();
    let lock = roots.lock(&first, &home, &alone).unwrap();

    let again = open_as(&first, Mode::TwoWay, true).unwrap();
    assert_eq!(again.lock(&first, &home, &alone).unwrap_err().class(), RootClass::Waiting);
    assert_eq!(again.check_idle(&first).unwrap_err().class(), RootClass::Waiting);
    // Another pair with one of the folders: by the folder, not by the pair.
    let other = open_as(&second, Mode::TwoWay, true).unwrap();
    let error = other.lock(&second, &home, &alone).unwrap_err();
    assert_eq!((error.class(), error.path), (RootClass::Waiting, a.clone()));

    drop(lock);
    again.check_idle(&first).unwrap();
    again.check_idle(&first).unwrap();
    let _lock = other.lock(&second, &home, &alone).unwrap();
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0, "a lock needs no file");
}

#[test]
fn s11_pairs_that_are_inside_each_other_take_turns() {
    let (tree, a, b) = two();
    tree.dir("a/inner").dir("c").dir("d");
    let (outer, inner) = (pair(&a, &b), pair(&tree.at("a/inner"), &tree.at("c")));
    let knowing = |roots: &[&Path]| Surroundings {
        home_dir: None,
        other_roots: roots.iter().map(|root| root.to_path_buf()).collect(),
    };
    let of_inner = knowing(&[&a, &b]);
    let of_outer = knowing(&[&inner.a.path, &inner.b.path, &inner.a.path, &a]);
    let home = tree.at("d");
    let outer_roots = open_as(&outer, Mode::TwoWay, true).unwrap();
    let inner_roots = open_as(&inner, Mode::TwoWay, true).unwrap();

    let lock = outer_roots.lock(&outer, &home, &of_outer).unwrap();
    assert_eq!(inner_roots.lock(&inner, &home, &of_inner).unwrap_err().class(), RootClass::Waiting);
    drop(lock);
    let lock = inner_roots.lock(&inner, &home, &of_inner).unwrap();
    assert_eq!(outer_roots.lock(&outer, &home, &of_outer).unwrap_err().class(), RootClass::Waiting);
    drop(lock);
    let _lock = outer_roots.lock(&outer, &home, &of_outer).unwrap();
}

#[test]
fn s5_what_lay_on_a_drive_that_is_not_mounted_is_waited_for() {
    let (_tree, a, b) = two();
    // Nothing is mounted on `b`, but when the pair was synchronized something was.
    let before = RootIdentity { mount_point: b.clone(), fs_id: 1, ino: 2 };
    let meta = Meta { entries: 10, roots: [None, Some(before)], ..Meta::default() };
    let pair = pair(&a, &b);
    let open = || roots::open(&pair, Mode::TwoWay, Keep::default(), &meta, true, &Surroundings::default());
    assert_eq!(class(open()), RootClass::Waiting);
    fs::remove_dir(&b).unwrap();
    assert_eq!(class(open()), RootClass::Waiting, "also when the mount point is gone with it");
}

/// A file system in memory, mounted for a test; none where mounting is refused.
struct Mounted(PathBuf);

impl Mounted {
    fn new(arguments: &[&str], at: &Path) -> Option<Self> {
        let done = Command::new("mount")
            .args(arguments)
            .arg(at)
            .output()
            .is_ok_and(|output| output.status.success());
        if !done {
            #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
            {
                println!("skipped: mounting is refused here");
            }
        }
        done.then(|| Self(at.into()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn s5_a_real_mount_is_remembered_and_missed() {
    let (tree, a, b) = two();
    let Some(mount) = Mounted::new(&["-t", "tmpfs", "none"], &b) else { return };
    tree.dir("b/side");
    let pair = pair(&a, &b.join("side"));
    let roots = open_as(&pair, Mode::TwoWay, false).unwrap();
    assert_eq!(roots.identities[1].mount_point, b);
    let meta = Meta { entries: 10, roots: roots.identities.clone().map(Some), ..Meta::default() };
    drop(roots);
    let open = || roots::open(&pair, Mode::TwoWay, Keep::default(), &meta, true, &Surroundings::default());
    open().unwrap();
    drop(mount);
    assert_eq!(class(open()), RootClass::Waiting);
}

#[test]
fn s11_a_bind_mount_of_a_part_of_the_other_side_is_refused() {
    let (tree, a, b) = two();
    tree.dir("a/part");
    let part = tree.at("a/part");
    let Some(_mount) = Mounted::new(&["--bind", part.to_str().unwrap()], &b) else { return };
    assert_eq!(class(open_as(&pair(&a, &b), Mode::TwoWay, true)), RootClass::Usage);
}

#[test]
fn s8_a_path_with_control_characters_is_shown_harmlessly() {
    let tree = Tree::new();
    tree.dir("a");
    let text =
        open_as(&pair(&tree.at("a"), &tree.at("b\x1b[2J\nx")), Mode::TwoWay, true).unwrap_err().to_string();
    assert!(!text.contains('\x1b') && !text.contains('\n'), "{text:?}");
}
