//! One of the threads: takes pieces apart, and works for its shard.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex};

use super::deal::Deal;
use super::given::{Answer, Given, Told, What};
use super::merging::Merging;
use super::parcel::Parcel;
use super::{PIECE_BYTES, Shard, lock};
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::grouping::Grouping;
use crate::op::{Downstream, OpError, Out, Placed};

/// What a thread is told.
pub(super) enum Message<A> {
    /// The first item of the next piece has this number.
    Number(u64),
    /// There is one more piece to be taken apart, by whoever comes first.
    Piece,
    /// What is its own of a piece that it or another one has taken apart, or of a part of it: parts come in order.
    Parcel {
        /// The piece's number.
        number: u64,
        parcel: Parcel,
    },
    /// To have its shard answer.
    Ask(Asked<A>),
    /// Nothing follows.
    Stop,
}

/// What a shard is asked.
#[derive(Clone)]
pub(super) struct Asked<A> {
    /// Behind so many pieces, of all.
    pub pieces: u64,
    pub ask: A,
    pub time: BatchTime,
    /// The threads put what all answer in order.
    pub is_merged: bool,
}

/// Records to be taken apart.
pub(super) struct Piece {
    /// Its number, of all pieces.
    pub number: u64,
    pub records: Vec<u8>,
    pub time: BatchTime,
    /// The side that they are of.
    pub side: usize,
}

/// Pieces that nobody has begun to take apart. Each is told to all threads, and the one that has least else to do comes
/// first: keys are dealt once and for all, so this is what makes up for a thread that gets less of a processor.
#[derive(Clone, Default)]
pub(super) struct Pieces(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    pieces: VecDeque<Piece>,
    /// The room that pieces took with which all are through.
    spare: Vec<Vec<u8>>,
}

impl Pieces {
    /// One more.
    pub(super) fn push(&self, piece: Piece) {
        lock(&self.0).pieces.push_back(piece);
    }

    fn pop(&self) -> Option<Piece> {
        lock(&self.0).pieces.pop_front()
    }

    /// Room for the records of a piece: that of one before, where there is some.
    pub(super) fn room(&self) -> Vec<u8> {
        lock(&self.0).spare.pop().unwrap_or_default()
    }

    /// Gives the room of a piece back.
    fn give_back(&self, mut records: Vec<u8>) {
        // Records that are longer than others are not kept room for.
        if records.capacity() <= 2 * PIECE_BYTES {
            records.clear();
            lock(&self.0).spare.push(records);
        }
    }
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
        numbers: u64,
    },
    /// It has put in order what is the block with this number of what shards answer.
    Block(u64, Vec<u8>),
    /// A shard has answered, with this told of it.
    Answered(usize, Vec<Told>),
    /// It has panicked.
    Gone,
}

/// A thread's own.
pub(super) struct Worker<S: Shard> {
    number: usize,
    shard: Arc<Mutex<S>>,
    groupings: Vec<Grouping>,
    deal: Deal,
    inbox: Receiver<Message<S::Ask>>,
    pieces: Pieces,
    /// The inboxes of all, this one's too.
    all: Vec<Sender<Message<S::Ask>>>,
    reports: Sender<Report>,
    answers: SyncSender<Answer>,
    merging: Merging,
    /// Parcels that came before their turn, by their pieces.
    waiting: HashMap<u64, VecDeque<Parcel>>,
    /// Pieces that this one has taken.
    taken: HashMap<u64, Taken>,
    /// What came of the parts so far of the piece whose turn it is.
    given: (Vec<Placed>, Vec<Told>),
    asked: Option<Asked<S::Ask>>,
    /// The piece whose turn it is, the number of its first item, and of the first of its next part.
    next: u64,
    first: u64,
    next_item: u64,
}

/// A piece that a thread has taken apart, or whole.
struct Taken {
    /// What is to be told of it, by numbers in the piece.
    told: Vec<Told>,
    is_whole: bool,
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

/// What comes to a thread: what it is told, and the pieces.
pub(super) type From<A> = (Receiver<Message<A>>, Pieces);

/// Where a thread tells: the inboxes of all, and who gives on what comes of it.
pub(super) type To<A> = (Vec<Sender<Message<A>>>, Sender<Report>, SyncSender<Answer>, Merging);

impl<S: Shard> Worker<S> {
    /// The one with this number.
    pub(super) fn new(
        (number, shard): (usize, Arc<Mutex<S>>),
        (groupings, deal): (Vec<Grouping>, Deal),
        (inbox, pieces): From<S::Ask>,
        (all, reports, answers, merging): To<S::Ask>,
    ) -> Worker<S> {
        let (waiting, taken) = (HashMap::new(), HashMap::new());
        Worker {
            number,
            shard,
            groupings,
            deal,
            inbox,
            pieces,
            all,
            reports,
            answers,
            merging,
            waiting,
            taken,
            given: (Vec::new(), Vec::new()),
            asked: None,
            next: 0,
            first: 0,
            next_item: 0,
        }
    }

