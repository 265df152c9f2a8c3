//! Plans that were shown and may be asked for again: `sync --plan ID`.
//!
//! What is kept is not the plan but its policy and a digest of every action. The run plans afresh and carries out what
//! has a digest here: a stored plan can hold a run back, never make it do what the trees no longer call for.
//!
//! `<pair's directory>/plans/<id>`: a line of JSON with the policy, then one digest a line: two numbers in hex.

use std::collections::HashSet;
use std::fs::{self, DirBuilder};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reconcile::{
    Action, AskAlso, Choices, Extras, Facets, Op, Plan, Policy, RelPath, Seen, Side, Tally, Time,
};
use serde::{Deserialize, Serialize};

use crate::words::{MODES, POLICIES, keep_of, keep_words, meaning, mode_word, policy_word};

const FORMAT: u32 = 3;
const DIR: &str = "plans";
/// A plan that nobody asked for again by then is about another world.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Digits of an ID.
const ID_DIGITS: usize = 12;

/// A stored plan that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is no such plan.
    #[error("there is no plan {id:?} for this pair; `instep preview` makes one")]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// It is there, but nobody can tell what it says.
    #[error("the plan {id} cannot be used ({reason}); `instep preview` makes a new one")]
    Damaged {
        /// Which.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// The system refused.
    #[error("{}: cannot {what} the plan: {}", path.display(), syncmgr::reason(source))]
    Io {
        /// Where.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
}

/// What tells one action from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    /// Where: whether a plan says anything of that path.
    place: u64,
    /// Where, what, and all versions it is about.
    whole: u128,
}

impl Digest {
    /// For those who digest several.
    pub fn to_bytes(self) -> [u8; 16] {
        self.whole.to_be_bytes()
    }

    fn from_line(line: &str) -> Option<Self> {
        let (place, whole) = line.split_once(' ')?;
        Some(Self {
            place: u64::from_str_radix(place, 16).ok()?,
            whole: u128::from_str_radix(whole, 16).ok()?,
        })
    }
}

/// What the trees call for and a stored plan does not have: held back.
#[derive(Debug, Default)]
pub struct Held {
    /// Of paths that the plan is about: they changed since it was shown.
    pub changed: Vec<Action>,
    /// Of paths that it says nothing about: they came since, and are for the next run.
    pub new: Vec<Action>,
}

/// A plan as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPlan {
    /// Its name: the same plan has the same.
    pub id: String,
    /// What it was made with.
    pub policy: Policy,
    /// The globs that left names out.
    pub exclude: Vec<String>,
    /// The globs that brought names back in.
    pub include: Vec<String>,
    /// What a person took out of it or turned around.
    pub choices: Choices,
    digests: HashSet<Digest>,
}

impl StoredPlan {
    /// What is to be remembered of a plan.
    pub fn of(
        plan: &Plan,
        policy: &Policy,
        exclude: &[String],
        include: &[String],
        choices: &Choices,
    ) -> Self {
        let digests: HashSet<_> = plan.actions.iter().map(digest).collect();
        let mut sorted: Vec<_> = digests.iter().collect();
        sorted.sort_unstable();
        let mut hasher = blake3::Hasher::new();
        // Without the time it was made at, so that the same plan keeps its name.
        let words =
            [mode_word(policy.mode), policy_word(policy.on_conflict), if policy.checksum { "c" } else { "" }];
        let mut add = |word: &str| {
            hasher.update(&(word.len() as u64).to_le_bytes()).update(word.as_bytes());
        };
        words.into_iter().chain(keep_words(policy.keep)).for_each(&mut add);
        exclude.iter().chain(include).for_each(|word| add(word));
        for digest in sorted {
            hasher.update(&digest.to_bytes());
        }
        // A plan with choices is another one, also where nothing of it shows in the actions.
        for (path, wins) in words_of(choices) {
            hasher.update(&[wins]).update(&(path.as_bytes().len() as u64).to_le_bytes());
            hasher.update(path.as_bytes());
        }
        let id = hasher.finalize().to_hex()[..ID_DIGITS].to_owned();
        Self {
            id,
            policy: policy.clone(),
            exclude: exclude.to_vec(),
            include: include.to_vec(),
            choices: choices.clone(),
            digests,
        }
    }

