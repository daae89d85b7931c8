//! What shards give, and how it is put in order.

use std::hint::select_unpredictable;
use std::sync::mpsc::Receiver;

use crate::frame::{BatchTime, Block, Watermark};
use crate::op::{Downstream, OpError, Out, Placed};

/// What is told of a record that is not taken, or why the stage cannot go on.
pub(super) struct Told {
    pub place: u64,
    pub what: What,
}

/// See [`Told`].
pub(super) enum What {
    Bad { record: Vec<u8>, reason: String },
    Late { record: Vec<u8>, reason: String },
    Failed(OpError),
}

/// Tells all, in order.
pub(super) fn tell(mut told: Vec<Told>, out: &mut Out<'_>) -> Result<(), OpError> {
    told.sort_by_key(|told| told.place);
    told.into_iter().try_for_each(|told| match told.what {
        What::Bad { record, reason } => out.bad_record(&record, &reason),
        What::Late { record, reason } => out.late_record(&record, &reason),
        What::Failed(error) => Err(error),
    })
}

/// What one thread gives: records with their places, which are kept or handed on.
#[derive(Default)]
pub(super) struct Given<'t> {
    pub records: Vec<Placed>,
    pub told: Vec<Told>,
    place: u64,
    to: Option<Box<dyn FnMut(Placed) + 't>>,
}

/// A part of an answer.
pub(super) enum Answer {
    Records(Placed),
    /// Nothing follows.
    Done(Vec<Told>),
}

impl<'t> Given<'t> {
    /// Hands records on.
    pub fn handed(to: impl FnMut(Placed) + 't) -> Given<'t> {
        Given { to: Some(Box::new(to)), ..Given::default() }
    }

    /// What `work` gives.
    pub fn of(mut self, time: BatchTime, work: impl FnOnce(&mut Out<'_>) -> Result<(), OpError>) -> Given<'t> {
        let mut out = Out::placed(&mut self);
        out.set_time(time);
        let failed = work(&mut out).err();
        out.finish_block();
        let place = out.place();
        self.told.extend(failed.map(|error| Told { place, what: What::Failed(error) }));
        self
    }
}

impl Downstream for Given<'_> {
    /// Outputs with places have none.
    fn block(&mut self, _: Block<'_>) {}

    /// Neither have they ends.
    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn placed(&mut self, records: Placed) {
        match &mut self.to {
            Some(to) => to(records),
            None => self.records.push(records),
        }
    }

    fn at(&mut self, place: u64) {
        self.place = place;
    }

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        let what = What::Bad { record: record.to_vec(), reason: reason.to_owned() };
        self.told.push(Told { place: self.place, what });
        Ok(())
    }

    fn late_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        let what = What::Late { record: record.to_vec(), reason: reason.to_owned() };
        self.told.push(Told { place: self.place, what });
        Ok(())
    }
}

/// What shards answer, each in order, as far as it is there.
pub(super) struct Answers<'t> {
    from: Vec<From<'t>>,
    /// What they told: all of it once there is nothing more.
    pub told: Vec<Told>,
}

/// Where the records of an answer come from.
enum From<'t> {
    Here(std::vec::IntoIter<Placed>),
    Thread(&'t Receiver<Answer>),
}

