//! What a restart begins with: batches that the run before may not have brought to
//! the end of the pipeline, what came before it ended, and the batches missed since.

use super::{Kept, KeptParts, OnLoss, Phase};
use crate::checkpoint::Times;
use crate::checkpoint::times::next_multiple;
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
        let interval_ms = self.parts.plan.interval_ms;
        let first_ms = next_multiple(self.parts.plan.after_ms, interval_ms);
        let now_ms = self.parts.clock.read().wall_ms();
        let missed = match self.parts.is_wall {
            true => (now_ms + interval_ms).saturating_sub(first_ms) / interval_ms,
            // What was read as one batch stays one, unless batches end when they are full.
            false => u64::from(self.carried > 0 && !self.parts.is_counted),
        };
        if missed == 0 {
            let after = BatchTime(first_ms - interval_ms);
            self.batches.start_after(after, self.carried);
            self.phase = Phase::New;
            return Ok(());
        }
        if missed > MOST_MISSED && !self.parts.skip_missed {
            return Err(SourceError::Missed { batches: missed, interval_ms });
        }
        let times = Times { first_ms, last_ms: first_ms + (missed - 1) * interval_ms, step_ms: interval_ms };
        let records = std::mem::take(&mut self.carried);
        let mut empty = Some(times);
        if records > 0 {
            self.parts.checkpoint.record_wal(first_ms)?;
            empty = times.after(first_ms);
        }
        if let Some(empty) = empty {
            self.record(empty, &[])?;
        }
        self.parts.checkpoint.sync()?;
        self.batches.start_after(BatchTime(times.last_ms), 0);
        self.phase = Phase::Ends { times, records, then: Box::new(Phase::New) };
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
