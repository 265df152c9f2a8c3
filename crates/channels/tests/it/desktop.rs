//! Notes on a desktop: on a bus of our own, with a small notification service.

use std::time::Duration;

use center::{Channel, Notice, Occasion};
use channels::Desktop;

use crate::bus::{Bus, Note, Plays};
use crate::servers::{LONG, silent_socket};

/// More than a note takes on a machine that has much else to do.
const ENOUGH: Duration = LONG;
const SHORT: Duration = Duration::from_millis(300);

#[test]
fn a_note_appears_and_its_text_is_no_markup() {
    let Some(bus) = Bus::start() else { return };
    let (_service, told) = bus.serve(Plays::Well);
    let mut notice = Notice::test(0);
    notice.alert.title = "Photos: failed".into();
    notice.alert.text = "<b>a&b</b>".into();
    for (occasion, title, urgency) in
        [(Occasion::Test, "Photos: failed", 1), (Occasion::Raised, "Photos: failed", 2)]
    {
        notice.occasion = occasion;
        bus.desktop("desktop", ENOUGH).deliver(&notice).unwrap();
        let note = Note {
            program: "Instep".into(),
            title: title.into(),
            text: "&lt;b&gt;a&amp;b&lt;/b&gt;".into(),
            urgency: Some(urgency),
        };
        assert_eq!(told.recv_timeout(LONG).unwrap(), note);
    }
}

#[test]
fn a_desktop_that_is_not_there_is_said() {
    let Some(bus) = Bus::start() else { return };
    let undelivered = bus.desktop("d", ENOUGH).deliver(&Notice::test(0)).unwrap_err();
    assert!(undelivered.again && undelivered.why.contains("notification service"), "{}", undelivered.why);
    let nowhere = Desktop::on_bus("d".into(), ENOUGH, "unix:path=/nonexistent/bus".into());
    assert!(nowhere.deliver(&Notice::test(0)).is_err());
}

#[test]
fn a_desktop_that_hangs_is_given_up_in_time_wherever_it_hangs() {
    let Some(bus) = Bus::start() else { return };
    let (_service, _told) = bus.serve(Plays::Silent);
    let dir = tempfile::tempdir().unwrap();
    // A bus that takes the connection and never says a word.
    let mute = Desktop::on_bus("d".into(), SHORT, format!("unix:path={}", silent_socket(dir.path())));
    for desktop in [bus.desktop("d", SHORT), mute] {
        let undelivered = desktop.deliver(&Notice::test(0)).unwrap_err();
        assert!(undelivered.again && undelivered.why.contains("within 0.3 s"), "{}", undelivered.why);
    }
}
