//! What a killed run had published and the base was not told of any more (S4).
//!
//! Mostly the next run finds that both sides have the same, and that is that. But where a person has changed the original
//! in between, two versions would stand against each other that nobody knows anything of, and one of them is our own copy
//! of what the other was: no conflict at all. The journal foretold what the copy would be, so the base is told now.

use std::collections::{BTreeSet, HashMap, HashSet};

use reconcile::{FileId, Kind, RelPath, Seen, Side, Time};
use syncmgr::RunId;

use super::check::same_but_renamed;
use super::doubt::Doubt;
use super::record::{self, Edit};
use super::split;
use crate::base::{BaseError, BaseStore};
use crate::journal::{self, Deed};
use crate::notes::Notes;
use crate::side::SideError;
use crate::side::write::WriteSide;

/// Tells the base of copies whose original was changed since; tells whether there was any. Only for a run after which the
/// machine was not down: else an original may be older than its copy, and is not a person's newest word.
pub(crate) fn recover(
    notes: &dyn Notes,
    killed: RunId,
    sides: [&dyn WriteSide; 2],
    base: &dyn BaseStore,
) -> Result<bool, BaseError> {
    // Without a journal nothing was done.
    let Ok(Some(deeds)) = journal::read(notes, killed) else { return Ok(false) };
    let recorded = deeds.iter().rposition(|deed| matches!(deed, Deed::Recorded)).map_or(0, |at| at + 1);
    // A conflict that was being settled stays one: what was put in place of its versions may be neither of them.
    let contested: HashSet<&journal::Text> = deeds
        .iter()
        .filter_map(|deed| match deed {
            Deed::Agreed { path, .. } => Some(path),
            _ => None,
        })
        .collect();
    let is_settled = |one: &Published| contested.contains(&journal::Text::from(&one.path));
    let published = deeds[recorded..].iter().flat_map(published).filter(|one| !is_settled(one));
    let edits: Vec<Edit> = published.filter_map(|one| one.edit(sides).ok().flatten()).collect();
    let any = edits.iter().any(|edit| matches!(edit, Edit::Set { a, .. } if a.kind != Kind::Dir));
    // What cannot be made durable must not be claimed (S3): then the next run sees what it sees.
    let mut flushed = BTreeSet::new();
    if !any || sides.iter().any(|side| side.flush(&mut flushed).is_err()) {
        return Ok(false);
    }
    let mut txn = base.begin()?;
    record::write(&mut *txn, edits, &HashMap::new(), &Doubt::whenever())?;
    txn.commit()?;
    Ok(true)
}

/// Something that has its final name, if the run came so far.
struct Published {
    on: Side,
    path: RelPath,
    made: Seen,
}

fn published(deed: &Deed) -> Vec<Published> {
    match deed {
        Deed::Create { on, dir, made } => {
            let Some(dir) = dir.path() else { return Vec::new() };
            let one = |(name, made): &(journal::Text, journal::Stamp)| {
                let name = name.path().filter(|name| name.names().count() == 1)?;
                Some(Published { on: (*on).into(), path: dir.join(name.as_bytes()), made: (*made).into() })
            };
            made.iter().filter_map(one).collect()
        }
        Deed::Replace { on, path, made, .. } => {
            let path = path.path().filter(|path| !path.is_root());
            path.map(|path| Published { on: (*on).into(), path, made: (*made).into() }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

impl Published {
    /// What the base is to be told, if the copy is still exactly ours.
    fn edit(self, sides: [&dyn WriteSide; 2]) -> Result<Option<Edit>, SideError> {
        let Self { on, path, made } = self;
        let look = |side: Side| -> Result<Option<Seen>, SideError> {
            let (dir, name) = split(&path);
            sides[side as usize].folder(&dir)?.look(&name)
        };
        let Some(now) = look(on)? else { return Ok(None) };
        if made.id == FileId::default() || !same_but_renamed(&made, &now) {
            return Ok(None);
        }
        let Some(source) = look(on.other())? else { return Ok(None) };
        Ok(match (made.kind, source.kind) {
            // What is in it has no place in the base without it.
            (Kind::Dir, Kind::Dir) => Some(Edit::directory(path, on, &source, &now, false)),
            (Kind::File, Kind::File)
                if is_newer(source.mtime, made.mtime) || may_be_newer(&source, &made) =>
            {
                // What was copied, as far as the copy tells: of the rest nothing is claimed.
                let copied = Seen { id: FileId::default(), ctime: Time::default(), ..made };
                Some(Edit::set(path, on, &copied, &now, true))
            }
            _ => None,
        })
    }
}

fn is_newer(one: Time, other: Time) -> bool {
    (one.secs, one.nanos) > (other.secs, other.nanos)
}

/// Whether an edit of the original may not show, as long as its clock stood still while it was copied. What is older than
/// a day by the copy's clock was not written just then, however far the clocks are apart.
fn may_be_newer(source: &Seen, made: &Seen) -> bool {
    const A_DAY: i128 = 86_400 * 1_000_000_000;
    source.mtime == made.mtime
        && source.size == made.size
        && (made.ctime == Time::default() || made.ctime.nanos() - source.mtime.nanos() < A_DAY)
}
