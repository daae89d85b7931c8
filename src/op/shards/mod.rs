//! `-j` of `reduce`: keys dealt over several threads.
//!
//! A batch is cut into pieces. Each thread takes pieces apart into items of key and value, and
//! deals these: each key belongs to one thread, which gets the items of its keys of every piece, and
//! adds them in the order of the pieces. So what happens to a key is what would happen on one
//! thread, whatever is computed. A key's place among the results is where it came first; bad
//! records are told piece by piece, in order. So the bytes, the bad records and the first error are those of
//! one thread too.
//!
//! What is less than a piece when the batch ends is done here, with no thread. Until then it is not
//! looked at, so a bad record in it is told at the batch's end. Where the system gives no threads,
//! all is done here.

mod parcel;
mod worker;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::groups::Groups;
use super::reduce::Reduce;
use super::{OpError, Operator, Out};
use crate::agg::Aggregator;
use crate::frame::{BatchTime, Block, Close};
use crate::op::grouping::Grouping;
use worker::{Bad, Message, Report, Results, Worker};

/// A piece has about so many bytes.
const PIECE_BYTES: usize = 64 << 10;

/// Pieces under way for each thread: enough that none waits for the slowest.
const PIECES_EACH: u64 = 4;

/// What takes records apart and aggregates them; each thread has one of the same.
pub type Part = (Grouping, Aggregator);

/// Reduces each batch on several threads.
pub struct ShardedReduce {
    /// For batches that are less than a piece.
    here: Reduce,
    /// For threads that have not been started, since nothing needed them.
    parts: Vec<Part>,
    threads: Option<Threads>,
    /// Records that wait for their piece to fill.
    gathered: Vec<u8>,
    time: BatchTime,
    /// Pieces were handed over in this batch.
    has_handed_over: bool,
    piece_bytes: usize,
}

/// The threads, and what is under way.
struct Threads {
    inboxes: Vec<Sender<Message>>,
    reports: Receiver<Report>,
    /// Pieces handed over, and those of them that all are through with and that were told of.
    sent: u64,
    done: u64,
    /// Of each piece under way, in order: how many are through with it, and what was bad.
    pieces: VecDeque<(usize, Vec<Bad>)>,
    results: Vec<Results>,
}

impl ShardedReduce {
    /// Reduces by `here`, or by a thread for each of `parts`; all must be the same and have a key.
    pub fn new(here: Part, parts: Vec<Part>) -> ShardedReduce {
        ShardedReduce {
            here: Reduce::new(here.0, here.1),
            parts,
            threads: None,
            gathered: Vec::new(),
            time: BatchTime::default(),
            has_handed_over: false,
            piece_bytes: PIECE_BYTES,
        }
    }

    fn hand_over(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.parts.is_empty() {
            self.threads = Threads::start(std::mem::take(&mut self.parts)).ok();
        }
        let Some(threads) = &mut self.threads else { return self.do_here(out) };
        self.has_handed_over = true;
        threads.send(std::mem::take(&mut self.gathered), self.time);
        let most = PIECES_EACH * threads.inboxes.len() as u64;
        while threads.sent - threads.done > most {
            threads.wait(out)?;
        }
        Ok(())
    }

    fn do_here(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.gathered);
        let records = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let done = self.here.block(Block { time: self.time, records, bytes: &bytes }, out);
        self.gathered = bytes;
        self.gathered.clear();
        done
    }
}

impl Operator for ShardedReduce {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.time = block.time;
        let mut rest = block.bytes;
        while !rest.is_empty() {
            let wanted = self.piece_bytes.saturating_sub(self.gathered.len() + 1).min(rest.len());
            let end = memchr::memchr(b'\n', &rest[wanted..]).map_or(rest.len(), |newline| wanted + newline + 1);
            let (piece, behind) = rest.split_at(end);
            self.gathered.extend_from_slice(piece);
            rest = behind;
            if self.gathered.len() >= self.piece_bytes {
                self.hand_over(out)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if !std::mem::take(&mut self.has_handed_over) {
            self.do_here(out)?;
            return self.here.end(time, out);
        }
        if !self.gathered.is_empty() {
            self.hand_over(out)?;
        }
        if let Some(threads) = &mut self.threads {
            threads.end(out)?;
        }
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        self.here.close(close, out)
    }

    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(threads) = &mut self.threads else { return Ok(()) };
        while let Ok(report) = threads.reports.try_recv() {
            threads.take(report, out)?;
        }
        Ok(())
    }
}

