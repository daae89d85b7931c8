//! `-j` of keyed tools: keys dealt over several threads.
//!
//! Records are cut into pieces. Each thread takes pieces apart into items of key and value, and
//! deals these: each key belongs to one [`Shard`], which gets the items of its keys of every piece,
//! in the order of the pieces. So what happens to a key is what would happen on one thread, whatever
//! is computed. Items are numbered through, and what a shard gives has a [place](Out::set_place),
//! which is such a number: of the item that it comes of, or of the one with which its key came first.
//! By these the records and the bad ones of all shards are put in order: so bytes, bad records and
//! the first error are those of one thread.
//!
//! Where keys are few and the order of items says nothing, threads take pieces [whole](whole), and keys are dealt later.
//!
//! Of the batch's end, and of whatever else does not come of an item, shards are
//! [asked](Shards::ask). What is little work is done here, with no thread; where the system gives no
//! threads, all is.

mod deal;
mod given;
mod merging;
mod order;
mod parcel;
pub mod reduce;
mod saved;
mod threads;
mod timed;
pub mod whole;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

pub use order::{push_order, split_order};

use super::grouping::{Grouping, Item};
use super::key_table::KeyHasher;
use super::parallel::Start;
use super::{Held, OpError, Out};
use crate::frame::{BatchTime, Block};
use deal::Deal;
use given::{Answers, Given, merge, merge_to, tell};
use merging::By;
use order::merge_ordered;
use threads::Threads;

/// A piece has about so many bytes.
const PIECE_BYTES: usize = 128 << 10;

/// An item with its number.
pub type Numbered<'a> = (u64, Item<'a>);

