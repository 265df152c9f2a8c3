//! What a run did to the sides, one JSON object a line, written down before it is done: what `undo` reads, and what
//! tells the next run what a killed one left behind.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use reconcile::{Extras, Facets, FileId, Kind, Owner, RelPath, Seen, Side, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use syncmgr::RunId;

use crate::notes::Notes;
use crate::side::extras::{Attribute, ExtraValues, is_kept};

/// What kind of run wrote a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// An ordinary synchronization.
    Sync,
    /// Conflicts were settled.
    Resolve,
    /// Another run was taken back.
    Undo,
}

/// One line. What it says is *going to be* done; what then was not is taken back by a [`Deed::Void`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// The first line.
    Run {
        /// The run.
        run: u64,
        /// Its kind.
        kind: RunKind,
    },
    /// Things appear in a directory where nothing was.
    Create {
        /// The side.
        on: OnSide,
        /// The directory.
        dir: Text,
        /// Their names and what they are.
        made: Vec<(Text, Stamp)>,
    },
    /// A version takes the place of another.
    Replace {
        /// The side.
        on: OnSide,
        /// Where.
        path: Text,
        /// The name it has until then, in the same directory; afterwards the old version has it for a moment.
        temp: Text,
        /// The new version.
        made: Stamp,
        /// The old version; it goes to the trash.
        old: Stamp,
    },
    /// Something goes to the trash; a directory with all that is in it.
    Remove {
        /// The side.
        on: OnSide,
        /// Where it was.
        path: Text,
        /// What it was.
        old: Stamp,
    },
    /// An empty directory goes for good: what was in it has lines of its own.
    RemoveDir {
        /// The side.
        on: OnSide,
        /// Where it was.
        path: Text,
        /// What it was.
        old: Stamp,
    },
    /// Something gets another name.
    Move {
        /// The side.
        on: OnSide,
        /// The old name.
        from: Text,
        /// The new name.
        to: Text,
        /// What it is.
        seen: Stamp,
    },
    /// Permissions or times change.
    Meta {
        /// The side.
        on: OnSide,
        /// Where.
        path: Text,
        /// Before.
        before: Stamp,
        /// The new permissions, if they change.
        mode: Option<u32>,
        /// The new time, if it changes: seconds and nanoseconds.
        mtime: Option<(i64, u32)>,
        /// Owner and attributes before, if they change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extras: Option<ExtrasBefore>,
    },
    /// What the base said of a path before the run; only written where undoing must bring that back.
    Agreed {
        /// Where.
        path: Text,
        /// On A and on B; none when it said nothing.
        before: Option<(Stamp, Stamp)>,
    },
    /// All that was done so far is known to the base.
    Recorded,
    /// The line before it that names this path did not come to pass.
    Void {
        /// The side.
        on: OnSide,
        /// Where.
        path: Text,
    },
    /// The trash of this run was emptied: it cannot be taken back in full.
    Purged {
        /// The side.
        on: OnSide,
    },
}

/// A side, as `"a"` or `"b"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnSide {
    /// Side A.
    A,
    /// Side B.
    B,
}

impl From<Side> for OnSide {
    fn from(side: Side) -> Self {
        match side {
            Side::A => Self::A,
            Side::B => Self::B,
        }
    }
}

impl From<OnSide> for Side {
    fn from(side: OnSide) -> Self {
        match side {
            OnSide::A => Self::A,
            OnSide::B => Self::B,
        }
    }
}

/// Bytes of a name or path: a string where they are UTF-8, else a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text(pub Vec<u8>);

impl Text {
    /// The path, if it is one: a journal is a file, and files can be damaged (S8).
    pub fn path(&self) -> Option<RelPath> {
        RelPath::from_bytes(&self.0)
    }
}

impl From<&RelPath> for Text {
    fn from(path: &RelPath) -> Self {
        Self(path.as_bytes().to_vec())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Bytes(Vec<u8>),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Text(text) => Self(text.into_bytes()),
            Either::Bytes(bytes) => Self(bytes),
        })
    }
}

/// A [`Seen`] in a line: kind, mode, size, mtime, ctime, inode, birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp(char, u32, u64, (i64, u32), (i64, u32), u64, i64);

impl From<&Seen> for Stamp {
    fn from(seen: &Seen) -> Self {
        let kind = match seen.kind {
            Kind::File => 'f',
            Kind::Dir => 'd',
            Kind::Link => 'l',
            Kind::Special => 's',
            Kind::Unreadable => 'u',
        };
        let time = |time: Time| (time.secs, time.nanos);
        Self(kind, seen.mode, seen.size, time(seen.mtime), time(seen.ctime), seen.id.ino, seen.id.birth)
    }
}

impl From<Stamp> for Seen {
    fn from(stamp: Stamp) -> Self {
        let Stamp(kind, mode, size, mtime, ctime, ino, birth) = stamp;
        Self {
            kind: match kind {
                'f' => Kind::File,
                'd' => Kind::Dir,
                'l' => Kind::Link,
                's' => Kind::Special,
                _ => Kind::Unreadable,
            },
            mode,
            size,
            mtime: Time { secs: mtime.0, nanos: mtime.1 },
            ctime: Time { secs: ctime.0, nanos: ctime.1 },
            id: FileId { ino, birth },
            extras: Extras::default(),
        }
    }
}

