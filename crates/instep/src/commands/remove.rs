//! `instep remove ITEM`: forgets an item; never touches its files or trash.

use crate::app::App;
use crate::args::Remove;
use crate::engine::HANDLER;
use crate::exit::{Exit, Failure};
use crate::ledger;
use crate::render::text::{Safe, SafePath};
use crate::setup::{self, PairEditor};

pub(crate) fn run(app: &mut App<'_>, args: &Remove) -> Result<Exit, Failure> {
    let file = setup::file(&app.places);
    let mut editor = PairEditor::open(&file, &app.places)?;
    let pair = editor.setup.find(&args.item)?.clone();
    editor.remove(&pair.item)?;
    ledger::open(app)?.forget_item(&HANDLER, &pair.item)?;
    let remembered = app.places.pairs().join(pair.item.as_str());
    match std::fs::remove_dir_all(&remembered) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        // Not in the way of anything: a new pair of that name would find a base of other folders and not use it.
        Err(error) => {
            app.out.warn(format_args!("cannot remove {}: {}", SafePath(&remembered), syncmgr::reason(&error)))
        }
    }
    app.out.say(format_args!("Forgot \"{}\". All files stay where they are:", Safe(&pair.name)));
    for side in [&pair.a, &pair.b] {
        let trash = side.path.join(".instep/trash");
        if trash.is_dir() {
            app.out.say(format_args!("  {}  (its trash is {})", SafePath(&side.path), SafePath(&trash)));
        } else {
            app.out.say(format_args!("  {}", SafePath(&side.path)));
        }
    }
    Ok(Exit::Done)
}
