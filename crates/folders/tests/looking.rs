//! The world that the planner asks: filters, comparisons, and what cannot be read.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::atomic::{AtomicU64, Ordering};

use folders::base::{Access, Base};
use folders::filter::Filter;
use folders::scan::{Scan, Watch};
use folders::side::local::LocalSide;
use reconcile::{Kind, RelPath, Side, World as _};
use testkit::{Tree, as_nobody};

fn path(text: &str) -> RelPath {
    RelPath::from_bytes(text.as_bytes()).unwrap()
}

/// Two trees with a world of them.
struct Two {
    a: Tree,
    b: Tree,
}

impl Two {
    fn new() -> Self {
        Self { a: Tree::new(), b: Tree::new() }
    }

    fn with<T>(&self, exclude: &[&str], include: &[&str], work: impl FnOnce(&Scan<'_>) -> T) -> T {
        self.watched(exclude, include, &(), work)
    }

    fn watched<T>(
        &self,
        exclude: &[&str],
        include: &[&str],
        watch: &dyn Watch,
        work: impl FnOnce(&Scan<'_>) -> T,
    ) -> T {
        let filter = Filter::new(exclude.iter().copied(), include.iter().copied()).unwrap();
        let (a, b) = (LocalSide::open(self.a.path()).unwrap(), LocalSide::open(self.b.path()).unwrap());
        let base = Base::open(&self.a.at("no-such-home"), Access::Read).unwrap();
        work(&Scan::new(&a, &b, &base, &filter, watch))
    }
}

/// The names in a directory of A, and how many were left out.
fn names(scan: &Scan<'_>, dir: &str) -> (Vec<String>, u64) {
    let listing = scan.list(Side::A, &path(dir)).unwrap();
    let names = listing.iter().map(|(name, _)| String::from_utf8(name.to_vec()).unwrap()).collect();
    (names, listing.excluded)
}

#[test]
fn filter_globs_leave_names_out_and_bring_them_back_in() {
    let two = Two::new();
    for name in ["a.txt", "b.o", "keep.o", "sub/c.o", "build/x", "sub/build/y"] {
        two.a.file(name, "x");
    }
    two.with(&["*.o", "/build/"], &["keep.o"], |scan| {
        assert_eq!(names(scan, ""), (vec!["a.txt".into(), "keep.o".into(), "sub".into()], 2));
        assert_eq!(names(scan, "sub"), (vec!["build".into()], 1));
        assert!(scan.is_excluded(Side::A, &path("gone.o"), Kind::File), "also what is not there");
        assert!(scan.is_excluded(Side::B, &path("build"), Kind::Dir));
        assert!(!scan.is_excluded(Side::B, &path("build"), Kind::File), "a file is no directory");
        assert!(!scan.is_excluded(Side::B, &path("keep.o"), Kind::File));
    });
}

#[test]
fn filter_files_hold_below_their_directory_and_the_deepest_has_the_word() {
    let two = Two::new();
    two.a
        .file(".instepignore", "# comment\n*.log\n\n!important.log\n")
        .file("x.log", "")
        .file("important.log", "");
    two.a
        .file("sub/.instepignore", "!*.log\n/top\n")
        .file("sub/y.log", "")
        .file("sub/top", "")
        .file("sub/d/top", "");
    two.with(&[], &[], |scan| {
        assert_eq!(names(scan, "").0, [".instepignore", "important.log", "sub"]);
        assert_eq!(names(scan, "sub").0, [".instepignore", "d", "y.log"]);
        assert_eq!(names(scan, "sub/d").0, ["top"]);
        assert!(scan.is_excluded(Side::A, &path("new.log"), Kind::File));
        assert!(!scan.is_excluded(Side::A, &path("sub/new.log"), Kind::File));
        assert!(!scan.is_excluded(Side::B, &path("new.log"), Kind::File), "B has no such file yet");
    });
}

#[test]
fn filter_the_persons_globs_have_the_word_before_files() {
    let two = Two::new();
    two.a.file(".instepignore", "*.log\n!y.tmp\n").file("x.log", "").file("y.tmp", "");
    two.with(&["*.tmp"], &["x.log"], |scan| {
        assert_eq!(names(scan, ""), (vec![".instepignore".into(), "x.log".into()], 1));
    });
}

#[test]
fn filter_hostile_names_match_byte_for_byte() {
    let two = Two::new();
    two.a.file(b"bad \xff.o", "").file(b"bad \xff.txt", "").file("new\nline.o", "").file(" ", "");
    two.with(&["*.o"], &[], |scan| {
        let listing = scan.list(Side::A, &RelPath::root()).unwrap();
        assert_eq!(listing.iter().map(|(name, _)| name).collect::<Vec<_>>(), [&b" "[..], b"bad \xff.txt"]);
        assert_eq!(listing.excluded, 2);
    });
}

#[test]
fn filter_a_bad_glob_is_named() {
    let error = Filter::new(["fine", "a[z-a]"], []).unwrap_err();
    assert_eq!(error.glob, "a[z-a]");
    assert!(error.to_string().starts_with("a[z-a]: not a glob"), "{error}");
}

#[test]
fn filter_a_bad_line_of_a_file_is_a_warning_and_the_others_hold() {
    let two = Two::new();
    two.a.file(".instepignore", b"*.o\na[z-a]\n\xff\xfe\n").file("x.o", "").file("y", "");
    two.with(&[], &[], |scan| {
        assert_eq!(names(scan, "").0, [".instepignore", "y"]);
        let lines: Vec<_> = scan.ignore_problems(Side::A).into_iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [2, 3]);
    });
}

#[test]
fn s5_an_ignore_file_that_cannot_be_read_makes_its_directory_unreadable() {
    let two = Two::new();
    two.a.dir("sub/.instepignore").file("sub/x", "").link("linked/.instepignore", "/etc/passwd");
    two.with(&[], &[], |scan| {
        for dir in ["sub", "linked"] {
            let error = scan.list(Side::A, &path(dir)).unwrap_err();
            assert!(error.reason.contains(".instepignore"), "{error}");
        }
    });
}

#[test]
fn filter_files_above_hold_wherever_one_begins_to_look() {
    let two = Two::new();
    two.a.file(".instepignore", "*.log").file("one/two/.instepignore", "*.tmp");
    two.a.file("one/two/three/x.log", "").file("one/two/three/x.tmp", "").file("one/two/three/kept", "");
    two.a.dir("broken/.instepignore").file("broken/sub/x", "");
    let filter = Filter::new([], []).unwrap();
    let (a, b) = (LocalSide::open(two.a.path()).unwrap(), LocalSide::open(two.b.path()).unwrap());
    let base = Base::open(&two.a.at("no-such-home"), Access::Read).unwrap();
    let fresh = || Scan::new(&a, &b, &base, &filter, &()).in_any_order();
    assert_eq!(names(&fresh(), "one/two/three"), (vec!["kept".into()], 2));
    assert!(fresh().is_excluded(Side::A, &path("one/two/three/new.tmp"), Kind::File));
    assert!(!fresh().is_excluded(Side::A, &path("one/new.tmp"), Kind::File));
    assert!(!fresh().is_excluded(Side::B, &path("one/two/three/new.tmp"), Kind::File), "B has none of it");
    let scan = fresh();
    for _ in 0..2 {
        assert!(scan.list(Side::A, &path("broken/sub")).is_err(), "nobody knows what is left out there");
    }
    assert!(fresh().is_excluded(Side::A, &path("broken/sub/y"), Kind::File));
}

#[test]
fn filter_fingerprints_tell_globs_apart() {
    let of = |exclude: &[&str], include: &[&str]| {
        *Filter::new(exclude.iter().copied(), include.iter().copied()).unwrap().fingerprint()
    };
    assert_eq!(of(&["a"], &["b"]), of(&["a"], &["b"]));
    assert_ne!(of(&["a", "b"], &[]), of(&["ab"], &[]));
    assert_ne!(of(&["a"], &[]), of(&[], &["a"]));
}

#[test]
fn the_same_content_is_told_from_another_to_the_last_byte() {
    let two = Two::new();
    let long = vec![7; 300_000];
    let mut other = long.clone();
    other[299_999] = 8;
    two.a.file("same", &long).file("last", &long).file("short", "x").file("empty", "").link("link", "t");
    two.b.file("same", &long).file("last", &other).file("short", "xy").file("empty", "").link("link", "t");
    two.b.link("else", "u");
    two.with(&[], &[], |scan| {
        let same = |a: &str, b: &str| scan.same_content(&path(a), &path(b)).unwrap();
        assert!(same("same", "same") && same("empty", "empty") && same("link", "link"));
        assert!(!same("last", "last") && !same("short", "short") && !same("link", "else"));
        assert_eq!(scan.compared_bytes(), 600_000, "other sizes are not read");
    });
}

#[test]
fn s5_what_cannot_be_compared_is_an_error_and_no_verdict() {
    let two = Two::new();
    two.a.file("x", "1").file("y", "1").link("z", "x");
    two.b.dir("x").file("z", "1");
    two.with(&[], &[], |scan| {
        for name in ["x", "y", "z"] {
            assert!(scan.same_content(&path(name), &path(name)).is_err(), "{name}");
        }
    });
}

#[test]
fn s5_a_reason_says_what_and_why_without_the_path() {
    let two = Two::new();
    two.a.dir("locked").mode("locked", 0o000).mode("", 0o755);
    two.b.mode("", 0o755);
    let reason =
        as_nobody(|| two.with(&[], &[], |scan| scan.list(Side::A, &path("locked")).unwrap_err().reason));
    assert_eq!(reason, "cannot open the directory: Permission denied");
}

#[test]
fn a_comparison_under_way_can_be_canceled() {
    struct Impatient;
    impl Watch for Impatient {
        fn canceled(&self) -> bool {
            true
        }
    }
    let two = Two::new();
    two.a.file("x", "1");
    two.b.file("x", "1");
    two.watched(&[], &[], &Impatient, |scan| {
        assert!(scan.same_content(&path("x"), &path("x")).is_err());
    });
}

#[test]
fn entries_are_counted_as_they_are_looked_at() {
    #[derive(Default)]
    struct Count(AtomicU64);
    impl Watch for Count {
        fn looked_at(&self, entries: u64, _dir: &RelPath) {
            self.0.fetch_add(entries, Ordering::Relaxed);
        }
    }
    let (two, count) = (Two::new(), Count::default());
    two.a.file("x", "1").file("y", "2");
    two.watched(&["x"], &[], &count, |scan| scan.list(Side::A, &RelPath::root()).unwrap());
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}
