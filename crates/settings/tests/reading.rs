//! What the file may say, and how a mistake in it is told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use serde::Deserialize;
use settings::Settings;
use settings::alerts::{EventLevel, State, When};
use settings::channels::{Encryption, Kind};
use settings::words::{SecretName, Text};
use syncmgr::Outcome;

fn parse(text: &str) -> Settings {
    Settings::parse(text).unwrap_or_else(|mistakes| panic!("{text}\n{mistakes:?}"))
}

fn mistakes(text: &str) -> Vec<String> {
    Settings::parse(text).map(|_| panic!("{text} was read")).unwrap_or_else(|mistakes| {
        mistakes.iter().map(|m| format!("{}:{}: {}", m.line, m.column, m.text)).collect()
    })
}

#[test]
fn an_empty_file_says_the_defaults() {
    let settings = parse("");
    assert!(settings.items.is_empty() && settings.hooks.is_empty());
    assert_eq!(settings.stop.grace().as_secs(), 10);
    assert_eq!(settings.results.keep_days, 365);
    assert_eq!(settings.digest, Settings::default().digest);
}

#[test]
fn an_item_has_what_every_item_has_and_its_kinds_own_keys() {
    #[derive(Deserialize)]
    struct Own {
        source: String,
    }
    let settings =
        parse("[items.nightly]\nhandler = 'rsync'\nsource = '/x'\n[items.photos]\nname = 'Büro'\na = '/a'");
    let [nightly, photos] = settings.items.as_slice() else { panic!("two items") };
    assert_eq!(
        (nightly.id.as_str(), nightly.name.as_str(), nightly.handler.as_str()),
        ("nightly", "nightly", "rsync")
    );
    assert_eq!(nightly.options.read::<Own>().unwrap().source, "/x");
    assert_eq!((photos.name.as_str(), photos.handler.as_str()), ("Büro", "folders"));
}

#[test]
fn the_kinds_own_keys_keep_their_places() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        source: u32,
    }
    let wrong = |text: &str| {
        let mistake = parse(text).items[0].options.read::<Own>().unwrap_err();
        format!("{}:{}: {}", mistake.line, mistake.column, mistake.text)
    };
    assert_eq!(
        wrong("[items.x]\nname = 'X'\n  source = 'y'"),
        "3:12: invalid type: string \"y\", expected u32"
    );
    assert_eq!(
        wrong("[items.x]\nsource = 1\nhandlr = 'y'"),
        "3:1: there is no key `handlr` here; did you mean `handler`?"
    );
    assert_eq!(wrong("\n[items.x]\nname = 'X'"), "2:1: missing field `source`");
    assert_eq!(
        wrong("items = { x = { sorce = 1 } }"),
        "1:17: there is no key `sorce` here; did you mean `source`?"
    );
}