    /// Works until it is told to stop.
    pub(super) fn run(mut self) {
        let _guard = Guard(self.reports.clone());
        while let Ok(message) = self.inbox.recv() {
            match message {
                Message::Number(number) => (self.first, self.next_item) = (number, number),
                Message::Piece => {
                    if let Some(piece) = self.pieces.pop() {
                        self.take(piece);
                    }
                }
                Message::Parcel { number, parcel } => self.waiting.entry(number).or_default().push_back(parcel),
                Message::Ask(asked) => self.asked = Some(asked),
                Message::Stop => return,
            }
            self.go_on();
        }
    }

    /// Does all whose turn it is.
    fn go_on(&mut self) {
        while let Some(parcel) = self.waiting.get_mut(&self.next).and_then(VecDeque::pop_front) {
            self.add(&parcel);
            if let Some(records) = parcel.into_records() {
                self.pieces.give_back(records);
            }
        }
        if let Some(asked) = self.asked.take_if(|asked| asked.pieces == self.next) {
            self.answer(asked);
        }
    }

    /// Answers. Nobody takes what is sent where the stage has failed.
    fn answer(&self, Asked { ask, time, is_merged, .. }: Asked<S::Ask>) {
        let mut shard = lock(&self.shard);
        let mut answered = |given: Given<'_>| given.of(time, |out| shard.answer(&ask, out)).told;
        if is_merged {
            let send = |number, block| drop(self.reports.send(Report::Block(number, block)));
            let told = answered(Given::handed(|records| self.merging.give(self.number, records, send)));
            self.merging.finish(self.number, send);
            let _ = self.reports.send(Report::Answered(self.number, told));
        } else {
            let told = answered(Given::handed(|records| drop(self.answers.send(Answer::Records(records)))));
            let _ = self.answers.send(Answer::Done(told));
        }
    }

    /// Takes a piece whole, or deals its items to those whose keys they have.
    fn take(&mut self, Piece { number, records, time, side }: Piece) {
        let (piece, numbers) = (Arc::new(records), Numbers::default());
        let records = memchr::memchr_iter(b'\n', &piece).count();
        let block = Block { time, records: records as u64, bytes: &piece };
        let mut to = &numbers;
        let mut out = Out::new(&mut to);
        let whole = lock(&self.shard).take_whole(&mut self.groupings[side], block, &mut out);
        let is_whole = whole.is_some();
        // Most records are one item, and most keys are dealt evenly.
        let each = if is_whole { 0 } else { records / self.all.len() + records / 16 };
        let empty =
            || -> Vec<Parcel> { self.all.iter().map(|_| Parcel::new(Arc::clone(&piece), time, each)).collect() };
        let (mut parcels, mut first) = (empty(), 0);
        let taken = whole.unwrap_or_else(|| {
            let mut buffer = Vec::new();
            let dealt = self.groupings[side].items(block, &mut out, |item, _| {
                let (shard, hash) = self.deal.of(&item, &mut buffer);
                let item_number = numbers.next();
                parcels[shard].push((item_number - first) as u32, &item, hash)?;
                if parcels[shard].is_full() {
                    let count = numbers.so_far() - first;
                    first = numbers.so_far();
                    send(&self.all, number, std::mem::replace(&mut parcels, empty()), (count, false));
                }
                Ok(())
            });
            dealt.map(|()| 0)
        });
        let wanted = taken.unwrap_or_else(|error| {
            numbers.tell(What::Failed(error));
            0
        });
        let count = wanted.max(numbers.so_far() - first);
        self.taken.insert(number, Taken { told: numbers.told.into_inner(), is_whole });
        send(&self.all, number, parcels, (count, true));
    }

    /// Gives the shard the next parcel.
    fn add(&mut self, parcel: &Parcel) {
        let first = self.next_item;
        let mut shard = lock(&self.shard);
        let given =
            Given::default().of(parcel.time, |out| parcel.chunks(first, |items| shard.add(items, parcel.time, out)));
        drop(shard);
        self.next_item += u64::from(parcel.numbers);
        self.given.0.extend(given.records);
        self.given.1.extend(given.told);
        if parcel.is_last {
            self.finish_piece();
        }
    }

    /// The shard is through with the piece whose turn it was.
    fn finish_piece(&mut self) {
        let (records, mut all_told) = std::mem::take(&mut self.given);
        if let Some(Taken { mut told, is_whole }) = self.taken.remove(&self.next) {
            told.iter_mut().for_each(|told| told.place += self.first);
            all_told.append(&mut told);
            if is_whole {
                lock(&self.shard).number_whole(self.first);
            }
        }
        self.waiting.remove(&self.next);
        let numbers = self.next_item - self.first;
        let report = Report::Piece { number: self.next, shard: self.number, records, told: all_told, numbers };
        let _ = self.reports.send(report);
        self.next += 1;
        self.first = self.next_item;
    }
}

/// Sends a part of a piece to all, which has taken so many numbers and may be the last one.
fn send<A>(all: &[Sender<Message<A>>], number: u64, parcels: Vec<Parcel>, (numbers, is_last): (u64, bool)) {
    for (inbox, mut parcel) in all.iter().zip(parcels) {
        (parcel.numbers, parcel.is_last) = (numbers as u32, is_last);
        // One that has gone is told of by itself.
        let _ = inbox.send(Message::Parcel { number, parcel });
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

    /// How many numbers are taken.
    fn so_far(&self) -> u64 {
        self.next.get()
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
