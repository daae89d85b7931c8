//! What one read of a shard gave.

use std::sync::Arc;

use sstream::connect::{Bad, Room, SourceError};

use super::ledger::{Ledger, Point};

/// What was known of the shard after this read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There may be more.
    More,
    /// There was no more at this time, in ms since the epoch.
    Tip(u64),
    /// There will be no more: the shard is closed.
    End,
}

/// Records of a shard, in order.
#[derive(Debug)]
pub struct Chunk {
    /// The shard.
    pub shard: Arc<str>,
    /// What was known of it behind these.
    pub state: State,
    /// Nobody will read more of it in this run.
    pub is_last: bool,
    /// Records with a newline each, and bad ones as they came.
    bytes: Vec<u8>,
    items: Vec<Item>,
    /// The items and bytes that were taken.
    taken: usize,
    taken_bytes: usize,
}

#[derive(Debug)]
struct Item {
    point: Point,
    /// When it came, in ms since the epoch.
    came_ms: u64,
    /// Why it is a bad one.
    bad: Option<Box<str>>,
    /// Where its bytes end.
    end: usize,
}

impl Chunk {
    /// An empty one.
    pub fn new(shard: &Arc<str>) -> Chunk {
        Chunk {
            shard: shard.clone(),
            state: State::More,
            is_last: false,
            bytes: Vec::new(),
            items: Vec::new(),
            taken: 0,
            taken_bytes: 0,
        }
    }

    /// Where to append a record's bytes; [`Chunk::added`] comes next.
    pub fn space(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// What was appended is this record, or a bad one.
    pub fn added(&mut self, point: Point, came_ms: u64, bad: Option<String>) {
        self.items.push(Item { point, came_ms, bad: bad.map(String::into), end: self.bytes.len() });
    }

    /// Whether all was taken.
    pub fn is_empty(&self) -> bool {
        self.taken == self.items.len()
    }

    /// The next record.
    pub fn next(&self) -> Option<&Point> {
        self.items.get(self.taken).map(|item| &item.point)
    }

    /// The record that was taken last.
    pub fn previous(&self) -> Option<&Point> {
        self.items.get(self.taken.checked_sub(1)?).map(|item| &item.point)
    }

    /// Leaves out what is before a record.
    pub fn skip_to(&mut self, first: &Point) {
        while let Some(item) = self.items.get(self.taken).filter(|item| item.point < *first) {
            self.taken_bytes = item.end;
            self.taken += 1;
        }
    }

    /// The last record that there was, and when it came, in ms since the epoch.
    pub fn last(&self) -> Option<(&Point, u64)> {
        self.items.last().map(|item| (&item.point, item.came_ms))
    }

    /// The memory that it takes, in bytes.
    pub fn cost(&self) -> usize {
        self.bytes.capacity() + self.items.capacity() * (size_of::<Item>() + 80)
    }

    /// Moves records to `block` as far as there is room, up to and with `last` if there is one, and enters
    /// them in the ledger, if there is one.
    ///
    /// # Errors
    /// `bad` does not take a bad one.
    pub fn take(
        &mut self,
        room: Room,
        last: Option<&Point>,
        ledger: Option<&mut Ledger>,
        block: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, SourceError> {
        let (mut records, first) = (0, self.taken);
        let limit = self.taken_bytes.saturating_add(room.bytes);
        while let Some(item) = self.items.get(self.taken)
            && records < room.records
            && self.taken_bytes < limit
            && last.is_none_or(|last| item.point <= *last)
        {
            let bytes = &self.bytes[self.taken_bytes..item.end];
            match &item.bad {
                Some(reason) => bad(bytes, reason)?,
                None => {
                    block.extend_from_slice(bytes);
                    records += 1;
                }
            }
            self.taken_bytes = item.end;
            self.taken += 1;
        }
        if let (Some(ledger), Some([from, .., to] | [from @ to])) = (ledger, self.items.get(first..self.taken)) {
            ledger.took(&self.shard, &from.point, &to.point, to.came_ms);
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ledger::{Place, ranges_of};

    #[test]
    fn records_are_taken_in_order_as_far_as_there_is_room() {
        let (mut ledger, shard) = (Ledger::default(), Arc::from("shardId-000000000000"));
        let mut chunk = Chunk::new(&shard);
        let point = |sequence: u64| Point { sequence: sequence.to_string().into(), sub: 0 };
        for (sequence, text, bad) in [(1, "1\n", None), (4, "{", Some("bad JSON")), (5, "22\n", None), (9, "3\n", None)]
        {
            chunk.space().extend_from_slice(text.as_bytes());
            chunk.added(point(sequence), sequence * 10, bad.map(str::to_owned));
        }
        let (mut block, mut told) = (Vec::new(), Vec::new());
        let mut bad = |record: &[u8], reason: &str| {
            told.push((record.to_vec(), reason.to_owned()));
            Ok(())
        };
        let some = Room { records: 2, bytes: 100 };
        assert_eq!(chunk.take(some, None, Some(&mut ledger), &mut block, &mut bad).unwrap(), 2);
        assert_eq!((block.as_slice(), chunk.next()), (&b"1\n22\n"[..], Some(&point(9))));
        let mut batch = Vec::new();
        ledger.write_batch(&mut batch);
        let range = ranges_of(&batch).unwrap().remove(0).unwrap();
        assert_eq!((range.first, range.last), (point(1), point(5)));
        assert_eq!(ledger.place(&shard), Some(&Place::Behind { point: point(5), seen_ms: 50 }));
        let up_to = point(8);
        assert_eq!(chunk.take(some, Some(&up_to), None, &mut block, &mut bad).unwrap(), 0, "it is behind that");
        let few_bytes = Room { records: 10, bytes: 1 };
        assert_eq!(chunk.take(few_bytes, None, None, &mut block, &mut bad).unwrap(), 1);
        assert!(chunk.is_empty() && chunk.last() == Some((&point(9), 90)));
        assert_eq!(told, [(b"{".to_vec(), "bad JSON".to_owned())]);
    }
}
