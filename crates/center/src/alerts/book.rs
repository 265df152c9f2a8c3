//! What is to be told: rules, how everything stands and the time in, notices out.

use std::collections::{BTreeMap, BTreeSet};

use settings::alerts::{EventLevel, Rule, State, When};
use store::Alert;
use syncmgr::{Event, HandlerId, ItemId, Level, Problem};

use super::{Notice, Occasion};
use crate::headline::Headline;

/// How long an alert is not raised again when its rule says nothing.
const COOL_DOWN: i64 = 60 * 60 * 1000;
/// How long one that is over is remembered.
const KEPT: i64 = 30 * 24 * 60 * 60 * 1000;

/// How the causes of troubles with channels begin.
const CHANNEL: &str = "channel\n";

/// How an item stands, as far as rules look at it.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    /// Its handler.
    pub handler: &'a HandlerId,
    /// The item.
    pub item: &'a ItemId,
    /// What it is called.
    pub name: &'a str,
    /// How it stands.
    pub headline: Headline,
    /// Whether it is overdue, which a worse headline hides.
    pub overdue: bool,
    /// When the last good run ended, in milliseconds since 1970.
    pub last_good: Option<i64>,
    /// What went wrong in the last run.
    pub problem: Option<&'a Problem>,
    /// A person paused or disabled it: its age is meant to grow.
    pub off: bool,
}

/// What is so, and what a person would read of it.
struct Seen {
    /// The headline, and that it is overdue beside a worse one; nothing where the rule is about something else.
    states: Vec<Headline>,
    title: String,
    text: String,
    fix: Option<String>,
    /// How long it must have been so.
    held: i64,
}

/// What is and was the matter, one alert for each cause.
#[derive(Debug, Default)]
pub struct Book {
    alerts: BTreeMap<String, Alert>,
    last_id: u64,
    changed: BTreeSet<String>,
    forgotten: Vec<u64>,
}

impl Book {
    /// As it was left.
    pub fn new(kept: Vec<Alert>) -> Self {
        let last_id = kept.iter().map(|alert| alert.id).max().unwrap_or(0);
        let alerts = kept.into_iter().map(|alert| (alert.cause.clone(), alert)).collect();
        Self { alerts, last_id, ..Self::default() }
    }

