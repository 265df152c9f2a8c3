//! A program that gets the notice as JSON on its standard input.

use center::{Notice, Undelivered};
use errand::{Errand, Failed};
use settings::channels::Program;

use crate::{Common, Tell, json};

impl Tell for Program {
    fn tell(&self, common: &Common, notice: &Notice) -> Result<(), Undelivered> {
        let directory = self.directory.as_ref().map(|path| path.resolve(common.home.as_deref()));
        let input = json::notice(notice).to_string();
        let errand = Errand {
            program: &self.command.program,
            args: &self.command.args,
            input: input.as_bytes(),
            directory: directory.as_deref().or(common.home.as_deref()),
            env: &[],
            timeout: common.timeout,
        };
        errand.run().map(drop).map_err(|failed| Undelivered {
            why: format!("Its command: {failed}."),
            again: !matches!(failed, Failed::Start { .. }),
        })
    }
}
