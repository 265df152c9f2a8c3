//! The items of a session, found by identifier without a lock and without hashing text.
//!
//! A session knows nearly all of its items when it begins, and only ever gains some (`AddItemToSession`,
//! `ProposeItem`). So the table is a row of segments that never move: the first one holds exactly the first items, each
//! later one is twice as large as the one before. Readers see a filled slot through its index entry; writers queue up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::item::Slot;
use crate::ids::ItemId;

/// The first segment, and late ones of 64 to 2^31 items.
const SEGMENTS: usize = 27;
const FIRST_LATE: usize = 64;

/// Two cache lines for each item: cores that report different items never write to the same line.
#[repr(align(128))]
struct Place(OnceLock<Slot>);

const _: () = assert!(size_of::<Place>() == 128);

struct Segment {
    /// Number of the first slot of this segment within the table.
    first: u32,
    /// How far the mixed hash is shifted down to give a place in the index.
    shift: u32,
    /// Open addressing: slot within the segment plus one, zero when empty. At most half full.
    index: Box<[AtomicU32]>,
    places: Box<[Place]>,
    used: AtomicU32,
}

impl Segment {
    fn new(first: u32, capacity: usize) -> Self {
        let width = (capacity.max(1) * 2).next_power_of_two();
        Self {
            first,
            shift: 64 - width.trailing_zeros(),
            index: (0..width).map(|_| AtomicU32::new(0)).collect(),
            places: (0..capacity).map(|_| Place(OnceLock::new())).collect(),
            used: AtomicU32::new(0),
        }
    }

    /// Places of the index to try for a hash, in order.
    fn probe(&self, hash: u64) -> impl Iterator<Item = &AtomicU32> {
        // The multiplication spreads the hash into its upper bits (Fibonacci hashing).
        let start = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        let (head, tail) = self.index.split_at(start);
        tail.iter().chain(head)
    }

    fn find(&self, id: &ItemId) -> Option<(u32, &Slot)> {
        for entry in self.probe(id.folded_hash()) {
            let at = entry.load(Ordering::Acquire).checked_sub(1)?;
            let slot = self.places.get(at as usize)?.0.get()?;
            if slot.id == *id {
                return Some((self.first + at, slot));
            }
        }
        None
    }

    /// Puts a slot at the end; gives it back when the segment is full. Callers hold the table's lock.
    fn push(&self, slot: Slot) -> Result<(u32, &Slot), Slot> {
        let at = self.used.load(Ordering::Relaxed);
        let Some(place) = self.places.get(at as usize) else { return Err(slot) };
        let hash = slot.id.folded_hash();
        let slot = place.0.get_or_init(|| slot);
        for entry in self.probe(hash) {
            if entry.load(Ordering::Relaxed) == 0 {
                entry.store(at + 1, Ordering::Release);
                break;
            }
        }
        self.used.store(at + 1, Ordering::Release);
        Ok((self.first + at, slot))
    }

    fn slots(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let used = self.used.load(Ordering::Acquire) as usize;
        let places = self.places.get(..used).unwrap_or_default();
        (self.first..).zip(places).filter_map(|(number, place)| Some((number, place.0.get()?)))
    }
}

pub(super) struct Table {
    segments: [OnceLock<Segment>; SEGMENTS],
    grow: Mutex<()>,
}

impl Table {
    /// A table whose first segment has room for exactly `capacity` items.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let table = Self { segments: [const { OnceLock::new() }; SEGMENTS], grow: Mutex::new(()) };
        table.segments[0].get_or_init(|| Segment::new(0, capacity));
        table
    }

    fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().map_while(OnceLock::get)
    }

    /// The item's slot and its number.
    pub(super) fn find(&self, id: &ItemId) -> Option<(u32, &Slot)> {
        self.segments().find_map(|segment| segment.find(id))
    }

    /// The slot with that number.
    pub(super) fn get(&self, number: u32) -> Option<&Slot> {
        self.segments().find_map(|segment| {
            let at = number.checked_sub(segment.first)?;
            segment.places.get(at as usize)?.0.get()
        })
    }

    /// Adds a slot; none when its identifier is there already (or four thousand million items are).
    pub(super) fn insert(&self, slot: Slot) -> Option<(u32, &Slot)> {
        let _alone = self.grow.lock().unwrap_or_else(PoisonError::into_inner);
        if self.find(&slot.id).is_some() {
            return None;
        }
        let mut slot = slot;
        let (mut first, mut capacity) = (0_u32, FIRST_LATE);
        for (n, segment) in self.segments.iter().enumerate() {
            let segment = segment.get_or_init(|| Segment::new(first, capacity));
            match segment.push(slot) {
                Ok(found) => return Some(found),
                Err(back) => slot = back,
            }
            first = first.checked_add(u32::try_from(segment.places.len()).ok()?)?;
            capacity = FIRST_LATE.checked_shl(u32::try_from(n).ok()?)?;
        }
        None
    }

    /// All slots with their numbers, in the order in which they came.
    pub(super) fn slots(&self) -> impl Iterator<Item = (u32, &Slot)> {
        self.segments().flat_map(Segment::slots)
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.segments().map(|segment| segment.used.load(Ordering::Acquire) as usize).sum()
    }
}
