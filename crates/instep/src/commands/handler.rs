//! `instep handler`: what handlers there are, switching them, and testing one.

mod found;

use adapters::conformance::{self, Held, Report, Trial};
use adapters::host::HandlerSpec;
use serde_json::json;
use settings::collections::Collection;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::{HandlerId, ItemId, Refusal};

use crate::app::App;
use crate::args::{Handler, HandlerCommand, HandlerList, HandlerName, HandlerTest};
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::render::text::Safe;
use crate::{handlers, programs};

pub(crate) fn run(app: &mut App<'_>, args: &Handler) -> Result<Exit, Failure> {
    match &args.command {
        HandlerCommand::List(args) => list(app, args),
        HandlerCommand::Enable(args) => enable(app, args, true),
        HandlerCommand::Disable(args) => enable(app, args, false),
        HandlerCommand::Test(args) => test(app, args),
    }
}

fn list(app: &App<'_>, args: &HandlerList) -> Result<Exit, Failure> {
    if args.found {
        found::list(app, args.json)?;
        return Ok(Exit::Done);
    }
    let engine = Engine::open(app)?;
    for handler in engine.center.status()? {
        let switch = if handler.switches.enabled { "enabled" } else { "disabled" };
        if args.json {
            let items: Vec<_> = handler
                .items
                .iter()
                .map(|item| json!({ "item": item.item.as_str(), "name": item.name }))
                .collect();
            app.out.json(&json!({
                "type": "handler",
                "handler": handler.handler.as_str(),
                "name": handler.name,
                "enabled": handler.switches.enabled,
                "connected": handler.switches.connected,
                "items": items,
            }));
            continue;
        }
        let count = handler.items.len();
        let (id, name) = (Safe(handler.handler.as_str()), Safe(&handler.name));
        app.out.line(format!("{id}  {name}  {switch}, {count} item{}", if count == 1 { "" } else { "s" }));
    }
    Ok(Exit::Done)
}

fn enable(app: &App<'_>, args: &HandlerName, enabled: bool) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let handler = HandlerId::new(&args.handler).map_err(unknown)?;
    engine.center.enable_handler(enabled, &handler, ControlFlags::WAIT).map_err(unknown)?;
    let done = if enabled { "Enabled" } else { "Disabled" };
    app.out.say(format!("{done} the handler \"{}\".", Safe(&args.handler)));
    Ok(Exit::Done)
}

fn unknown(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::InvalidArgument(why) => Failure::usage(why).tip("`instep handler list` shows the handlers"),
        other => other.into(),
    }
}

fn test(app: &App<'_>, args: &HandlerTest) -> Result<Exit, Failure> {
    let items =
        args.items.iter().map(|item| ItemId::new(item)).collect::<Result<Vec<_>, _>>().map_err(unknown)?;
    let trial = Trial {
        items: (!items.is_empty()).then_some(items),
        patience: args.patience.duration(),
        settle: args.settle,
        ..Trial::default()
    };
    let report = conformance::try_handler(&subject(app, &args.command)?, &trial);
    if args.json {
        app.out.json(&json!({ "type": "report", "clean": report.is_clean(), "report": report }));
    } else {
        show(app, &report);
    }
    let unreachable =
        report.findings.iter().any(|finding| finding.rule == "P1" && matches!(finding.held, Held::No { .. }));
    Ok(match (report.is_clean(), unreachable) {
        (true, _) => Exit::Done,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Gaps,
    })
}

/// One word may be a handler or a collection of the settings; everything else is a command.
fn subject(app: &App<'_>, words: &[String]) -> Result<HandlerSpec, Failure> {
    let id = HandlerId::new("test").map_err(|refusal| Failure::failed(refusal.to_string()))?;
    let said = &app.settings.said;
    let [word] = words else {
        let is_ours = |word: &String| {
            said.handlers.iter().any(|program| program.id.as_str() == word)
                || said.collections.iter().any(|one| one.id == *word)
        };
        if let [word, option, ..] = words
            && option.starts_with('-')
            && is_ours(word)
        {
            return Err(Failure::usage(format!(
                "\"{word}\" is of the settings, and what follows a command is the command's own"
            ))
            .tip(format!("options come before: `instep handler test {option} {word}`")));
        }
        return Ok(HandlerSpec::of_command(id, words.to_vec()));
    };
    let mut spec = if let Some(program) = said.handlers.iter().find(|program| program.id.as_str() == word) {
        programs::spec(program, said, &app.places)
    } else if let Some(Ok(program)) =
        said.collections.iter().find(|one| one.id == *word).and_then(Collection::program)
    {
        programs::spec(&program, said, &app.places)
    } else if handlers::is_built_in(word) {
        return Err(Failure::usage(format!(
            "\"{word}\" is part of Instep, and no program that speaks the handler protocol"
        ))
        .tip("its tests are Instep's own; this one is for programs of other people: give a command"));
    } else {
        HandlerSpec::of_command(id, words.to_vec())
    };
    if spec.command.is_none() {
        return Err(Failure::usage(format!("the program of handler \"{word}\" starts itself and connects"))
            .tip(
                "give the command that has it speak on descriptors 3 and 4: `instep handler test COMMAND`",
            ));
    }
    // A trial leaves nothing behind.
    spec.state = None;
    Ok(spec)
}

fn show(app: &App<'_>, report: &Report) {
    app.out.line(format!("{}", Safe(&report.handler)));
    for finding in &report.findings {
        let (mark, more) = match &finding.held {
            Held::Yes => ("holds     ", Vec::new()),
            Held::No { why } => ("BROKEN    ", why.clone()),
            Held::NotTried { why } => ("not tried ", vec![why.clone()]),
        };
        app.out.line(format!("  {mark} {:4} {}", finding.rule, finding.says));
        for why in more {
            app.out.line(format!("                  {}", Safe(&why)));
        }
    }
    let broken = report.broken().count();
    app.out.line(match broken {
        0 => "No rule is broken.".to_owned(),
        1 => "1 rule is broken.".to_owned(),
        many => format!("{many} rules are broken."),
    });
}
