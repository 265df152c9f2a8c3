//! What can be typed about the installation.

use clap::{Args, Subcommand};
use clap_complete::Shell;

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  source <(instep completions bash)          in ~/.bashrc
  source <(instep completions zsh)           in ~/.zshrc, after compinit
  instep completions fish | source           in ~/.config/fish/config.fish

They know the items there are: the shell asks for them with each TAB.";

pub(super) const DOCTOR_EXAMPLES: &str = "\
Looks at the settings, the store, the folders, the daemon, the machine and the tools. It repairs nothing:
it says what to do.

Exit codes:
  0 all is well, or only notes   1 warnings   3 something does not work";

pub(super) const SERVICE_EXAMPLES: &str = "\
Examples:
  instep service install --now               your own service: runs while you are logged in
  loginctl enable-linger                     and from now on also when you are not
  sudo instep service install --system       the system's, with its home in /var/lib/instep";

pub(super) const SECRET_EXAMPLES: &str = "\
Examples:
  instep secret set ops                      asks for it
  pass show ops | instep secret set ops
  token = \"secret:ops\"                     in the settings

It goes to the keyring of the desktop, or else to an encrypted file beside the state.";

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Service {
    #[command(subcommand)]
    pub(crate) command: ServiceCommand,
    /// The system's service manager rather than yours; for root
    #[arg(long, global = true)]
    pub(crate) system: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Write the unit file; --now starts it, too
    Install {
        /// Start it now, and with every login (or start of the system)
        #[arg(long)]
        now: bool,
    },
    /// Stop it and take the unit file away
    Uninstall,
    /// How it stands
    Status,
}

#[derive(Debug, Args)]
pub(crate) struct Secret {
    #[command(subcommand)]
    pub(crate) command: SecretCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Keep one; its value is read from the standard input
    Set {
        /// As the settings name it
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// The names of those that are kept, never their values
    List,
    /// Forget one
    Remove {
        /// As the settings name it
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}
