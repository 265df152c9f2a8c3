//! The folders and devices of Syncthing. Its key and its passwords stand in the same file and stay there.

use std::path::Path;

use adapters::syncthing::ID;
use roxmltree::{Document, Node};
use serde_json::{Map, json};
use wire::{Found, FoundKind};

use crate::files::{Files, shown};
use crate::{Roots, propose};

pub(crate) fn look(roots: &Roots, files: &mut Files) -> Vec<Found> {
    let own = [roots.state.as_ref().map(|state| state.join("syncthing")), roots.config("syncthing")];
    let mut found = Vec::new();
    for directory in own.into_iter().flatten() {
        found.extend(config(roots, files, &directory.join("config.xml")));
    }
    found
}

fn config(roots: &Roots, files: &mut Files, path: &Path) -> Vec<Found> {
    let Some(text) = files.text(path) else { return Vec::new() };
    // Entities are not expanded without a DTD, and one is refused: a small file stays small.
    let document = match Document::parse(&text) {
        Ok(document) => document,
        Err(error) => {
            files.tell(path, format!("it is no configuration of Syncthing: {error}"));
            return Vec::new();
        }
    };
    let line = |node: Node<'_, '_>| Some(u64::from(document.text_pos_at(node.range().start).row));
    let children = || document.root_element().children();
    let of = |node: Node<'_, '_>, kind, id: &str, title| Found {
        key: format!("{}:{id}", path.display()),
        tool: ID.into(),
        kind,
        title,
        file: shown(path),
        line: line(node),
        user: None,
        command: None,
        schedule: None,
        known: false,
        watch: None,
        run: None,
        note: None,
    };
    let gui = children().find(|node| node.has_tag_name("gui"));
    let address = gui
        .and_then(|gui| gui.children().find(|node| node.has_tag_name("address")))
        .and_then(|node| node.text());
    let mut found = Vec::new();
    for node in children().filter(|node| node.has_tag_name("folder")) {
        let get = |name| node.attribute(name).filter(|value| !value.is_empty());
        let Some(id) = get("id") else { continue };
        let name = get("label").unwrap_or(id);
        let place = get("path").unwrap_or_default();
        let mut folder =
            of(node, FoundKind::Folder, id, format!("Syncthing keeps \"{name}\" ({place}) in sync"));
        folder.schedule = Some("when something changes".to_owned());
        let mut settings = Map::new();
        settings.insert("folder".into(), json!(id));
        folder.known = roots.collects(ID) || propose::is_set_up(roots, ID, &settings);
        settings.insert("key".into(), json!("secret:syncthing"));
        if let Some(address) = address.filter(|address| *address != "127.0.0.1:8384") {
            settings.insert("address".into(), json!(format!("http://{address}")));
        }
        let item = propose::slug(name, ID);
        folder.run = Some(propose::run_it(&item, ID, settings, vec!["key".into()]));
        folder.note = Some(
            "Syncthing goes on by itself: an item follows it, pauses it and tells of conflicts".to_owned(),
        );
        found.push(folder);
    }
    for node in children().filter(|node| node.has_tag_name("device")) {
        let Some(id) = node.attribute("id") else { continue };
        let name = node.attribute("name").filter(|name| !name.is_empty()).unwrap_or(id);
        found.push(of(node, FoundKind::Device, id, format!("Syncthing knows the device \"{name}\"")));
    }
    found
}
