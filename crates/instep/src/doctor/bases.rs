//! The bases: whether what the sides of each pair agreed on can be read.

use std::time::{Duration, Instant};

use folders::base::{self, Examined};

use super::{Finding, Patient};
use crate::render::text::SafePath;

/// How long all of them are looked through.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let begun = Instant::now();
    let (mut findings, mut sound) = (Vec::new(), 0_u64);
    for pair in &patient.setup.pairs {
        let directory = patient.places.pairs().join(pair.item.as_str());
        let file = SafePath(&directory.join(base::FILE_NAME)).to_string();
        match base::examine(&directory, PATIENCE.saturating_sub(begun.elapsed())) {
            Examined::None => {}
            Examined::Sound => sound += 1,
            Examined::Damaged(how) => findings.push(
                Finding::error(format!("{}: its base {file} is damaged: {how}", pair.item))
                    .why("what both sides agreed on is not known any more where it is damaged")
                    .fix(format!(
                        "look at the disk (smartctl -a, dmesg); then `instep preview {0}` and `instep sync {0}`: both sides are \
                         united there, nothing is deleted, and what differs is a conflict",
                        pair.item
                    )),
            ),
            Examined::Unknown(why) => {
                findings.push(Finding::good(format!("{}: its base was not looked through: {why}", pair.item)));
            }
        }
    }
    match sound {
        0 => {}
        1 => findings.push(Finding::good("the base of one pair is sound".to_owned())),
        _ => findings.push(Finding::good(format!("the bases of {sound} pairs are sound"))),
    }
    findings
}
