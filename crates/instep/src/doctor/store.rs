//! The store: whether it can be read and written, and whether damaged ones were put aside.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Access, access};
use store::Examined;

use super::{Finding, Patient};
use crate::render::text::{SafePath, Size, shell_word};

/// How long a store is looked through: nobody waits longer for a doctor, however large it is.
const PATIENCE: Duration = Duration::from_secs(5);
/// How every SQLite file begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let path = patient.places.store();
    let shown = SafePath(&path);
    let mut findings = vec![match begins(&path) {
        Ok(None) => Finding::note("nothing was recorded yet"),
        Ok(Some(true)) if access(&path, Access::READ_OK | Access::WRITE_OK).is_err() => {
            Finding::error(format!("{shown} cannot be written"))
                .why("every run writes down what it does before it does it")
                .fix("give yourself the right to write it, and its directory")
        }
        Ok(Some(true)) => sound(&path),
        Ok(Some(false)) => Finding::error(format!("{shown} is no store"))
            .why("it is damaged, or something else has that name")
            .fix("the next command puts it aside and begins a new one; folders and their bases are not touched"),
        Err(error) => Finding::error(format!("{shown} cannot be read: {}", syncmgr::reason(&error)))
            .fix("give yourself the right to read it"),
    }];
    findings.extend(put_aside(patient));
    findings
}

/// Whether all of it can be read.
fn sound(path: &Path) -> Finding {
    let (shown, size) = (SafePath(path), Size(length(path)));
    match store::examine(path, PATIENCE) {
        Ok(Examined::Sound) => Finding::good(format!("{shown} is a sound store of {size}")),
        Ok(Examined::Unfinished) => {
            Finding::good(format!("{shown} is a store of {size}, sound as far as it was looked through"))
        }
        Ok(Examined::Damaged(how)) => Finding::error(format!("{shown} is damaged: {how}"))
            .why("results and conflicts may be missing, and a run that meets the damage begins a new store")
            .fix(format!(
                "end the daemon, look at the disk (smartctl -a, dmesg), and move the file away: the next command begins a new \
                 one. Folders and their bases are not touched. What can be saved of the old one: sqlite3 {} .recover",
                shell_word(&shown.to_string())
            )),
        Err(error) => Finding::warning(error.to_string())
            .fix("try again when nothing runs; if it stays so, look at the rights of the file"),
    }
}

/// Whether the file begins as it should; none when there is none, or nothing in it.
fn begins(path: &Path) -> std::io::Result<Option<bool>> {
    let mut first = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MAGIC.len() as u64).read_to_end(&mut first)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok((!first.is_empty()).then(|| first == MAGIC))
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

fn put_aside(patient: &Patient<'_>) -> Option<Finding> {
    let damaged = fs::read_dir(&patient.places.state).ok()?.flatten().map(|entry| entry.path());
    let damaged: Vec<String> = damaged
        .filter(|path| path.to_string_lossy().contains("instep.db.damaged"))
        .map(|path| SafePath(&path).to_string())
        .collect();
    (!damaged.is_empty()).then(|| {
        Finding::warning(format!("a damaged store was put aside: {}", damaged.join(" ")))
            .why("results from before are in it; a disk that damages files damages others, too")
            .fix("look at the disk (smartctl -a, dmesg); remove the file when nobody needs it")
    })
}
