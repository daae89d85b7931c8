//! What a checkpoint has of the keys that are known: each with the time of its first record, if it is forgotten some day.

use std::io;

use super::{Dedup, Journal, WATERMARK};
use crate::event::EventTime;
use crate::frame::Watermark;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;

impl Dedup {
    fn load_watermark(&mut self, saved: &[u8]) -> Option<()> {
        self.passed = match &mut self.memory.timing {
            None => Some(EventTime::from_le_bytes(saved.try_into().ok()?)),
            Some(timing) => {
                timing.watermarks.load(saved).then_some(())?;
                timing.watermarks.current().map(|Watermark(ms)| ms)
            }
        };
        Some(())
    }

    fn give_watermark(&self, out: &mut PairOut<'_>) {
        if let Some(timing) = &self.memory.timing {
            let mut saved = Vec::new();
            timing.watermarks.save(&mut saved);
            out(WATERMARK, Some(&saved));
        }
    }

    /// Gives a key, in normal form, and the time of its first record.
    fn give_key(&self, index: usize, out: &mut PairOut<'_>) {
        let time = self.times.get(index).map(|time| time.to_le_bytes());
        out(self.keys.normal(index), Some(time.as_ref().map_or(&[][..], |time| time)));
    }
}

impl KeyedState for Dedup {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        // A key that was forgotten and came again is new, so what is forgotten goes first.
        journal.dropped.drain(..).for_each(|key| out(&key, None));
        let new_from = std::mem::replace(&mut journal.new_from, self.keys.end());
        for index in (new_from..self.keys.end()).filter(|index| self.keys.contains(*index)) {
            self.give_key(index, out);
        }
        self.give_watermark(out);
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        let slice_at = self.journal.as_ref().map_or(0, |journal| journal.slice_at);
        let mut index = if from_start { 0 } else { slice_at };
        let mut given = 0;
        while index < self.keys.end() && given < bytes {
            if self.keys.contains(index) {
                given += self.keys.normal(index).len() + size_of::<EventTime>();
                self.give_key(index, out);
            }
            index += 1;
        }
        self.give_watermark(out);
        if let Some(journal) = &mut self.journal {
            journal.slice_at = index;
        }
        index >= self.keys.end()
    }

    fn live_bytes(&self) -> u64 {
        (self.keys.key_bytes() + self.keys.len() * size_of::<EventTime>()) as u64
    }
}

impl Durable for Dedup {
    fn track(&mut self, _is_restored: bool) {
        self.journal = Some(Journal::default());
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        let damaged = || OpError::Damaged { what: "an entry is none of dedup".to_owned() };
        if key == WATERMARK {
            return self.load_watermark(entry.unwrap_or_default()).ok_or_else(damaged);
        }
        let Some(entry) = entry else {
            if let Some(index) = self.keys.find_normal(key) {
                self.keys.remove(index);
                self.times.truncate(self.keys.end());
            }
            return Ok(());
        };
        let (index, _) = self.keys.insert(key);
        if self.memory.within_ms.is_some() {
            let time = EventTime::from_le_bytes(entry.try_into().map_err(|_| damaged())?);
            if index >= self.times.len() {
                self.times.resize(index + 1, 0);
            }
            self.times[index] = time;
        }
        Ok(())
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        let is_over = |index: &usize| self.times.get(*index).is_some_and(|time| self.is_over(*time));
        let over: Vec<usize> = self.keys.indexes().filter(is_over).collect();
        over.into_iter().rev().for_each(|index| self.keys.remove(index));
        self.times.truncate(self.keys.end());
        if let Some(within_ms) = self.memory.within_ms {
            for index in self.keys.indexes() {
                self.due.push(self.times[index].saturating_add(within_ms), index as u32);
            }
        }
        self.journal = Some(Journal { new_from: self.keys.end(), ..Journal::default() });
        Ok(())
    }
}
