//! Which ranges of which shards a batch is made of, and where shards go on, as bytes for the checkpoint.
//!
//! ```text
//! batch   shards whose place is another one than before, then ranges in the order in which they were taken
//!         shards: number, then each: length, name, place
//!         ranges, to the end: which of those shards, first point, last point
//! base    all shards, and no ranges
//! place   0: the oldest record;  1, time: the first of this time (ms);  3: the end
//!         2, point, time: behind this; and up to this time (ms) nothing more had come
//! point   length, sequence number, place in an aggregate
//! ```
//!
//! All numbers are LEB128. So a batch's entry is enough to read its records again, and base and entries, one
//! after the other, say where each shard goes on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use sstream::connect::varint;

/// That nothing had come is noted this often at most, in ms.
const NOTE_EVERY_MS: u64 = 3_600_000;

/// Bytes that no ledger wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

/// A record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its sequence number, a decimal number of up to 129 digits.
    pub sequence: Arc<str>,
    /// Its place in an aggregate, from 0; 0 of one that is in none.
    pub sub: u64,
}

impl Ord for Point {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (one, two) = (&self.sequence, &other.sequence);
        one.len().cmp(&two.len()).then_with(|| one.cmp(two)).then(self.sub.cmp(&other.sub))
    }
}

impl PartialOrd for Point {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Where the reading of a shard goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the oldest record that is kept.
    Oldest,
    /// At the first record that came at this time, in ms since the epoch, or later.
    Time(u64),
    /// At the next record that comes; a restart goes on at this time, which is when that was asked for.
    Latest(u64),
    /// Behind a record.
    Behind {
        /// The record.
        point: Point,
        /// Up to this time, in ms since the epoch, nothing had come behind it.
        seen_ms: u64,
    },
    /// Nowhere: it is closed, and was read to its end.
    Ended,
}

/// A part of a batch: records of a shard from one to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The shard.
    pub shard: Arc<str>,
    /// The first record.
    pub first: Point,
    /// The last one.
    pub last: Point,
}

/// Keeps account of what was taken.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    places: BTreeMap<Arc<str>, Place>,
    /// As the batches have them that were written.
    written: BTreeMap<Arc<str>, Place>,
    ranges: Vec<Range>,
}

impl Ledger {
    /// Where a shard goes on, if it is known.
    pub fn place(&self, shard: &str) -> Option<&Place> {
        self.places.get(shard)
    }

    /// All that are known.
    pub fn places(&self) -> impl Iterator<Item = (&Arc<str>, &Place)> {
        self.places.iter()
    }

    /// Whether a shard was read to its end.
    pub fn is_ended(&self, shard: &str) -> bool {
        self.place(shard) == Some(&Place::Ended)
    }

    /// A shard goes on there.
    pub fn set(&mut self, shard: &Arc<str>, place: Place) {
        self.places.insert(shard.clone(), place);
    }

    /// A shard is not there any more: if a batch that was written says that it has ended, it is known no
    /// longer.
    pub fn forget(&mut self, shard: &str) {
        if self.written.get(shard) == Some(&Place::Ended) {
            self.places.remove(shard);
        }
    }

    /// Records of a shard were taken, from one to another, which came at this time.
    pub fn took(&mut self, shard: &Arc<str>, first: &Point, last: &Point, came_ms: u64) {
        self.set(shard, Place::Behind { point: last.clone(), seen_ms: came_ms });
        match self.ranges.last_mut() {
            Some(range) if range.shard == *shard => range.last = last.clone(),
            _ => self.ranges.push(Range { shard: shard.clone(), first: first.clone(), last: last.clone() }),
        }
    }

    /// A shard has nothing more at this time.
    pub fn saw_nothing(&mut self, shard: &str, now_ms: u64) {
        if let Some(Place::Behind { seen_ms, .. }) = self.places.get_mut(shard)
            && now_ms >= seen_ms.saturating_add(NOTE_EVERY_MS)
        {
            *seen_ms = now_ms;
        }
    }

    /// Appends what was taken since the last call; nothing if that is nothing.
    pub fn write_batch(&mut self, out: &mut Vec<u8>) {
        let is_new = |(shard, place): &(&Arc<str>, &Place)| self.written.get(*shard) != Some(place);
        let changed: Vec<(Arc<str>, Place)> =
            self.places.iter().filter(is_new).map(|(shard, place)| (shard.clone(), place.clone())).collect();
        // Who is forgotten is forgotten by the next base, and until then by each restart.
        self.written.retain(|shard, _| self.places.contains_key(shard));
        if changed.is_empty() {
            return;
        }
        push_places(changed.iter().map(|(shard, place)| (shard, place)), out);
        for Range { shard, first, last } in self.ranges.drain(..) {
            // Whose records were taken has changed its place.
            let index = changed.binary_search_by(|(name, _)| name.cmp(&shard)).unwrap_or_default();
            varint::push(index as u64, out);
            push_point(&first, out);
            push_point(&last, out);
        }
        self.written.extend(changed);
    }

