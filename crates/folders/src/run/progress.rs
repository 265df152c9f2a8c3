//! How far a run is, towards the callback, and whether it may go on.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reconcile::RelPath;
use syncmgr::outcome::Phase;
use syncmgr::status::ProgressStatus;
use syncmgr::{CancelRequest, ItemId, SyncCallback};

use super::under_way::{UnderWay, with_paths};
use crate::apply::{Report, Trouble};
use crate::scan::Watch;

/// What an entry weighs beside its bytes: small files cost by the piece.
const ENTRY: u64 = 16 * 1024;
/// Nobody reads a text that changes faster (in milliseconds).
const TEXT_EVERY: u64 = 20;

/// How long the system may be busy with one call of ours, while nothing is heard of us: a flush to a slow disk, or the
/// status of all names of a huge directory.
const SILENCE: Duration = Duration::from_secs(15 * 60);

/// One item's progress.
pub(crate) struct Progress<'r> {
    callback: &'r dyn SyncCallback,
    item: &'r ItemId,
    begun: Instant,
    /// When a text was made last, in milliseconds since the beginning.
    said: AtomicU64,
    /// When it began to be carried out, likewise.
    moving: AtomicU64,
    canceled: AtomicBool,
    looked_at: AtomicU64,
    entries: AtomicU64,
    bytes: AtomicU64,
    all_entries: AtomicU64,
    all_bytes: AtomicU64,
    under_way: UnderWay,
    troubles: Mutex<Vec<Trouble>>,
}

impl<'r> Progress<'r> {
    pub(crate) fn new(callback: &'r dyn SyncCallback, item: &'r ItemId) -> Self {
        Self {
            callback,
            item,
            begun: Instant::now(),
            said: AtomicU64::new(0),
            moving: AtomicU64::new(0),
            canceled: AtomicBool::new(false),
            looked_at: AtomicU64::new(0),
            entries: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            all_entries: AtomicU64::new(0),
            all_bytes: AtomicU64::new(0),
            under_way: UnderWay::default(),
            troubles: Mutex::default(),
        }
    }

    /// What there is to do in all.
    pub(crate) fn expect(&self, entries: u64, bytes: u64) {
        self.all_entries.store(entries, Ordering::Relaxed);
        self.all_bytes.store(bytes, Ordering::Relaxed);
        self.moving.store(self.elapsed(), Ordering::Relaxed);
    }

    /// Asks for leave to be silent for a while. Refused only by a session that has ended, which other calls tell as well.
    fn silent(&self) {
        let _ = self.callback.extend_lease(SILENCE);
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn phase(&self, phase: Phase) {
        self.silent();
        let answer = self.callback.report_phase(self.item, phase);
        self.heard(answer.is_ok_and(|request| request == CancelRequest::None));
    }

    pub(crate) fn is_canceled(&self) -> bool {
        self.canceled.load(Ordering::Relaxed)
    }

    /// Bytes of content that were copied.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn take_troubles(&self) -> Vec<Trouble> {
        std::mem::take(&mut *self.troubles.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks whether to go on; a session that has ended answers no.
    fn ask(&self) -> bool {
        let go_on = !self.is_canceled() && self.callback.can_continue(Some(self.item)).unwrap_or(false);
        self.heard(go_on);
        go_on
    }

    fn heard(&self, go_on: bool) {
        if !go_on {
            self.canceled.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it is time for another text.
    fn is_due(&self) -> bool {
        let now = self.elapsed();
        let said = self.said.load(Ordering::Relaxed);
        now >= said + TEXT_EVERY
            && self.said.compare_exchange(said, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn say(&self, text: &str, status: ProgressStatus, step: u64, max: u64) {
        let answer = self.callback.report_progress(self.item, Some(text), status, step, max);
        self.heard(answer.is_ok_and(|request| request == CancelRequest::None));
    }
}

impl Watch for Progress<'_> {
    fn canceled(&self) -> bool {
        !self.ask()
    }

    fn looked_at(&self, entries: u64, dir: &RelPath) {
        let all = self.looked_at.fetch_add(entries, Ordering::Relaxed) + entries;
        if self.is_due() {
            let text = with_paths(&format!("{} looked at", counted(all, "entry", "entries")), &[dir]);
            self.say(&text, ProgressStatus::UpdatingIndeterminate, 0, 0);
            self.silent();
        }
    }
}

impl Report for Progress<'_> {
    fn done(&self, path: &RelPath, entries: u64, bytes: u64) {
        match entries {
            0 => self.under_way.goes_on(path),
            _ => self.under_way.ended(path),
        }
        let entries = self.entries.fetch_add(entries, Ordering::Relaxed) + entries;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if self.is_due() {
            // What was copied twice because it changed, or was not there when this was planned, counts as well.
            let all_entries = self.all_entries.load(Ordering::Relaxed).max(entries);
            let all_bytes = self.all_bytes.load(Ordering::Relaxed).max(bytes);
            let weight = |entries: u64, bytes: u64| bytes.saturating_add(entries.saturating_mul(ENTRY));
            let millis = self.elapsed().saturating_sub(self.moving.load(Ordering::Relaxed)).max(1);
            let rate = bytes.saturating_mul(1000) / millis;
            let so_far = format!(
                "{} of {}, {} of {} at {}/s",
                grouped(entries),
                counted(all_entries, "entry", "entries"),
                size(bytes),
                size(all_bytes),
                size(rate)
            );
            let text = self.under_way.after(&so_far, path);
            let (step, max) = (weight(entries, bytes), weight(all_entries, all_bytes));
            self.say(&text, ProgressStatus::Updating, step, max);
        }
    }

    fn go_on(&self) -> bool {
        self.ask()
    }

    fn flushing(&self) {
        self.silent();
    }

    fn trouble(&self, trouble: Trouble) {
        self.under_way.ended(&trouble.path);
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).push(trouble);
    }
}

/// `1,234 files`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            let _ = out.write_char(',');
        }
        out.push(digit);
    }
    out
}

/// `7.2 MiB`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if unit != "B" && value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_people_read_them() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!((size(0), size(999), size(1536)), ("0 B".into(), "999 B".into(), "1.5 KiB".into()));
        assert_eq!((size(86 << 20), size(1 << 50)), ("86 MiB".into(), "1.0 PiB".into()));
    }
}
