//! Which ranges of which partitions a batch is made of, as bytes for the
//! checkpoint.
//!
//! ```text
//! batch   partitions that are new, then ranges in the order in which they were taken
//!         new: number, then each: length of the topic, topic, partition, where it begins
//!         ranges, to the end: index of the partition, from, length
//! base    partitions as above, each with where the next batch goes on
//! ```
//!
//! All numbers are LEB128. A partition's index is its place in the order in which
//! the checkpoint heard of it. The first `from` of a partition in a batch is an offset,
//! later ones are counted from the end of the range before. A range ends behind
//! the last message that was taken.

use std::collections::{BTreeMap, HashMap};

use sstream::connect::Position;

use sstream::connect::varint;

/// Bytes that no ledger wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// A part of a batch: the messages of a partition from one offset up to, but not
/// with, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The partition's index.
    pub partition: usize,
    /// The first offset.
    pub from: i64,
    /// The offset behind the last message.
    pub to: i64,
}

/// A partition that the source has begun with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// Where to go on.
    pub next: i64,
    /// Where to go on after the batch that was written last.
    pub written: i64,
}

/// Keeps account of what was taken.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    places: Vec<Place>,
    indexes: HashMap<(String, i32), usize>,
    /// How many of the places were written.
    written: usize,
    ranges: Vec<Range>,
}

impl Ledger {
    /// The partitions, by index.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The index of a partition, if it was begun with.
    pub fn index(&self, topic: &str, partition: i32) -> Option<usize> {
        self.indexes.get(&(topic.to_owned(), partition)).copied()
    }

    /// Begins with a partition at `offset`; its index.
    pub fn begin(&mut self, topic: &str, partition: i32, offset: i64) -> usize {
        let index = self.places.len();
        self.indexes.insert((topic.to_owned(), partition), index);
        self.places.push(Place { topic: topic.to_owned(), partition, next: offset, written: offset });
        index
    }

    /// A partition is somebody else's now: it has no index any more, and is begun with
    /// anew when it comes back.
    pub fn retire(&mut self, topic: &str, partition: i32) {
        self.indexes.remove(&(topic.to_owned(), partition));
    }

    /// The partitions that are still ours and were read since the last
    /// [`Ledger::write_batch`].
    pub fn progress(&self) -> impl Iterator<Item = &Place> {
        let read = self.places.iter().enumerate().filter(|(_, place)| place.next != place.written);
        read.filter(|(index, place)| self.index(&place.topic, place.partition) == Some(*index)).map(|(_, place)| place)
    }

    /// A message was taken.
    #[inline]
    pub fn took(&mut self, partition: usize, offset: i64) {
        self.places[partition].next = offset + 1;
        match self.ranges.last_mut() {
            Some(last) if last.partition == partition => last.to = offset + 1,
            _ => self.ranges.push(Range { partition, from: offset, to: offset + 1 }),
        }
    }

    /// A partition goes on at `offset`: what was before is gone.
    pub fn skip_to(&mut self, partition: usize, offset: i64) {
        self.places[partition].next = offset;
    }

    /// Appends what was taken since the last call; nothing if that is nothing.
    pub fn write_batch(&mut self, out: &mut Vec<u8>) {
        if self.ranges.is_empty() && self.written == self.places.len() {
            return;
        }
        let new = &self.places[self.written..];
        varint::push(new.len() as u64, out);
        for place in new {
            push_place(place, place.written, out);
        }
        let mut ends: HashMap<usize, i64> = HashMap::new();
        for range in self.ranges.drain(..) {
            let before = ends.insert(range.partition, range.to).unwrap_or(0);
            varint::push(range.partition as u64, out);
            varint::push((range.from - before) as u64, out);
            varint::push((range.to - range.from) as u64, out);
        }
        self.written = self.places.len();
        for place in &mut self.places {
            place.written = place.next;
        }
    }

    /// Appends all partitions and where they go on after the batch written last.
    pub fn write_base(&self, out: &mut Vec<u8>) {
        varint::push(self.written as u64, out);
        for place in &self.places[..self.written] {
            push_place(place, place.written, out);
        }
    }

    /// Takes over what a base or a batch said, in the order in which they were
    /// written.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Damaged> {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut reader = Reader(bytes);
        for _ in 0..reader.number()? {
            let place = reader.place()?;
            self.begin(&place.topic, place.partition, place.next);
        }
        self.written = self.places.len();
        for range in ranges(reader)? {
            let place = self.places.get_mut(range.partition).ok_or(Damaged)?;
            (place.next, place.written) = (range.to, range.to);
        }
        Ok(())
    }
}

