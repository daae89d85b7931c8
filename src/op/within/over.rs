//! What becomes of records that are past all partners.

use super::{IntervalJoin, LEFT, RIGHT, Type};
use crate::event::EventTime;
use crate::op::join::push_row;
use crate::op::shards::push_order;
use crate::op::{OpError, Out};

/// So many keys that have no record do not matter.
const FEW_KEYS: usize = 1024;

impl IntervalJoin {
    /// Whether a key has no record.
    pub(super) fn is_idle(&self, key: usize) -> bool {
        self.sides.iter().all(|side| side.is_empty(key))
    }

    /// Lets go of what is past its partners, and gives it alone if that is wanted.
    pub(super) fn forget(&mut self, watermark: EventTime, out: &mut Out<'_>) -> Result<(), OpError> {
        for side in [LEFT, RIGHT] {
            if let Some(ends) = &mut self.ends {
                ends[side].reach(watermark.saturating_sub(1))?;
            }
            let mut over = self.sides[side].over(watermark);
            if self.kind.gives_alone(side) {
                over.sort_unstable_by_key(|waiting| (waiting.over, waiting.number));
            }
            for waiting in over {
                let key_index = waiting.key as usize;
                let Some(record) = self.sides[side].take(waiting) else { continue };
                if let Some(journal) = &mut self.journal {
                    journal.changed(side, record.number, key_index, record.time);
                }
                if !record.has_met && self.kind.gives_alone(side) {
                    let key = record.written.as_deref().unwrap_or_else(|| self.keys.normal(key_index));
                    if self.is_shard {
                        push_order((side as i64, waiting.over), &record.number.to_be_bytes(), out.buffer());
                    }
                    match (self.kind, side) {
                        (Type::Anti, _) => out.record(&record.bytes),
                        (_, LEFT) => push_row(out, key, &record.bytes, b"null"),
                        _ => push_row(out, key, b"null", &record.bytes),
                    }
                }
                self.idle += usize::from(self.is_idle(key_index));
            }
        }
        if self.journal.is_none() {
            self.compact();
        }
        Ok(())
    }

    /// Lets the keys go that have no record, once they are many.
    pub(super) fn compact(&mut self) {
        if self.is_sparse() {
            let order: Vec<u32> = self.keys.indexes().filter(|key| !self.is_idle(*key)).map(|key| key as u32).collect();
            self.keys.reorder(&order);
            self.sides.iter_mut().for_each(|side| side.reorder(&order));
            self.idle = 0;
        }
    }

    /// Whether so many keys have no record that it is worth while to let them go.
    pub(super) fn is_sparse(&self) -> bool {
        self.idle > FEW_KEYS && self.idle * 2 > self.keys.len()
    }
}
