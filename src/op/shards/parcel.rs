//! What one thread gives to another: the items of a piece of a block whose keys are the other's.

use std::sync::Arc;

use super::Numbered;
use crate::frame::BatchTime;
use crate::op::OpError;
use crate::op::grouping::{Item, MAX_CHUNK};
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
    /// Of the rows that need it, in order.
    wide: Vec<Wide>,
    /// The piece's batch.
    pub time: BatchTime,
    /// How many numbers this part of the piece has taken, for items of all shards.
    pub numbers: u32,
    /// Nothing of the piece follows.
    pub is_last: bool,
}

/// An [`Item`], by places. There is one a record, which another thread reads, so that it is small: where the record is, and
/// where in it the others are.
struct Row {
    number: u32,
    hash: Hash,
    record: u32,
    length: u16,
    key: Inner,
    value: Inner,
    ranked: Inner,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The key is in normal form.
    Normal,
    /// It is not known to be.
    Any,
    /// What there is to know is in a [`Wide`].
    Wide,
}

/// An [`Item`] that is long, or of which something was computed.
struct Wide {
    nth: u32,
    is_normal: bool,
    key: Part,
    value: Part,
    ranked: Part,
    record: Part,
}

/// A part of a record.
#[derive(Clone, Copy, Default)]
struct Inner {
    start: u16,
    length: u16,
}

/// A part of a piece or, counted on behind its end, of what was computed.
#[derive(Clone, Copy)]
struct Part {
    start: u32,
    end: u32,
}

impl Parcel {
    /// An empty one, for about so many items.
    pub(super) fn new(piece: Arc<Vec<u8>>, time: BatchTime, items: usize) -> Parcel {
        let rows = Vec::with_capacity(items);
        Parcel { piece, computed: Vec::new(), rows, wide: Vec::new(), time, numbers: 0, is_last: false }
    }

    /// Appends an item, which is the part's one with this number.
    ///
    /// # Errors
    /// It is too long.
    #[inline]
    pub(super) fn push(&mut self, number: u32, item: &Item<'_>, hash: Hash) -> Result<(), OpError> {
        // Each is pushed where it is made: one that comes of either would be copied.
        match self.row(number, item, hash) {
            Some(row) => self.rows.push(row),
            None => {
                let row = self.wide_row(number, item, hash)?;
                self.rows.push(row);
            }
        }
        Ok(())
    }

    /// The row of an item whose parts are all in its record, in the piece.
    #[inline]
    fn row(&self, number: u32, item: &Item<'_>, hash: Hash) -> Option<Row> {
        let record = offset_in(&self.piece, item.record)? as u32;
        let length = u16::try_from(item.record.len()).ok()?;
        let inner = |part: &[u8]| {
            // They are no longer than the record is.
            offset_in(item.record, part).map(|start| Inner { start: start as u16, length: part.len() as u16 })
        };
        let (key, value, ranked) = (inner(item.key)?, inner(item.value)?, inner(item.ranked)?);
        let kind = if item.is_normal { Kind::Normal } else { Kind::Any };
        (item.nth == 0).then_some(Row { number, hash, record, length, key, value, ranked, kind })
    }

    /// The row of any item.
    #[cold]
    fn wide_row(&mut self, number: u32, item: &Item<'_>, hash: Hash) -> Result<Row, OpError> {
        let wide = Wide {
            nth: item.nth,
            is_normal: item.is_normal,
            key: self.place(item.key)?,
            value: self.place(item.value)?,
            ranked: self.place(item.ranked)?,
            record: self.place(item.record)?,
        };
        self.wide.push(wide);
        let none = Inner::default();
        Ok(Row { number, hash, record: 0, length: 0, key: none, value: none, ranked: none, kind: Kind::Wide })
    }

    /// The records of the piece, from the last parcel of it.
    pub(super) fn into_records(self) -> Option<Vec<u8>> {
        Arc::into_inner(self.piece)
    }

    /// Whether there is enough in it.
    pub(super) fn is_full(&self) -> bool {
        self.computed.len() >= FULL_BYTES
    }

