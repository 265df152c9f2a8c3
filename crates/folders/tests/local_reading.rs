//! Reading a local side: what is there is seen, what cannot be seen is not taken for nothing, nothing leads out.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;

use folders::side::local::LocalSide;
use folders::side::{ReadSide as _, SideError};
use reconcile::{Kind, Listing, RelPath, Time};
use testkit::{Tree, as_nobody, moved, stamps};

fn path(text: impl AsRef<[u8]>) -> RelPath {
    RelPath::from_bytes(text.as_ref()).unwrap()
}

fn list(side: &LocalSide, dir: &str) -> Result<Listing, SideError> {
    side.dir(&path(dir))?.list()
}

fn names(listing: &Listing) -> Vec<&[u8]> {
    listing.iter().map(|(name, _)| name).collect()
}

#[test]
fn every_kind_is_seen_as_what_it_is() {
    let tree = Tree::new();
    tree.file("file", "four").mode("file", 0o640).mtime("file", 1_600_000_000, 7);
    tree.dir("dir").mode("dir", 0o2750).link("link", "away");
    let _socket = UnixListener::bind(tree.at("socket")).unwrap();
    let listing = list(&LocalSide::open(tree.path()).unwrap(), "").unwrap();
    let kinds: Vec<_> = listing.iter().map(|(name, seen)| (name, seen.kind, seen.size)).collect();
    assert_eq!(
        kinds,
        [
            (&b"dir"[..], Kind::Dir, 0),
            (b"file", Kind::File, 4),
            (b"link", Kind::Link, 4),
            (b"socket", Kind::Special, 0),
        ]
    );
    let file = listing.get(b"file").unwrap();
    let meta = fs::metadata(tree.at("file")).unwrap();
    assert_eq!((file.mode, file.mtime), (0o640, Time { secs: 1_600_000_000, nanos: 7 }));
    assert_eq!(file.ctime, Time { secs: meta.ctime(), nanos: meta.ctime_nsec() as u32 });
    assert_eq!(file.id.ino, meta.ino());
    assert_eq!(listing.get(b"dir").unwrap().mode, 0o2750);
}

#[test]
fn s8_names_of_any_bytes_are_listed_as_they_are() {
    let tree = Tree::new();
    let long = [b'x'; 255];
    let hostile: [&[u8]; 8] = [
        b"-rf",
        b" ",
        b"new\nline",
        b"\x1b[31mred\x1b[0m",
        b"not \xff\xfe utf-8",
        b"back\\slash",
        b"...",
        &long,
    ];
    for name in hostile {
        tree.file(name, "x");
    }
    let listing = list(&LocalSide::open(tree.path()).unwrap(), "").unwrap();
    let mut sorted = hostile.to_vec();
    sorted.sort_unstable();
    assert_eq!(names(&listing), sorted);
}

#[test]
fn our_own_names_are_not_listed() {
    let tree = Tree::new();
    tree.file(".instep/trash/1/x", "").file(".instep-whatever", "").file(".instepignore", "*.o");
    tree.file("sub/.instep-0123456789abcdef.tmp", "")
        .file("sub/.instep/kept", "")
        .file("sub/.instep-kept", "");
    let side = LocalSide::open(tree.path()).unwrap();
    assert_eq!(names(&list(&side, "").unwrap()), [&b".instepignore"[..], b"sub"]);
    assert_eq!(names(&list(&side, "sub").unwrap()), [&b".instep"[..], b".instep-kept"]);
}

#[test]
fn s5_an_unlistable_directory_is_an_error_not_an_absence() {
    let tree = Tree::new();
    tree.file("locked/file", "x").mode("locked", 0o300);
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let error = as_nobody(|| list(&LocalSide::open(tree.path()).unwrap(), "locked").unwrap_err());
    assert!(error.to_string().starts_with("locked: cannot open the directory: "), "{error}");
    tree.mode("locked", 0o700);
}

#[test]
fn s5_names_whose_status_is_refused_are_there_all_the_same() {
    let tree = Tree::new();
    tree.file("half/one", "x").file("half/two", "x").mode("half", 0o444);
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let listing = as_nobody(|| list(&LocalSide::open(tree.path()).unwrap(), "half").unwrap());
    let kinds: Vec<_> = listing.iter().map(|(name, seen)| (name, seen.kind)).collect();
    assert_eq!(kinds, [(&b"one"[..], Kind::Unreadable), (b"two", Kind::Unreadable)]);
    tree.mode("half", 0o700);
}

#[test]
fn s5_what_is_no_directory_cannot_be_listed() {
    let tree = Tree::new();
    tree.file("file", "x");
    let side = LocalSide::open(tree.path()).unwrap();
    for missing in ["file", "file/below", "nothing"] {
        assert!(list(&side, missing).is_err(), "{missing}");
    }
}

