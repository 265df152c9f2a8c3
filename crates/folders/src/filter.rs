//! What is left out: globs of the pair and of the run, and `.instepignore` files in the directories themselves.
//!
//! All in gitignore syntax. The globs have the first word; then the ignore files, the deepest first. Each side has its
//! own ignore files: they are synchronized like any file, so the sides agree after a run.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{ErrorKind, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use reconcile::{Kind, Listing, RelPath};

use crate::side::names::IGNORE_FILE;
use crate::side::{ReadDir, ReadSide, SideError};

/// A longer one is no list of globs.
const MAX_IGNORE_FILE: u64 = 1 << 20;

/// A glob that a person gave cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{glob}: not a glob in gitignore syntax: {reason}")]
pub struct BadGlob {
    /// The glob as it was given.
    pub glob: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The globs of the pair and of the run.
#[derive(Debug, Clone)]
pub struct Filter {
    globs: Gitignore,
    fingerprint: [u8; 32],
}

impl Filter {
    /// Reads the globs: those that leave names out, then those that bring names back in.
    ///
    /// # Errors
    /// One of them is no glob.
    pub fn new<'g>(
        exclude: impl IntoIterator<Item = &'g str>,
        include: impl IntoIterator<Item = &'g str>,
    ) -> Result<Self, BadGlob> {
        let mut globs = GitignoreBuilder::new("");
        let mut hasher = blake3::Hasher::new();
        let back_in = include.into_iter().map(|glob| format!("!{glob}"));
        for glob in exclude.into_iter().map(str::to_owned).chain(back_in) {
            hasher.update(&(glob.len() as u64).to_le_bytes()).update(glob.as_bytes());
            add_glob(&mut globs, &glob)?;
        }
        let globs = globs.build().map_err(|error| bad_glob("", &error))?;
        Ok(Self { globs, fingerprint: *hasher.finalize().as_bytes() })
    }

    /// Tells one set of globs from another (the ignore files have no part in it).
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }
}

/// Leaves nothing out but what ignore files say.
impl Default for Filter {
    fn default() -> Self {
        Self { globs: Gitignore::empty(), fingerprint: *blake3::Hasher::new().finalize().as_bytes() }
    }
}

fn add_glob(globs: &mut GitignoreBuilder, glob: &str) -> Result<(), BadGlob> {
    // Adding finds what is wrong with the glob itself.
    globs.add_line(None, glob).map(|_| ()).map_err(|error| bad_glob(glob, &error))
}

fn bad_glob(glob: &str, error: &ignore::Error) -> BadGlob {
    let reason = match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    };
    BadGlob { glob: glob.into(), reason }
}

/// The filter of one side during one run: the globs, and the ignore files as they are met.
#[derive(Debug)]
pub struct SideFilter<'f> {
    filter: &'f Filter,
    /// Most sides have no ignore file; then nothing is looked up.
    any: AtomicBool,
    files: RwLock<HashMap<RelPath, Arc<Gitignore>>>,
    /// Our own state, where it lies in the side: it changes with every run, so it would never be in sync.
    ours: Option<RelPath>,
    /// Directories whose ignore file was looked for, with what came of it and of those above, where directories may come
    /// in any order.
    learned: Option<Mutex<HashMap<RelPath, Result<(), String>>>>,
    problems: Mutex<Vec<IgnoreProblem>>,
}

/// A line of an ignore file that says nothing: worth a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoreProblem {
    /// The ignore file.
    pub path: RelPath,
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

impl<'f> SideFilter<'f> {
    /// The filter before any directory was looked at.
    pub fn new(filter: &'f Filter) -> Self {
        Self {
            filter,
            any: AtomicBool::new(false),
            files: RwLock::default(),
            ours: None,
            learned: None,
            problems: Mutex::default(),
        }
    }

    /// The same, and leaves out our own state.
    #[must_use]
    pub fn without(self, ours: Option<RelPath>) -> Self {
        Self { ours, ..self }
    }

    /// The same for those who do not begin at the top: the ignore files of the directories above are looked for.
    #[must_use]
    pub fn in_any_order(self) -> Self {
        Self { learned: Some(Mutex::default()), ..self }
    }

    /// Takes out of a listing what is left out. Directories must come after the ones they are in, if nothing else was
    /// [agreed](Self::in_any_order).
    ///
    /// # Errors
    /// There is an ignore file that cannot be read: nobody knows what it leaves out.
    pub fn apply(
        &self,
        side: &dyn ReadSide,
        dir: &dyn ReadDir,
        path: &RelPath,
        listing: Listing,
    ) -> Result<Listing, String> {
        match (&self.learned, listing.get(IGNORE_FILE)) {
            (Some(_), seen) => self.learn_down_to(side, path, seen.is_some())?,
            (None, Some(seen)) => self.learn(dir, path, seen.kind)?,
            (None, None) => {}
        }
        if self.is_empty() {
            return Ok(listing);
        }
        let rules = self.rules(path);
        let mut kept = Listing::with_capacity(listing.len(), 0);
        (kept.excluded, kept.half_made) = (listing.excluded, listing.half_made);
        for (name, seen) in listing.iter() {
            if rules.excludes(&path.join(name), seen.kind) {
                kept.excluded += 1;
            } else {
                kept.push(name, *seen);
            }
        }
        Ok(kept)
    }

