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
//! Cost: a record is added to one pane, a window that closes is made of what came and left since the
//! one before, and a key that has nothing open is gone.

mod layout;
mod output;
mod panes;
mod saved;
mod sessions;
#[cfg(test)]
mod tests;

pub use layout::{Extent, Layout};
pub use output::TimeOutput;

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashSet};

use crate::agg::{Aggregation, Aggregator};
use crate::event::{EventTime, Timing};
use crate::expr::Program;
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};
use crate::op::durable::Durable;
use crate::op::grouping::{By, Grouping, Item, aggregation_failed, bad_or_fatal};
use crate::op::key_table::KeyTable;
use crate::op::{Held, OpError, Operator, Out};
use output::Output;
use panes::{Listing, Making, Panes};
use saved::Journal;
use sessions::Sessions;

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
    windows: Windows,
    timing: Option<Timing>,
    emit: Emit,
    grouping: Grouping,
    aggregator: Aggregator,
    listing: Listing,
    output: Output,
    keys: KeyTable,
    /// What is known of each key, by its index.
    states: Vec<KeyState>,
    /// When something of a key is over: the time, its index, and which window that is; of a key
    /// with another window next it says nothing any more.
    schedule: BinaryHeap<Reverse<(EventTime, u32, i64)>>,
    /// Windows that the batch has changed, with their keys.
    changed: HashSet<(i64, u32)>,
    /// How many values have come.
    arrivals: u64,
    next_sequence: u64,
    panes: u64,
    /// The first window that is open.
    first_open: Option<i64>,
    interval_ms: u64,
    newest: BatchTime,
    has_checkpoint: bool,
    journal: Option<Journal>,
}

/// What is known of a key.
struct KeyState {
    panes: Panes,
    sessions: Sessions,
    /// The window that is scheduled, or the end of a session.
    next: i64,
    /// Keys are ordered by it.
    sequence: u64,
}

/// Nothing is scheduled.
const NEVER: i64 = i64::MAX;

impl EventWindow {
    /// As it is told.
    pub fn new(options: Options) -> EventWindow {
        let Options { windows, timing, emit, grouping, aggregator, time_output } = options;
        // Panes are in order of time: what goes by the order of arrival is listed.
        let has_panes = matches!(&windows, Windows::Paned(layout) if layout.has_panes());
        let listing = match aggregator.aggregation() {
            Some(Aggregation::First) if has_panes => Listing::First,
            Some(Aggregation::Last) if has_panes => Listing::Last,
            Some(Aggregation::Collect) if has_panes => Listing::All,
            _ => Listing::None,
        };
        EventWindow {
            windows,
            timing,
            emit,
            grouping,
            aggregator,
            listing,
            output: Output::new(time_output),
            keys: KeyTable::new(),
            states: Vec::new(),
            schedule: BinaryHeap::new(),
            changed: HashSet::new(),
            arrivals: 0,
            next_sequence: 0,
            panes: 0,
            first_open: None,
            interval_ms: 1,
            newest: BatchTime::default(),
            has_checkpoint: false,
            journal: None,
        }
    }

    /// The watermark as of the batch before.
    fn watermark(&self) -> Option<EventTime> {
        match &self.timing {
            Some(timing) => timing.watermarks.current().map(|Watermark(ms)| ms),
            None => i64::try_from(self.newest.0).ok().filter(|_| self.newest.0 > 0),
        }
    }

    /// Adds a record to the windows that hold it.
    fn take(&mut self, item: Item<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let time = match &mut self.timing {
            Some(timing) => match timing.read(item.record) {
                Ok(time) => {
                    timing.watermarks.observe(time);
                    time
                }
                Err(reason) => return out.bad_record(item.record, &reason.to_string()),
            },
            None => i64::try_from(out.time().0.saturating_sub(self.interval_ms)).unwrap_or(i64::MAX),
        };
        match self.windows {
            Windows::Paned(_) => self.take_in_pane(item, time, out),
            Windows::Sessions { .. } => self.take_in_session(item, time, out),
        }
    }

