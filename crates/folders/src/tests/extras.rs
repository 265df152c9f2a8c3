//! Owners and extended attributes, where a pair keeps them.

use std::os::unix::fs::{MetadataExt as _, lchown};

use reconcile::Keep;
use rustix::fs::{XattrFlags, lgetxattr, lremovexattr, lsetxattr};

use super::*;

const BOTH: Keep = Keep { owners: true, attributes: true };
/// A POSIX access list that lets the user with the number 4711 read: entries of tag, permissions and number.
const ACCESS_LIST: &[u8] = &[
    2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 103, 18, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255,
    16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255,
];

fn keeping(keep: Keep) -> Bed {
    Bed::with(|pair| Pair { keep, ..pair }, Limits::default())
}

/// Whether this test can say anything here: owners are root's to give, and not every file system has attributes.
fn can_give(tree: &Tree) -> bool {
    tree.file("probe", "");
    let can = rustix::process::geteuid().is_root() && set(tree, "probe", "user.probe", b"x").is_ok();
    tree.remove("probe");
    if !can {
        eprintln!("skipped: not root, or no extended attributes on this file system");
    }
    can
}

fn set(tree: &Tree, path: &str, name: &str, value: &[u8]) -> rustix::io::Result<()> {
    lsetxattr(tree.at(path), name, value, XattrFlags::empty())
}

fn get(tree: &Tree, path: &str, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 64 * 1024];
    let length = lgetxattr(tree.at(path), name, &mut value[..]).ok()?;
    value.truncate(length);
    Some(value)
}

fn give(tree: &Tree, path: &str, user: u32, group: u32) {
    lchown(tree.at(path), Some(user), Some(group)).unwrap();
}

fn owner(tree: &Tree, path: &str) -> (u32, u32) {
    let meta = std::fs::symlink_metadata(tree.at(path)).unwrap();
    (meta.uid(), meta.gid())
}

#[test]
fn copies_have_the_owner_and_the_attributes_of_the_original() {
    let bed = keeping(BOTH);
    if !can_give(&bed.a) {
        return;
    }
    bed.a
        .file("top", "1")
        .file("d/deep/inner", "2")
        .file("tool", "t")
        .link("d/link", "inner")
        .file("closed", "c");
    for (path, user) in [("top", 1001), ("d", 1002), ("d/deep/inner", 1003), ("d/link", 1004), ("tool", 1005)]
    {
        give(&bed.a, path, user, user + 1000);
    }
    for path in ["top", "d", "d/deep/inner", "closed"] {
        set(&bed.a, path, "user.comment", format!("of {path}").as_bytes()).unwrap();
    }
    set(&bed.a, "top", "user.large", &vec![7; 2000]).unwrap();
    let lists = set(&bed.a, "top", "system.posix_acl_access", ACCESS_LIST).is_ok();
    // After the owner: giving it away takes these bits.
    bed.a.mode("tool", 0o4755).mode("closed", 0o400);
    bed.sync().is(Outcome::Done);
    for path in ["top", "d", "d/deep", "d/deep/inner", "d/link", "tool"] {
        assert_eq!(owner(&bed.b, path), owner(&bed.a, path), "{path}");
        assert_eq!(get(&bed.b, path, "user.comment"), get(&bed.a, path, "user.comment"), "{path}");
    }
    assert_eq!(get(&bed.b, "closed", "user.comment"), Some(b"of closed".to_vec()));
    assert_eq!(get(&bed.b, "top", "user.large"), Some(vec![7; 2000]));
    assert_eq!(get(&bed.b, "top", "system.posix_acl_access").as_deref(), lists.then_some(ACCESS_LIST));
    assert_eq!(std::fs::metadata(bed.b.at("tool")).unwrap().mode() & 0o7777, 0o4755);
    bed.assert_in_sync();
}

#[test]
fn they_follow_both_ways_without_a_copy_and_undo_brings_them_back() {
    let bed = keeping(BOTH);
    if !can_give(&bed.a) {
        return;
    }
    bed.a.file("f", "1").file("g", "2").file("d/x", "3").link("l", "f").file("s", "setuid").mode("s", 0o4755);
    set(&bed.a, "g", "user.old", b"was there").unwrap();
    bed.sync().is(Outcome::Done);
    let ino = |path: &str| std::fs::metadata(bed.b.at(path)).unwrap().ino();
    let before = ino("f");
    give(&bed.a, "f", 1001, 1002);
    give(&bed.b, "d", 1003, 1003);
    give(&bed.a, "l", 1004, 1004);
    give(&bed.a, "s", 1005, 1005);
    bed.a.mode("s", 0o4755);
    set(&bed.b, "f", "user.new", b"a").unwrap();
    lremovexattr(bed.a.at("g"), "user.old").unwrap();
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.bytes, ino("f")), (0, before));
    for tree in [&bed.a, &bed.b] {
        assert_eq!(
            (owner(tree, "f"), owner(tree, "d"), owner(tree, "l")),
            ((1001, 1002), (1003, 1003), (1004, 1004))
        );
        assert_eq!((get(tree, "f", "user.new"), get(tree, "g", "user.old")), (Some(b"a".to_vec()), None));
    }
    assert_eq!(std::fs::metadata(bed.b.at("s")).unwrap().mode() & 0o7777, 0o4755);
    bed.assert_in_sync();

    let back = bed.undo(end.run).is(Outcome::Pending);
    assert_eq!((owner(&bed.b, "f"), owner(&bed.a, "d"), owner(&bed.b, "l")), ((0, 0), (0, 0), (0, 0)));
    assert_eq!(
        (get(&bed.a, "f", "user.new"), get(&bed.b, "g", "user.old")),
        (None, Some(b"was there".to_vec()))
    );
    assert_eq!(std::fs::metadata(bed.b.at("s")).unwrap().mode() & 0o7777, 0o4755);
    bed.undo(back.run).is(Outcome::Pending);
    assert_eq!((owner(&bed.b, "f"), get(&bed.b, "g", "user.old")), ((1001, 1002), None));
}

