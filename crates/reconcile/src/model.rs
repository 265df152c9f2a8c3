//! Two sides and a base in memory, for tests: a [`World`] to plan over, and an executor that is as strict as a plan
//! allows. Whatever it refuses is a mistake of the plan, or a version that the plan did not see.

mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::entry::{Agreed, Extras, FileId, Kind, Owner, Seen, Side, Time};
use crate::path::RelPath;
use crate::plan::Plan;
use crate::world::{Agreement, DirKey, Listing, Unreadable, World};
use run::Run;

/// Seconds at which the model's clock starts.
pub const EPOCH: i64 = 1_700_000_000;

/// What is at one path of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As a status call shows it.
    pub seen: Seen,
    /// A file's bytes, a link's target; empty for all others.
    pub content: Vec<u8>,
}

/// Both sides, the base, and what stands in the way of looking.
#[derive(Debug, Clone)]
pub struct Model {
    sides: [BTreeMap<RelPath, Entry>; 2],
    base: BTreeMap<DirKey, BTreeMap<Vec<u8>, Agreed>>,
    /// Directories that refuse to be listed.
    pub unlistable: BTreeSet<(Side, RelPath)>,
    /// Names that a filter leaves out, wherever they are.
    pub excluded: BTreeSet<Vec<u8>>,
    /// What actions took away: the side, where, and what it was.
    pub trash: Vec<(Side, RelPath, Entry)>,
    /// Whether the sides tell when something was born.
    pub births: bool,
    /// Owner and attributes of what people make; unknown unless the pair keeps them.
    pub extras: Extras,
    /// Contents of each side when the last run ended.
    agreed_contents: [BTreeSet<Vec<u8>>; 2],
    clock: i64,
    next_ino: u64,
    next_key: u64,
    /// How many times contents were compared.
    pub comparisons: Comparisons,
}

/// A counter that a reading world can move.
#[derive(Debug, Clone, Default)]
pub struct Comparisons(Arc<AtomicU64>);

impl Comparisons {
    /// How many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn bump(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What an executor refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

type Done = Result<(), Refused>;

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

impl Model {
    /// Two empty sides that never met.
    pub fn new() -> Self {
        Self {
            sides: [BTreeMap::new(), BTreeMap::new()],
            base: BTreeMap::from([(DirKey::ROOT, BTreeMap::new())]),
            unlistable: BTreeSet::new(),
            excluded: BTreeSet::new(),
            trash: Vec::new(),
            births: true,
            extras: Extras::default(),
            agreed_contents: [BTreeSet::new(), BTreeSet::new()],
            clock: 0,
            next_ino: 100,
            next_key: 2,
            comparisons: Comparisons::default(),
        }
    }

    /// The model's present, as it goes into files.
    pub fn now(&self) -> Time {
        Time { secs: EPOCH + self.clock, nanos: 500 }
    }

    fn tick(&mut self) -> Time {
        self.clock += 1;
        self.now()
    }

    /// Whether the base has nothing.
    pub fn base_is_empty(&self) -> bool {
        self.base.get(&DirKey::ROOT).is_none_or(BTreeMap::is_empty)
    }

    /// How many entries and how many files the base has.
    pub fn base_counts(&self) -> (u64, u64) {
        let all = || self.base.values().flat_map(BTreeMap::values);
        let files = all().filter(|agreed| agreed.a.kind == Kind::File).count() as u64;
        (all().count() as u64, files)
    }

    /// Forgets all that was agreed.
    pub fn lose_base(&mut self) {
        self.base = BTreeMap::from([(DirKey::ROOT, BTreeMap::new())]);
    }

    /// The same with the sides exchanged.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut mirrored = self.clone();
        mirrored.sides.swap(0, 1);
        for agreed in mirrored.base.values_mut().flat_map(BTreeMap::values_mut) {
            std::mem::swap(&mut agreed.a, &mut agreed.b);
        }
        mirrored.unlistable =
            self.unlistable.iter().map(|(side, path)| (side.other(), path.clone())).collect();
        mirrored
    }

    /// All of one side.
    pub fn side(&self, side: Side) -> &BTreeMap<RelPath, Entry> {
        &self.sides[side as usize]
    }