impl<'t> Answers<'t> {
    /// What was answered.
    pub fn here(given: impl Iterator<Item = Given<'t>>) -> Answers<'t> {
        let mut told = Vec::new();
        let from = given.map(|given| {
            told.extend(given.told);
            From::Here(given.records.into_iter())
        });
        Answers { from: from.collect(), told }
    }

    /// What threads will have answered.
    pub fn of_threads(threads: impl Iterator<Item = &'t Receiver<Answer>>) -> Answers<'t> {
        Answers { from: threads.map(From::Thread).collect(), told: Vec::new() }
    }

    /// The next records of a shard's answer; none behind the last.
    pub fn next(&mut self, shard: usize) -> Option<Placed> {
        match &mut self.from[shard] {
            From::Here(records) => records.next(),
            From::Thread(thread) => match thread.recv() {
                Ok(Answer::Records(records)) => Some(records),
                Ok(Answer::Done(told)) => {
                    self.told.extend(told);
                    None
                }
                Err(_) => panicked(),
            },
        }
    }
}

/// A thread has gone without an answer: its panic is this one's too.
pub(super) fn panicked() -> ! {
    std::panic::resume_unwind(Box::new("a thread of --jobs has panicked"))
}

/// Gives records of several shards in the order of their places, of those of the same place one alone if they
/// are given `once`; `next` gives those of one that follow.
pub(super) fn merge(shards: usize, next: impl FnMut(usize) -> Option<Placed>, once: bool, out: &mut Out<'_>) {
    let mut last = None;
    merge_to(shards, next, |place, record| {
        if !(once && last.replace(place) == Some(place)) {
            record.append_to(out.buffer());
            out.finish_records(1);
        }
    });
}

/// The same, each record with its place and its newline.
pub(super) fn merge_to(shards: usize, next: impl FnMut(usize) -> Option<Placed>, give: impl FnMut(u64, Record<'_>)) {
    let least = |heads: &[Head]| {
        // Who is next is chance, and a branch would be guessed wrong.
        let mut at = 0;
        for other in 1..heads.len() {
            at = select_unpredictable(heads[other].place < heads[at].place, other, at);
        }
        at
    };
    merge_heads(shards, next, least, give);
}

/// The same, where `least` says which of the shards has the next record.
#[inline]
pub(super) fn merge_heads(
    shards: usize,
    mut next: impl FnMut(usize) -> Option<Placed>,
    least: impl Fn(&[Head]) -> usize,
    mut give: impl FnMut(u64, Record<'_>),
) {
    let mut heads: Vec<Head> = (0..shards).filter_map(|shard| Head::of(shard, &mut next)).collect();
    while !heads.is_empty() {
        let at = least(&heads);
        let head = &mut heads[at];
        give(head.place, head.take());
        if head.is_over() {
            match Head::of(heads[at].shard, &mut next) {
                Some(head) => heads[at] = head,
                None => drop(heads.swap_remove(at)),
            }
        }
    }
}

/// Of a record that is not longer, so much is copied.
pub(super) const CHUNK: usize = 32;

/// A record, and those behind it.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// How long the record is, with its newline.
    pub length: usize,
    from_here: &'a [u8],
}

impl<'a> Record<'a> {
    pub fn bytes(self) -> &'a [u8] {
        &self.from_here[..self.length]
    }

    /// Of a short one a [`CHUNK`] is copied, which takes no loop, and what is too much is taken off again.
    #[inline]
    pub fn append_to(self, buffer: &mut Vec<u8>) {
        match self.from_here.first_chunk::<CHUNK>() {
            Some(chunk) if self.length <= chunk.len() => {
                let end = buffer.len() + self.length;
                buffer.extend_from_slice(chunk);
                buffer.truncate(end);
            }
            _ => buffer.extend_from_slice(self.bytes()),
        }
    }
}

/// Records of a shard, of which some are given.
pub(super) struct Head {
    shard: usize,
    records: Placed,
    /// The next one's place, number, beginning and end.
    place: u64,
    given: usize,
    start: usize,
    end: usize,
}

impl Head {
    fn of(shard: usize, next: &mut impl FnMut(usize) -> Option<Placed>) -> Option<Head> {
        let records = std::iter::from_fn(|| next(shard)).find(|records| !records.ends.is_empty())?;
        let (place, end) = records.ends[0];
        Some(Head { shard, place, records, given: 0, start: 0, end })
    }

    /// The next record, which stays the next.
    #[inline]
    pub fn peek(&self) -> &[u8] {
        &self.records.bytes[self.start..self.end]
    }

    /// The next record.
    #[inline]
    fn take(&mut self) -> Record<'_> {
        let (start, end) = (self.start, self.end);
        (self.start, self.given) = (end, self.given + 1);
        (self.place, self.end) = self.records.ends.get(self.given).copied().unwrap_or((u64::MAX, end));
        Record { length: end - start, from_here: &self.records.bytes[start..] }
    }

    fn is_over(&self) -> bool {
        self.given == self.records.ends.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing::Collected;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_come_in_the_order_of_their_places(shards in prop::collection::vec(0_usize..4, 0..60), part in 1_usize..5) {
            // Each place is of one shard, whose records come in parts.
            let mut given: Vec<Vec<Placed>> = (0..4).map(|_| Vec::new()).collect();
            for (place, shard) in shards.iter().enumerate() {
                let parts = &mut given[*shard];
                if parts.last().is_none_or(|records| records.ends.len() == part) {
                    parts.push(Placed::default());
                }
                if let Some(records) = parts.last_mut() {
                    records.bytes.extend_from_slice(format!("{place}\n").as_bytes());
                    records.ends.push((place as u64, records.bytes.len()));
                }
            }
            let mut given: Vec<_> = given.into_iter().map(Vec::into_iter).collect();
            let mut collected = Collected::default();
            let mut out = Out::new(&mut collected);
            out.set_time(BatchTime(1));
            merge(4, |shard| given[shard].next(), false, &mut out);
            out.end(BatchTime(1));
            prop_assert_eq!(&collected.batches[0].1, &(0..shards.len()).map(|place| place.to_string()).collect::<Vec<_>>());
        }
    }
}
