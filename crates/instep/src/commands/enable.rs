//! `instep enable ITEM` and `instep disable ITEM`: whether an item may be synchronized.

use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;

use crate::app::App;
use crate::args::Switch;
use crate::client::Daemon;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::render::human::Names;
use crate::targets::named_or_all;

pub(crate) fn run(app: &mut App<'_>, args: &Switch, enabled: bool) -> Result<Exit, Failure> {
    let pairs = named_or_all(&app.settings, &args.items)?;
    let engine = Engine::open(app)?;
    let daemon = Daemon::find(&app.places);
    for pair in &pairs {
        match &daemon {
            Some(daemon) => daemon.enable(&HANDLER, &pair.item, enabled)?,
            None => engine.center.enable_item(enabled, &HANDLER, &pair.item, ControlFlags::empty())?,
        }
        let names = Names::of(pair);
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
