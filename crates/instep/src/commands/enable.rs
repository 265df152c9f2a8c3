//! `instep enable ITEM` and `instep disable ITEM`: whether an item may be synchronized.

use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;

use crate::app::App;
use crate::args::Switch;
use crate::client::Daemon;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::targets::named_items;

pub(crate) fn run(app: &mut App<'_>, args: &Switch, enabled: bool) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let items = named_items(&engine.center, &args.items)?;
    let daemon = Daemon::find(&app.places);
    for (handler, item) in &items {
        match &daemon {
            Some(daemon) => daemon.enable(handler, item, enabled)?,
            None => engine.center.enable_item(enabled, handler, item, ControlFlags::empty())?,
        }
        let names = app.names(item);
        if enabled {
            app.out.say(format_args!("Enabled \"{}\".", names.item));
        } else {
            app.out.say(format_args!(
                "Disabled \"{}\": it is left out until `instep enable {}`.",
                names.item, names.id
            ));
        }
    }
    Ok(Exit::Done)
}