    fn take_in_pane(&mut self, item: Item<'_>, time: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let Windows::Paned(layout) = &self.windows else { return Ok(()) };
        let number = layout.pane(time);
        // In a gap between two windows it is in none.
        let Some((first, last)) = layout.windows(number) else { return Ok(()) };
        let first = first.max(self.first_open.unwrap_or(i64::MIN));
        if first > last {
            let (_, end) = layout.bounds(last);
            return self.late(item.record, end, out);
        }
        let (index, is_new) = self.key(&item);
        let state = &mut self.states[index];
        let mut making = Making { aggregator: &mut self.aggregator, listing: self.listing };
        let before = state.panes.panes.len();
        let pane = state.panes.pane(number, &making);
        self.arrivals += 1;
        if let Err(error) = pane.part.add(&mut making, self.arrivals, item.value, item.ranked) {
            if state.panes.panes.len() > before {
                state.panes.remove(number);
            }
            if is_new {
                self.remove_key(index);
            }
            return bad_or_fatal(item.record, &error, out);
        }
        if let Some(journal) = &mut self.journal
            && !std::mem::replace(&mut pane.is_changed, true)
        {
            journal.pane(index, number);
        }
        pane.first = pane.first.min(time);
        self.panes += (state.panes.panes.len() - before) as u64;
        match self.emit {
            Emit::Closed => self.schedule(index, first),
            Emit::Changed => {
                self.changed.extend((first..=last).map(|window| (window, index as u32)));
                let oldest = self.states[index].panes.panes.front().map_or(number, |pane| pane.number);
                let Windows::Paned(layout) = &self.windows else { return Ok(()) };
                if let Some((_, last)) = layout.windows(oldest) {
                    self.schedule(index, last);
                }
            }
            Emit::All => {}
        }
        Ok(())
    }

    fn take_in_session(&mut self, item: Item<'_>, time: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let Windows::Sessions { gap, most_ms } = &mut self.windows else { return Ok(()) };
        let gap_ms = match gap {
            Gap::Fixed(gap_ms) => *gap_ms,
            Gap::Of(program) => match gap_of(program, item.record) {
                Ok(Some(gap_ms)) => gap_ms,
                Ok(None) => return Ok(()),
                Err(reason) => return out.bad_record(item.record, &reason),
            },
        };
        let (end, most_ms) = (time.saturating_add(gap_ms), *most_ms);
        if self.emit != Emit::All && self.watermark().is_some_and(|watermark| end <= watermark) {
            return self.late(item.record, end, out);
        }
        let (index, is_new) = self.key(&item);
        let mut making = Making { aggregator: &mut self.aggregator, listing: self.listing };
        let value = (item.value, item.ranked);
        let added = self.states[index].sessions.add((time, gap_ms, most_ms), value, &mut making);
        if let Err(error) = added {
            if is_new {
                self.remove_key(index);
            }
            return bad_or_fatal(item.record, &error, out);
        }
        if let Some(journal) = &mut self.journal {
            journal.sessions(index);
        }
        self.changed.insert((0, index as u32));
        self.schedule_session(index);
        Ok(())
    }

    fn late(&self, record: &[u8], end: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let watermark = self.watermark().unwrap_or_default();
        out.late_record(record, &format!("its window ended at {end}, and the watermark is at {watermark}"))
    }

    /// The index of an item's key, and whether it is new.
    fn key(&mut self, item: &Item<'_>) -> (usize, bool) {
        let (index, is_new) =
            if item.is_normal { self.keys.insert_within(item.key, item.outer) } else { self.keys.insert(item.key) };
        if is_new {
            let (panes, sessions) = (Panes::default(), Sessions::default());
            let state = KeyState { panes, sessions, next: NEVER, sequence: self.next_sequence };
            self.next_sequence += 1;
            // Behind gaps that were left at the end.
            self.states.truncate(index);
            self.states.push(state);
            if let Some(journal) = &mut self.journal {
                journal.key(index);
            }
        }
        (index, is_new)
    }

    fn remove_key(&mut self, index: usize) {
        if let Some(journal) = &mut self.journal {
            journal.dropped_key(self.keys.normal(index));
        }
        self.keys.remove(index);
        self.states[index].next = NEVER;
        self.states.truncate(self.keys.end());
    }

    /// Notes that a key has a window that is over when it ends.
    fn schedule(&mut self, index: usize, window: i64) {
        let Windows::Paned(layout) = &self.windows else { return };
        let state = &mut self.states[index];
        if window < state.next {
            state.next = window;
            self.schedule.push(Reverse((layout.bounds(window).1, index as u32, window)));
        }
    }

    fn schedule_session(&mut self, index: usize) {
        let state = &mut self.states[index];
        let next = state.sessions.next_end().unwrap_or(NEVER);
        if next != state.next {
            state.next = next;
            if next != NEVER && self.emit != Emit::All {
                self.schedule.push(Reverse((next, index as u32, next)));
            }
        }
    }

