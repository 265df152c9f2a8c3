//! Conflict copies that other programs have left: found by how these programs name them.

use std::collections::BTreeMap;

use reconcile::{Action, Kind, Op, RelPath, Seen, Side, Time};
use syncmgr::conflict::{
    Choice, Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictVersion, Merge, OtherVersion,
    Settlement,
};
use syncmgr::{HandlerId, ItemId};

use super::clash::TwoPaths;
use super::merge::{MAX_TEXT, NoMerge, content, united};
use super::now::Now;
use super::step::{Refused, given, is_same};
use crate::apply::{Lists as _, Why};
use crate::run::{from_stamp, stamp};

/// What a program calls a copy of `original`: which one it is, as the program says it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) original: String,
    pub(super) of: String,
}

/// The original of a conflict copy; none for a name that is none.
pub(super) fn original(name: &str) -> Option<Named> {
    syncthing(name).or_else(|| bracketed(name)).or_else(|| numbered(name)).or_else(|| unison(name))
}

/// How names begin that Syncthing gives to what it is only half through with, also to half of a copy.
const HALF_MADE: [&str; 2] = [".syncthing.", "~syncthing~"];

/// `report.sync-conflict-20260301-120000-ABCDEFG.txt`
fn syncthing(name: &str) -> Option<Named> {
    if HALF_MADE.iter().any(|half_made| name.starts_with(half_made)) {
        return None;
    }
    let (stem, rest) = name.split_once(".sync-conflict-")?;
    let (mark, extension) = match rest.split_once('.') {
        Some((mark, extension)) => (mark, format!(".{extension}")),
        None => (rest, String::new()),
    };
    let mut parts = mark.split('-');
    fn digits(part: Option<&str>, length: usize) -> Option<&str> {
        part.filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
    }
    let (day, _) = (digits(parts.next(), 8)?, digits(parts.next(), 6)?);
    let device = parts.next().filter(|device| device.len() == 7)?;
    let named = Named { original: format!("{stem}{extension}"), of: format!("Syncthing, {day} by {device}") };
    (parts.next().is_none() && !stem.is_empty()).then_some(named)
}

/// `report (Anna's conflicted copy 2026-03-01).txt` of Dropbox, `report (conflicted copy 2026-03-01 120000).txt` of
/// Nextcloud.
fn bracketed(name: &str) -> Option<Named> {
    let (stem, rest) = name.rsplit_once(" (")?;
    let (mark, extension) = rest.split_once(')')?;
    let is_mark = mark.contains("conflicted copy") && (extension.is_empty() || extension.starts_with('.'));
    (is_mark && !stem.is_empty())
        .then(|| Named { original: format!("{stem}{extension}"), of: mark.to_owned() })
}

/// `report.txt.conflict1` of bisync, and `report.conflict1.txt` with its suffix before the extension.
fn numbered(name: &str) -> Option<Named> {
    let (stem, rest) = name.rsplit_once(".conflict")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, extension) = rest.split_at(digits);
    let is_mark = digits > 0 && (extension.is_empty() || extension.starts_with('.'));
    (is_mark && !stem.is_empty())
        .then(|| Named { original: format!("{stem}{extension}"), of: format!("bisync, number {number}") })
}

/// `report (conflict on 2026-03-01).txt` of Unison's `copyonconflict`.
fn unison(name: &str) -> Option<Named> {
    let (stem, rest) = name.rsplit_once(" (conflict")?;
    let (mark, extension) = rest.split_once(')')?;
    let is_mark = mark.contains(" on ") && (extension.is_empty() || extension.starts_with('.'));
    (is_mark && !stem.is_empty())
        .then(|| Named { original: format!("{stem}{extension}"), of: format!("Unison,{mark}") })
}

