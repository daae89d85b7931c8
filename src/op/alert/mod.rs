//! `alert`: a condition that holds for long enough, or a silence, is raised once and cleared once.
//!
//! | alert | raised | cleared |
//! |---|---|---|
//! | of a condition | at `since` + hold, if no record up to then says that it does not hold; without a hold at once | by the first record that clears |
//! | of absence | at `last` + absent, if no record came up to then | by the next record |
//!
//! What the newest record says counts until the next one. A record's time is that of its batch; or
//! its own, and then records wait until the watermark has passed them and come in order, those of one time
//! in order of arrival: so what comes out does not depend on the order in which they came, or in which batches.
//!
//! Times are exact, however long batches are: what is due is told with the time at which it was. A key costs
//! its bytes and some 200 while there is something to know of it; with absence that is from its first record on.

mod change;
mod durable;
#[cfg(test)]
mod tests;
mod watched;

use super::durable::Durable;
use super::filter::Test;
use super::grouping::{Grouping, NO_KEY};
use super::timed::place_of;
use super::waiting::{Waiter, Waiting};
use super::{Held, OpError, Operator, Out};
use crate::event::{EventTime, Timing};
use crate::expr::{ExprError, Program};
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};
use crate::interval::Interval;
use change::Changes;
use durable::Journal;
pub use watched::Times;
use watched::{Entry, Verdict, Watched};

/// What `alert` is told.
pub struct Options {
    /// On which records the condition holds; without it there is none.
    pub when: Option<Program>,
    /// Which records clear its alert, if the condition does not hold on them; without it those on which it
    /// does not hold.
    pub clear: Option<Program>,
    /// How long what has to last.
    pub times: Times,
    /// The key of a record.
    pub grouping: Grouping,
    /// The time of a record; without it that of its batch.
    pub timing: Option<Timing>,
}

/// The operator.
pub struct Alert {
    grouping: Grouping,
    rules: Rules,
    times: Times,
    timing: Option<Timing>,
    watched: Watched,
    waiting: Waiting,
    /// How many records have waited so far.
    arrived: u64,
    changes: Changes,
    journal: Option<Journal>,
    interval: Interval,
    newest: BatchTime,
    has_checkpoint: bool,
}

/// What records say.
struct Rules {
    when: Option<Program>,
    clear: Option<Program>,
}

impl Rules {
    fn judge(&mut self, record: &[u8]) -> Result<Verdict, ExprError> {
        let holds = is_true(self.when.as_mut(), record)?;
        let clears = match &mut self.clear {
            Some(clear) => !holds && is_true(Some(clear), record)?,
            None => !holds,
        };
        Ok(Verdict { holds, clears })
    }
}

fn is_true(program: Option<&mut Program>, record: &[u8]) -> Result<bool, ExprError> {
    let mut is_true = false;
    if let Some(program) = program {
        program.run(record, &[], &mut |result| is_true |= Test::Truthy.passes(result))?;
    }
    Ok(is_true)
}

impl Alert {
    /// An operator that has seen nothing.
    pub fn new(options: Options) -> Alert {
        let Options { when, clear, times, grouping, timing } = options;
        Alert {
            grouping,
            rules: Rules { when, clear },
            times,
            timing,
            watched: Watched::default(),
            waiting: Waiting::default(),
            arrived: 0,
            changes: Changes::default(),
            journal: None,
            interval: Interval::Fixed(1),
            newest: BatchTime::default(),
            has_checkpoint: false,
        }
    }

    /// A stream without keys is watched from its first batch's beginning on.
    fn begin(&mut self, time: BatchTime) {
        if self.timing.is_none()
            && !self.grouping.is_keyed()
            && self.times.absent_ms.is_some()
            && self.watched.get(NO_KEY).is_none()
        {
            let begins = ms(self.interval.begin(time.0));
            self.watched.set(NO_KEY, Some(Entry::new(NO_KEY, begins)), &self.times);
            self.changes.touch(&NO_KEY.into());
        }
    }

