//! Is it still what the plan saw? (S1)

use reconcile::{FileId, Kind, RelPath, Seen, Tally, Time};

use super::Why;
use crate::side::ReadSide;

/// Whether both are the same version of the same thing: for a directory the same directory, whatever is in it.
pub(crate) fn same_version(expected: &Seen, now: &Seen) -> bool {
    same_but_renamed(expected, now)
        && (now.kind == Kind::Dir || known_and_equal(expected.ctime, now.ctime, Time::default()))
}

/// The same, for what was renamed in between: that alone moves an inode's change time.
pub(crate) fn same_but_renamed(expected: &Seen, now: &Seen) -> bool {
    expected.kind == now.kind
        && known_and_equal(expected.id, now.id, FileId::default())
        && (now.kind == Kind::Dir || (expected.size == now.size && expected.mtime == now.mtime))
}

/// Unknown parts match everything.
fn known_and_equal<T: PartialEq>(expected: T, now: T, unknown: T) -> bool {
    expected == now || expected == unknown || now == unknown
}

/// Whether a directory holds exactly the tree that the plan summed up. What filters leave out, or we cannot read, is no
/// part of any plan: with that in it, it is another tree.
pub(super) fn is_same_tree(side: &dyn ReadSide, top: &RelPath, planned: &Tally) -> Result<bool, Why> {
    let mut found = Tally { dirs: 1, ..Tally::default() };
    let mut left = vec![top.clone()];
    while let Some(dir) = left.pop() {
        let listing = side.dir(&dir)?.list()?;
        for (name, seen) in listing.iter() {
            if matches!(seen.kind, Kind::Special | Kind::Unreadable) {
                return Ok(false);
            }
            found.add(name, seen, false);
            if seen.kind == Kind::Dir {
                left.push(dir.join(name));
            }
        }
        if found.entries() > planned.entries() {
            return Ok(false);
        }
    }
    Ok(found.entries() == planned.entries() && found.fingerprint == planned.fingerprint)
}
