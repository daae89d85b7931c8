//! Sessions of keys.
//!
//! In a checkpoint a key's sessions are an entry: `s` key, with what [`Sessions::save`] gives.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::keyed::{Journal, Keyed};
use super::session::{Session, Sessions};
use super::{Common, Emit, Gap, Open};
use crate::agg::Accumulator;
use crate::event::EventTime;
use crate::expr::Program;
use crate::keyed_state::PairOut;
use crate::op::grouping::{Item, aggregation_failed, bad_or_fatal};
use crate::op::key_table::KeyHasher;
use crate::op::{Held, OpError, Out};

/// Sessions by key.
pub(super) struct SessionWindows {
    gap: Gap,
    /// How long a session may be, in ms.
    most_ms: Option<i64>,
    keyed: Keyed<State>,
    /// When a session of a key is over, with the key's index; of one with another end first it says
    /// nothing any more.
    schedule: BinaryHeap<Reverse<(EventTime, u32)>>,
    /// Keys with a record in this batch, each once.
    touched: Vec<u32>,
}

/// What is open of a key.
#[derive(Default)]
struct State {
    sessions: Sessions,
    /// The end of a session that is scheduled.
    next: Option<EventTime>,
    is_touched: bool,
    is_unsaved: bool,
}

/// A session's result, and by what it is ordered.
struct Given {
    start: EventTime,
    end: EventTime,
    index: usize,
    result: Accumulator,
}

impl SessionWindows {
    /// Sessions that are that far apart.
    pub fn new(gap: Gap, most_ms: Option<i64>) -> SessionWindows {
        let (schedule, touched) = (BinaryHeap::new(), Vec::new());
        SessionWindows { gap, most_ms, keyed: Keyed::new(), schedule, touched }
    }

    /// A key's sessions have changed.
    fn changed(&mut self, index: usize, emit: Emit) {
        let state = &mut self.keyed.states[index];
        if let Some(journal) = &mut self.keyed.journal
            && !std::mem::replace(&mut state.is_unsaved, true)
        {
            journal.states.push(index as u32);
        }
        let next = state.sessions.next_end();
        if next != state.next {
            state.next = next;
            if let Some(next) = next.filter(|_| emit != Emit::All) {
                self.schedule.push(Reverse((next, index as u32)));
            }
        }
    }

    /// Lets go of a key's sessions that are over at `until`, and gives their results to `closed`.
    fn close(
        &mut self,
        index: usize,
        until: EventTime,
        common: &mut Common,
        closed: &mut Vec<Given>,
    ) -> Result<(), OpError> {
        let sessions = &mut self.keyed.states[index].sessions.sessions;
        for session in sessions.extract_if(.., |session| session.end <= until) {
            if common.emit == Emit::Closed {
                closed.push(Given::of(&session, index, common)?);
            }
        }
        self.changed(index, common.emit);
        Ok(())
    }

    /// Lets go of a key that has no session any more.
    fn remove_if_idle(&mut self, index: usize) {
        let is_idle = self.keyed.states.get(index).is_some_and(|state| state.sessions.sessions.is_empty());
        if is_idle && self.keyed.keys.contains(index) {
            if let Some(journal) = &mut self.keyed.journal {
                journal.dropped.push(entry_key(self.keyed.keys.normal(index)));
            }
            self.keyed.remove(index);
        }
    }

    /// Gives the sessions of these keys, all or those that have changed.
    fn give_of(
        &mut self,
        keys: impl Iterator<Item = usize>,
        is_changed: bool,
        common: &mut Common,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let mut given = Vec::new();
        for index in keys {
            for session in &mut self.keyed.states[index].sessions.sessions {
                if std::mem::take(&mut session.is_changed) || !is_changed {
                    given.push(Given::of(session, index, common)?);
                }
            }
        }
        given.sort_unstable_by(|one, two| self.as_keys_came(one, two, common));
        self.give(given, false, common, out);
        Ok(())
    }

    fn as_keys_came(&self, one: &Given, two: &Given, common: &Common) -> std::cmp::Ordering {
        common.as_keys_came((one.start, one.index), (two.start, two.index), |index| self.keyed.keys.normal(index))
    }

    /// Gives results, which are in order: by their ends first, or by their starts alone.
    fn give(&self, given: Vec<Given>, by_end: bool, common: &mut Common, out: &mut Out<'_>) {
        for Given { start, end, index, result } in given {
            common.output.set_bounds((start, end));
            let write = |out: &mut Vec<u8>| common.making.aggregator.write(&result, out);
            let order = self.keyed.order(index, common);
            let order = ((if by_end { end } else { 0 }, start), order.bytes());
            common.output.give(self.keyed.keys.written(index), order, write, out);
        }
    }

    /// No key has had a record in the batch that comes.
    fn untouch(&mut self) {
        for index in self.touched.drain(..) {
            if let Some(state) = self.keyed.states.get_mut(index as usize) {
                state.is_touched = false;
            }
        }
    }

    /// Closes the gaps that keys have left, once they are many.
    fn compact(&mut self) {
        if self.keyed.compact() {
            self.schedule_anew();
        }
    }

    fn schedule_anew(&mut self) {
        let entry = |index: usize| Some(Reverse((self.keyed.states[index].next?, index as u32)));
        self.schedule = self.keyed.keys.indexes().filter_map(entry).collect();
    }
}

impl Given {
    fn of(session: &Session, index: usize, common: &mut Common) -> Result<Given, OpError> {
        let result = session.result(&mut common.making.aggregator).map_err(aggregation_failed)?;
        Ok(Given { start: session.start, end: session.end, index, result })
    }
}

