//! Names for versions that are kept beside others.

use crate::path::Name;
use crate::plan::Fnv;

/// The longest name that file systems take.
const LONGEST: usize = 255;

/// The name for a version that is kept beside another one: the suffix before the extension, then a number if that is
/// taken as well, cut so that it stays a legal name.
pub fn keep_both(name: &Name, suffix: &str, is_taken: impl Fn(&Name) -> bool) -> Vec<u8> {
    let (stem, extension) = split_extension(name);
    let mut number = 1_u32;
    loop {
        let counter = if number == 1 { String::new() } else { format!("-{number}") };
        let middle = format!(".{suffix}{counter}");
        let room = LONGEST.saturating_sub(middle.len());
        let fits = name.len() <= room;
        // What is cut bears a mark, and an extension that leaves no room for it is cut with the rest.
        let mark = if fits { String::new() } else { mark(name) };
        let extension = if fits || extension.len() + mark.len() < room { extension } else { &[] };
        let stem = cut(stem, room.saturating_sub(extension.len() + mark.len()));
        let kept = [stem, mark.as_bytes(), middle.as_bytes(), extension].concat();
        if !is_taken(&kept) {
            return kept;
        }
        number += 1;
    }
}

/// What tells names apart that differ only where they are cut: a plan gives many of them at the same time.
fn mark(name: &Name) -> String {
    let mut hash = Fnv::new();
    hash.write(name);
    format!("~{:08x}", hash.finish() >> 32)
}

/// The name and its extension with the dot. A dot in front hides a file, it begins no extension.
fn split_extension(name: &Name) -> (&[u8], &[u8]) {
    match name.iter().rposition(|&byte| byte == b'.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, &[]),
    }
}

/// At most `room` bytes, not in the middle of a character where it is UTF-8.
fn cut(stem: &[u8], room: usize) -> &[u8] {
    if stem.len() <= room {
        return stem;
    }
    let is_continuation = |byte: u8| byte & 0b1100_0000 == 0b1000_0000;
    let mut end = room;
    while end > room.saturating_sub(3) && is_continuation(stem[end]) {
        end -= 1;
    }
    &stem[..end]
}