/// The ranges of a batch, in the order in which they were taken.
pub fn ranges_of(batch: &[u8]) -> Result<Vec<Range>, Damaged> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = Reader(batch);
    for _ in 0..reader.number()? {
        reader.place()?;
    }
    ranges(reader)
}

/// The ranges of a batch in words, behind all that was written before it:
/// `sfb[0] offsets 10 to 14, sfb[1] offsets 3 to 3`; what a partition gave by turns is one range of it.
pub fn show(before: &Position, batch: &[u8]) -> Result<String, Damaged> {
    let mut ledger = Ledger::default();
    for bytes in [&before.base].into_iter().chain(&before.since) {
        ledger.restore(bytes)?;
    }
    ledger.restore(batch)?;
    let mut spans: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
    for Range { partition, from, to } in ranges_of(batch)? {
        spans.entry(partition).and_modify(|span| span.1 = to).or_insert((from, to));
    }
    let show = |(partition, (from, to)): (usize, (i64, i64))| {
        let Place { topic, partition, .. } = &ledger.places[partition];
        format!("{topic}[{partition}] offsets {from} to {}", to - 1)
    };
    match spans.is_empty() {
        true => Ok("no offsets".to_owned()),
        false => Ok(spans.into_iter().map(show).collect::<Vec<_>>().join(", ")),
    }
}

fn ranges(mut reader: Reader<'_>) -> Result<Vec<Range>, Damaged> {
    let mut ranges = Vec::new();
    let mut ends: HashMap<usize, i64> = HashMap::new();
    while !reader.0.is_empty() {
        let partition = usize::try_from(reader.number()?).map_err(|_| Damaged)?;
        let before = ends.get(&partition).copied().unwrap_or(0);
        let from = before.checked_add(reader.offset()?).ok_or(Damaged)?;
        let to = from.checked_add(reader.offset()?).ok_or(Damaged)?;
        ends.insert(partition, to);
        ranges.push(Range { partition, from, to });
    }
    Ok(ranges)
}

fn push_place(place: &Place, next: i64, out: &mut Vec<u8>) {
    varint::push(place.topic.len() as u64, out);
    out.extend_from_slice(place.topic.as_bytes());
    varint::push(place.partition as u64, out);
    varint::push(next as u64, out);
}

