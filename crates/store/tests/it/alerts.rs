//! What persons were told outlives the process that told them.

use store::Alert;

use crate::support::{Home, handler, item};

fn alert(id: u64) -> Alert {
    Alert {
        id,
        cause: format!("state failed\nfolders\nphotos-{id}"),
        rule: "state failed".into(),
        handler: Some(handler()),
        item: Some(item("photos")),
        name: "Photos".into(),
        state: Some("failed".into()),
        title: "Photos: failed".into(),
        text: "no room".into(),
        fix: None,
        since: Some(1),
        raised: Some(2),
        told: Some(3),
        cleared: None,
        more: u64::from(u32::MAX),
    }
}

#[test]
fn alerts_are_kept_changed_and_forgotten() {
    let home = Home::new();
    let channel = Alert { handler: None, item: None, state: None, cleared: Some(4), ..alert(2) };
    home.open().save_alerts(vec![alert(1), channel.clone()], vec![]).unwrap();
    assert_eq!(home.open().alerts().unwrap(), [alert(1), channel]);
    let later = Alert { told: Some(9), ..alert(1) };
    home.open().save_alerts(vec![later.clone()], vec![2]).unwrap();
    assert_eq!(home.open().alerts().unwrap(), [later]);
}