    /// Takes a record whose turn it is.
    fn take(&mut self, waiter: Waiter<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let Waiter { place: (time, _), key, record } = waiter;
        match self.rules.judge(record) {
            Ok(verdict) => self.watched.record(key, (time, record), verdict, &self.times, &mut self.changes),
            Err(error) => super::grouping::bad_or_fatal(record, &error, out)?,
        }
        Ok(())
    }

    /// Takes the records whose time is less than `before`; all without it. The time of the last of them.
    fn take_waiting(&mut self, before: Option<EventTime>, out: &mut Out<'_>) -> Result<Option<EventTime>, OpError> {
        let mut last = None;
        while let Some(slot) = self.waiting.take(before) {
            for waiter in slot.iter() {
                self.take(waiter, out)?;
                last = Some(waiter.place.0);
                if let Some(journal) = &mut self.journal {
                    journal.waiting.push(waiter.place);
                }
            }
        }
        Ok(last)
    }

    /// Gives what is known of keys, outside of any batch: for those who look into a checkpoint.
    pub fn show(&self, out: &mut Out<'_>) {
        for (_, entry) in self.watched.since(b"") {
            entry.show(out.buffer());
            out.finish_record();
        }
        out.finish_block();
    }

    fn held(&self) -> Held {
        Held {
            keys: Some(self.watched.len() as u64),
            records: Some(self.waiting.len() as u64),
            bytes: (self.watched.bytes() + self.waiting.bytes()) as u64,
        }
    }
}

fn ms(ms: u64) -> EventTime {
    EventTime::try_from(ms).unwrap_or(EventTime::MAX)
}

impl Operator for Alert {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval = head.interval;
        self.has_checkpoint = head.checkpoint().is_some();
        if let Some(timing) = &mut self.timing {
            timing.head(head).map_err(OpError::Usage)?;
            if !timing.has_watermark(head) {
                return Err(OpError::Usage(
                    "records are put in order as a watermark passes them, and nobody makes one: add --watermark \
                     DURATION, how late a record may come"
                        .to_owned(),
                ));
            }
            head.set_time(".at");
        }
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.begin(block.time);
        let batch_ms = ms(block.time.0);
        let mut grouping = std::mem::replace(&mut self.grouping, Grouping::new(super::grouping::By::Nothing, None));
        let result = grouping.items(block, out, |item, out| {
            let waiter = |place| Waiter { place, key: item.key, record: item.record };
            let Some(timing) = &mut self.timing else { return self.take(waiter((batch_ms, 0)), out) };
            let Some(place) = place_of(timing, &mut self.arrived, item.record, out)? else { return Ok(()) };
            self.waiting.add(waiter(place));
            if let Some(journal) = &mut self.journal {
                journal.waiting.push(place);
            }
            Ok(())
        });
        self.grouping = grouping;
        result
    }

    fn held(&self) -> Option<Held> {
        Some(self.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.newest = time;
        self.begin(time);
        // Up to when all records are there.
        let now = match &mut self.timing {
            None => Some(ms(time.0)),
            Some(timing) => {
                let watermark = timing.watermarks.end(time, out.watermark());
                out.set_watermark(watermark);
                match watermark {
                    Some(Watermark(watermark)) => {
                        self.take_waiting(Some(watermark), out)?;
                        Some(watermark.saturating_sub(1))
                    }
                    None => None,
                }
            }
        };
        if let Some(now) = now {
            self.watched.reach(now, &self.times, &mut self.changes);
        }
        self.changes.give(out);
        out.holds(self.held());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        // After a stop a checkpoint goes on, with what waits.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        if !is_final || self.waiting.is_empty() {
            return Ok(());
        }
        let time = self.newest.after(self.interval);
        out.set_time(time);
        // What comes after the last record nobody knows.
        if let Some(last) = self.take_waiting(None, out)? {
            self.watched.reach(last, &self.times, &mut self.changes);
        }
        self.changes.give(out);
        self.newest = time;
        out.holds(self.held());
        out.end(time);
        Ok(())
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
