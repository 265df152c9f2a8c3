//! How the agreement on one directory is packed into a record.
//!
//! ```text
//! format   1 byte: 1, or 2 where anything is known of owners or attributes
//! entries  u32
//! names    u32, bytes of all names together
//! checksum u64 over everything else
//! entry *  1 byte  kind, flags
//!          7 bytes lengths of 14 numbers, 4 bits each
//!          numbers, little endian, as many bytes as their length says
//!          wide times, if flagged
//!          owners and attributes of A and B, if flagged; else they are those of the entry before
//!          name
//! 8 bytes  zeros, so that a number is read with one load
//! ```
//!
//! Numbers are differences to what is most often next to them (B's time to A's, an inode number to the one before), so
//! that most of them are short; a record of fifty files takes about as long to unpack as five of their `statx` calls.

use reconcile::path::Name;
use reconcile::{Agreed, Agreement, DirKey, Extras, FileId, Kind, Owner, Seen, Time};

use super::Children;

/// First byte of a record that knows of neither owners nor attributes.
const FORMAT: u8 = 1;
/// First byte of one that does.
const WITH_EXTRAS: u8 = 2;
const HEADER: usize = 1 + 4 + 4 + 8;
const CHECKSUM_AT: usize = 9;
const NUMBERS: usize = 14;
/// Bytes after the last entry.
const SLACK: usize = 8;
/// Less than that no entry takes.
const MIN_ENTRY: usize = 8;

const KIND_MASK: u8 = 0x07;
const WIDE_A: u8 = 0x08;
const WIDE_B: u8 = 0x10;
const HAS_DIR: u8 = 0x20;
const HAS_EXTRAS: u8 = 0x40;

/// What the numbers of the next entry are counted from.
#[derive(Clone, Copy, Default)]
struct Before {
    mode: u64,
    size: u64,
    mtime: i64,
    ctime: i64,
    ino: u64,
    extras: Extras,
}

/// Whether a record is of a format that versions before this one cannot read.
pub(super) fn is_new_format(record: &[u8]) -> bool {
    record.first() == Some(&WITH_EXTRAS)
}

/// Packs an agreement, of which the children are given in order.
pub(super) fn encode(children: Children<'_, '_>) -> Vec<u8> {
    let mut out = vec![0; HEADER];
    out[0] = FORMAT;
    // A directory has far fewer than 4 G entries and bytes of names.
    let (mut entries, mut names) = (0_u32, 0_u32);
    let (mut a, mut b) = (Before::default(), Before::default());
    for (name, agreed) in children {
        entries += 1;
        names += name.len() as u32;
        put_entry(&mut out, name, agreed, &mut a, &mut b);
    }
    out[1..5].copy_from_slice(&entries.to_le_bytes());
    out[5..9].copy_from_slice(&names.to_le_bytes());
    out.extend_from_slice(&[0; SLACK]);
    let sum = checksum(&out);
    out[CHECKSUM_AT..HEADER].copy_from_slice(&sum.to_le_bytes());
    out
}

/// Unpacks a record; none when it is damaged or of another format.
pub(super) fn decode(record: &[u8]) -> Option<Agreement> {
    if !matches!(*record.first()?, FORMAT | WITH_EXTRAS) || record.len() < HEADER + SLACK {
        return None;
    }
    let entries = u32::from_le_bytes(record[1..5].try_into().ok()?) as usize;
    let name_bytes = u32::from_le_bytes(record[5..9].try_into().ok()?) as usize;
    let sum = u64::from_le_bytes(record[CHECKSUM_AT..HEADER].try_into().ok()?);
    // The checksum comes first: from here on the record is one that we packed.
    if sum != checksum(record) || entries > record.len() / MIN_ENTRY || name_bytes > record.len() {
        return None;
    }
    let mut agreement = Agreement::with_capacity(entries, name_bytes);
    let mut reader = Reader { record, at: HEADER };
    let (mut a, mut b) = (Before::default(), Before::default());
    for _ in 0..entries {
        let (name, agreed) = reader.entry(&mut a, &mut b)?;
        agreement.push(name, agreed);
    }
    (reader.at + SLACK == record.len()).then_some(agreement)
}

