//! What of the machine decides about schedules: mounts and networks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use settings::schedule::{Need, Schedule, Trigger};

use super::cause::Happening;

/// How the machine is just now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// Where something is mounted.
    pub mounts: BTreeSet<PathBuf>,
    /// Network interfaces by which something is reached, and whether that is everything: a default route.
    pub networks: BTreeMap<String, bool>,
}

/// Looks at the machine.
pub trait Senses: Send {
    /// How it is just now. What cannot be read is not there.
    fn look(&mut self) -> Surroundings;
}

impl Surroundings {
    fn is_online(&self) -> bool {
        self.networks.values().any(|everything| *everything)
    }

    /// What happened from `before` on.
    pub(crate) fn since(&self, before: &Self) -> Vec<Happening> {
        let mounted = self.mounts.difference(&before.mounts).cloned().map(Happening::Mounted);
        let by = self.networks.keys().filter(|name| !before.networks.contains_key(*name)).cloned();
        let online = (self.is_online() && !before.is_online()).then_some(Happening::Online(None));
        mounted.chain(by.map(|name| Happening::Online(Some(name)))).chain(online).collect()
    }

    /// The first of an item's needs that is not met.
    pub(crate) fn unmet<'s>(&self, schedule: &'s Schedule) -> Option<&'s Need> {
        schedule.needs.iter().find(|need| match need {
            Need::Mount(path) => !self.mounts.contains(path),
            Need::Network(None) => !self.is_online(),
            Need::Network(Some(name)) => !self.networks.contains_key(name),
        })
    }
}

/// Whether a schedule has anything to do with the machine's surroundings.
pub(crate) fn is_about_them(schedule: &Schedule) -> bool {
    let triggers = |trigger: &Trigger| matches!(trigger, Trigger::Mount(_) | Trigger::Network(_));
    !schedule.needs.is_empty() || schedule.on.iter().any(triggers)
}

/// Linux' own lists of them. Elsewhere nothing is there.
#[derive(Debug, Default)]
pub struct SystemSenses;

impl Senses for SystemSenses {
    fn look(&mut self) -> Surroundings {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let networks = networks(&read("/proc/net/route"), &read("/proc/net/ipv6_route"));
        let is_up = |name: &str| {
            let state = Path::new("/sys/class/net").join(name).join("operstate");
            // Tunnels do not know their state.
            std::fs::read_to_string(state).is_ok_and(|state| matches!(state.trim(), "up" | "unknown"))
        };
        Surroundings {
            mounts: std::fs::read("/proc/self/mountinfo").map(|text| mounts(&text)).unwrap_or_default(),
            networks: networks.into_iter().filter(|(name, _)| is_up(name)).collect(),
        }
    }
}

/// The mount points of `/proc/self/mountinfo`, in which blanks and the like are written as `\040`.
fn mounts(text: &[u8]) -> BTreeSet<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    let point = |line: &[u8]| {
        let field = line.split(|byte| *byte == b' ').nth(4)?;
        let mut path = Vec::with_capacity(field.len());
        let mut rest = field;
        while let [first, tail @ ..] = rest {
            match (first, tail) {
                (b'\\', [a, b, c, after @ ..])
                    if [a, b, c].iter().all(|digit| (b'0'..=b'7').contains(*digit)) =>
                {
                    path.push(((a - b'0') & 3) << 6 | (b - b'0') << 3 | (c - b'0'));
                    rest = after;
                }
                _ => {
                    path.push(*first);
                    rest = tail;
                }
            }
        }
        Some(PathBuf::from(std::ffi::OsString::from_vec(path)))
    };
    text.split(|byte| *byte == b'\n').filter_map(point).collect()
}

/// The interfaces of `/proc/net/route` and `/proc/net/ipv6_route`, and whether they have a default route.
fn networks(v4: &str, v6: &str) -> BTreeMap<String, bool> {
    let mut networks = BTreeMap::new();
    let mut add = |name: &str, everything: bool| {
        *networks.entry(name.to_owned()).or_insert(false) |= everything;
    };
    for line in v4.lines().skip(1) {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        if let [name, destination, _, _, _, _, _, mask, ..] = fields.as_slice() {
            add(name, *destination == "00000000" && *mask == "00000000");
        }
    }
    for line in v6.lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [destination, length, .., name] = fields.as_slice() else { continue };
        // Every interface has routes to its own link and to groups; the loop-back one leads nowhere.
        if *name == "lo" || destination.starts_with("fe80") || destination.starts_with("ff") {
            continue;
        }
        add(name, *length == "00");
    }
    networks.remove("lo");
    networks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_with_their_blanks() {
        let text = b"36 35 98:0 / / rw - ext4 /dev/sda1 rw\n\
                     37 36 0:31 / /media/my\\040nas rw,noatime shared:1 - nfs4 nas:/x rw\n\n";
        let mounts = mounts(text);
        assert_eq!(mounts, ["/".into(), "/media/my nas".into()].into());
    }

    #[test]
    fn a_default_route_is_everything_and_a_link_is_nothing() {
        let v4 = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                  wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n\
                  wlan0\t0002A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n\
                  eth0\t0003A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";
        let v6 = "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 x 100 1 0 1 usb0\n\
                  00000000000000000000000000000000 00 fe80000000000000000000000000abcd 00 x 400 1 0 3 tun0\n\
                  00000000000000000000000000000001 80 00000000000000000000000000000000 00 x 0 1 0 80200001 lo\n";
        let all = networks(v4, v6);
        assert_eq!(all, [("wlan0".into(), true), ("eth0".into(), false), ("tun0".into(), true)].into());
    }

    #[test]
    fn what_appears_happens_once() {
        let nothing = Surroundings::default();
        let some = Surroundings {
            mounts: ["/media/nas".into()].into(),
            networks: [("wlan0".to_owned(), true)].into(),
        };
        assert_eq!(
            some.since(&nothing),
            [
                Happening::Mounted("/media/nas".into()),
                Happening::Online(Some("wlan0".into())),
                Happening::Online(None)
            ]
        );
        assert!(some.since(&some).is_empty() && nothing.since(&some).is_empty());
        // A second way out is no news to those who wait for any.
        let more = Surroundings {
            networks: [("wlan0".to_owned(), true), ("eth0".to_owned(), true)].into(),
            ..some.clone()
        };
        assert_eq!(more.since(&some), [Happening::Online(Some("eth0".into()))]);
    }

    #[test]
    fn needs_are_met_by_exactly_what_they_name() {
        let schedule: Schedule =
            toml::from_str("needs = ['mount:/media/nas', 'network', 'network:eth0']").unwrap();
        let mut around =
            Surroundings { mounts: ["/media".into(), "/".into()].into(), ..Surroundings::default() };
        assert_eq!(around.unmet(&schedule), Some(&schedule.needs[0]));
        around.mounts.insert("/media/nas".into());
        around.networks.insert("eth0".into(), false);
        assert_eq!(around.unmet(&schedule), Some(&schedule.needs[1]));
        around.networks.insert("wlan0".into(), true);
        assert_eq!(around.unmet(&schedule), None);
    }
}