    /// Whether what is or would be there is left out; yes, if nobody can know.
    pub fn excludes(&self, side: &dyn ReadSide, path: &RelPath, kind: Kind) -> bool {
        let dir = path.split().map(|(dir, _)| dir).unwrap_or_default();
        if self.learn_down_to(side, &dir, true).is_err() {
            return true;
        }
        if self.is_empty() {
            return false;
        }
        self.rules(&dir).excludes(path, kind)
    }

    /// The lines of ignore files that said nothing.
    pub fn problems(&self) -> Vec<IgnoreProblem> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nothing that was met until now leaves anything out.
    pub(crate) fn is_empty(&self) -> bool {
        self.filter.globs.is_empty() && self.ours.is_none() && !self.any.load(Ordering::Acquire)
    }

    /// What holds in a directory.
    fn rules(&self, dir: &RelPath) -> Rules<'_> {
        let mut files = Vec::new();
        if self.any.load(Ordering::Acquire) {
            let known = self.files.read().unwrap_or_else(PoisonError::into_inner);
            let mut next = Some(dir.clone());
            while let Some(dir) = next {
                if let Some(rules) = known.get(&dir) {
                    files.push((prefix_len(&dir), Arc::clone(rules)));
                }
                next = dir.split().map(|(parent, _)| parent);
            }
        }
        Rules { ours: self.ours.as_ref(), globs: &self.filter.globs, files }
    }

    /// Reads the ignore files of a directory and of those above it, where that was not done before. The directory itself
    /// is not asked if it is known to have none.
    fn learn_down_to(&self, side: &dyn ReadSide, dir: &RelPath, may_have: bool) -> Result<(), String> {
        let Some(learned) = &self.learned else { return Ok(()) };
        // Held while reading: nobody may go on with half of the rules.
        let mut learned = learned.lock().unwrap_or_else(PoisonError::into_inner);
        // Of a known directory those above are known too: a chain of directories is not climbed for each of them.
        let mut above = Ok(());
        let mut unknown = Vec::new();
        let mut next = Some(dir.clone());
        while let Some(path) = next {
            if let Some(known) = learned.get(&path) {
                above = known.clone();
                break;
            }
            next = path.split().map(|(above, _)| above);
            unknown.push(path);
        }
        for path in unknown.into_iter().rev() {
            if may_have || path != *dir {
                above = above.and_then(|()| self.look_and_learn(side, &path));
            }
            learned.insert(path, above.clone());
        }
        above
    }

    fn look_and_learn(&self, side: &dyn ReadSide, path: &RelPath) -> Result<(), String> {
        let seen = side.dir(path).and_then(|dir| Ok(dir.look(IGNORE_FILE)?.map(|seen| (dir, seen))));
        match seen {
            Ok(Some((dir, seen))) => self.learn(&*dir, path, seen.kind),
            Ok(None) => Ok(()),
            Err(SideError::Io { source, .. })
                if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                // Where there is no directory, nothing is left out.
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn learn(&self, dir: &dyn ReadDir, path: &RelPath, kind: Kind) -> Result<(), String> {
        if kind != Kind::File {
            return Err(".instepignore is not a regular file: what it leaves out is not known".into());
        }
        self.read_ignore_file(dir, path).map_err(|error| {
            format!(".instepignore cannot be read, so what it leaves out is not known: {error}")
        })
    }

    fn read_ignore_file(&self, dir: &dyn ReadDir, path: &RelPath) -> Result<(), String> {
        let content = dir.open(IGNORE_FILE).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        content.take(MAX_IGNORE_FILE + 1).read_to_end(&mut bytes).map_err(|error| syncmgr::reason(&error))?;
        if bytes.len() as u64 > MAX_IGNORE_FILE {
            return Err("it is larger than 1 MiB".into());
        }
        let mut globs = GitignoreBuilder::new("");
        let problem = |line, reason| {
            let problem = IgnoreProblem { path: path.join(IGNORE_FILE), line, reason };
            self.problems.lock().unwrap_or_else(PoisonError::into_inner).push(problem);
        };
        for (line, bytes) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            match std::str::from_utf8(bytes) {
                Ok(glob) => {
                    if let Err(bad) = add_glob(&mut globs, glob.trim_start_matches('\u{feff}')) {
                        problem(line, bad.reason);
                    }
                }
                Err(_) => problem(line, "it is not UTF-8".into()),
            }
        }
        let globs = globs.build().map_err(|error| error.to_string())?;
        if !globs.is_empty() {
            let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
            files.insert(path.clone(), Arc::new(globs));
            self.any.store(true, Ordering::Release);
        }
        Ok(())
    }
}

/// The globs and ignore files that hold in one directory.
struct Rules<'f> {
    ours: Option<&'f RelPath>,
    globs: &'f Gitignore,
    /// The deepest first, each with the length of its directory's path and the slash after it.
    files: Vec<(usize, Arc<Gitignore>)>,
}

impl Rules<'_> {
    fn excludes(&self, path: &RelPath, kind: Kind) -> bool {
        if self.ours == Some(path) {
            return true;
        }
        let is_dir = kind == Kind::Dir;
        let bytes = path.as_bytes();
        let words =
            std::iter::once((0, self.globs)).chain(self.files.iter().map(|(at, rules)| (*at, &**rules)));
        for (at, rules) in words {
            match rules.matched(Path::new(OsStr::from_bytes(&bytes[at..])), is_dir) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

fn prefix_len(dir: &RelPath) -> usize {
    if dir.is_root() { 0 } else { dir.as_bytes().len() + 1 }
}
