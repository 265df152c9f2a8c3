//! Names beside others: readable, legal, and free.

use proptest::prelude::*;
use reconcile::RelPath;
use reconcile::name::keep_both;

const SUFFIX: &str = "conflict-B-20261122-161500";

fn kept(name: &str) -> String {
    String::from_utf8_lossy(&keep_both(name.as_bytes(), SUFFIX, |_| false)).into_owned()
}

#[test]
fn the_suffix_comes_before_the_extension() {
    assert_eq!(kept("notes.txt"), "notes.conflict-B-20261122-161500.txt");
    assert_eq!(kept("Makefile"), "Makefile.conflict-B-20261122-161500");
    assert_eq!(kept(".bashrc"), ".bashrc.conflict-B-20261122-161500");
    assert_eq!(kept("a.tar.gz"), "a.tar.conflict-B-20261122-161500.gz");
}

#[test]
fn a_taken_name_gets_a_number() {
    let taken = ["n.conflict-B-20261122-161500.txt", "n.conflict-B-20261122-161500-2.txt"];
    let kept = keep_both(b"n.txt", SUFFIX, |name| taken.iter().any(|taken| taken.as_bytes() == name));
    assert_eq!(kept, b"n.conflict-B-20261122-161500-3.txt");
}

#[test]
fn long_names_that_begin_alike_stay_two() {
    let long = "n".repeat(250);
    assert_ne!(kept(&format!("{long}-one")), kept(&format!("{long}-two")));
}

#[test]
fn a_character_is_not_cut_in_two() {
    let long = format!("{}.txt", "ä".repeat(125));
    let kept = kept(&long);
    assert!(kept.len() <= 255 && kept.ends_with(".conflict-B-20261122-161500.txt"), "{kept}");
}

#[test]
fn an_extension_that_leaves_no_room_is_cut_with_the_rest() {
    for length in [200, 215, 220, 224, 225, 226, 227, 230, 250] {
        let [one, two] = ["x", "y"].map(|end| kept(&format!("name.{}{end}", "e".repeat(length - 1))));
        assert!(one.len() <= 255 && one.starts_with("name"), "{length}: {one}");
        assert_ne!(one, two);
    }
}

proptest! {
    #[test]
    fn every_name_has_a_legal_one_beside_it(name in prop::collection::vec(1_u8.., 1..=255)) {
        // Most long ones would have a slash in them, and be no names.
        let name: Vec<u8> = name.into_iter().map(|byte| if byte == b'/' { b'-' } else { byte }).collect();
        prop_assume!(RelPath::from_bytes(&name).is_some());
        let mut taken = vec![name.clone()];
        for _ in 0..12 {
            let kept = keep_both(&name, SUFFIX, |name| taken.iter().any(|taken| taken == name));
            prop_assert!(kept.len() <= 255);
            prop_assert!(RelPath::from_bytes(&kept).is_some());
            prop_assert!(!taken.contains(&kept));
            taken.push(kept);
        }
    }
}