    /// Gives the items, in order and at most [`MAX_CHUNK`] at once, each with its number counted on from `first`.
    ///
    /// # Errors
    /// Those of `each`.
    pub(super) fn chunks<'p, E>(
        &'p self,
        first: u64,
        mut each: impl FnMut(&[Numbered<'p>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut wide = self.wide.iter();
        let mut chunk = Vec::with_capacity(MAX_CHUNK);
        for rows in self.rows.chunks(MAX_CHUNK) {
            chunk.clear();
            for row in rows {
                let number = first + u64::from(row.number);
                // As in `push`, and reading a copy that was written right before, in other parts, is waited for.
                match row.kind {
                    Kind::Normal => chunk.push((number, self.item(row, true))),
                    Kind::Any => chunk.push((number, self.item(row, false))),
                    Kind::Wide => chunk.extend(wide.next().map(|wide| (number, self.wide_item(wide, row.hash)))),
                }
            }
            each(&chunk)?;
        }
        Ok(())
    }

    #[inline]
    fn item(&self, row: &Row, is_normal: bool) -> Item<'_> {
        let record = &self.piece[row.record as usize..][..usize::from(row.length)];
        let inner = |inner: Inner| &record[usize::from(inner.start)..][..usize::from(inner.length)];
        let (key, value, ranked) = (inner(row.key), inner(row.value), inner(row.ranked));
        Item { key, is_normal, outer: &self.piece, hash: Some(row.hash), value, ranked, record, nth: 0 }
    }

    fn wide_item(&self, wide: &Wide, hash: Hash) -> Item<'_> {
        let (key, outer) = self.part(wide.key);
        let [value, ranked, record] = [wide.value, wide.ranked, wide.record].map(|part| self.part(part).0);
        let (is_normal, nth) = (wide.is_normal, wide.nth);
        Item { key, is_normal, outer, hash: Some(hash), value, ranked, record, nth }
    }

    /// The bytes of a part, and all of what it is in.
    fn part(&self, Part { start, end }: Part) -> (&[u8], &[u8]) {
        let (start, end) = (start as usize, end as usize);
        match start.checked_sub(self.piece.len()) {
            None => (&self.piece[start..end], &self.piece),
            Some(start) => (&self.computed[start..end - self.piece.len()], &self.computed),
        }
    }

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

    fn items_of(parcel: &Parcel, first: u64) -> Vec<Numbered<'_>> {
        let mut items = Vec::new();
        let given: Result<(), ()> = parcel.chunks(first, |chunk| {
            items.extend_from_slice(chunk);
            Ok(())
        });
        given.unwrap();
        items
    }

    #[test]
    fn items_come_out_as_they_went_in() {
        let piece = Arc::new(b"[\"a\",1]\n[\"b\",2]\n".to_vec());
        let mut parcel = Parcel::new(Arc::clone(&piece), BatchTime(1), 1);
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
            nth: 0,
        };
        let outside = Item { key: &computed, value: b"", nth: 2, ..inside };
        let second = Item { nth: 1, ..inside };
        parcel.push(3, &inside, hash).unwrap();
        parcel.push(7, &outside, hash).unwrap();
        parcel.push(8, &second, hash).unwrap();
        parcel.push(9, &Item { is_normal: false, ..inside }, hash).unwrap();
        assert_eq!((&parcel.computed[..], parcel.wide.len()), (&b"\"x\""[..], 2));
        let items = items_of(&parcel, 0);
        assert_eq!(items[0], (3, inside));
        let (number, item) = items[1];
        assert_eq!((number, item.key, item.value, item.ranked), (7, &b"\"x\""[..], &b""[..], record));
        assert_eq!((items[2], items[3]), ((8, second), (9, Item { is_normal: false, ..inside })));
        assert_eq!(items.len(), 4);
    }

    #[test]
    fn a_long_record_comes_out_as_it_went_in() {
        let piece = Arc::new([&b"[\"a\",\""[..], &[b'x'; 1 << 16], b"\"]\n"].concat());
        let mut parcel = Parcel::new(Arc::clone(&piece), BatchTime(1), 1);
        let hash = KeyHasher::default().hash(b"k", b"k").0;
        let record = &piece[..piece.len() - 1];
        let (key, value) = (&piece[1..4], &piece[5..piece.len() - 2]);
        let item =
            Item { key, is_normal: false, outer: &piece, hash: Some(hash), value, ranked: value, record, nth: 0 };
        parcel.push(0, &item, hash).unwrap();
        assert_eq!((items_of(&parcel, 40), parcel.wide.len()), (vec![(40, item)], 1));
    }
}
