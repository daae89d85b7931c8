//! Records that wait for the watermark and are not in memory.

use crate::event::ordered;
use crate::op::OpError;
use crate::op::large::temporary;
use crate::op::sequence::saved::damaged;
use crate::op::waiting::{Place, Waiter, read_place};
use crate::store::Result;
use crate::store::sorter::Sorter;

/// The records, sorted by their places.
pub struct Sorted {
    sorter: Sorter,
    /// How many there are, and their bytes.
    pub records: u64,
    pub bytes: u64,
}

/// Records that have their turns now: in order, each with its place.
#[derive(Default)]
pub struct Turns {
    saved: Vec<u8>,
    rows: Vec<(Place, usize, usize)>,
}

impl Turns {
    /// The records; an error if one is none.
    pub fn iter(&self) -> impl Iterator<Item = std::result::Result<Waiter<'_>, OpError>> {
        self.rows.iter().map(|&(place, start, end)| Waiter::load(place, &self.saved[start..end]).ok_or_else(damaged))
    }
}

impl Sorted {
    /// None, with about so many bytes in memory.
    pub fn new(memory: usize) -> Sorted {
        Sorted { sorter: Sorter::new(temporary(), memory), records: 0, bytes: 0 }
    }

    /// Lets a record wait, of which that is [saved](Waiter::save).
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn add(&mut self, (time, number): Place, saved: &[u8]) -> Result<()> {
        self.records += 1;
        self.bytes += saved.len() as u64;
        self.sorter.push(ordered(time), &[&number.to_be_bytes()[..], saved].concat(), &[])
    }

    /// Takes the first records whose time, as [`ordered`], is below a number: at most so many, and not many more than so many
    /// bytes. Whether there are more.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn take(&mut self, to: u64, most: usize, bytes: usize) -> Result<(Turns, bool)> {
        let each = (self.bytes / self.records.max(1)) as usize + size_of::<Waiter<'_>>();
        let mut turns = Turns::default();
        let has_more = self.sorter.pop(to, most.min(bytes / each).max(1), &mut |time, sorted| {
            let (number, saved) = sorted.split_at(size_of::<u64>());
            let place = read_place(&[&time.to_be_bytes(), number].concat()).unwrap_or_default();
            let start = turns.saved.len();
            turns.saved.extend_from_slice(saved);
            turns.rows.push((place, start, turns.saved.len()));
        })?;
        self.records -= turns.rows.len() as u64;
        self.bytes -= turns.saved.len() as u64;
        Ok((turns, has_more))
    }
}
