//! Half-made things of killed runs (S2).
//!
//! Before a run makes something under a temporary name it writes down in which directory; a run that ends takes the list
//! away. So the next run knows where to look without searching the sides.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use reconcile::{Kind, RelPath, Seen, Side};
use serde::{Deserialize, Serialize};
use syncmgr::RunId;

use super::{Apply, Trouble};
use crate::journal::{self, Deed, OnSide, Text};
use crate::notes::Notes;
use crate::side::SideError;
use crate::side::names::TempName;
use crate::side::write::{WriteDir, WriteSide};
use crate::trash::{self, Trash};

const FILE: &str = "open.jsonl";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Run { run: u64, tag: u32, boot: Option<String> },
    In { on: OnSide, dir: Text },
}

/// The list of directories in which the run has half-made things.
pub(crate) struct OpenDirs {
    notes: Arc<dyn Notes>,
    run: RunId,
    tag: u32,
    known: HashSet<(Side, RelPath)>,
    /// Something may have stayed: the list is kept for the next run.
    left: bool,
}

impl OpenDirs {
    pub(crate) fn new(notes: Arc<dyn Notes>, run: RunId, tag: u32) -> Self {
        Self { notes, run, tag, known: HashSet::new(), left: false }
    }

    /// Something half-made is going to be in that directory.
    pub(super) fn add(&mut self, on: Side, dir: &RelPath) -> io::Result<()> {
        let first = self.known.is_empty();
        if !self.known.insert((on, dir.clone())) {
            return Ok(());
        }
        let mut text = Vec::new();
        if first {
            line(&mut text, &Line::Run { run: self.run.0, tag: self.tag, boot: self.notes.boot() })?;
        }
        line(&mut text, &Line::In { on: on.into(), dir: dir.into() })?;
        // Not flushed: a killed process leaves it, and after a power failure the names are as likely lost as this is.
        self.notes.append(Path::new(FILE), &text, false)
    }

    /// Something went wrong where half-made things are.
    pub(super) fn left_behind(&mut self) {
        self.left = true;
    }

    /// Nothing half-made is left of what was listed so far, unless something went wrong.
    pub(super) fn close(&mut self) {
        if !self.known.is_empty() && !self.left {
            // Should it stay, the next run looks once in vain.
            let _ = self.notes.remove(Path::new(FILE));
        }
        self.known.clear();
    }
}

fn line(text: &mut Vec<u8>, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    Ok(())
}

/// What a sweep came to.
#[derive(Debug, Default)]
pub(crate) struct Swept {
    /// Half-made things that were found and are gone.
    pub(crate) found: u64,
    /// What could not be reached or removed; the list stays for the next run.
    pub(crate) refused: Vec<SideError>,
    /// Runs that were killed and whose work is all there: the machine has been up ever since.
    pub(crate) runs: Vec<RunId>,
    /// Whether there was a list.
    listed: bool,
}

impl Swept {
    /// Takes the list away, once the base knows of those runs: who is killed before that has to look again.
    pub(crate) fn close(&self, notes: &dyn Notes) {
        if self.listed && self.refused.is_empty() {
            let _ = notes.remove(Path::new(FILE));
        }
    }
}

/// Removes what a killed run left half-made. What a run had just replaced, and not yet moved to its trash, goes there.
pub(crate) fn sweep(notes: &dyn Notes, sides: [&dyn WriteSide; 2]) -> Swept {
    let mut swept = Swept::default();
    let Ok(Some(text)) = notes.read(Path::new(FILE)) else { return swept };
    swept.listed = true;
    let mut run = None;
    for line in text.split(|&byte| byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(Line::Run { run: id, tag, boot }) => {
                run = Killed::read(notes, RunId(id), tag);
                if boot.is_some() && boot == notes.boot() {
                    swept.runs.push(RunId(id));
                }
            }
            Ok(Line::In { on, dir }) => {
                if let (Some(killed), Some(dir)) = (&run, dir.path()) {
                    match killed.sweep_dir(sides[Side::from(on) as usize], on, &dir) {
                        Ok(found) => swept.found += found,
                        Err(error) => swept.refused.push(error),
                    }
                }
            }
            // Cut short by the crash: then nothing was made there yet.
            Err(_) => {}
        }
    }
    swept
}

