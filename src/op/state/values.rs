//! The states themselves, by the key's index.

use crate::agg::saved::{push_bytes, take_bytes};
use crate::agg::{Accumulators, AggError, Aggregator};
use crate::op::Out;
use crate::op::groups::write_result;

/// A column of states.
pub(super) enum Values {
    /// Partial results of an aggregation.
    Aggregated { aggregator: Aggregator, accumulators: Accumulators },
    /// JSON values that a function gave; no bytes where there is none yet.
    Computed(Vec<Box<[u8]>>),
}

impl Values {
    pub fn aggregated(aggregator: Aggregator) -> Values {
        Values::Aggregated { accumulators: Accumulators::new(&aggregator), aggregator }
    }

    /// Appends the state of a new key.
    #[inline]
    pub fn push(&mut self) {
        match self {
            Values::Aggregated { aggregator, accumulators } => accumulators.push(aggregator),
            Values::Computed(states) => states.push(Box::default()),
        }
    }

    /// How many bytes they take, without what one holds beyond its fixed size.
    pub fn bytes(&self) -> usize {
        match self {
            Values::Aggregated { accumulators, .. } => accumulators.bytes(),
            Values::Computed(states) => size_of_val(&states[..]),
        }
    }

    /// Takes the memory of a state that is no longer needed.
    pub fn reset(&mut self, index: usize) {
        match self {
            Values::Aggregated { aggregator, accumulators } => accumulators.reset(index, aggregator),
            Values::Computed(states) => states[index] = Box::default(),
        }
    }

    /// Drops all states from this index on.
    pub fn truncate(&mut self, end: usize) {
        match self {
            Values::Aggregated { accumulators, .. } => {
                while accumulators.len() > end {
                    accumulators.pop();
                }
            }
            Values::Computed(states) => states.truncate(end),
        }
    }

    /// The state with the index `order[i]` gets the index `i`; the others go.
    pub fn reorder(&mut self, order: &[u32]) {
        match self {
            Values::Aggregated { accumulators, .. } => accumulators.reorder(order),
            Values::Computed(states) => {
                let taken = order.iter().map(|&from| std::mem::take(&mut states[from as usize])).collect();
                *states = taken;
            }
        }
    }

    /// Gives `[key, state]`.
    #[inline]
    pub fn give(&self, key: &[u8], index: usize, out: &mut Out<'_>) {
        match self {
            Values::Aggregated { aggregator, accumulators } => write_result(key, accumulators, index, aggregator, out),
            Values::Computed(states) if !states[index].is_empty() => {
                let buffer = out.buffer();
                buffer.push(b'[');
                buffer.extend_from_slice(key);
                buffer.push(b',');
                buffer.extend_from_slice(&states[index]);
                buffer.push(b']');
                out.finish_record();
            }
            Values::Computed(_) => {}
        }
    }

    /// Appends the state as bytes for [`Values::load`]: what
    /// [`Aggregator::save`] writes, or the JSON value with its length.
    pub fn save(&self, index: usize, out: &mut Vec<u8>) {
        match self {
            Values::Aggregated { aggregator, accumulators } => accumulators.save(aggregator, index, out),
            Values::Computed(states) => push_bytes(&states[index], out),
        }
    }

    /// Reads a state from the beginning of `input`.
    pub fn load(&mut self, index: usize, input: &mut &[u8]) -> Result<(), AggError> {
        match self {
            Values::Aggregated { aggregator, accumulators } => {
                let loaded = aggregator.load(input)?;
                accumulators.update(index, |accumulator| *accumulator = loaded);
            }
            Values::Computed(states) => states[index] = take_bytes(input)?.into(),
        }
        Ok(())
    }
}