    /// Writes it down in a pair's directory, and forgets plans that are too old.
    ///
    /// # Errors
    /// The system refused.
    pub fn save(&self, pair_dir: &Path) -> Result<(), PlanError> {
        let dir = pair_dir.join(DIR);
        let error = |path: &Path, source| PlanError::Io { path: path.into(), what: "store", source };
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|e| error(&dir, e))?;
        forget_old(&dir);
        let (path, new) = (dir.join(&self.id), dir.join(format!("{}.new", self.id)));
        let write = || -> io::Result<()> {
            let file =
                fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            let mut out = BufWriter::new(file);
            serde_json::to_writer(&mut out, &Header::of(self))?;
            out.write_all(b"\n")?;
            for digest in &self.digests {
                writeln!(out, "{:016x} {:032x}", digest.place, digest.whole)?;
            }
            out.into_inner()?.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|e| error(&path, e))
    }

    /// Reads the plan of that ID.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn load(pair_dir: &Path, id: &str) -> Result<Self, PlanError> {
        let unknown = || PlanError::Unknown { id: id.into() };
        // What is no ID is no file name either.
        if id.len() != ID_DIGITS || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        let path = pair_dir.join(DIR).join(id);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(unknown()),
            Err(source) => return Err(PlanError::Io { path, what: "read", source }),
        };
        let damaged = |reason: &str| PlanError::Damaged { id: id.into(), reason: reason.into() };
        let mut lines = text.lines();
        let header: Header = serde_json::from_str(lines.next().unwrap_or_default())
            .map_err(|error| damaged(&error.to_string()))?;
        if header.format != FORMAT {
            return Err(damaged("it was made by another version"));
        }
        let digests = lines
            .map(Digest::from_line)
            .collect::<Option<HashSet<_>>>()
            .ok_or_else(|| damaged("a line of it is damaged"))?;
        if digests.len() != header.actions {
            return Err(damaged("it was cut off"));
        }
        header.plan(id, digests).ok_or_else(|| damaged("it was made by another version"))
    }

    /// Takes out of a fresh plan what this one did not have, and returns that.
    pub fn hold_back(&self, plan: &mut Plan) -> Held {
        let places: HashSet<u64> = self.digests.iter().map(|digest| digest.place).collect();
        let held = plan.actions.extract_if(.., |action| !self.digests.contains(&digest(action)));
        let (changed, new) = held.partition(|action| places.contains(&digest(action).place));
        Held { changed, new }
    }
}

