//! Where a look for what other tools do already begins on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use detect::Roots;
use errand::Errand;
use serde_json::{Map, Value};
use server::Detect;
use settings::Settings;
use wire::Detected;

use crate::places::Places;
use crate::setup::Setup;

/// A look for the API: with the items that there are by then.
pub(crate) fn detect(places: &Places) -> Arc<Detect> {
    let places = places.clone();
    Arc::new(move || match Setup::load(&places) {
        Ok(setup) => look(&places, Some(&setup.said)),
        // Settings with a mistake hide nothing of what other tools do.
        Err(_) => look(&places, None),
    })
}

/// Looks at this machine. Nothing is written.
pub(crate) fn look(places: &Places, said: Option<&Settings>) -> Detected {
    let program = std::env::current_exe().ok();
    detect::look(&Roots {
        config: config_home(places),
        state: state_home(places),
        home: places.home.clone(),
        system: PathBuf::from("/"),
        path: std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default(),
        crontab: crontab(),
        // Cron and systemd have a shorter PATH than a shell.
        program: program.and_then(|path| path.to_str().map(ToOwned::to_owned)).unwrap_or("instep".into()),
        items: said.map(items).unwrap_or_default(),
        collections: said.map(collections).unwrap_or_default(),
    })
}

/// Where this person's programs keep their settings.
pub(crate) fn config_home(places: &Places) -> Option<PathBuf> {
    own(places, "XDG_CONFIG_HOME", ".config")
}

/// Where they keep what they remember.
pub(crate) fn state_home(places: &Places) -> Option<PathBuf> {
    own(places, "XDG_STATE_HOME", ".local/state")
}

fn own(places: &Places, name: &str, default: &str) -> Option<PathBuf> {
    let set = std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set.or_else(|| places.home.as_ref().map(|home| home.join(default)))
}

/// The items of the settings, each with its handler.
fn items(said: &Settings) -> Vec<Map<String, Value>> {
    let keys = |item: &settings::Item| {
        let mut keys: Map<String, Value> = item.options.read().unwrap_or_default();
        keys.insert("handler".into(), item.handler.as_str().into());
        keys
    };
    said.items.iter().map(keys).collect()
}

/// The collections of the settings: what they bring is here already.
fn collections(said: &Settings) -> Vec<String> {
    said.collections.iter().map(|collection| collection.id.clone()).collect()
}

/// What cron starts for this person; cron alone may read it. Without cron, or without lines, there is nothing.
fn crontab() -> Option<Vec<u8>> {
    let list = ["-l".to_owned()];
    let errand = Errand {
        program: "crontab",
        args: &list,
        input: b"",
        directory: Some(Path::new("/")),
        env: &[],
        timeout: Duration::from_secs(5),
    };
    errand.run().ok().filter(|done| done.status.success()).map(|done| done.stdout)
}
