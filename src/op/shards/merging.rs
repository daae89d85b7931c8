//! What threads answer, put in order by the threads themselves.
//!
//! An answer is as long as there are keys, and one thread that puts those of all in order would hold the others up. So
//! each lays the parts of its answer down here, and whoever comes first takes what can be put in order: what is not behind
//! what any that has more to give has given. The blocks that come of it are numbered, for the one who gives them on.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::given::{CHUNK, merge_to};
use super::lock;
use super::order::{merge_ordered, split_order};
use crate::op::Placed;

/// So many parts of a shard are put in order at once.
const PARTS: usize = if cfg!(test) { 1 } else { 3 };

/// Parts of a shard that wait, at most, or fewer with so many bytes: who answers goes on when they are less.
const WAITING_PARTS: usize = if cfg!(test) { 2 } else { 16 };

const WAITING_BYTES: usize = 4 << 20;

/// Blocks that are not given on, at most; one, where records are so long that a part of them is much.
const WAITING_BLOCKS: usize = if cfg!(test) { 2 } else { 8 };

/// What records are in the order of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Their places.
    Place,
    /// What they [begin with](super::push_order), which is taken away.
    Order,
}

impl By {
    /// Appends records of several shards in order; `next` gives those of one that follow.
    fn merge(self, shards: usize, next: impl FnMut(usize) -> Option<Placed>, bytes: &mut Vec<u8>) {
        match self {
            By::Place => merge_to(shards, next, |_, record| record.append_to(bytes)),
            By::Order => merge_ordered(shards, next, |record| bytes.extend_from_slice(record)),
        }
    }

    /// What a record is ordered by.
    fn key(self, records: &Placed, number: usize) -> (u64, &[u8]) {
        let (place, end) = records.ends[number];
        match self {
            By::Place => (place, &[]),
            By::Order => {
                let start = number.checked_sub(1).map_or(0, |before| records.ends[before].1);
                (0, split_order(&records.bytes[start..end]).0)
            }
        }
    }

    /// How many records are not behind one that is ordered by this.
    fn count_to(self, records: &Placed, last: (u64, &[u8])) -> usize {
        let (mut low, mut high) = (0, records.ends.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.key(records, middle) <= last { low = middle + 1 } else { high = middle }
        }
        low
    }
}

/// See the [module](self).
#[derive(Clone)]
pub(super) struct Merging(Arc<(Mutex<Parts>, Condvar)>);

/// What lies there.
struct Parts {
    by: By,
    shards: Vec<Answer>,
    /// The number of the next block.
    next: u64,
    /// Blocks that are not given on.
    blocks: usize,
    /// Threads that wait for something to do.
    waiting: usize,
    /// Nobody wants more.
    is_closed: bool,
}

/// What a shard has answered and is not taken.
#[derive(Default)]
struct Answer {
    parts: VecDeque<Placed>,
    /// Nothing follows.
    is_over: bool,
}

/// What is to be put in order, of each shard.
struct Job {
    number: u64,
    by: By,
    parts: Vec<VecDeque<Placed>>,
}

impl Merging {
    /// For so many shards.
    pub fn of(shards: usize) -> Merging {
        let shards = (0..shards).map(|_| Answer::default()).collect();
        let parts = Parts { by: By::Place, shards, next: 0, blocks: 0, waiting: 0, is_closed: false };
        Merging(Arc::new((Mutex::new(parts), Condvar::new())))
    }

    /// Another answer begins, and all of the one before is given on.
    pub fn begin(&self, by: By) {
        let mut parts = self.lock();
        (parts.by, parts.next) = (by, 0);
        parts.shards.fill_with(Answer::default);
    }