/// The choices in an order that does not depend on how they were said; with each a number for what it is.
fn words_of(choices: &Choices) -> Vec<(&RelPath, u8)> {
    let skipped = choices.skip.iter().map(|path| (path, 0));
    let turned = choices.flip.iter().map(|(path, wins)| (path, 1 + *wins as u8));
    let mut words: Vec<_> = skipped.chain(turned).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn forget_old(dir: &Path) {
    let old = |entry: &fs::DirEntry| {
        let modified = entry.metadata().and_then(|meta| meta.modified()).ok()?;
        Some(SystemTime::now().duration_since(modified).ok()? > KEPT)
    };
    // What cannot be tidied up is tidied up another time.
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if old(&entry) == Some(true) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    mode: String,
    on_conflict: String,
    #[serde(default)]
    ask: (bool, bool),
    checksum: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keep: Vec<String>,
    now: (i64, u32),
    time_resolution: u64,
    keep_both_suffix: String,
    exclude: Vec<String>,
    include: Vec<String>,
    /// Paths in base64 (they may be no UTF-8), and what was chosen for each: 0 skip, 1 A wins, 2 B wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    choices: Vec<(String, u8)>,
    actions: usize,
}

impl Header {
    fn of(plan: &StoredPlan) -> Self {
        let policy = &plan.policy;
        Self {
            format: FORMAT,
            mode: mode_word(policy.mode).into(),
            on_conflict: policy_word(policy.on_conflict).into(),
            ask: (policy.ask.deletions, policy.ask.permissions),
            checksum: policy.checksum,
            keep: keep_words(policy.keep).map(str::to_owned).collect(),
            now: (policy.now.secs, policy.now.nanos),
            time_resolution: policy.time_resolution,
            keep_both_suffix: policy.keep_both_suffix.clone(),
            exclude: plan.exclude.clone(),
            include: plan.include.clone(),
            choices: words_of(&plan.choices)
                .into_iter()
                .map(|(path, what)| (BASE64_STANDARD.encode(path.as_bytes()), what))
                .collect(),
            actions: plan.digests.len(),
        }
    }

    fn plan(self, id: &str, digests: HashSet<Digest>) -> Option<StoredPlan> {
        let policy = Policy {
            mode: meaning(&MODES, &self.mode)?,
            on_conflict: meaning(&POLICIES, &self.on_conflict)?,
            ask: AskAlso { deletions: self.ask.0, permissions: self.ask.1 },
            checksum: self.checksum,
            keep: keep_of(&self.keep).ok()?,
            now: Time { secs: self.now.0, nanos: self.now.1 },
            time_resolution: self.time_resolution,
            keep_both_suffix: self.keep_both_suffix,
        };
        let mut choices = Choices::default();
        for (path, what) in self.choices {
            let path = RelPath::from_bytes(&BASE64_STANDARD.decode(path).ok()?)?;
            match what {
                0 => choices.skip.push(path),
                1 => choices.flip.push((path, Side::A)),
                2 => choices.flip.push((path, Side::B)),
                _ => return None,
            }
        }
        let (exclude, include) = (self.exclude, self.include);
        Some(StoredPlan { id: id.into(), policy, exclude, include, choices, digests })
    }
}

/// The digest of an action. Where the base has it, and where it is on the way, do not count: they follow from the rest.
pub fn digest(action: &Action) -> Digest {
    let mut out = Writer(blake3::Hasher::new());
    out.path(&action.path);
    let mut place = [0; 8];
    out.0.finalize_xof().fill(&mut place);
    match &action.op {
        Op::Create { on, source, tally, whole } => {
            out.tag(1, *on).seen(source).tally(tally).flag(*whole);
        }
        Op::Replace { on, source, target, tally, removed, keep } => {
            out.tag(2, *on).seen(source).seen(target).tally(tally).tally(removed).facets(*keep);
        }
        Op::Meta { on, source, target, what } => {
            out.tag(3, *on).seen(source).seen(target).facets(*what);
        }
        Op::Remove { on, target, tally } => {
            out.tag(4, *on).seen(target).tally(tally);
        }
        Op::Move { on, from, at: _, origin: _, seen, source, same } => {
            out.tag(5, *on).path(from).seen(seen).seen(source).flag(*same);
        }
        Op::KeepBoth { renamed_on, from, seen } => {
            out.tag(6, *renamed_on).path(from).seen(seen);
        }
    }
    let mut whole = [0; 16];
    out.0.finalize_xof().fill(&mut whole);
    Digest { place: u64::from_be_bytes(place), whole: u128::from_be_bytes(whole) }
}

struct Writer(blake3::Hasher);

impl Writer {
    fn tag(&mut self, op: u8, on: Side) -> &mut Self {
        self.0.update(&[op, on as u8]);
        self
    }

    fn flag(&mut self, flag: bool) -> &mut Self {
        self.0.update(&[flag.into()]);
        self
    }

    fn facets(&mut self, facets: Facets) -> &mut Self {
        let Facets { mode, owner, attributes, mtime } = facets;
        self.flag(mode).flag(owner).flag(attributes).flag(mtime)
    }

    fn path(&mut self, path: &RelPath) -> &mut Self {
        self.number(path.as_bytes().len() as u64);
        self.0.update(path.as_bytes());
        self
    }

    fn seen(&mut self, seen: &Seen) -> &mut Self {
        self.0.update(&[seen.kind as u8]);
        self.number(seen.mode.into()).number(seen.size);
        for time in [seen.mtime, seen.ctime] {
            self.number(time.secs as u64).number(time.nanos.into());
        }
        let Extras { owner, attributes } = seen.extras;
        self.number(seen.id.ino).number(seen.id.birth as u64);
        self.number(owner.user.into()).number(owner.group.into()).number(attributes)
    }

    fn tally(&mut self, tally: &Tally) -> &mut Self {
        let Tally { files, dirs, links, bytes, agreed, fingerprint } = *tally;
        for number in [files, dirs, links, bytes, agreed, fingerprint] {
            self.number(number);
        }
        self
    }

    fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(&number.to_le_bytes());
        self
    }
}
