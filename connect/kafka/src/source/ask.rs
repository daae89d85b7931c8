//! What the cutter asks of the source.

use std::time::{Duration, Instant};

use rdkafka::consumer::CommitMode;

use super::KafkaSource;
use super::queues::Lane;
use sstream::connect::{Bad, Came, ReadAgain, Ready, Reason, RecordSource, Room, SourceError};

/// How often a group is told the progress.
const COMMIT: Duration = Duration::from_secs(1);

/// How long a stop waits for brokers that say nothing.
const PATIENCE: Duration = Duration::from_secs(10);

impl RecordSource for KafkaSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        let started = Instant::now();
        loop {
            self.hear()?;
            self.fill()?;
            if !self.held.is_empty() {
                return Ok(Came::Something);
            }
            if self.is_done() {
                return Ok(Came::Stop);
            }
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(Came::Timeout);
            }
            let wait = left.min(self.rate_wait());
            let woken = self.waited.during(|| self.wake.wait(Some(&self.stop), wait));
            if woken.map_err(|error| SourceError::read("kafka", error))? == Ready::Wake {
                return Ok(Came::Stop);
            }
        }
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        // The next start goes on from here.
        if self.is_kept || !self.has_begun || self.is_done() {
            return Ok(false);
        }
        let mut since = match self.stopping {
            Some(since) => since,
            None => {
                self.ask_for(0..self.lanes.len())?;
                Instant::now()
            }
        };
        // From now on only what the answers cover is read.
        self.stopping = Some(since);
        while self.held.is_empty() && !self.lanes.iter().flatten().all(Lane::is_done) && since.elapsed() < PATIENCE {
            self.hear()?;
            self.fill()?;
            if self.held.is_empty() {
                let _ = self.waited.during(|| self.wake.wait(None, self.rate_wait()));
            } else {
                since = Instant::now();
            }
        }
        self.stopping = Some(since);
        Ok(!self.held.is_empty())
    }

    fn has_records(&self) -> bool {
        !self.held.is_empty()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.held.take(room, &mut self.ledger, block, bad)
    }

    fn batch_left(&mut self) -> Result<(), SourceError> {
        if self.is_over {
            self.commit(CommitMode::Sync);
        } else if self.committed.elapsed() >= COMMIT {
            self.commit(CommitMode::Async);
        }
        Ok(())
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.is_over = true;
        if self.records.invalid() > 0 {
            let invalid = self.records.invalid();
            self.console.warn(&format!("kafka: {invalid} texts in all had invalid UTF-8, which became U+FFFD"));
        }
        Ok(0)
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}
