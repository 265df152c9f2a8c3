//! What to do about a failure for which the tool itself has no advice, as far as its class and its words tell.

use syncmgr::outcome::{Problem, ProblemClass};

use super::Tool;

/// The problem with advice.
pub(super) fn with(tool: Tool, problem: Problem) -> Problem {
    let advice = match problem.class {
        ProblemClass::Auth => access(tool, &problem.text.to_lowercase()),
        ProblemClass::Space => "make room where it writes to, then run it again".to_owned(),
        ProblemClass::Transient => {
            "see whether the other side is there and can be reached, then run it again".to_owned()
        }
        _ => return problem,
    };
    if problem.fix.is_some() { problem } else { problem.with_fix(advice) }
}

/// How a tool gets in where it was not let in. Nobody is there to be asked, so whatever it needs must be at hand.
fn access(tool: Tool, said: &str) -> String {
    if said.contains("host key verification") {
        return "connect there once by hand with ssh, and accept its key".to_owned();
    }
    if said.contains("permission denied (") {
        return "ssh must get in without asking: with a key that an agent holds, or that has no passphrase"
            .to_owned();
    }
    let (variable, key) = match tool {
        Tool::Rsync => ("RSYNC_PASSWORD", "environment = { RSYNC_PASSWORD = \"secret:NAME\" }"),
        Tool::Restic => ("RESTIC_PASSWORD", "password = \"secret:NAME\""),
        Tool::Borg => ("BORG_PASSPHRASE", "passphrase = \"secret:NAME\""),
        Tool::Git => {
            return "git must get in without asking: with a credential helper of its own; an item says user and \
                    password = \"secret:NAME\", and `instep secret set NAME` keeps it"
                .to_owned();
        }
        Tool::Rclone => {
            return "`rclone config` keeps the passwords of remotes; if its settings are encrypted themselves, an item \
                    says environment = { RCLONE_CONFIG_PASS = \"secret:NAME\" }, and `instep secret set NAME` keeps it"
                .to_owned();
        }
        Tool::Unison | Tool::Other => {
            return "check its password or key; `instep secret set NAME` keeps one, and the item names it as \
                    \"secret:NAME\""
                .to_owned();
        }
    };
    format!(
        "give it the right one: {variable} in its environment; an item says {key}, and `instep secret set NAME` keeps it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_not_let_in_hears_how_to_get_in() {
        let fix = |tool, text: &str| with(tool, Problem::new(ProblemClass::Auth, text)).fix.unwrap();
        for (tool, says) in [
            (Tool::Rsync, "RSYNC_PASSWORD"),
            (Tool::Rclone, "RCLONE_CONFIG_PASS"),
            (Tool::Restic, "password = \"secret:NAME\""),
            (Tool::Borg, "passphrase = \"secret:NAME\""),
            (Tool::Git, "password = \"secret:NAME\""),
            (Tool::Unison, "secret:NAME"),
        ] {
            assert!(fix(tool, "auth failed").contains(says), "{tool:?}");
            assert!(fix(tool, "me@box: Permission denied (publickey).").contains("agent"));
            assert!(fix(tool, "Host key verification failed.").contains("by hand"));
        }
        let own = Problem::new(ProblemClass::Auth, "x").with_fix("as the tool says");
        assert_eq!(with(Tool::Git, own).fix.unwrap(), "as the tool says");
    }
}