    /// The watermark has come to `time`: what it closes is given, if that is wanted, and let go.
    fn close_until(&mut self, time: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut closed = Vec::new();
        let mut together: Vec<(EventTime, usize, i64)> = Vec::new();
        while let Some(Reverse((end, index, window))) = self.schedule.peek().copied()
            && end <= time
        {
            self.schedule.pop();
            let index = index as usize;
            // What has another window next, or has gone, has an entry of its own or needs none.
            if self.states.get(index).is_some_and(|state| state.next == window) && self.keys.contains(index) {
                match &self.windows {
                    Windows::Paned(layout) => {
                        let first = self.states[index].panes.first_time(layout.panes(window).0);
                        together.push((first, index, window));
                    }
                    Windows::Sessions { .. } => self.close_sessions(index, end, &mut closed)?,
                }
            }
            // Windows that end at the same time are the same window of several keys.
            if self.schedule.peek().is_none_or(|Reverse((next, ..))| *next != end) {
                together.sort_unstable_by(|one, two| self.as_keys_came((one.0, one.1), (two.0, two.1)));
                // A window may be scheduled twice.
                together.dedup();
                together.drain(..).try_for_each(|(_, index, window)| self.close_window(index, window, out))?;
            }
        }
        // As they end: in which batch they do must not show.
        closed.sort_unstable_by(|one, two| {
            one.2.cmp(&two.2).then_with(|| self.as_keys_came((one.0, one.1), (two.0, two.1)))
        });
        for (start, index, end, result) in closed {
            self.output.give(self.keys.written(index), (start, end), &result, &self.aggregator, out);
        }
        self.remove_idle_sessions();
        Ok(())
    }

    /// The order of two keys in a window, or of two sessions, by the first time in it and the key's index: as they
    /// came first by their own time, so that results do not depend on the order of arrival.
    fn as_keys_came(&self, one: (EventTime, usize), two: (EventTime, usize)) -> Ordering {
        let by_key = || match self.timing {
            Some(_) => self.keys.normal(one.1).cmp(self.keys.normal(two.1)),
            // A batch's records are all of one time.
            None => one.1.cmp(&two.1),
        };
        one.0.cmp(&two.0).then_with(by_key)
    }

    fn close_window(&mut self, index: usize, window: i64, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.emit == Emit::Closed {
            self.give_window(index, window, out)?;
        }
        let Windows::Paned(layout) = &self.windows else { return Ok(()) };
        let state = &mut self.states[index];
        let mut gone = 0;
        let journal = &mut self.journal;
        let normal = self.keys.normal(index);
        // The next window needs no pane before its own; one that only others needed goes too.
        let first = layout.panes(window + 1).0;
        state.panes.drop_before(first, |pane| {
            gone += 1;
            if let Some(journal) = journal {
                journal.dropped_pane(normal, &pane);
            }
        });
        self.panes -= gone;
        state.next = NEVER;
        let next = state.panes.panes.front().and_then(|pane| layout.windows(pane.number));
        match (next, self.emit) {
            (None, _) => self.remove_key(index),
            (Some((first, _)), Emit::Closed) => self.schedule(index, first.max(window + 1)),
            (Some((_, last)), _) => self.schedule(index, last),
        }
        Ok(())
    }

    /// Gives the result of a key's window, if it has any.
    fn give_window(&mut self, index: usize, window: i64, out: &mut Out<'_>) -> Result<(), OpError> {
        let Windows::Paned(layout) = &self.windows else { return Ok(()) };
        let (first, end) = layout.panes(window);
        let mut making = Making { aggregator: &mut self.aggregator, listing: self.listing };
        let result = self.states[index].panes.result(first, end, &mut making).map_err(aggregation_failed)?;
        if let Some(result) = result {
            let bounds = layout.bounds(window);
            self.output.give(self.keys.written(index), bounds, &result, &self.aggregator, out);
        }
        Ok(())
    }

    #[allow(clippy::type_complexity)] // start, key, end, result
    fn close_sessions(
        &mut self,
        index: usize,
        until: EventTime,
        closed: &mut Vec<(EventTime, usize, EventTime, crate::agg::Accumulator)>,
    ) -> Result<(), OpError> {
        let mut making = Making { aggregator: &mut self.aggregator, listing: self.listing };
        let state = &mut self.states[index];
        let mut failed = None;
        state.sessions.sessions.retain(|session| {
            if session.end > until {
                return true;
            }
            match session.result(&mut making) {
                Ok(result) => closed.push((session.start, index, session.end, result)),
                Err(error) => failed = Some(error),
            }
            false
        });
        if self.emit != Emit::Closed {
            closed.clear();
        }
        if let Some(journal) = &mut self.journal {
            journal.sessions(index);
        }
        self.changed.insert((0, index as u32));
        state.next = NEVER;
        self.schedule_session(index);
        failed.map_or(Ok(()), |error| Err(aggregation_failed(error)))
    }

