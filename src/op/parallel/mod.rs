//! `-j`: an operator that looks at each record by itself, on several threads.
//!
//! Blocks are cut into pieces, which the threads take as they come free; what
//! comes of them is given on in the order of the pieces. So the bytes, the bad
//! records and the first error are those of one thread. No piece outlives its
//! batch, and none the moment at which the stage waits for input.
//!
//! Where the system gives fewer threads than were asked for, the work goes on with those
//! there are: it is slower, and the same.

#[cfg(test)]
mod tests;
mod worker;

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::{OpError, Operator, Out, PerRecord};
use crate::frame::{BatchTime, Block, Close};
use worker::{Job, Outcome, WAITING_PARTS, work};

/// A piece is handed over when it has this many bytes. What is less when the
/// batch ends or the stage would wait is done here: waking a thread takes
/// longer. Blocks are several times as big, so that all threads get some.
const PIECE_BYTES: usize = 32 << 10;

/// Pieces under way for each thread: one at work, and the next ones, so that
/// nobody waits while results are given on.
const PIECES_EACH: usize = 4;

/// An operator that may run on any thread.
pub type AnyPerRecord = Box<dyn PerRecord + Send>;

/// Starts a thread, or says why there can be none.
pub type Start = fn(Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>;

/// Runs several of the same operator at once.
pub struct Parallel {
    /// For what is not worth handing over.
    here: AnyPerRecord,
    /// Operators whose threads have not been started, since nothing needed them.
    idle: Vec<AnyPerRecord>,
    threads: Vec<JoinHandle<()>>,
    start: Start,
    jobs: Sender<Job>,
    taken: Arc<Mutex<Receiver<Job>>>,
    /// Where the results of pieces under way will come, in order.
    pending: VecDeque<Receiver<Vec<Outcome>>>,
    most_pending: usize,
    /// Records that wait for their piece to fill.
    gathered: Vec<u8>,
    time: BatchTime,
}

impl Parallel {
    /// Runs `here` and a thread for each of `others`; all must be the same.
    /// None but `here` is closed at the end, so operators that need it, as one
    /// with a command does, cannot be run so.
    pub fn new(here: AnyPerRecord, others: Vec<AnyPerRecord>) -> Parallel {
        let (jobs, taken) = channel();
        Parallel {
            here,
            most_pending: others.len() * PIECES_EACH,
            idle: others,
            threads: Vec::new(),
            start: |work| thread::Builder::new().spawn(work),
            jobs,
            taken: Arc::new(Mutex::new(taken)),
            pending: VecDeque::new(),
            gathered: Vec::new(),
            time: BatchTime::default(),
        }
    }

    /// Gives on what is finished, and waits until there is room for one more.
    fn make_room(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        while let Some(first) = self.pending.front() {
            match first.try_recv() {
                Ok(outcomes) => {
                    if give_on(outcomes, out)?.is_continue() {
                        continue;
                    }
                }
                Err(_) if self.pending.len() < self.most_pending => break,
                Err(_) => self.wait_for_first(out)?,
            }
            self.pending.pop_front();
        }
        Ok(())
    }

    /// Waits for the end of the first piece under way, which stays in the list.
    fn wait_for_first(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(first) = self.pending.front() else { return Ok(()) };
        // Where nobody reads any more the rest of it is not waited for.
        while !out.is_closed() {
            match first.recv() {
                Ok(outcomes) => {
                    if give_on(outcomes, out)?.is_break() {
                        break;
                    }
                }
                Err(_) => self.resume_panic(),
            }
        }
        Ok(())
    }

    /// A thread has gone without an answer: its panic is this thread's too.
    fn resume_panic(&mut self) -> ! {
        let dead = self.threads.iter().position(JoinHandle::is_finished).unwrap_or_default();
        match self.threads.swap_remove(dead).join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => unreachable!("a thread ends when nothing can be asked of it"),
        }
    }

    fn hand_over(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.make_room(out)?;
        self.start_one_more();
        if self.threads.is_empty() {
            return self.do_gathered(out);
        }
        let (results, first) = sync_channel(WAITING_PARTS);
        let bytes = std::mem::take(&mut self.gathered);
        self.pending.push_back(first);
        // It cannot fail: the other end is kept here.
        let ends_with_a_bad_record = out.ends_with_a_bad_record();
        let _ = self.jobs.send(Job { time: self.time, bytes, results, ends_with_a_bad_record });
        Ok(())
    }

    /// As many threads as there are pieces, up to what was asked for.
    fn start_one_more(&mut self) {
        if self.pending.len() >= self.threads.len()
            && let Some(operator) = self.idle.pop()
        {
            let taken = Arc::clone(&self.taken);
            match (self.start)(Box::new(move || work(operator, &taken))) {
                Ok(thread) => self.threads.push(thread),
                // There will hardly be one for the next piece.
                Err(_) => self.idle.clear(),
            }
        }
    }

    /// Waits for all that is under way, and does what was not handed over.
    fn finish(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        while !self.pending.is_empty() {
            self.wait_for_first(out)?;
            self.pending.pop_front();
        }
        self.do_gathered(out)
    }

    /// Does here what was not handed over.
    fn do_gathered(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.gathered.is_empty() {
            let bytes = std::mem::take(&mut self.gathered);
            self.here.block(block(self.time, &bytes), out)?;
            self.gathered = bytes;
            self.gathered.clear();
        }
        Ok(())
    }
}

impl Operator for Parallel {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.time = block.time;
        let mut rest = block.bytes;
        while !rest.is_empty() {
            let wanted = PIECE_BYTES.saturating_sub(self.gathered.len() + 1).min(rest.len());
            let end = memchr::memchr(b'\n', &rest[wanted..]).map_or(rest.len(), |newline| wanted + newline + 1);
            let (piece, after) = rest.split_at(end);
            self.gathered.extend_from_slice(piece);
            rest = after;
            if self.gathered.len() >= PIECE_BYTES {
                self.hand_over(out)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.finish(out)?;
        out.end(time);
        Ok(())
    }

    fn close(&mut self, _: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        self.finish(out)?;
        self.here.close()
    }

    fn idle(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.finish(out)
    }
}

fn block(time: BatchTime, bytes: &[u8]) -> Block<'_> {
    Block { time, records: memchr::memchr_iter(b'\n', bytes).count() as u64, bytes }
}

/// Gives a part on; a break if it was the piece's last one.
fn give_on(outcomes: Vec<Outcome>, out: &mut Out<'_>) -> Result<ControlFlow<()>, OpError> {
    for one in outcomes {
        match one {
            Outcome::Done => return Ok(ControlFlow::Break(())),
            Outcome::Records { records, bytes } => out.records(records, &bytes),
            Outcome::BadRecord { record, reason } => out.bad_record(&record, &reason)?,
            Outcome::Failed(error) => return Err(error),
        }
    }
    Ok(ControlFlow::Continue(()))
}
