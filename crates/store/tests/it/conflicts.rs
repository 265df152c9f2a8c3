use syncmgr::conflict::{
    Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictLedger, ConflictStore, ConflictVersion,
};

use store::ConflictQuery;

use crate::support::{Home, handler, item};

fn conflict(of: &str, path: &[u8], detected: i64) -> Conflict {
    let version = |location: &str, item_type, size| ConflictVersion {
        location: location.into(),
        item_type,
        kind: "file".into(),
        size,
        modified: -5,
        stamp: vec![0, 255, 7],
        path: None,
    };
    Conflict {
        id: ConflictId(path.to_vec()),
        handler: handler(),
        item: item(of),
        kind: ConflictKind::EditDelete,
        path: path.to_vec(),
        detected,
        versions: vec![
            version("Laptop", ConflictItemType::Updated, 1 << 40),
            version("NAS", ConflictItemType::Deleted, 0),
        ],
    }
}

#[test]
fn conflicts_are_read_as_they_were_written_in_the_order_of_their_identity() {
    let home = Home::new();
    let store = home.open();
    let (b, a) = (conflict("photos", b"b\xff\n", 2), conflict("photos", b"a", 1));
    store.replace(&handler(), &item("photos"), vec![b.clone(), a.clone()]).unwrap();
    store.replace(&handler(), &item("music"), vec![conflict("music", b"m", 3)]).unwrap();
    let store = home.open();
    assert_eq!(store.conflicts(&handler(), Some(&item("photos"))).unwrap(), [a, b.clone()]);
    assert_eq!(store.conflicts(&handler(), None).unwrap().len(), 3);
    assert_eq!(store.count(&handler(), None).unwrap(), 3);
    assert_eq!(store.count(&handler(), Some(&item("music"))).unwrap(), 1);
    assert_eq!(store.bind(&handler(), &item("photos"), &b.id).unwrap(), Some(b));
    assert_eq!(store.bind(&handler(), &item("music"), &ConflictId(b"a".to_vec())).unwrap(), None);
    assert_eq!(store.item_states(None).unwrap().iter().map(|state| state.conflicts).sum::<u64>(), 3);
}

#[test]
fn a_known_conflict_keeps_the_time_of_its_detection_and_a_missing_one_is_closed() {
    let home = Home::new();
    let store = home.open();
    let photos = item("photos");
    store
        .replace(&handler(), &photos, vec![conflict("photos", b"a", 1), conflict("photos", b"b", 1)])
        .unwrap();
    store
        .replace(&handler(), &photos, vec![conflict("photos", b"b", 9), conflict("photos", b"c", 9)])
        .unwrap();
    let open: Vec<(Vec<u8>, i64)> = store
        .conflicts(&handler(), Some(&photos))
        .unwrap()
        .into_iter()
        .map(|conflict| (conflict.path, conflict.detected))
        .collect();
    assert_eq!(open, [(b"b".to_vec(), 1), (b"c".to_vec(), 9)]);

    store.remove(&handler(), &photos, &[ConflictId(b"c".to_vec()), ConflictId(b"zz".to_vec())]).unwrap();
    assert_eq!(store.count(&handler(), Some(&photos)).unwrap(), 1);
    store.replace(&handler(), &photos, Vec::new()).unwrap();
    assert_eq!(store.count(&handler(), Some(&photos)).unwrap(), 0);
}

fn at(of: &str, path: &str, kind: ConflictKind, detected: i64) -> Conflict {
    Conflict { kind, ..conflict(of, path.as_bytes(), detected) }
}

