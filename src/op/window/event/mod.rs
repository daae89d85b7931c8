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
mod keyed;
mod layout;
mod output;
mod pane;
mod panes;
mod part;
mod roll;
mod saved;
mod session;
mod sessions;
mod sliding;
#[cfg(test)]
mod tests;
mod tumbling;

pub use layout::Layout;
pub use output::TimeOutput;

use std::cmp::Ordering;

use crate::agg::Aggregator;
use crate::event::{EventTime, Timing};
use crate::expr::Program;
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};
use crate::interval::Interval;
use crate::keyed_state::PairOut;
use crate::op::durable::Durable;
use crate::op::grouping::{Grouping, Item, aggregation_failed};
use crate::op::timed::time_of;
use crate::op::{Held, OpError, Operator, Out};
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

/// Windows of one kind that are open, with what has come into them.
trait Open {
    /// Adds a value to the windows that hold its time.
    fn add(&mut self, item: &Item<'_>, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError>;

    /// Gives the windows that the batch changed, in order of time.
    fn give_changed(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError>;

    /// Gives every window there is, in order of time.
    fn give_all(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The watermark has come to `time`: what it closes is given, if that is wanted, and let go.
    fn close_until(&mut self, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError>;

    /// How much is kept.
    fn held(&self) -> Held;

    /// As [`Durable::track`].
    fn track(&mut self);

    /// As [`KeyedState::changes`](crate::keyed_state::KeyedState::changes).
    fn changes(&mut self, common: &Common, out: &mut PairOut<'_>);

    /// As [`KeyedState::slice`](crate::keyed_state::KeyedState::slice).
    fn slice(&mut self, from_start: bool, bytes: usize, common: &Common, out: &mut PairOut<'_>) -> bool;

    /// As [`KeyedState::live_bytes`](crate::keyed_state::KeyedState::live_bytes).
    fn live_bytes(&self) -> u64;

    /// As [`Durable::load`]; none if it is no such entry.
    fn load(&mut self, key: &[u8], entry: Option<&[u8]>, common: &Common) -> Option<()>;

    /// As [`Durable::finish_load`].
    fn finish_load(&mut self, common: &Common) -> Result<(), OpError>;
}

/// What windows of all kinds need.
struct Common {
    emit: Emit,
    making: Making,
    output: Output,
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
            common: Common { emit, making, output, has_times, watermark: None, arrivals: 0, sequence: 0 },
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
        let EventWindow { timing, grouping, open, common, .. } = self;
        let of_batch = i64::try_from(self.interval.begin(block.time.0)).unwrap_or(i64::MAX);
        grouping.items(block, out, |item, out| {
            let time = match timing {
                Some(timing) => match time_of(timing, item.record, out)? {
                    Some(time) => time,
                    None => return Ok(()),
                },
                None => of_batch,
            };
            open.add(&item, time, common, out)
        })
    }

    fn held(&self) -> Option<Held> {
        Some(self.held())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.common.emit == Emit::Changed {
            self.open.give_changed(&mut self.common, out)?;
        }
        if let Some(timing) = &mut self.timing {
            let watermark = timing.watermarks.end(time, out.watermark());
            out.set_watermark(watermark);
        }
        self.newest = time;
        self.see_watermark();
        if self.common.emit == Emit::All {
            self.open.give_all(&mut self.common, out)?;
        } else if let Some(watermark) = self.common.watermark {
            self.open.close_until(watermark, &mut self.common, out)?;
        }
        out.holds(self.held());
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        // After a stop a checkpoint goes on, with what is open.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        if is_final && self.common.emit == Emit::Closed && self.held().keys != Some(0) {
            let time = self.newest.after(self.interval);
            out.set_time(time);
            self.open.close_until(EventTime::MAX, &mut self.common, out)?;
            self.newest = time;
            out.holds(self.held());
            out.end(time);
        }
        self.common.making.aggregator.close().map_err(aggregation_failed)
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