#[test]
fn every_mistake_is_told_with_its_place() {
    for (text, expected) in [
        ("[itmes.x]", "1:2: there is no section `itmes` here; did you mean `items`?"),
        ("[items.x\n", "1:9: unclosed table, expected `]`"),
        ("[items.'x/y']", "1:8: `x/y` cannot be an identity"),
        ("[items.Photos]", "1:8: `Photos` cannot be an identity"),
        ("[items]\nx = 5", "2:5: `x` must be a table"),
        ("[items.x]\nname = 5", "2:8: invalid type: integer `5`"),
        ("[items.x]\nhandler = 'a b'", "2:11: `a b` cannot be an identity"),
        ("[items.x.hooks]\nstrat = ['x']", "2:1: there is no key `strat` here; did you mean `start`?"),
        ("[hooks]\nstart = []", "2:9: a command is a program"),
        ("[stop]\ngrace = 'soon'", "2:9: `soon` is no length of time"),
        ("[stop]\ngrace = 10", "2:9: invalid type: integer `10`"),
        ("[server]\nlisten = ['localhost']", "2:11: invalid socket address"),
        ("[channels.x]\nkind = 'male'", "2:8: there is no kind of channel `male` here; did you mean `mail`?"),
        ("[channels.x]\nurl = 'x'", "1:1: `kind` is missing"),
        ("[channels.x]\nkind = 'webhook'\nulr = 'x'", "3:1: there is no key `ulr` here; did you mean `url`"),
        ("[[alerts]]\nremind = '1d'", "1:1: an alert looks at one of"),
        ("[[alerts]]\nstate = 'failed'\nage = '1d'", "1:1: an alert looks at only one"),
        ("[[alerts]]\nage = '1d'\ntext = 'x'", "3:8: `text` goes with `event` only"),
        ("[[alerts]]\nevent = 'error'\nheld = '1m'", "3:8: `held` goes with"),
        ("[[alerts]]\nstate = 'failed'\nchannels = ['x']", "3:12: there is no channel `x` here"),
        ("[alerts]\nstate = 'failed'", "1:1: `alerts` is written as `[[alerts]]`"),
        ("[items.x.schedule]\nevry = '1h'", "2:1: there is no key `evry` here; did you mean `every`"),
        ("[items.x.schedule]\nafter = 'y'", "2:9: 'x' is to run after 'y', and there is no such item"),
        ("[handlers.x]\nenv = { A = 'x' }", "2:7: `env` goes with `command` only"),
        ("x = 1\nx = 2", "2:1: duplicate key"),
    ] {
        let found = mistakes(text);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{text:?} gives {found:?}, not {expected}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_their_lines() {
    let found = mistakes("[stop]\ngrase = '1s'\n[items.x]\nname = 1\n[items.y]\nname = 2\n[foo]\n");
    let places: Vec<&str> = found.iter().map(|text| text.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["2:1", "4:8", "6:8", "7:2"]);
}

#[test]
fn every_kind_of_channel_is_read() {
    let settings = parse(
        "[channels.a]\nkind = 'desktop'\n[channels.b]\nkind = 'mail'\nhost = 'h'\nfrom = 'a@b'\nto = ['c@d']\n\
         encryption = 'starttls'\n[channels.c]\nkind = 'webhook'\nurl = 'secret:hook'\ntimeout = '3s'\n\
         [channels.d]\nkind = 'ntfy'\ntopic = 't'\n[channels.e]\nkind = 'command'\ncommand = ['x', 'y']\n",
    );
    let words: Vec<&str> = settings.channels.iter().map(|channel| channel.kind.word()).collect();
    assert_eq!(words, ["desktop", "mail", "webhook", "ntfy", "command"]);
    assert_eq!(settings.channels[2].kind.timeout().as_secs(), 3);
    assert!(
        matches!(&settings.channels[1].kind, Kind::Mail(mail) if mail.encryption == Encryption::StartTls)
    );
    let hook = Text::Secret(SecretName::new("hook").unwrap());
    assert!(matches!(&settings.channels[2].kind, Kind::Webhook(webhook) if webhook.url == hook));
}

#[test]
fn a_rule_looks_at_state_age_or_event() {
    let settings = parse(
        "[[alerts]]\nstate = ['failed', 'safety_stop']\nheld = '10m'\n[[alerts]]\nage = '2d'\nitems = ['x']\n\
         resolved = false\n[[alerts]]\nevent = 'error'\ntext = 'disk'\n",
    );
    let whens: Vec<&When> = settings.alerts.iter().map(|rule| &rule.when).collect();
    assert_eq!(*whens[0], When::State(vec![State::Failed, State::SafetyStop]));
    assert!(matches!(whens[1], When::Age(age) if age.millis() == 172_800_000));
    assert_eq!(*whens[2], When::Event { level: EventLevel::Error, text: Some("disk".into()) });
    assert_eq!(settings.alerts.iter().map(|rule| rule.resolved).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn channels_without_rules_tell_whatever_needs_attention() {
    assert!(parse("").rules().is_empty());
    let rules = parse("[channels.x]\nkind = 'desktop'").rules();
    assert_eq!(rules[0].when, When::State(vec![State::Attention]));
    let own = parse("[channels.x]\nkind = 'desktop'\n[[alerts]]\nage = '1d'");
    assert_eq!(own.rules(), own.alerts);
}

#[test]
fn hooks_are_those_of_the_outcome_and_of_every_end() {
    let hooks = parse("[hooks]\nend = ['e']\ngaps = ['g']\nfailed = ['f']").hooks;
    let of = |outcome| hooks.for_outcome(outcome).map(|command| command.program.as_str()).collect::<Vec<_>>();
    assert_eq!(of(Outcome::Gaps), ["g", "e"]);
    assert_eq!(of(Outcome::Failed), ["f", "e"]);
    assert_eq!(of(Outcome::Done), ["e"]);
    assert_eq!(hooks.timeout().as_secs(), 30);
}

#[test]
fn free_identities_are_readable() {
    let settings = parse("[items.photos]\n");
    assert_eq!(settings.free_id("Photos").as_str(), "photos-2");
    assert_eq!(settings.free_id("Été à Paris!").as_str(), "été-à-paris");
    assert_eq!(settings.free_id("///").as_str(), "pair");
}

#[test]
fn a_partner_of_a_collection_takes_what_is_said_of_all_unless_it_says_otherwise() {
    let settings = parse(
        "[items.x]\n[collections.rclone]\nfolder = '/c'\nenabled = false\nschedule = { every = '6h', after = 'x' }\n\
         [collections.rclone.partners.drive]\nenabled = true\nmode = 'sync'\n\
         [collections.rclone.partners.'two words']\nschedule = { every = '1h' }\n",
    );
    let rclone = &settings.collections[0];
    assert_eq!(["drive", "two words", "any"].map(|name| rclone.enables(name)), [true, false, false]);
    let every = |name| rclone.schedule_of(name).every.unwrap().millis() / 3_600_000;
    assert_eq!(["drive", "two words", "any"].map(every), [6, 1, 6]);
    assert!(rclone.options.has("folder") && !rclone.options.has("schedule"));
    assert!(rclone.partners["drive"].options.has("mode") && !rclone.partners["drive"].options.has("enabled"));
    for (wrong, says) in [
        ("[collections.x]\nenabled = 'yes'", "2:11: "),
        ("[collections.x.partners]\ny = 1", "`y` must be a table"),
        ("[collections.x.partners.y]\nschedule = { evry = '1h' }", "every"),
        ("[collections.x.partners.y]\nschedule = { after = 'z' }", "there is no item `z`"),
        ("[collections.x]\nschedule = { after = 'z' }", "there is no item `z`"),
    ] {
        let found = mistakes(wrong).join("\n");
        assert!(found.contains(says), "{wrong}: {found}");
    }
}