#[test]
fn a_query_finds_by_item_folder_kind_and_age_and_counts_the_same() {
    let home = Home::new();
    let store = home.open();
    let photos = [
        at("photos", "2026", ConflictKind::KindMismatch, 1),
        at("photos", "2026/a.jpg", ConflictKind::EditEdit, 10),
        at("photos", "2026/b.jpg", ConflictKind::EditDelete, 20),
        at("photos", "2026.txt", ConflictKind::EditEdit, 30),
    ];
    store.replace(&handler(), &item("photos"), photos.to_vec()).unwrap();
    store.replace(&handler(), &item("music"), vec![at("music", "m", ConflictKind::EditEdit, 5)]).unwrap();
    let found = |query: ConflictQuery| -> Vec<String> {
        let counted: u64 = store.count_conflicts(&query).unwrap().iter().map(|one| one.count).sum();
        let found = store.find_conflicts(&query).unwrap();
        assert_eq!(counted, found.len() as u64);
        found.iter().map(|one| String::from_utf8(one.path.clone()).unwrap()).collect()
    };
    let all = ConflictQuery::default;
    assert_eq!(found(all()).len(), 5);
    let of_music = ConflictQuery::all_of(&handler(), Some(&item("music")));
    assert_eq!(found(of_music), ["m"]);
    // The folder itself and what is in it, and no neighbour whose name begins alike.
    let under = ConflictQuery { under: Some(b"2026".to_vec()), ..all() };
    assert_eq!(found(under), ["2026", "2026/a.jpg", "2026/b.jpg"]);
    let kinds = vec![ConflictKind::EditDelete, ConflictKind::KindMismatch];
    assert_eq!(found(ConflictQuery { kinds, ..all() }), ["2026", "2026/b.jpg"]);
    let ages = ConflictQuery { detected_since: Some(5), detected_before: Some(20), ..all() };
    assert_eq!(found(ages).len(), 2);
    assert!(found(ConflictQuery::all_of(&handler(), Some(&item("unknown")))).is_empty());
}

#[test]
fn pages_follow_each_other_without_a_gap_also_when_their_last_row_is_gone() {
    let home = Home::new();
    let store = home.open();
    for of in ["photos", "music"] {
        let open = (0..7).map(|n| at(of, &format!("{n}"), ConflictKind::EditEdit, n)).collect();
        store.replace(&handler(), &item(of), open).unwrap();
    }
    let mut query = ConflictQuery { limit: Some(3), ..ConflictQuery::default() };
    let mut seen = Vec::new();
    loop {
        let page = store.find_conflicts(&query).unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some(last.key());
        store.remove_conflicts(vec![last.key()]).unwrap();
        seen.extend(page.iter().map(Conflict::key));
    }
    let unique: std::collections::BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!((seen.len(), unique.len()), (14, 14));
}

#[test]
fn a_list_that_is_the_same_is_not_written_again() {
    let home = Home::new();
    let store = home.open();
    store.replace(&handler(), &item("photos"), vec![conflict("photos", b"x", 1)]).unwrap();
    let reader = rusqlite::Connection::open(home.file()).unwrap();
    let version = || reader.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let before = version();
    store.replace(&handler(), &item("photos"), vec![conflict("photos", b"x", 99)]).unwrap();
    assert_eq!(version(), before);
    assert_eq!(store.conflicts(&handler(), None).unwrap()[0].detected, 1);
    store.replace(&handler(), &item("photos"), Vec::new()).unwrap();
    assert_ne!(version(), before);
}

#[test]
fn what_is_put_stands_beside_what_is_open_and_keeps_its_first_time() {
    let home = Home::new();
    let store = home.open();
    store.replace(&handler(), &item("photos"), vec![conflict("photos", b"x", 1)]).unwrap();
    let mut changed = conflict("photos", b"x", 50);
    changed.versions[0].size = 7;
    changed.versions[1].path = Some(b"other".to_vec());
    store.put(vec![changed.clone(), conflict("photos", b"y", 50), conflict("new", b"z", 50)]).unwrap();
    let open = store.conflicts(&handler(), None).unwrap();
    assert_eq!(open.len(), 3);
    assert_eq!(open[0], Conflict { detected: 1, ..changed });
}
