//! The settings: one TOML file that a person may edit and keep in git.
//!
//! ```toml
//! [items.photos]
//! name = "Photos"
//! a = "/home/me/Photos"
//! b = "/media/nas/Photos"
//! b_label = "NAS"
//! exclude = ["*.tmp"]
//! ```
//!
//! Read strictly (a misspelt key is an error with its line, not a setting that silently does nothing), and written by
//! [`edit`] alone, which keeps comments and order.

pub(crate) mod edit;
mod words;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use folders::pair::{MaxDelete, Pair, PairSide};
use serde::Deserialize;
use syncmgr::ItemId;

use crate::exit::Failure;
use crate::places::Places;
use crate::render::text::{SafePath, nearest};
use words::{FolderWord, ItemKey, LimitWord, ModeWord, OnConflictWord};
pub(crate) use words::{folder_word, limit_word, mode_word, on_conflict_word};

/// How long the trash is kept when nobody says otherwise.
pub(crate) const DEFAULT_TRASH_DAYS: u32 = 30;

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    items: BTreeMap<ItemKey, ItemTable>,
}

/// One `[items.<id>]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemTable {
    name: Option<String>,
    a: FolderWord,
    b: FolderWord,
    a_label: Option<String>,
    b_label: Option<String>,
    mode: Option<ModeWord>,
    on_conflict: Option<OnConflictWord>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
    max_delete: Option<LimitWord>,
    trash_days: Option<u32>,
}

/// What the settings say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// The folder pairs, by identity.
    pub(crate) pairs: Vec<Pair>,
}

impl Settings {
    /// Reads the file; one that does not exist says nothing.
    pub(crate) fn load(places: &Places) -> Result<Self, Failure> {
        Self::parse(&read(&places.settings)?, places)
    }

    fn parse(text: &str, places: &Places) -> Result<Self, Failure> {
        let file: File = toml::from_str(text).map_err(|error| {
            Failure::usage(format!("the settings in {} cannot be used", SafePath(&places.settings)))
                .detail(error.to_string())
                .tip("correct the file; nothing was done")
        })?;
        let home = places.home.as_deref();
        let pairs = file.items.into_iter().map(|(key, table)| pair(key, table, home)).collect();
        Ok(Self { pairs })
    }

    /// The item that a person means: by its identity, else by its name, without case.
    pub(crate) fn find(&self, typed: &str) -> Result<&Pair, Failure> {
        if let Some(pair) = self.lookup(typed) {
            return Ok(pair);
        }
        let named: Vec<&Pair> = self.named(typed).collect();
        if named.len() > 1 {
            let ids: Vec<&str> = named.iter().map(|pair| pair.item.as_str()).collect();
            return Err(Failure::usage(format!("{} items are called \"{typed}\"", named.len()))
                .tip(format!("say which one: {}", ids.join(", "))));
        }
        let failure = Failure::usage(format!("there is no item \"{typed}\""));
        let known = self.pairs.iter().flat_map(|pair| [pair.item.as_str(), pair.name.as_str()]);
        let near = nearest(typed, known);
        Err(match near.as_slice() {
            _ if self.pairs.is_empty() => {
                failure.tip("no items are set up yet; `instep sync A B` or `instep add A B` does it")
            }
            [] => failure.tip("`instep list` shows the items"),
            names => {
                let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
                failure.tip(format!("did you mean {}? `instep list` shows the items", quoted.join(" or ")))
            }
        })
    }

    /// As [`find`](Self::find), without a word about why not.
    pub(crate) fn lookup(&self, typed: &str) -> Option<&Pair> {
        let by_id = ItemId::new(typed).ok().and_then(|id| self.pairs.iter().find(|pair| pair.item == id));
        by_id.or_else(|| {
            let mut named = self.named(typed);
            named.next().filter(|_| named.next().is_none())
        })
    }

    fn named(&self, typed: &str) -> impl Iterator<Item = &Pair> {
        let typed = typed.to_lowercase();
        self.pairs.iter().filter(move |pair| pair.name.to_lowercase() == typed)
    }

    /// The item with this identity.
    pub(crate) fn pair(&self, item: &ItemId) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.item == *item)
    }

    /// The item that keeps exactly these two folders in sync, in this order.
    pub(crate) fn by_folders(&self, a: &Path, b: &Path) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.a.path == a && pair.b.path == b)
    }

    /// An identity that no item has yet, made of a name.
    pub(crate) fn free_id(&self, name: &str) -> ItemId {
        let slug = words::slug(name);
        (1_u32..)
            .map(|number| if number == 1 { slug.clone() } else { format!("{slug}-{number}") })
            .filter_map(|id| ItemId::new(&id).ok())
            .find(|id| self.pair(id).is_none())
            .unwrap_or_else(|| unreachable!("a slug with a number is a legal identity, and items are finite"))
    }
}

fn pair(key: ItemKey, table: ItemTable, home: Option<&Path>) -> Pair {
    let (a, b) = (table.a.resolve(home), table.b.resolve(home));
    let (default_a, default_b) = labels(&a, &b);
    Pair {
        name: table.name.filter(|name| !name.is_empty()).unwrap_or_else(|| key.0.as_str().to_owned()),
        item: key.0,
        a: PairSide { path: a, label: table.a_label.unwrap_or(default_a) },
        b: PairSide { path: b, label: table.b_label.unwrap_or(default_b) },
        mode: table.mode.map(|word| word.0).unwrap_or_default(),
        on_conflict: table.on_conflict.map(|word| word.0).unwrap_or_default(),
        exclude: table.exclude,
        include: table.include,
        max_delete: table.max_delete.map(|word| word.0),
        trash_days: table.trash_days.unwrap_or(DEFAULT_TRASH_DAYS),
    }
}

