//! Windows of event time: by when records happened, in the place of when they arrived. And sessions
//! and cumulating windows by the times of batches, which are the same with another clock.
//!
//! Rules, as measured of Spark 3.5.8's Structured Streaming:
//!
//! - a window is `[start, end)`; a record counts in each window that holds it and is open;
//! - it is late if `end` of the last of them is not after the watermark from before its batch; of a
//!   session, if its time and the gap are not;
//! - a window closes when the watermark after a batch has reached its end, and comes out in that batch.
//!
//! There are three kinds, an [`Open`] each:
//!
//! - [`tumbling`]: a record is in one window at most, which has a table of its keys;
//! - [`sliding`], cumulating ones among them: windows share panes, which are kept by key;
//! - [`sessions`]: kept by key.
//!
//! Cost: a record is added to one table, pane or session, a window that closes is made of what came and
//! left since the one before, and a key that has nothing open is gone.

mod blocks;
mod entry;
mod keyed;
mod large;
mod layout;
mod open;
mod output;
mod pane;
mod panes;
mod part;
mod roll;
mod saved;
mod session;
mod sessions;
mod sharded;
#[cfg(test)]
mod sharded_tests;
mod sliding;
#[cfg(test)]
mod tests;
mod tumbling;

pub use large::LargeEventWindow;
pub use layout::Layout;
pub use output::TimeOutput;
pub use sharded::ShardedEventWindow;

use std::cmp::Ordering;

use crate::agg::Aggregator;
use crate::event::{EventTime, Timing};
use crate::expr::Program;
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};
use crate::interval::Interval;
use crate::op::durable::Durable;
use crate::op::grouping::{By, Grouping, Item, aggregation_failed};
use crate::op::key_table::KeyHasher;
use crate::op::timed::time_of;
use crate::op::{Held, OpError, Operator, Out};
use open::Open;
use output::Output;
use part::Making;
use sessions::SessionWindows;
use sliding::Sliding;
use tumbling::Tumbling;

/// Which windows come out when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emit {
    /// Each once, when it has closed.
    #[default]
    Closed,
    /// With each batch those that it changed.
    Changed,
    /// With each batch all; none ever closes.
    All,
}

/// What the windows are.
pub enum Windows {
    /// Of panes.
    Paned(Layout),
    /// A key's records with no gap between them.
    Sessions {
        /// How far apart they may be.
        gap: Gap,
        /// How long a session may be, in ms.
        most_ms: Option<i64>,
    },
}

/// The gap that ends a session.
pub enum Gap {
    /// In ms.
    Fixed(i64),
    /// As each record says: a number of ms. A record of which it is null, or none at all, is in no
    /// session.
    Of(Program),
}

/// What an event-time window is told.
pub struct Options {
    /// Which windows.
    pub windows: Windows,
    /// The time of a record; without it that of its batch's beginning, and the watermark is the
    /// batch's time.
    pub timing: Option<Timing>,
    /// Which come out when.
    pub emit: Emit,
    /// Key and value of a record.
    pub grouping: Grouping,
    /// What is computed; `collect` if nothing is.
    pub aggregator: Aggregator,
    /// How times are written.
    pub time_output: TimeOutput,
}

/// The operator.
pub struct EventWindow {
    timing: Option<Timing>,
    grouping: Grouping,
    open: Box<dyn Open>,
    common: Common,
    interval: Interval,
    newest: BatchTime,
    has_checkpoint: bool,
    /// Whose panes have to be of whole batches.
    by_batch: Option<Layout>,
}

/// What windows of all kinds need.
struct Common {
    emit: Emit,
    making: Making,
    output: Output,
    /// For the tables of keys.
    hasher: KeyHasher,
    /// Whether records have times of their own, or all of a batch the same.
    has_times: bool,
    /// The watermark as of the batch before.
    watermark: Option<EventTime>,
    /// How many values have come, as far as their order counts.
    arrivals: u64,
    /// How many keys have.
    sequence: u64,
}

impl Common {
    /// The order of two keys in a window, or of two sessions, by the first time in it, the key's normal form
    /// and its index: as they came first by their own time, so that results do not depend on the
    /// order of arrival.
    fn as_keys_came<'k>(
        &self,
        one: (EventTime, usize),
        two: (EventTime, usize),
        normal: impl Fn(usize) -> &'k [u8],
    ) -> Ordering {
        let by_key = || match self.has_times {
            true => normal(one.1).cmp(normal(two.1)),
            // A batch's records are all of one time.
            false => one.1.cmp(&two.1),
        };
        one.0.cmp(&two.0).then_with(by_key)
    }

    /// A record came when the last of its windows was closed.
    fn late(&self, record: &[u8], end: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let watermark = self.watermark.unwrap_or_default();
        out.late_record(record, &format!("its window ended at {end}, and the watermark is at {watermark}"))
    }
}

