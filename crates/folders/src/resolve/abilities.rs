//! What can be done about a conflict of a pair, and what it looks like: for whoever asks the person.

use std::num::NonZero;
use std::sync::Arc;

use reconcile::{RelPath, Seen, Side};
use syncmgr::conflict::{
    Abilities, Conflict, ConflictItemType, ConflictKind, ConflictLedger, Details, Merge, ResolutionHandler,
    Shown,
};
use syncmgr::outcome::ProblemClass;
use syncmgr::{HandlerError, HandlerId, ItemId};

use super::copies;
use super::merge::{self, NoMerge};
use super::now::Now;
use super::step::{is_same, shown};
use crate::apply::Why;
use crate::handler::Pairs;
use crate::look::{Ask, Look};
use crate::options::{Home, RunOptions};
use crate::pair::Pair;
use crate::roots::Surroundings;
use crate::run::{millis, now as clock, to_clash, to_conflict};

/// Settles the conflicts of pairs, in runs of their own.
pub(crate) struct PairResolution {
    pub(crate) handler: HandlerId,
    pub(crate) pairs: Arc<Pairs>,
    pub(crate) home: Home,
    pub(crate) ledger: Arc<dyn ConflictLedger>,
}

impl PairResolution {
    /// Looks at a pair as it is now, without a lock: nothing is written.
    fn look<T>(
        &self,
        item: &ItemId,
        at: impl FnOnce(&Pair, &Now<'_>) -> Result<T, HandlerError>,
    ) -> Result<T, HandlerError> {
        let Some(pair) = self.pairs.get(item) else {
            let text = format!("there is no pair of folders called {item}");
            return Err(HandlerError::new(ProblemClass::Config, text));
        };
        let surroundings =
            Surroundings { home_dir: std::env::home_dir(), other_roots: self.pairs.roots_of_others(item) };
        let ask = Ask {
            pair: &pair,
            options: &RunOptions::default(),
            home: &self.home,
            surroundings: &surroundings,
            now: clock(),
            threads: NonZero::<usize>::MIN,
        };
        let look = Look::open(ask).map_err(|error| HandlerError::from(error.problem()))?;
        at(&pair, &Now::new(&look))
    }
}

impl ResolutionHandler for PairResolution {
    fn works_in_sessions(&self) -> bool {
        true
    }

    fn abilities(&self, conflict: &Conflict) -> Abilities {
        abilities(conflict)
    }

    fn look_again(&self, shown: &Conflict) -> Result<Option<Conflict>, HandlerError> {
        let path = RelPath::from_bytes(&shown.path).unwrap_or_default();
        self.look(&shown.item, |pair, now| {
            let contested = match shown.kind {
                ConflictKind::NameClash => now.clashes.known_at(&path),
                _ => now.contested(&path),
            };
            let contested = contested.map_err(|why| unseen(&path, &why))?;
            let conflict = contested
                .map(|contested| to_conflict(&self.handler, &pair.item, pair, &contested, shown.detected));
            match &conflict {
                Some(conflict) => self.ledger.put(vec![conflict.clone()])?,
                None => self.ledger.remove(&self.handler, &pair.item, std::slice::from_ref(&shown.id))?,
            }
            Ok(conflict)
        })
    }

    fn find_copies(&self, item: &ItemId) -> Result<Vec<Conflict>, HandlerError> {
        self.look(item, |_, now| Ok(copies::find(now, &self.handler, item, millis())))
    }

