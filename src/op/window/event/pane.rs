//! A pane of a key.

use super::part::{Making, Part};
use crate::event::EventTime;

/// What a pane covers.
pub(super) struct Pane {
    /// Its number.
    pub number: i64,
    /// The least time of its records.
    pub first: EventTime,
    /// The result so far.
    pub part: Part,
    /// Whether a checkpoint has not seen it as it is.
    pub is_changed: bool,
    /// Whether a checkpoint has seen it at all.
    pub is_saved: bool,
}

impl Pane {
    /// Appends it as bytes.
    pub fn save(&self, making: &Making, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.first.to_le_bytes());
        making.save(&self.part, out);
    }

    /// Reads what [`Pane::save`] gave.
    pub fn load(&mut self, making: &Making, saved: &[u8]) -> Option<()> {
        let (first, part) = saved.split_first_chunk()?;
        (self.first, self.part) = (EventTime::from_le_bytes(*first), making.load(part)?);
        Some(())
    }
}
