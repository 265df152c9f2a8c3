//! `instep add NAME? A B`.

mod other;

use crate::app::App;
use crate::args::Add;
use crate::exit::{Exit, Failure};
use crate::render::text::{Safe, SafePath, shell_word};
use crate::setup::{self, PairEditor};
use crate::targets::{check_globs, refuse_dangerous_mirror, two_folders, unnamed};

pub(crate) fn run(app: &mut App<'_>, args: &Add) -> Result<Exit, Failure> {
    if args.found.is_some() || args.handler.is_some() {
        return other::run(app, args);
    }
    if !args.set.is_empty() {
        return Err(
            Failure::usage("--set goes with --found or --handler").tip("pairs of folders have options")
        );
    }
    let (name, a, b) = match args.what.as_slice() {
        [name, a, b] => (Some(name), a, b),
        [a, b] => (None, a, b),
        _ => return Err(Failure::usage("give two folders, and before them a name if you like")),
    };
    let name = name
        .map(|name| match name.to_str() {
            Some("") => Err(Failure::usage("an item's name must not be empty")),
            Some(name) => Ok(name.to_owned()),
            None => Err(Failure::usage("an item's name must be text (UTF-8)")),
        })
        .transpose()?;
    check_globs(&args.rules)?;
    let (a, b) = two_folders(a, b)?;
    let file = setup::file(&app.places);
    let mut editor = PairEditor::open(&file, &app.places)?;
    if let Some(known) = editor.setup.by_folders(&a, &b) {
        return Err(Failure::usage(format!("these two folders are the item \"{}\" already", known.item))
            .tip(format!(
                "`instep sync {0}` synchronizes it, `instep remove {0}` forgets it",
                shell_word(known.item.as_str())
            )));
    }
    let mut pair = unnamed(&editor.setup, a, b);
    if let Some(name) = name {
        if let Some(known) = editor.setup.lookup(&name) {
            return Err(Failure::usage(format!(
                "there is an item \"{}\" already: {} and {}",
                known.name,
                SafePath(&known.a.path),
                SafePath(&known.b.path)
            ))
            .tip("choose another name"));
        }
        pair.item = editor.setup.free_id(&name);
        pair.name = name;
    } else {
        pair.name = pair.item.as_str().to_owned();
    }
    pair.a.label = args.label_a.clone().unwrap_or(pair.a.label);
    pair.b.label = args.label_b.clone().unwrap_or(pair.b.label);
    if pair.a.label == pair.b.label || pair.a.label.is_empty() || pair.b.label.is_empty() {
        return Err(Failure::usage("the two sides need two different labels, and none may be empty"));
    }
    pair.mode = args.rules.mode.map(Into::into).unwrap_or_default();
    pair.on_conflict = args.rules.on_conflict.map(Into::into).unwrap_or_default();
    pair.exclude.clone_from(&args.rules.exclude);
    pair.include.clone_from(&args.rules.include);
    pair.max_delete = args.rules.max_delete;
    pair.keep = args.rules.keep().unwrap_or_default();
    pair.trash_days = args.trash_days.unwrap_or(pair.trash_days);
    pair.trash_size = args.trash_size;
    refuse_dangerous_mirror(&pair, None, &app.places)?;
    editor.add(&pair)?;
    app.out.say(format_args!(
        "Added \"{}\": {} and {}",
        Safe(&pair.name),
        SafePath(&pair.a.path),
        SafePath(&pair.b.path)
    ));
    let id = shell_word(pair.item.as_str());
    app.out.say(format_args!("`instep preview {id}` shows what a run would do, `instep sync {id}` does it."));
    Ok(Exit::Done)
}
