//! What the link of an event leads to: a page, a file, something that its handler shows, or a command, which is started
//! only after a person has read it and said yes.

use std::process::{Command, Stdio};

use center::{Center, Link};
use syncmgr::Event;
use syncmgr::ui::UiRequest;

use crate::app::App;
use crate::exit::{Exit, Failure};
use crate::render::text::Safe;
use crate::run::{ask, has_person};

/// Opens what the link of an event names.
pub(super) fn open(app: &App<'_>, center: &Center, event: &Event, yes: bool) -> Result<Exit, Failure> {
    match center.link(event) {
        Some(Link::Page(reference) | Link::File(reference)) => show(app, &reference),
        Some(Link::Command(line)) => command(app, &line, yes),
        Some(Link::Handler(operation)) => match operation.request() {
            UiRequest::Show { text } => {
                text.lines().for_each(|line| app.out.line(Safe(line)));
                Ok(Exit::Done)
            }
            UiRequest::Open { reference } => show(app, &reference),
            UiRequest::Confirm { text } => {
                let agreed = yes || ask(app, &Safe(&text).to_string());
                operation.answered(agreed);
                Ok(if agreed { Exit::Done } else { Exit::Canceled })
            }
            _ => Err(Failure::failed("its handler shows this link in a way that a terminal cannot")),
        },
        None => {
            let reference = event.event.link_reference.as_deref().unwrap_or_default();
            Err(Failure::failed(format!("the link \"{}\" names nothing that can be opened", Safe(reference)))
                .tip("links are pages (https), files with their whole path, and commands (command: ...)"))
        }
    }
}

/// Hands a page or a file to whatever the person's desktop opens it with.
fn show(app: &App<'_>, reference: &str) -> Result<Exit, Failure> {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    app.out.say(format_args!("Opening {}", Safe(reference)));
    let mut command = Command::new(opener);
    command.arg(reference).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(Exit::Done),
        Ok(_) => Err(Failure::failed(format!("{opener} could not open {}", Safe(reference)))),
        Err(error) => {
            let reason = syncmgr::reason(&error);
            Err(Failure::failed(format!("{} cannot be opened: {opener}: {reason}", Safe(reference))))
        }
    }
}

fn command(app: &App<'_>, line: &str, yes: bool) -> Result<Exit, Failure> {
    app.out.say(format_args!("This link starts a command:\n  {}", Safe(line)));
    if !yes && !has_person(app) {
        return Err(
            Failure::usage("a command is started only with your consent").tip("read it, then add --yes")
        );
    }
    if !yes && !ask(app, "Start it?") {
        return Ok(Exit::Canceled);
    }
    app.out.flush();
    match Command::new("/bin/sh").arg("-c").arg(line).status() {
        Ok(status) if status.success() => Ok(Exit::Done),
        Ok(status) => Err(Failure::failed(match status.code() {
            Some(code) => format!("the command ended with exit code {code}"),
            None => "the command was ended by a signal".to_owned(),
        })),
        Err(error) => {
            Err(Failure::failed(format!("the command cannot be started: {}", syncmgr::reason(&error))))
        }
    }
}
