//! What is done on a thread.

use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};

use super::{AnyPerRecord, block};
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::{Downstream, OpError, Out};

/// A piece of a block, and where its results go.
pub(super) struct Job {
    pub(super) time: BatchTime,
    pub(super) bytes: Vec<u8>,
    pub(super) results: SyncSender<Vec<Outcome>>,
    pub(super) ends_with_a_bad_record: bool,
}

/// What an operator gave, as it will be given on.
pub(super) enum Outcome {
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
pub(super) const WAITING_PARTS: usize = 2;

/// What a thread does until there can be no more jobs.
pub(super) fn work(mut operator: AnyPerRecord, jobs: &Mutex<Receiver<Job>>) {
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