/// Owner and attributes before they are changed, themselves: nothing else could bring them back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtrasBefore {
    /// User and group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<(u32, u32)>,
    /// Names and values of all attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attributes: Option<Vec<(Text, Text)>>,
}

impl ExtrasBefore {
    /// What of it is known.
    pub fn parts(&self) -> Facets {
        Facets { owner: self.owner.is_some(), attributes: self.attributes.is_some(), ..Facets::NONE }
    }
}

impl From<ExtraValues> for ExtrasBefore {
    fn from(values: ExtraValues) -> Self {
        let pair = |one: Attribute| (Text(one.name), Text(one.value));
        Self {
            owner: values.owner.map(|owner| (owner.user, owner.group)),
            attributes: values.attributes.map(|all| all.into_iter().map(pair).collect()),
        }
    }
}

impl From<ExtrasBefore> for ExtraValues {
    fn from(before: ExtrasBefore) -> Self {
        let attribute = |(name, value): (Text, Text)| Attribute { name: name.0, value: value.0 };
        // A journal is a file, and files can be damaged: what is none of the attributes that we keep is none of our own.
        let kept = |one: &Attribute| is_kept(&one.name);
        Self {
            owner: before.owner.map(|(user, group)| Owner { user, group }),
            attributes: before.attributes.map(|all| {
                let mut all: Vec<_> = all.into_iter().map(attribute).filter(kept).collect();
                all.sort_unstable();
                all
            }),
        }
    }
}

/// Why a journal could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot {what} the journal of the run: {}", path.display(), syncmgr::reason(source))]
pub struct JournalError {
    /// The file.
    pub path: PathBuf,
    /// What was tried.
    pub what: &'static str,
    /// The system's reason.
    #[source]
    pub source: io::Error,
}

/// The journal of a run, for writing. The file appears with the first [`flush`](Self::flush) that has something to say,
/// so that a run without changes leaves none (S12).
#[derive(Debug)]
pub struct Journal {
    notes: Arc<dyn Notes>,
    name: PathBuf,
    open: bool,
    waiting: Vec<u8>,
}

impl Journal {
    /// The journal of `run` among the notes of its pair.
    pub fn new(notes: Arc<dyn Notes>, run: RunId, kind: RunKind) -> Self {
        let mut journal = Self { notes, name: name_of(run), open: false, waiting: Vec::new() };
        journal.add(&Deed::Run { run: run.0, kind });
        journal
    }

    /// Adds a line; it is on disk after the next [`flush`](Self::flush).
    pub fn add(&mut self, deed: &Deed) {
        // Writing to memory fails for no deed: there are no maps with odd keys and no errors of its own in it.
        if serde_json::to_writer(&mut self.waiting, deed).is_ok() {
            self.waiting.push(b'\n');
        }
    }

    /// Whether anything was written down at all.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Where it is written down.
    pub fn notes(&self) -> &Arc<dyn Notes> {
        &self.notes
    }

    /// Makes all lines durable.
    ///
    /// # Errors
    /// The file could not be written: nothing of what was added may be done.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.write(true)
    }

    /// Gives all lines to the system, which keeps them unless the power fails.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn hand_over(&mut self) -> Result<(), JournalError> {
        self.write(false)
    }

    fn write(&mut self, durable: bool) -> Result<(), JournalError> {
        self.notes.append(&self.name, &self.waiting, durable).map_err(|source| JournalError {
            path: self.notes.place(&self.name),
            what: "write",
            source,
        })?;
        self.waiting.clear();
        self.open = true;
        Ok(())
    }
}

/// Where the journal of a run is among its pair's notes.
pub fn name_of(run: RunId) -> PathBuf {
    Path::new("runs").join(format!("{run}.jsonl"))
}

/// Whether a run changed anything.
pub fn exists(home: &Path, run: RunId) -> bool {
    home.join(name_of(run)).exists()
}

/// Whether a run changed anything on any of the pairs that are remembered there, and that is still known.
pub fn is_remembered(pairs: &Path, run: RunId) -> bool {
    std::fs::read_dir(pairs).into_iter().flatten().flatten().any(|pair| exists(&pair.path(), run))
}

