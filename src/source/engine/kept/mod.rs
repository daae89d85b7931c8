//! A source under a checkpoint: sends again what a restart needs, keeps what
//! comes, and has each batch on disk before its end leaves. The order of the
//! steps is that of [`crate::checkpoint::source`].

mod again;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use crate::checkpoint::offsets::Closed;
use crate::checkpoint::source::{Plan, SourceCheckpoint};
use crate::checkpoint::survey::Commit;
use crate::checkpoint::wal::Blocks;
use crate::checkpoint::{self, Times};
use crate::clock::Clock;
use crate::console::Console;
use crate::flow::BadRecords;
use crate::frame::{BatchTime, Close, End, Reason};
use crate::signal::is_reader_gone;
use crate::source::SourceError;
use crate::source::engine::batches::{Batches, Step};
use crate::source::engine::sink_progress::SinkProgress;
use crate::source::engine::stop::StopRules;

/// To send more batches again than this is worth a warning.
const MANY: u64 = 100;

/// So much is held while batches that follow each other at once share a sync.
const MOST_HELD_BYTES: usize = 1 << 20;

/// The same, in blocks and ends.
const MOST_HELD_STEPS: usize = 1000;

/// How long the end of the line is waited for between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// What becomes of a batch that offsets name and that is gone.
///
/// ```
/// use sstream::connect::{Console, OnLoss, SourceError};
///
/// /// What a source does that finds less than it has read already.
/// fn lost(on_loss: OnLoss, console: &Console, error: SourceError) -> Result<(), SourceError> {
///     match on_loss {
///         OnLoss::Fail => Err(error),
///         OnLoss::Skip => Ok(console.warn(&format!("{error}: left out"))),
///     }
/// }
/// # use sstream::connect::Level;
/// # let gone = || SourceError::read("spool", std::io::Error::other("shorter than it was"));
/// # let console = Console::new("sstream-source-spool", Level::Error);
/// # assert!(lost(OnLoss::Fail, &console, gone()).is_err());
/// # assert!(lost(OnLoss::Skip, &console, gone()).is_ok());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLoss {
    /// The source stops with exit code 5.
    #[default]
    Fail,
    /// What is gone is left out, with a warning.
    Skip,
}

/// What a source under a checkpoint is, and has around it.
pub struct KeptParts<'a> {
    /// The checkpoint, opened.
    pub checkpoint: SourceCheckpoint,
    /// What to do first.
    pub plan: Plan,
    /// Whether batches go by the wall clock, so that some were missed since the
    /// run before.
    pub is_wall: bool,
    /// Whether batches end by count.
    pub is_counted: bool,
    /// Send more than a million missed batches too.
    pub skip_missed: bool,
    /// What becomes of what is gone.
    pub on_loss: OnLoss,
    /// The time.
    pub clock: &'a dyn Clock,
    /// When to stop.
    pub stop: StopRules,
    /// What becomes of bad records.
    pub bad_records: &'a BadRecords,
    /// For what a careful person wants to know.
    pub console: Console,
}

/// Batches with the checkpoint around them.
pub struct Kept<'a> {
    batches: Box<dyn Batches + 'a>,
    parts: KeptParts<'a>,
    phase: Phase,
    /// Blocks that are sent again, or wait in `held`.
    bytes: Vec<u8>,
    /// Where the block just given is in `bytes`, if it is there.
    given: Option<Range<usize>>,
    /// Steps of batches that share one sync, with where their blocks are in `bytes`.
    held: VecDeque<(Step, Range<usize>)>,
    /// What ended the source behind those.
    failed: Option<SourceError>,
    /// Records of the first new batch that came before a crash.
    carried: u64,
    /// So many of the next ends are in the offsets already.
    recorded: u64,
    commits: SinkProgress,
}

enum Phase {
    Head,
    /// Batches have another interval now: nothing is begun before everybody behind has accepted that.
    LineUp,
    /// Looking for the next batch to send again.
    Again,
    /// One is being sent again.
    Batch {
        times: Times,
        blocks: Option<Blocks>,
        records: u64,
        is_over: bool,
    },
    /// Ends that follow each other.
    Ends {
        times: Times,
        records: u64,
        then: Box<Phase>,
    },
    /// What came before a crash.
    Leftover(Blocks),
    /// Batches missed since the run before.
    Missed,
    New,
    /// All is done but the close.
    Closing(Closed),
}