fn put_entry(out: &mut Vec<u8>, name: &Name, agreed: &Agreed, a: &mut Before, b: &mut Before) {
    let mut flags = kind_number(agreed.a.kind);
    let mut numbers = [0; NUMBERS];
    let wide_a = numbers_of(&agreed.a, a, &mut numbers[0..6]);
    // What B has is most often what A has.
    (b.mode, b.size, b.mtime) = (a.mode, a.size, a.mtime);
    let wide_b = numbers_of(&agreed.b, b, &mut numbers[6..12]);
    numbers[12] = name.len() as u64;
    if let Some(key) = agreed.dir {
        numbers[13] = key.0;
        flags |= HAS_DIR;
    }
    flags |= if wide_a { WIDE_A } else { 0 } | if wide_b { WIDE_B } else { 0 };
    let extras = (agreed.a.extras, agreed.b.extras);
    if extras != (a.extras, b.extras) {
        flags |= HAS_EXTRAS;
        out[0] = WITH_EXTRAS;
        (a.extras, b.extras) = extras;
    }

    out.push(flags);
    let lengths_at = out.len();
    out.extend_from_slice(&[0; NUMBERS / 2]);
    for (index, number) in numbers.iter().enumerate() {
        let length = (8 - number.leading_zeros() / 8) as usize;
        out[lengths_at + index / 2] |= (length as u8) << (index % 2 * 4);
        out.extend_from_slice(&number.to_le_bytes()[..length]);
    }
    for (wide, seen) in [(wide_a, &agreed.a), (wide_b, &agreed.b)] {
        if wide {
            for time in [seen.mtime, seen.ctime] {
                out.extend_from_slice(&time.secs.to_le_bytes());
                out.extend_from_slice(&time.nanos.to_le_bytes());
            }
        }
    }
    if flags & HAS_EXTRAS != 0 {
        for Extras { owner, attributes } in [extras.0, extras.1] {
            out.extend_from_slice(&owner.user.to_le_bytes());
            out.extend_from_slice(&owner.group.to_le_bytes());
            out.extend_from_slice(&attributes.to_le_bytes());
        }
    }
    out.extend_from_slice(name);
}

/// Fills in mode, size, mtime, ctime, inode number and birth; true when the times do not fit and must follow in full.
fn numbers_of(seen: &Seen, before: &mut Before, numbers: &mut [u64]) -> bool {
    let times = nanos(seen.mtime).zip(nanos(seen.ctime));
    let (mtime, ctime) = times.unwrap_or_default();
    numbers[0] = u64::from(seen.mode) ^ before.mode;
    numbers[1] = zigzag(seen.size.wrapping_sub(before.size) as i64);
    numbers[2] = zigzag(mtime.wrapping_sub(before.mtime));
    numbers[3] = zigzag(ctime.wrapping_sub(before.ctime));
    numbers[4] = zigzag(seen.id.ino.wrapping_sub(before.ino) as i64);
    numbers[5] = zigzag(seen.id.birth.wrapping_sub(ctime));
    let extras = before.extras;
    *before = Before { mode: u64::from(seen.mode), size: seen.size, mtime, ctime, ino: seen.id.ino, extras };
    times.is_none()
}

struct Reader<'r> {
    record: &'r [u8],
    at: usize,
}

impl<'r> Reader<'r> {
    fn entry(&mut self, a: &mut Before, b: &mut Before) -> Option<(&'r Name, Agreed)> {
        // One load for the flags and all fourteen lengths.
        let head = self.load()?;
        self.at += 8;
        let flags = head as u8;
        let mut lengths = head >> 8;
        let mut numbers = [0; NUMBERS];
        for number in &mut numbers {
            let length = lengths as u32 & 0x0f;
            lengths >>= 4;
            if length > 8 {
                return None;
            }
            // A shift by 64 would be undefined: two steps.
            *number = self.load()? & !(u64::MAX << (length * 4) << (length * 4));
            self.at += length as usize;
        }
        let kind = kind_of(flags & KIND_MASK)?;
        let mut seen_a = seen_of(kind, &numbers[0..6], a);
        (b.mode, b.size, b.mtime) = (a.mode, a.size, a.mtime);
        let mut seen_b = seen_of(kind, &numbers[6..12], b);
        for (wide, seen) in [(WIDE_A, &mut seen_a), (WIDE_B, &mut seen_b)] {
            if flags & wide != 0 {
                seen.mtime = self.wide_time()?;
                seen.ctime = self.wide_time()?;
            }
        }
        if flags & HAS_EXTRAS != 0 {
            a.extras = self.extras()?;
            b.extras = self.extras()?;
        }
        (seen_a.extras, seen_b.extras) = (a.extras, b.extras);
        let end = self.at.checked_add(usize::try_from(numbers[12]).ok()?)?;
        let name = self.record.get(self.at..end)?;
        self.at = end;
        let dir = (flags & HAS_DIR != 0).then_some(DirKey(numbers[13]));
        Some((name, Agreed { a: seen_a, b: seen_b, dir }))
    }

    fn load(&self) -> Option<u64> {
        Some(u64::from_le_bytes(self.record.get(self.at..self.at + 8)?.try_into().ok()?))
    }

    fn extras(&mut self) -> Option<Extras> {
        let owner = self.load()?;
        self.at += 8;
        let attributes = self.load()?;
        self.at += 8;
        // Packed one after the other, the lower half first.
        Some(Extras { owner: Owner { user: owner as u32, group: (owner >> 32) as u32 }, attributes })
    }

    fn wide_time(&mut self) -> Option<Time> {
        let secs = self.load()? as i64;
        let nanos = u32::from_le_bytes(self.record.get(self.at + 8..self.at + 12)?.try_into().ok()?);
        self.at += 12;
        Some(Time { secs, nanos })
    }
}

