//! What is to be done about one name. The table of decisions, and all of its corners that concern one name alone.

use syncmgr::conflict::ConflictKind;

use crate::change::{Change, is_hour_apart, is_plausible, same_time};
use crate::entry::{Agreed, Kind, Seen, Side};
use crate::facets::{Facet, Facets, Follow};
use crate::plan::NoteKind;
use crate::policy::{Mode, OnConflict, Policy};
use crate::world::Unreadable;

/// One name in all three trees.
#[derive(Debug, Clone, Copy)]
pub struct Trio<'t> {
    /// What both agreed on.
    pub base: Option<&'t Agreed>,
    /// What A has.
    pub a: Option<&'t Seen>,
    /// What B has.
    pub b: Option<&'t Seen>,
    /// On which sides it has another name than in the base: renaming touches the inode, so that another ctime means
    /// nothing there, unless the content was in doubt before.
    pub moved: [bool; 2],
}

impl<'t> Trio<'t> {
    fn on(&self, side: Side) -> Option<&'t Seen> {
        match side {
            Side::A => self.a,
            Side::B => self.b,
        }
    }

    /// What happened on a side that has it; without an agreement everything is news.
    fn change(&self, side: Side) -> Change {
        match (self.base, self.on(side)) {
            (Some(base), Some(seen)) => {
                let was = base.on(side);
                let moved = self.moved[side as usize] && !was.is_in_doubt();
                match Change::between(was, seen) {
                    Change::Inode if moved => Change::None,
                    Change::Meta if moved && was.mtime == seen.mtime => Change::Mode,
                    change => change,
                }
            }
            _ => Change::Kind,
        }
    }
}

/// What is to be done about one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// All is as the base says.
    Nothing,
    /// Both sides agree, the base does not know yet: it takes what both have, or forgets what neither has.
    Settle,
    /// Both have a directory: look into it.
    Merge {
        /// What is taken over of the directory itself, and on which side.
        follow: Follow,
        /// Whether the base must learn of what both have.
        settle: bool,
    },
    /// Same content; what it has besides is taken over on the sides named (at least one is).
    Meta(Follow),
    /// The other side gets the version of `from`, in place of what it has, if it has anything.
    Take {
        /// The side whose version it is.
        from: Side,
        /// What the other side has besides content, and `from` did not change: it stays, and if it is news, `from` takes
        /// it over.
        keep: Facets,
        /// What the other side has goes whatever it is. Else a directory in the way must be as the base knows it.
        force: bool,
        /// Why that is worth saying.
        note: Option<NoteKind>,
    },
    /// That side loses what it has. Beneath a directory, what was edited or added survives unless `force`.
    Drop {
        /// The side that has it.
        on: Side,
        /// Edits and additions beneath it go too.
        force: bool,
    },
    /// Both versions stay, B's under another name.
    KeepBoth,
    /// Both untouched, a person decides.
    Conflict(ConflictKind),
    /// Both untouched; with something to say, or not.
    Leave(Vec<NoteKind>),
    /// Both untouched, and nothing that the base knew is left.
    Forget(Vec<NoteKind>),
}

/// How the contents of both versions are compared, if it comes to that.
pub type Oracle<'o> = &'o mut dyn FnMut() -> Result<bool, Unreadable>;

/// Decides about one name.
pub fn decide(trio: Trio<'_>, policy: &Policy, same_content: Oracle<'_>) -> Decision {
    if let Some(left) = untouchable(trio) {
        return left;
    }
    match (trio.a, trio.b) {
        (None, None) => match trio.base {
            Some(_) => Decision::Settle,
            None => Decision::Nothing,
        },
        (Some(_), None) => alone(trio, Side::A, policy),
        (None, Some(_)) => alone(trio, Side::B, policy),
        (Some(a), Some(b)) if a.kind != b.kind => kinds_differ(trio, a, b, policy),
        (Some(a), Some(b)) if a.kind == Kind::Dir => directories(trio, a, b, policy),
        (Some(a), Some(b)) => contents(trio, a, b, policy, same_content),
    }
}