/// What is kept of the keys of one thread.
pub trait Shard: Send + 'static {
    /// What a shard can be asked, between items.
    type Ask: Clone + Send + 'static;

    /// Of what several items of a record give, in the place of the first of them, one alone comes out.
    const GIVES_ONCE: bool = false;

    /// Before the first key: items come with the hashes of their keys, by this.
    fn hash_by(&mut self, hasher: &KeyHasher);

    /// Takes items, in order. What it gives of an item has the item's number as its place.
    ///
    /// # Errors
    /// The stage cannot go on; the output's place is that of the item.
    fn add(&mut self, items: &[Numbered<'_>], time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError>;

    /// Takes the items of a piece, whatever keys they have, and says how many of these are new, each of which takes a number; none
    /// if items are to be dealt, as where their order matters. Bad ones go to `out`; all else comes with an answer.
    fn take_whole(
        &mut self,
        grouping: &mut Grouping,
        block: Block<'_>,
        out: &mut Out<'_>,
    ) -> Option<Result<u64, OpError>> {
        let _ = (grouping, block, out);
        None
    }

    /// Of the pieces that were taken whole the first that has no number has this one for its first item.
    fn number_whole(&mut self, first: u64) {
        let _ = first;
    }

    /// Answers; the places of what it gives rise.
    ///
    /// # Errors
    /// As [`Shard::add`].
    fn answer(&mut self, ask: &Self::Ask, out: &mut Out<'_>) -> Result<(), OpError>;

    /// Whether an answer is so much work that it is worth waking a thread though no items came.
    fn is_much(&self, ask: &Self::Ask) -> bool;

    /// How much it keeps.
    fn held(&self) -> Held;
}

/// Shards, and the threads that work for them.
pub struct Shards<S: Shard> {
    /// For what is done here, one for each side that records come from.
    groupings: Vec<Grouping>,
    /// The side whose records come now.
    side: usize,
    deal: Deal,
    shards: Vec<Arc<Mutex<S>>>,
    /// For threads that have not been started, since nothing needed them.
    of_threads: Vec<Vec<Grouping>>,
    start: Start,
    threads: Option<Threads<S>>,
    /// Threads had items since they were asked.
    had_items: bool,
    /// Records that wait for their piece to fill.
    gathered: Vec<u8>,
    time: BatchTime,
    /// The number of the next item.
    number: u64,
    /// How many records came since it was [chosen](Shards::choose_whole) how to take them.
    records: u64,
    piece_bytes: usize,
    /// The shard that gives the next slice of a checkpoint, and whether it is its first.
    slicing: (usize, bool),
}

impl<S: Shard> Shards<S> {
    /// These shards, which are alike and have no keys; `grouping` takes records apart for all.
    pub fn new(shards: Vec<S>, grouping: Grouping) -> Shards<S> {
        Shards::of_sides(shards, vec![grouping])
    }

    /// The same for records of several sides, each with its grouping: those of the first come until it is
    /// [turned to](Shards::turn_to) another.
    pub fn of_sides(mut shards: Vec<S>, groupings: Vec<Grouping>) -> Shards<S> {
        let deal = Deal::over(shards.len());
        shards.iter_mut().for_each(|shard| shard.hash_by(&deal.hasher));
        Shards {
            of_threads: vec![groupings.clone(); shards.len()],
            start: |work| thread::Builder::new().spawn(work),
            groupings,
            side: 0,
            deal,
            shards: shards.into_iter().map(|shard| Arc::new(Mutex::new(shard))).collect(),
            threads: None,
            had_items: false,
            gathered: Vec::new(),
            time: BatchTime::default(),
            number: 0,
            records: 0,
            piece_bytes: PIECE_BYTES,
            slicing: (0, true),
        }
    }

    /// The same in pieces of so many bytes.
    #[cfg(test)]
    pub fn in_pieces_of(self, piece_bytes: usize) -> Shards<S> {
        Shards { piece_bytes, ..self }
    }

    /// Takes records of a batch.
    pub fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.time = block.time;
        self.records += block.records;
        let (mut rest, piece_bytes) = (block.bytes, self.piece_bytes);
        while !rest.is_empty() {
            let wanted = piece_bytes.saturating_sub(self.gathered.len() + 1).min(rest.len());
            let end = memchr::memchr(b'\n', &rest[wanted..]).map_or(rest.len(), |newline| wanted + newline + 1);
            let (piece, behind) = rest.split_at(end);
            if self.gathered.capacity() < piece_bytes && self.threads.is_some() {
                // And for the end of the last record, if it is not a long one.
                self.gathered.reserve(piece_bytes + piece_bytes / 8);
            }
            self.gathered.extend_from_slice(piece);
            rest = behind;
            if self.gathered.len() >= piece_bytes {
                self.hand_over(out)?;
            }
        }
        Ok(())
    }

    /// The records that come next are of this side. Those that came are finished for it.
    ///
    /// # Errors
    /// As [`Shards::finish`].
    pub fn turn_to(&mut self, side: usize, out: &mut Out<'_>) -> Result<(), OpError> {
        self.finish(out)?;
        self.side = side;
        Ok(())
    }

    /// All records that came are done with, and what shards gave of them is given.
    pub fn finish(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        match &mut self.threads {
            Some(threads) if threads.have_work() => {
                threads.send(&mut self.gathered, (self.time, self.side), self.number);
                threads.wait_for_all(&mut self.number, out)
            }
            _ => self.do_here(out),
        }
    }

    /// Gives what is done with, and waits for nothing.
    pub fn give_ready(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.threads.as_mut().map_or(Ok(()), |threads| threads.give_ready(&mut self.number, out))
    }

    /// Asks all shards, once all records that came are done with, and gives their answers in order.
    pub fn ask(&mut self, ask: &S::Ask, out: &mut Out<'_>) -> Result<(), OpError> {
        self.ask_by(By::Place, ask, out)
    }

    /// The same where records begin with what they are [ordered](push_order) by, each shard's in order.
    ///
    /// # Errors
    /// As [`Shards::ask`].
    pub fn ask_in_order(&mut self, ask: &S::Ask, out: &mut Out<'_>) -> Result<(), OpError> {
        self.ask_by(By::Order, ask, out)
    }

    fn ask_by(&mut self, by: By, ask: &S::Ask, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut is_asked = false;
        match &mut self.threads {
            Some(threads) if threads.have_work() => {
                threads.send(&mut self.gathered, (self.time, self.side), self.number);
                threads.ask(ask, self.time, Some(by));
                (is_asked, self.had_items) = (true, false);
                threads.wait_for_all(&mut self.number, out)?;
            }
            _ => self.do_here(out)?,
        }
        let is_much = is_asked || self.start_if_much(ask);
        match &mut self.threads {
            Some(threads) if is_much => {
                if !is_asked {
                    threads.ask(ask, self.time, Some(by));
                }
                threads.give_answers(&mut self.number, out)
            }
            _ => {
                let (shards, mut answers) = (self.shards.len(), self.answers_here(ask));
                let next = |shard: usize| answers.next(shard);
                match by {
                    By::Place => merge(shards, next, false, out),
                    By::Order => merge_ordered(shards, next, |record| {
                        out.buffer().extend_from_slice(record);
                        out.finish_records(1);
                    }),
                }
                tell(answers.told, out)
            }
        }
    }

    /// Asks all shards, which have nothing to do, for what is not to be given, and lets `each` have it in order.
    pub fn gather(&mut self, ask: &S::Ask, mut each: impl FnMut(&[u8])) {
        let (shards, is_much) = (self.shards.len(), self.start_if_much(ask));
        let mut answers = match &self.threads {
            Some(threads) if is_much => {
                threads.ask(ask, self.time, None);
                threads.answers()
            }
            _ => self.answers_here(ask),
        };
        merge_to(shards, |shard| answers.next(shard), |_, record| each(&record.bytes()[..record.length - 1]));
    }

    /// Starts the threads if an answer is worth waking them, and says whether it is.
    fn start_if_much(&mut self, ask: &S::Ask) -> bool {
        let is_much = std::mem::take(&mut self.had_items) || self.shards.iter().any(|shard| lock(shard).is_much(ask));
        if is_much {
            self.start_threads();
        }
        is_much
    }

    /// What shards answer with no thread.
    fn answers_here(&self, ask: &S::Ask) -> Answers<'static> {
        let answer = |shard: &Arc<Mutex<S>>| Given::default().of(self.time, |out| lock(shard).answer(ask, out));
        Answers::here(self.shards.iter().map(answer))
    }

    /// Lets `see` look at, and change, what shards are between items: all that came has to be
    /// [finished](Shards::finish).
    pub fn each(&mut self, mut see: impl FnMut(&mut S)) {
        self.shards.iter().for_each(|shard| see(&mut lock(shard)));
    }

    /// The same of what may fail: the first error, of the first shard that has one.
    ///
    /// # Errors
    /// Those of `see`.
    pub fn try_each<E>(&mut self, mut see: impl FnMut(&mut S) -> Result<(), E>) -> Result<(), E> {
        let mut result = Ok(());
        self.each(|shard| {
            let seen = see(shard);
            if result.is_ok() {
                result = seen;
            }
        });
        result
    }

    /// The shard that has a key, which is in normal form; as [`Shards::each`].
    pub fn of_key(&self, key: &[u8]) -> MutexGuard<'_, S> {
        lock(&self.shards[self.number_of_key(key)])
    }

    /// The number of the shard that has a key, which is in normal form.
    pub fn number_of_key(&self, key: &[u8]) -> usize {
        self.deal.of_normal(key, key).0
    }

    /// A shard by its number, if there is such; as [`Shards::each`].
    pub fn get(&self, number: usize) -> Option<MutexGuard<'_, S>> {
        self.shards.get(number).map(|shard| lock(shard))
    }

    /// How much all keep.
    pub fn held(&self) -> Held {
        let held = self.shards.iter().map(|shard| lock(shard).held());
        held.fold(Held::default(), |all, one| {
            let sum = |one: Option<u64>, other: Option<u64>| Some(one.unwrap_or(0) + other?);
            Held { keys: sum(all.keys, one.keys), records: sum(all.records, one.records), bytes: all.bytes + one.bytes }
        })
    }

    /// The next item has at least this number: those below it are of keys that are loaded.
    pub fn count_from(&mut self, number: u64) {
        self.number = self.number.max(number);
    }

    /// The number of the next item, where all that came is finished.
    pub fn next_number(&self) -> u64 {
        self.number
    }

    fn hand_over(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.start_threads();
        // Where there are no threads; or of a record that is too long to be dealt.
        if self.threads.is_none() || self.gathered.len() > parcel::MAX_BYTES {
            let gathered = std::mem::take(&mut self.gathered);
            self.finish(out)?;
            self.gathered = gathered;
            return self.do_here(out);
        }
        let Some(threads) = &mut self.threads else { return Ok(()) };
        self.had_items = true;
        threads.send(&mut self.gathered, (self.time, self.side), self.number);
        threads.make_room(&mut self.number, out)
    }

    /// As many as there are shards, if the system gives them.
    fn start_threads(&mut self) {
        if !self.of_threads.is_empty() {
            let groupings = std::mem::take(&mut self.of_threads);
            self.threads = Threads::start(&self.shards, groupings, &self.deal, self.start).ok();
        }
    }

    /// Does what is gathered, with no thread.
    fn do_here(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let Shards { groupings, side, deal, number, time, gathered, .. } = self;
        let records = memchr::memchr_iter(b'\n', gathered).count() as u64;
        let block = Block { time: *time, records, bytes: gathered };
        let mut shards: Vec<_> = self.shards.iter().map(|shard| lock(shard)).collect();
        let mut buffer = Vec::new();
        let done = groupings[*side].items(block, out, |item, out| {
            out.set_place(*number);
            let (shard, hash) = deal.of(&item, &mut buffer);
            let added = shards[shard].add(&[(*number, Item { hash: Some(hash), ..item })], *time, out);
            *number += 1;
            added
        });
        drop(shards);
        self.gathered.clear();
        done
    }
}

/// What a shard is, also where its thread has panicked: then the stage does.
fn lock<S>(shard: &Mutex<S>) -> MutexGuard<'_, S> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
