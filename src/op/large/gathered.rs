//! Records that wait until it is known what the store has of their keys.

use std::cell::RefCell;

use crate::frame::{BatchTime, Block, Watermark};
use crate::op::grouping::{Grouping, Item, MAX_CHUNK};
use crate::op::{Downstream, OpError, Out};
use crate::record::key::normal_key_in;

/// Items, and bad records among them, in order.
#[derive(Default)]
pub struct Gathered {
    bytes: Vec<u8>,
    rows: Vec<Row>,
    /// The batch that they are of.
    pub time: BatchTime,
}

/// A part of the bytes. There are several a record, so that it is small.
#[derive(Clone, Copy)]
struct Part {
    start: u32,
    len: u32,
}

impl Part {
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..][..self.len as usize]
    }
}

enum Row {
    Item { key: Part, is_normal: bool, value: Part, ranked: Part, record: Part },
    Bad { record: Part, reason: Part },
}

const TOO_LONG: &str = "--memory: what is computed of a block of records is longer than 4 GiB: leave it out";

/// Places in the bytes are of 32 bits.
const MOST_BYTES: usize = 1 << 30;

/// What was gathered.
enum Got<'g> {
    /// What a record is taken for.
    Item(Item<'g>),
    /// A record that is a bad one, and why.
    Bad { record: &'g [u8], reason: &'g [u8] },
}

impl Gathered {
    /// Whether it takes so many bytes of memory, or there is no room for more.
    pub fn is_full(&self, memory: usize) -> bool {
        self.bytes.len() > MOST_BYTES || self.bytes.len() + self.rows.len() * size_of::<Row>() > memory
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes the records of a block apart, and keeps what comes of it.
    pub fn add(&mut self, block: Block<'_>, grouping: &mut Grouping) -> Result<(), OpError> {
        self.time = block.time;
        let gathered = RefCell::new(self);
        let mut bad = Bad(&gathered);
        let mut out = Out::new(&mut bad);
        grouping.items(block, &mut out, |item, _| {
            let mut gathered = gathered.borrow_mut();
            gathered.push(&item);
            match u32::try_from(gathered.bytes.len()) {
                Ok(_) => Ok(()),
                Err(_) => Err(OpError::Usage(TOO_LONG.to_owned())),
            }
        })
    }

    fn push(&mut self, item: &Item<'_>) {
        // Items of one record come one behind the other.
        let record = match self.rows.last() {
            Some(Row::Item { record, .. }) if item.nth > 0 => *record,
            _ => self.append(item.record),
        };
        let mut place = |part: &[u8]| match offset_in(item.record, part) {
            Some(offset) => Part { start: record.start + offset as u32, len: part.len() as u32 },
            None => self.append(part),
        };
        let (key, value, ranked) = (place(item.key), place(item.value), place(item.ranked));
        self.rows.push(Row::Item { key, is_normal: item.is_normal, value, ranked, record });
    }

    fn append(&mut self, bytes: &[u8]) -> Part {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        Part { start: start as u32, len: bytes.len() as u32 }
    }

    /// What is there, in order.
    fn iter(&self) -> impl Iterator<Item = Got<'_>> {
        let part = |part: &Part| part.of(&self.bytes);
        let (mut before, mut nth) = (None, 0);
        self.rows.iter().map(move |row| match row {
            Row::Item { key, is_normal, value, ranked, record } => {
                nth = if before.replace(record.start) == Some(record.start) { nth + 1 } else { 0 };
                Got::Item(Item {
                    key: part(key),
                    is_normal: *is_normal,
                    outer: &self.bytes,
                    hash: None,
                    value: part(value),
                    ranked: part(ranked),
                    record: part(record),
                    nth,
                })
            }
            Row::Bad { record, reason } => Got::Bad { record: part(record), reason: part(reason) },
        })
    }

    /// Gives the key of each item, in normal form.
    pub fn each_key(&self, mut take: impl FnMut(&[u8])) {
        let mut buffer = Vec::new();
        for got in self.iter() {
            let Got::Item(item) = got else { continue };
            take(if item.is_normal { item.key } else { normal_key_in(item.key, &mut buffer) });
        }
    }

    /// Gives items to `take`, at most [`MAX_CHUNK`] at a time, and bad records in their places to `out`.
    pub fn chunks<'o>(
        &self,
        out: &mut Out<'o>,
        mut take: impl FnMut(&[Item<'_>], &mut Out<'o>) -> Result<(), OpError>,
    ) -> Result<(), OpError> {
        let mut items: Vec<Item<'_>> = Vec::with_capacity(MAX_CHUNK);
        for got in self.iter() {
            match got {
                Got::Item(item) => items.push(item),
                Got::Bad { record, reason } => {
                    take(&items, out)?;
                    items.clear();
                    out.bad_record(record, &String::from_utf8_lossy(reason))?;
                }
            }
            if items.len() == MAX_CHUNK {
                take(&items, out)?;
                items.clear();
            }
        }
        take(&items, out)
    }
}

/// Where `part` begins in `whole`, if it lies there.
fn offset_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (offset + part.len() <= whole.len()).then_some(offset)
}

/// Keeps bad records in their places.
struct Bad<'b, 'g>(&'b RefCell<&'g mut Gathered>);

impl Downstream for Bad<'_, '_> {
    fn block(&mut self, _: Block<'_>) {}

    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        let mut gathered = self.0.borrow_mut();
        let (record, reason) = (gathered.append(record), gathered.append(reason.as_bytes()));
        gathered.rows.push(Row::Bad { record, reason });
        Ok(())
    }
}
