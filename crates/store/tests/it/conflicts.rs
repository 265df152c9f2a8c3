use syncmgr::conflict::{
    Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictLedger, ConflictStore, ConflictVersion,
};

use crate::support::{Home, handler, item};

fn conflict(of: &str, path: &[u8], detected: i64) -> Conflict {
    let version = |location: &str, item_type, size| ConflictVersion {
        location: location.into(),
        item_type,
        kind: "file".into(),
        size,
        modified: -5,
        stamp: vec![0, 255, 7],
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
