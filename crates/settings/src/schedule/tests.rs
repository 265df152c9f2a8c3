use super::*;

fn parse(text: &str) -> Result<Schedule, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn nothing_said_means_never() {
    let schedule = parse("").unwrap();
    assert_eq!(schedule, Schedule::default());
    assert!(schedule.is_empty() && schedule.catch_up && schedule.retry.limit == 5);
}

#[test]
fn everything_can_be_said_and_is_written_alike() {
    let text = "cron = ['30 2 * * *', '@weekly']\nzone = 'Europe/Berlin'\nevery = '6h'\nfrom = 'clock'\n\
                on = ['change', 'mount', 'mount:/media/nas/', 'network', 'network:wlan0', 'wake', 'start']\n\
                after = ['music']\nwindows = ['22:00-06:00', 'sat,sun 00:00-24:00']\n\
                needs = ['mount:/media/nas', 'network']\noverdue = '2d'\ncatch_up = false\n\
                retry = { limit = 3, first = '10s', longest = '5m' }";
    let schedule = parse(text).unwrap();
    assert_eq!(schedule.on[2], Trigger::Mount(Some("/media/nas".into())));
    assert_eq!(schedule.overdue, Some(Overdue::After("2d".parse().unwrap())));
    assert!(schedule.watches() && !schedule.catch_up);
    let again = parse(&toml::to_string(&schedule).unwrap()).unwrap();
    assert_eq!(again, schedule);
}

#[test]
fn one_entry_needs_no_brackets() {
    let schedule = parse("cron = '30 2 * * *'\non = 'change'\nafter = 'a'\noverdue = 'never'").unwrap();
    assert_eq!((schedule.cron.len(), schedule.on.len(), schedule.after.len()), (1, 1, 1));
    assert_eq!(schedule.overdue, Some(Overdue::Never));
}

#[test]
fn a_mistake_is_shown_with_its_line_and_says_what_is_meant() {
    for (text, line, word) in [
        ("zone = 'UTC'\ncron = '30 25 * * *'", "line 2", "five fields"),
        ("zone = 'UTC'\ncron = ['@daily', '0 30 2 * * *']", "line 2", "five fields"),
        ("zone = 'UTC'\ncron = '0 0 30 2 *'", "line 2", "never comes"),
        ("\nzone = 'Europe/Atlantis'", "line 2", "Europe/Berlin"),
        ("\nevery = '0s'", "line 2", "no time"),
        ("\non = ['chance']", "line 2", "change"),
        ("\non = ['mount:media']", "line 2", "absolute"),
        ("\nneeds = 'mount'", "line 2", "mount:/media/nas"),
        ("\nwindows = '22-06'", "line 2", "22:00-06:00"),
        ("\noverdue = 'soon'", "line 2", "never"),
        ("\nafter = ['']", "line 2", ""),
        ("\nretry = { limits = 3 }", "line 2", "limits"),
        ("\ncorn = '30 2 * * *'", "line 2", "corn"),
        ("from = 'clock'", "", "no `every`"),
        ("every = '7h'\nfrom = 'clock'", "", "divides the day"),
        ("every = '10ms'", "", "at least a second"),
        ("retry = { first = '2h' }", "", "shorter"),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(line) && error.contains(word), "{text:?} gives {error}");
    }
}

#[test]
fn the_schema_names_every_key() {
    let schema = schemars::schema_for!(Schedule).to_value().to_string();
    for key in
        ["cron", "zone", "every", "from", "on", "after", "windows", "needs", "overdue", "catch_up", "retry"]
    {
        assert!(schema.contains(&format!("\"{key}\"")), "{key} is missing in {schema}");
    }
}

#[test]
fn a_mount_without_a_place_is_one_of_the_items_folders() {
    let schedule = parse("on = ['mount', 'wake']").unwrap();
    let folders = [Path::new("/home/me/x"), Path::new("/media/nas/x")];
    let on: Vec<String> = schedule.with_folders(&folders).on.iter().map(ToString::to_string).collect();
    assert_eq!(on, ["mount:/home/me/x", "mount:/media/nas/x", "wake"]);
}