    /// All that it holds.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values()
    }

    /// What is different since the last call: alerts to be written down, and numbers of those to be forgotten.
    pub fn changes(&mut self) -> (Vec<Alert>, Vec<u64>) {
        let changed = std::mem::take(&mut self.changed);
        let changed = changed.iter().filter_map(|cause| self.alerts.get(cause).cloned()).collect();
        (changed, std::mem::take(&mut self.forgotten))
    }

    /// Looks at how all items stand.
    pub fn look(&mut self, rules: &[Rule], sights: &[Sight<'_>], now: i64) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut met = BTreeSet::new();
        for rule in rules.iter().filter(|rule| !matches!(rule.when, When::Event { .. })) {
            let words = words(rule);
            for sight in sights.iter().filter(|sight| concerns(rule, sight.item)) {
                let cause = cause(&words, sight.handler, sight.item);
                let seen = seen(rule, sight, now);
                let about = About {
                    words: &words,
                    handler: Some(sight.handler),
                    item: Some(sight.item),
                    name: sight.name,
                };
                notices.extend(self.step(&cause, rule, about, seen, now));
                met.insert(cause);
            }
        }
        self.settle(&met, now);
        notices
    }

    /// Looks at a line of the results.
    pub fn event(&mut self, rules: &[Rule], event: &Event, name: &str, now: i64) -> Vec<Notice> {
        let mut notices = Vec::new();
        for rule in rules {
            let When::Event { level, text } = &rule.when else { continue };
            let item = event.item();
            let about = rule.items.is_empty() || item.is_some_and(|item| rule.items.contains(item));
            if !about
                || event.level() < least(*level)
                || !text.as_deref().is_none_or(|text| says(event, text))
            {
                continue;
            }
            let words = words(rule);
            let whose = item.map_or("", ItemId::as_str);
            let cause = format!("{words}\n{}\n{whose}\n{}", event.handler, event.event.name);
            let (text, fix) = event.event.told();
            let seen = Seen {
                states: Vec::new(),
                title: format!("{name}: {}", event.event.name),
                text: text.to_owned(),
                fix: fix.map(str::to_owned),
                held: 0,
            };
            // The one before is over: an event happens, it does not last.
            if let Some(alert) = self.alerts.get_mut(&cause) {
                alert.cleared = alert.cleared.or(alert.raised);
            }
            let about = About { words: &words, handler: Some(&event.handler), item, name };
            match self.step(&cause, rule, about, Some(seen), now) {
                Some(notice) => {
                    notices.push(notice);
                    self.change(&cause, |alert| {
                        alert.more = 0;
                        alert.since = None;
                        alert.cleared = Some(now);
                    });
                }
                None => self.change(&cause, |alert| {
                    alert.more += 1;
                    alert.since = None;
                }),
            }
        }
        notices
    }

    /// Looks at a channel: what is wrong with it, if something is. It is told by the others.
    pub fn channel(
        &mut self,
        id: &str,
        trouble: Option<&str>,
        others: &[String],
        now: i64,
    ) -> Option<Notice> {
        let rule = Rule {
            when: When::State(Vec::new()),
            items: Vec::new(),
            channels: others.to_vec(),
            held: None,
            cool_down: None,
            remind: None,
            resolved: true,
        };
        let seen = trouble.map(|why| Seen {
            states: Vec::new(),
            title: format!("Alerts do not get through by '{id}'"),
            text: why.to_owned(),
            fix: Some(format!(
                "Look at [channels.{id}] in the settings; `instep alerts test {id}` tries it."
            )),
            held: 0,
        });
        let name = format!("Alerts by '{id}'");
        let about = About { words: "channel", handler: None, item: None, name: &name };
        self.step(&format!("{CHANNEL}{id}"), &rule, about, seen, now)
    }

    /// Channels that are set up no longer can have no trouble.
    pub fn only_channels(&mut self, ids: &[&str], now: i64) {
        for (cause, alert) in &mut self.alerts {
            let gone = cause.strip_prefix(CHANNEL).is_some_and(|id| !ids.contains(&id));
            if gone && alert.is_open() {
                alert.since = None;
                alert.cleared = Some(now);
                self.changed.insert(cause.clone());
            }
        }
    }

    /// One cause, one step.
    fn step(
        &mut self,
        cause: &str,
        rule: &Rule,
        about: About<'_>,
        seen: Option<Seen>,
        now: i64,
    ) -> Option<Notice> {
        let Some(seen) = seen else { return self.is_over(cause, rule, now) };
        if !self.alerts.contains_key(cause) {
            self.last_id += 1;
            self.alerts.insert(cause.to_owned(), about.alert(self.last_id, cause));
        }
        let alert = self.alerts.get_mut(cause)?;
        let before = alert.clone();
        // A clock that was set back must not hold anything up until it has caught up.
        let since = alert.since.map_or(now, |since| since.min(now));
        alert.since = Some(since);
        let told = alert.told.map(|told| told.min(now));
        let occasion = if alert.is_open() {
            let reminded =
                rule.remind.is_some_and(|every| told.is_none_or(|told| now - told >= every.millis()));
            if is_news(&seen.states, alert.state.as_deref()) {
                Some(Occasion::Raised)
            } else {
                reminded.then_some(Occasion::Reminder)
            }
        } else {
            let cool_down = rule.cool_down.map_or(COOL_DOWN, |lapse| lapse.millis());
            let cooled = told.is_none_or(|told| now - told >= cool_down);
            (now - since >= seen.held && cooled).then_some(Occasion::Raised)
        };
        if let Some(occasion) = occasion {
            if !alert.is_open() {
                alert.raised = Some(now);
                alert.cleared = None;
            }
            alert.told = Some(now);
            alert.state = states_text(&seen.states);
            (alert.title, alert.text, alert.fix) = (seen.title, seen.text, seen.fix);
            about.name.clone_into(&mut alert.name);
            let notice = Notice { occasion, alert: alert.clone(), channels: rule.channels.clone() };
            self.changed.insert(cause.to_owned());
            return Some(notice);
        }
        if *alert != before {
            self.changed.insert(cause.to_owned());
        }
        None
    }

    /// It is not so, or no longer.
    fn is_over(&mut self, cause: &str, rule: &Rule, now: i64) -> Option<Notice> {
        let alert = self.alerts.get_mut(cause)?;
        if !alert.is_open() {
            if alert.since.take().is_some() {
                self.changed.insert(cause.to_owned());
            }
            return None;
        }
        alert.since = None;
        alert.cleared = Some(now);
        self.changed.insert(cause.to_owned());
        let notice =
            Notice { occasion: Occasion::Resolved, alert: alert.clone(), channels: rule.channels.clone() };
        rule.resolved.then_some(notice)
    }

    /// What no rule looks at any more (the item or the rule is gone) is over without a word; what has been over for long
    /// is forgotten.
    fn settle(&mut self, met: &BTreeSet<String>, now: i64) {
        for (cause, alert) in &mut self.alerts {
            let of_look = !cause.starts_with(CHANNEL) && !cause.starts_with("event ");
            if of_look && !met.contains(cause) && (alert.is_open() || alert.since.is_some()) {
                alert.since = None;
                alert.cleared = alert.raised.map(|_| now);
                self.changed.insert(cause.clone());
            }
        }
        let (changed, forgotten) = (&mut self.changed, &mut self.forgotten);
        self.alerts.retain(|cause, alert| {
            let never = alert.raised.is_none() && alert.since.is_none();
            let long_ago =
                alert.cleared.is_some_and(|cleared| now - cleared >= KEPT) && alert.since.is_none();
            if never || long_ago {
                forgotten.push(alert.id);
                changed.remove(cause);
            }
            !(never || long_ago)
        });
    }

    fn change(&mut self, cause: &str, change: impl FnOnce(&mut Alert)) {
        if let Some(alert) = self.alerts.get_mut(cause) {
            change(alert);
            self.changed.insert(cause.to_owned());
        }
    }
}

