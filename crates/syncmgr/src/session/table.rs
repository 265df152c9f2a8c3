//! The items of a session, found by identifier without a lock and without hashing text.
//!
//! A session knows nearly all of its items when it begins, and only ever gains some (`AddItemToSession`,
//! `ProposeItem`). So the table is a row of segments that never move: the first one holds exactly the first items, each
//! later one is twice as large as the one before. Readers see a filled slot through its index entry; writers queue up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::item::Slot;
use crate::ids::ItemId;

/// The first late segment has room for this many items, each further one for twice as many as the one before.
const FIRST_LATE: usize = 64;
/// Enough for all numbers that an item can have.
const LATE_SEGMENTS: usize = 26;

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

    /// The first place of the index to try for a hash; the others follow it, around the end.
    #[inline]
    fn start(&self, hash: u64) -> usize {
        // The multiplication spreads the hash into its upper bits (Fibonacci hashing).
        (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    #[inline]
    fn find(&self, id: &ItemId) -> Option<(u32, &Slot)> {
        let mut at = self.start(id.folded_hash());
        loop {
            // An index is at most half full, so this ends at an empty entry.
            let number =
                self.index.get(at & (self.index.len() - 1))?.load(Ordering::Acquire).checked_sub(1)?;
            let slot = self.places.get(number as usize)?.0.get()?;
            if slot.id == *id {
                return Some((self.first + number, slot));
            }
            at += 1;
        }
    }

    /// Puts a slot at the end; gives it back when the segment is full. Callers hold the table's lock.
    fn push(&self, slot: Slot) -> Result<(u32, &Slot), Slot> {
        let at = self.used.load(Ordering::Relaxed);
        let Some(place) = self.places.get(at as usize) else { return Err(slot) };
        let (head, tail) = self.index.split_at(self.start(slot.id.folded_hash()));
        let slot = place.0.get_or_init(|| slot);
        if let Some(empty) = tail.iter().chain(head).find(|entry| entry.load(Ordering::Relaxed) == 0) {
            empty.store(at + 1, Ordering::Release);
        }
        self.used.store(at + 1, Ordering::Release);
        Ok((self.first + at, slot))
    }

    /// The number after the last of this segment; none when numbers run out.
    fn end(&self) -> Option<u32> {
        self.first.checked_add(u32::try_from(self.places.len()).ok()?)
    }

    fn slots(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let used = self.used.load(Ordering::Acquire) as usize;
        let places = self.places.get(..used).unwrap_or_default();
        (self.first..).zip(places).filter_map(|(number, place)| Some((number, place.0.get()?)))
    }
}

pub(super) struct Table {
    first: Segment,
    late: [OnceLock<Segment>; LATE_SEGMENTS],
    grow: Mutex<()>,
}

impl Table {
    /// A table whose first segment has room for exactly `capacity` items.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self {
            first: Segment::new(0, capacity),
            late: [const { OnceLock::new() }; LATE_SEGMENTS],
            grow: Mutex::new(()),
        }
    }

    fn late(&self) -> impl Iterator<Item = &Segment> {
        self.late.iter().map_while(OnceLock::get)
    }

    fn segments(&self) -> impl Iterator<Item = &Segment> {
        std::iter::once(&self.first).chain(self.late())
    }

    /// The item's slot and its number.
    #[inline]
    pub(super) fn find(&self, id: &ItemId) -> Option<(u32, &Slot)> {
        self.first.find(id).or_else(|| self.find_late(id))
    }

    #[cold]
    fn find_late(&self, id: &ItemId) -> Option<(u32, &Slot)> {
        self.late().find_map(|segment| segment.find(id))
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
        let mut slot = match self.first.push(slot) {
            Ok(found) => return Some(found),
            Err(back) => back,
        };
        let (mut first, mut capacity) = (self.first.end()?, FIRST_LATE);
        for segment in &self.late {
            let segment = segment.get_or_init(|| Segment::new(first, capacity));
            match segment.push(slot) {
                Ok(found) => return Some(found),
                Err(back) => slot = back,
            }
            (first, capacity) = (segment.end()?, capacity * 2);
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
