//! Leaving something out from now on: a line in the ignore file at the top of both sides, where people see it, can change
//! it, and `undo` takes it away again.

use reconcile::{Kind, RelPath, Seen, Side};
use syncmgr::outcome::{Problem, ProblemClass};

use super::now::Now;
use crate::apply::Put;
use crate::side::ReadSide as _;
use crate::side::names::IGNORE_FILE;

/// What stands above the lines that Instep writes.
const HEADING: &str = "# Left out when a conflict was settled:";
/// The most that an ignore file may hold.
const LIMIT: u64 = 1 << 20;

/// The ignore file with further lines, for A; B gets it from there. None when it says all of that already.
pub(super) fn lines(
    now: &Now<'_>,
    paths: &[RelPath],
    clock: reconcile::Time,
) -> Result<Option<(Put, Option<Seen>)>, Problem> {
    let path = RelPath::root().join(IGNORE_FILE);
    let read = |side: Side| read(now, side, &path);
    let (a, b) = (read(Side::A)?, read(Side::B)?);
    if a.as_ref().map(|(_, text)| text) != b.as_ref().map(|(_, text)| text) {
        let text = format!("{path} is not the same on both sides, so nothing can be added to it");
        return Err(Problem::new(ProblemClass::Config, text).with_fix("sync first, or settle its conflict"));
    }
    let (target, mut text) = match a {
        Some((seen, text)) => (Some(seen), text),
        None => (None, Vec::new()),
    };
    let known: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let mut news: Vec<String> = paths.iter().filter_map(pattern).collect();
    news.retain(|line| !known.contains(&line.as_bytes()));
    if news.is_empty() {
        return Ok(None);
    }
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    if !text.split(|&byte| byte == b'\n').any(|line| line == HEADING.as_bytes()) {
        text.extend_from_slice(HEADING.as_bytes());
        text.push(b'\n');
    }
    for line in news {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    let like = Seen {
        kind: Kind::File,
        mode: target.map_or(0o644, |seen| seen.mode),
        size: 0,
        mtime: clock,
        ctime: reconcile::Time::default(),
        id: reconcile::FileId::default(),
        extras: reconcile::Extras::default(),
    };
    Ok(Some((Put::bytes(Side::A, path, target, like, text), b.map(|(seen, _)| seen))))
}

fn read(now: &Now<'_>, side: Side, path: &RelPath) -> Result<Option<(Seen, Vec<u8>)>, Problem> {
    let failed = |why: String| {
        Problem::new(ProblemClass::Permission, format!("{path} cannot be read: {why}"))
            .with_fix("check its permissions")
    };
    let seen = now.at(side, path).map_err(|why| failed(why.to_string()))?;
    let Some(seen) = seen else { return Ok(None) };
    let open = || now.look.roots.side(side).dir(&RelPath::root()).and_then(|dir| dir.open(IGNORE_FILE));
    let mut content = open().map_err(|error| failed(error.to_string()))?;
    let text =
        super::merge::read_up_to(&mut *content, LIMIT).map_err(|error| failed(syncmgr::reason(&error)))?;
    text.map(|text| Some((seen, text))).ok_or_else(|| failed("it is larger than 1 MiB".into()))
}

/// The line that leaves out just this path; none for a name that no line can hold.
pub(super) fn pattern(path: &RelPath) -> Option<String> {
    let text = std::str::from_utf8(path.as_bytes()).ok()?;
    if text.contains(['\n', '\r']) {
        return None;
    }
    let mut line = String::from("/");
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\' | '{' | '}' | '!' | '#') {
            line.push('\\');
        }
        line.push(c);
    }
    if let Some(stem) = line.strip_suffix(' ') {
        line = format!("{stem}\\ ");
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;

    #[test]
    fn a_line_leaves_out_its_path_and_no_other() {
        for name in ["a b", "x*y", "[z]", "#1", "!", "end ", "b\\s", "{q}", "dir/in?ner"] {
            let path = RelPath::from_bytes(name.as_bytes()).unwrap();
            let line = pattern(&path).unwrap();
            let mut globs = ignore::gitignore::GitignoreBuilder::new("");
            globs.add_line(None, &line).unwrap();
            let globs = globs.build().unwrap();
            assert!(globs.matched(name, false).is_ignore(), "{name}: {line}");
            assert!(!globs.matched(format!("other/{name}"), false).is_ignore(), "{name}: {line}");
            assert!(!globs.matched("xAy", false).is_ignore(), "{name}: {line}");
            assert!(Filter::new([line.as_str()], []).is_ok());
        }
        assert_eq!(pattern(&RelPath::from_bytes(b"a\nb").unwrap()), None);
        assert_eq!(pattern(&RelPath::from_bytes(b"\xff").unwrap()), None);
    }
}
