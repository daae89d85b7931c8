//! What a restart begins with: batches that the run before may not have brought to
//! the end of the pipeline, what came before it ended, and the batches missed since.

use super::{Kept, KeptParts, OnLoss, Phase};
use crate::checkpoint::Times;
use crate::frame::BatchTime;
use crate::source::SourceError;
use crate::source::engine::batches::Step;
use crate::source::engine::cut::MOST_MISSED;

impl Kept<'_> {
    /// Finds the next batch to send again, or goes on to new ones.
    pub(super) fn next_again(&mut self) -> Result<(), SourceError> {
        self.phase = match self.parts.checkpoint.next_again()? {
            Some((times, recorded)) => {
                let mut is_over = recorded.is_empty();
                let blocks = if is_over { None } else { self.parts.checkpoint.read_again(&recorded)? };
                if blocks.is_none()
                    && !is_over
                    && let Some(source) = self.batches.replay()
                {
                    is_over = lost(&self.parts, source.begin_again(&recorded))?.is_none();
                }
                Phase::Batch { times, blocks, records: 0, is_over }
            }
            None => match self.parts.plan.finish {
                Some(closed) => Phase::Closing(closed),
                None => match self.parts.checkpoint.leftover()? {
                    Some(blocks) => Phase::Leftover(blocks),
                    None => Phase::Missed,
                },
            },
        };
        Ok(())
    }

    /// The next block of a batch that is sent again.
    pub(super) fn block_again(&mut self) -> Result<Option<Step>, SourceError> {
        let Phase::Batch { times, blocks, records, is_over } = &mut self.phase else { return Ok(None) };
        let time = BatchTime(times.first_ms);
        self.bytes.clear();
        let next = match blocks {
            _ if *is_over => None,
            Some(blocks) => blocks.next_block()?.map(|(count, bytes)| {
                self.bytes.extend_from_slice(bytes);
                u64::from(count)
            }),
            None => match self.batches.replay() {
                Some(source) => {
                    let bad = self.parts.bad_records;
                    let mut bad = |record: &[u8], reason: &str| Ok(bad.take(time, record, reason)?);
                    lost(&self.parts, source.next_again(&mut self.bytes, &mut bad))?.flatten()
                }
                None => None,
            },
        };
        match next {
            Some(0) => Ok(None),
            Some(count) => {
                *records += count;
                self.given = Some(0..self.bytes.len());
                Ok(Some(Step::Block { time, records: count }))
            }
            None => {
                let (times, records) = (*times, *records);
                self.phase = Phase::Ends { times, records, then: Box::new(Phase::Again) };
                Ok(None)
            }
        }
    }

    /// Batches between the newest in the offsets and the present come as empty ones.
    pub(super) fn miss(&mut self) -> Result<(), SourceError> {
        let interval = self.parts.plan.interval;
        let after_ms = self.parts.plan.after_ms;
        let missed = match self.parts.is_wall {
            true => interval.count(after_ms, self.parts.clock.read().wall_ms()),
            // What was read as one batch stays one, unless batches end when they are full.
            false => u64::from(self.carried > 0 && !self.parts.is_counted),
        };
        if missed == 0 {
            self.batches.start_after(BatchTime(interval.up_to(after_ms)), self.carried);
            self.phase = Phase::New;
            return Ok(());
        }
        if missed > MOST_MISSED && !self.parts.skip_missed {
            return Err(SourceError::Missed { batches: missed, interval });
        }
        let first_ms = interval.after(after_ms);
        let mut runs: Vec<Times> = Times::runs(first_ms, missed, interval).collect();
        let records = std::mem::take(&mut self.carried);
        if records > 0 {
            self.parts.checkpoint.record_wal(first_ms)?;
        }
        for empty in runs.iter().filter_map(|times| if records > 0 { times.after(first_ms) } else { Some(*times) }) {
            self.record(empty, &[])?;
        }
        self.parts.checkpoint.sync()?;
        let last_ms = runs.last().map_or(first_ms, |times| times.last_ms);
        self.batches.start_after(BatchTime(last_ms), 0);
        self.phase = Phase::New;
        // They come in order, so the last of them is put together first.
        while let Some(times) = runs.pop() {
            let records = if runs.is_empty() { records } else { 0 };
            self.phase = Phase::Ends { times, records, then: Box::new(std::mem::replace(&mut self.phase, Phase::New)) };
        }
        Ok(())
    }
}

/// Under `--on-loss skip`, what is gone is `None`, with a warning.
fn lost<T>(parts: &KeptParts<'_>, result: Result<T, SourceError>) -> Result<Option<T>, SourceError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error @ SourceError::Gone { .. }) if parts.on_loss == OnLoss::Skip => {
            let SourceError::Gone { what, reason } = error else { return Err(error) };
            parts.console.warn(&format!("{what}: {reason}: left out, as --on-loss skip says"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
