//! One of the threads: takes pieces apart, and keeps the groups of its keys.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use foldhash::fast::FixedState;

use super::parcel::Parcel;
use crate::agg::Aggregator;
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::grouping::{Grouping, MAX_CHUNK};
use crate::op::groups::{Groups, add_item, fetch, push_pair};
use crate::op::{Downstream, OpError, Out};
use crate::record::key::normal_key_in;

/// What a thread is told.
pub(super) enum Message {
    /// To take a piece apart.
    Piece {
        /// Its number, of all pieces.
        number: u64,
        records: Vec<u8>,
        time: BatchTime,
    },
    /// What is its own of a piece that another one has taken apart.
    Parcel {
        /// The piece's number.
        number: u64,
        parcel: Parcel,
    },
    /// The batch is over behind so many pieces.
    End {
        /// Of all pieces.
        pieces: u64,
    },
    /// Nothing follows.
    Stop,
}

/// What a thread tells.
pub(super) enum Report {
    /// It is through with a piece.
    Piece {
        /// Its number.
        number: u64,
        bad: Vec<Bad>,
    },
    /// It is through with the batch: the results of its keys, in order.
    Results(Results),
    /// It has panicked.
    Gone,
}

/// A record that was bad.
pub(super) struct Bad {
    /// The number of its item in the piece.
    pub(super) number: u32,
    /// The record and the reason; or why the stage cannot go on.
    pub(super) what: Result<(Vec<u8>, String), OpError>,
}

/// Results one behind another.
#[derive(Default)]
pub(super) struct Results {
    pub(super) bytes: Vec<u8>,
    /// Where the key of each came first, and where it ends.
    pub(super) ends: Vec<(u64, usize)>,
}

/// A thread's own.
pub(super) struct Worker {
    /// Which one it is.
    pub(super) shard: usize,
    pub(super) grouping: Grouping,
    pub(super) aggregator: Aggregator,
    pub(super) groups: Groups,
    /// Where each key came first in the batch: the number of the piece and, below it, of the item.
    pub(super) firsts: Vec<u64>,
    pub(super) inbox: Receiver<Message>,
    /// The inboxes of all, this one's too.
    pub(super) all: Vec<Sender<Message>>,
    pub(super) reports: Sender<Report>,
    /// Parcels that came before their turn.
    pub(super) waiting: HashMap<u64, Parcel>,
    /// What was bad in a piece that this one has taken apart.
    pub(super) bad: HashMap<u64, Vec<Bad>>,
    pub(super) ends: VecDeque<u64>,
    /// The piece that comes next, and the batch's first one.
    pub(super) next: u64,
    pub(super) first: u64,
}

/// Tells that the thread is gone if it panics.
struct Guard(Sender<Report>);

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.0.send(Report::Gone);
        }
    }
}

impl Worker {
    /// Works until it is told to stop.
    pub(super) fn run(mut self) {
        let _guard = Guard(self.reports.clone());
        while let Ok(message) = self.inbox.recv() {
            match message {
                Message::Piece { number, records, time } => self.take_apart(number, records, time),
                Message::Parcel { number, parcel } => {
                    self.waiting.insert(number, parcel);
                }
                Message::End { pieces } => self.ends.push_back(pieces),
                Message::Stop => return,
            }
            self.go_on();
        }
    }

    /// Does all whose turn it is.
    fn go_on(&mut self) {
        loop {
            if self.ends.front() == Some(&self.next) {
                self.ends.pop_front();
                let results = self.results();
                let _ = self.reports.send(Report::Results(results));
                self.first = self.next;
            } else if let Some(parcel) = self.waiting.remove(&self.next) {
                let mut bad = self.bad.remove(&self.next).unwrap_or_default();
                bad.extend(self.add(&parcel));
                let _ = self.reports.send(Report::Piece { number: self.next, bad });
                self.next += 1;
            } else {
                return;
            }
        }
    }

    /// Deals the items of a piece to those whose keys they have.
    fn take_apart(&mut self, number: u64, records: Vec<u8>, time: BatchTime) {
        let piece = Arc::new(records);
        let mut parcels: Vec<Parcel> = self.all.iter().map(|_| Parcel::new(Arc::clone(&piece))).collect();
        let told = Told::default();
        let hasher = FixedState::with_seed(0);
        let mut buffer = Vec::new();
        let block = Block { time, records: memchr::memchr_iter(b'\n', &piece).count() as u64, bytes: &piece };
        let taken = self.grouping.items(block, &mut Out::new(&mut &told), |item, _| {
            let key = if item.is_normal { item.key } else { normal_key_in(item.key, &mut buffer) };
            let shard = ((hasher.hash_one(key) >> 32) * parcels.len() as u64) >> 32;
            parcels[shard as usize].push(told.next(), &item);
            Ok(())
        });
        told.failed(taken);
        self.bad.insert(number, told.bad.into_inner());
        for (shard, parcel) in parcels.into_iter().enumerate() {
            if shard == self.shard {
                self.waiting.insert(number, parcel);
            } else {
                // One that has gone is told of by itself.
                let _ = self.all[shard].send(Message::Parcel { number, parcel });
            }
        }
    }

    /// Adds the items of a parcel to its groups; what was bad.
    fn add(&mut self, parcel: &Parcel) -> Vec<Bad> {
        let Worker { groups, aggregator, firsts, .. } = self;
        let Groups { keys, accumulators } = groups;
        let piece = (self.next - self.first) << 32;
        let told = Told::default();
        let mut told_to = &told;
        let mut out = Out::new(&mut told_to);
        let mut chunk = Vec::with_capacity(MAX_CHUNK);
        for start in (0..parcel.len()).step_by(MAX_CHUNK) {
            let end = parcel.len().min(start + MAX_CHUNK);
            chunk.clear();
            chunk.extend((start..end).map(|index| parcel.get(index)));
            if keys.is_large() {
                let items: Vec<_> = chunk.iter().map(|(_, item)| *item).collect();
                fetch(&items, keys, |index| accumulators.fetch(index));
            }
            for (number, item) in &chunk {
                told.number.set(*number);
                let added = add_item(*item, keys, accumulators, aggregator, &mut out);
                if keys.end() > firsts.len() {
                    firsts.push(piece | u64::from(*number));
                }
                told.failed(added);
            }
        }
        told.bad.into_inner()
    }

    /// The results of the batch, of which nothing is kept.
    fn results(&mut self) -> Results {
        let Groups { keys, accumulators } = &self.groups;
        let mut results = Results::default();
        for index in keys.indexes() {
            if push_pair(keys.written(index), accumulators, index, &self.aggregator, &mut results.bytes) {
                results.ends.push((self.firsts[index], results.bytes.len()));
            }
        }
        self.groups.clear();
        self.firsts.clear();
        results
    }
}

/// What is told of items, each with a number; a record that is bad before it is an item has one too.
#[derive(Default)]
struct Told {
    number: Cell<u32>,
    bad: RefCell<Vec<Bad>>,
}

impl Told {
    fn next(&self) -> u32 {
        self.number.replace(self.number.get() + 1)
    }

    fn push(&self, what: Result<(Vec<u8>, String), OpError>) {
        let number = self.next();
        self.bad.borrow_mut().push(Bad { number, what });
    }

    fn failed(&self, result: Result<(), OpError>) {
        if let Err(error) = result {
            self.push(Err(error));
        }
    }
}

impl Downstream for &Told {
    fn block(&mut self, _: Block<'_>) {}

    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.push(Ok((record.to_vec(), reason.to_owned())));
        Ok(())
    }
}
