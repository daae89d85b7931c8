//! Records that have come and are not taken yet.

use super::ledger::Ledger;
use sstream::connect::{Bad, Room, SourceError};

/// A queue of records, in the order in which they came.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// Records with a newline each, and bad ones as they came.
    bytes: Vec<u8>,
    items: Vec<Item>,
    /// The items and bytes that were taken.
    taken: usize,
    taken_bytes: usize,
    /// Why bad ones are bad, with the item's index.
    reasons: Vec<(usize, String)>,
}

#[derive(Clone, Copy, Debug)]
struct Item {
    partition: u32,
    is_bad: bool,
    offset: i64,
    /// Where its bytes end.
    end: usize,
}

impl Arrivals {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.taken == self.items.len()
    }

    /// How many bytes are held.
    pub fn bytes(&self) -> usize {
        self.bytes.len() - self.taken_bytes
    }

    /// Where to append a record's bytes; [`Arrivals::added`] comes next.
    #[inline]
    pub fn space(&mut self) -> &mut Vec<u8> {
        if self.is_empty() && !self.items.is_empty() {
            self.bytes.clear();
            self.items.clear();
            self.reasons.clear();
            (self.taken, self.taken_bytes) = (0, 0);
        }
        &mut self.bytes
    }

    /// What was appended is the record at this offset, or a bad one.
    #[inline]
    pub fn added(&mut self, partition: usize, offset: i64, bad: Option<String>) {
        let is_bad = bad.is_some();
        if let Some(reason) = bad {
            self.reasons.push((self.items.len(), reason));
        }
        self.items.push(Item { partition: partition as u32, is_bad, offset, end: self.bytes.len() });
    }

    /// Moves records to `block` as far as there is room, and enters them in the
    /// ledger.
    pub fn take(
        &mut self,
        room: Room,
        ledger: &mut Ledger,
        block: &mut Vec<u8>,
        bad: &mut Bad<'_>,
    ) -> Result<u64, SourceError> {
        let mut records = 0;
        let limit = self.taken_bytes + room.bytes;
        // Where the good ones begin that are still to be copied.
        let mut copied = self.taken_bytes;
        while let Some(item) = self.items.get(self.taken)
            && (records < room.records && self.taken_bytes < limit)
        {
            if item.is_bad {
                block.extend_from_slice(&self.bytes[copied..self.taken_bytes]);
                copied = item.end;
                let reason = self.reasons.iter().find(|(index, _)| *index == self.taken);
                bad(&self.bytes[self.taken_bytes..item.end], reason.map_or("", |(_, reason)| reason))?;
            } else {
                records += 1;
            }
            ledger.took(item.partition as usize, item.offset);
            self.taken_bytes = item.end;
            self.taken += 1;
        }
        block.extend_from_slice(&self.bytes[copied..self.taken_bytes]);
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ledger::ranges_of;

    #[test]
    fn records_are_taken_in_order_as_far_as_there_is_room() {
        let mut ledger = Ledger::default();
        let (a, b) = (ledger.begin("t", 0, 0), ledger.begin("t", 1, 0));
        let mut held = Arrivals::default();
        for (partition, offset, text, bad) in
            [(a, 0, "1\n", None), (b, 4, "{", Some("bad JSON")), (a, 2, "22\n", None), (a, 3, "3\n", None)]
        {
            held.space().extend_from_slice(text.as_bytes());
            held.added(partition, offset, bad.map(str::to_owned));
        }
        let (mut block, mut told) = (Vec::new(), Vec::new());
        let mut bad = |record: &[u8], reason: &str| {
            told.push((record.to_vec(), reason.to_owned()));
            Ok(())
        };
        assert_eq!(held.bytes(), 8);
        let some = Room { records: 2, bytes: 100 };
        assert_eq!(held.take(some, &mut ledger, &mut block, &mut bad).unwrap(), 2);
        assert_eq!((block.as_slice(), held.bytes()), (&b"1\n22\n"[..], 2));
        let mut batch = Vec::new();
        ledger.write_batch(&mut batch);
        assert_eq!(ranges_of(&batch).unwrap().len(), 3);
        let few_bytes = Room { records: 10, bytes: 1 };
        assert_eq!(held.take(few_bytes, &mut ledger, &mut block, &mut bad).unwrap(), 1);
        assert_eq!(block, b"1\n22\n3\n");
        assert!(held.is_empty());
        held.space().extend_from_slice(b"9\n");
        held.added(b, 5, None);
        assert_eq!(held.take(some, &mut ledger, &mut block, &mut bad).unwrap(), 1);
        assert_eq!(told, [(b"{".to_vec(), "bad JSON".to_owned())]);
        assert_eq!(ledger.places()[b].next, 6);
    }
}
