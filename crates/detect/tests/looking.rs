//! A machine in a directory: what is set up there is found, and nothing else is touched or told.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use detect::Roots;
use serde_json::json;
use tempfile::TempDir;
use wire::{Detected, Found, FoundKind};

/// Stands in every secret of the machine.
const SECRET: &str = "hunter2";

struct Machine {
    place: TempDir,
    roots: Roots,
}

impl Machine {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let roots = Roots {
            home: Some(at("home")),
            config: Some(at("home/.config")),
            state: Some(at("home/.local/state")),
            system: place.path().to_owned(),
            path: vec![at("bin")],
            crontab: None,
            program: "/usr/bin/instep".into(),
            items: Vec::new(),
            collections: Vec::new(),
        };
        Self { place, roots }
    }

    fn file(&self, name: &str, text: &str) {
        let path = self.place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn crontab(mut self, text: &str) -> Self {
        self.roots.crontab = Some(text.into());
        self
    }

    /// Looks; whatever is found, no secret is in it.
    fn look(&self) -> Detected {
        let detected = detect::look(&self.roots);
        let told = serde_json::to_string(&detected).unwrap();
        assert!(!told.contains(SECRET), "{told}");
        detected
    }

    /// The only thing that there is.
    fn only(&self) -> Found {
        let mut found = self.look().found;
        assert_eq!(found.len(), 1, "{found:#?}");
        found.remove(0)
    }
}

#[test]
fn a_cron_line_is_watched_by_what_stands_in_front_of_it_or_becomes_an_item() {
    let machine = Machine::new().crontab("MAILTO=me\n# rsync -a /no /no\n30 2 * * *  nice rsync -avz --delete --exclude '*.tmp' ~/Photos/ nas:/srv/photos >> ~/log 2>&1\n");
    let found = machine.only();
    assert_eq!((found.kind, found.line, found.known), (FoundKind::Job, Some(3), false));
    assert_eq!(found.schedule.as_deref(), Some("every day at 02:30"));
    let watch = found.watch.unwrap();
    assert_eq!(watch.prefix, "/usr/bin/instep run photos --");
    assert_eq!(
        watch.line,
        "30 2 * * *  nice /usr/bin/instep run photos -- rsync -avz --delete --exclude '*.tmp' ~/Photos/ nas:/srv/photos >> ~/log 2>&1"
    );
    let run = found.run.unwrap();
    let source = format!("{}/Photos/", machine.roots.home.as_ref().unwrap().display());
    assert_eq!(
        run.settings,
        json!({"handler": "rsync", "source": source, "target": "nas:/srv/photos", "delete": true, "exclude": ["*.tmp"], "options": ["-z"], "schedule": {"cron": "30 2 * * *"}})
    );
    assert!(
        run.text.starts_with("[items.photos]\nhandler = \"rsync\"\n")
            && run.text.contains("cron = \"30 2 * * *\""),
        "{}",
        run.text
    );
}

#[test]
fn every_proposal_is_an_item_that_the_settings_take() {
    let machine = Machine::new().crontab(
        "0 1 * * * rsync -aH -e 'ssh -p 2222' --bwlimit 1m /a /b host:/c\n\
         0 2 * * * RESTIC_PASSWORD=hunter2 restic -r sftp:nas:/repo backup --exclude=/x /home /etc\n\
         0 3 * * * BORG_PASSPHRASE=hunter2 borg create --stats -C zstd,3 ssh://nas/./repo::{now} /home\n\
         0 4 * * * rclone sync /home/me/Docs drive:Docs --transfers 8 -v --log-file /x\n\
         0 5 * * * unison notes -batch -ui text\n\
         0 6 * * * unison /a ssh://nas//b -batch -ignore 'Name *.tmp'\n\
         0 7 * * * cd /srv/code && git push --mirror backup\n",
    );
    let found = machine.look().found;
    let tools: Vec<&str> =
        found.iter().filter(|found| found.run.is_some()).map(|found| found.tool.as_str()).collect();
    assert_eq!(tools, ["rsync", "restic", "borg", "rclone", "unison", "unison", "git"], "{found:#?}");
    for run in found.iter().filter_map(|found| found.run.as_ref()) {
        let file = settings::SettingsFile::new(
            "instep.toml".into(),
            "lock".into(),
            std::sync::Arc::new(|_| Vec::new()),
        );
        let said = file.parse(&run.text);
        assert!(said.is_ok(), "{}: {said:?}", run.text);
    }
    let restic = found[1].run.as_ref().unwrap();
    assert_eq!(
        (restic.settings["password"].as_str(), &*restic.missing),
        (Some("secret:repo"), &["password".to_owned()][..])
    );
    assert_eq!(found[2].run.as_ref().unwrap().item, "repo-2");
    assert_eq!(found[6].run.as_ref().unwrap().settings["mode"], "mirror");
}

