//! What a checkpoint keeps of windows that are open.
//!
//! | key | value |
//! |---|---|
//! | `h` | version, how many values have come, the next key's number, the newest batch; the watermark |
//! | others | as each kind of windows says, or an [`Entry`] of all that is open of a key |
//!
//! Numbers are little-endian. A batch writes the panes, sessions and keys that it changed.

use std::io;

use super::EventWindow;
use super::entry::{Entry, HEADER, key_of};
use crate::frame::BatchTime;
use crate::keyed_state::{KeyedState, PairOut};
use crate::op::OpError;
use crate::op::durable::Durable;
use crate::op::window::damaged;

const VERSION: u8 = 3;

impl EventWindow {
    fn header(&self) -> Vec<u8> {
        let mut value = vec![VERSION];
        for number in [self.common.arrivals, self.common.sequence, self.newest.0] {
            value.extend_from_slice(&number.to_le_bytes());
        }
        if let Some(timing) = &self.timing {
            timing.watermarks.save(&mut value);
        }
        value
    }

    fn load_header(&mut self, value: &[u8]) -> Option<()> {
        let (&version, value) = value.split_first()?;
        (version == VERSION).then_some(())?;
        let (numbers, watermark) = value.split_at_checked(24)?;
        let mut numbers = numbers.chunks(8).filter_map(|number| Some(u64::from_le_bytes(number.try_into().ok()?)));
        (self.common.arrivals, self.common.sequence) = (numbers.next()?, numbers.next()?);
        self.newest = BatchTime(numbers.next()?);
        match &mut self.timing {
            Some(timing) => timing.watermarks.load(watermark).then_some(()),
            None => watermark.is_empty().then_some(()),
        }
    }
}

impl KeyedState for EventWindow {
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
        out(HEADER, Some(&self.header()));
        self.open.changes(&self.common, out);
        Ok(())
    }

    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        if from_start {
            out(HEADER, Some(&self.header()));
        }
        self.open.slice(from_start, bytes, &self.common, out)
    }

    fn live_bytes(&self) -> u64 {
        self.open.live_bytes()
    }
}

impl Durable for EventWindow {
    fn track(&mut self, _is_restored: bool) {
        self.open.track();
    }

    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
        let loaded = match entry {
            Some(value) if key == HEADER => self.load_header(value),
            // Of a store, as it is with `--memory`.
            Some(value) if key_of(key) == Some(key) => Entry::of(value).and_then(|entry| {
                entry.each_pair(key, &mut |pair, value| self.open.load(pair, Some(value), &self.common))
            }),
            _ => self.open.load(key, entry, &self.common),
        };
        loaded.ok_or_else(|| damaged("an entry is none of windows of event time"))
    }

    fn finish_load(&mut self) -> Result<(), OpError> {
        self.see_watermark();
        self.open.finish_load(&self.common)
    }
}