    /// One entry.
    pub fn get(&self, side: Side, path: &str) -> Option<&Entry> {
        self.side(side).get(&rel(path))
    }

    /// A file's content as text.
    pub fn read(&self, side: Side, path: &str) -> Option<String> {
        self.get(side, path).map(|entry| String::from_utf8_lossy(&entry.content).into_owned())
    }

    /// One side as lines, each a path with what is there: for comparing and showing.
    pub fn show(&self, side: Side) -> Vec<String> {
        let line = |(path, entry): (&RelPath, &Entry)| match entry.seen.kind {
            Kind::Dir => format!("{path}/"),
            Kind::Link => format!("{path} -> {}", String::from_utf8_lossy(&entry.content)),
            Kind::File => format!("{path} = {}", String::from_utf8_lossy(&entry.content)),
            Kind::Special => format!("{path} (special)"),
            Kind::Unreadable => format!("{path} (unreadable)"),
        };
        self.side(side).iter().map(line).collect()
    }

    /// The base's paths, in order.
    pub fn show_base(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut open = vec![(RelPath::root(), DirKey::ROOT)];
        while let Some((path, key)) = open.pop() {
            for (name, agreed) in self.base.get(&key).into_iter().flatten() {
                let path = path.join(name);
                lines.push(format!("{path}{}", if agreed.dir.is_some() { "/" } else { "" }));
                open.extend(agreed.dir.map(|dir| (path, dir)));
            }
        }
        lines.sort();
        lines
    }

    /// What the base has of a path.
    pub fn agreed(&self, path: &str) -> Option<&Agreed> {
        let (parent, name) = rel_split(path)?;
        self.base.get(&self.key_of(&parent)?)?.get(&name)
    }

    fn key_of(&self, dir: &RelPath) -> Option<DirKey> {
        dir.names().try_fold(DirKey::ROOT, |key, name| self.base.get(&key)?.get(name)?.dir)
    }

    /// Whether a side's content was there when both sides last agreed: what people did not do since.
    pub fn knew(&self, side: Side, content: &[u8]) -> bool {
        self.agreed_contents[side as usize].contains(content)
    }

    fn remember_contents(&mut self) {
        for side in Side::BOTH {
            let contents = self.side(side).values().map(|entry| entry.content.clone());
            self.agreed_contents[side as usize] = contents.collect();
        }
    }

    fn fresh_id(&mut self) -> FileId {
        self.next_ino += 1;
        let birth = if self.births { (EPOCH + self.clock) * 1_000_000_000 + self.next_ino as i64 } else { 0 };
        FileId { ino: self.next_ino, birth }
    }

    fn fresh_key(&mut self) -> DirKey {
        self.next_key += 1;
        self.base.insert(DirKey(self.next_key), BTreeMap::new());
        DirKey(self.next_key)
    }

    // What people do.

    /// Writes a file, with all directories that lead to it: a new one, or the same one with other content.
    pub fn write(&mut self, side: Side, path: &str, content: &str) {
        let path = rel(path);
        self.lead_to(side, &path);
        let time = self.tick();
        let known = self.side(side).get(&path).filter(|entry| entry.seen.kind == Kind::File);
        let (id, mode, extras) = match known {
            Some(entry) => (entry.seen.id, entry.seen.mode, entry.seen.extras),
            None => (self.fresh_id(), 0o644, self.extras),
        };
        self.remove_at(side, &path);
        let content = content.as_bytes().to_vec();
        let size = content.len() as u64;
        let seen = Seen { kind: Kind::File, mode, size, mtime: time, ctime: time, id, extras };
        self.sides[side as usize].insert(path, Entry { seen, content });
    }

    /// Makes a directory, with all that lead to it.
    pub fn mkdir(&mut self, side: Side, path: &str) {
        let path = rel(path);
        self.lead_to(side, &path.join(b"x"));
    }

    /// Makes a link.
    pub fn link(&mut self, side: Side, path: &str, target: &str) {
        let at = rel(path);
        self.lead_to(side, &at);
        self.insert(side, &at, Kind::Link, 0o777, target.as_bytes());
    }

    /// Puts something there that is no file, directory or link.
    pub fn special(&mut self, side: Side, path: &str) {
        let at = rel(path);
        self.lead_to(side, &at);
        self.insert(side, &at, Kind::Special, 0o644, b"");
    }

