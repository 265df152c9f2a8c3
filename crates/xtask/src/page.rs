//! The web page: its files, its tests in a real browser, its pictures.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// The browser: the system's own is used.
const BROWSER: [(&str, &[&str]); 1] = [("chromium", &["chromium", "--version"])];

/// What is synchronized in it by others.
const PEERS: [(&str, &[&str]); 2] =
    [("syncthing", &["syncthing", "--version"]), ("python3", &["python3", "--version"])];

/// The oldest Node.js that the page's tools run on.
const NODE: (u32, u32) = (20, 19);

/// Builds the page, then the program with the page in it.
pub(crate) fn build() -> Result<()> {
    files()?;
    program("release", &["--release", "--locked"])
}

/// Builds the program with the page that was just built, and makes sure that it is in there.
fn program(profile: &str, options: &[&str]) -> Result<()> {
    let name = script()?;
    let page = format!("INSTEP_PAGE={name}");
    let mut words = vec!["env", &page, "cargo", "build", "-p", "instep"];
    words.extend(options);
    shell::run(&words)?;
    let binary = Path::new("target").join(profile).join("instep");
    let bytes = std::fs::read(&binary).with_context(|| format!("cannot read {}", binary.display()))?;
    if !bytes.windows(name.len()).any(|window| window == name.as_bytes()) {
        bail!("{} was built without the page in ui/dist", binary.display());
    }
    Ok(())
}

/// The name of the page's script: it has a digest of the content in it.
fn script() -> Result<String> {
    let index = std::fs::read_to_string("ui/dist/index.html").context("cannot read ui/dist/index.html")?;
    let name =
        index.split('"').find_map(|text| text.strip_prefix("/assets/").filter(|name| name.ends_with(".js")));
    Ok(name.context("ui/dist/index.html names no script")?.to_owned())
}

/// Builds `ui/dist`.
pub(crate) fn files() -> Result<()> {
    install()?;
    npm(&["run", "types"])?;
    npm(&["run", "build"])
}

/// Formatting, types, lints and unit tests of the page's sources.
pub(crate) fn check() -> Result<()> {
    install()?;
    npm(&["run", "types"])?;
    npm(&["run", "check"])?;
    npm(&["test"])
}

/// Every screen and every action, in a real browser against the real program.
pub(crate) fn browser(filters: &[&str]) -> Result<()> {
    files()?;
    shell::packages(&[&BROWSER[..], &PEERS].concat())?;
    program("debug", &["--features", "page"])?;
    let mut words = vec!["run", "browser", "--", "--project=rules"];
    words.extend(filters);
    npm(&words)
}

/// What the page costs in a browser: first paint, memory, and scrolling through very many items, runs and lines, all of
/// them in a real store.
pub(crate) fn figures() -> Result<()> {
    files()?;
    shell::packages(&BROWSER)?;
    program("debug", &["--features", "page"])?;
    let home = std::env::current_dir()?.join("target/figures");
    if !home.join("state/instep.db").exists() {
        std::fs::create_dir_all(&home)?;
        let path = home.to_str().context("the place of the figures has a name that is no text")?;
        shell::run(&["cargo", "run", "--quiet", "-p", "bench", "--", "store", path])?;
    }
    npm(&["run", "browser", "--", "--project=figures"])
}

/// Draws the pictures of the documents.
pub(crate) fn pictures() -> Result<()> {
    files()?;
    shell::packages(&BROWSER)?;
    shell::run(&["cargo", "build", "-p", "instep"])?;
    npm(&["run", "browser", "--", "--project=pictures"])
}

/// Fetches what the page stands on, as locked.
fn install() -> Result<()> {
    let version = shell::output(&["node", "--version"])?;
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (major, minor) < NODE {
        bail!("the page needs Node.js {}.{} or newer; this is {}", NODE.0, NODE.1, version.trim());
    }
    // Not `npm ci`: it refuses a lock file that leaves out the packages of other platforms.
    npm(&["install", "--no-save", "--no-audit", "--no-fund"])
}

fn npm(words: &[&str]) -> Result<()> {
    let mut all = vec!["npm", "--prefix", "ui"];
    all.extend(words);
    shell::run(&all)
}
