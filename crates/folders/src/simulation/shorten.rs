//! Shortening a history as long as it still breaks the same rule.

use super::story::{Step, Story};
use super::teller::{Broken, Teller};
use crate::filter::Filter;
use crate::side::simulated::{Acts, Fault, Traits, What};

/// Histories that are tried at most.
const PATIENCE: usize = 4000;

/// Tells a history as it is written down.
pub(super) fn tell(story: &Story, filter: &Filter, trace: bool) -> (Result<(), Broken>, Vec<String>) {
    let mut teller = Teller::new(story.setting, filter);
    teller.trace = trace.then(Vec::new);
    let result = story.steps.iter().try_for_each(|step| teller.step(step)).and_then(|()| teller.settle());
    (result, teller.trace.unwrap_or_default())
}

/// The shortest history found, and how it breaks the rule.
pub(super) fn shorten(story: Story, broken: Broken, filter: &Filter) -> (Story, Broken) {
    let mut best = Best { story, broken, filter, patience: PATIENCE };
    loop {
        let before = best.story.to_string();
        best.fewer_steps();
        best.fewer_faults();
        best.simpler_setting();
        if best.story.to_string() == before || best.patience == 0 {
            return (best.story, best.broken);
        }
    }
}

struct Best<'f> {
    story: Story,
    broken: Broken,
    filter: &'f Filter,
    patience: usize,
}

impl Best<'_> {
    /// Takes the other history if it breaks the same rule.
    fn try_it(&mut self, story: Story) -> bool {
        if self.patience == 0 {
            return false;
        }
        self.patience -= 1;
        match tell(&story, self.filter, false).0 {
            Err(broken) if broken.rule == self.broken.rule => {
                (self.story, self.broken) = (story, broken);
                true
            }
            _ => false,
        }
    }

    fn fewer_steps(&mut self) {
        let mut chunk = self.story.steps.len().next_power_of_two();
        while chunk > 0 {
            let mut at = 0;
            while at < self.story.steps.len() {
                let mut shorter = self.story.clone();
                let end = (at + chunk).min(shorter.steps.len());
                shorter.steps.drain(at..end);
                if !self.try_it(shorter) {
                    at += chunk;
                }
            }
            chunk /= 2;
        }
    }

    fn fewer_faults(&mut self) {
        for step in 0..self.story.steps.len() {
            let mut at = 0;
            while let Step::Run(faults) = &self.story.steps[step]
                && at < faults.len()
            {
                let mut fewer = faults.clone();
                fewer.remove(at);
                if self.try_faults(step, fewer) {
                    continue;
                }
                self.fewer_acts(step, at);
                at += 1;
            }
        }
    }

    fn fewer_acts(&mut self, step: usize, fault: usize) {
        let mut at = 0;
        while let Step::Run(faults) = &self.story.steps[step]
            && let Some(Fault { what: What::Meanwhile(Acts::Exactly(acts)), .. }) = faults.get(fault)
            && at < acts.len()
            && acts.len() > 1
        {
            let mut fewer = acts.clone();
            fewer.remove(at);
            let mut faults = faults.clone();
            faults[fault].what = What::Meanwhile(Acts::Exactly(fewer));
            if !self.try_faults(step, faults) {
                at += 1;
            }
        }
    }

    fn try_faults(&mut self, step: usize, faults: Vec<Fault>) -> bool {
        let mut other = self.story.clone();
        other.steps[step] = Step::Run(faults);
        self.try_it(other)
    }

    fn simpler_setting(&mut self) {
        let plain = super::story::Setting::default();
        let now = self.story.setting;
        let simpler = [
            super::story::Setting { disks: [Traits::default(); 2], ..now },
            super::story::Setting { disks: [Traits::default(), now.disks[1]], ..now },
            super::story::Setting { disks: [now.disks[0], Traits::default()], ..now },
            super::story::Setting { batch: plain.batch, ..now },
            super::story::Setting { on_conflict: plain.on_conflict, ..now },
            super::story::Setting { mode: plain.mode, ..now },
        ];
        for setting in simpler {
            let mut other = self.story.clone();
            other.setting = setting;
            if other.to_string() != self.story.to_string() {
                self.try_it(other);
            }
        }
    }
}