impl<'a> Kept<'a> {
    /// Says what the start found.
    pub fn new(batches: Box<dyn Batches + 'a>, parts: KeptParts<'a>) -> Kept<'a> {
        let plan = &parts.plan;
        let console = &parts.console;
        if plan.torn_bytes > 0 {
            console.warn(&format!("checkpoint: cut off {} bytes that a crash left unfinished", plan.torn_bytes));
        }
        for folder in &plan.let_go {
            console.warn(&format!("checkpoint: {folder} was not in the last run, and holds nothing back any more"));
        }
        if plan.is_restart {
            let behind = plan.interval.count(plan.resume_ms, plan.last_ms);
            let held_back = match &plan.held_back_by {
                Some(folder) if behind > 0 => format!(": {folder} has come no further"),
                _ => String::new(),
            };
            let text = format!("checkpoint: goes on after {}, sends {behind} batches again{held_back}", plan.resume_ms);
            if behind > MANY { console.warn(&text) } else { console.info(&text) }
        }
        if let Some(was) = plan.changed_from {
            match plan.finish {
                Some(_) => console.warn(&format!(
                    "checkpoint: batches of {was} that were begun are finished first, and nothing new is taken: start \
                     again for those of another interval"
                )),
                None => console.info(&format!(
                    "checkpoint: batches of {was} up to {}, of {} from there on",
                    plan.after_ms, plan.interval
                )),
            }
        }
        let commits = SinkProgress::new(parts.clock.read().monotonic, console.clone());
        Kept {
            batches,
            parts,
            phase: Phase::Head,
            bytes: Vec::new(),
            given: None,
            held: VecDeque::new(),
            failed: None,
            carried: 0,
            recorded: 0,
            commits,
        }
    }

    fn advance(&mut self) -> Result<Step, SourceError> {
        self.given = None;
        loop {
            match &mut self.phase {
                Phase::Head => {
                    if let Some(source) = self.batches.replay() {
                        source.restore(&self.parts.plan.position)?;
                    }
                    let is_other = self.parts.plan.changed_from.is_some() && self.parts.plan.finish.is_none();
                    self.phase = if is_other { Phase::LineUp } else { Phase::Again };
                    let mut step = self.batches.step()?;
                    if let Step::Head(head) = &mut step {
                        head.other.extend(self.parts.plan.head());
                    }
                    return Ok(step);
                }
                Phase::LineUp => self.line_up()?,
                Phase::Again => self.next_again()?,
                Phase::Batch { .. } => {
                    if let Some(step) = self.block_again()? {
                        return Ok(step);
                    }
                }
                Phase::Ends { times, records, then } => {
                    let (time_ms, records) = (times.first_ms, std::mem::take(records));
                    match times.after(time_ms) {
                        Some(rest) => *times = rest,
                        None => self.phase = std::mem::replace(then, Phase::New),
                    }
                    let end = self.end(time_ms, records);
                    return Ok(end);
                }
                Phase::Leftover(blocks) => {
                    let time = BatchTime(self.parts.plan.interval.after(self.parts.plan.after_ms));
                    if let Some((records, bytes)) = blocks.next_block()? {
                        self.bytes.clear();
                        self.bytes.extend_from_slice(bytes);
                        self.given = Some(0..bytes.len());
                        self.carried += u64::from(records);
                        return Ok(Step::Block { time, records: records.into() });
                    }
                    self.parts.checkpoint.adopt(blocks);
                    self.phase = Phase::Missed;
                }
                Phase::Missed => self.miss()?,
                Phase::New => return self.new_step(),
                Phase::Closing(closed) => {
                    let closed = *closed;
                    self.parts.checkpoint.close(closed)?;
                    let reason = if closed == Closed::Eof { Reason::Eof } else { Reason::Stop };
                    return Ok(Step::Close(Close::new(reason)));
                }
            }
        }
    }

    /// Looks whether the end of the line has come up. Whoever refuses the interval, as a window that is no multiple
    /// of it, leaves: then nothing was begun, and the line can go on as it was.
    fn line_up(&mut self) -> Result<(), SourceError> {
        let now = self.parts.clock.read().monotonic;
        if self.parts.checkpoint.is_lined_up()? {
            self.phase = Phase::Again;
        } else if self.parts.stop.is_due(now, now) || is_reader_gone(rustix::stdio::stdout()) {
            self.phase = Phase::Closing(Closed::Stop);
        } else {
            self.parts.stop.pause(self.parts.clock, LOOK)?;
        }
        Ok(())
    }

    fn new_step(&mut self) -> Result<Step, SourceError> {
        if self.held.is_empty() {
            self.failed.take().map_or(Ok(()), Err)?;
            match self.next_kept()? {
                end @ Step::End(_) => self.hold(end)?,
                step => return self.give(step),
            }
        }
        match self.held.pop_front() {
            Some((step, block)) => {
                self.given = matches!(step, Step::Block { .. }).then_some(block);
                self.give(step)
            }
            None => self.new_step(),
        }
    }

    /// A batch has ended: it waits for those that end at once behind it, then all are
    /// synced together.
    fn hold(&mut self, end: Step) -> Result<(), SourceError> {
        self.bytes.clear();
        self.held.push_back((end, 0..0));
        while self.batches.is_ready() && self.bytes.len() < MOST_HELD_BYTES && self.held.len() < MOST_HELD_STEPS {
            let from = self.bytes.len();
            match self.next_kept() {
                Ok(step) => {
                    let is_last = matches!(step, Step::Close(_));
                    if let Step::Block { .. } = step {
                        self.bytes.extend_from_slice(self.batches.block());
                    }
                    self.held.push_back((step, from..self.bytes.len()));
                    if is_last {
                        break;
                    }
                }
                Err(error) => {
                    // What is whole goes first.
                    self.failed = Some(error);
                    break;
                }
            }
        }
        self.parts.checkpoint.sync()?;
        // Blocks behind the end, too: they reached the log before it was synced.
        self.batches.done_with()
    }

    /// The next step of the batches, written to the checkpoint.
    fn next_kept(&mut self) -> Result<Step, SourceError> {
        let mut step = self.batches.step()?;
        match &mut step {
            Step::Block { records, .. } => {
                // A block holds fewer records than bytes, of which there are some MiB.
                let records = u32::try_from(*records).unwrap_or(u32::MAX);
                self.parts.checkpoint.append(records, self.batches.block())?;
                // Blocks of an open batch come again too, as the first of the next one.
                if self.batches.is_awaited() && !self.batches.is_ready() && self.batches.replay().is_none() {
                    self.parts.checkpoint.sync()?;
                    self.batches.done_with()?;
                }
            }
            Step::End(end) => {
                end.records += std::mem::take(&mut self.carried);
                match self.recorded.checked_sub(1) {
                    Some(rest) => self.recorded = rest,
                    None => self.keep(end)?,
                }
            }
            Step::Head(_) | Step::Close(_) => {}
        }
        Ok(step)
    }

    /// A step leaves.
    fn give(&mut self, step: Step) -> Result<Step, SourceError> {
        match &step {
            Step::End(_) => self.commits.end(),
            Step::Close(close) => match close.reason {
                Reason::Eof => self.parts.checkpoint.close(Closed::Eof)?,
                Reason::Stop => self.parts.checkpoint.close(Closed::Stop)?,
                Reason::Error { .. } => {}
            },
            Step::Head(_) | Step::Block { .. } => {}
        }
        Ok(step)
    }

    /// Writes down a batch that ends, and the missed ones that follow it.
    fn keep(&mut self, end: &End) -> Result<(), SourceError> {
        let interval = self.parts.plan.interval;
        let time_ms = end.time.0;
        let mut position = Vec::new();
        let can_replay = match self.batches.replay() {
            Some(source) => {
                source.position(&mut position);
                true
            }
            None => false,
        };
        if !can_replay && end.records > 0 {
            self.parts.checkpoint.record_wal(time_ms)?;
        } else {
            if end.records == 0 && position.is_empty() {
                self.recorded = self.batches.missed();
            }
            for times in Times::runs(time_ms, self.recorded + 1, interval) {
                self.record(times, &position)?;
            }
        }
        Ok(())
    }

    fn record(&mut self, times: Times, position: &[u8]) -> Result<(), SourceError> {
        match self.batches.replay() {
            Some(source) => self.parts.checkpoint.record(times, position, &mut |base| source.base(base))?,
            None => self.parts.checkpoint.record_wal_empty(times),
        }
        Ok(())
    }

    fn end(&mut self, time_ms: u64, records: u64) -> Step {
        let mut end = End::new(BatchTime(time_ms), records);
        end.trace = self.batches.begins_trace().then(Vec::new);
        self.commits.end();
        Step::End(end)
    }
}