impl Apply<'_> {
    /// Clears half-made things away that the list does not know: it may be lost with the power, or the directory was
    /// moved since. To the trash, for an old version may be among them that was just being replaced.
    pub(crate) fn clear(&mut self, left_over: &[(Side, RelPath)]) {
        for (on, dir) in left_over {
            if let Err(error) = self.clear_dir(*on, dir) {
                self.trouble(Trouble { on: *on, path: dir.clone(), why: error.into() });
            }
        }
    }

    fn clear_dir(&self, on: Side, dir: &RelPath) -> Result<(), SideError> {
        let folder = self.side(on).folder(dir)?;
        for temp in folder.temps()?.into_iter().filter(|temp| temp.is_of(self.ground.tag)) {
            let name = temp.to_name();
            self.trash[on as usize].take(&*folder, &name, &dir.join(&name))?;
        }
        Ok(())
    }
}

/// What is known of a killed run.
struct Killed {
    run: RunId,
    tag: u32,
    /// Replacements that it was going to make: side, path, temporary name, and the new version.
    replaced: Vec<(OnSide, RelPath, Vec<u8>, Seen)>,
}

impl Killed {
    /// None if its journal cannot be read: nobody knows then what is half-made and what is an old version.
    fn read(notes: &dyn Notes, run: RunId, tag: u32) -> Option<Self> {
        // Also what was taken back: where names had changed places and could not change back, the old version is still
        // under the temporary name.
        let deeds = journal::lines(notes, run).ok()?.unwrap_or_default();
        let replaced = deeds.into_iter().filter_map(|deed| match deed {
            Deed::Replace { on, path, temp, made, .. } => Some((on, path.path()?, temp.0, Seen::from(made))),
            _ => None,
        });
        Some(Self { run, tag, replaced: replaced.collect() })
    }

    fn sweep_dir(&self, side: &dyn WriteSide, on: OnSide, dir: &RelPath) -> Result<u64, SideError> {
        let folder = match side.folder(dir) {
            Ok(folder) => folder,
            // Moved or deleted since, by somebody who then has what was in it.
            Err(error) if is_gone(&error) => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut found = 0;
        for temp in folder.temps()?.into_iter().filter(|temp| temp.tag == self.tag) {
            self.sweep_one(side, &*folder, on, temp)?;
            found += 1;
        }
        Ok(found)
    }

    fn sweep_one(
        &self,
        side: &dyn WriteSide,
        folder: &dyn WriteDir,
        on: OnSide,
        temp: TempName,
    ) -> Result<(), SideError> {
        let name = temp.to_name();
        let Some(seen) = folder.look(&name)? else { return Ok(()) };
        let replaced = self.replaced.iter().find(|(at, path, temp, _)| {
            *at == on && *temp == name && path.split().is_some_and(|(dir, _)| dir == *folder.path())
        });
        match replaced {
            // Names had changed places when the run was killed: this is the person's old version. Or a directory that
            // people saw for a moment, and may have put something into, was taken back.
            Some((_, path, _, made))
                if seen.kind == Kind::Dir || !super::check::same_but_renamed(made, &seen) =>
            {
                Trash::new(side, self.run).take(folder, &name, path).map(drop)
            }
            _ if seen.kind == Kind::Dir => trash::remove_tree(side, &folder.path().join(&name)).map(drop),
            _ => folder.remove(&name, seen.kind),
        }
    }
}

fn is_gone(error: &SideError) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error, SideError::Io { source, .. } if matches!(source.kind(), NotFound | NotADirectory))
}