/// What two folders are called when nobody named them: by their last names, or whole where these are the same.
pub(crate) fn labels(a: &Path, b: &Path) -> (String, String) {
    let last = |path: &Path| path.file_name().map(|name| SafePath(Path::new(name)).to_string());
    match (last(a), last(b)) {
        (Some(a), Some(b)) if a != b => (a, b),
        _ => (SafePath(a).to_string(), SafePath(b).to_string()),
    }
}

/// The file's text; nothing when there is no file.
fn read(path: &PathBuf) -> Result<String, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::failed(format!(
            "cannot read the settings in {}: {}",
            SafePath(path),
            syncmgr::reason(&error)
        ))),
    }
}

/// The words of a pair's limit, as a person writes it.
pub(crate) fn limit_text(limit: MaxDelete) -> String {
    match limit {
        MaxDelete::Count(count) => count.to_string(),
        MaxDelete::Percent(share) => format!("{share}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reconcile::{Mode, OnConflict};

    fn places() -> Places {
        Places { settings: "/c/instep.toml".into(), state: "/s".into(), home: Some("/home/me".into()) }
    }

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(text, &places()).map_err(|failure| failure.detail.unwrap_or(failure.text))
    }

    #[test]
    fn an_item_has_defaults() {
        let settings = parse("[items.photos]\na = '~/Photos'\nb = '/nas/Photos'\n").unwrap();
        let pair = &settings.pairs[0];
        assert_eq!((pair.item.as_str(), pair.name.as_str()), ("photos", "photos"));
        assert_eq!(pair.a.path, Path::new("/home/me/Photos"));
        assert_eq!(pair.b.label, "/nas/Photos");
        assert_eq!((pair.mode, pair.on_conflict), (Mode::TwoWay, OnConflict::Ask));
        assert_eq!((pair.max_delete, pair.trash_days), (None, 30));
    }

    #[test]
    fn everything_can_be_said() {
        let settings = parse(
            "[items.x]\nname = 'Büro'\na = '/a'\nb = '/b'\na_label = 'laptop'\nmode = 'mirror'\n\
             on_conflict = 'keep-both'\nexclude = ['*.o']\ninclude = ['keep.o']\nmax_delete = '10%'\ntrash_days = 7\n",
        )
        .unwrap();
        let pair = &settings.pairs[0];
        assert_eq!((pair.a.label.as_str(), pair.b.label.as_str()), ("laptop", "b"));
        assert_eq!((pair.mode, pair.on_conflict), (Mode::Mirror, OnConflict::KeepBoth));
        assert_eq!((pair.max_delete, pair.trash_days), (Some(MaxDelete::Percent(10)), 7));
        assert_eq!(
            parse("[items.x]\na='/a'\nb='/b'\nmax_delete=0").unwrap().pairs[0].max_delete,
            Some(MaxDelete::Count(0))
        );
    }

    #[test]
    fn a_mistake_is_shown_with_its_line() {
        let wrong = [
            ("[items.x]\na = '/a'\nb = '/b'\nmood = 'copy'", "line 4", "mood"),
            ("[items.x]\na = '/a'\nb = '/b'\nmode = 'both'", "line 4", "two-way"),
            ("[items.x]\na = 'a'\nb = '/b'", "line 2", "absolute"),
            ("[items.x]\na = '/a'\nb = '/b'\nmax_delete = -1", "line 4", "0 or more"),
            ("[items.x]\na = '/a'\nb = '/b'\nmax_delete = '200%'", "line 4", "0 or more"),
            ("[items.x]\na = '/a'", "line 1", "`b`"),
            ("[items.'x/y']\na = '/a'\nb = '/b'", "line", "x/y"),
            ("[itmes.x]\na = '/a'", "line 1", "itmes"),
            ("[items.x\n", "line 1", ""),
        ];
        for (text, line, word) in wrong {
            let error = parse(text).unwrap_err();
            assert!(error.contains(line) && error.contains(word), "{text:?} gives {error}");
        }
    }

    #[test]
    fn folders_in_any_encoding_survive() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/x/caf\xe9\\\n"));
        let word = folder_word(path);
        assert_eq!(word, "bytes:/x/caf\\xe9\\x5c\\x0a");
        let text = format!("[items.x]\na = '{word}'\nb = '/b'");
        assert_eq!(parse(&text).unwrap().pairs[0].a.path, path);
    }

    #[test]
    fn items_are_found_by_identity_and_name() {
        let settings =
            parse("[items.photos]\nname='My Photos'\na='/a'\nb='/b'\n[items.music]\na='/c'\nb='/d'").unwrap();
        assert_eq!(settings.find("PHOTOS").unwrap().item.as_str(), "photos");
        assert_eq!(settings.find("my photos").unwrap().item.as_str(), "photos");
        assert!(settings.find("phtos").unwrap_err().tip.unwrap().contains("\"photos\""));
        assert_eq!(settings.free_id("Photos").as_str(), "photos-2");
        assert_eq!(settings.free_id("Été à Paris!").as_str(), "été-à-paris");
        assert_eq!(settings.free_id("///").as_str(), "pair");
    }
}