#[test]
fn an_edit_here_and_an_owner_there_both_survive() {
    let bed = keeping(BOTH);
    if !can_give(&bed.a) {
        return;
    }
    bed.a.file("f", "1");
    bed.sync().is(Outcome::Done);
    bed.a.file("f", "edited, and longer");
    give(&bed.b, "f", 1001, 1001);
    set(&bed.b, "f", "user.new", b"a").unwrap();
    bed.sync().is(Outcome::Done);
    for tree in [&bed.a, &bed.b] {
        assert_eq!(tree.read("f"), b"edited, and longer");
        assert_eq!((owner(tree, "f"), get(tree, "f", "user.new")), ((1001, 1001), Some(b"a".to_vec())));
    }
    bed.assert_in_sync();
}

#[test]
fn what_nobody_asked_for_is_left_alone() {
    let bed = Bed::new();
    if !can_give(&bed.a) {
        return;
    }
    bed.a.file("f", "1").file("g", "2");
    bed.sync().is(Outcome::Done);
    give(&bed.a, "f", 1001, 1001);
    set(&bed.a, "g", "user.new", b"a").unwrap();
    bed.sync().is(Outcome::Done);
    assert_eq!((owner(&bed.b, "f"), get(&bed.b, "g", "user.new")), ((0, 0), None));
}

#[test]
fn asked_for_later_nothing_is_copied_and_nothing_is_taken_over() {
    let bed = Bed::new();
    if !can_give(&bed.a) {
        return;
    }
    bed.a.file("f", "1").file("g", "2").file("d/x", "3");
    bed.sync().is(Outcome::Done);
    give(&bed.a, "f", 1001, 1001);
    bed.sync().is(Outcome::Done);
    let keep = || RunOptions { keep: Some(BOTH), ..RunOptions::default() };
    let end = bed.sync_with(keep()).is(Outcome::Done);
    assert_eq!(end.counts, Counts::default());
    assert_eq!((owner(&bed.a, "f"), owner(&bed.b, "f")), ((1001, 1001), (0, 0)));
    // From now on it is known who changes what.
    give(&bed.a, "g", 1002, 1002);
    bed.sync_with(keep()).is(Outcome::Done);
    assert_eq!(owner(&bed.b, "g"), (1002, 1002));
    assert_eq!(owner(&bed.b, "f"), (0, 0));
    bed.sync_with(RunOptions { mode: Some(Mode::Mirror), ..keep() }).is(Outcome::Done);
}

#[test]
fn s9_who_may_not_give_it_away_gets_the_content_and_is_told_each_time() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: not root");
        return;
    }
    let a = Tree::new();
    a.file("f", "1").file("d/x", "2").file("mine", "3").mode("", 0o755).mode("d", 0o755);
    for path in ["", "d", "mine"] {
        give(&a, path, 65534, 65534);
    }
    give(&a, "d/x", 1001, 65534);
    testkit::as_nobody(|| {
        let bed = Bed::on(a, Tree::new(), |pair| Pair { keep: BOTH, ..pair }, Limits::default());
        for _ in 0..2 {
            let end = bed.sync().is(Outcome::Gaps);
            assert_eq!(end.errors().len(), 2, "{end:#?}");
            assert!(end.errors().iter().all(|error| error.contains("but not its owner")), "{end:#?}");
            assert!(end.problem.unwrap().fix.unwrap().contains("leave owners out of `keep`"));
            assert_eq!((bed.b.read("f"), bed.b.read("d/x")), (b"1".to_vec(), b"2".to_vec()));
            assert_eq!(bed.left_overs(), Vec::<String>::new());
        }
        let without = RunOptions { keep: Some(Keep::default()), ..RunOptions::default() };
        bed.sync_with(without).is(Outcome::Done);
    });
}

#[test]
fn verify_tells_of_them() {
    let bed = keeping(BOTH);
    if !can_give(&bed.a) {
        return;
    }
    bed.a.file("f", "1").file("g", "2");
    bed.sync().is(Outcome::Done);
    set(&bed.a, "f", "user.new", b"a").unwrap();
    give(&bed.b, "g", 1001, 1001);
    let handler = FoldersHandler::new(
        Home { pairs: bed.home.path().into() },
        vec![bed.pair.clone()],
        Arc::clone(&bed.ledger) as Arc<dyn syncmgr::conflict::ConflictLedger>,
    );
    let found = syncmgr::Handler::verify(&handler, &bed.item, "", &()).unwrap();
    let kinds: Vec<_> = found.differences.iter().map(|one| (&one.path[..], one.kind)).collect();
    let metadata = syncmgr::plan::DifferenceKind::Metadata;
    assert_eq!(kinds, [(&b"f"[..], metadata), (&b"g"[..], metadata)]);
}