    fn content(
        &self,
        conflict: &Conflict,
        which: Shown,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, HandlerError> {
        self.look(&conflict.item, |_, now| match which {
            Shown::Ancestor => {
                let path = shown(conflict).map(|(path, _)| path);
                let ancestor = path.and_then(|path| merge::ancestor(now, &path));
                Ok(ancestor.filter(|text| text.len() as u64 <= limit))
            }
            Shown::Version(index) => {
                let place = places(conflict).and_then(|places| places.into_iter().nth(index));
                match place {
                    Some((side, path, Some(seen))) if seen.kind == reconcile::Kind::File => {
                        merge::content(now, side, &path, &seen, limit).map_err(|why| unseen(&path, &why))
                    }
                    _ => Ok(None),
                }
            }
        })
    }

    fn details(&self, conflict: &Conflict) -> Result<Vec<Details>, HandlerError> {
        let Some(places) = places(conflict) else { return Ok(Vec::new()) };
        self.look(&conflict.item, |_, now| {
            let of = |(side, path, seen): &(Side, RelPath, Option<Seen>)| {
                super::details::of(now, *side, path, seen.as_ref())
            };
            Ok(places.iter().map(of).collect())
        })
    }

    fn merge(&self, conflict: &Conflict) -> Result<Option<Merge>, HandlerError> {
        if conflict.kind == ConflictKind::ForeignCopy {
            return self.look(&conflict.item, |_, now| match copies::merged(now, conflict) {
                Ok(merge) => Ok(Some(merge)),
                Err(NoMerge::Version(why)) => Err(unseen(&at(conflict), &why)),
                Err(_) => Ok(None),
            });
        }
        let Some((path, versions)) = shown(conflict) else { return Ok(None) };
        self.look(&conflict.item, |pair, now| {
            for side in Side::BOTH {
                let there = now.at(side, &path).map_err(|why| unseen(&path, &why))?;
                if !is_same(versions[side as usize].as_ref(), there.as_ref()) {
                    return Err(unseen(&path, &Why::Changed));
                }
            }
            match merge::merge(now, &path, versions, pair.labels()) {
                Ok(merge) => Ok(Some(merge)),
                Err(NoMerge::Version(why)) => Err(unseen(&path, &why)),
                Err(_) => Ok(None),
            }
        })
    }
}

/// What can be done about a conflict.
pub(super) fn abilities(conflict: &Conflict) -> Abilities {
    let mut can = Abilities::KEEP_SINGLE | Abilities::KEEP_RECENT;
    let there = |kind: &str| {
        let is = |version: &&syncmgr::conflict::ConflictVersion| {
            version.item_type == ConflictItemType::Updated && (kind.is_empty() || version.kind == kind)
        };
        conflict.versions.iter().filter(is).count()
    };
    if there("") == 2 && conflict.kind != ConflictKind::Metadata {
        can |= Abilities::KEEP_MULTIPLE;
    }
    if conflict.kind == ConflictKind::ForeignCopy {
        let both = if there("file") == 2 { Abilities::KEEP_OTHER } else { Abilities::empty() };
        return can | Abilities::KEEP_MULTIPLE | both;
    }
    if there("file") == 2 && !matches!(conflict.kind, ConflictKind::Metadata | ConflictKind::NameClash) {
        can |= Abilities::KEEP_OTHER;
    }
    let path = RelPath::from_bytes(&conflict.path);
    if path.as_ref().and_then(super::exclude::pattern).is_some() {
        can |= Abilities::REMOVE_FROM_SYNC_SET;
    }
    can
}

fn at(conflict: &Conflict) -> RelPath {
    RelPath::from_bytes(&conflict.path).unwrap_or_default()
}

/// Where each version is, and what it was when it was shown; none when that is nothing of ours.
fn places(conflict: &Conflict) -> Option<[(Side, RelPath, Option<Seen>); 2]> {
    match conflict.kind {
        ConflictKind::ForeignCopy => copies::places(conflict),
        ConflictKind::NameClash => {
            let clash = to_clash(conflict)?;
            let holder = clash.holder?;
            let path = |side| if holder.on == side { &holder.path } else { &clash.path }.clone();
            Some([(Side::A, path(Side::A), clash.a), (Side::B, path(Side::B), clash.b)])
        }
        _ => {
            let (path, [a, b]) = shown(conflict)?;
            Some([(Side::A, path.clone(), a), (Side::B, path, b)])
        }
    }
}

fn unseen(path: &RelPath, why: &Why) -> HandlerError {
    match why {
        Why::Changed => {
            HandlerError::new(ProblemClass::Transient, format!("{path} has changed since it was shown"))
        }
        why => HandlerError::new(ProblemClass::Permission, format!("{path} cannot be looked at: {why}")),
    }
}
