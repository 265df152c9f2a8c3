//! What a power failure leaves of the changes since the last flush.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::chance::Chance;
use super::disk::{Body, Disk, Inode, Key, Meta, ROOT};

/// One change, as a file system's own log knows it.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// An object without a name.
    Make { key: Key, inode: Box<Inode> },
    /// It gets a name.
    Enter { dir: Key, name: Arc<[u8]>, key: Key },
    /// It loses a name.
    Leave { dir: Key, name: Arc<[u8]>, key: Key },
    /// It gets another name in place of one.
    Rename { from: (Key, Arc<[u8]>), to: (Key, Arc<[u8]>), key: Key, there: Option<Key>, exchange: bool },
    /// All that an object has besides its content and its names.
    Attributes { key: Key, is: Meta },
    /// Content.
    Data { key: Key, content: Arc<[u8]>, by_person: bool },
}

/// The contents that were written to a file one after the other, and whether a person wrote them.
type Writes = Vec<(Arc<[u8]>, bool)>;

/// What a file system promises about the order in which changes reach the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Names and attributes in the order in which they were made (a journal); data whenever it pleases.
    Journal,
    /// Names of one directory in their order, none in a directory that has itself not arrived, one rename as a whole;
    /// nothing else ("soft updates").
    Loose,
}

impl Order {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Journal, Self::Loose].into_iter().find(|order| format!("{order:?}") == word)
    }
}

/// What came out of a power failure.
#[derive(Debug, Default)]
pub(crate) struct Loss {
    /// Contents that nobody wrote, left where a person's program had not flushed what it wrote.
    pub(crate) damaged: Vec<Arc<[u8]>>,
}

impl Disk {
    /// Everything so far is safe from power failures.
    pub(crate) fn flush(&mut self) {
        if let Some(log) = &mut self.log {
            log.clear();
            let now: Vec<_> = self.inodes_mut().clone();
            self.flushed = now;
        }
    }

    /// The disk as it was at the last flush, alone.
    pub(super) fn as_flushed(&self) -> Self {
        let mut flushed = Self::new(self.traits, false);
        flushed.inodes_mut().clone_from(&self.flushed);
        flushed
    }

    /// The power fails: chance decides what is left of the changes since the last flush.
    pub(crate) fn lose(&mut self, order: Order, chance: &mut Chance) -> Loss {
        let Some(log) = self.log.take() else { return Loss::default() };
        let mut image = Image { inodes: std::mem::take(&mut self.flushed), stuck: HashSet::new() };
        let stop = match order {
            Order::Journal => chance.below(log.len() + 1),
            Order::Loose => log.len(),
        };
        let mut data: HashMap<Key, Writes> = HashMap::new();
        for (at, change) in log.into_iter().enumerate() {
            if let Change::Data { key, content, by_person } = change {
                data.entry(key).or_default().push((content, by_person));
            } else if at < stop {
                image.apply(change, order == Order::Loose && chance.one_in(4));
            }
        }
        let mut data: Vec<_> = data.into_iter().collect();
        data.sort_by_key(|(key, _)| *key);
        let mut loss = Loss::default();
        for (key, writes) in data {
            image.data(key, &writes, chance, &mut loss);
        }
        image.sweep();
        *self.inodes_mut() = image.inodes;
        self.log = Some(Vec::new());
        self.flush();
        loss
    }
}

/// A disk as it comes up again.
struct Image {
    inodes: Vec<Option<Inode>>,
    /// Directories whose later changes are lost, and objects that never came to be.
    stuck: HashSet<Key>,
}

impl Image {
    fn get(&mut self, key: Key) -> Option<&mut Inode> {
        self.inodes.get_mut(key as usize).and_then(Option::as_mut)
    }

    fn children(&mut self, dir: Key) -> Option<&mut BTreeMap<Arc<[u8]>, Key>> {
        match &mut self.get(dir)?.body {
            Body::Dir(children) => Some(children),
            _ => None,
        }
    }

