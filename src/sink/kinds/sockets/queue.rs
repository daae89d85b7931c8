//! Who has which batch: the rules, without a socket, a clock or a thread.
//!
//! Batches are numbered as they come. A reader takes them in order, each one whole, and
//! is in the midst of one at a time. When it has written one down to its socket the batch is
//! *taken*; when the other side's system has said that it has it, it has *arrived*.
//!
//! Under [`OnSlow::Drop`] the pipeline never waits. A batch leaves the queue when all readers have
//! taken it; where there is no room for a new one the oldest leaves that nobody is in the
//! midst of, and those who had not taken it miss it. If there is no such batch, who
//! is in the midst of the oldest one is cut off: no reader gets a part of a batch and
//! then the next.
//!
//! Under [`OnSlow::Block`] nothing is dropped: a batch leaves the queue when it has arrived
//! at all readers that there are, and at one at least. A reader that comes begins with
//! the oldest that has arrived at nobody: so what was under way to one that has gone comes again
//! from the batch's begin.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::batch::Batch;

/// What becomes of batches that a reader is too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnSlow {
    /// It misses them.
    Drop,
    /// All wait for it.
    Block,
}

/// Batches that somebody missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missed {
    /// How many.
    pub batches: u64,
    /// With so many records together.
    pub records: u64,
}

impl Missed {
    fn add(&mut self, batch: &Batch) {
        self.batches += 1;
        self.records += batch.records;
    }
}

/// One of the readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReaderId(u64);

/// What a reader is to do next.
#[derive(Debug)]
pub enum Next {
    /// Send this batch, which has this number, behind what was missed since the one before.
    Send(Arc<Batch>, u64, Missed),
    /// Wait until there is one.
    Wait,
    /// There will be none any more.
    End,
}

#[derive(Debug, Default)]
struct Reader {
    /// The batch that it takes next, or is in the midst of.
    next: u64,
    is_in_midst: bool,
    /// The batch that it began with.
    first: u64,
    /// All before this one have arrived.
    arrived: u64,
    /// Since it took one last.
    missed: Missed,
    /// What it has missed, and nobody was told of.
    untold: Missed,
    is_cut: bool,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    batch: Arc<Batch>,
}

/// The batches that somebody has still to take.
#[derive(Debug)]
pub struct Queue {
    on_slow: OnSlow,
    /// How much they may weigh together.
    limit: usize,
    weight: usize,
    entries: VecDeque<Entry>,
    /// The number of the batch that comes next.
    next: u64,
    /// All before this one have arrived at somebody.
    arrived: u64,
    readers: BTreeMap<ReaderId, Reader>,
    next_reader: u64,
    /// What came while there was no reader, and nobody was told of.
    unread: Missed,
    is_over: bool,
}

impl Queue {
    /// Nothing, and nobody.
    pub fn new(on_slow: OnSlow, limit: usize) -> Queue {
        Queue {
            on_slow,
            limit,
            weight: 0,
            entries: VecDeque::new(),
            next: 0,
            arrived: 0,
            readers: BTreeMap::new(),
            next_reader: 0,
            unread: Missed::default(),
            is_over: false,
        }
    }

    /// Whether a batch can be pushed without waiting. One alone may weigh whatever it does.
    pub fn has_room(&self, batch: &Batch) -> bool {
        self.on_slow == OnSlow::Drop || self.fits(batch)
    }

    fn fits(&self, batch: &Batch) -> bool {
        self.entries.is_empty() || self.weight + batch.weight() <= self.limit
    }

    /// Adds a batch, for which there is room. An empty one is nothing to send.
    pub fn push(&mut self, batch: Batch) {
        if batch.length() == 0 {
            return;
        }
        if self.on_slow == OnSlow::Drop {
            if self.readers.is_empty() {
                self.unread.add(&batch);
                return;
            }
            while !self.fits(&batch) {
                self.drop_one();
            }
        }
        self.weight += batch.weight();
        self.entries.push_back(Entry { number: self.next, batch: Arc::new(batch) });
        self.next += 1;
    }

    /// Drops the oldest batch that nobody is in the midst of; if there is none, the oldest.
    fn drop_one(&mut self) {
        let open: BTreeSet<u64> =
            self.readers.values().filter(|reader| reader.is_in_midst).map(|reader| reader.next).collect();
        let free = self.entries.iter().position(|entry| !open.contains(&entry.number));
        let Some(Entry { number, batch }) = self.entries.remove(free.unwrap_or(0)) else { return };
        self.weight -= batch.weight();
        for reader in self.readers.values_mut().filter(|reader| reader.next <= number) {
            reader.missed.add(&batch);
            reader.untold.add(&batch);
            // Nobody is in the midst of it, or this one has to go.
            reader.is_cut |= reader.is_in_midst && reader.next == number;
        }
    }

