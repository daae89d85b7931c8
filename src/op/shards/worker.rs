//! One of the threads: takes pieces apart, and works for its shard.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex};

use super::deal::Deal;
use super::given::{Answer, Given, Told, What};
use super::parcel::Parcel;
use super::{Shard, lock};
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::grouping::{Grouping, MAX_CHUNK};
use crate::op::{Downstream, OpError, Out, Placed};

/// What a thread is told.
pub(super) enum Message<A> {
    /// The first item of the next piece has this number.
    Number(u64),
    /// To take a piece apart.
    Piece {
        /// Its number, of all pieces.
        number: u64,
        records: Vec<u8>,
        time: BatchTime,
    },
    /// What is its own of a piece that it or another one has taken apart.
    Parcel {
        /// The piece's number.
        number: u64,
        parcel: Parcel,
    },
    /// To have its shard answer behind so many pieces.
    Ask {
        /// Of all pieces.
        pieces: u64,
        ask: A,
        time: BatchTime,
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
        shard: usize,
        /// What the shard gave of it.
        records: Vec<Placed>,
        told: Vec<Told>,
        /// How many numbers the piece has taken.
        items: u64,
    },
    /// It has panicked.
    Gone,
}

/// A thread's own.
pub(super) struct Worker<S: Shard> {
    number: usize,
    shard: Arc<Mutex<S>>,
    grouping: Grouping,
    deal: Deal,
    inbox: Receiver<Message<S::Ask>>,
    /// The inboxes of all, this one's too.
    all: Vec<Sender<Message<S::Ask>>>,
    reports: Sender<Report>,
    answers: SyncSender<Answer>,
    /// Parcels that came before their turn.
    waiting: HashMap<u64, Parcel>,
    /// What is to be told of a piece that this one has taken apart, by numbers in the piece.
    told: HashMap<u64, Vec<Told>>,
    ask: Option<(u64, S::Ask, BatchTime)>,
    /// The piece that comes next, and the number of its first item.
    next: u64,
    next_item: u64,
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

/// Where a thread tells: the inboxes of all, and who gives on what comes of it.
pub(super) type To<A> = (Vec<Sender<Message<A>>>, Sender<Report>, SyncSender<Answer>);

impl<S: Shard> Worker<S> {
    /// The one with this number.
    pub(super) fn new(
        (number, shard): (usize, Arc<Mutex<S>>),
        (grouping, deal): (Grouping, Deal),
        inbox: Receiver<Message<S::Ask>>,
        (all, reports, answers): To<S::Ask>,
    ) -> Worker<S> {
        let (waiting, told) = (HashMap::new(), HashMap::new());
        Worker {
            number,
            shard,
            grouping,
            deal,
            inbox,
            all,
            reports,
            answers,
            waiting,
            told,
            ask: None,
            next: 0,
            next_item: 0,
        }
    }

    /// Works until it is told to stop.
    pub(super) fn run(mut self) {
        let _guard = Guard(self.reports.clone());
        while let Ok(message) = self.inbox.recv() {
            match message {
                Message::Number(number) => self.next_item = number,
                Message::Piece { number, records, time } => self.take_apart(number, records, time),
                Message::Parcel { number, parcel } => drop(self.waiting.insert(number, parcel)),
                Message::Ask { pieces, ask, time } => self.ask = Some((pieces, ask, time)),
                Message::Stop => return,
            }
            self.go_on();
        }
    }

    /// Does all whose turn it is.
    fn go_on(&mut self) {
        while let Some(parcel) = self.waiting.remove(&self.next) {
            self.add(&parcel);
        }
        if let Some((_, ask, time)) = self.ask.take_if(|(pieces, ..)| *pieces == self.next) {
            let mut shard = lock(&self.shard);
            let given = Given::sent(&self.answers).of(time, |out| shard.answer(&ask, out));
            // Nobody takes it where the stage has failed.
            let _ = self.answers.send(Answer::Done(given.told));
        }
    }

    /// Deals the items of a piece to those whose keys they have.
    fn take_apart(&mut self, number: u64, records: Vec<u8>, time: BatchTime) {
        let piece = Arc::new(records);
        let mut parcels: Vec<Parcel> = self.all.iter().map(|_| Parcel::new(Arc::clone(&piece), time)).collect();
        let numbers = Numbers::default();
        let mut buffer = Vec::new();
        let block = Block { time, records: memchr::memchr_iter(b'\n', &piece).count() as u64, bytes: &piece };
        let taken = self.grouping.items(block, &mut Out::new(&mut &numbers), |item, _| {
            parcels[self.deal.of(&item, &mut buffer)].push(numbers.next(), &item);
            Ok(())
        });
        if let Err(error) = taken {
            numbers.tell(What::Failed(error));
        }
        let items = numbers.next();
        self.told.insert(number, numbers.told.into_inner());
        for (shard, mut parcel) in parcels.into_iter().enumerate() {
            parcel.items = items;
            if shard == self.number {
                self.waiting.insert(number, parcel);
            } else {
                // One that has gone is told of by itself.
                let _ = self.all[shard].send(Message::Parcel { number, parcel });
            }
        }
    }

    /// Gives the shard the next parcel.
    fn add(&mut self, parcel: &Parcel) {
        let (piece, first) = (self.next, self.next_item);
        let mut shard = lock(&self.shard);
        let given = Given::default().of(parcel.time, |out| {
            let mut chunk = Vec::with_capacity(MAX_CHUNK);
            for start in (0..parcel.len()).step_by(MAX_CHUNK) {
                chunk.clear();
                let end = parcel.len().min(start + MAX_CHUNK);
                chunk.extend((start..end).map(|index| parcel.get(index)).map(|(number, item)| (first + number, item)));
                shard.add(&chunk, parcel.time, out)?;
            }
            Ok(())
        });
        drop(shard);
        let mut told = self.told.remove(&piece).unwrap_or_default();
        told.iter_mut().for_each(|told| told.place += first);
        told.extend(given.told);
        let (records, items) = (given.records, parcel.items);
        let _ = self.reports.send(Report::Piece { number: piece, shard: self.number, records, told, items });
        self.next += 1;
        self.next_item += items;
    }
}

/// Numbers the items of a piece, and the records of it that are none.
#[derive(Default)]
struct Numbers {
    next: Cell<u64>,
    told: RefCell<Vec<Told>>,
}

impl Numbers {
    fn next(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    fn tell(&self, what: What) {
        let place = self.next();
        self.told.borrow_mut().push(Told { place, what });
    }
}

impl Downstream for &Numbers {
    fn block(&mut self, _: Block<'_>) {}

    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.tell(What::Bad { record: record.to_vec(), reason: reason.to_owned() });
        Ok(())
    }
}