#[test]
fn what_cannot_be_an_item_says_why_and_can_be_watched() {
    let machine = Machine::new().crontab(
        "0 1 * * * rsync -a $SRC /b\n0 2 * * * rsync -rt /a /b\n0 3 * * * flock /x rsync -a /a /b\n\
         0 4 * * * rsync -a --brand-new /a /b\n0 5 * * * curl -u me:hunter2 x | rclone copy a b && rclone move c d\n\
         0 6 * * * borgmatic\n0 7 * * * restic -r rest:http://me:hunter2@h/ backup /x\n",
    );
    let found = machine.look().found;
    assert!(found.iter().all(|found| found.watch.is_some()), "{found:#?}");
    let why = |at: usize| found[at].note.clone().unwrap_or_default();
    for (at, says) in [
        (0, "a shell fills in"),
        (1, "without -a"),
        (2, "under a lock"),
        (3, "--brand-new"),
        (5, "only sync, copy and bisync"),
        (6, "can be watched"),
        (7, "a secret stands in it"),
    ] {
        assert!(why(at).contains(says) && found[at].run.is_none(), "{at}: {}", why(at));
    }
}

#[test]
fn scripts_that_cron_starts_are_looked_into() {
    let machine = Machine::new().crontab("@daily /opt/backup.sh --all\n");
    machine.file(
        "opt/backup.sh",
        "#!/bin/sh\n# restic backup /no\nexport RESTIC_PASSWORD=hunter2\nrestic \\\n  backup /home\n",
    );
    machine.file("etc/cron.weekly/mirror", "#!/bin/sh\nrclone sync /srv remote:srv\n");
    machine.file("etc/cron.weekly/dpkg", "#!/bin/sh\nexec /usr/libexec/dpkg\n");
    let found = machine.look().found;
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(
        found[0].watch.as_ref().unwrap().line,
        "@daily /usr/bin/instep run backup -- /opt/backup.sh --all"
    );
    assert!(found[0].note.as_ref().unwrap().contains("restic in its line 4"), "{found:#?}");
    assert_eq!((found[1].schedule.as_deref(), found[1].user.as_deref()), (Some("every week"), Some("root")));
}

#[test]
fn units_of_systemd_are_found_with_their_timers() {
    let machine = Machine::new();
    machine.file("home/.config/systemd/user/backup.service", "[Unit]\nDescription=x\n[Service]\nEnvironment=RESTIC_PASSWORD=hunter2\nExecStart=-/usr/bin/restic backup \\\n  /home\n");
    machine
        .file("home/.config/systemd/user/backup.timer", "[Timer]\nOnCalendar=*-*-* 02:30\nPersistent=true\n");
    machine.file("home/.config/systemd/user/timers.target.wants/backup.timer", "");
    machine.file(
        "usr/lib/systemd/system/rsync.service",
        "[Service]\nExecStart=/usr/bin/rsync --daemon --no-detach\n",
    );
    machine.file("usr/lib/systemd/system/borgmatic.service", "[Service]\nExecStart=borgmatic\n");
    let found = machine.only();
    assert_eq!(
        (found.schedule.as_deref(), found.line, found.note.as_deref()),
        (Some("every day at 02:30"), Some(5), None)
    );
    assert!(
        found
            .watch
            .unwrap()
            .line
            .starts_with("ExecStart=/usr/bin/instep run restic -- /usr/bin/restic backup")
    );
    assert_eq!(found.run.unwrap().settings["schedule"]["cron"], "30 2 * * *");
}

#[test]
fn what_tools_are_set_up_for_is_found_without_its_secrets() {
    let machine = Machine::new();
    machine.file(
        "home/.config/rclone/rclone.conf",
        "[drive]\ntype = drive\ntoken = hunter2\n\n[nas]\npass = hunter2\ntype = sftp\n",
    );
    machine
        .file("home/.unison/notes.prf", "root = /home/me/notes\nroot = ssh://nas//notes\nignore = Name x\n");
    machine.file("home/.unison/default.prf", "# made by itself\n");
    machine.file("home/.local/state/syncthing/config.xml", "<configuration><gui><apikey>hunter2</apikey></gui>\n<folder id=\"ab-c\" label=\"Photos\" path=\"/p\"/><device id=\"DEV\" name=\"laptop\"/></configuration>");
    machine.file("etc/borgmatic/config.yaml", "repositories:\n  - path: ssh://nas/./r.borg\n    label: nas\nsource_directories: [/home, /etc]\nencryption_passphrase: hunter2\n");
    machine.file(
        "home/.restic.env",
        "export RESTIC_REPOSITORY=\"sftp:nas:/backup\"\nexport RESTIC_PASSWORD=hunter2\n",
    );
    let detected = machine.look();
    let titles: Vec<(FoundKind, &str)> =
        detected.found.iter().map(|found| (found.kind, found.title.as_str())).collect();
    assert_eq!(
        titles,
        [
            (FoundKind::Folder, "Syncthing keeps \"Photos\" (/p) in sync"),
            (FoundKind::Profile, "Unison's profile \"notes\": /home/me/notes and ssh://nas//notes"),
            (FoundKind::Repository, "borgmatic backs up /home, /etc to ssh://nas/./r.borg"),
            (FoundKind::Repository, "restic's repository sftp:nas:/backup"),
            (FoundKind::Remote, "rclone knows \"drive\" (drive)"),
            (FoundKind::Remote, "rclone knows \"nas\" (sftp)"),
            (FoundKind::Device, "Syncthing knows the device \"laptop\""),
        ]
    );
    assert!(
        detected
            .tools
            .iter()
            .all(|tool| tool.problem.as_deref().is_some_and(|why| why.contains("not installed")))
    );
}

