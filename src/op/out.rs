//! What an operator gives, and to whom.

use super::{Held, OpError};
use crate::frame::{BatchTime, Block, OwnBlock, Watermark};

/// A block of output is given on when it has this many bytes.
///
/// ```
/// use sstream::connect::{BLOCK_BYTES, Room};
///
/// // To read a batch once more, a block at a time.
/// let room = Room { records: u64::MAX, bytes: BLOCK_BYTES };
/// assert!(room.bytes < 1 << 20);
/// ```
pub const BLOCK_BYTES: usize = 256 << 10;

/// And a block of records with places, of which those of several outputs are put in order while more are made.
const PLACED_BYTES: usize = 64 << 10;

/// Where the output of an operator goes: the rest of the stage, or a test.
pub trait Downstream {
    /// Takes records of the batch that is open in the output.
    fn block(&mut self, block: Block<'_>);

    /// The same, of which the buffer may be taken.
    fn own_block(&mut self, block: OwnBlock<'_>) {
        self.block(block.block());
    }

    /// The output's batch is complete, with so many records, and the records' own time has
    /// come so far.
    fn end(&mut self, time: BatchTime, records: u64, watermark: Option<Watermark>);

    /// The operator keeps so much as of the end that comes next.
    fn holds(&mut self, held: Held) {
        let _ = held;
    }

    /// Whether nobody takes what comes any more. An operator that gives many
    /// records in a call asks now and then.
    fn is_closed(&self) -> bool {
        false
    }

    /// Whether a bad record ends the stage, so that the batch that is open is void.
    fn ends_with_a_bad_record(&self) -> bool {
        false
    }

    /// Takes records of an output in which each has a [place](Out::placed), in the place of
    /// [`Downstream::block`].
    fn placed(&mut self, records: Placed) {
        let _ = records;
    }

    /// What comes next, records that are bad or late, has this place in such an output.
    fn at(&mut self, place: u64) {
        let _ = place;
    }

    /// A record could not be processed. An error means that the stage must fail.
    fn bad_record(&mut self, time: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError>;

    /// A record came when all that it could have changed was closed. An error means that the
    /// stage must fail, as it does where nobody decides.
    fn late_record(&mut self, time: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        let _ = time;
        Err(OpError::late_record(record, reason))
    }
}

/// Records with their places among those of other outputs.
#[derive(Debug, Default)]
pub struct Placed {
    /// The records, each ended by a newline.
    pub bytes: Vec<u8>,
    /// The place of each, and where it ends.
    pub ends: Vec<(u64, usize)>,
}

impl Placed {
    /// Takes off what is behind so many records.
    pub fn split_off(&mut self, count: usize) -> Placed {
        let start = count.checked_sub(1).map_or(0, |last| self.ends[last].1);
        let mut ends = self.ends.split_off(count);
        ends.iter_mut().for_each(|(_, end)| *end -= start);
        Placed { bytes: self.bytes.split_off(start), ends }
    }
}

/// What is in a buffer, and in its place one with as much room, if that was much: then as much is likely to come, but for
/// what a record was longer than others.
fn given_on<T>(buffer: &mut Vec<T>) -> Vec<T> {
    let is_much = size_of_val(&buffer[..]) >= PLACED_BYTES;
    let next = Vec::with_capacity(if is_much { buffer.capacity().min(2 * BLOCK_BYTES / size_of::<T>()) } else { 0 });
    std::mem::replace(buffer, next)
}

/// What an operator writes to: collects records into blocks.
pub struct Out<'d> {
    to: &'d mut dyn Downstream,
    time: BatchTime,
    watermark: Option<Watermark>,
    bytes: Vec<u8>,
    block_records: u64,
    batch_records: u64,
    /// The place of each record of the block and where it ends, where that is asked for.
    ends: Option<Vec<(u64, usize)>>,
    place: u64,
    /// The place of the record that was last given [once](Out::record_once).
    once: Option<u64>,
}

impl<'d> Out<'d> {
    /// An empty output.
    pub fn new(to: &'d mut dyn Downstream) -> Out<'d> {
        Out {
            to,
            time: BatchTime::default(),
            watermark: None,
            bytes: Vec::new(),
            block_records: 0,
            batch_records: 0,
            ends: None,
            place: 0,
            once: None,
        }
    }

    /// An output that is one of several, to be put in order by the [places](Out::set_place) of records.
    /// It has no ends.
    pub fn placed(to: &'d mut dyn Downstream) -> Out<'d> {
        Out { ends: Some(Vec::new()), ..Out::new(to) }
    }

    /// Says which place, among those of other outputs, belongs to what comes next. An operator of
    /// which there may be several says it: places rise, and each is of one output.
    #[inline]
    pub fn set_place(&mut self, place: u64) {
        self.place = place;
    }

    /// The place of what comes next.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Says which batch the records to come belong to. The stage does it before
    /// each call of an operator; an operator only to give a batch of another
    /// time than its input's.
    pub fn set_time(&mut self, time: BatchTime) {
        if time != self.time {
            debug_assert!(self.bytes.is_empty(), "a batch without its end");
            self.time = time;
        }
    }

    /// The batch that is open in the output.
    pub fn time(&self) -> BatchTime {
        self.time
    }

    /// How far the records' own time has come: what the input's end says, once it is there, and
    /// what the ends given from now on carry.
    pub fn watermark(&self) -> Option<Watermark> {
        self.watermark
    }

    /// Says how far the records' own time has come. The stage does it before each end of the
    /// input; an operator only where it has another watermark than its input.
    pub fn set_watermark(&mut self, watermark: Option<Watermark>) {
        self.watermark = watermark;
    }

    /// Gives one record, canonical JSON without a newline.
    #[inline]
    pub fn record(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(record);
        self.finish_record();
    }

    /// Gives a record, unless one of the same place was given so right before.
    #[inline]
    pub fn record_once(&mut self, record: &[u8]) {
        if self.once.replace(self.place) != Some(self.place) {
            self.record(record);
        }
    }

    /// Room to build a record in, canonical JSON; [`Out::finish_record`] ends it.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends the record that was built in [`Out::buffer`].
    #[inline]
    pub fn finish_record(&mut self) {
        self.bytes.push(b'\n');
        if let Some(ends) = &mut self.ends {
            ends.push((self.place, self.bytes.len()));
        }
        self.finish_records(1);
    }

    /// Ends records that were built in [`Out::buffer`] with their newlines, which no operator does of
    /// which there may be several.
    #[inline]
    pub fn finish_records(&mut self, records: u64) {
        self.block_records += records;
        if self.bytes.len() >= if self.ends.is_some() { PLACED_BYTES } else { BLOCK_BYTES } {
            self.finish_block();
        }
    }

    /// Gives records that each end with a newline, in the blocks that they would come in one by one.
    pub fn lines(&mut self, mut lines: &[u8]) {
        while !lines.is_empty() {
            // A block is full with the record that ends here or is the first to end behind.
            let room = BLOCK_BYTES.saturating_sub(self.bytes.len() + 1);
            let last = lines.get(room..).and_then(|behind| memchr::memchr(b'\n', behind));
            let (now, behind) = lines.split_at(last.map_or(lines.len(), |at| room + at + 1));
            self.bytes.extend_from_slice(now);
            self.finish_records(memchr::memchr_iter(b'\n', now).count() as u64);
            lines = behind;
        }
    }

    /// Gives several records at once, each ended by a newline.
    pub fn records(&mut self, records: u64, bytes: &[u8]) {
        if bytes.len() >= BLOCK_BYTES / 4 || self.bytes.len() + bytes.len() > BLOCK_BYTES {
            self.finish_block();
        }
        if bytes.len() >= BLOCK_BYTES / 4 {
            self.batch_records += records;
            self.to.block(Block { time: self.time, records, bytes });
        } else {
            self.bytes.extend_from_slice(bytes);
            self.block_records += records;
        }
    }

    /// Gives several records at once, as [`Out::records`], in a buffer that may be another one then, whose bytes say nothing.
    pub fn own_records(&mut self, records: u64, bytes: &mut Vec<u8>) {
        if bytes.len() < BLOCK_BYTES / 4 {
            return self.records(records, bytes);
        }
        self.finish_block();
        self.batch_records += records;
        self.to.own_block(OwnBlock { time: self.time, records, bytes });
    }

    /// Tells how much is kept as of the end that comes next.
    pub fn holds(&mut self, held: Held) {
        self.to.holds(held);
    }

    /// Ends the output's batch.
    pub fn end(&mut self, time: BatchTime) {
        self.set_time(time);
        self.finish_block();
        self.to.end(time, self.batch_records, self.watermark);
        self.batch_records = 0;
    }

    /// Whether nobody takes what is given any more: the stage ends after this
    /// call of the operator, whatever comes of it.
    pub fn is_closed(&self) -> bool {
        self.to.is_closed()
    }

    /// Whether a bad record ends the stage: then what the record gave before need not be kept
    /// back, since the open batch is void.
    pub fn ends_with_a_bad_record(&self) -> bool {
        self.to.ends_with_a_bad_record()
    }

    /// Sets a record aside that could not be processed, or fails: the user's
    /// choice by `--on-error`.
    pub fn bad_record(&mut self, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.to.at(self.place);
        self.to.bad_record(self.time, record, reason)
    }

    /// Sets a record aside that came when all that it could have changed was closed, or fails:
    /// the user's choice by `--late`.
    pub fn late_record(&mut self, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.to.at(self.place);
        self.to.late_record(self.time, record, reason)
    }

    /// Gives on what there is as a block.
    pub fn finish_block(&mut self) {
        if self.block_records > 0 {
            if let Some(ends) = &mut self.ends {
                let records = Placed { bytes: given_on(&mut self.bytes), ends: given_on(ends) };
                self.block_records = 0;
                return self.to.placed(records);
            }
            self.to.own_block(OwnBlock { time: self.time, records: self.block_records, bytes: &mut self.bytes });
            self.bytes.clear();
            self.batch_records += self.block_records;
            self.block_records = 0;
        }
    }

    /// What is behind, for the stage.
    pub fn downstream(&mut self) -> &mut dyn Downstream {
        self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The blocks that came.
    #[derive(Default)]
    struct Blocks(Vec<(u64, Vec<u8>)>);

    impl Downstream for Blocks {
        fn block(&mut self, block: Block<'_>) {
            self.0.push((block.records, block.bytes.to_vec()));
        }

        fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

        fn bad_record(&mut self, _: BatchTime, _: &[u8], _: &str) -> Result<(), OpError> {
            Ok(())
        }
    }

    fn blocks(give: impl FnOnce(&mut Out<'_>)) -> Vec<(u64, Vec<u8>)> {
        let mut blocks = Blocks::default();
        let mut out = Out::new(&mut blocks);
        give(&mut out);
        out.end(BatchTime::default());
        blocks.0
    }

    proptest! {
        #[test]
        fn lines_come_in_the_blocks_of_records_one_by_one(
            records in prop::collection::vec(1_usize..BLOCK_BYTES / 3, 1..20),
            at_once in 1_usize..7,
        ) {
            // Lengths around that of a block, and above it.
            let lengths = records.iter().flat_map(|length| [*length, BLOCK_BYTES - length % 3]);
            let records: Vec<_> = lengths.map(|length| vec![b'1'; length - 1]).collect();
            let one_by_one = blocks(|out| records.iter().for_each(|record| out.record(record)));
            let several = blocks(|out| {
                for records in records.chunks(at_once) {
                    out.lines(&records.iter().flat_map(|record| [&record[..], b"\n"].concat()).collect::<Vec<_>>());
                }
            });
            prop_assert!(one_by_one == several);
        }

        #[test]
        fn records_that_are_split_off_are_those_behind(lengths in prop::collection::vec(1_usize..5, 0..9), at in 0_usize..9) {
            let mut records = Placed::default();
            for (place, length) in (0..).zip(&lengths) {
                records.bytes.extend(std::iter::repeat_n(b'a' + place as u8, *length));
                records.ends.push((place, records.bytes.len()));
            }
            let of = |records: &Placed| {
                let starts = std::iter::once(0).chain(records.ends.iter().map(|(_, end)| *end));
                let of_each = starts.zip(&records.ends).map(|(start, (place, end))| (*place, records.bytes[start..*end].to_vec()));
                of_each.collect::<Vec<_>>()
            };
            let all = of(&records);
            let at = at.min(lengths.len());
            let behind = records.split_off(at);
            prop_assert_eq!(of(&records), &all[..at]);
            prop_assert_eq!(of(&behind), &all[at..]);
        }
    }
}