    /// Does a change if nothing before it that it builds on was lost, and if it is not itself.
    fn apply(&mut self, change: Change, lost: bool) {
        match change {
            Change::Make { key, inode } => {
                let at = key as usize;
                if self.inodes.len() <= at {
                    self.inodes.resize(at + 1, None);
                }
                self.inodes[at] = Some(*inode);
            }
            Change::Enter { dir, name, key } => {
                if !self.goes_on(&[dir], lost) {
                    self.stuck.insert(key);
                } else if let Some(children) = self.children(dir) {
                    children.insert(name, key);
                }
            }
            Change::Leave { dir, name, key } => {
                // A directory's name goes only when it is known to be empty.
                let lost = lost || self.stuck.contains(&key);
                if self.goes_on(&[dir], lost)
                    && let Some(children) = self.children(dir)
                {
                    children.remove(&name);
                }
            }
            Change::Rename { from, to, key, there, exchange } => {
                let lost = lost
                    || (!exchange && there.is_some_and(|there| self.stuck.contains(&there)))
                    // No file system lets a directory end up in itself, whatever else it loses.
                    || self.is_within(to.0, key)
                    || (exchange && there.is_some_and(|there| self.is_within(from.0, there)));
                if !self.goes_on(&[from.0, to.0], lost) {
                    return;
                }
                if let Some(children) = self.children(from.0) {
                    children.remove(&from.1);
                }
                if let Some(children) = self.children(to.0) {
                    children.insert(to.1, key);
                }
                if exchange
                    && let Some(there) = there
                    && let Some(children) = self.children(from.0)
                {
                    children.insert(from.1, there);
                }
            }
            Change::Attributes { key, is } => {
                if !lost && let Some(inode) = self.get(key) {
                    inode.set_meta(is);
                }
            }
            Change::Data { .. } => {}
        }
    }

    fn is_within(&mut self, dir: Key, top: Key) -> bool {
        let mut left = vec![top];
        while let Some(at) = left.pop() {
            if at == dir {
                return true;
            }
            left.extend(self.children(at).into_iter().flat_map(|children| children.values().copied()));
        }
        false
    }

    fn goes_on(&mut self, dirs: &[Key], lost: bool) -> bool {
        let goes_on = !lost && dirs.iter().all(|dir| !self.stuck.contains(dir));
        if !goes_on {
            self.stuck.extend(dirs);
        }
        goes_on
    }

    /// Chooses how much of a file's writes arrived.
    fn data(&mut self, key: Key, writes: &[(Arc<[u8]>, bool)], chance: &mut Chance, loss: &mut Loss) {
        let Some(Inode { body: Body::File(bytes) | Body::Link(bytes), .. }) = self.get(key) else { return };
        let Some((last, by_person)) = writes.last() else { return };
        let torn: Arc<[u8]> = match chance.below(6) {
            0 => Arc::clone(bytes),
            1 => Arc::from(&b""[..]),
            2 => last[..last.len() / 2].into(),
            3 => vec![0; last.len()].into(),
            4 => Arc::clone(&writes[chance.below(writes.len())].0),
            _ => Arc::clone(last),
        };
        if *by_person && torn != *last {
            loss.damaged.push(Arc::clone(&torn));
        }
        *bytes = torn;
    }

    /// Frees what no path leads to, drops names that lead to nothing, and counts names again.
    fn sweep(&mut self) {
        for inode in self.inodes.iter_mut().flatten() {
            inode.names = 0;
        }
        let mut reached = HashSet::from([ROOT]);
        let mut left = vec![ROOT];
        if let Some(root) = self.get(ROOT) {
            root.names = 1;
        }
        while let Some(dir) = left.pop() {
            let Some(children) = self.children(dir) else { continue };
            let children: Vec<_> = children.iter().map(|(name, key)| (Arc::clone(name), *key)).collect();
            for (name, key) in children {
                let is_dir = match self.get(key) {
                    Some(inode) => {
                        inode.names += 1;
                        matches!(inode.body, Body::Dir(_))
                    }
                    None => {
                        if let Some(children) = self.children(dir) {
                            children.remove(&name);
                        }
                        continue;
                    }
                };
                if reached.insert(key) && is_dir {
                    left.push(key);
                }
            }
        }
        for (key, inode) in self.inodes.iter_mut().enumerate() {
            if !reached.contains(&(key as Key)) {
                *inode = None;
            }
        }
    }
}
