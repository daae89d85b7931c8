//! Keys that time out, of which some are on disk. Each of these waits in a sorter, under a time when it had a value;
//! it is looked at when that is long enough ago, and waits on if it had a later one.

use super::LargeState;
use crate::agg::saved::{push_bytes, push_number, take_bytes, take_number};
use crate::event::ordered;
use crate::frame::{BatchTime, Block, Watermark};
use crate::op::large::temporary;
use crate::op::state::Emit;
use crate::op::{Downstream, OpError, Out};
use crate::store::Wanted;
use crate::store::sorter::Sorter;

impl LargeState {
    /// As [`State::timed_end`](crate::op::state::State).
    pub(super) fn timed_end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(timing) = &mut self.state.timing else { return Ok(()) };
        let watermark = timing.watermarks.end(time, out.watermark());
        out.set_watermark(watermark);
        let is_all = self.state.emit == Emit::All;
        if !is_all {
            self.give(out)?;
        }
        if let Some(Watermark(watermark)) = watermark {
            self.time_out(ordered(watermark), out)?;
        }
        if is_all { self.give(out) } else { Ok(()) }
    }

    /// Keys that come to disk for the first time wait there.
    pub(super) fn note_due(&mut self) -> Result<(), OpError> {
        let LargeState { state, due, mark, .. } = self;
        let entries = &state.entries;
        let Some(timeouts) = &entries.timeouts else { return Ok(()) };
        for index in entries.keys.indexes().filter(|&index| entries.place(index) >= *mark) {
            due.push(timeouts.last_ms(index), entries.keys.normal(index), &[])?;
        }
        Ok(())
    }

    /// Drops the keys that time out, and emits them if they are what is wanted.
    pub(super) fn time_out(&mut self, now: u64, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.kept.store.is_empty() {
            self.state.time_out(now, out);
            return Ok(());
        }
        let Some(timeouts) = &self.state.entries.timeouts else { return Ok(()) };
        let to = now.saturating_sub(timeouts.after_ms());
        let mut given = Sorter::new(temporary(), self.memory / 16);
        loop {
            let mut keys = Vec::new();
            let has_more = self.due.pop(to, self.kept.at_once(), &mut |_, key| push_bytes(key, &mut keys))?;
            self.note_dropped();
            let mut wanted = Wanted::default();
            each(&keys, &mut |key| {
                self.want(key, &mut wanted);
                Ok(())
            })?;
            self.read(&mut wanted)?;
            let LargeState { state, due, .. } = self;
            each(&keys, &mut |key| {
                let Some(index) = state.entries.keys.find_normal(key) else { return Ok(()) };
                let last_ms = state.entries.timeouts.as_ref().map_or(0, |timeouts| timeouts.last_ms(index));
                if last_ms >= to { Ok(due.push(last_ms, key, &[])?) } else { Ok(()) }
            })?;
            self.drop_expired(now, &mut given)?;
            self.make_room()?;
            if !has_more {
                break;
            }
        }
        given.drain(&mut |_, _, mut rest| {
            if let Ok(records) = take_number(&mut rest) {
                out.records(records, rest);
            }
            Ok(())
        })
    }

    /// Drops those that are in memory; what is to come out of them goes to `given`.
    fn drop_expired(&mut self, now: u64, given: &mut Sorter) -> Result<(), OpError> {
        let (entries, emit) = (&mut self.state.entries, self.state.emit);
        for index in entries.expired(now) {
            let index = index as usize;
            if emit == Emit::Timeout {
                let mut record = Record::default();
                let mut out = Out::new(&mut record);
                entries.give(index, &mut out);
                out.finish_block();
                let mut rest = Vec::new();
                push_number(record.records, &mut rest);
                rest.extend_from_slice(&record.bytes);
                given.push(entries.place(index), &[], &rest)?;
            }
            entries.drop(index);
        }
        Ok(())
    }
}

fn each(mut keys: &[u8], give: &mut dyn FnMut(&[u8]) -> Result<(), OpError>) -> Result<(), OpError> {
    while let Ok(key) = take_bytes(&mut keys) {
        give(key)?;
    }
    Ok(())
}

/// What comes out of one key.
#[derive(Default)]
struct Record {
    bytes: Vec<u8>,
    records: u64,
}

impl Downstream for Record {
    fn block(&mut self, block: Block<'_>) {
        self.bytes.extend_from_slice(block.bytes);
        self.records += block.records;
    }

    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn bad_record(&mut self, _: BatchTime, _: &[u8], _: &str) -> Result<(), OpError> {
        Ok(())
    }
}
