//! What a program keeps about a pair, in memory: the base and the notes.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reconcile::{Agreement, DirKey, RelPath, Side};
use rustix::io::Errno;
use syncmgr::RunId;

use crate::base::{BaseError, BaseRead, BaseStore, Children, RootIdentity, Transaction};
use crate::notes::Notes;
use crate::side::simulated::{Call, Chance, Machine};

/// A pair's own directory on a third disk of the machine.
#[derive(Clone)]
pub(super) struct Home {
    machine: Machine,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    records: BTreeMap<DirKey, Agreement>,
    next_key: u64,
    notes: BTreeMap<PathBuf, Note>,
    /// How often the power has failed.
    power_losses: u32,
}

#[derive(Default)]
struct Note {
    bytes: Vec<u8>,
    /// So much of it survives a power failure.
    safe: usize,
    /// It was removed, but a power failure may bring it back.
    removed: bool,
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a simulated home")
    }
}

impl Home {
    pub(super) fn new(machine: &Machine) -> Self {
        Self { machine: machine.clone(), kept: Arc::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self, call: Call) -> Result<(), Errno> {
        self.machine.lock().step(call, None, &RelPath::root())
    }

    pub(super) fn is_new(&self) -> bool {
        self.kept().records.is_empty()
    }

    /// The base is lost, as a whole.
    pub(super) fn lose_base(&self) {
        self.kept().records.clear();
    }

    /// What the base says of a directory, without the machine noticing.
    pub(super) fn peek(&self, dir: DirKey) -> Option<Agreement> {
        self.kept().records.get(&dir).cloned()
    }

    /// The power failed: notes that were not flushed are there in part, or not.
    pub(super) fn lose(&self, chance: &mut Chance) {
        let mut kept = self.kept();
        kept.power_losses += 1;
        kept.notes.retain(|_, note| {
            if note.removed && chance.one_in(2) {
                return false;
            }
            note.removed = false;
            let keep = note.safe + chance.below(note.bytes.len() - note.safe + 1);
            note.bytes.truncate(keep);
            note.safe = keep;
            keep > 0
        });
    }

    /// Everything is safe from power failures.
    pub(super) fn settle(&self) {
        self.kept().notes.retain(|_, note| {
            note.safe = note.bytes.len();
            !note.removed
        });
    }

    fn refused(errno: Errno) -> BaseError {
        BaseError::Io { path: PathBuf::from("base"), what: "write the base", source: errno.into() }
    }
}

impl BaseRead for Home {
    fn agreement(&self, dir: DirKey) -> Result<Option<Agreement>, BaseError> {
        Ok(self.peek(dir))
    }
}

impl BaseStore for Home {
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, BaseError> {
        let next_key = self.kept().next_key.max(DirKey::ROOT.0 + 1);
        Ok(Box::new(Txn { home: self, next_key, changes: BTreeMap::new() }))
    }
}

#[derive(Debug)]
struct Txn<'h> {
    home: &'h Home,
    next_key: u64,
    changes: BTreeMap<DirKey, Option<Agreement>>,
}

impl Transaction for Txn<'_> {
    fn dir(&self, key: DirKey) -> Result<Option<Agreement>, BaseError> {
        Ok(match self.changes.get(&key) {
            Some(changed) => changed.clone(),
            None => self.home.peek(key),
        })
    }

    fn put_all(&mut self, key: DirKey, children: Children<'_, '_>) -> Result<(), BaseError> {
        let mut agreement = Agreement::default();
        children.for_each(|(name, agreed)| agreement.push(name, *agreed));
        self.changes.insert(key, Some(agreement));
        Ok(())
    }

    fn new_key(&mut self) -> DirKey {
        self.next_key += 1;
        DirKey(self.next_key - 1)
    }

    fn remove(&mut self, key: DirKey) -> Result<u64, BaseError> {
        let there = self.dir(key)?.is_some();
        self.changes.insert(key, None);
        Ok(u64::from(there))
    }

    fn remove_tree(&mut self, key: DirKey) -> Result<u64, BaseError> {
        let mut removed = 0;
        let mut left = vec![key];
        while let Some(key) = left.pop() {
            if let Some(agreement) = self.dir(key)? {
                left.extend(agreement.iter().filter_map(|(_, agreed)| agreed.dir));
            }
            removed += self.remove(key)?;
        }
        Ok(removed)
    }

    fn sweep(&mut self) -> Result<u64, BaseError> {
        Ok(0)
    }

    fn set_root(&mut self, _side: Side, _root: &RootIdentity) -> Result<(), BaseError> {
        Ok(())
    }

    fn set_filter(&mut self, _fingerprint: &[u8; 32]) -> Result<(), BaseError> {
        Ok(())
    }

    fn set_last_clean_run(&mut self, _run: RunId) -> Result<(), BaseError> {
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<(), BaseError> {
        self.home.call(Call::Commit).map_err(Home::refused)?;
        let mut kept = self.home.kept();
        kept.next_key = self.next_key;
        for (key, change) in self.changes {
            match change {
                Some(agreement) => drop(kept.records.insert(key, agreement)),
                None => drop(kept.records.remove(&key)),
            }
        }
        // A base that was begun is one, even if it says nothing.
        kept.records.entry(DirKey::ROOT).or_default();
        Ok(())
    }
}

impl Notes for Home {
    fn append(&self, name: &Path, bytes: &[u8], durable: bool) -> io::Result<()> {
        self.call(Call::Note)?;
        let mut kept = self.kept();
        let note = kept.notes.entry(name.into()).or_default();
        if note.removed {
            *note = Note::default();
        }
        note.bytes.extend_from_slice(bytes);
        if durable {
            note.safe = note.bytes.len();
        }
        Ok(())
    }

    fn read(&self, name: &Path) -> io::Result<Option<Vec<u8>>> {
        self.call(Call::Read)?;
        Ok(self.kept().notes.get(name).filter(|note| !note.removed).map(|note| note.bytes.clone()))
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        self.call(Call::Note)?;
        if let Some(note) = self.kept().notes.get_mut(name) {
            note.removed = true;
        }
        Ok(())
    }

    fn place(&self, name: &Path) -> PathBuf {
        name.into()
    }

    fn boot(&self) -> Option<String> {
        Some(self.kept().power_losses.to_string())
    }
}
