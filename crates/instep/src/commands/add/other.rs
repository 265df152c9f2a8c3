//! `instep add --found` and `--handler`: items of other handlers, from what their tool is set up for already or key by key.

use settings::nearest;
use syncmgr::ItemId;
use toml_edit::{DocumentMut, Item, Table, value};
use wire::RunIt;

use crate::app::App;
use crate::args::Add;
use crate::detecting;
use crate::exit::{Exit, Failure};
use crate::render::text::{Safe, shell_word};
use crate::setup::{self, PairEditor};

/// What a reference to a secret begins with.
const SECRET: &str = "secret:";

pub(super) fn run(app: &mut App<'_>, args: &Add) -> Result<Exit, Failure> {
    let (proposed, mut table, missing) = match (&args.found, &args.handler) {
        (Some(typed), _) => {
            let run = found(app, typed)?;
            (Some(run.item.clone()), table_of(&run)?, run.missing)
        }
        (None, handler) => {
            let mut table = Table::new();
            table.insert("handler", value(handler.as_deref().unwrap_or_default()));
            (None, table, Vec::new())
        }
    };
    let name = match (args.what.as_slice(), proposed) {
        ([], Some(name)) => name,
        ([name], _) => name.to_str().map(ToOwned::to_owned).unwrap_or_default(),
        _ => return Err(Failure::usage("give a name only: what it does is said with --set KEY=VALUE")),
    };
    for word in &args.set {
        let (key, text) = word.split_once('=').ok_or_else(|| {
            Failure::usage(format!("`{word}` is no key with a value")).tip("write KEY=VALUE")
        })?;
        table.insert(key, read(text));
    }
    check_complete(args, &table, &missing)?;
    let file = setup::file(&app.places);
    let mut editor = PairEditor::open(&file, &app.places)?;
    let id = ItemId::new(&name).map_err(|refusal| Failure::usage(refusal.to_string()))?;
    if editor.setup.said.item(&id).is_some() {
        return Err(Failure::usage(format!("there is an item \"{id}\" already")).tip("give another name"));
    }
    let secrets: Vec<String> = table
        .iter()
        .filter_map(|(_, item)| item.as_str()?.strip_prefix(SECRET))
        .map(ToOwned::to_owned)
        .collect();
    editor.add_item(&id, table)?;
    app.out.say(format_args!("Added \"{}\".", Safe(id.as_str())));
    for secret in secrets {
        app.out
            .say(format_args!("Keep its secret, if it is not kept yet: instep secret set {}", Safe(&secret)));
    }
    app.out.say(format_args!("`instep sync {}` runs it.", shell_word(id.as_str())));
    Ok(Exit::Done)
}

/// What a look at the machine would make of it.
fn found(app: &App<'_>, typed: &str) -> Result<RunIt, Failure> {
    let detected = detecting::look(&app.places, Some(&app.settings.said));
    let all: Vec<_> =
        detected.found.into_iter().filter_map(|found| Some((found.known, found.run?))).collect();
    match all.iter().find(|(_, run)| run.item == typed) {
        Some((true, _)) => Err(Failure::usage(format!("\"{typed}\" is an item already"))),
        Some((false, run)) => Ok(run.clone()),
        None => {
            let near = nearest(typed, all.iter().map(|(_, run)| run.item.as_str()));
            let failure = Failure::usage(format!("nothing here is called \"{typed}\""));
            Err(match near.first() {
                Some(near) => failure.tip(format!("did you mean \"{near}\"?")),
                None => failure.tip("`instep handler list --found` shows what there is"),
            })
        }
    }
}

fn table_of(run: &RunIt) -> Result<Table, Failure> {
    let document = toml_edit::ser::to_document(&run.settings);
    Ok(document.map_err(|error| Failure::failed(error.to_string()))?.as_table().clone())
}

/// A value as TOML has it; whatever is none is a text.
fn read(text: &str) -> Item {
    let document = format!("x = {text}").parse::<DocumentMut>().ok();
    let read = document.filter(|document| document.len() == 1).and_then(|mut document| document.remove("x"));
    read.unwrap_or_else(|| value(text))
}

/// What only the person knows must be said; a secret may be kept afterwards.
fn check_complete(args: &Add, table: &Table, missing: &[String]) -> Result<(), Failure> {
    let is_said = |key: &String| {
        let by_hand = args.set.iter().any(|word| word.split_once('=').is_some_and(|(said, _)| said == key));
        let named = |item: &Item| item.as_str().is_some_and(|text| text.starts_with(SECRET));
        by_hand || table.get(key).is_some_and(named)
    };
    let left: Vec<&str> = missing.iter().filter(|key| !is_said(key)).map(String::as_str).collect();
    if left.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = left.iter().map(|key| format!("--set {key}=...")).collect();
    Err(Failure::usage(format!("what `{}` is to be nobody knows yet", left.join("`, `")))
        .tip(words.join(" ")))
}
