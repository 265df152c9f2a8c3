//! The folders: whether each side is there, can be written, has room, and can hold what the other side has.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use folders::base::Meta;
use folders::checkup::{census, room};
use folders::pair::{Pair, PairSide};
use folders::roots::{self, Surroundings};
use folders::side::{Capabilities, ReadSide};
use reconcile::Side;

use super::{Finding, Patient};
use crate::render::text::{SafePath, Size};

/// Less room than this, or than a twentieth, is little.
const LITTLE: u64 = 1024 * 1024 * 1024;
/// A trash that takes more than this is worth a word.
const LARGE_TRASH: u64 = 10 * 1024 * 1024 * 1024;
/// How the names of unfinished files begin and end.
const TEMP: [&[u8]; 2] = [b".instep-", b".tmp"];
/// How much of a trash is counted, and of a side looked through.
const MOST: u64 = 200_000;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let pairs = &patient.setup.pairs;
    let mut findings: Vec<Finding> = pairs.iter().flat_map(|pair| pair_findings(patient, pair)).collect();
    findings.extend(overlapping(pairs));
    if findings.is_empty() && !pairs.is_empty() {
        findings.push(Finding::good(format!(
            "the folders of {} pairs are there, writable and have room",
            pairs.len()
        )));
    }
    findings
}

fn pair_findings(patient: &Patient<'_>, pair: &Pair) -> Vec<Finding> {
    let known = patient.places.pairs().join(pair.item.as_str()).exists();
    let surroundings = Surroundings { home_dir: patient.places.home.clone(), other_roots: Vec::new() };
    let roots = match roots::open(pair, pair.mode, pair.keep, &Meta::default(), known, &surroundings) {
        Ok(roots) => roots,
        Err(error) => {
            let problem = error.problem();
            let finding = Finding::error(format!("{}: {}", pair.item, problem.text));
            return vec![match problem.fix {
                Some(fix) => finding.fix(fix),
                None => finding,
            }];
        }
    };
    let [a, b] = [Side::A, Side::B].map(|side| roots.side(side).capabilities());
    let mut findings = Vec::new();
    for (side, capabilities, other) in [(&pair.a, &a, &b), (&pair.b, &b, &a)] {
        findings.extend(side_findings(pair, side, capabilities, other));
    }
    findings
}

fn side_findings(pair: &Pair, side: &PairSide, able: &Capabilities, other: &Capabilities) -> Vec<Finding> {
    let place = format!("{}: {} ({})", pair.item, side.label, SafePath(&side.path));
    let mut findings = Vec::new();
    let is_source = pair.mode != reconcile::Mode::TwoWay && side == &pair.a;
    if !able.writable && !is_source {
        findings.push(
            Finding::error(format!("{place} cannot be written"))
                .fix("mount it writable, or give yourself the right to write there"),
        );
    }
    if let Ok(room) = room(&side.path)
        && room.free < LITTLE.min(room.total / 20)
    {
        findings.push(
            Finding::warning(format!("{place} has only {} free", Size(room.free)))
                .why("new versions are written beside the old ones before they take their place")
                .fix("make room there, or keep its trash for fewer days (trash_days)"),
        );
    }
    if !able.case_sensitive && other.case_sensitive {
        findings.push(
            Finding::note(format!("{place} does not tell capital letters from small ones"))
                .why("of two names that differ only in that it holds one; the other becomes a conflict, and nothing is lost"),
        );
    }
    if able.time_resolution >= 1_000_000_000 && other.time_resolution < 1_000_000_000 {
        findings.push(
            Finding::note(format!("{place} keeps times only to {} s", able.time_resolution / 1_000_000_000))
                .why("its file system cannot do better; content decides where times cannot"),
        );
    }
    let left = left_behind(&side.path);
    if let Some(first) = left.first() {
        findings.push(
            Finding::note(format!(
                "{place} holds {} unfinished files of a run that was cut short",
                left.len()
            ))
            .why(format!("such as {}; they are never synchronized", SafePath(first)))
            .fix(format!("the next clean run of the pair takes them away: instep sync {}", pair.item)),
        );
    }
    let trash = census(&side.path.join(".instep/trash"), MOST);
    if trash.bytes >= LARGE_TRASH {
        let least = if trash.more { "at least " } else { "" };
        findings.push(Finding::note(format!("the trash of {place} takes {least}{}", Size(trash.bytes))).fix(
            format!("trash_days of [items.{}] says how long it is kept (now {})", pair.item, pair.trash_days),
        ));
    }
    findings
}

/// Temporary files of ours below a side, as far as it is looked.
fn left_behind(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut open, mut entries) = (Vec::new(), vec![root.to_owned()], 0_u64);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
            entries += 1;
            if entries > MOST {
                return found;
            }
            let name = entry.file_name();
            if name.as_bytes().starts_with(TEMP[0]) && name.as_bytes().ends_with(TEMP[1]) {
                found.push(entry.path());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            }
        }
    }
    found
}

/// Folders of different pairs that lie in each other: their runs take turns, and may undo each other's work.
fn overlapping(pairs: &[Pair]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, one) in pairs.iter().enumerate() {
        for other in &pairs[at + 1..] {
            for (inner, outer) in [(one, other), (other, one)] {
                for (within, around) in [&inner.a, &inner.b]
                    .into_iter()
                    .flat_map(|side| [&outer.a, &outer.b].into_iter().map(move |around| (side, around)))
                {
                    if within.path != around.path && within.path.starts_with(&around.path) {
                        findings.push(
                            Finding::warning(format!(
                                "{} of \"{}\" lies in {} of \"{}\"",
                                SafePath(&within.path),
                                inner.item,
                                SafePath(&around.path),
                                outer.item
                            ))
                            .why("both pairs then change the same files; their runs take turns")
                            .fix(format!(
                                "exclude it from \"{}\", or let one pair do the work of both",
                                outer.item
                            )),
                        );
                    }
                }
            }
        }
    }
    findings
}