    fn insert(&mut self, side: Side, path: &RelPath, kind: Kind, mode: u32, content: &[u8]) {
        let (time, id) = (self.tick(), self.fresh_id());
        self.remove_at(side, path);
        let size = content.len() as u64;
        let seen = Seen { kind, mode, size, mtime: time, ctime: time, id, extras: self.extras };
        self.sides[side as usize].insert(path.clone(), Entry { seen, content: content.to_vec() });
    }

    fn lead_to(&mut self, side: Side, path: &RelPath) {
        let Some((parent, _)) = path.split() else { return };
        if parent.is_root() {
            return;
        }
        self.lead_to(side, &parent);
        if self.side(side).get(&parent).is_none_or(|entry| entry.seen.kind != Kind::Dir) {
            self.insert(side, &parent, Kind::Dir, 0o755, b"");
        }
    }

    /// Removes what is at a path, with all beneath.
    pub fn remove(&mut self, side: Side, path: &str) {
        self.remove_at(side, &rel(path));
    }

    fn remove_at(&mut self, side: Side, path: &RelPath) -> Vec<(RelPath, Entry)> {
        let all = &mut self.sides[side as usize];
        let paths: Vec<RelPath> = all.keys().filter(|at| at.starts_with(path)).cloned().collect();
        paths.into_iter().filter_map(|at| all.remove(&at).map(|entry| (at, entry))).collect()
    }

    /// Renames what is at a path, if the new place is free, its directory is there, and it is not inside itself.
    pub fn rename(&mut self, side: Side, from: &str, to: &str) -> bool {
        self.rename_at(side, &rel(from), &rel(to))
    }

    fn rename_at(&mut self, side: Side, from: &RelPath, to: &RelPath) -> bool {
        let all = self.side(side);
        let has_parent = to.split().is_some_and(|(parent, _)| {
            parent.is_root() || all.get(&parent).is_some_and(|entry| entry.seen.kind == Kind::Dir)
        });
        if !all.contains_key(from) || all.contains_key(to) || !has_parent || to.starts_with(from) {
            return false;
        }
        let time = self.tick();
        for (at, mut entry) in self.remove_at(side, from) {
            if at == *from {
                entry.seen.ctime = time;
            }
            let beneath = at.names().skip(from.names().count());
            let at = beneath.fold(to.clone(), |path, name| path.join(name));
            self.sides[side as usize].insert(at, entry);
        }
        true
    }

    /// Exchanges the names of two things, neither inside the other.
    pub fn swap(&mut self, side: Side, x: &str, y: &str) -> bool {
        if rel(x).starts_with(&rel(y)) || rel(y).starts_with(&rel(x)) || self.get(side, y).is_none() {
            return false;
        }
        self.rename(side, x, ".swap") && self.rename(side, y, x) && self.rename(side, ".swap", y)
    }

    /// Changes permissions.
    pub fn chmod(&mut self, side: Side, path: &str, mode: u32) {
        let time = self.tick();
        if let Some(entry) = self.sides[side as usize].get_mut(&rel(path)) {
            entry.seen.mode = mode;
            entry.seen.ctime = time;
        }
    }

    /// Gives it to another user.
    pub fn chown(&mut self, side: Side, path: &str, user: u32) {
        let time = self.tick();
        self.alter(side, path, |entry| {
            entry.seen.extras.owner = Owner { user, group: user };
            entry.seen.ctime = time;
        });
    }

    /// Gives it other extended attributes.
    pub fn set_attributes(&mut self, side: Side, path: &str, digest: u64) {
        let time = self.tick();
        self.alter(side, path, |entry| {
            entry.seen.extras.attributes = digest;
            entry.seen.ctime = time;
        });
    }

    /// Sets the time of the last change to now.
    pub fn touch(&mut self, side: Side, path: &str) {
        let time = self.tick();
        self.set_mtime(side, path, time);
    }

    /// Sets the time of the last change.
    pub fn set_mtime(&mut self, side: Side, path: &str, mtime: Time) {
        let time = self.tick();
        if let Some(entry) = self.sides[side as usize].get_mut(&rel(path)) {
            entry.seen.mtime = mtime;
            entry.seen.ctime = time;
        }
    }