impl Open for SessionWindows {
    fn hash_by(&mut self, hasher: &KeyHasher) {
        self.keyed.hash_by(hasher);
    }

    fn add(&mut self, item: &Item<'_>, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        let gap_ms = match &mut self.gap {
            Gap::Fixed(gap_ms) => *gap_ms,
            Gap::Of(program) => match gap_of(program, item.record) {
                Ok(Some(gap_ms)) => gap_ms,
                Ok(None) => return Ok(()),
                Err(reason) => return out.bad_record(item.record, &reason),
            },
        };
        let end = time.saturating_add(gap_ms);
        if common.emit != Emit::All && common.watermark.is_some_and(|watermark| end <= watermark) {
            return common.late(item.record, end, out);
        }
        let (index, is_new) = self.keyed.key(item, common);
        let state = &mut self.keyed.states[index];
        let value = (item.value, item.ranked);
        let added = state.sessions.add((time, gap_ms, self.most_ms), value, &mut common.making.aggregator);
        if let Err(error) = added {
            if is_new {
                self.keyed.remove(index);
            }
            return bad_or_fatal(item.record, &error, out);
        }
        if !std::mem::replace(&mut state.is_touched, true) {
            self.touched.push(index as u32);
        }
        self.changed(index, common.emit);
        Ok(())
    }

    fn give_changed(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        let touched: Vec<usize> = self.touched.iter().map(|index| *index as usize).collect();
        self.untouch();
        self.give_of(touched.into_iter(), true, common, out)
    }

    fn give_all(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        self.untouch();
        let all: Vec<usize> = self.keyed.keys.indexes().collect();
        self.give_of(all.into_iter(), false, common, out)
    }

    fn close_until(&mut self, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError> {
        self.untouch();
        let (mut closed, mut keys) = (Vec::new(), Vec::new());
        while let Some(Reverse((end, index))) = self.schedule.peek().copied()
            && end <= time
        {
            self.schedule.pop();
            let index = index as usize;
            // What has another end first, or has gone, has an entry of its own or needs none.
            if self.keyed.states.get(index).is_some_and(|state| state.next == Some(end)) {
                self.close(index, end, common, &mut closed)?;
                keys.push(index);
            }
        }
        // As they end: in which batch they do must not show.
        closed.sort_unstable_by(|one, two| one.end.cmp(&two.end).then_with(|| self.as_keys_came(one, two, common)));
        self.give(closed, true, common, out);
        // The last first, so that gaps are at the end.
        keys.sort_unstable_by(|one, two| two.cmp(one));
        keys.into_iter().for_each(|index| self.remove_if_idle(index));
        self.compact();
        Ok(())
    }

    /// What is late the watermark says.
    fn pass(&mut self, _: EventTime) {}

    fn held(&self) -> Held {
        Held { keys: Some(self.keyed.keys.len() as u64), records: None, bytes: self.keyed.bytes() }
    }

    fn track(&mut self) {
        self.keyed.journal = Some(Journal::default());
    }

    fn changes(&mut self, common: &Common, out: &mut PairOut<'_>) {
        let mut value = Vec::new();
        for index in self.keyed.changes(out).into_iter().map(|index| index as usize) {
            if let Some(state) = self.keyed.states.get_mut(index).filter(|_| self.keyed.keys.contains(index)) {
                state.is_unsaved = false;
                value.clear();
                state.sessions.save(&common.making.aggregator, &mut value);
                out(&entry_key(self.keyed.keys.normal(index)), Some(&value));
            }
        }
        self.compact();
    }

    fn slice(&mut self, from_start: bool, bytes: usize, common: &Common, out: &mut PairOut<'_>) -> bool {
        self.keyed.slice((from_start, bytes), out, |normal, state, out| {
            let mut value = Vec::new();
            state.sessions.save(&common.making.aggregator, &mut value);
            out(&entry_key(normal), Some(&value));
            normal.len() + value.len()
        })
    }

    fn live_bytes(&self) -> u64 {
        self.keyed.entry_bytes() + self.keyed.keys.len() as u64 * 64
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>, common: &Common) -> Option<()> {
        let (letter, key) = key.split_first()?;
        match (letter, entry) {
            (b'k', entry) => self.keyed.load(key, entry)?,
            (b's', Some(value)) => {
                let sessions = Sessions::load(&common.making.aggregator, value)?;
                let index = self.keyed.loaded(key);
                self.keyed.states[index].sessions = sessions;
            }
            // Gone with its key.
            (b's', None) => {}
            _ => return None,
        }
        Some(())
    }

    fn finish_load(&mut self, _: &Common) -> Result<(), OpError> {
        self.keyed.finish_load()?;
        self.keyed.states.iter_mut().for_each(|state| state.next = state.sessions.next_end());
        self.schedule_anew();
        Ok(())
    }

    fn end_of(&self, prefix: &[u8], value: &[u8], common: &Common) -> Option<EventTime> {
        if prefix == b"s" { Sessions::load(&common.making.aggregator, value)?.next_end() } else { None }
    }

    fn loaded(&mut self, key: &[u8], _: EventTime, _: &Common) -> Option<()> {
        let index = self.keyed.keys.find_normal(key)?;
        let state = &mut self.keyed.states[index];
        state.next = state.sessions.next_end();
        self.schedule.extend(state.next.map(|next| Reverse((next, index as u32))));
        Some(())
    }

    fn forget(&mut self) {
        self.keyed.forget();
        self.schedule.clear();
        self.touched.clear();
    }
}

fn entry_key(normal: &[u8]) -> Vec<u8> {
    [b"s", normal].concat()
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