/// All conflict copies in both sides, each beside its original.
pub(super) fn find(now: &Now<'_>, handler: &HandlerId, item: &ItemId, detected: i64) -> Vec<Conflict> {
    let mut copies: BTreeMap<RelPath, (RelPath, String)> = BTreeMap::new();
    for side in Side::BOTH {
        let mut left = vec![RelPath::root()];
        while let Some(dir) = left.pop() {
            // What cannot be listed is told by the next sync.
            let Ok(listing) = now.lists.list(side, &dir) else { continue };
            for (name, seen) in listing.iter() {
                match (seen.kind, std::str::from_utf8(name)) {
                    (Kind::Dir, _) => left.push(dir.join(name)),
                    (Kind::File, Ok(text)) => {
                        if let Some(named) = original(text) {
                            let original = dir.join(named.original.as_bytes());
                            copies.insert(dir.join(name), (original, named.of));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    copies
        .into_iter()
        .filter_map(|(copy, (path, of))| {
            let version = |path: &RelPath, location: String, at: Option<&RelPath>| {
                let both = both(now, path).ok()?;
                let seen = both[0].or(both[1]);
                Some(ConflictVersion {
                    location,
                    item_type: if seen.is_some() {
                        ConflictItemType::Updated
                    } else {
                        ConflictItemType::Deleted
                    },
                    kind: if seen.is_some() { "file".into() } else { String::new() },
                    size: seen.map_or(0, |seen| seen.size),
                    modified: seen.map_or(0, |seen| {
                        seen.mtime.secs.saturating_mul(1000) + i64::from(seen.mtime.nanos / 1_000_000)
                    }),
                    stamp: [stamp(both[0].as_ref()), stamp(both[1].as_ref())].join(&b'\n'),
                    path: at.map(|path| path.as_bytes().to_vec()),
                })
            };
            Some(Conflict {
                id: ConflictId(copy.as_bytes().to_vec()),
                handler: handler.clone(),
                item: item.clone(),
                kind: ConflictKind::ForeignCopy,
                path: path.as_bytes().to_vec(),
                detected,
                versions: vec![version(&path, "original".into(), None)?, version(&copy, of, Some(&copy))?],
            })
        })
        .collect()
}

/// What a path is on both sides.
fn both(now: &Now<'_>, path: &RelPath) -> Result<[Option<Seen>; 2], Why> {
    Ok([now.at(Side::A, path)?, now.at(Side::B, path)?])
}

/// Where the original and the copy are, and what they were when they were shown.
pub(super) fn places(conflict: &Conflict) -> Option<[(Side, RelPath, Option<Seen>); 2]> {
    let place = |version: usize, path: &[u8]| {
        let path = RelPath::from_bytes(path)?;
        let stamps = conflict.versions.get(version)?.stamp.split(|&byte| byte == b'\n');
        let shown: Vec<Option<Seen>> = stamps.map(from_stamp).collect::<Option<_>>()?;
        let on = if shown.first()?.is_some() { Side::A } else { Side::B };
        Some((on, path, *shown.get(on as usize)?))
    };
    Some([place(0, &conflict.path)?, place(1, &conflict.id.0)?])
}

/// The original and the copy, put together as far as that goes without a common version.
pub(super) fn merged(now: &Now<'_>, conflict: &Conflict) -> Result<Merge, NoMerge> {
    let mut texts = Vec::new();
    for (side, path, seen) in places(conflict).ok_or(NoMerge::NoFiles)? {
        let seen = seen.filter(|seen| seen.kind == Kind::File).ok_or(NoMerge::NoFiles)?;
        texts.push(content(now, side, &path, &seen, MAX_TEXT)?.ok_or(NoMerge::TooLarge)?);
    }
    let [original, copy] = &texts[..] else { return Err(NoMerge::NoFiles) };
    let label = |version: usize| conflict.versions.get(version).map_or("", |version| &version.location);
    united([original, copy], [label(0), label(1)])
}

fn clean(now: &Now<'_>, conflict: &Conflict, copy: &RelPath) -> Result<Vec<u8>, Refused> {
    match merged(now, conflict) {
        Ok(merge) if merge.overlaps == 0 => Ok(merge.text),
        Ok(_) => Err(Refused::Left(format!("{copy} and its original differ in the same place"))),
        Err(NoMerge::Version(Why::Changed)) => Err(Refused::Settled(Settlement::Changed)),
        Err(NoMerge::Version(why)) => Err(Refused::Why(Side::A, why)),
        Err(why) => Err(Refused::Left(format!("{copy} cannot be merged: {why}"))),
    }
}

/// Plans what is to be done about a copy, if all of it is still what was shown (S1).
pub(super) fn steps(
    now: &Now<'_>,
    conflict: &Conflict,
    choice: &Choice,
    clock: Time,
    is_free: impl Fn(&RelPath) -> bool,
) -> Result<TwoPaths, Refused> {
    let unreadable = || Refused::Left("a conflict copy cannot be read".into());
    let original = RelPath::from_bytes(&conflict.path).ok_or_else(unreadable)?;
    let copy = RelPath::from_bytes(&conflict.id.0).ok_or_else(unreadable)?;
    let mut there = Vec::new();
    for (path, version) in [(&original, 0), (&copy, 1)] {
        let version = conflict.versions.get(version).ok_or_else(unreadable)?;
        let shown: Vec<Option<Seen>> = version
            .stamp
            .split(|&byte| byte == b'\n')
            .map(|stamp| from_stamp(stamp).ok_or_else(unreadable))
            .collect::<Result<_, _>>()?;
        let seen = both(now, path).map_err(|why| Refused::Why(Side::A, why))?;
        if shown.len() != 2 || !shown.iter().zip(&seen).all(|(x, y)| is_same(x.as_ref(), y.as_ref())) {
            return Err(Refused::Settled(Settlement::Changed));
        }
        there.push(seen);
    }
    let (of_original, of_copy) = (there[0], there[1]);
    let mut two = TwoPaths { paths: vec![copy.clone(), original.clone()], ..TwoPaths::default() };
    let remove = |path: &RelPath, seen: &[Option<Seen>; 2]| -> Result<Vec<Action>, Refused> {
        let mut actions = Vec::new();
        for side in Side::BOTH {
            let Some(target) = seen[side as usize] else { continue };
            let tally = now.tally(side, path, &target).map_err(|why| Refused::Why(side, why))?;
            let op = Op::Remove { on: side, target, tally };
            actions.push(Action { path: path.clone(), dir: None, op });
        }
        Ok(actions)
    };
    let mut rename = |to: &RelPath| {
        for side in Side::BOTH {
            let Some(seen) = of_copy[side as usize] else { continue };
            let op = Op::KeepBoth { renamed_on: side, from: copy.clone(), seen };
            two.then.push(Action { path: to.clone(), dir: None, op });
        }
        two.settle(&copy, None);
        two.settle(to, of_copy[0].zip(of_copy[1]));
        two.paths.push(to.clone());
    };
    match (choice, choice.winner(conflict)) {
        (Choice::KeepAll, _) => {
            let (dir, name) = original.split().ok_or_else(unreadable)?;
            let kept = reconcile::name::keep_both(name, "copy", |name| !is_free(&dir.join(name)));
            rename(&dir.join(&kept));
        }
        (Choice::KeepOther(_) | Choice::KeepMerged, _) => {
            let other = match choice {
                Choice::KeepOther(other) => other.clone(),
                _ => OtherVersion::Content(clean(now, conflict, &copy)?),
            };
            two.put = Some((
                given(&original, of_original[0].or(of_original[1]), of_original[0], &other, clock)?,
                of_original[1],
            ));
            two.then = remove(&copy, &of_copy)?;
        }
        (_, Some(0)) => two.first = remove(&copy, &of_copy)?,
        (_, Some(_)) => {
            rename(&original);
            two.first = remove(&original, &of_original)?;
        }
        _ => return Err(Refused::Left(format!("{copy} cannot be settled this way"))),
    }
    Ok(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_known_by_the_names_that_programs_give_them() {
        for (name, expected) in [
            ("report.sync-conflict-20260301-120000-ABCDEFG.txt", "report.txt"),
            ("Makefile.sync-conflict-20260301-120000-ABCDEFG", "Makefile"),
            ("report (Anna's conflicted copy 2026-03-01).txt", "report.txt"),
            ("report (conflicted copy 2026-03-01 120000).txt", "report.txt"),
            ("a (b) (conflicted copy).tar.gz", "a (b).tar.gz"),
            ("report.txt.conflict1", "report.txt"),
            ("report.conflict12.txt", "report.txt"),
            ("report (conflict on 2026-03-01).txt", "report.txt"),
        ] {
            assert_eq!(original(name).map(|named| named.original).as_deref(), Some(expected), "{name}");
        }
        for name in [
            "report.txt",
            "sync-conflict.txt",
            ".sync-conflict-20260301-120000-ABCDEFG.txt",
            "x.sync-conflict-2026-120000-ABCDEFG.txt",
            ".syncthing.two.sync-conflict-20260301-120000-ABCDEFG.tmp",
            "~syncthing~two.sync-conflict-20260301-120000-ABCDEFG.tmp",
            "armed.conflict",
            "notes on (conflict).txt",
            "the conflicted copy.txt",
            "a.conflicting",
        ] {
            assert_eq!(original(name), None, "{name}");
        }
    }
}
