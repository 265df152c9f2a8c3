//! Commands of each tool as items.

use serde_json::{Map, Value, json};

use super::options::{self, Taken};
use super::{Proposed, Refused, slug};
use crate::Roots;
use crate::argv::Hit;

/// What the tool's words say.
pub(super) fn item(roots: &Roots, hit: &Hit<'_>, directory: Option<&str>) -> Result<Proposed, Refused> {
    let within = Within { roots, directory };
    match hit.tool {
        "rsync" => rsync(within, options::RSYNC.take(hit.args)?),
        "rclone" => rclone(within, options::RCLONE.take(hit.args)?),
        "restic" => restic(within, options::RESTIC.take(hit.args)?),
        "borg" => borg(within, options::BORG.take(hit.args)?),
        "unison" => unison(within, options::UNISON.take(hit.args)?),
        "git" => git(within, options::GIT.take(hit.args)?),
        _ => refused("there is no handler for it"),
    }
}

fn refused<T>(why: &str) -> Result<T, Refused> {
    Err(Refused(why.to_owned()))
}

/// Where the command runs.
struct Within<'r> {
    roots: &'r Roots,
    directory: Option<&'r str>,
}

impl Within<'_> {
    fn place(&self, text: &str) -> Result<String, Refused> {
        let whole = self.roots.absolute(text);
        match (whole, self.directory) {
            (Some(whole), _) if whole == text => Ok(whole),
            (Some(whole), None) => Ok(whole),
            (_, Some(directory)) if directory.starts_with('/') => {
                Ok(format!("{}/{text}", directory.trim_end_matches('/')))
            }
            _ => refused("nobody knows which folder it means"),
        }
    }

    fn places(&self, texts: &[String]) -> Result<Vec<String>, Refused> {
        texts.iter().map(|text| self.place(text)).collect()
    }
}

/// The keys of an item, without those that say nothing.
fn keys<const N: usize>(keys: [(&str, Value); N]) -> Map<String, Value> {
    let says = |value: &Value| match value {
        Value::Bool(on) => *on,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    keys.into_iter().filter(|(_, value)| says(value)).map(|(key, value)| (key.to_owned(), value)).collect()
}

/// What a place is called: the last word of its path.
fn called(place: &str) -> &str {
    place.trim_end_matches(['/', ':']).rsplit(['/', ':']).next().unwrap_or_default()
}

fn rsync(within: Within<'_>, mut taken: Taken) -> Result<Proposed, Refused> {
    if taken.take(&["-n", "--dry-run"]) {
        return refused("it is a dry run");
    }
    // Items always have it; without it, owners and permissions would not be kept.
    if !taken.take(&["-a", "--archive"]) {
        return refused("it runs without -a, which items always have");
    }
    let delete = taken.take(&["--delete"]);
    // How it tells what it does is for us to say.
    taken.take(&[
        "-v",
        "--verbose",
        "-q",
        "--quiet",
        "-h",
        "--human-readable",
        "--progress",
        "--stats",
        "-i",
        "--itemize-changes",
    ]);
    taken.values(&["--info", "--out-format", "--log-file", "--log-file-format"]);
    let exclude = taken.values(&["--exclude"]);
    let places = within.places(&taken.operands)?;
    let Some((target, sources)) = places.split_last().filter(|(_, sources)| !sources.is_empty()) else {
        return refused("it has no source or no target");
    };
    let source = if let [one] = sources { json!(one) } else { json!(sources) };
    let name = slug(called(&sources[0]), "rsync");
    let title =
        format!("rsync {} {} to {target}", if delete { "mirrors" } else { "copies" }, sources.join(", "));
    let settings = keys([
        ("source", source),
        ("target", json!(target)),
        ("delete", json!(delete)),
        ("exclude", json!(exclude)),
        ("options", json!(taken.rest())),
    ]);
    Ok(Proposed { name, title, settings, missing: Vec::new() })
}

fn rclone(within: Within<'_>, mut taken: Taken) -> Result<Proposed, Refused> {
    let [mode, places @ ..] = taken.operands.as_slice() else { return refused("it says nothing to do") };
    let (mode, places) = (mode.clone(), within.places(places)?);
    if !matches!(mode.as_str(), "sync" | "copy" | "bisync") {
        return refused("only sync, copy and bisync can be items");
    }
    let [source, target] = places.as_slice() else { return refused("it has no source or no target") };
    taken.take(&[
        "-v",
        "--verbose",
        "-q",
        "--quiet",
        "-P",
        "--progress",
        "--use-json-log",
        "--stats-one-line",
        "--syslog",
    ]);
    taken.values(&["--log-file", "--log-level", "--stats", "--stats-log-level"]);
    let exclude = taken.values(&["--exclude"]);
    let does = match mode.as_str() {
        "sync" => "mirrors",
        "copy" => "copies",
        _ => "keeps in sync",
    };
    let between = if mode == "bisync" { "and" } else { "to" };
    let title = format!("rclone {does} {source} {between} {target}");
    let name = slug(called(source), "rclone");
    let settings = keys([
        ("mode", json!(mode)),
        ("source", json!(source)),
        ("target", json!(target)),
        ("exclude", json!(exclude)),
        ("options", json!(taken.rest())),
    ]);
    Ok(Proposed { name, title, settings, missing: Vec::new() })
}

fn restic(within: Within<'_>, mut taken: Taken) -> Result<Proposed, Refused> {
    let ["backup", ..] = taken.operands.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return refused("only backups can be items");
    };
    let paths = within.places(&taken.operands[1..])?;
    taken.take(&["-v", "--verbose", "-q", "--quiet", "--json"]);
    let repository = taken.values(&["-r", "--repo"]).pop();
    let exclude = taken.values(&["-e", "--exclude"]);
    let tags = taken.values(&["--tag"]);
    let name = slug(repository.as_deref().map_or("", called), "restic");
    let title = format!(
        "restic backs up {}",
        if paths.is_empty() { "what its options say".to_owned() } else { paths.join(", ") }
    );
    let missing = if repository.is_none() { vec!["repository".to_owned()] } else { Vec::new() };
    let mut settings = keys([
        ("paths", json!(paths)),
        ("exclude", json!(exclude)),
        ("tags", json!(tags)),
        ("options", json!(taken.rest())),
    ]);
    settings.entry("paths").or_insert_with(|| json!([]));
    if let Some(repository) = repository {
        settings.insert("repository".into(), json!(within.place(&repository)?));
    }
    Ok(Proposed { name, title, settings, missing })
}