    /// One reader more.
    pub fn join(&mut self) -> ReaderId {
        let id = ReaderId(self.next_reader);
        self.next_reader += 1;
        let next = match self.on_slow {
            OnSlow::Drop => self.next,
            OnSlow::Block => self.arrived,
        };
        self.readers.insert(id, Reader { next, first: next, arrived: next, ..Reader::default() });
        id
    }

    /// A reader has gone; whether anything had arrived at it.
    pub fn leave(&mut self, id: ReaderId) -> bool {
        let reader = self.readers.remove(&id);
        self.retire();
        reader.is_some_and(|reader| reader.arrived > reader.first)
    }

    /// What a reader gets next. What it got before, it has taken.
    pub fn take(&mut self, id: ReaderId) -> Next {
        let Some(reader) = self.readers.get_mut(&id).filter(|reader| !reader.is_cut) else { return Next::Wait };
        let index = self.entries.partition_point(|entry| entry.number < reader.next);
        match self.entries.get(index) {
            Some(entry) => {
                (reader.next, reader.is_in_midst) = (entry.number, true);
                Next::Send(entry.batch.clone(), entry.number, std::mem::take(&mut reader.missed))
            }
            None if self.is_over => Next::End,
            None => Next::Wait,
        }
    }

    /// A reader has taken the batch that it got last.
    pub fn taken(&mut self, id: ReaderId) {
        if let Some(reader) = self.readers.get_mut(&id)
            && std::mem::take(&mut reader.is_in_midst)
        {
            reader.next += 1;
            self.retire();
        }
    }

    /// All batches before this number have arrived at a reader.
    pub fn arrived(&mut self, id: ReaderId, before: u64) {
        if let Some(reader) = self.readers.get_mut(&id) {
            reader.arrived = before;
            self.arrived = self.arrived.max(before);
            self.retire();
        }
    }

    /// Removes the batches that nobody is to take any more.
    fn retire(&mut self) {
        let all = self.readers.values().map(|reader| match self.on_slow {
            OnSlow::Drop => reader.next,
            OnSlow::Block => reader.arrived,
        });
        let before = match self.on_slow {
            OnSlow::Drop => all.min().unwrap_or(self.next),
            OnSlow::Block => all.min().unwrap_or(self.arrived).min(self.arrived),
        };
        while self.entries.front().is_some_and(|entry| entry.number < before) {
            self.weight -= self.entries.pop_front().map_or(0, |entry| entry.batch.weight());
        }
    }

    /// Whether a reader has to go, since it would get a part of a batch otherwise.
    pub fn is_cut(&self, id: ReaderId) -> bool {
        self.readers.get(&id).is_some_and(|reader| reader.is_cut)
    }

    /// What a reader has missed, and nobody was told of; who asks, tells.
    pub fn untold(&mut self, id: ReaderId) -> Missed {
        self.readers.get_mut(&id).map(|reader| std::mem::take(&mut reader.untold)).unwrap_or_default()
    }

    /// What came while there was no reader, and nobody was told of; who asks, tells.
    pub fn unread(&mut self) -> Missed {
        std::mem::take(&mut self.unread)
    }

    /// How many batches somebody has still to take.
    pub fn waiting(&self) -> u64 {
        self.entries.len() as u64
    }

    /// How many readers there are.
    pub fn readers(&self) -> usize {
        self.readers.len()
    }