    /// Lays a part of a shard's answer down, and puts in order what can be; `send` gets blocks with their numbers.
    pub fn give(&self, shard: usize, records: Placed, mut send: impl FnMut(u64, Vec<u8>)) {
        let mut parts = self.lock();
        if records.ends.is_empty() || parts.is_closed {
            return;
        }
        debug_assert!((1..records.ends.len()).all(|at| parts.by.key(&records, at - 1) <= parts.by.key(&records, at)));
        parts.shards[shard].parts.push_back(records);
        if parts.waiting > 0 {
            self.changed().notify_one();
        } else {
            (parts, _) = self.work(parts, &mut send);
        }
        while parts.shards[shard].is_full() && !parts.is_closed {
            parts = self.help(parts, &mut send);
        }
    }

    /// A shard has answered: its thread helps the others until all that they answer is taken.
    pub fn finish(&self, shard: usize, mut send: impl FnMut(u64, Vec<u8>)) {
        let mut parts = self.lock();
        parts.shards[shard].is_over = true;
        self.changed().notify_all();
        while !parts.are_taken() && !parts.is_closed {
            parts = self.help(parts, &mut send);
        }
    }

    /// A block is given on.
    pub fn block_is_given(&self) {
        self.lock().blocks -= 1;
        self.changed().notify_all();
    }

    /// Nobody wants more: who waits goes on.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed().notify_all();
    }

    /// Does what is to be done, or waits for something.
    fn help<'p>(&'p self, parts: MutexGuard<'p, Parts>, send: &mut impl FnMut(u64, Vec<u8>)) -> MutexGuard<'p, Parts> {
        let (mut parts, has_worked) = self.work(parts, send);
        if !has_worked {
            parts.waiting += 1;
            parts = self.changed().wait(parts).unwrap_or_else(PoisonError::into_inner);
            parts.waiting -= 1;
        }
        parts
    }

    /// Does what is to be done, if something is, and whether it was.
    fn work<'p>(
        &'p self,
        mut parts: MutexGuard<'p, Parts>,
        send: &mut impl FnMut(u64, Vec<u8>),
    ) -> (MutexGuard<'p, Parts>, bool) {
        let Some(job) = parts.take() else { return (parts, false) };
        // Who waits for the last of it, or for room.
        self.changed().notify_all();
        drop(parts);
        send(job.number, job.done());
        (self.lock(), true)
    }

    fn lock(&self) -> MutexGuard<'_, Parts> {
        lock(&self.0.0)
    }

    fn changed(&self) -> &Condvar {
        &self.0.1
    }
}

impl Parts {
    /// All have answered, and nothing is left.
    fn are_taken(&self) -> bool {
        self.shards.iter().all(|shard| shard.is_over && shard.parts.is_empty())
    }

    /// What can be put in order, if that is much, or the last of it.
    fn take(&mut self) -> Option<Job> {
        let is_long = |records: &Placed| records.bytes.len() >= WAITING_BYTES / WAITING_BLOCKS;
        let are_long = self.shards.iter().any(|shard| shard.parts.front().is_some_and(is_long));
        let is_full = self.blocks >= if are_long { 1 } else { WAITING_BLOCKS };
        if is_full || self.shards.iter().any(|shard| shard.parts.is_empty() && !shard.is_over) {
            return None;
        }
        let by = self.by;
        // Of each that has some, what would be its last one.
        let lasts = self.shards.iter().filter_map(|shard| {
            let records = &shard.parts[shard.parts.len().min(PARTS).checked_sub(1)?];
            Some((by.key(records, records.ends.len() - 1), shard.is_over || shard.parts.len() >= PARTS))
        });
        let ((place, order), is_enough) = lasts.min()?;
        if !is_enough {
            return None;
        }
        let last = (place, order.to_owned());
        let parts = self.shards.iter_mut().map(|shard| shard.take_to(by, (last.0, &last.1))).collect();
        let number = self.next;
        self.next += 1;
        self.blocks += 1;
        Some(Job { number, by, parts })
    }
}

impl Answer {
    /// It has enough to be put in order, and should wait for that.
    fn is_full(&self) -> bool {
        let bytes = || self.parts.iter().map(|records| records.bytes.len()).sum::<usize>();
        self.parts.len() >= WAITING_PARTS || (self.parts.len() > PARTS && bytes() >= WAITING_BYTES)
    }