fn seen_of(kind: Kind, numbers: &[u64], before: &mut Before) -> Seen {
    let mode = numbers[0] ^ before.mode;
    let size = before.size.wrapping_add(unzigzag(numbers[1]) as u64);
    let mtime = before.mtime.wrapping_add(unzigzag(numbers[2]));
    let ctime = before.ctime.wrapping_add(unzigzag(numbers[3]));
    let ino = before.ino.wrapping_add(unzigzag(numbers[4]) as u64);
    let birth = ctime.wrapping_add(unzigzag(numbers[5]));
    let extras = before.extras;
    *before = Before { mode, size, mtime, ctime, ino, extras };
    let id = FileId { ino, birth };
    Seen { kind, mode: mode as u32, size, mtime: time(mtime), ctime: time(ctime), id, extras }
}

const NANOS: i64 = 1_000_000_000;

/// Nanoseconds since 1970, if that is exact and fits (the years 1678 to 2261).
fn nanos(time: Time) -> Option<i64> {
    if i64::from(time.nanos) >= NANOS {
        return None;
    }
    time.secs.checked_mul(NANOS)?.checked_add(i64::from(time.nanos))
}

fn time(nanos: i64) -> Time {
    Time { secs: nanos.div_euclid(NANOS), nanos: nanos.rem_euclid(NANOS) as u32 }
}

/// Small numbers of either sign become small numbers.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn kind_number(kind: Kind) -> u8 {
    match kind {
        Kind::File => 0,
        Kind::Dir => 1,
        Kind::Link => 2,
        Kind::Special => 3,
        Kind::Unreadable => 4,
    }
}

fn kind_of(number: u8) -> Option<Kind> {
    Some(match number {
        0 => Kind::File,
        1 => Kind::Dir,
        2 => Kind::Link,
        3 => Kind::Special,
        4 => Kind::Unreadable,
        _ => return None,
    })
}

/// Tells a damaged record from a whole one (against disks and memory, not against people): four independent chains of
/// multiplications, so that it costs next to nothing beside the read itself. The checksum's own bytes are left out.
fn checksum(record: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    fn step(sum: u64, word: u64) -> u64 {
        let mixed = (sum ^ word).wrapping_mul(FACTOR);
        mixed ^ (mixed >> 32)
    }
    let word = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    };
    let mut sums = [1, 2, 3, word(&record[..8])];
    let blocks = record[HEADER..].chunks_exact(32);
    let rest = blocks.remainder();
    for block in blocks {
        for (sum, bytes) in sums.iter_mut().zip(block.chunks_exact(8)) {
            *sum = step(*sum, word(bytes));
        }
    }
    for (sum, bytes) in sums.iter_mut().zip(rest.chunks(8)) {
        *sum = step(*sum, word(bytes));
    }
    let end = record.len() as u64 ^ u64::from(record[8]) << 56;
    sums.into_iter().fold(end, step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_time() -> impl Strategy<Value = Time> {
        (prop_oneof![Just(0), any::<i64>(), 1_700_000_000..1_800_000_000_i64], 0..1_000_000_000_u32)
            .prop_map(|(secs, nanos)| Time { secs, nanos })
    }

    fn any_extras() -> impl Strategy<Value = Extras> {
        let known = (0..3_u32, any::<u32>(), any::<u64>())
            .prop_map(|(user, group, attributes)| Extras { owner: Owner { user, group }, attributes });
        prop_oneof![Just(Extras::default()), known]
    }

    fn any_seen(kind: Kind) -> impl Strategy<Value = Seen> {
        let numbers = (0..0o10000_u32, any::<u64>(), any_time(), any_time(), any::<u64>(), any::<i64>());
        (numbers, any_extras()).prop_map(move |((mode, size, mtime, ctime, ino, birth), extras)| Seen {
            kind,
            mode,
            size,
            mtime,
            ctime,
            id: FileId { ino, birth },
            extras,
        })
    }

    fn any_agreed() -> impl Strategy<Value = Agreed> {
        prop_oneof![Just(Kind::File), Just(Kind::Dir), Just(Kind::Link)]
            .prop_flat_map(|kind| (any_seen(kind), any_seen(kind), any::<Option<u64>>()))
            .prop_map(|(a, b, dir)| Agreed { a, b, dir: dir.map(DirKey) })
    }

    fn any_agreement() -> impl Strategy<Value = Agreement> {
        let name = prop::collection::vec(any::<u8>(), 1..=255);
        prop::collection::btree_map(name, any_agreed(), 0..20).prop_map(|map| {
            let mut agreement = Agreement::default();
            for (name, agreed) in map {
                agreement.push(&name, agreed);
            }
            agreement
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(agreement in any_agreement()) {
            let back = decode(&encode(&mut agreement.iter())).expect("whole");
            prop_assert!(back.iter().eq(agreement.iter()));
        }

        #[test]
        fn a_damaged_record_is_none(agreement in any_agreement(), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
            let mut record = encode(&mut agreement.iter());
            let at = at.index(record.len());
            record[at] ^= flip;
            prop_assert!(decode(&record).is_none());
        }

        #[test]
        fn anything_else_is_none_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode(&bytes).is_none());
        }

        #[test]
        fn a_cut_record_is_none(agreement in any_agreement(), at in any::<prop::sample::Index>()) {
            let record = encode(&mut agreement.iter());
            prop_assert!(decode(&record[..at.index(record.len())]).is_none());
        }
    }
}
