//! Three-way merges of text: what both sides made of the last version that they had in common.

use std::io::{self, Read};

use diffy::{ConflictStyle, DiffOptions, IncompleteHunkStyle, Line, MergeOptions};
use reconcile::{Kind, RelPath, Seen, Side};
use syncmgr::conflict::Merge;

use super::now::Now;
use crate::ancestors::{Ancestors, is_text};
use crate::apply::{Why, same_version};
use crate::side::{Content, ReadSide as _};

/// The largest text that is merged.
pub(super) const MAX_TEXT: u64 = 1 << 20;
/// The most lines of all three texts together. Comparing takes lines times differences: beyond this, two texts that have
/// nothing in common would keep a person waiting.
const MAX_LINES: usize = 60_000;

/// Why there is no merge.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoMerge {
    #[error("only two files can be merged")]
    NoFiles,
    #[error("its last common version is not kept")]
    NoAncestor,
    #[error("it is no text")]
    NoText,
    #[error("it is too large to be merged")]
    TooLarge,
    #[error(transparent)]
    Version(#[from] Why),
}

/// Merges the versions that were shown.
pub(super) fn merge(
    now: &Now<'_>,
    path: &RelPath,
    shown: [Option<Seen>; 2],
    labels: [&str; 2],
) -> Result<Merge, NoMerge> {
    let [Some(a), Some(b)] = shown else { return Err(NoMerge::NoFiles) };
    if a.kind != Kind::File || b.kind != Kind::File {
        return Err(NoMerge::NoFiles);
    }
    let text = |side, seen: &Seen| -> Result<Vec<u8>, NoMerge> {
        let text = content(now, side, path, seen, MAX_TEXT)?.ok_or(NoMerge::TooLarge)?;
        if is_text(&text) { Ok(text) } else { Err(NoMerge::NoText) }
    };
    let (a, b) = (text(Side::A, &a)?, text(Side::B, &b)?);
    let ancestor = ancestor(now, path).ok_or(NoMerge::NoAncestor)?;
    texts(&ancestor, [&a, &b], labels).ok_or(NoMerge::TooLarge)
}

/// The last version that both sides had, if it is kept.
pub(crate) fn ancestor(now: &Now<'_>, path: &RelPath) -> Option<Vec<u8>> {
    let agreed = now.agreements.at(path).ok()??;
    let kept = Ancestors::open_to_read(&now.look.dir)?;
    kept.get(&agreed.a)
}

/// The content of a version, if it is still the one that was shown; none when it is larger than `limit`.
pub(crate) fn content(
    now: &Now<'_>,
    side: Side,
    path: &RelPath,
    shown: &Seen,
    limit: u64,
) -> Result<Option<Vec<u8>>, Why> {
    let Some((dir, name)) = path.split() else { return Ok(None) };
    let dir = now.look.roots.side(side).dir(&dir)?;
    let mut content = dir.open(name)?;
    let failed = |source| Why::Side(crate::side::SideError::Io { path: path.clone(), what: "read", source });
    let text = read_up_to(&mut *content, limit).map_err(failed)?;
    if !same_version(shown, &content.seen().map_err(failed)?) {
        return Err(Why::Changed);
    }
    Ok(text)
}

