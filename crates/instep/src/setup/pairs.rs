//! A folder pair in the settings: the keys of an item whose handler is `folders`, read and written.

use std::path::Path;

use folders::pair::{Pair, PairSide};
use folders::words::{keep_words, mode_word, policy_word};
use reconcile::{AskAlso, Mode, OnConflict};
use schemars::JsonSchema;
use serde::Deserialize;
use settings::words::{PathWord, path_word};
use settings::{Item, Mistake};
use toml_edit::{Array, Table, value};

use super::words::{KeepWords, LimitWord, ModeWord, OnConflictWord, SizeWord, limit_word, size_word};
use crate::render::text::SafePath;

/// How long the trash is kept when nobody says otherwise.
pub(crate) const DEFAULT_TRASH_DAYS: u32 = 30;

/// What the item of a folder pair may say besides what every item may.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PairKeys {
    /// The folder that is side A.
    a: PathWord,
    /// The folder that is side B.
    b: PathWord,
    /// What people call side A; the folder's name if nothing is said.
    a_label: Option<String>,
    /// What people call side B.
    b_label: Option<String>,
    /// The direction; `two-way` if nothing is said.
    mode: Option<ModeWord>,
    /// What happens to conflicts; `ask` if nothing is said.
    on_conflict: Option<OnConflictWord>,
    /// Globs that leave names out, in the syntax of gitignore.
    #[serde(default)]
    exclude: Vec<String>,
    /// Globs that bring names back in.
    #[serde(default)]
    include: Vec<String>,
    /// What is kept in sync besides content, permissions and times.
    #[serde(default)]
    keep: KeepWords,
    /// The most that a run may delete before it stops and asks; `50%` if nothing is said.
    max_delete: Option<LimitWord>,
    /// How many days the trash is kept; 30 if nothing is said.
    trash_days: Option<u32>,
    /// How large the trash of a side may get, such as `"20 GiB"`; as large as it likes if nothing is said.
    trash_size: Option<SizeWord>,
    /// Whether the last common version of small text files is kept, so that conflicts about them can be merged; yes if
    /// nothing is said.
    ancestors: Option<bool>,
    /// What is left to a person besides conflicts.
    #[serde(default)]
    ask: Vec<AskWord>,
}

/// What else is left to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum AskWord {
    Deletions,
    Permissions,
}

pub(super) fn read(item: &Item, home: Option<&Path>) -> Result<Pair, Mistake> {
    let keys: PairKeys = item.options.read()?;
    let (a, b) = (keys.a.resolve(home), keys.b.resolve(home));
    let (default_a, default_b) = labels(&a, &b);
    Ok(Pair {
        item: item.id.clone(),
        name: item.name.clone(),
        a: PairSide { path: a, label: keys.a_label.unwrap_or(default_a) },
        b: PairSide { path: b, label: keys.b_label.unwrap_or(default_b) },
        mode: keys.mode.map(|word| word.0).unwrap_or_default(),
        on_conflict: keys.on_conflict.map(|word| word.0).unwrap_or_default(),
        keep: keys.keep.0,
        exclude: keys.exclude,
        include: keys.include,
        max_delete: keys.max_delete.map(|word| word.0),
        trash_days: keys.trash_days.unwrap_or(DEFAULT_TRASH_DAYS),
        trash_size: keys.trash_size.map(|word| word.0),
        ancestors: keys.ancestors.unwrap_or(true),
        ask: AskAlso {
            deletions: keys.ask.contains(&AskWord::Deletions),
            permissions: keys.ask.contains(&AskWord::Permissions),
        },
    })
}

/// Only what differs from the defaults is written: a short file is a readable one.
pub(super) fn table(pair: &Pair) -> Table {
    let mut table = Table::new();
    if pair.name != pair.item.as_str() {
        table["name"] = value(&pair.name);
    }
    table["a"] = value(path_word(&pair.a.path));
    table["b"] = value(path_word(&pair.b.path));
    let (label_a, label_b) = labels(&pair.a.path, &pair.b.path);
    if pair.a.label != label_a {
        table["a_label"] = value(&pair.a.label);
    }
    if pair.b.label != label_b {
        table["b_label"] = value(&pair.b.label);
    }
    if pair.mode != Mode::default() {
        table["mode"] = value(mode_word(pair.mode));
    }
    if pair.on_conflict != OnConflict::default() {
        table["on_conflict"] = value(policy_word(pair.on_conflict));
    }
    for (key, globs) in [("exclude", &pair.exclude), ("include", &pair.include)] {
        if !globs.is_empty() {
            table[key] = value(globs.iter().collect::<Array>());
        }
    }
    let keep: Array = keep_words(pair.keep).collect();
    if !keep.is_empty() {
        table["keep"] = value(keep);
    }
    if let Some(limit) = pair.max_delete {
        table["max_delete"] = value(limit_word(limit));
    }
    if pair.trash_days != DEFAULT_TRASH_DAYS {
        table["trash_days"] = value(i64::from(pair.trash_days));
    }
    let ask = [(pair.ask.deletions, "deletions"), (pair.ask.permissions, "permissions")];
    let ask: Array = ask.into_iter().filter(|(asked, _)| *asked).map(|(_, word)| word).collect();
    if !ask.is_empty() {
        table["ask"] = value(ask);
    }
    if let Some(bytes) = pair.trash_size {
        table["trash_size"] = value(size_word(bytes));
    }
    if !pair.ancestors {
        table["ancestors"] = value(false);
    }
    table
}

/// What two folders are called when nobody named them: by their last names, or whole where these are the same.
pub(crate) fn labels(a: &Path, b: &Path) -> (String, String) {
    let last = |path: &Path| path.file_name().map(|name| SafePath(Path::new(name)).to_string());
    match (last(a), last(b)) {
        (Some(a), Some(b)) if a != b => (a, b),
        _ => (SafePath(a).to_string(), SafePath(b).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Places;
    use crate::setup::{PairEditor, Setup, file};
    use folders::pair::MaxDelete;
    use syncmgr::ItemId;

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let places = Places {
            settings: dir.path().join("c/instep.toml"),
            state: dir.path().join("s"),
            runtime: None,
            home: None,
        };
        let pair = Pair {
            item: ItemId::new("photos").unwrap(),
            name: "My Photos".into(),
            a: PairSide { path: "/x/a".into(), label: "a".into() },
            b: PairSide { path: "/x/b".into(), label: "NAS".into() },
            mode: Mode::Copy,
            on_conflict: OnConflict::KeepBoth,
            keep: reconcile::Keep { owners: true, attributes: false },
            exclude: vec!["*.tmp".into()],
            include: vec![],
            max_delete: Some(MaxDelete::Percent(10)),
            trash_days: 30,
            trash_size: Some(10 << 30),
            ancestors: false,
            ask: AskAlso { deletions: true, permissions: false },
        };
        PairEditor::open(&file(&places), &places).unwrap().add(&pair).unwrap();
        assert_eq!(Setup::load(&places).unwrap().pairs, [pair]);
    }
}