/// What an alert is about.
#[derive(Clone, Copy)]
struct About<'a> {
    words: &'a str,
    handler: Option<&'a HandlerId>,
    item: Option<&'a ItemId>,
    name: &'a str,
}

impl About<'_> {
    fn alert(&self, id: u64, cause: &str) -> Alert {
        Alert {
            id,
            cause: cause.to_owned(),
            rule: self.words.to_owned(),
            handler: self.handler.cloned(),
            item: self.item.cloned(),
            name: self.name.to_owned(),
            state: None,
            title: String::new(),
            text: String::new(),
            fix: None,
            since: None,
            raised: None,
            told: None,
            cleared: None,
            more: 0,
        }
    }
}

/// Whether a person should hear of it again: it got worse than what was told, or is overdue now, too.
fn is_news(now: &[Headline], told: Option<&str>) -> bool {
    let words: Vec<&str> = told.unwrap_or_default().split(' ').collect();
    let told = || Headline::ALL.into_iter().filter(|headline| words.contains(&headline.word()));
    let is_worse = matches!((now.iter().min(), told().min()), (Some(now), Some(told)) if *now < told);
    let is_overdue = |headline: Headline| headline == Headline::Overdue;
    is_worse || (now.iter().copied().any(is_overdue) && !told().any(is_overdue) && told().next().is_some())
}