/// Whether two versions that the base knows nothing of are the same as far as size, time and permissions tell: nothing is
/// to be done but to remember it.
pub fn alike(a: &Seen, b: &Seen, policy: &Policy) -> bool {
    let trio = Trio { base: None, a: Some(a), b: Some(b), moved: [false; 2] };
    let mut told = true;
    let decision = decide(trio, policy, &mut || {
        told = false;
        Ok(false)
    });
    told && a.kind == Kind::File && decision == Decision::Settle
}

/// What was refused to us, and what is neither file, directory nor link, is left alone, with all that it stands against.
fn untouchable(trio: Trio<'_>) -> Option<Decision> {
    let kind = |side| trio.on(side).map(|seen| seen.kind);
    let kinds = Side::BOTH.map(kind);
    let having = |wanted| Side::BOTH.into_iter().filter(move |&side| kind(side) == Some(wanted));

    let refused: Vec<_> = having(Kind::Unreadable)
        .map(|side| NoteKind::Unreadable(side, "its status was refused".to_owned()))
        .collect();
    if !refused.is_empty() {
        return Some(Decision::Leave(refused));
    }
    having(Kind::Special).next()?;
    if kinds.iter().flatten().any(|&kind| kind != Kind::Special) {
        return Some(Decision::Leave(vec![NoteKind::AgainstSpecial]));
    }
    let skipped = having(Kind::Special).map(NoteKind::Special).collect();
    Some(if trio.base.is_some() { Decision::Forget(skipped) } else { Decision::Leave(skipped) })
}

/// Only one side has it.
fn alone(trio: Trio<'_>, on: Side, policy: &Policy) -> Decision {
    let take = |note| Decision::Take { from: on, keep: Facets::NONE, force: false, note };
    match (policy.mode, on) {
        (Mode::Mirror | Mode::Copy, Side::A) => take(None),
        (Mode::Mirror, Side::B) => Decision::Drop { on, force: true },
        (Mode::Copy, Side::B) => {
            let edited = trio.base.is_some() && !trio.change(on).yields_to_deletion();
            Decision::Leave(if edited { vec![NoteKind::LeftOnB] } else { Vec::new() })
        }
        (Mode::TwoWay, _) if trio.base.is_none() => take(None),
        (Mode::TwoWay, _) if trio.change(on).yields_to_deletion() => Decision::Drop { on, force: false },
        (Mode::TwoWay, _) => take(Some(NoteKind::EditSurvived(on))),
    }
}

/// Both have something, of different kinds: a deletion and a creation at the same name.
fn kinds_differ(trio: Trio<'_>, a: &Seen, b: &Seen, policy: &Policy) -> Decision {
    let take = |from| Decision::Take { from, keep: Facets::NONE, force: false, note: None };
    match policy.mode {
        Mode::Mirror => forced(Side::A),
        Mode::Copy => contested(ConflictKind::KindMismatch, a, b, policy),
        Mode::TwoWay => match (trio.change(Side::A), trio.change(Side::B)) {
            (Change::Kind, other) if other.yields_to_deletion() => take(Side::A),
            (other, Change::Kind) if other.yields_to_deletion() => take(Side::B),
            _ => contested(ConflictKind::KindMismatch, a, b, policy),
        },
    }
}

/// Both have a directory.
fn directories(trio: Trio<'_>, a: &Seen, b: &Seen, policy: &Policy) -> Decision {
    let base = trio.base.filter(|base| base.a.kind == Kind::Dir);
    let follow = facets_follow(base, a, b, policy);
    // Another object under the same name: without its identity the base would not know it again when it moves. Where
    // anything follows, the base learns all when it has.
    let settle = base.is_none_or(|base| {
        let known = base.a.id.may_be(a.id) && base.b.id.may_be(b.id);
        let changed = |was: &Seen, is: &Seen| was.mode != is.mode || !is.extras.is_within(was.extras);
        !follow.any() && (!known || changed(&base.a, a) || changed(&base.b, b))
    });
    Decision::Merge { follow, settle }
}