    /// No batch will come any more.
    pub fn end(&mut self) {
        self.is_over = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::LineForm;
    use crate::frame::{BatchTime, Block};
    use crate::sink::kinds::sockets::batch::Open;

    /// A batch of so many records, each of 100 bytes.
    fn batch(records: usize) -> Batch {
        let mut open = Open::new(LineForm::Json, 1 << 20);
        let line = format!("\"{}\"\n", "x".repeat(97)).repeat(records);
        open.push(Block { time: BatchTime(1), records: records as u64, bytes: line.as_bytes() }).unwrap();
        open.end(records as u64).unwrap()
    }

    /// A queue with room for three batches of ten records.
    fn queue(on_slow: OnSlow) -> Queue {
        Queue::new(on_slow, 3 * batch(10).weight())
    }

    /// The number of the batch that a reader takes now, if there is one, and what it missed.
    fn begin(queue: &mut Queue, id: ReaderId) -> Option<(u64, u64)> {
        match queue.take(id) {
            Next::Send(_, number, missed) => Some((number, missed.batches)),
            Next::Wait | Next::End => None,
        }
    }

    fn taken(queue: &mut Queue, id: ReaderId) -> Option<(u64, u64)> {
        let begun = begin(queue, id);
        queue.taken(id);
        begun
    }

    #[test]
    fn what_comes_to_nobody_is_counted() {
        let mut queue = queue(OnSlow::Drop);
        queue.push(batch(2));
        queue.push(batch(0));
        assert_eq!(queue.unread(), Missed { batches: 1, records: 2 });
        assert_eq!((queue.waiting(), queue.unread()), (0, Missed::default()));
        // Who comes then gets what comes then.
        let id = queue.join();
        queue.push(batch(1));
        assert_eq!(taken(&mut queue, id), Some((0, 0)));
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn a_slow_reader_misses_whole_batches_and_a_quick_one_none() {
        let mut queue = queue(OnSlow::Drop);
        let (slow, quick) = (queue.join(), queue.join());
        queue.push(batch(10));
        assert_eq!(begin(&mut queue, slow), Some((0, 0)));
        for number in 0..8 {
            assert_eq!(taken(&mut queue, quick), Some((number, 0)));
            queue.push(batch(10));
            assert!(queue.waiting() <= 3);
        }
        assert_eq!(taken(&mut queue, quick), Some((8, 0)));
        // It goes on with what is there still: 7 and 8; 1 to 6 it has missed.
        queue.taken(slow);
        assert_eq!(taken(&mut queue, slow), Some((7, 6)));
        assert_eq!(queue.untold(slow), Missed { batches: 6, records: 60 });
        assert_eq!(taken(&mut queue, slow), Some((8, 0)));
        assert_eq!((queue.waiting(), queue.weight), (0, 0));
    }

    #[test]
    fn who_is_in_the_midst_of_what_must_go_is_cut_off() {
        let mut queue = queue(OnSlow::Drop);
        let stopped: Vec<ReaderId> = (0..3)
            .map(|number| {
                queue.push(batch(10));
                let id = queue.join();
                queue.push(batch(10));
                assert!(begin(&mut queue, id).is_some(), "{number}");
                id
            })
            .collect();
        queue.push(batch(10));
        assert_eq!(stopped.iter().map(|id| queue.is_cut(*id)).collect::<Vec<_>>(), [true, false, false]);
        assert!(queue.weight <= queue.limit);
        // A batch larger than all the room is given all the same, and alone.
        queue.push(batch(100));
        assert!(stopped.iter().all(|id| queue.is_cut(*id)));
        assert_eq!(queue.waiting(), 1);
        assert_eq!(queue.untold(stopped[0]).batches, 6);
    }

    #[test]
    fn where_all_wait_nothing_is_lost_and_what_did_not_arrive_comes_again() {
        let mut queue = queue(OnSlow::Block);
        for _ in 0..3 {
            assert!(queue.has_room(&batch(10)));
            queue.push(batch(10));
        }
        assert!(!queue.has_room(&batch(10)), "nobody is there");
        let first = queue.join();
        assert_eq!((taken(&mut queue, first), taken(&mut queue, first)), (Some((0, 0)), Some((1, 0))));
        assert!(!queue.has_room(&batch(10)), "nothing has arrived");
        queue.arrived(first, 1);
        assert!(queue.has_room(&batch(10)));
        assert_eq!(begin(&mut queue, first), Some((2, 0)));
        queue.leave(first);
        // The next one begins with what is not known to have arrived.
        let (second, third) = (queue.join(), queue.join());
        assert_eq!(taken(&mut queue, second), Some((1, 0)));
        assert_eq!(taken(&mut queue, second), Some((2, 0)));
        queue.arrived(second, 3);
        assert_eq!(queue.waiting(), 2, "the third one has none");
        assert_eq!(taken(&mut queue, third), Some((1, 0)));
        queue.arrived(third, 2);
        assert_eq!(queue.waiting(), 1);
        // What one has had is nothing to wait for when the other goes.
        queue.leave(third);
        assert_eq!((queue.waiting(), queue.weight), (0, 0));
        queue.end();
        assert!(matches!(queue.take(second), Next::End));
    }
}