    /// Lets the keys go that have no session any more.
    fn remove_idle_sessions(&mut self) {
        if matches!(self.windows, Windows::Paned(_)) {
            return;
        }
        let mut changed: Vec<u32> = self.changed.drain().map(|(_, index)| index).collect();
        changed.sort_unstable_by_key(|index| Reverse(*index));
        for index in changed {
            let index = index as usize;
            let is_idle = self.states.get(index).is_some_and(|state| state.sessions.sessions.is_empty());
            if is_idle && self.keys.contains(index) {
                self.remove_key(index);
            }
        }
    }

    /// Gives the windows that the batch changed, before any of them closes.
    fn give_changed(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut changed: Vec<(i64, u32)> = self.changed.iter().copied().collect();
        changed.sort_unstable();
        match self.windows {
            Windows::Paned(_) => {
                self.changed.clear();
                let changed = changed.into_iter().map(|(window, index)| (window, index as usize)).collect();
                self.give_windows(changed, out)
            }
            Windows::Sessions { .. } => {
                let keys = changed.into_iter().map(|(_, index)| index as usize).collect();
                self.give_sessions(keys, true, out)
            }
        }
    }

    /// Gives the sessions of these keys, all or those that have changed, by their beginnings.
    fn give_sessions(&mut self, keys: Vec<usize>, is_changed: bool, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut given = Vec::new();
        let mut making = Making { aggregator: &mut self.aggregator, listing: self.listing };
        for index in keys {
            for session in &mut self.states[index].sessions.sessions {
                if std::mem::take(&mut session.is_changed) || !is_changed {
                    let result = session.result(&mut making).map_err(aggregation_failed)?;
                    given.push((session.start, index, session.end, result));
                }
            }
        }
        given.sort_unstable_by(|one, two| self.as_keys_came((one.0, one.1), (two.0, two.1)));
        for (start, index, end, result) in given {
            self.output.give(self.keys.written(index), (start, end), &result, &self.aggregator, out);
        }
        Ok(())
    }

    /// Gives every window there is.
    fn give_all(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        let indexes: Vec<usize> = self.keys.indexes().collect();
        let Windows::Paned(layout) = &self.windows else { return self.give_sessions(indexes, false, out) };
        let mut all: Vec<(i64, usize)> = Vec::new();
        for index in indexes {
            let mut next = i64::MIN;
            for pane in &self.states[index].panes.panes {
                if let Some((first, last)) = layout.windows(pane.number) {
                    all.extend((first.max(next)..=last).map(|window| (window, index)));
                    next = next.max(last + 1);
                }
            }
        }
        self.give_windows(all, out)
    }

    /// Gives windows in order of time.
    fn give_windows(&mut self, windows: Vec<(i64, usize)>, out: &mut Out<'_>) -> Result<(), OpError> {
        let Windows::Paned(layout) = &self.windows else { return Ok(()) };
        let first = |(window, index): (i64, usize)| self.states[index].panes.first_time(layout.panes(window).0);
        let mut ordered: Vec<(i64, EventTime, usize)> =
            windows.into_iter().map(|window| (window.0, first(window), window.1)).collect();
        ordered.sort_unstable_by(|one, two| {
            one.0.cmp(&two.0).then_with(|| self.as_keys_came((one.1, one.2), (two.1, two.2)))
        });
        ordered.into_iter().try_for_each(|(window, _, index)| self.give_window(index, window, out))
    }

    /// Gives every window that is open, outside of any batch: for those who look into a checkpoint.
    pub fn show(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.give_all(out)?;
        out.finish_block();
        Ok(())
    }

    fn held(&self) -> Held {
        let states = self.states.len() * size_of::<KeyState>();
        Held {
            keys: Some(self.keys.len() as u64),
            records: None,
            bytes: (self.keys.bytes() + states) as u64 + self.panes * size_of::<panes::Pane>() as u64,
        }
    }

