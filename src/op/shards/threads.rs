//! The threads, and what is under way.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};

use super::Shard;
use super::deal::Deal;
use super::given::{Answer, Answers, Told, merge, panicked, tell};
use super::merging::{By, Merging};
use super::worker::{Asked, Message, Piece, Pieces, Report, Worker};
use crate::frame::BatchTime;
use crate::op::grouping::Grouping;
use crate::op::parallel::Start;
use crate::op::{OpError, Out, Placed};

/// Pieces under way for each thread: enough that none waits for the slowest.
const PIECES_EACH: u64 = 4;

/// Parts of an answer that is [gathered](super::Shards::gather) that wait, at most: who answers goes on when they are taken.
const WAITING_PARTS: usize = 16;

/// The threads of some shards.
pub(super) struct Threads<S: Shard> {
    inboxes: Vec<Sender<Message<S::Ask>>>,
    reports: Receiver<Report>,
    answers: Vec<Receiver<Answer>>,
    /// Pieces handed over, and those of them that all are through with and that were told of.
    sent: u64,
    done: u64,
    /// Those that nobody has begun with.
    pieces: Pieces,
    /// Each piece under way, in order.
    under_way: VecDeque<UnderWay>,
    merging: Merging,
    answered: Answered,
}

/// What came of an answer so far that the threads put in order.
#[derive(Default)]
struct Answered {
    /// What was told of each shard that has answered, in their order.
    told: BTreeMap<usize, Vec<Told>>,
    /// How many blocks were given, and those that came before their turn.
    blocks: u64,
    early: BTreeMap<u64, Vec<u8>>,
}

/// What came of a piece so far.
struct UnderWay {
    /// How many shards are through with it.
    through: usize,
    /// What each gave.
    records: Vec<Vec<Placed>>,
    told: Vec<Told>,
}

