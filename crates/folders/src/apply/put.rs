//! Putting a version on one side that the other does not have: a merge, or a file that Instep writes itself.
//!
//! It is staged, published and journaled as every copy is (S1, S2, S7); the base hears of it only when the other side has
//! it too (S3), by a copy that follows in the same run.

use std::io::{self, Cursor, Read};

use reconcile::{Facets, Kind, RelPath, Seen, Side, Tally};

use super::task::{Instead, Staged};
use super::{Apply, ApplyError, Point, Stop, Why, lock, split};
use crate::side::Content;
use crate::side::write::NewFile;

/// A version that one side is to get.
pub(crate) struct Put {
    /// The side.
    pub(crate) on: Side,
    /// Where.
    pub(crate) path: RelPath,
    /// The version that goes to the trash; none when nothing is there.
    pub(crate) target: Option<Seen>,
    /// Its permissions and time.
    pub(crate) like: Seen,
    /// What is in it.
    pub(crate) content: Box<dyn Read + Send>,
}

impl Put {
    /// A file with these bytes.
    pub(crate) fn bytes(on: Side, path: RelPath, target: Option<Seen>, like: Seen, bytes: Vec<u8>) -> Self {
        let like = Seen { kind: Kind::File, size: bytes.len() as u64, ..like };
        Self { on, path, target, like, content: Box::new(Cursor::new(bytes)) }
    }
}

impl Apply<'_> {
    /// Puts versions on their sides; tells what became of each that is there now.
    pub(crate) fn put(&mut self, puts: Vec<Put>) -> Result<Vec<(RelPath, Seen)>, ApplyError> {
        let mut staged = Vec::new();
        for put in puts {
            let (on, path) = (put.on, put.path.clone());
            let (dir, _) = split(&path);
            lock(&self.open).add(on, &dir).map_err(ApplyError::Open)?;
            match self.stage_put(put) {
                Ok(one) => staged.push(one),
                Err(Stop::Why(why)) => self.undone(on, &path, why),
                Err(Stop::Died) => return Err(ApplyError::Died),
            }
        }
        let made: Vec<(RelPath, Seen)> =
            staged.iter().map(|one| (one.dir.join(&one.name), one.made)).collect();
        let agreed = self.edits.len();
        self.publish(staged, Vec::new())?;
        self.edits.truncate(agreed);
        Ok(made.into_iter().filter(|(path, _)| !self.is_blocked(path)).collect())
    }

    fn stage_put(&self, put: Put) -> Result<Staged, Stop> {
        let Put { on, path, target, like, content } = put;
        let (dir, name) = split(&path);
        let into = self.side(on).folder(&dir)?;
        if target.is_none() && into.look(&name)?.is_some() {
            return Err(Why::Taken.into());
        }
        self.hook(Point::Staging, on, &path)?;
        let mut content = Given { content, like };
        let (temp, made) = loop {
            let temp = self.temp_name();
            let new = NewFile { name: &temp, instead: None, like: &like };
            match into.create_file(new, &mut content, &mut |_| true) {
                // Left by a killed run in a place that nobody remembers.
                Err(error) if super::stage::is_taken(&error) => {}
                made => break (temp, made?),
            }
        };
        let made = if target.is_some() && self.keeps_extras() {
            self.give_as_before(on, &path, &*into, (&name, &temp), made)?
        } else {
            made
        };
        self.hook(Point::Staged, on, &path)?;
        let instead = target.map(|target| {
            Box::new(Instead { removed: Tally::of(&target, false), target, keep: Facets::NONE })
        });
        Ok(Staged { on, dir, name, temp, source: made, made, instead, home: None })
    }
}

/// Content that was handed to us: it does not change while it is copied.
struct Given {
    content: Box<dyn Read + Send>,
    like: Seen,
}

impl Read for Given {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

impl Content for Given {
    fn seen(&self) -> io::Result<Seen> {
        Ok(self.like)
    }
}

/// A file that somebody else made (a merge tool): what it holds as long as it is read.
pub(crate) fn open_given(path: &std::path::Path) -> io::Result<(Box<dyn Read + Send>, u64)> {
    let file = std::fs::File::open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok((Box::new(file), meta.len()))
}