impl Threads {
    fn start(parts: Vec<Part>) -> io::Result<Threads> {
        let (reports, taken) = channel();
        let (inboxes, own): (Vec<_>, Vec<_>) = parts.iter().map(|_| channel()).unzip();
        // What was started before one cannot be is told to stop by the drop.
        let threads =
            Threads { inboxes, reports: taken, sent: 0, done: 0, pieces: VecDeque::new(), results: Vec::new() };
        for (shard, ((grouping, aggregator), inbox)) in parts.into_iter().zip(own).enumerate() {
            let worker = Worker {
                shard,
                groups: Groups::new(&aggregator),
                grouping,
                aggregator,
                firsts: Vec::new(),
                inbox,
                all: threads.inboxes.clone(),
                reports: reports.clone(),
                waiting: HashMap::new(),
                bad: HashMap::new(),
                ends: VecDeque::new(),
                next: 0,
                first: 0,
            };
            thread::Builder::new().spawn(move || worker.run())?;
        }
        Ok(threads)
    }

    fn send(&mut self, records: Vec<u8>, time: BatchTime) {
        let inbox = &self.inboxes[(self.sent % self.inboxes.len() as u64) as usize];
        // One that has gone has reported it.
        let _ = inbox.send(Message::Piece { number: self.sent, records, time });
        self.pieces.push_back((0, Vec::new()));
        self.sent += 1;
    }

    /// Waits for a report.
    fn wait(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        // All have gone only if all have told so.
        let report = self.reports.recv().unwrap_or(Report::Gone);
        self.take(report, out)
    }

    fn take(&mut self, report: Report, out: &mut Out<'_>) -> Result<(), OpError> {
        match report {
            Report::Piece { number, mut bad } => {
                let (through, all_bad) = &mut self.pieces[(number - self.done) as usize];
                *through += 1;
                all_bad.append(&mut bad);
                while let Some((through, bad)) = self.pieces.front_mut()
                    && *through == self.inboxes.len()
                {
                    let bad = std::mem::take(bad);
                    self.pieces.pop_front();
                    self.done += 1;
                    tell(bad, out)?;
                }
            }
            Report::Results(results) => self.results.push(results),
            Report::Gone => std::panic::resume_unwind(Box::new("a thread of --jobs has panicked")),
        }
        Ok(())
    }

    /// The batch is over: gives all results in the order in which their keys came first.
    fn end(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        for inbox in &self.inboxes {
            let _ = inbox.send(Message::End { pieces: self.sent });
        }
        while self.results.len() < self.inboxes.len() {
            self.wait(out)?;
        }
        let results = std::mem::take(&mut self.results);
        // How many of each were given.
        let mut given = vec![0; results.len()];
        loop {
            let heads = results.iter().zip(&given).enumerate();
            let heads = heads.filter_map(|(shard, (of, given))| Some((of.ends.get(*given)?.0, shard)));
            let Some((_, shard)) = heads.min() else { return Ok(()) };
            let Results { bytes, ends } = &results[shard];
            let start = given[shard].checked_sub(1).map_or(0, |before: usize| ends[before].1);
            out.record(&bytes[start..ends[given[shard]].1]);
            given[shard] += 1;
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        for inbox in &self.inboxes {
            let _ = inbox.send(Message::Stop);
        }
    }
}

/// Tells of what was bad in a piece, in order.
fn tell(mut bad: Vec<Bad>, out: &mut Out<'_>) -> Result<(), OpError> {
    bad.sort_by_key(|bad| bad.number);
    for bad in bad {
        let (record, reason) = bad.what?;
        out.bad_record(&record, &reason)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