/// Takes numbers and names off the front.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Result<u64, Damaged> {
        varint::take(&mut self.0).ok_or(Damaged)
    }

    fn offset(&mut self) -> Result<i64, Damaged> {
        i64::try_from(self.number()?).map_err(|_| Damaged)
    }

    fn place(&mut self) -> Result<Place, Damaged> {
        let length = usize::try_from(self.number()?).map_err(|_| Damaged)?;
        let (topic, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        let topic = std::str::from_utf8(topic).map_err(|_| Damaged)?.to_owned();
        let partition = i32::try_from(self.number()?).map_err(|_| Damaged)?;
        let next = self.offset()?;
        Ok(Place { topic, partition, next, written: next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batch(ledger: &mut Ledger) -> Vec<u8> {
        let mut bytes = Vec::new();
        ledger.write_batch(&mut bytes);
        bytes
    }

    fn base(ledger: &Ledger) -> Vec<u8> {
        let mut bytes = Vec::new();
        ledger.write_base(&mut bytes);
        bytes
    }

    #[test]
    fn a_batch_is_its_ranges_in_order() {
        let mut ledger = Ledger::default();
        assert!(batch(&mut ledger).is_empty());
        let a = ledger.begin("a", 0, 1000);
        let b = ledger.begin("b", 7, 5);
        for (partition, offset) in [(a, 1000), (a, 1001), (b, 5), (a, 1004), (a, 1005), (b, 9)] {
            ledger.took(partition, offset);
        }
        let bytes = batch(&mut ledger);
        let range = |partition, from, to| Range { partition, from, to };
        let expected = [range(a, 1000, 1002), range(b, 5, 6), range(a, 1004, 1006), range(b, 9, 10)];
        assert_eq!(ranges_of(&bytes).unwrap(), expected);
        assert!(batch(&mut ledger).is_empty(), "nothing came since");
        let mut again = Ledger::default();
        again.restore(&bytes).unwrap();
        assert_eq!(again.places(), ledger.places());
        assert_eq!(again.index("b", 7), Some(b));
    }

    #[test]
    fn a_position_reads_as_offsets_of_partitions() {
        let mut ledger = Ledger::default();
        let (a, b) = (ledger.begin("a", 0, 1000), ledger.begin("b", 7, 5));
        ledger.took(a, 1000);
        let first = batch(&mut ledger);
        for (partition, offset) in [(a, 1001), (b, 5), (a, 1004)] {
            ledger.took(partition, offset);
        }
        let second = batch(&mut ledger);
        let position = |base: &[u8], since: &[&Vec<u8>]| Position {
            base: base.to_vec(),
            since: since.iter().map(|bytes| (*bytes).clone()).collect(),
        };
        assert_eq!(show(&position(b"", &[]), &first).unwrap(), "a[0] offsets 1000 to 1000");
        let words = "a[0] offsets 1001 to 1004, b[7] offsets 5 to 5";
        assert_eq!(show(&position(b"", &[&first]), &second).unwrap(), words);
        assert_eq!(show(&position(&base(&ledger), &[]), &second).unwrap(), words);
        assert_eq!(show(&position(b"", &[]), &second), Err(Damaged), "nobody knows what partition that is");
    }

    #[test]
    fn where_a_partition_begins_is_kept_though_nothing_came() {
        let mut ledger = Ledger::default();
        ledger.begin("t", 3, 42);
        let bytes = batch(&mut ledger);
        let mut again = Ledger::default();
        again.restore(&bytes).unwrap();
        assert_eq!((again.places()[0].next, again.index("t", 3)), (42, Some(0)));
        assert_eq!(ranges_of(&bytes).unwrap(), []);
    }

    #[test]
    fn a_base_knows_nothing_of_the_open_batch() {
        let mut ledger = Ledger::default();
        let a = ledger.begin("t", 0, 0);
        ledger.took(a, 0);
        let first = batch(&mut ledger);
        ledger.took(a, 1);
        ledger.begin("t", 1, 0);
        let (bytes, mut expected) = (base(&ledger), Ledger::default());
        expected.restore(&first).unwrap();
        let mut again = Ledger::default();
        again.restore(&bytes).unwrap();
        assert_eq!(again.places(), expected.places());
    }

    #[test]
    fn damage_is_seen() {
        let mut ledger = Ledger::default();
        let a = ledger.begin("topic", 0, 300);
        ledger.took(a, 300);
        let bytes = batch(&mut ledger);
        for length in 1..bytes.len() {
            // What was cut off is a range, or all that is left is whole.
            let cut = ranges_of(&bytes[..length]);
            assert!(cut == Err(Damaged) || cut == Ok(Vec::new()), "{length}");
        }
        let mut stranger = Ledger::default();
        assert_eq!(stranger.restore(&[0, 5, 1, 1]), Err(Damaged), "no such partition");
    }

    proptest! {
        #[test]
        fn base_and_batches_give_the_same_places(
            steps in prop::collection::vec((0usize..5, 1i64..300, any::<bool>(), any::<bool>()), 0..60)
        ) {
            let mut ledger = Ledger::default();
            let mut restored = Ledger::default();
            let mut taken: Vec<(usize, i64)> = Vec::new();
            for (which, ahead, ends, rebases) in steps {
                let index = ledger.index("t", which as i32).unwrap_or_else(|| ledger.begin("t", which as i32, ahead));
                let offset = ledger.places()[index].next + ahead % 3;
                ledger.took(index, offset);
                taken.push((index, offset));
                if ends {
                    let bytes = batch(&mut ledger);
                    let ranges = ranges_of(&bytes).unwrap();
                    let mut at = ranges.iter();
                    let mut range = at.next();
                    for (index, offset) in taken.drain(..) {
                        while range.is_some_and(|r| r.partition != index || offset >= r.to) {
                            range = at.next();
                        }
                        prop_assert!(range.is_some_and(|r| (r.from..r.to).contains(&offset)));
                    }
                    restored.restore(&bytes).unwrap();
                    if rebases {
                        restored = Ledger::default();
                        restored.restore(&base(&ledger)).unwrap();
                    }
                    prop_assert_eq!(restored.places(), ledger.places());
                }
            }
        }
    }
}
