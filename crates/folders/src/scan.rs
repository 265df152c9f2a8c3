//! Two sides, a base and a filter as the world that the planner asks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use reconcile::{Agreement, DirKey, Kind, Listing, RelPath, Side, Unreadable, World};

use crate::base::{BaseError, BaseRead};
use crate::filter::{Filter, IgnoreProblem, SideFilter};
use crate::side::{Content, ReadDir, ReadSide, SideError};

/// How much of two files is compared at once.
const COMPARE_BUFFER: usize = 128 * 1024;

/// From so many children on both sides of a directory are listed at the same time: looking at them takes a hundred times
/// what a thread costs.
const WIDE: usize = 4096;

/// What a scan is told from outside while it works.
pub trait Watch: Sync {
    /// Whether to stop; asked for every directory and every block that is compared.
    fn canceled(&self) -> bool {
        false
    }

    /// So many entries more were looked at on both sides together; `dir` is where.
    fn looked_at(&self, entries: u64, dir: &RelPath) {
        let _ = (entries, dir);
    }
}

/// Nobody watches.
impl Watch for () {}

/// The world of one run.
pub struct Scan<'s> {
    sides: [&'s dyn ReadSide; 2],
    base: &'s dyn BaseRead,
    filters: [SideFilter<'s>; 2],
    watch: &'s dyn Watch,
    /// The first failure of the base: what was planned after it is worth nothing.
    base_error: Mutex<Option<BaseError>>,
    compared: AtomicU64,
    /// Directories with half-made things.
    left_over: Mutex<Vec<(Side, RelPath)>>,
}

impl<'s> Scan<'s> {
    /// A world of two sides, for a planner: it begins at the top.
    pub fn new(
        a: &'s dyn ReadSide,
        b: &'s dyn ReadSide,
        base: &'s dyn BaseRead,
        filter: &'s Filter,
        watch: &'s dyn Watch,
    ) -> Self {
        Self {
            sides: [a, b],
            base,
            filters: [SideFilter::new(filter), SideFilter::new(filter)],
            watch,
            base_error: Mutex::default(),
            compared: AtomicU64::new(0),
            left_over: Mutex::default(),
        }
    }

    /// The same for those who look here and there: what is left out is right all the same.
    #[must_use]
    pub fn in_any_order(self) -> Self {
        Self { filters: self.filters.map(SideFilter::in_any_order), ..self }
    }

    /// The same without our own state, where it lies in a side.
    #[must_use]
    pub fn without(self, ours: [Option<RelPath>; 2]) -> Self {
        let [a, b] = self.filters;
        let [ours_a, ours_b] = ours;
        Self { filters: [a.without(ours_a), b.without(ours_b)], ..self }
    }

    /// One side.
    pub fn side(&self, side: Side) -> &'s dyn ReadSide {
        self.sides[side as usize]
    }

    /// Who watches.
    pub fn watch(&self) -> &'s dyn Watch {
        self.watch
    }

    /// A directory and its children without what is left out. For those who carry out what was planned: they must see
    /// the same names.
    ///
    /// # Errors
    /// It could not be listed completely.
    pub fn open(&self, side: Side, path: &RelPath) -> Result<(Box<dyn ReadDir + 's>, Listing), Unreadable> {
        let unreadable = |error| Unreadable { reason: reason(&error) };
        let dir = self.side(side).dir(path).map_err(unreadable)?;
        let listing = dir.list().map_err(unreadable)?;
        let filter = &self.filters[side as usize];
        let listing = filter.apply(self.side(side), &*dir, path, listing);
        Ok((dir, listing.map_err(|reason| Unreadable { reason })?))
    }

    /// Lines of ignore files that said nothing.
    pub fn ignore_problems(&self, side: Side) -> Vec<IgnoreProblem> {
        self.filters[side as usize].problems()
    }

    /// Bytes that were read to compare, on each side.
    pub fn compared_bytes(&self) -> u64 {
        self.compared.load(Ordering::Relaxed)
    }

    /// Directories in which a killed run left half-made things, as far as they were looked at.
    pub fn take_left_over(&self) -> Vec<(Side, RelPath)> {
        std::mem::take(&mut self.left_over.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The base's failure, if it failed.
    pub fn take_base_error(&self) -> Option<BaseError> {
        self.base_error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn compare(&self, a: &RelPath, b: &RelPath) -> Result<bool, Compare> {
        let (a_dir, a_name) = self.parent(Side::A, a)?;
        let (b_dir, b_name) = self.parent(Side::B, b)?;
        let seen = (a_dir.look(a_name)?, b_dir.look(b_name)?);
        match (seen.0.map(|seen| seen.kind), seen.1.map(|seen| seen.kind)) {
            (Some(Kind::Link), Some(Kind::Link)) => Ok(a_dir.read_link(a_name)? == b_dir.read_link(b_name)?),
            (Some(Kind::File), Some(Kind::File)) => {
                let (mut a, mut b) = (a_dir.open(a_name)?, b_dir.open(b_name)?);
                let before = (a.seen()?, b.seen()?);
                let same = before.0.size == before.1.size && self.same_bytes(&mut *a, &mut *b)?;
                // A verdict on a file that was written meanwhile would be one on no version of it (S10).
                if (a.seen()?, b.seen()?) == before { Ok(same) } else { Err(Compare::Changed) }
            }
            _ => Err(Compare::Changed),
        }
    }

    fn parent<'p>(
        &self,
        side: Side,
        path: &'p RelPath,
    ) -> Result<(Box<dyn ReadDir + 's>, &'p [u8]), Compare> {
        let (dir, name) = path.split().ok_or(Compare::Changed)?;
        Ok((self.side(side).dir(&dir)?, name))
    }

    fn same_bytes(&self, a: &mut dyn Content, b: &mut dyn Content) -> Result<bool, Compare> {
        let mut go_on = |bytes| {
            self.compared.fetch_add(bytes, Ordering::Relaxed);
            !self.watch.canceled()
        };
        same_bytes(a, b, &mut go_on)?.ok_or(Compare::Canceled)
    }
}

/// Whether both hold the same; none if `go_on`, which is told how many bytes were read of each since it was asked last,
/// says no.
pub(crate) fn same_bytes(
    a: &mut dyn Content,
    b: &mut dyn Content,
    go_on: &mut dyn FnMut(u64) -> bool,
) -> std::io::Result<Option<bool>> {
    let (mut a_block, mut b_block) = (vec![0; COMPARE_BUFFER], vec![0; COMPARE_BUFFER]);
    let mut read = 0;
    loop {
        if !go_on(read as u64) {
            return Ok(None);
        }
        read = fill(a, &mut a_block)?;
        let other = fill(b, &mut b_block)?;
        if a_block[..read] != b_block[..other] {
            go_on(read as u64);
            return Ok(Some(false));
        }
        if read == 0 {
            return Ok(Some(true));
        }
        // Where there are zeros there may be nothing: a file of a hundred gigabytes may hold but one.
        if a_block[..read].iter().all(|&byte| byte == 0) {
            let hole = a.hole()?.min(b.hole()?);
            if hole > 0 {
                a.skip(hole)?;
                b.skip(hole)?;
            }
        }
    }
}

impl World for Scan<'_> {
    fn list(&self, side: Side, dir: &RelPath) -> Result<Listing, Unreadable> {
        let (_, listing) = self.open(side, dir)?;
        if listing.half_made {
            self.left_over.lock().unwrap_or_else(PoisonError::into_inner).push((side, dir.clone()));
        }
        self.watch.looked_at(listing.len() as u64, dir);
        Ok(listing)
    }

    fn list_both(&self, at: [&RelPath; 2], expected: usize) -> [Result<Listing, Unreadable>; 2] {
        let [a, b] = at;
        if expected < WIDE {
            return [self.list(Side::A, a), self.list(Side::B, b)];
        }
        thread::scope(|scope| {
            let b = scope.spawn(|| self.list(Side::B, b));
            let a = self.list(Side::A, a);
            [a, b.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))]
        })
    }

    fn agreement(&self, dir: DirKey) -> Option<Agreement> {
        match self.base.agreement(dir) {
            Ok(agreement) => agreement,
            Err(error) => {
                self.base_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                None
            }
        }
    }

    fn same_content(&self, a: &RelPath, b: &RelPath) -> Result<bool, Unreadable> {
        self.compare(a, b).map_err(|error| Unreadable { reason: error.to_string() })
    }

    fn is_excluded(&self, side: Side, path: &RelPath, kind: Kind) -> bool {
        self.filters[side as usize].excludes(self.side(side), path, kind)
    }
}

/// Why two contents could not be compared.
#[derive(Debug, thiserror::Error)]
enum Compare {
    #[error(transparent)]
    Side(#[from] SideError),
    #[error("cannot read: {}", syncmgr::reason(.0))]
    Io(#[from] std::io::Error),
    #[error("it changed while it was compared")]
    Changed,
    #[error("the run was canceled while it was compared")]
    Canceled,
}

/// An error's reason without the path, which the planner's note has already.
fn reason(error: &SideError) -> String {
    match error {
        SideError::Io { what, source, .. } => format!("cannot {what}: {}", syncmgr::reason(source)),
        SideError::Changed { .. } => "it changed while it was looked at".into(),
        other => other.to_string(),
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut dyn Content, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
