//! Accumulators as bytes, for checkpoints and for what does not fit in memory.
//!
//! A saved accumulator is one byte that says which kind and layout follows, then
//! the layout, which is described where each kind is saved and which knows its
//! own length. The pieces are those of [`saved`](super::saved).

use super::count_distinct::CountDistinct;
use super::distinct::DistinctRecords;
use super::quantile::Quantile;
use super::saved::{push_bytes, push_number, take_byte, take_bytes, take_number};
use super::top::Top;
use super::total::Total;
use super::{Accumulator, AggError, Aggregation, Aggregator, State, limit_of};

/// First byte of a saved accumulator: what kind it is and in which layout. A
/// new layout gets a new number; the old ones stay readable.
mod tag {
    /// The count as a number.
    pub const COUNT: u8 = 1;
    /// See [`Total::save`](super::Total::save).
    pub const TOTAL: u8 = 2;
    /// The value as bytes; no byte if there is none.
    pub const ONE: u8 = 3;
    /// The values with commas between, as bytes.
    pub const COLLECTED: u8 = 4;
    /// See [`DistinctRecords::save`](super::DistinctRecords::save).
    pub const DISTINCT: u8 = 5;
    /// See [`CountDistinct::save`](super::CountDistinct::save).
    pub const COUNT_DISTINCT: [u8; 2] = [6, 7];
    /// See [`Top::save`](super::Top::save).
    pub const TOP: u8 = 8;
    /// See [`Quantile::save`](super::Quantile::save).
    pub const QUANTILE: [u8; 2] = [9, 10];
}

impl Aggregator {
    /// Appends the accumulator as bytes for [`Aggregator::load`]: a byte that
    /// says which layout follows, then what is described where each kind is
    /// saved. The bytes know their own length.
    pub fn save(&self, from: &Accumulator, out: &mut Vec<u8>) {
        match &from.0 {
            State::Count(count) => {
                out.push(tag::COUNT);
                push_number(*count, out);
            }
            State::Total(total) => {
                out.push(tag::TOTAL);
                total.save(out);
            }
            State::One(value) => {
                out.push(tag::ONE);
                push_bytes(value, out);
            }
            State::Collected(joined) => {
                out.push(tag::COLLECTED);
                push_bytes(joined, out);
            }
            State::Distinct(records) => {
                out.push(tag::DISTINCT);
                records.save(out);
            }
            State::CountDistinct(values) => values.save(tag::COUNT_DISTINCT, out),
            State::Top(top) => {
                out.push(tag::TOP);
                top.save(limit_of(self.aggregation()), out);
            }
            State::Quantile(values) => values.save(tag::QUANTILE, out),
        }
    }

    /// Reads an accumulator that [`Aggregator::save`] wrote from the beginning
    /// of `input`, and moves `input` behind it. [`AggError::Damaged`] if it is
    /// none of this aggregation.
    pub fn load(&self, input: &mut &[u8]) -> Result<Accumulator, AggError> {
        const COUNT_DISTINCT_EXACT: u8 = tag::COUNT_DISTINCT[0];
        const COUNT_DISTINCT_SKETCH: u8 = tag::COUNT_DISTINCT[1];
        const QUANTILE_EXACT: u8 = tag::QUANTILE[0];
        const QUANTILE_SKETCH: u8 = tag::QUANTILE[1];
        let state = match (take_byte(input)?, self.accumulator().0) {
            (tag::COUNT, State::Count(_)) => State::Count(take_number(input)?),
            (tag::TOTAL, State::Total(_)) => State::Total(Total::load(input)?),
            (tag::ONE, State::One(_)) => State::One(take_bytes(input)?.to_vec()),
            (tag::COLLECTED, State::Collected(_)) => State::Collected(take_bytes(input)?.to_vec()),
            (tag::DISTINCT, State::Distinct(_)) => State::Distinct(Box::new(DistinctRecords::load(input)?)),
            (COUNT_DISTINCT_EXACT, State::CountDistinct(_)) => {
                State::CountDistinct(Box::new(CountDistinct::load_exact(input)?))
            }
            (COUNT_DISTINCT_SKETCH, State::CountDistinct(_)) => {
                let error = match self.aggregation() {
                    Some(Aggregation::CountDistinct { error }) => *error,
                    _ => return Err(AggError::Damaged),
                };
                State::CountDistinct(Box::new(CountDistinct::load_sketch(error, input)?))
            }
            (tag::TOP, State::Top(_)) => State::Top(Box::new(Top::load(limit_of(self.aggregation()), input)?)),
            (QUANTILE_EXACT, State::Quantile(_)) => State::Quantile(Box::new(Quantile::load_exact(input)?)),
            (QUANTILE_SKETCH, State::Quantile(_)) => State::Quantile(Box::new(Quantile::load_sketch(input)?)),
            _ => return Err(AggError::Damaged),
        };
        Ok(Accumulator(state))
    }
}
