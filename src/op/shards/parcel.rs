//! What one thread gives to another: the items of a piece of a block whose keys are the other's.

use std::sync::Arc;

use crate::frame::BatchTime;
use crate::op::OpError;
use crate::op::grouping::Item;
use crate::op::key_table::Hash;

/// A piece has so many bytes at most, and so much may be computed of it for one parcel: places are of 32 bits.
pub(super) const MAX_BYTES: usize = 1 << 30;

/// A parcel in which so much is computed is full: what else there is of the piece comes in another one.
const FULL_BYTES: usize = if cfg!(test) { 64 } else { 4 << 20 };

const TOO_LONG: &str = "--jobs: what is computed of a record is longer than 2 GiB: leave it out";

/// Items of one piece, in order: all of it, or of a part of it.
pub(super) struct Parcel {
    /// The records of the piece, for all parcels of it.
    piece: Arc<Vec<u8>>,
    /// What was computed of them.
    computed: Vec<u8>,
    rows: Vec<Row>,
    /// The piece's batch.
    pub time: BatchTime,
    /// How many numbers this part of the piece has taken, for items of all shards.
    pub numbers: u32,
    /// Nothing of the piece follows.
    pub is_last: bool,
}

/// An [`Item`], by places. There is one a record, so that it is small.
struct Row {
    number: u32,
    nth: u32,
    is_normal: bool,
    hash: Hash,
    key: Part,
    value: Part,
    ranked: Part,
    record: Part,
}

/// A part of a piece or, counted on behind its end, of what was computed.
#[derive(Clone, Copy)]
struct Part {
    start: u32,
    end: u32,
}

impl Parcel {
    /// An empty one.
    pub(super) fn new(piece: Arc<Vec<u8>>, time: BatchTime) -> Parcel {
        Parcel { piece, computed: Vec::new(), rows: Vec::new(), time, numbers: 0, is_last: false }
    }

    /// Appends an item, which is the part's one with this number.
    ///
    /// # Errors
    /// It is too long.
    #[inline]
    pub(super) fn push(&mut self, number: u32, item: &Item<'_>, hash: Hash) -> Result<(), OpError> {
        let row = Row {
            number,
            nth: item.nth,
            is_normal: item.is_normal,
            hash,
            key: self.place(item.key)?,
            value: self.place(item.value)?,
            ranked: self.place(item.ranked)?,
            record: self.place(item.record)?,
        };
        self.rows.push(row);
        Ok(())
    }

    /// Whether there is enough in it.
    pub(super) fn is_full(&self) -> bool {
        self.computed.len() >= FULL_BYTES
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// An item, and its number in the part.
    #[inline]
    pub(super) fn get(&self, index: usize) -> (u32, Item<'_>) {
        let row = &self.rows[index];
        let (key, outer) = self.part(row.key);
        let [value, ranked, record] = [row.value, row.ranked, row.record].map(|part| self.part(part).0);
        let (is_normal, hash, nth) = (row.is_normal, Some(row.hash), row.nth);
        (row.number, Item { key, is_normal, outer, hash, value, ranked, record, nth })
    }

    /// The bytes of a part, and all of what it is in.
    #[inline]
    fn part(&self, Part { start, end }: Part) -> (&[u8], &[u8]) {
        let (start, end) = (start as usize, end as usize);
        match start.checked_sub(self.piece.len()) {
            None => (&self.piece[start..end], &self.piece),
            Some(start) => (&self.computed[start..end - self.piece.len()], &self.computed),
        }
    }

    #[inline]
    fn place(&mut self, bytes: &[u8]) -> Result<Part, OpError> {
        let start = offset_in(&self.piece, bytes).unwrap_or_else(|| {
            self.computed.extend_from_slice(bytes);
            self.piece.len() + self.computed.len() - bytes.len()
        });
        match (u32::try_from(start), u32::try_from(start + bytes.len())) {
            (Ok(start), Ok(end)) => Ok(Part { start, end }),
            _ => Err(OpError::Usage(TOO_LONG.to_owned())),
        }
    }
}

/// Where `part` begins in `whole`, if it lies there.
#[inline]
fn offset_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (offset < whole.len() && offset + part.len() <= whole.len()).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::key_table::KeyHasher;

    #[test]
    fn items_come_out_as_they_went_in() {
        let piece = Arc::new(b"[\"a\",1]\n[\"b\",2]\n".to_vec());
        let mut parcel = Parcel::new(Arc::clone(&piece), BatchTime(1));
        let hash = KeyHasher::default().hash(b"k", b"k").0;
        let record = &piece[8..15];
        let computed = b"\"x\"".to_vec();
        let inside = Item {
            key: &piece[9..12],
            is_normal: true,
            outer: &piece,
            hash: Some(hash),
            value: &piece[13..14],
            ranked: record,
            record,
            nth: 2,
        };
        let outside = Item { key: &computed, value: b"", ..inside };
        parcel.push(3, &inside, hash).unwrap();
        parcel.push(7, &outside, hash).unwrap();
        assert_eq!(parcel.computed, b"\"x\"");
        assert_eq!(parcel.get(0), (3, inside));
        let (number, item) = parcel.get(1);
        assert_eq!((number, item.key, item.value, item.ranked), (7, &b"\"x\""[..], &b""[..], record));
        assert_eq!(parcel.len(), 2);
    }
}