fn borg(within: Within<'_>, mut taken: Taken) -> Result<Proposed, Refused> {
    let [verb, archive, paths @ ..] = taken.operands.as_slice() else {
        return refused("it names no archive");
    };
    if verb != "create" {
        return refused("only new archives can be items");
    }
    let Some((repository, archive)) = archive.split_once("::") else { return refused("it names no archive") };
    let (repository, archive, paths) = (repository.to_owned(), archive.to_owned(), within.places(paths)?);
    if paths.is_empty() {
        return refused("it does not say what is backed up");
    }
    taken.take(&[
        "-v",
        "--verbose",
        "-s",
        "--stats",
        "-p",
        "--progress",
        "--list",
        "--json",
        "--log-json",
        "--show-rc",
        "--info",
    ]);
    taken.values(&["--filter"]);
    let exclude = taken.values(&["-e", "--exclude"]);
    let name = slug(called(&repository), "borg");
    let title = format!("borg backs up {}", paths.join(", "));
    let mut settings = keys([
        ("archive", json!(archive)),
        ("paths", json!(paths)),
        ("exclude", json!(exclude)),
        ("options", json!(taken.rest())),
    ]);
    let mut missing = Vec::new();
    if repository.is_empty() {
        missing.push("repository".to_owned());
    } else {
        settings.insert("repository".into(), json!(within.place(&repository)?));
    }
    Ok(Proposed { name, title, settings, missing })
}

fn unison(within: Within<'_>, mut taken: Taken) -> Result<Proposed, Refused> {
    taken.take(&["-batch", "-auto", "-silent", "-terse", "-dumbtty"]);
    taken.values(&["-ui", "-logfile"]);
    let ignore = taken.values(&["-ignore"]);
    let (name, title, mut settings) = match taken.operands.as_slice() {
        [profile] => (
            slug(profile, "unison"),
            format!("Unison keeps its profile \"{profile}\" in sync"),
            keys([("profile", json!(profile))]),
        ),
        [a, b] => {
            let (a, b) = (within.place(a)?, within.place(b)?);
            (
                slug(called(&a), "unison"),
                format!("Unison keeps {a} and {b} in sync"),
                keys([("a", json!(a)), ("b", json!(b))]),
            )
        }
        _ => return refused("it names neither a profile nor two roots"),
    };
    settings.extend(keys([("ignore", json!(ignore)), ("options", json!(taken.rest()))]));
    Ok(Proposed { name, title, settings, missing: Vec::new() })
}

fn git(within: Within<'_>, mut taken: Taken) -> Result<Proposed, Refused> {
    let at = taken.values(&["-C"]).pop();
    let path = match (at, within.directory) {
        (Some(at), _) => within.place(&at)?,
        (None, Some(directory)) => within
            .roots
            .absolute(directory)
            .filter(|path| path.starts_with('/'))
            .ok_or_else(|| Refused("nobody knows which repository it means".to_owned()))?,
        (None, None) => return refused("nobody knows which repository it means"),
    };
    let mirror = taken.take(&["--mirror"]);
    taken.take(&["-q", "--quiet", "-v", "--verbose", "--progress", "--no-progress"]);
    let mode = match (taken.operands.first().map(String::as_str), mirror) {
        (Some("push"), true) => "mirror",
        (Some("push"), false) => "push",
        (Some("fetch"), false) => "fetch",
        _ => return refused("only fetch and push can be items"),
    };
    let remote = taken.operands.get(1).cloned().unwrap_or_else(|| "origin".to_owned());
    let references = taken.operands.get(2..).unwrap_or_default().to_vec();
    let name = slug(called(&path), "git");
    let title = if mode == "fetch" {
        format!("git fetches {remote} into {path}")
    } else {
        format!("git pushes {path} to {remote}")
    };
    taken.take(&["--all"]);
    let settings = keys([
        ("mode", json!(mode)),
        ("path", json!(path)),
        ("remote", json!(remote)),
        ("references", json!(references)),
        ("options", json!(taken.rest())),
    ]);
    Ok(Proposed { name, title, settings, missing: Vec::new() })
}
