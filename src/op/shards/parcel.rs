//! What one thread gives to another: the items of a piece of a block whose keys are the other's.

use std::sync::Arc;

use crate::frame::BatchTime;
use crate::op::grouping::Item;

/// Items of one piece, in order.
pub(super) struct Parcel {
    /// The records of the piece, for all parcels of it.
    piece: Arc<Vec<u8>>,
    /// What was computed of them.
    computed: Vec<u8>,
    rows: Vec<Row>,
    /// The piece's batch.
    pub time: BatchTime,
    /// How many numbers the piece has taken, for items of all shards.
    pub items: u64,
}

/// An [`Item`], by places.
struct Row {
    number: u64,
    is_normal: bool,
    key: Part,
    value: Part,
    ranked: Part,
    record: Part,
}

/// A part of a piece or, counted on behind its end, of what was computed.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    end: usize,
}

impl Parcel {
    /// An empty one.
    pub(super) fn new(piece: Arc<Vec<u8>>, time: BatchTime) -> Parcel {
        Parcel { piece, computed: Vec::new(), rows: Vec::new(), time, items: 0 }
    }

    /// Appends an item, which is the piece's one with this number.
    pub(super) fn push(&mut self, number: u64, item: &Item<'_>) {
        let row = Row {
            number,
            is_normal: item.is_normal,
            key: self.place(item.key),
            value: self.place(item.value),
            ranked: self.place(item.ranked),
            record: self.place(item.record),
        };
        self.rows.push(row);
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// An item, and its number in the piece.
    pub(super) fn get(&self, index: usize) -> (u64, Item<'_>) {
        let row = &self.rows[index];
        let (key, outer) = self.part(row.key);
        let [value, ranked, record] = [row.value, row.ranked, row.record].map(|part| self.part(part).0);
        (row.number, Item { key, is_normal: row.is_normal, outer, value, ranked, record })
    }

    /// The bytes of a part, and all of what it is in.
    fn part(&self, part: Part) -> (&[u8], &[u8]) {
        match part.start.checked_sub(self.piece.len()) {
            None => (&self.piece[part.start..part.end], &self.piece),
            Some(start) => (&self.computed[start..part.end - self.piece.len()], &self.computed),
        }
    }

    fn place(&mut self, bytes: &[u8]) -> Part {
        let start = offset_in(&self.piece, bytes).unwrap_or_else(|| {
            self.computed.extend_from_slice(bytes);
            self.piece.len() + self.computed.len() - bytes.len()
        });
        Part { start, end: start + bytes.len() }
    }
}

/// Where `part` begins in `whole`, if it lies there.
fn offset_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (offset < whole.len() && offset + part.len() <= whole.len()).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_as_they_went_in() {
        let piece = Arc::new(b"[\"a\",1]\n[\"b\",2]\n".to_vec());
        let mut parcel = Parcel::new(Arc::clone(&piece), BatchTime(1));
        let record = &piece[8..15];
        let computed = b"\"x\"".to_vec();
        let inside =
            Item { key: &piece[9..12], is_normal: true, outer: &piece, value: &piece[13..14], ranked: record, record };
        let outside = Item { key: &computed, value: b"", ..inside };
        parcel.push(3, &inside);
        parcel.push(7, &outside);
        assert_eq!(parcel.computed, b"\"x\"");
        assert_eq!(parcel.get(0), (3, inside));
        let (number, item) = parcel.get(1);
        assert_eq!((number, item.key, item.value, item.ranked), (7, &b"\"x\""[..], &b""[..], record));
        assert_eq!(parcel.len(), 2);
    }
}
