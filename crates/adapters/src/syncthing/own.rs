//! What Syncthing's own file of settings says: where it answers, with which key, and which folders it has. It is how a
//! person's own programs find their way to it without being set up.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use roxmltree::{Document, Node};
use syncmgr::outcome::{Problem, ProblemClass};

/// The file, in the directory of its settings.
pub(super) const FILE: &str = "config.xml";
/// How large the file may be.
const MOST: u64 = 8 << 20;

/// What is needed of it.
pub(super) struct Own {
    pub(super) address: String,
    pub(super) key: String,
    /// Identifier and label of each folder.
    pub(super) folders: Vec<(String, String)>,
}

/// Reads the file.
pub(super) fn read(file: &Path) -> Result<Own, Problem> {
    let wrong = |class, why: String| {
        Problem::new(class, format!("Syncthing's settings in {} cannot be read: {why}", file.display()))
    };
    let mut text = String::new();
    File::open(file)
        .and_then(|file| file.take(MOST).read_to_string(&mut text))
        .map_err(|error| wrong(ProblemClass::Permission, syncmgr::reason(&error)))?;
    parse(&text).map_err(|why| wrong(ProblemClass::Config, why))
}

fn parse(text: &str) -> Result<Own, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let children = || document.root_element().children();
    let gui = children().find(|node| node.has_tag_name("gui")).ok_or("it has no `gui`")?;
    let of_gui = |name| gui.children().find(|node| node.has_tag_name(name)).and_then(|node| node.text());
    if gui.attribute("tls") == Some("true") {
        return Err("it answers with TLS only; switch that off, or say `address` and `key`".into());
    }
    let folder = |node: Node<'_, '_>| {
        let id = node.attribute("id").filter(|id| !id.is_empty())?;
        Some((id.to_owned(), node.attribute("label").unwrap_or_default().to_owned()))
    };
    Ok(Own {
        address: format!("http://{}", reachable(of_gui("address").unwrap_or("127.0.0.1:8384"))),
        key: of_gui("apikey").ok_or("it has no key for its API")?.to_owned(),
        folders: children().filter(|node| node.has_tag_name("folder")).filter_map(folder).collect(),
    })
}

/// Where somebody on this machine reaches what listens there: it may listen everywhere.
fn reachable(address: &str) -> String {
    match address.rsplit_once(':') {
        Some(("" | "0.0.0.0" | "[::]", port)) => format!("127.0.0.1:{port}"),
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_file_says_where_it_answers_and_what_it_has() {
        let own = parse(
            "<configuration><folder id=\"a-b\" label=\"Notes\" path=\"/n\"/><folder id=\"\"/><gui tls=\"false\">\
             <address>0.0.0.0:8385</address><apikey>k</apikey></gui></configuration>",
        )
        .unwrap();
        assert_eq!((own.address.as_str(), own.key.as_str()), ("http://127.0.0.1:8385", "k"));
        assert_eq!(own.folders, [("a-b".to_owned(), "Notes".to_owned())]);
        for wrong in ["", "<a/>", "<a><gui/></a>", "<a><gui tls=\"true\"><apikey>k</apikey></gui></a>"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
