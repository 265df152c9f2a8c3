//! What is set up: the settings file, and the folder pairs in it, which are this program's own kind of items.

mod pairs;
mod words;

use std::path::Path;
use std::sync::Arc;

use folders::handler::HANDLER_ID;
use folders::pair::{MaxDelete, Pair};
use settings::edit::Editor;
use settings::{Error, Item, Mistake, Settings, SettingsFile, nearest};
use syncmgr::ItemId;

use crate::collections;
use crate::exit::Failure;
use crate::places::Places;
use crate::render::text::SafePath;
use crate::tools;
pub(crate) use pairs::{DEFAULT_TRASH_DAYS, labels};
pub(crate) use words::bytes;

/// What the settings say, with the folder pairs read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    /// All that the file says.
    pub(crate) said: Settings,
    /// The folder pairs, by identity.
    pub(crate) pairs: Vec<Pair>,
}

/// The settings file of a home; its folder pairs are checked whenever it is read or written.
pub(crate) fn file(places: &Places) -> SettingsFile {
    let home = places.home.clone();
    let check = move |settings: &Settings| {
        let mut mistakes = read_pairs(settings, home.as_deref()).err().unwrap_or_default();
        mistakes.extend(tools::mistakes(settings));
        mistakes.extend(collections::mistakes(settings));
        mistakes
    };
    SettingsFile::new(places.settings.clone(), places.state.join("settings.lock"), Arc::new(check))
}

fn read_pairs(settings: &Settings, home: Option<&Path>) -> Result<Vec<Pair>, Vec<Mistake>> {
    let items = settings.items.iter().filter(|item| item.handler.as_str() == HANDLER_ID);
    let (mut pairs, mut mistakes) = (Vec::new(), Vec::new());
    for item in items {
        match pairs::read(item, home) {
            Ok(pair) => pairs.push(pair),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(pairs) } else { Err(mistakes) }
}

impl Setup {
    /// Reads the file; one that does not exist says nothing.
    pub(crate) fn load(places: &Places) -> Result<Self, Failure> {
        Ok(Self::new(file(places).load()?, places))
    }

    /// Of settings that were read by [`file()`], which checks the pairs.
    fn new(said: Settings, places: &Places) -> Self {
        let pairs = read_pairs(&said, places.home.as_deref()).unwrap_or_default();
        Self { said, pairs }
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

    /// The same among the items of all handlers.
    pub(crate) fn item(&self, typed: &str) -> Result<&Item, Failure> {
        let id = ItemId::new(typed).ok();
        let by_id = self.said.items.iter().find(|item| Some(&item.id) == id.as_ref());
        let wanted = typed.to_lowercase();
        let mut named = self.said.items.iter().filter(|item| item.name.to_lowercase() == wanted);
        match by_id.or_else(|| named.next().filter(|_| named.next().is_none())) {
            Some(item) => Ok(item),
            None => {
                // Its words about what there is instead.
                let pair = self.find(typed)?;
                Err(Failure::usage(format!("\"{}\" is no item of the settings", pair.item)))
            }
        }
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
        self.said.free_id(name)
    }
}

/// Changes the settings file, held against other processes until it is dropped.
pub(crate) struct PairEditor<'a> {
    editor: Editor<'a>,
    places: &'a Places,
    /// What the file says now.
    pub(crate) setup: Setup,
}

impl<'a> PairEditor<'a> {
    /// Waits for other processes that edit, then reads.
    pub(crate) fn open(file: &'a SettingsFile, places: &'a Places) -> Result<Self, Failure> {
        places.make_state()?;
        let editor = file.edit()?;
        let setup = Setup::new(editor.settings().clone(), places);
        Ok(Self { editor, places, setup })
    }

    /// Adds a pair and writes the file.
    pub(crate) fn add(&mut self, pair: &Pair) -> Result<(), Failure> {
        self.add_item(&pair.item, pairs::table(pair))
    }

    /// Adds an item of any handler and writes the file.
    pub(crate) fn add_item(&mut self, item: &ItemId, table: toml_edit::Table) -> Result<(), Failure> {
        self.editor.add_item(item, table)?;
        self.setup = Setup::new(self.editor.settings().clone(), self.places);
        Ok(())
    }

    /// Takes an item out and writes the file.
    pub(crate) fn remove(&mut self, item: &ItemId) -> Result<(), Failure> {
        self.editor.remove_item(item)?;
        self.setup = Setup::new(self.editor.settings().clone(), self.places);
        Ok(())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Wrong { path, mistakes } => {
                let detail: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
                Self::usage(format!("the settings in {} cannot be used", SafePath(&path)))
                    .detail(detail.join("\n"))
                    .tip("correct the file; nothing was done")
            }
            Error::Changed { .. } => Self::failed(error.to_string()).tip("try again"),
            Error::NoSuchPlace(text) => Self::usage(text),
            _ => Self::failed(error.to_string()),
        }
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
        Places {
            settings: "/c/instep.toml".into(),
            state: "/s".into(),
            runtime: None,
            home: Some("/home/me".into()),
        }
    }

    fn parse(text: &str) -> Result<Setup, String> {
        let places = places();
        let said = file(&places).parse(text).map_err(|error| error.to_string())?;
        Ok(Setup::new(said, &places))
    }

    /// Set to rewrite the file: `INSTEP_UPDATE=1 cargo test -p instep schema`.
    const UPDATE: &str = "INSTEP_UPDATE";

    fn docs(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name)
    }

    #[test]
    fn the_published_schema_is_the_one_of_the_code() {
        let schema = settings::schema::schema::<pairs::PairKeys>();
        let text = format!("{schema:#}\n");
        let file = docs("settings.schema.json");
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let published = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            text == published,
            "the schema has changed; if that is meant, set {UPDATE}=1 and review the diff"
        );
    }

    /// Every key of the schema, wherever it stands.
    fn keys(schema: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
        match schema {
            serde_json::Value::Object(object) => {
                if let Some(serde_json::Value::Object(properties)) = object.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                object.values().for_each(|value| keys(value, found));
            }
            serde_json::Value::Array(array) => array.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_key_is_documented_and_every_example_can_be_read() {
        let mut known = std::collections::BTreeSet::new();
        keys(&settings::schema::schema::<pairs::PairKeys>(), &mut known);
        let page = std::fs::read_to_string(docs("settings.md")).unwrap();
        let missing: Vec<&String> = known.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
        assert!(missing.is_empty(), "docs/settings.md does not say what these are: {missing:?}");
        for name in ["settings.md", "alerts.md"] {
            let page = std::fs::read_to_string(docs(name)).unwrap();
            for example in page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
                let read = parse(example);
                assert!(read.is_ok(), "{name}: {example}\n{}", read.unwrap_err());
            }
        }
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
             on_conflict = 'keep-both'\nexclude = ['*.o']\ninclude = ['keep.o']\nmax_delete = '10%'\ntrash_days = 7\n\
             trash_size = '1.5 GiB'\n",
        )
        .unwrap();
        let pair = &settings.pairs[0];
        assert_eq!((pair.a.label.as_str(), pair.b.label.as_str()), ("laptop", "b"));
        assert_eq!((pair.mode, pair.on_conflict), (Mode::Mirror, OnConflict::KeepBoth));
        assert_eq!((pair.max_delete, pair.trash_days), (Some(MaxDelete::Percent(10)), 7));
        assert_eq!(pair.trash_size, Some(3 << 29));
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