    /// Appends all shards and where they go on after the batch written last.
    pub fn write_base(&self, out: &mut Vec<u8>) {
        push_places(self.written.iter(), out);
    }

    /// Takes over what a base or a batch said, in the order in which they were written.
    ///
    /// # Errors
    /// These are none.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Damaged> {
        if !bytes.is_empty() {
            self.places.extend(Reader(bytes).places()?);
            self.written = self.places.clone();
        }
        Ok(())
    }
}

/// The ranges of a batch, in the order in which they were taken.
///
/// # Errors
/// These bytes are none.
pub fn ranges_of(batch: &[u8]) -> Result<VecDeque<Range>, Damaged> {
    let mut ranges = VecDeque::new();
    if batch.is_empty() {
        return Ok(ranges);
    }
    let mut reader = Reader(batch);
    let places = reader.places()?;
    while !reader.0.is_empty() {
        let (shard, _) = places.get(reader.size()?).ok_or(Damaged)?;
        ranges.push_back(Range { shard: shard.clone(), first: reader.point()?, last: reader.point()? });
    }
    Ok(ranges)
}

/// A batch in words: `shardId-000000000000 495… to 496…, shardId-000000000001 ended`; what a shard gave by
/// turns is one range of it.
///
/// # Errors
/// These bytes are none.
pub fn show(batch: &[u8]) -> Result<String, Damaged> {
    let mut spans: BTreeMap<Arc<str>, (Point, Point)> = BTreeMap::new();
    for Range { shard, first, last } in ranges_of(batch)? {
        spans.entry(shard).and_modify(|span| span.1 = last.clone()).or_insert((first, last));
    }
    let number = |point: &Point| match point.sub {
        0 => point.sequence.to_string(),
        sub => format!("{}:{sub}", point.sequence),
    };
    let mut words: Vec<String> =
        spans.iter().map(|(shard, (first, last))| format!("{shard} {} to {}", number(first), number(last))).collect();
    if !batch.is_empty() {
        let ended = Reader(batch).places()?.into_iter().filter(|(_, place)| *place == Place::Ended);
        words.extend(ended.map(|(shard, _)| format!("{shard} ended")));
    }
    Ok(if words.is_empty() { "no records".to_owned() } else { words.join(", ") })
}

fn push_places<'p>(places: impl ExactSizeIterator<Item = (&'p Arc<str>, &'p Place)>, out: &mut Vec<u8>) {
    varint::push(places.len() as u64, out);
    for (shard, place) in places {
        push_text(shard, out);
        match place {
            Place::Oldest => varint::push(0, out),
            Place::Time(time_ms) | Place::Latest(time_ms) => {
                varint::push(1, out);
                varint::push(*time_ms, out);
            }
            Place::Behind { point, seen_ms } => {
                varint::push(2, out);
                push_point(point, out);
                varint::push(*seen_ms, out);
            }
            Place::Ended => varint::push(3, out),
        }
    }
}

fn push_point(point: &Point, out: &mut Vec<u8>) {
    push_text(&point.sequence, out);
    varint::push(point.sub, out);
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    varint::push(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Takes numbers and names off the front.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Result<u64, Damaged> {
        varint::take(&mut self.0).ok_or(Damaged)
    }

    fn size(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.number()?).map_err(|_| Damaged)
    }

    fn text(&mut self) -> Result<Arc<str>, Damaged> {
        let length = self.size()?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        std::str::from_utf8(text).map(Arc::from).map_err(|_| Damaged)
    }

    fn point(&mut self) -> Result<Point, Damaged> {
        Ok(Point { sequence: self.text()?, sub: self.number()? })
    }

    fn places(&mut self) -> Result<Vec<(Arc<str>, Place)>, Damaged> {
        let mut places = Vec::new();
        for _ in 0..self.number()? {
            let shard = self.text()?;
            let place = match self.number()? {
                0 => Place::Oldest,
                1 => Place::Time(self.number()?),
                2 => Place::Behind { point: self.point()?, seen_ms: self.number()? },
                3 => Place::Ended,
                _ => return Err(Damaged),
            };
            places.push((shard, place));
        }
        Ok(places)
    }
}

#[cfg(test)]
mod tests;