impl EventWindow {
    /// As it is told.
    pub fn new(options: Options) -> EventWindow {
        let Options { windows, timing, emit, grouping, aggregator, time_output } = options;
        let has_times = timing.is_some();
        let by_batch = match &windows {
            Windows::Paned(layout) if !has_times => Some(layout.clone()),
            _ => None,
        };
        // Panes are in order of time: what goes by the order of arrival is listed.
        let has_panes = matches!(&windows, Windows::Paned(layout) if layout.has_panes());
        let making = Making::new(aggregator, has_panes);
        let open: Box<dyn Open> = match windows {
            // One key's windows take less room in a row than in a table each.
            Windows::Paned(layout) if has_times && !has_panes && grouping.is_keyed() => Box::new(Tumbling::new(layout)),
            Windows::Paned(layout) => Box::new(Sliding::new(layout)),
            Windows::Sessions { gap, most_ms } => Box::new(SessionWindows::new(gap, most_ms)),
        };
        let output = Output::new(time_output);
        EventWindow {
            timing,
            grouping,
            open,
            common: Common {
                emit,
                making,
                output,
                hasher: KeyHasher::default(),
                has_times,
                watermark: None,
                arrivals: 0,
                sequence: 0,
            },
            interval: Interval::Fixed(1),
            newest: BatchTime::default(),
            has_checkpoint: false,
            by_batch,
        }
    }

    /// Sees how far the times have come.
    fn see_watermark(&mut self) {
        self.common.watermark = match &self.timing {
            Some(timing) => timing.watermarks.current().map(|Watermark(ms)| ms),
            None => i64::try_from(self.newest.0).ok().filter(|_| self.newest.0 > 0),
        };
    }

    /// Gives every window that is open, outside of any batch: for those who look into a checkpoint.
    pub fn show(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.open.give_all(&mut self.common, out)?;
        out.finish_block();
        Ok(())
    }

    fn held(&self) -> Held {
        self.open.held()
    }

    /// The time of a batch's records, of those that have none of their own.
    fn time_of_batch(&self, batch: BatchTime) -> EventTime {
        i64::try_from(self.interval.begin(batch.0)).unwrap_or(i64::MAX)
    }

    /// Takes an item, of a batch of which the records have that time if they have none of their own.
    #[inline]
    fn take(&mut self, item: &Item<'_>, of_batch: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let time = match &mut self.timing {
            Some(timing) => match time_of(timing, item.record, out)? {
                Some(time) => time,
                None => return Ok(()),
            },
            None => of_batch,
        };
        self.open.add(item, time, &mut self.common, out)
    }

    /// The batch is over: gives what comes out then.
    fn end_batch(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.common.emit == Emit::Changed {
            self.open.give_changed(&mut self.common, out)?;
        }
        let watermark = self.pass_batch(time, out);
        if self.common.emit == Emit::All {
            self.open.give_all(&mut self.common, out)?;
        } else if let Some(watermark) = watermark {
            self.close_until(watermark, out)?;
        }
        Ok(())
    }

    /// The watermark after the batch, with which it ends.
    fn pass_batch(&mut self, time: BatchTime, out: &mut Out<'_>) -> Option<EventTime> {
        if let Some(timing) = &mut self.timing {
            let watermark = timing.watermarks.end(time, out.watermark());
            out.set_watermark(watermark);
        }
        self.newest = time;
        self.see_watermark();
        self.common.watermark
    }

    /// The watermark has come to `time`: what it closes is given, if that is wanted.
    fn close_until(&mut self, time: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.open.close_until(time, &mut self.common, out)?;
        self.pass(time);
        Ok(())
    }

    /// All that closes at `time` has.
    fn pass(&mut self, time: EventTime) {
        // At the end of the stream there is nothing that would be late.
        if time < EventTime::MAX {
            self.open.pass(time);
        }
    }

    /// The time of a further batch, at the end of the stream, with what is open, if there is anything.
    fn time_of_rest(&self, close: &Close) -> Option<BatchTime> {
        let has_rest = self.gives_rest(close) && self.held().keys != Some(0);
        has_rest.then(|| self.newest.after(self.interval))
    }

    /// Whether what is open comes out at such an end of the stream.
    fn gives_rest(&self, close: &Close) -> bool {
        // After a stop a checkpoint goes on, with what is open.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        is_final && self.common.emit == Emit::Closed
    }

    /// Gives that batch.
    fn give_rest(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.newest = self.newest.after(self.interval);
        self.close_until(EventTime::MAX, out)
    }

    /// What works for the windows is ended.
    fn close_aggregator(&mut self) -> Result<(), OpError> {
        self.common.making.aggregator.close().map_err(aggregation_failed)
    }
}

impl Operator for EventWindow {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval = head.interval;
        self.has_checkpoint = head.checkpoint().is_some();
        if let Some(timing) = &mut self.timing {
            timing.head(head).map_err(OpError::Usage)?;
            if self.common.emit == Emit::Closed && !timing.has_watermark(head) {
                return Err(OpError::Usage(
                    "windows close as a watermark passes them, and nobody makes one: add --watermark DURATION, how \
                     late a record may come; or --emit changed"
                        .to_owned(),
                ));
            }
        }
        if self.by_batch.as_ref().is_some_and(|layout| !layout.fits(head.interval)) {
            return Err(OpError::Usage(format!("STEP is no multiple of the input's interval {}", head.interval)));
        }
        if self.common.output.is_in_ms() {
            head.set_time(".end - 1");
        }
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let of_batch = self.time_of_batch(block.time);
        let mut grouping = std::mem::replace(&mut self.grouping, Grouping::new(By::Nothing, None));
        let taken = grouping.items(block, out, |item, out| self.take(&item, of_batch, out));
        self.grouping = grouping;
        taken
    }

    fn held(&self) -> Option<Held> {
        Some(self.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.end_batch(time, out)?;
        out.holds(self.held());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        if let Some(time) = self.time_of_rest(close) {
            out.set_time(time);
            self.give_rest(out)?;
            out.holds(self.held());
            out.end(time);
        }
        self.close_aggregator()
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