    /// Closes the gaps that keys have left, once they are many.
    fn compact(&mut self) {
        if !self.keys.is_sparse() || self.journal.as_ref().is_some_and(Journal::has_changes) {
            return;
        }
        let order = self.keys.compact();
        self.reorder_states(&order);
    }

    fn reorder_states(&mut self, order: &[u32]) {
        let mut states: Vec<Option<KeyState>> = std::mem::take(&mut self.states).into_iter().map(Some).collect();
        self.states = order.iter().filter_map(|from| states.get_mut(*from as usize)?.take()).collect();
        self.schedule_anew();
    }

    /// Fills the schedule from what is known of the keys.
    fn schedule_anew(&mut self) {
        let entries = self.keys.indexes().filter_map(|index| {
            let next = self.states[index].next;
            let end = match &self.windows {
                Windows::Paned(layout) if next != NEVER => layout.bounds(next).1,
                _ => next,
            };
            (next != NEVER).then_some(Reverse((end, index as u32, next)))
        });
        self.schedule = entries.collect();
    }
}

/// The gap behind a record; none if there is to be none.
fn gap_of(program: &mut Program, record: &[u8]) -> Result<Option<i64>, String> {
    let mut gaps = Vec::new();
    program.run(record, &[], &mut |gap| gaps.push(gap.to_vec())).map_err(|error| format!("--session: {error}"))?;
    let gap = match &gaps[..] {
        [gap] if gap == b"null" => return Ok(None),
        [gap] => std::str::from_utf8(gap).ok().and_then(|gap| gap.parse::<f64>().ok()),
        _ => None,
    };
    let wanted = || format!("--session {}: the gap of a record is a number of ms", program.source());
    // Less than a millisecond, or nothing, is no gap.
    let ms = gap.filter(|gap| gap.is_finite()).ok_or_else(wanted)?.floor();
    Ok((ms >= 1.0).then_some(ms as i64))
}

impl Operator for EventWindow {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval_ms = head.interval_ms;
        self.has_checkpoint = head.checkpoint().is_some();
        if let Some(timing) = &mut self.timing {
            timing.head(head).map_err(OpError::Usage)?;
            if self.emit == Emit::Closed && !timing.has_watermark(head) {
                return Err(OpError::Usage(
                    "windows close as a watermark passes them, and nobody makes one: add --watermark DURATION, how \
                     late a record may come; or --emit changed"
                        .to_owned(),
                ));
            }
        } else if let Windows::Paned(layout) = &self.windows
            && let (0, width_ms) = layout.bounds(0)
            && !width_ms.unsigned_abs().is_multiple_of(head.interval_ms)
        {
            let interval = crate::duration::show_ms(head.interval_ms);
            return Err(OpError::Usage(format!("STEP is no multiple of the input's interval {interval}")));
        }
        if self.output.is_in_ms() {
            head.set_time(".end - 1");
        }
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut grouping = std::mem::replace(&mut self.grouping, Grouping::new(By::Nothing, None));
        let result = grouping.items(block, out, |item, out| self.take(item, out));
        self.grouping = grouping;
        result
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let has_records = !self.changed.is_empty();
        if self.emit == Emit::Changed && has_records {
            self.give_changed(out)?;
        }
        if let Some(timing) = &mut self.timing {
            let watermark = timing.watermarks.end(time, out.watermark());
            out.set_watermark(watermark);
        }
        self.newest = time;
        let watermark = self.watermark();
        if self.emit == Emit::All {
            self.changed.clear();
            self.give_all(out)?;
        } else if let Some(watermark) = watermark {
            self.close_until(watermark, out)?;
            if let Windows::Paned(layout) = &self.windows {
                self.first_open = Some(layout.first_open(watermark));
            }
        }
        if let Windows::Sessions { .. } = self.windows {
            self.remove_idle_sessions();
        }
        out.holds(self.held());
        self.compact();
        out.end(time);
        Ok(())
    }

    fn close(&mut self, close: &Close, out: &mut Out<'_>) -> Result<(), OpError> {
        // After a stop a checkpoint goes on, with what is open.
        let is_final = !self.has_checkpoint || close.reason == Reason::Eof;
        if is_final && self.emit == Emit::Closed && !self.keys.is_empty() {
            let time = self.newest.after(self.interval_ms);
            out.set_time(time);
            self.close_until(EventTime::MAX, out)?;
            self.newest = time;
            out.holds(self.held());
            out.end(time);
        }
        self.aggregator.close().map_err(aggregation_failed)
    }

    fn durable(&mut self) -> Option<&mut dyn Durable> {
        Some(self)
    }
}