/// Both have a file, or both have a link.
fn contents(trio: Trio<'_>, a: &Seen, b: &Seen, policy: &Policy, same_content: Oracle<'_>) -> Decision {
    let base = trio.base.filter(|base| base.a.kind == a.kind);
    let (on_a, on_b) = (trio.change(Side::A), trio.change(Side::B));
    let unchanged = on_a.keeps_content() && on_b.keeps_content();

    let same = if base.is_some() && unchanged && !policy.checksum {
        true
    } else if a.size != b.size {
        false
    } else if base.is_none() && !policy.checksum && looks_the_same(a, b, policy) {
        true
    } else {
        match same_content() {
            Ok(same) => same,
            Err(error) => return Decision::Leave(vec![NoteKind::Uncompared(error.reason)]),
        }
    };
    if same {
        return metadata(base, a, b, policy);
    }
    if policy.mode == Mode::Mirror {
        return forced(Side::A);
    }
    if base.is_none() {
        return contested(ConflictKind::CreateCreate, a, b, policy);
    }
    match editor(on_a, on_b) {
        Some(Side::B) if policy.mode == Mode::Copy => Decision::Leave(vec![NoteKind::LeftOnB]),
        Some(from) => {
            // Permissions and the like are another word than content: they come along only if they were changed too. A
            // file system without permissions makes them up, and an edit there must not open the original to everybody.
            let keeps = policy.mode == Mode::TwoWay && a.kind == Kind::File;
            let keep =
                Facets::which(|facet| keeps && facet.differs(a, b) && !has_changed(facet, base, a, b, from));
            Decision::Take { from, keep, force: false, note: None }
        }
        None => contested(ConflictKind::EditEdit, a, b, policy),
    }
}

/// Which side edited it, where the contents differ; none when both did, or nobody knows.
fn editor(on_a: Change, on_b: Change) -> Option<Side> {
    match (on_a, on_b) {
        (a, b) if a.keeps_content() && b.keeps_content() => None,
        (a, _) if a.keeps_content() => Some(Side::B),
        (_, b) if b.keeps_content() => Some(Side::A),
        (a, b) if a.looks_like_edit() && !b.looks_like_edit() => Some(Side::A),
        (a, b) if b.looks_like_edit() && !a.looks_like_edit() => Some(Side::B),
        _ => None,
    }
}

/// Whether two versions that were never compared are the same as far as size and time tell. A time without a part
/// below the second is too often a coincidence, unless the file system knows no finer one. And so is a time at which both
/// were written: clocks that stamp files stand still for milliseconds, and copies that keep a time are made after it.
fn looks_the_same(a: &Seen, b: &Seen, policy: &Policy) -> bool {
    let both_written = a.was_written_then() == Some(true) && b.was_written_then() == Some(true);
    let telling = (policy.time_resolution > 1 || a.mtime.nanos != 0) && !both_written;
    a.kind == Kind::File
        && (a.size == 0
            || (telling
                && is_plausible(a.mtime, policy)
                && is_plausible(b.mtime, policy)
                && same_time(a.mtime, b.mtime, policy)))
}

/// The content is the same: permissions and times follow who changed them.
fn metadata(base: Option<&Agreed>, a: &Seen, b: &Seen, policy: &Policy) -> Decision {
    if policy.asks_about_permissions()
        && a.kind == Kind::File
        && a.mode != b.mode
        && Side::BOTH.into_iter().all(|side| has_changed(Facet::Mode, base, a, b, side))
    {
        return Decision::Conflict(ConflictKind::Metadata);
    }
    let mut follow = facets_follow(base, a, b, policy);
    if a.kind != Kind::Link {
        follow.mtime = mtime_follower(base, a, b, policy);
    }
    if follow.any() {
        Decision::Meta(follow)
    } else if base.is_some_and(|base| a.is_as_known(&base.a) && b.is_as_known(&base.b)) {
        Decision::Nothing
    } else {
        Decision::Settle
    }
}

fn has_changed(facet: Facet, base: Option<&Agreed>, a: &Seen, b: &Seen, side: Side) -> bool {
    base.is_some_and(|base| match side {
        Side::A => facet.differs(&base.a, a),
        Side::B => facet.differs(&base.b, b),
    })
}

/// Which side follows the other in what they have besides content and time.
fn facets_follow(base: Option<&Agreed>, a: &Seen, b: &Seen, policy: &Policy) -> Follow {
    let follower = |facet| follower(facet, base, a, b, policy);
    Follow {
        mode: follower(Facet::Mode),
        owner: follower(Facet::Owner),
        attributes: follower(Facet::Attributes),
        mtime: None,
    }
}