#[test]
fn s8_nothing_is_reached_through_a_link() {
    let (tree, outside) = (Tree::new(), Tree::new());
    outside.file("secret", "x").dir("dir");
    let target = outside.path().as_os_str().as_encoded_bytes();
    tree.link("out", target)
        .link("inner", "real")
        .dir("real")
        .link("file", outside.at("secret").as_os_str().as_encoded_bytes());
    let side = LocalSide::open(tree.path()).unwrap();
    for through in ["out", "out/dir", "inner"] {
        assert!(side.dir(&path(through)).is_err(), "{through}");
    }
    let root = side.dir(&RelPath::root()).unwrap();
    assert!(root.open(b"file").is_err(), "a link is no file");
    assert_eq!(root.read_link(b"out").unwrap(), target);
    assert_eq!(root.look(b"out").unwrap().unwrap().kind, Kind::Link);
}

#[test]
fn s8_a_root_that_became_a_link_is_refused() {
    let tree = Tree::new();
    tree.dir("real").link("root", "real");
    assert!(LocalSide::open(&tree.at("root")).is_err());
    assert!(LocalSide::open(&tree.at("real")).is_ok());
}

#[test]
fn a_directory_deeper_than_the_longest_path_is_read() {
    let tree = Tree::new();
    let name = "d".repeat(250);
    let mut at = fs::File::open(tree.path()).unwrap();
    let mut below = RelPath::root();
    for _ in 0..20 {
        rustix::fs::mkdirat(&at, &*name, rustix::fs::Mode::RWXU).unwrap();
        let flags = rustix::fs::OFlags::DIRECTORY;
        at = rustix::fs::openat(&at, &*name, flags, rustix::fs::Mode::empty()).unwrap().into();
        below = below.join(name.as_bytes());
    }
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
    rustix::fs::openat(&at, "file", flags, rustix::fs::Mode::RWXU).unwrap();
    let side = LocalSide::open(tree.path()).unwrap();
    let dir = side.dir(&below).unwrap();
    assert_eq!(names(&dir.list().unwrap()), [&b"file"[..]]);
    assert_eq!(names(&dir.list().unwrap()), [&b"file"[..]], "and again by the same handle");
}

#[test]
fn content_is_read_and_a_change_under_way_is_noticed() {
    let tree = Tree::new();
    tree.file("sub/file", "content").dir("sub/dir");
    let side = LocalSide::open(tree.path()).unwrap();
    let dir = side.dir(&path("sub")).unwrap();
    let mut file = dir.open(b"file").unwrap();
    let before = file.seen().unwrap();
    assert_eq!(Some(before), dir.look(b"file").unwrap());
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "content");
    assert!(file.as_file().is_some());
    tree.file("sub/file", "longer content");
    assert_ne!(file.seen().unwrap(), before);
    assert!(dir.open(b"dir").is_err());
    assert!(dir.look(b"nothing").unwrap().is_none());
}

#[test]
fn a_pipe_in_a_files_place_does_not_make_us_wait() {
    let tree = Tree::new();
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(rustix::fs::CWD, tree.at("pipe"), rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let side = LocalSide::open(tree.path()).unwrap();
    assert!(side.dir(&RelPath::root()).unwrap().open(b"pipe").is_err());
}

#[test]
fn s12_looking_moves_not_even_a_time_of_access() {
    let tree = Tree::new();
    tree.file("dir/file", "content");
    // An old time of access is what a read would move.
    for at in ["dir/file", "dir", ""] {
        tree.mtime(at, 1_000_000_000, 0);
    }
    let at = |path: &str| fs::symlink_metadata(tree.at(path)).unwrap().atime();
    let side = LocalSide::open(tree.path()).unwrap();
    list(&side, "").unwrap();
    let dir = side.dir(&path("dir")).unwrap();
    dir.list().unwrap();
    dir.open(b"file").unwrap().read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(["dir/file", "dir", ""].map(at), [1_000_000_000; 3]);
    let before = stamps(tree.path());
    list(&side, "dir").unwrap();
    assert_eq!(moved(&before, &stamps(tree.path())), Vec::<String>::new());
}

#[test]
fn a_local_folder_tells_what_it_can() {
    let tree = Tree::new();
    fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let can = LocalSide::open(tree.path()).unwrap().capabilities();
    assert!(can.writable && can.permissions && can.case_sensitive);
    assert_eq!(can.time_resolution, 1);
    let can = as_nobody(|| LocalSide::open(tree.path()).unwrap().capabilities());
    assert_eq!(can.writable, !rustix::process::geteuid().is_root());
}