#[test]
fn what_is_known_already_is_not_proposed_to_be_watched() {
    let mut machine =
        Machine::new().crontab("0 1 * * * instep run x -- rsync -a /a /b\n0 2 * * * rsync -a /c /d\n");
    machine.roots.items = vec![
        json!({"handler": "rsync", "source": "/c", "target": "/d", "options": ["-z"]})
            .as_object()
            .unwrap()
            .clone(),
    ];
    let found = machine.look().found;
    assert!(found.iter().all(|found| found.known && found.watch.is_none()), "{found:#?}");
}

#[test]
fn hostile_files_are_harmless_and_told() {
    let machine = Machine::new().crontab("* * * * *\n@\n\u{202e}* * rsync\n0 0 * * * rsync '\n");
    machine.file(
        "home/.local/state/syncthing/config.xml",
        "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><configuration>&b;</configuration>",
    );
    let bomb: String =
        (1..30).map(|level| format!("l{level}: &l{level} [*l{0}, *l{0}]\n", level - 1)).collect();
    machine.file("etc/borgmatic/config.yaml", &format!("l0: &l0 [x, x]\n{bomb}repositories: *l29\n"));
    machine.file("etc/borgmatic.d/deep.yaml", &"[".repeat(100_000));
    machine.file("home/.config/rclone/rclone.conf", "RCLONE_ENCRYPT_V0:\nhunter2\n");
    machine.file("etc/cron.d/huge", &"0 0 * * * root rsync a b\n".repeat(100_000));
    machine.file("etc/cron.d/odd", "0 0 * * * root\n0 0\n=\n\n\n");
    let detected = machine.look();
    assert!(detected.found.is_empty(), "{:#?}", detected.found);
    assert_eq!(detected.unread.len(), 5, "{:#?}", detected.unread);
}

#[test]
fn tools_say_their_version_and_one_that_hangs_or_is_old_is_told() {
    let machine = Machine::new();
    for (name, script) in [
        ("rsync", "echo rsync  version 3.2.7  protocol version 31"),
        ("restic", "echo restic 0.9.6 compiled"),
        ("git", "exit 3"),
    ] {
        machine.file(&format!("bin/{name}"), &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(machine.place.path().join("bin").join(name), fs::Permissions::from_mode(0o755))
            .unwrap();
    }
    let tools = machine.look().tools;
    let told: Vec<_> = tools
        .iter()
        .map(|tool| (tool.tool.as_str(), tool.version.as_deref(), tool.problem.is_some()))
        .collect();
    assert_eq!(
        told,
        [("rsync", Some("3.2.7"), false), ("restic", Some("0.9.6"), true), ("git", None, false)]
    );
}

#[test]
fn what_systemd_fills_in_is_filled_in_and_the_line_for_the_unit_stays_as_it_is_written() {
    let machine = Machine::new();
    let unit = |name: &str, line: &str| {
        let text = format!("[Service]\nExecStart={line}\n");
        machine.file(&format!("home/.config/systemd/user/{name}.service"), &text);
    };
    unit("photos", "rsync -a %h/Photos/ nas:/photos");
    unit("there", "rsync -a /letters/ %H:/letters");
    let found = machine.look().found;
    assert_eq!(found.len(), 2, "{found:#?}");
    let home = machine.roots.home.as_ref().unwrap().display();
    let photos = found[0].run.as_ref().unwrap();
    assert_eq!(photos.settings["source"], format!("{home}/Photos/"));
    let watch = found[0].watch.as_ref().unwrap();
    assert_eq!(watch.line, "ExecStart=/usr/bin/instep run photos -- rsync -a %h/Photos/ nas:/photos");
    assert_eq!(found[0].command.as_deref(), Some("rsync -a %h/Photos/ nas:/photos"));
    assert!(
        found[1].run.is_none() && found[1].note.as_ref().unwrap().contains("systemd fills in %H"),
        "{found:#?}"
    );
    assert!(found[1].watch.as_ref().unwrap().line.ends_with("rsync -a /letters/ %H:/letters"));
}
