//! `-j`: an operator that looks at each record by itself, on several threads.
//!
//! Blocks are cut into pieces, which the threads take as they come free; what
//! comes of them is given on in the order of the pieces. So the bytes, the bad
//! records and the first error are those of one thread. No piece outlives its
//! batch, and none the moment at which the stage waits for input.
//!
//! Where the system gives fewer threads than were asked for, the work goes on with those
//! there are: it is slower, and the same.

use std::collections::VecDeque;
use std::io;
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::{BatchTime, Downstream, OpError, Operator, Out, PerRecord};
use crate::frame::{Block, Close, Watermark};

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
type Start = fn(Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>;

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

/// A piece of a block, and where its results go.
struct Job {
    time: BatchTime,
    bytes: Vec<u8>,
    results: SyncSender<Vec<Outcome>>,
    ends_with_a_bad_record: bool,
}

/// What an operator gave, as it will be given on.
enum Outcome {
    Records {
        records: u64,
        bytes: Vec<u8>,
    },
    BadRecord {
        record: Vec<u8>,
        reason: String,
    },
    Failed(OpError),
    /// Nothing follows: the thread is done with the piece.
    Done,
}

/// What a piece gives is handed over in parts of so many bytes, of which a few may wait: a thread
/// that makes very much of one record goes on when its part is needed.
const PART_BYTES: usize = 1 << 20;
const WAITING_PARTS: usize = 2;

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

/// What a thread does until there can be no more jobs.
fn work(mut operator: AnyPerRecord, jobs: &Mutex<Receiver<Job>>) {
    loop {
        // The guard goes at the end of the statement, before the work.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { time, bytes, results, ends_with_a_bad_record }) = job else { return };
        let mut outcomes =
            Collect { part: Vec::new(), part_bytes: 0, results, is_closed: false, ends_with_a_bad_record };
        let mut out = Out::new(&mut outcomes);
        out.set_time(time);
        let result = operator.block(block(time, &bytes), &mut out);
        out.finish_block();
        outcomes.part.push(result.err().map_or(Outcome::Done, Outcome::Failed));
        outcomes.hand_over();
    }
}

/// Hands over what an operator gives, in parts.
struct Collect {
    part: Vec<Outcome>,
    part_bytes: usize,
    results: SyncSender<Vec<Outcome>>,
    is_closed: bool,
    ends_with_a_bad_record: bool,
}

impl Collect {
    fn hand_over(&mut self) {
        self.part_bytes = 0;
        // Nobody takes it if the stage has failed by now.
        self.is_closed |= self.results.send(std::mem::take(&mut self.part)).is_err();
    }
}

impl Downstream for Collect {
    fn block(&mut self, block: Block<'_>) {
        self.part.push(Outcome::Records { records: block.records, bytes: block.bytes.to_vec() });
        self.part_bytes += block.bytes.len();
        if self.part_bytes >= PART_BYTES {
            self.hand_over();
        }
    }

    /// An operator on records gives no ends.
    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.part.push(Outcome::BadRecord { record: record.to_vec(), reason: reason.to_owned() });
        Ok(())
    }

    fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn ends_with_a_bad_record(&self) -> bool {
        self.ends_with_a_bad_record
    }
}

#[cfg(test)]
mod tests {
    use super::super::function::Part;
    use super::super::function::tests::program;
    use super::super::map::{Map, Role};
    use super::super::split::Split;
    use super::*;
    use crate::frame::Reason;
    use crate::op::{Each, testing};
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn parallel(threads: usize, make: &dyn Fn() -> AnyPerRecord) -> Parallel {
        Parallel::new(make(), (0..threads).map(|_| make()).collect())
    }

    fn map(source: &str) -> AnyPerRecord {
        Box::new(Map::new(program(source), Role::Record(Part::Record)))
    }

    /// Enough records for several pieces.
    fn many(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("\"{n} {}\"", "x".repeat(n % 50))).collect()
    }

    #[test]
    fn small_blocks_start_no_thread() {
        let mut operator = parallel(4, &|| map("."));
        assert_eq!(testing::run(&mut operator, &[many(100)]).batches[0].1, many(100));
        assert!(operator.threads.is_empty());
    }

    #[test]
    fn no_more_threads_than_pieces() {
        let mut operator = parallel(8, &|| map("length"));
        testing::run(&mut operator, &[many(3000)]);
        assert!((1..=4).contains(&operator.threads.len()), "{}", operator.threads.len());
    }

    #[test]
    fn what_is_under_way_comes_out_before_the_stage_waits() {
        let mut collected = testing::Collected::default();
        let mut out = Out::new(&mut collected);
        let mut operator = parallel(2, &|| map("."));
        let bytes: String = many(5000).iter().map(|record| format!("{record}\n")).collect();
        let time = BatchTime(1000);
        out.set_time(time);
        operator.block(block(time, bytes.as_bytes()), &mut out).unwrap();
        operator.idle(&mut out).unwrap();
        assert!(operator.pending.is_empty() && operator.gathered.is_empty());
        operator.end(time, &mut out).unwrap();
        assert_eq!(collected.batches[0].1, many(5000));
    }

    #[test]
    fn goes_on_with_the_threads_that_there_are() {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let none: Start = |_| Err(io::ErrorKind::WouldBlock.into());
        let one: Start = |work| match STARTED.fetch_add(1, Ordering::Relaxed) {
            0 => thread::Builder::new().spawn(work),
            _ => Err(io::ErrorKind::WouldBlock.into()),
        };
        for (start, threads) in [(none, 0), (one, 1)] {
            let mut operator = Parallel { start, ..parallel(4, &|| map(".")) };
            assert_eq!(testing::run(&mut operator, &[many(10_000)]).batches[0].1, many(10_000));
            assert_eq!(operator.threads.len(), threads);
        }
    }

    #[test]
    fn a_panic_is_passed_on() {
        struct Panics;
        impl PerRecord for Panics {
            fn block(&mut self, _: Block<'_>, _: &mut Out<'_>) -> Result<(), OpError> {
                resume_unwind(Box::new("on purpose"))
            }
        }
        let mut operator = parallel(2, &|| Box::new(Panics));
        let run = || testing::run(&mut operator, &[many(10_000)]);
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).err().unwrap();
        assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn several_threads_give_what_one_gives(
            threads in 1usize..5, sizes in prop::collection::vec(0usize..6000, 1..4), split: bool, bad_every in 1usize..3000
        ) {
            let make = || -> AnyPerRecord {
                if split {
                    Box::new(Split::new(" ", Part::Record).unwrap())
                } else {
                    map("., if length > 40 then error(\"long\") else . end")
                }
            };
            let mut batches: Vec<Vec<String>> = sizes.iter().map(|size| many(*size)).collect();
            for batch in &mut batches {
                batch.iter_mut().step_by(bad_every).for_each(|record| *record = "null".to_owned());
            }
            let run = |operator: &mut dyn Operator| testing::try_run(operator, 1000, &batches, Reason::Eof).unwrap();
            let (one, several) = (run(&mut Each(make())), run(&mut parallel(threads, &make)));
            prop_assert_eq!(one.batches, several.batches);
            prop_assert_eq!(one.bad, several.bad);
        }
    }
}
