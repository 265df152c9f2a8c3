//! Our own files: who may read them, whether there is room, and what was left behind.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use folders::checkup::room;

use super::{Finding, Patient};
use crate::render::text::{SafePath, Size};

/// With less room than this the store may not be able to write.
const LITTLE: u64 = 100 * 1024 * 1024;
/// With less than this it cannot even be read by a command that is alone.
const NOTHING: u64 = 64 * 1024;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let places = patient.places;
    let mut findings = Vec::new();
    if places.state.exists() {
        let me = rustix::process::geteuid().as_raw();
        for (path, secret) in [
            (places.state.clone(), true),
            (places.store(), true),
            (places.state.join("secrets.key"), true),
            (places.state.join("secrets.age"), true),
            (places.settings.clone(), false),
        ] {
            findings.extend(owner(&path, secret, me));
        }
        findings.extend(left_behind(&places.state));
        match room(&places.state) {
            Ok(room) if room.read_only => findings.push(
                Finding::error(format!(
                    "{} is on a file system that cannot be written",
                    SafePath(&places.state)
                ))
                .fix("mount it writable, or set INSTEP_HOME to a directory elsewhere"),
            ),
            Ok(room) if room.free < LITTLE => {
                let what = format!("only {} are free where the state is kept", Size(room.free));
                let finding = if room.free < NOTHING { Finding::error(what) } else { Finding::warning(what) };
                findings.push(
                    finding
                        .why("without room nothing can be written down, and runs are refused")
                        .fix(format!("make room on the file system of {}", SafePath(&places.state))),
                );
            }
            _ => {}
        }
    }
    if findings.is_empty() {
        findings.push(Finding::good("our own files are yours alone"));
    }
    findings
}

fn owner(path: &Path, secret: bool, me: u32) -> Vec<Finding> {
    let Ok(meta) = fs::metadata(path) else { return Vec::new() };
    let shown = SafePath(path);
    let mut findings = Vec::new();
    let mode = meta.permissions().mode();
    if meta.uid() != me && me != 0 {
        findings.push(
            Finding::error(format!("{shown} belongs to another user"))
                .why("it was probably made by a command run with sudo")
                .fix(format!("sudo chown -R \"$USER\" {shown}")),
        );
    }
    let wanted = if meta.is_dir() { "700" } else { "600" };
    if secret && mode & 0o077 != 0 {
        findings.push(
            Finding::warning(format!("others may read {shown}"))
                .why("it tells what files you have, and may lead to secrets")
                .fix(format!("chmod {wanted} {shown}")),
        );
    } else if !secret && mode & 0o022 != 0 {
        findings.push(
            Finding::error(format!("others may change {shown}"))
                .why("the settings name commands that run as you")
                .fix(format!("chmod {wanted} {shown}")),
        );
    }
    findings
}

/// What a killed process had not renamed yet. It is in nobody's way; it only takes room.
fn left_behind(state: &Path) -> Vec<Finding> {
    let Ok(entries) = fs::read_dir(state) else { return Vec::new() };
    let left: Vec<String> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "new"))
        .map(|path| SafePath(&path).to_string())
        .collect();
    if left.is_empty() {
        return Vec::new();
    }
    vec![
        Finding::note(format!("{} unfinished files were left behind", left.len()))
            .why("a process was killed, or is writing just now")
            .fix(format!("if they are there tomorrow, too: rm {}", left.join(" "))),
    ]
}