impl Batches for Kept<'_> {
    fn step(&mut self) -> Result<Step, SourceError> {
        self.advance()
    }

    fn block(&self) -> &[u8] {
        match &self.given {
            Some(given) => &self.bytes[given.clone()],
            None => self.batches.block(),
        }
    }

    fn is_ready(&self) -> bool {
        !matches!(self.phase, Phase::New) || !self.held.is_empty() || self.batches.is_ready()
    }

    fn begins_trace(&self) -> bool {
        self.batches.begins_trace()
    }

    fn start_after(&mut self, time: BatchTime, carried: u64) {
        self.batches.start_after(time, carried);
    }

    fn set_rate(&mut self, per_second: Option<f64>) {
        self.batches.set_rate(per_second);
    }

    fn was_held_back(&mut self) -> bool {
        self.batches.was_held_back()
    }

    fn waiting(&self) -> Option<u64> {
        self.batches.waiting()
    }

    fn is_kept(&self) -> bool {
        true
    }

    fn must_restart(&self) -> bool {
        self.parts.plan.finish.is_some()
    }

    fn committed(&mut self, often: bool) -> Option<Commit> {
        let now = self.parts.clock.read().monotonic;
        self.commits.news(&self.parts.checkpoint, now, often)
    }
}

/// Whether waiting for the run before was ended by a stop.
pub fn is_interrupted(error: &checkpoint::Error) -> bool {
    matches!(error, checkpoint::Error::Interrupted)
}

#[cfg(test)]
mod tests;