/// The words under which states are kept with an alert.
fn states_text(states: &[Headline]) -> Option<String> {
    let words: Vec<&str> = states.iter().map(|state| state.word()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn concerns(rule: &Rule, item: &ItemId) -> bool {
    rule.items.is_empty() || rule.items.contains(item)
}

fn cause(words: &str, handler: &HandlerId, item: &ItemId) -> String {
    format!("{words}\n{handler}\n{item}")
}

/// What a rule looks at, in words: also what tells its alerts from those of others.
fn words(rule: &Rule) -> String {
    match &rule.when {
        When::State(states) => {
            let states: Vec<&str> = states.iter().map(|state| state_word(*state)).collect();
            format!("state {}", states.join(", "))
        }
        When::Age(age) => format!("age {age}"),
        When::Event { level, text } => {
            let text = text.as_ref().map(|text| format!(" \"{text}\"")).unwrap_or_default();
            format!("event {}{text}", least(*level).word())
        }
    }
}

fn state_word(state: State) -> &'static str {
    headline_of(state).map_or("attention", Headline::word)
}

fn headline_of(state: State) -> Option<Headline> {
    Some(match state {
        State::SafetyStop => Headline::SafetyStop,
        State::Failed => Headline::Failed,
        State::Overdue => Headline::Overdue,
        State::Conflicts => Headline::Conflicts,
        State::NotResponding => Headline::NotResponding,
        State::Gaps => Headline::Gaps,
        State::Interrupted => Headline::Interrupted,
        State::NeverRun => Headline::NeverRun,
        State::Waiting => Headline::Waiting,
        State::Paused => Headline::Paused,
        State::Attention => return None,
    })
}

fn seen(rule: &Rule, sight: &Sight<'_>, now: i64) -> Option<Seen> {
    let held = rule.held.map_or(0, |lapse| lapse.millis());
    match &rule.when {
        When::State(states) => {
            let holds = |headline: Headline| {
                states.iter().any(|state| match headline_of(*state) {
                    Some(wanted) => wanted == headline,
                    None => headline.needs_attention(),
                })
            };
            let beside = (sight.overdue && sight.headline != Headline::Overdue).then_some(Headline::Overdue);
            let states: Vec<Headline> =
                [sight.headline].into_iter().chain(beside).filter(|state| holds(*state)).collect();
            let labels: Vec<&str> = states.iter().map(|state| state.label()).collect();
            let mut text =
                sight.problem.map_or_else(|| sentence(sight.headline), |problem| problem.text.clone());
            if beside.is_some_and(holds) {
                text = format!("{text}\n{}", sentence(Headline::Overdue));
            }
            (!states.is_empty()).then(|| Seen {
                title: format!("{}: {}", sight.name, labels.join(", ")),
                text,
                fix: sight.problem.and_then(|problem| problem.fix.clone()),
                held,
                states,
            })
        }
        When::Age(_) if sight.off => None,
        When::Age(age) => {
            // Without any good run the age counts from when the rule first looked.
            let (is_old, held, text) = match sight.last_good {
                Some(good) => {
                    (now - good > age.millis(), held, "The last good run is longer ago than it should be.")
                }
                None => (true, held.max(age.millis()), "There was no good run yet."),
            };
            is_old.then(|| Seen {
                states: Vec::new(),
                title: format!("{}: no good run for more than {age}", sight.name),
                text: sight.problem.map_or_else(|| text.to_owned(), |problem| problem.text.clone()),
                fix: sight.problem.and_then(|problem| problem.fix.clone()),
                held,
            })
        }
        When::Event { .. } => None,
    }
}

fn sentence(headline: Headline) -> String {
    match headline {
        Headline::SafetyStop => "A guard stopped the last run before anything was touched.",
        Headline::Failed => "The last run did nothing useful.",
        Headline::Overdue => "There was no good run for longer than it should take.",
        Headline::Conflicts => "Conflicts wait for your decision.",
        Headline::NotResponding => "It does not answer a request to stop, or has fallen silent.",
        Headline::Gaps => "The last run could not synchronize everything.",
        Headline::Interrupted => "The last run was stopped, or its program went away.",
        Headline::NeverRun => "There was no run yet.",
        Headline::Waiting => "It waits for something.",
        Headline::Paused => "It is paused.",
        Headline::UpToDate => "All is in sync.",
    }
    .to_owned()
}

fn least(level: EventLevel) -> Level {
    match level {
        EventLevel::Information => Level::Information,
        EventLevel::Warning => Level::Warning,
        EventLevel::Error => Level::Error,
    }
}

fn says(event: &Event, text: &str) -> bool {
    let text = text.to_lowercase();
    [&event.event.name, &event.event.description].iter().any(|part| part.to_lowercase().contains(&text))
}
