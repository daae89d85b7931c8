//! What a checkpoint needs of records beyond memory: what changed, as of any batch, and which files the store has.

use std::io;
use std::sync::Arc;

use super::super::entry::{each as each_record, least_of};
use super::super::saved::{HEADER, place_of, read_record};
use super::super::side::Record;
use super::{LargeIntervalJoin, SHARE, damaged};
use crate::event::{EventTime, ordered};
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::large::{Asked, Ends, temporary};
use crate::store::sorter::Sorter;
use crate::store::{Files, Wanted};

impl KeyedState for LargeIntervalJoin {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        self.join.changes(&mut self.kept.counted(out))
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        self.join.slice(from_start, bytes, out)
    }

    fn live_bytes(&self) -> u64 {
        self.join.live_bytes() + self.kept.store.bytes()
    }

    fn has_files(&self) -> bool {
        !self.kept.store.is_empty()
    }

    fn files(&mut self) -> io::Result<Option<Vec<u8>>> {
        if !self.kept.has_spilled() || !self.kept.is_due() {
            return Ok(None);
        }
        self.flush().map_err(io::Error::other)?;
        self.kept.tell(&[]).map(Some)
    }
}

/// Records that were loaded, with their sides and keys, which are put into memory together.
#[derive(Default)]
struct Loaded {
    records: Vec<(usize, Vec<u8>, Record)>,
    bytes: usize,
}

impl LargeIntervalJoin {
    /// Puts into memory what was loaded, with what the store has of its keys.
    fn take_up(&mut self, loaded: Loaded) -> Result<(), OpError> {
        let mut wanted = Wanted::default();
        loaded.records.iter().for_each(|(_, key, _)| self.asked.want(key, &mut wanted));
        self.read(wanted)?;
        loaded.records.into_iter().for_each(|(side, key, record)| self.join.put(side, &key, record));
        self.make_room()
    }

    /// Takes up all that was loaded, which is sorted by its numbers: of each record the last word counts.
    fn take_up_all(&mut self) -> Result<(), OpError> {
        let loading = std::mem::replace(&mut self.loading, Sorter::new(temporary(), self.memory / SHARE));
        let mut loaded = Loaded::default();
        loading.drain(&mut |number, side, value| {
            // None was said of one that has gone.
            let (Some(&side), Some((_, value))) = (side.first(), value.split_first()) else { return Ok(()) };
            let (side, saved) = (usize::from(side), read_record(value).ok_or_else(damaged)?);
            if self.join.is_gone(side, number, saved.time, self.passed.0) {
                return Ok(());
            }
            let (key, record) = saved.record(number, self.join.are_nulls_apart);
            loaded.bytes += key.len() + value.len();
            loaded.records.push((side, key, record));
            match loaded.bytes > self.kept.share(8) {
                true => self.take_up(std::mem::take(&mut loaded)),
                false => Ok(()),
            }
        })?;
        self.take_up(loaded)
    }

    /// Counts what the store has, which is all there is, and when something comes out of it.
    fn count_all(&mut self) -> Result<(), OpError> {
        self.flush()?;
        let LargeIntervalJoin { join, memory, kept, passed: (passed, _), .. } = self;
        let memory = *memory / SHARE;
        let (mut ends, mut due) = ([Ends::new(memory), Ends::new(memory)], Sorter::new(temporary(), memory));
        let mut is_whole = true;
        kept.store.each(&mut |key, entry| {
            let (mut alone, mut counted) = (None::<EventTime>, Ok(()));
            let read = each_record(entry, &mut |waits| {
                let (side, time) = (waits.side, waits.time);
                if join.is_gone(side, waits.number, time, *passed) {
                    return;
                }
                alone = least_of(alone, join.alone_at(side, time, waits.has_met));
                if counted.is_ok() {
                    counted = ends[side].add(join.over_at(side, time));
                }
            });
            is_whole &= read.is_some();
            counted?;
            alone.map_or(Ok(()), |alone| due.push(ordered(alone), key, &[]))
        })?;
        (join.ends, self.due) = (Some(ends), due);
        if is_whole { Ok(()) } else { Err(damaged()) }
    }
}

impl Durable for LargeIntervalJoin {
    fn track(&mut self, is_restored: bool) {
        self.join.track(is_restored);
    }

    fn keep_in(&mut self, files: Arc<dyn Files>) {
        self.kept.keep_in(files);
    }

    fn load_files(&mut self, bytes: &[u8]) -> Result<bool, OpError> {
        let [] = self.kept.load(bytes)?;
        self.asked = Asked::default();
        Ok(true)
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        if key == HEADER {
            return self.join.load(key, entry);
        }
        let (side, number) = place_of(key).ok_or_else(damaged)?;
        let value = entry.map(|entry| [&[0], entry].concat()).unwrap_or_default();
        Ok(self.loading.push(number, &[side as u8], &value)?)
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        self.join.finish_load()?;
        self.passed = (self.join.watermark, self.join.arrivals);
        self.take_up_all()?;
        if self.kept.has_spilled() { self.count_all() } else { Ok(()) }
    }
}
