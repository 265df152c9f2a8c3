//! Letting in: links for pages, tokens for programs on the network.

use server::Access;
use wire::{NewToken, Role};

use crate::app::App;
use crate::args::{Door, RoleWord, TokenCommand};
use crate::client::Daemon;
use crate::exit::{Exit, Failure};
use crate::out::Tone;
use crate::places::Places;
use crate::render::text::{Safe, local_time};

/// Who may ask the daemon of this home.
pub(super) fn access(places: &Places) -> Access {
    Access::new(places.state.join("tokens.json"))
}

pub(super) fn run(app: &App<'_>, door: &Door) -> Result<Exit, Failure> {
    match door {
        Door::Link => link(app),
        Door::Token { command } => token(app, command),
    }
}

/// A link that opens the page: only the daemon knows where it listens.
fn link(app: &App<'_>) -> Result<Exit, Failure> {
    let daemon = Daemon::find(&app.places).ok_or_else(|| {
        Failure::failed("no daemon of this home answers").tip("`instep serve` runs it; it serves the page")
    })?;
    let link = daemon.page_link()?.ok_or_else(|| {
        Failure::failed("the daemon listens at its local socket only")
            .tip("give `listen = [\"127.0.0.1:8384\"]` in `[server]` of the settings, and start it again")
    })?;
    app.out.line(link);
    Ok(Exit::Done)
}

fn token(app: &App<'_>, command: &TokenCommand) -> Result<Exit, Failure> {
    let access = access(&app.places);
    let failed = |error: server::AccessError| Failure::failed(error.to_string());
    match command {
        TokenCommand::Add { name, role } => {
            let role = match role {
                RoleWord::Viewer => Role::Viewer,
                RoleWord::Operator => Role::Operator,
                RoleWord::Admin => Role::Admin,
            };
            let new = NewToken { name: name.clone(), role, expires: None };
            let (_, secret) = access.create_token(&new).map_err(failed)?;
            app.out.line(secret);
            app.out.remark("It is shown this once. Send it as `Authorization: Bearer TOKEN`.");
        }
        TokenCommand::List => {
            let tokens = access.tokens().map_err(failed)?;
            if tokens.is_empty() {
                app.out.line("No tokens. `instep serve token add NAME` makes one.");
            }
            for token in tokens {
                let name = app.out.paint(Tone::Strong, Safe(&token.name));
                app.out.line(format_args!(
                    "{}  {name}  {}, made {}",
                    token.id,
                    token.role,
                    local_time(token.created.0)
                ));
            }
        }
        TokenCommand::Revoke { id } => {
            if !access.revoke_token(id).map_err(failed)? {
                return Err(Failure::usage(format!("there is no token \"{}\"", Safe(id)))
                    .tip("`instep serve token list` shows them"));
            }
            app.out.say("Revoked.");
        }
    }
    Ok(Exit::Done)
}