    /// Changes what a status call shows, whatever it is.
    pub fn alter(&mut self, side: Side, path: &str, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.sides[side as usize].get_mut(&rel(path)) {
            change(entry);
        }
    }

    // What a run does.

    /// Carries a plan out: first what only the base must learn, then the actions in their order.
    ///
    /// # Errors
    /// An action does not meet what the plan saw, or what must be there or absent for it.
    pub fn apply(&mut self, plan: &Plan) -> Done {
        self.apply_some(plan, plan.actions.len())?;
        self.remember_contents();
        Ok(())
    }

    /// The same, but the run is killed after that many actions.
    ///
    /// # Errors
    /// As for a whole run.
    pub fn apply_some(&mut self, plan: &Plan, actions: usize) -> Done {
        let mut run = Run { model: self, made: BTreeMap::new() };
        for settle in &plan.settle {
            run.settle(settle)?;
        }
        for action in plan.actions.iter().take(actions) {
            run.act(action).map_err(|Refused(why)| Refused(format!("{}: {why}", action.path)))?;
        }
        self.check_base()
    }

    /// Every record of the base must be reachable from its root, exactly once.
    fn check_base(&self) -> Done {
        let mut reached = BTreeSet::from([DirKey::ROOT]);
        let mut open = vec![DirKey::ROOT];
        while let Some(key) = open.pop() {
            let Some(record) = self.base.get(&key) else {
                return refuse(format!("the base lacks the record {key:?}"));
            };
            for (name, agreed) in record {
                let dir = agreed.dir;
                let shown = RelPath::root().join(name);
                if agreed.a.kind != agreed.b.kind || (agreed.a.kind == Kind::Dir) != dir.is_some() {
                    return refuse(format!("{shown} in record {key:?} is of no one kind"));
                }
                if let Some(dir) = dir {
                    if !reached.insert(dir) {
                        return refuse(format!("{shown} shares the record {dir:?}"));
                    }
                    open.push(dir);
                }
            }
        }
        if reached.len() == self.base.len() {
            return Ok(());
        }
        refuse("the base has records that nothing leads to".to_owned())
    }
}

/// A path of a test; what is no path is the root.
pub fn rel(path: &str) -> RelPath {
    RelPath::from_bytes(path.as_bytes()).unwrap_or_default()
}

fn rel_split(path: &str) -> Option<(RelPath, Vec<u8>)> {
    rel(path).split().map(|(parent, name)| (parent, name.to_vec()))
}

fn refuse(why: String) -> Done {
    Err(Refused(why))
}

impl World for Model {
    fn list(&self, side: Side, dir: &RelPath) -> Result<Listing, Unreadable> {
        if self.unlistable.contains(&(side, dir.clone())) {
            return Err(Unreadable { reason: "listing refused".to_owned() });
        }
        let is_dir = |entry: &Entry| entry.seen.kind == Kind::Dir;
        if !dir.is_root() && !self.side(side).get(dir).is_some_and(is_dir) {
            return Err(Unreadable { reason: format!("{dir} is no directory on {side:?}") });
        }
        let mut listing = Listing::default();
        for (path, entry) in self.side(side) {
            if let Some((parent, name)) = path.split()
                && parent == *dir
            {
                if self.excluded.contains(name) {
                    listing.excluded += 1;
                } else {
                    listing.push(name, entry.seen);
                }
            }
        }
        listing.sort();
        Ok(listing)
    }

    fn agreement(&self, dir: DirKey) -> Option<Agreement> {
        let mut agreement = Agreement::default();
        for (name, agreed) in self.base.get(&dir)? {
            agreement.push(name, *agreed);
        }
        Some(agreement)
    }

    fn same_content(&self, a: &RelPath, b: &RelPath) -> Result<bool, Unreadable> {
        self.comparisons.bump();
        let read = |side: Side, path: &RelPath| {
            let lacks = || Unreadable { reason: format!("{path} is not on {side:?}") };
            self.side(side).get(path).map(|entry| &entry.content).ok_or_else(lacks)
        };
        Ok(read(Side::A, a)? == read(Side::B, b)?)
    }

    fn is_excluded(&self, _: Side, path: &RelPath, _: Kind) -> bool {
        path.names().any(|name| self.excluded.contains(name))
    }
}
