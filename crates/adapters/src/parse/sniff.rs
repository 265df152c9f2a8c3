//! Commands that nobody knows: scripts that may call any of the others. Only what cannot be mistaken is believed.

use super::{Fact, Parse, Stream, borg, percent, rclone, restic, rsync};

/// Reads whatever comes.
#[derive(Default)]
pub(super) struct Sniff;

impl Parse for Sniff {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        let known = restic::json(line, facts)
            || borg::json(line, facts)
            || rclone::json(line, facts)
            || rsync::progress(line, facts);
        if !known {
            facts.extend(percent::bar(line));
        }
    }
}