/// All of a content; none when it is larger than `limit`.
pub(super) fn read_up_to(content: &mut dyn Content, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    content.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Merges two texts of which nobody knows what they have in common: all lines of both, where they do not stand in each
/// other's place.
pub(super) fn united(versions: [&[u8]; 2], labels: [&str; 2]) -> Result<Merge, NoMerge> {
    if versions.iter().any(|text| text.len() as u64 > MAX_TEXT || lines(text) > MAX_LINES / 2) {
        return Err(NoMerge::TooLarge);
    }
    if !versions.iter().all(|text| is_text(text)) {
        return Err(NoMerge::NoText);
    }
    let mut options = DiffOptions::new();
    let patch = options.set_context_len(usize::MAX).create_patch_bytes(versions[0], versions[1]);
    let common: Vec<u8> = match patch.hunks() {
        // Without a difference there is no hunk.
        [] => versions[0].to_vec(),
        hunks => hunks
            .iter()
            .flat_map(|hunk| hunk.lines())
            .filter_map(|line| if let Line::Context(line) = line { Some(*line) } else { None })
            .flatten()
            .copied()
            .collect(),
    };
    merged(&common, versions, labels, ConflictStyle::Merge).ok_or(NoMerge::TooLarge)
}

/// Merges texts; none when they are too large for it.
fn texts(ancestor: &[u8], versions: [&[u8]; 2], labels: [&str; 2]) -> Option<Merge> {
    merged(ancestor, versions, labels, ConflictStyle::Diff3)
}

fn lines(text: &[u8]) -> usize {
    text.split(|&byte| byte == b'\n').count()
}

fn merged(ancestor: &[u8], versions: [&[u8]; 2], labels: [&str; 2], style: ConflictStyle) -> Option<Merge> {
    let all = [ancestor, versions[0], versions[1]];
    if all.iter().map(|text| lines(text)).sum::<usize>() > MAX_LINES {
        return None;
    }
    let length = marker_length(&all);
    let mut options = MergeOptions::new();
    options
        .set_conflict_style(style)
        .set_conflict_marker_length(length)
        .set_incomplete_hunk_style(IncompleteHunkStyle::Git);
    Some(match options.merge_bytes(ancestor, versions[0], versions[1]) {
        Ok(text) => Merge { text, overlaps: 0 },
        Err(text) => label(&text, length, labels),
    })
}

/// How long markers must be so that no line of the texts is taken for one.
fn marker_length(texts: &[&[u8]]) -> usize {
    let lines = texts.iter().flat_map(|text| text.split(|&byte| byte == b'\n'));
    let longest = lines
        .filter_map(|line| {
            let first = *line.first().filter(|first| b"<|=>".contains(first))?;
            Some(line.iter().take_while(|byte| **byte == first).count())
        })
        .max();
    longest.unwrap_or(0).max(6) + 1
}

/// Writes the names of the sides behind the markers, and counts the places.
fn label(text: &[u8], length: usize, labels: [&str; 2]) -> Merge {
    let marker = |c: &str, label: &str| format!("{} {label}", c.repeat(length)).into_bytes();
    let renamed = [
        (marker("<", "ours"), marker("<", labels[0])),
        (marker("|", "original"), marker("|", "last common version")),
        (marker(">", "theirs"), marker(">", labels[1])),
    ];
    let mut overlaps = 0;
    let lines: Vec<&[u8]> = text
        .split(|&byte| byte == b'\n')
        .map(|line| {
            let found = renamed.iter().position(|(from, _)| from == line);
            overlaps += usize::from(found == Some(0));
            found.map_or(line, |at| &renamed[at].1)
        })
        .collect();
    Merge { text: lines.join(&b'\n'), overlaps }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &[u8] = b"one\ntwo\nthree\nfour\nfive\n";

    fn merged(a: &[u8], b: &[u8]) -> Merge {
        texts(BASE, [a, b], ["laptop", "nas"]).unwrap()
    }

    #[test]
    fn changes_in_different_places_come_together() {
        let merge = merged(b"ONE\ntwo\nthree\nfour\nfive\n", b"one\ntwo\nthree\nfour\nFIVE\nsix\n");
        assert_eq!(merge, Merge { text: b"ONE\ntwo\nthree\nfour\nFIVE\nsix\n".to_vec(), overlaps: 0 });
    }

    #[test]
    fn changes_in_the_same_place_stand_between_markers_with_the_names_of_the_sides() {
        let merge = merged(b"one\n2\nthree\nfour\nfive\n", b"one\nzwei\nthree\nfour\nfive");
        assert_eq!(merge.overlaps, 1);
        assert_eq!(
            String::from_utf8(merge.text).unwrap(),
            "one\n<<<<<<< laptop\n2\n||||||| last common version\ntwo\n=======\nzwei\n>>>>>>> nas\nthree\nfour\nfive"
        );
    }

    #[test]
    fn lines_that_look_like_markers_are_told_apart_by_their_length() {
        let merge = texts(b"a\n", [b"<<<<<<< ours\nb\n", b"c\n"], ["laptop", "nas"]).unwrap();
        assert_eq!(merge.overlaps, 1);
        assert!(merge.text.starts_with(b"<<<<<<<< laptop\n<<<<<<< ours\n"));
    }

    #[test]
    fn without_a_common_version_all_lines_of_both_come_together() {
        let united = |a: &[u8], b: &[u8]| united([a, b], ["original", "copy"]).unwrap();
        let merge = united(b"one\ntwo\nthree\n", b"zero\none\ntwo\nand a half\nthree\n");
        assert_eq!(merge, Merge { text: b"zero\none\ntwo\nand a half\nthree\n".to_vec(), overlaps: 0 });
        let merge = united(b"one\ntwo\nthree\nfour\n", b"zero\none\nthree\n");
        assert_eq!(merge, Merge { text: b"zero\none\ntwo\nthree\nfour\n".to_vec(), overlaps: 0 });
        let merge = united(b"one\n2\nthree\n", b"one\nzwei\nthree\n");
        assert_eq!(merge.overlaps, 1);
        assert_eq!(
            String::from_utf8(merge.text).unwrap(),
            "one\n<<<<<<< original\n2\n=======\nzwei\n>>>>>>> copy\nthree\n"
        );
        assert_eq!(united(b"same\n", b"same\n").text, b"same\n");
    }

    #[test]
    fn texts_beyond_measure_are_left_alone() {
        let many = b"x\n".repeat(MAX_LINES);
        assert_eq!(texts(BASE, [&many, BASE], ["a", "b"]), None);
    }
}
