//! What tells the versions of a conflict apart beside content, size and time.

use nix::unistd::{Uid, User};
use reconcile::{Kind, RelPath, Seen, Side};
use syncmgr::conflict::Details;

use super::now::Now;
use super::step::is_same;
use crate::side::ReadSide as _;
use crate::words::letters;

/// What there is to say of a version that was shown. Of one that is another by now only what was seen of it then: whatever
/// is there now was not shown.
pub(super) fn of(now: &Now<'_>, side: Side, path: &RelPath, shown: Option<&Seen>) -> Details {
    let Some(shown) = shown else { return Details::default() };
    let permissions = match shown.kind {
        // What a link may, its target says.
        Kind::Link | Kind::Special | Kind::Unreadable => None,
        Kind::File | Kind::Dir => Some(letters(shown.mode)),
    };
    let there = now.at(side, path).is_ok_and(|there| is_same(Some(shown), there.as_ref()));
    Details {
        owner: there.then(|| owner(now, side, path)).flatten(),
        permissions,
        target: (there && shown.kind == Kind::Link).then(|| target(now, side, path)).flatten(),
        entries: (there && shown.kind == Kind::Dir).then(|| entries(now, side, path)).flatten(),
    }
}

fn owner(now: &Now<'_>, side: Side, path: &RelPath) -> Option<String> {
    let (dir, name) = path.split()?;
    let owner = now.look.roots.side(side).dir(&dir).and_then(|dir| dir.owner(name)).ok()??;
    Some(user(owner.user))
}

/// What people call a user; one without a name, such as one of another machine, by its number.
fn user(number: u32) -> String {
    User::from_uid(Uid::from_raw(number)).ok().flatten().map_or_else(|| number.to_string(), |user| user.name)
}

fn target(now: &Now<'_>, side: Side, path: &RelPath) -> Option<Vec<u8>> {
    let (dir, name) = path.split()?;
    now.look.roots.side(side).dir(&dir).and_then(|dir| dir.read_link(name)).ok()
}

fn entries(now: &Now<'_>, side: Side, path: &RelPath) -> Option<u64> {
    let listing = now.look.roots.side(side).dir(path).and_then(|dir| dir.list()).ok()?;
    Some(listing.len() as u64 + listing.excluded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_called_by_name_where_they_have_one() {
        assert_eq!(user(0), "root");
        // Nobody has it.
        assert_eq!(user(4_123_456_789), "4123456789");
    }
}