/// The side that follows the other in one part. Each side is measured by what the base knows of it: on a file system
/// without permissions they differ for ever, and that is no change. A part that the base does not know yet is one of a
/// file that it does not know: nobody can tell who changed it.
fn follower(facet: Facet, base: Option<&Agreed>, a: &Seen, b: &Seen, policy: &Policy) -> Option<Side> {
    let (is_a, is_b) = (facet.of(a)?, facet.of(b)?);
    if is_a == is_b {
        return None;
    }
    let was = base.and_then(|base| Some((facet.of(&base.a)?, facet.of(&base.b)?)));
    let (on_a, on_b) = was.map_or((false, false), |(was_a, was_b)| (was_a != is_a, was_b != is_b));
    match policy.mode {
        Mode::Mirror => (was.is_none() || on_a || on_b).then_some(Side::B),
        Mode::Copy => on_a.then_some(Side::B),
        Mode::TwoWay => match (on_a, on_b) {
            (false, false) => None,
            (true, false) => Some(Side::B),
            (false, true) => Some(Side::A),
            (true, true) if (a.ctime, is_b) > (b.ctime, is_a) => Some(Side::B),
            (true, true) => Some(Side::A),
        },
    }
}

/// The side whose time follows the other's. An implausible time never replaces a plausible one. Where both have another time
/// than before and still the same content, there is nothing to carry over: only the base moves.
fn mtime_follower(base: Option<&Agreed>, a: &Seen, b: &Seen, policy: &Policy) -> Option<Side> {
    if same_time(a.mtime, b.mtime, policy) || is_hour_apart(a.mtime, b.mtime) {
        return None;
    }
    let touched = |was: fn(&Agreed) -> &Seen, is: &Seen| {
        base.is_some_and(|base| was(base).mtime != is.mtime && !is_hour_apart(was(base).mtime, is.mtime))
    };
    let (on_a, on_b) = (touched(|base| &base.a, a), touched(|base| &base.b, b));
    let follower = match policy.mode {
        Mode::Mirror => (base.is_none() || on_a || on_b).then_some(Side::B),
        Mode::Copy => on_a.then_some(Side::B),
        Mode::TwoWay => match (on_a, on_b) {
            (false, false) => None,
            (true, false) => Some(Side::B),
            (false, true) => Some(Side::A),
            (true, true) => None,
        },
    }?;
    let source = if follower == Side::B { a } else { b };
    is_plausible(source.mtime, policy).then_some(follower)
}

/// The side with the newer version; none where that is not sure.
fn newer(a: &Seen, b: &Seen, policy: &Policy) -> Option<Side> {
    match (is_plausible(a.mtime, policy), is_plausible(b.mtime, policy)) {
        (true, true) if same_time(a.mtime, b.mtime, policy) => None,
        (true, true) => Some(if a.mtime > b.mtime { Side::A } else { Side::B }),
        (true, false) => Some(Side::A),
        (false, true) => Some(Side::B),
        (false, false) => None,
    }
}

/// A disagreement, and what the policy makes of it.
fn contested(kind: ConflictKind, a: &Seen, b: &Seen, policy: &Policy) -> Decision {
    let comparable = a.kind != Kind::Dir && b.kind != Kind::Dir;
    let winner = match policy.on_conflict {
        OnConflict::Ask => None,
        OnConflict::Newest if comparable => newer(a, b, policy),
        OnConflict::Largest if comparable && a.size != b.size => {
            Some(if a.size > b.size { Side::A } else { Side::B })
        }
        OnConflict::Newest | OnConflict::Largest => None,
        OnConflict::A => Some(Side::A),
        OnConflict::B => Some(Side::B),
        OnConflict::KeepBoth => return Decision::KeepBoth,
    };
    match winner {
        // Nothing ever goes from B to A in this mode: that B wins means that it keeps its own.
        Some(Side::B) if policy.mode == Mode::Copy => Decision::Leave(vec![NoteKind::LeftOnB]),
        Some(side) => forced(side),
        None => Decision::Conflict(kind),
    }
}

fn forced(from: Side) -> Decision {
    Decision::Take { from, keep: Facets::NONE, force: true, note: None }
}