    /// Takes the records that are not behind this one.
    fn take_to(&mut self, by: By, last: (u64, &[u8])) -> VecDeque<Placed> {
        let is_behind = |records: &Placed| by.key(records, records.ends.len() - 1) > last;
        let whole = self.parts.iter().position(is_behind).unwrap_or(self.parts.len());
        let behind = self.parts.split_off(whole);
        let mut taken = std::mem::replace(&mut self.parts, behind);
        if let Some(next) = self.parts.front_mut() {
            let count = by.count_to(next, last);
            if count > 0 {
                let behind = next.split_off(count);
                taken.push_back(std::mem::replace(next, behind));
            }
        }
        taken
    }
}

impl Job {
    /// The records in order.
    fn done(mut self) -> Vec<u8> {
        let bytes: usize = self.parts.iter().flatten().map(|records| records.bytes.len()).sum();
        let mut ordered = Vec::with_capacity(bytes + CHUNK);
        self.by.merge(self.parts.len(), |shard| self.parts[shard].pop_front(), &mut ordered);
        ordered
    }
}

#[cfg(test)]
mod tests {
    use super::super::push_order;
    use super::*;
    use proptest::prelude::*;
    use std::sync::mpsc::{Sender, channel};
    use std::thread;

    /// A shard's answer: parts of records that each begin with what they are ordered by, if that is wanted.
    fn answer(places: &[u64], part: usize, by: By) -> Vec<Placed> {
        let parts = places.chunks(part).map(|places| {
            let mut records = Placed::default();
            for place in places {
                if by == By::Order {
                    push_order((*place as i64, 0), b"k", &mut records.bytes);
                }
                records.bytes.extend_from_slice(format!("{place}\n").as_bytes());
                records.ends.push((*place, records.bytes.len()));
            }
            records
        });
        parts.collect()
    }

    fn work(merging: &Merging, shard: usize, answer: Vec<Placed>, to: &Sender<(u64, Vec<u8>)>) {
        let send = |number, block| to.send((number, block)).unwrap();
        answer.into_iter().for_each(|records| merging.give(shard, records, send));
        merging.finish(shard, send);
    }

    proptest! {
        #[test]
        fn threads_put_in_order_what_they_answer(
            of in prop::collection::vec(0_usize..4, 0..120),
            part in 1_usize..7,
            by in prop::sample::select(&[By::Place, By::Order][..]),
        ) {
            let merging = Merging::of(4);
            // An answer may be followed by another.
            for of in [&of[..], &of[of.len() / 2..]] {
                merging.begin(by);
                let (to, blocks) = channel();
                for shard in 0..4 {
                    let places: Vec<_> = (0_u64..).zip(of).filter(|(_, of)| **of == shard).map(|(place, _)| place).collect();
                    let (merging, to, answer) = (merging.clone(), to.clone(), answer(&places, part, by));
                    thread::spawn(move || work(&merging, shard, answer, &to));
                }
                drop(to);
                let mut blocks: Vec<_> = blocks.iter().inspect(|_| merging.block_is_given()).collect();
                blocks.sort();
                let given: Vec<u8> = blocks.into_iter().flat_map(|(_, block)| block).collect();
                let wanted: String = (0..of.len()).map(|place| format!("{place}\n")).collect();
                prop_assert_eq!(String::from_utf8(given).unwrap(), wanted);
            }
        }
    }

    #[test]
    fn who_waits_for_the_others_goes_on_when_nobody_wants_more() {
        let merging = Merging::of(2);
        let waits = merging.clone();
        let thread = thread::spawn(move || work(&waits, 0, answer(&[0, 1, 2, 3], 1, By::Place), &channel().0));
        while merging.lock().waiting == 0 {
            thread::yield_now();
        }
        merging.close();
        thread.join().unwrap();
        assert_eq!(merging.lock().shards[0].parts.len(), WAITING_PARTS);
    }
}
