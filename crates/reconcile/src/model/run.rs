//! Carrying a plan out, as strictly as the plan allows.

use std::collections::BTreeMap;

use super::{Done, Model, Refused, refuse};
use crate::entry::{Agreed, Kind, Seen, Side};
use crate::facets::{Facet, Facets};
use crate::path::{Name, RelPath};
use crate::plan::{Action, Op, Origin, Settle, Tally};
use crate::world::{DirKey, World};

/// A plan on its way.
pub(super) struct Run<'m> {
    pub(super) model: &'m mut Model,
    /// Records that this run made.
    pub(super) made: BTreeMap<RelPath, DirKey>,
}

impl Run<'_> {
    pub(super) fn settle(&mut self, settle: &Settle) -> Done {
        let path = &settle.path;
        let key = self.record(path, settle.dir)?;
        let name = name_of(path);
        let dir = match &settle.origin {
            Some(origin) => self.take_base(origin)?.dir,
            None => self.record_mut(key)?.get(&name).and_then(|agreed| agreed.dir),
        };
        match settle.agreed {
            None => self.forget(key, &name),
            Some((a, b)) if a.kind == Kind::Dir => {
                let dir = dir.unwrap_or_else(|| self.model.fresh_key());
                self.made.insert(path.clone(), dir);
                self.record_mut(key)?.insert(name, Agreed { a, b, dir: Some(dir) });
                Ok(())
            }
            Some((a, b)) => {
                self.forget(key, &name)?;
                self.record_mut(key)?.insert(name, Agreed { a, b, dir: None });
                Ok(())
            }
        }
    }

    pub(super) fn act(&mut self, action: &Action) -> Done {
        let path = &action.path;
        match &action.op {
            Op::Create { on, source, tally, whole } => {
                self.expect(on.other(), path, source)?;
                self.expect_nothing(*on, path)?;
                if *whole {
                    self.expect_tally(on.other(), path, tally, true)?;
                    self.copy(*on, path);
                    return self.record_tree(path, action.dir);
                }
                self.copy_one(*on, path);
                self.record_dir(path, action.dir)
            }
            Op::Replace { on, source, target, tally, removed, keep } => {
                self.expect(on.other(), path, source)?;
                self.expect(*on, path, target)?;
                self.expect_tally(on.other(), path, tally, true)?;
                self.expect_tally(*on, path, removed, false)?;
                self.trash(*on, path);
                self.copy(*on, path);
                if !keep.any() {
                    return self.record_tree(path, action.dir);
                }
                self.keep(*keep, *on, path, action.dir, source, target)
            }
            Op::Meta { on, source, target, what } => {
                self.expect(*on, path, target)?;
                let time = self.model.tick();
                if let Some(entry) = self.model.sides[*on as usize].get_mut(path) {
                    entry.seen = what.taken(source, &entry.seen);
                    entry.seen.ctime = time;
                }
                self.record_one(path, action.dir)
            }
            Op::Remove { on, target, tally } => {
                self.expect(*on, path, target)?;
                self.expect_tally(*on, path, tally, false)?;
                self.trash(*on, path);
                // The base may never have known it (a mirror's extra files).
                match self.record(path, action.dir) {
                    Ok(key) => self.forget(key, &name_of(path)),
                    Err(_) => Ok(()),
                }
            }
            Op::Move { on, at, origin, seen, source, same, .. } => {
                self.expect(*on, at, seen)?;
                self.expect(on.other(), path, source)?;
                self.expect_nothing(*on, path)?;
                if !self.model.rename_at(*on, at, path) {
                    return refuse(format!("{at} cannot be renamed"));
                }
                let agreed = self.take_base(origin)?;
                let key = self.record(path, action.dir)?;
                if self.record_mut(key)?.insert(name_of(path), agreed).is_some() {
                    return refuse("the base has something where this moves".to_owned());
                }
                if *same { self.record_one(path, action.dir) } else { Ok(()) }
            }
            Op::KeepBoth { renamed_on, from, seen } => {
                self.expect(*renamed_on, from, seen)?;
                self.expect_nothing(*renamed_on, path)?;
                if self.model.rename_at(*renamed_on, from, path) {
                    return Ok(());
                }
                refuse(format!("{from} cannot be renamed"))
            }
        }
    }

    /// A new version keeps parts of the old one. Where they were changed, the base learns of the source's, so that they
    /// are news until the source has taken them over; else they are what they always were.
    fn keep(
        &mut self,
        keep: Facets,
        on: Side,
        path: &RelPath,
        dir: Option<DirKey>,
        source: &Seen,
        target: &Seen,
    ) -> Done {
        let key = self.record(path, dir)?;
        let known = self.record_mut(key)?.get(&name_of(path)).map(|agreed| *agreed.on(on));
        if let Some(entry) = self.model.sides[on as usize].get_mut(path) {
            entry.seen = keep.taken(target, &entry.seen);
        }
        self.record_tree(path, dir)?;
        let is_news = |facet: Facet| known.is_none_or(|known| facet.differs(&known, target));
        let news = Facets::which(|facet| keep.has(facet) && is_news(facet));
        if let Some(agreed) = self.record_mut(key)?.get_mut(&name_of(path)) {
            let seen = if on == Side::A { &mut agreed.a } else { &mut agreed.b };
            *seen = news.taken(source, seen);
        }
        Ok(())
    }

    /// The version there must be the one the plan saw; what the run itself does to times of inodes is no matter.
    fn expect(&self, side: Side, path: &RelPath, seen: &Seen) -> Done {
        let Some(entry) = self.model.side(side).get(path) else {
            return refuse(format!("{path} is not on {side:?}"));
        };
        let is = entry.seen;
        let same = is.kind == seen.kind
            && is.id == seen.id
            && (is.kind == Kind::Dir || (is.size == seen.size && is.mtime == seen.mtime));
        if same { Ok(()) } else { refuse(format!("{path} on {side:?} is {is:?}")) }
    }

    fn expect_nothing(&self, side: Side, path: &RelPath) -> Done {
        if self.model.side(side).contains_key(path) {
            return refuse(format!("{path} is taken on {side:?}"));
        }
        match path.split() {
            Some((parent, _)) if !parent.is_root() && !self.model.side(side).contains_key(&parent) => {
                refuse(format!("{parent} is not on {side:?}"))
            }
            _ => Ok(()),
        }
    }

    /// All beneath must be what the plan summed up.
    fn expect_tally(&self, side: Side, path: &RelPath, tally: &Tally, is_source: bool) -> Done {
        let mut is = Tally::default();
        for (at, entry) in self.model.side(side).iter().filter(|(at, _)| at.starts_with(path)) {
            if at == path {
                is.add_sum(&Tally::of(&entry.seen, false));
            } else if !(self.is_left_out(side, at) || is_source && is_skipped(entry.seen.kind)) {
                is.add(&name_of(at), &entry.seen, false);
            }
        }
        is.agreed = tally.agreed;
        if is == *tally { Ok(()) } else { refuse(format!("{path} on {side:?} holds {is:?}, not {tally:?}")) }
    }

    fn is_left_out(&self, side: Side, path: &RelPath) -> bool {
        let hidden = |(at, dir): &(Side, RelPath)| *at == side && path.starts_with(dir);
        self.model.unlistable.iter().any(hidden) || self.model.is_excluded(side, path, Kind::File)
    }

    fn trash(&mut self, side: Side, path: &RelPath) {
        let gone = self.model.remove_at(side, path);
        self.model.trash.extend(gone.into_iter().map(|(at, entry)| (side, at, entry)));
    }

    fn copy(&mut self, on: Side, path: &RelPath) {
        let all = self.model.side(on.other());
        let paths: Vec<RelPath> = all
            .iter()
            .filter(|(at, entry)| {
                at.starts_with(path) && !self.is_left_out(on.other(), at) && !is_skipped(entry.seen.kind)
            })
            .map(|(at, _)| at.clone())
            .collect();
        for at in paths {
            self.copy_one(on, &at);
        }
    }

    fn copy_one(&mut self, on: Side, path: &RelPath) {
        let Some(mut entry) = self.model.side(on.other()).get(path).cloned() else { return };
        entry.seen.ctime = self.model.tick();
        entry.seen.id = self.model.fresh_id();
        self.model.sides[on as usize].insert(path.clone(), entry);
    }

    // The base.

    fn record_mut(&mut self, key: DirKey) -> Result<&mut BTreeMap<Vec<u8>, Agreed>, Refused> {
        self.model.base.get_mut(&key).ok_or_else(|| Refused(format!("the base lacks the record {key:?}")))
    }

    /// The record of the directory that something is in.
    fn record(&self, path: &RelPath, dir: Option<DirKey>) -> Result<DirKey, Refused> {
        let (parent, _) = path.split().unwrap_or_default();
        dir.or_else(|| self.made.get(&parent).copied())
            .or_else(|| self.model.key_of(&parent))
            .ok_or_else(|| Refused(format!("the base has no record of {parent}, where {path} is")))
    }

    fn both(&self, path: &RelPath) -> Result<(Seen, Seen), Refused> {
        let seen = |side: Side| self.model.side(side).get(path).map(|entry| entry.seen);
        match (seen(Side::A), seen(Side::B)) {
            (Some(a), Some(b)) => Ok((a, b)),
            _ => Err(Refused(format!("{path} is not on both sides"))),
        }
    }

    /// The entry takes what both sides have now, a directory keeps its record.
    fn record_one(&mut self, path: &RelPath, dir: Option<DirKey>) -> Done {
        let (a, b) = self.both(path)?;
        let key = self.record(path, dir)?;
        let name = name_of(path);
        let known = self.record_mut(key)?.get(&name).and_then(|agreed| agreed.dir);
        if a.kind == Kind::Dir {
            return self.record_dir(path, dir);
        }
        if known.is_some() {
            self.forget(key, &name)?;
        }
        self.record_mut(key)?.insert(name, Agreed { a, b, dir: None });
        Ok(())
    }

    fn record_dir(&mut self, path: &RelPath, dir: Option<DirKey>) -> Done {
        let (a, b) = self.both(path)?;
        let key = self.record(path, dir)?;
        let known = self.record_mut(key)?.get(&name_of(path)).and_then(|agreed| agreed.dir);
        let own = known.unwrap_or_else(|| self.model.fresh_key());
        self.made.insert(path.clone(), own);
        self.record_mut(key)?.insert(name_of(path), Agreed { a, b, dir: Some(own) });
        Ok(())
    }

    /// All that was copied is agreed, in place of what was.
    fn record_tree(&mut self, path: &RelPath, dir: Option<DirKey>) -> Done {
        let key = self.record(path, dir)?;
        self.forget(key, &name_of(path))?;
        let beneath = |at: &&RelPath| at.starts_with(path);
        let paths: Vec<RelPath> = self.model.side(Side::A).keys().filter(beneath).cloned().collect();
        for at in paths.iter().filter(|at| self.both(at).is_ok()).cloned().collect::<Vec<_>>() {
            self.record_one(&at, if at == *path { dir } else { None })?;
        }
        Ok(())
    }

    fn take_base(&mut self, origin: &Origin) -> Result<Agreed, Refused> {
        let taken = self.record_mut(origin.dir)?.remove(&origin.name);
        taken.ok_or_else(|| Refused(format!("the base has nothing at {origin:?}")))
    }

    fn forget(&mut self, key: DirKey, name: &Name) -> Done {
        let Some(agreed) = self.record_mut(key)?.remove(name) else { return Ok(()) };
        let mut open: Vec<DirKey> = agreed.dir.into_iter().collect();
        while let Some(key) = open.pop() {
            let record = self.model.base.remove(&key).unwrap_or_default();
            open.extend(record.values().filter_map(|agreed| agreed.dir));
        }
        Ok(())
    }
}

/// What is never copied.
fn is_skipped(kind: Kind) -> bool {
    matches!(kind, Kind::Special | Kind::Unreadable)
}

fn name_of(path: &RelPath) -> Vec<u8> {
    path.split().map(|(_, name)| name.to_vec()).unwrap_or_default()
}