impl<S: Shard> Threads<S> {
    /// A thread for each shard, with the groupings to take pieces apart by, one a side.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn start(
        shards: &[Arc<Mutex<S>>],
        groupings: Vec<Vec<Grouping>>,
        deal: &Deal,
        start: Start,
    ) -> io::Result<Threads<S>> {
        let (reports, taken) = channel();
        let (inboxes, own): (Vec<_>, Vec<_>) = shards.iter().map(|_| channel()).unzip();
        let (answers, to_be_given): (Vec<_>, Vec<_>) = shards.iter().map(|_| sync_channel(WAITING_PARTS)).unzip();
        // What was started before one cannot be is told to stop by the drop.
        let threads = Threads {
            inboxes,
            reports: taken,
            answers: to_be_given,
            sent: 0,
            done: 0,
            pieces: Pieces::default(),
            under_way: VecDeque::new(),
            merging: Merging::of(shards.len()),
            answered: Answered::default(),
        };
        for (number, (((shard, grouping), inbox), answers)) in
            shards.iter().zip(groupings).zip(own).zip(answers).enumerate()
        {
            let to = (threads.inboxes.clone(), reports.clone(), answers, threads.merging.clone());
            let from = (inbox, threads.pieces.clone());
            let worker = Worker::new((number, Arc::clone(shard)), (grouping, deal.clone()), from, to);
            start(Box::new(move || worker.run()))?;
        }
        Ok(threads)
    }

    /// Whether something is under way.
    pub fn have_work(&self) -> bool {
        self.sent > self.done
    }

    /// Hands records of a side over, if there are some, of which the first item would have this number if nothing is
    /// under way.
    pub fn send(&mut self, records: &mut Vec<u8>, (time, side): (BatchTime, usize), number: u64) {
        if records.is_empty() {
            return;
        }
        if !self.have_work() {
            self.tell_all(|| Message::Number(number));
        }
        let records = std::mem::replace(records, self.pieces.room());
        self.pieces.push(Piece { number: self.sent, records, time, side });
        self.tell_all(|| Message::Piece);
        let records = self.inboxes.iter().map(|_| Vec::new()).collect();
        self.under_way.push_back(UnderWay { through: 0, records, told: Vec::new() });
        self.sent += 1;
    }

    /// Waits until one more piece may be sent; `number` is counted on by the items of those that are done.
    pub fn make_room(&mut self, number: &mut u64, out: &mut Out<'_>) -> Result<(), OpError> {
        let most = PIECES_EACH * self.inboxes.len() as u64;
        while self.sent - self.done > most {
            self.wait(number, out)?;
        }
        Ok(())
    }

    /// Waits for all pieces.
    pub fn wait_for_all(&mut self, number: &mut u64, out: &mut Out<'_>) -> Result<(), OpError> {
        while self.have_work() {
            self.wait(number, out)?;
        }
        Ok(())
    }

    /// Gives what came of pieces that are done.
    pub fn give_ready(&mut self, number: &mut u64, out: &mut Out<'_>) -> Result<(), OpError> {
        while let Ok(report) = self.reports.try_recv() {
            self.take(report, number, out)?;
        }
        Ok(())
    }

    /// Asks all, behind the pieces that were sent: in what order their answers are to be, where the threads are to put
    /// them in order.
    pub fn ask(&self, ask: &S::Ask, time: BatchTime, by: Option<By>) {
        if let Some(by) = by {
            self.merging.begin(by);
        }
        let is_merged = by.is_some();
        self.tell_all(|| Message::Ask(Asked { pieces: self.sent, ask: ask.clone(), time, is_merged }));
    }

    /// What they answer, which has to be taken to its end before they are asked again.
    pub fn answers(&self) -> Answers<'_> {
        Answers::of_threads(self.answers.iter())
    }

    /// Gives what they answer in order.
    pub fn give_answers(&mut self, number: &mut u64, out: &mut Out<'_>) -> Result<(), OpError> {
        loop {
            while let Some(block) = self.answered.early.remove(&self.answered.blocks) {
                out.lines(&block);
                self.answered.blocks += 1;
                self.merging.block_is_given();
            }
            if self.answered.told.len() == self.inboxes.len() {
                return tell(std::mem::take(&mut self.answered).told.into_values().flatten().collect(), out);
            }
            self.wait(number, out)?;
        }
    }

    fn tell_all(&self, message: impl Fn() -> Message<S::Ask>) {
        for inbox in &self.inboxes {
            // One that has gone has reported it.
            let _ = inbox.send(message());
        }
    }

    fn wait(&mut self, number: &mut u64, out: &mut Out<'_>) -> Result<(), OpError> {
        // All have gone only if all have told so.
        let report = self.reports.recv().unwrap_or(Report::Gone);
        self.take(report, number, out)
    }

    fn take(&mut self, report: Report, number: &mut u64, out: &mut Out<'_>) -> Result<(), OpError> {
        let (of_piece, shard, records, told, numbers) = match report {
            Report::Piece { number, shard, records, told, numbers } => (number, shard, records, told, numbers),
            Report::Block(number, block) => {
                self.answered.early.insert(number, block);
                return Ok(());
            }
            Report::Answered(shard, told) => {
                self.answered.told.insert(shard, told);
                return Ok(());
            }
            Report::Gone => panicked(),
        };
        let piece = &mut self.under_way[(of_piece - self.done) as usize];
        piece.through += 1;
        piece.records[shard] = records;
        piece.told.extend(told);
        // A shard is through with a piece only once it is with all before it.
        if piece.through == self.inboxes.len()
            && let Some(UnderWay { records, told, .. }) = self.under_way.pop_front()
        {
            self.done += 1;
            *number += numbers;
            let mut records: Vec<_> = records.into_iter().map(Vec::into_iter).collect();
            merge(records.len(), |shard| records[shard].next(), S::GIVES_ONCE, out);
            tell(told, out)?;
        }
        Ok(())
    }
}

impl<S: Shard> Drop for Threads<S> {
    fn drop(&mut self) {
        self.merging.close();
        self.tell_all(|| Message::Stop);
    }
}
