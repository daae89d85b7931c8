//! Reading batches again, from their ranges.

use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::consumer::Consumer as _;

use super::KafkaSource;
use super::ledger::{Damaged, Range, ranges_of};
use super::marks::look_at;
use super::queues::{Polled, push_record};
use crate::client::KafkaError;
use sstream::connect::{BLOCK_BYTES, Bad, OnLoss, Position, ReadAgain, SourceError};

/// How long one wait is.
const LOOK: Duration = Duration::from_millis(100);

/// How long a partition may end inside a range: after a change of leaders the new
/// one learns a moment later how far it may show what it has.
const GRACE: Duration = Duration::from_secs(30);

/// How long after a stop brokers that say nothing are waited for.
const PATIENCE: Duration = Duration::from_secs(5);

impl From<Damaged> for SourceError {
    fn from(Damaged: Damaged) -> SourceError {
        KafkaError::Position.into()
    }
}

impl ReadAgain for KafkaSource {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        self.is_kept = true;
        self.ledger.restore(&position.base)?;
        for batch in &position.since {
            self.ledger.restore(batch)?;
        }
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        self.ledger.write_batch(delta);
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        self.ledger.write_base(base);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        self.again = ranges_of(delta)?.into();
        match self.again.iter().all(|range| range.partition < self.ledger.places().len()) {
            true => Ok(()),
            false => Err(Damaged.into()),
        }
    }

    fn next_again(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let mut records = 0;
        while let Some(range) = self.again.front().copied() {
            records += self.read_range(range, block, bad)?;
            if block.len() >= BLOCK_BYTES {
                return Ok(Some(records));
            }
            self.again.pop_front();
        }
        Ok((!block.is_empty()).then_some(records))
    }
}

impl KafkaSource {
    /// Reads what is left of a range, or about a block of it; what was read is
    /// taken off its front.
    fn read_range(&mut self, range: Range, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let Range { partition: index, from, to } = range;
        let position = self.lanes.get(index).and_then(Option::as_ref).map(|lane| lane.position);
        if position != Some(from) {
            self.lane(index, from)?;
        }
        let (mut records, mut waited, mut ended) = (0, Instant::now(), None);
        loop {
            let Some(lane) = &mut self.lanes[index] else { return Ok(records) };
            if lane.position >= to || block.len() >= BLOCK_BYTES {
                let position = lane.position;
                self.again.iter_mut().take(1).for_each(|first| first.from = position.min(to));
                return Ok(records);
            }
            if let Some((offset, bytes, reason)) = lane.kept.take_if(|(offset, ..)| *offset < to) {
                match reason {
                    Some(reason) => bad(&bytes, &reason)?,
                    None => {
                        block.extend_from_slice(&bytes);
                        records += 1;
                    }
                }
                lane.position = offset + 1;
                continue;
            }
            lane.begin();
            match lane.poll()? {
                Polled::Message(message) => {
                    let offset = message.offset();
                    let before = block.len();
                    let reason = push_record(&mut self.records, &lane.topic, &message, block);
                    drop(message);
                    if offset >= to {
                        // Compaction took the last ones: this is the next range's.
                        lane.kept = Some((offset, block.split_off(before), reason));
                        lane.position = to;
                    } else {
                        match reason {
                            Some(reason) => {
                                let value = block.split_off(before);
                                bad(&value, &reason)?;
                            }
                            None => records += 1,
                        }
                        lane.position = offset + 1;
                    }
                    waited = Instant::now();
                }
                Polled::End => {
                    ended.get_or_insert_with(Instant::now);
                    self.end_in_range(index, to, ended)?;
                }
                Polled::Gone => self.gone_in_range(index, to)?,
                Polled::Nothing => {
                    let is_asked = self.stop.is_asked() && waited.elapsed() >= PATIENCE;
                    if is_asked {
                        let what = "batches of the checkpoint that are to be read again".to_owned();
                        let message = "the brokers do not answer, and a stop was asked for".to_owned();
                        return Err(KafkaError::Ask { what, message }.into());
                    }
                    if ended.is_some() {
                        self.end_in_range(index, to, ended)?;
                    }
                    let _ = self.waited.during(|| self.wake.wait(None, LOOK));
                    while self.consumer.poll(Duration::ZERO).is_some() {}
                    self.consumer.context().check()?;
                }
            }
        }
    }

    /// A partition seems to end inside a range.
    fn end_in_range(&mut self, index: usize, to: i64, ended: Option<Instant>) -> Result<(), SourceError> {
        let Some(lane) = &mut self.lanes[index] else { return Ok(()) };
        match look_at(&self.consumer, &lane.topic, lane.partition) {
            // Compaction took the last ones, and nothing has come since.
            Ok((_, high)) if high >= to => lane.position = to,
            Ok((low, high)) if ended.is_some_and(|ended| ended.elapsed() >= GRACE) => {
                let position = lane.position;
                self.lose(index, position, low, high)?;
                self.lanes[index].iter_mut().for_each(|lane| lane.position = to);
            }
            Ok(_) => {}
            Err(error @ KafkaError::Stuck { .. }) => return Err(error.into()),
            Err(error) => self.consumer.context().note_away(&error.to_string()),
        }
        Ok(())
    }

    /// The next message of a range is not there any more.
    fn gone_in_range(&mut self, index: usize, to: i64) -> Result<(), SourceError> {
        let Some(lane) = &mut self.lanes[index] else { return Ok(()) };
        let (position, topic, partition) = (lane.position, lane.topic.clone(), lane.partition);
        let (low, high) = look_at(&self.consumer, &topic, partition)?;
        let mut offset = position;
        if position < low {
            let lost = KafkaError::Lost { topic, partition, from: position, to: low.min(to) };
            match self.options.on_loss {
                OnLoss::Fail => return Err(lost.into()),
                OnLoss::Skip => self.console.warn(&format!("{lost}: this batch goes on without them")),
            }
            offset = low;
        } else if position > high {
            self.lose(index, position, low, high)?;
            offset = to;
        }
        lane_seek(self, index, offset)
    }
}

fn lane_seek(source: &mut KafkaSource, index: usize, offset: i64) -> Result<(), SourceError> {
    let consumer = source.consumer.share();
    Ok(source.lanes[index].iter_mut().try_for_each(|lane| lane.seek(&consumer, offset))?)
}