/// Forgets runs that ended before `before`: their trash is gone, so they cannot be taken back. What cannot be deleted now
/// is tried again after the next run.
pub fn prune(home: &Path, before: SystemTime) {
    for entry in std::fs::read_dir(home.join("runs")).into_iter().flatten().flatten() {
        let old = entry.metadata().and_then(|meta| meta.modified()).is_ok_and(|modified| modified < before);
        if old && entry.path().extension().is_some_and(|extension| extension == "jsonl") {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// All lines of a run's journal, without those that were taken back; none when the run left no journal.
///
/// # Errors
/// The file could not be read.
pub fn read(notes: &dyn Notes, run: RunId) -> Result<Option<Vec<Deed>>, JournalError> {
    let Some(lines) = lines(notes, run)? else { return Ok(None) };
    let mut deeds = Vec::new();
    for line in lines {
        match line {
            Deed::Void { on, path } => take_back(&mut deeds, on, &path),
            deed => deeds.push(deed),
        }
    }
    Ok(Some(deeds))
}

/// All lines as they were written. A line that a crash cut short ends them: what it was to say was never done.
///
/// # Errors
/// The file could not be read.
pub(crate) fn lines(notes: &dyn Notes, run: RunId) -> Result<Option<Vec<Deed>>, JournalError> {
    let name = name_of(run);
    let failed = |source| JournalError { path: notes.place(&name), what: "read", source };
    let Some(text) = notes.read(&name).map_err(failed)? else { return Ok(None) };
    Ok(Some(text.split(|&byte| byte == b'\n').map_while(|line| serde_json::from_slice(line).ok()).collect()))
}

/// Removes the last mention of `path` on a side.
fn take_back(deeds: &mut Vec<Deed>, side: OnSide, gone: &Text) {
    for at in (0..deeds.len()).rev() {
        match &mut deeds[at] {
            Deed::Create { on, dir, made } if *on == side => {
                let within = |name: &Text| match dir.0.len() {
                    0 => name.0 == gone.0,
                    length => {
                        gone.0.len() == length + 1 + name.0.len()
                            && gone.0.starts_with(&dir.0)
                            && gone.0[length] == b'/'
                            && gone.0.ends_with(&name.0)
                    }
                };
                let before = made.len();
                made.retain(|(name, _)| !within(name));
                if made.len() != before {
                    return;
                }
            }
            Deed::Replace { on, path, .. }
            | Deed::Remove { on, path, .. }
            | Deed::RemoveDir { on, path, .. }
            | Deed::Meta { on, path, .. }
            | Deed::Move { on, to: path, .. }
                if *on == side && path == gone =>
            {
                deeds.remove(at);
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::LocalNotes;

    fn notes(home: &Path) -> Arc<dyn Notes> {
        Arc::new(LocalNotes::new(home))
    }

    fn seen(ino: u64) -> Seen {
        Seen {
            kind: Kind::File,
            mode: 0o644,
            size: 5,
            mtime: Time { secs: -1, nanos: 7 },
            ctime: Time { secs: 9, nanos: 8 },
            id: FileId { ino, birth: 3 },
            extras: Extras::default(),
        }
    }

    fn text(bytes: &[u8]) -> Text {
        Text(bytes.to_vec())
    }

    #[test]
    fn s7_what_is_written_is_read_back_whatever_the_names() {
        let home = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(notes(home.path()), RunId(7), RunKind::Sync);
        let deeds = [
            Deed::Create {
                on: OnSide::B,
                dir: text(b"a\nb"),
                made: vec![(text(b"\xff\xfe"), Stamp::from(&seen(1))), (text(b"x"), Stamp::from(&seen(2)))],
            },
            Deed::Agreed { path: text(b"p"), before: Some((Stamp::from(&seen(3)), Stamp::from(&seen(4)))) },
        ];
        for deed in &deeds {
            journal.add(deed);
        }
        journal.flush().unwrap();
        let read = read(&*notes(home.path()), RunId(7)).unwrap().unwrap();
        assert_eq!(read[0], Deed::Run { run: 7, kind: RunKind::Sync });
        assert_eq!(read[1..], deeds);
        assert_eq!(Seen::from(Stamp::from(&seen(5))), seen(5));
    }

    #[test]
    fn s12_a_journal_that_says_nothing_is_no_file() {
        let home = tempfile::tempdir().unwrap();
        drop(Journal::new(notes(home.path()), RunId(1), RunKind::Sync));
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[test]
    fn s4_a_line_cut_short_ends_the_journal() {
        let home = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(notes(home.path()), RunId(1), RunKind::Undo);
        journal.flush().unwrap();
        let path = home.path().join(name_of(RunId(1)));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(br#"{"deed":"remove","on":"a","pa"#);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read(&*notes(home.path()), RunId(1)).unwrap().unwrap().len(), 1);
    }

    #[test]
    fn s7_what_did_not_come_to_pass_is_not_taken_back_later() {
        let home = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(notes(home.path()), RunId(1), RunKind::Sync);
        let made = |name: &[u8]| (text(name), Stamp::from(&seen(1)));
        journal.add(&Deed::Create { on: OnSide::A, dir: text(b"d"), made: vec![made(b"x"), made(b"y")] });
        journal.add(&Deed::Remove { on: OnSide::A, path: text(b"z"), old: Stamp::from(&seen(1)) });
        journal.add(&Deed::Void { on: OnSide::A, path: text(b"d/x") });
        journal.add(&Deed::Void { on: OnSide::A, path: text(b"z") });
        journal.flush().unwrap();
        let deeds = read(&*notes(home.path()), RunId(1)).unwrap().unwrap();
        assert_eq!(deeds[1..], [Deed::Create { on: OnSide::A, dir: text(b"d"), made: vec![made(b"y")] }]);
    }
}
