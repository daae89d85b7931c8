//! Quantiles: exact while the values are few, then a DDSketch (Masson, Rim,
//! Lee: "DDSketch: a fast and fully-mergeable quantile sketch with
//! relative-error guarantees", VLDB 2019).
//!
//! How values map to buckets and back is the library's. The buckets are kept
//! here, because the library's own store drops the least of them beyond a fixed
//! number, which would break the guarantee for values that span many
//! magnitudes, and cannot be saved in a form that outlives a change of its
//! fields. With all buckets kept the result depends neither on the order of the
//! values nor on how they were merged.

use super::definition::Share;
use super::error::AggError;
use super::saved::{push_bytes, push_number, push_signed, take_bytes, take_number, take_signed};
use crate::record::compare::compare_numbers;
use crate::record::number::push_float;
use crate::record::scan::{Kind, elements_of_joined, kind};
use sketches_ddsketch::Config;
use std::collections::BTreeMap;

/// Up to this many values the quantile is one of them, exactly.
pub const MAX_EXACT: u64 = 1024;

#[derive(Clone)]
pub(super) enum Quantile {
    /// The values, as they were written, with commas between.
    Exact {
        joined: Vec<u8>,
        count: u64,
    },
    Sketch(Sketch),
}

impl Default for Quantile {
    fn default() -> Quantile {
        Quantile::Exact { joined: Vec::new(), count: 0 }
    }
}

impl Quantile {
    pub fn is_empty(&self) -> bool {
        matches!(self, Quantile::Exact { count: 0, .. })
    }

    pub fn add(&mut self, value: &[u8], error: f64) -> Result<(), AggError> {
        if kind(value) != Some(Kind::Number) {
            return Err(AggError::not_a_number(value));
        }
        self.add_number(value, error);
        Ok(())
    }

    fn add_number(&mut self, number: &[u8], error: f64) {
        match self {
            Quantile::Exact { joined, count } => {
                if !joined.is_empty() {
                    joined.push(b',');
                }
                joined.extend_from_slice(number);
                *count += 1;
                if *count > MAX_EXACT {
                    let mut sketch = Sketch::default();
                    let mapping = mapping(error);
                    for number in elements_of_joined(joined) {
                        sketch.add(number, &mapping);
                    }
                    *self = Quantile::Sketch(sketch);
                }
            }
            Quantile::Sketch(sketch) => sketch.add(number, &mapping(error)),
        }
    }

    pub fn merge(&mut self, other: &Quantile, error: f64) {
        match (&mut *self, other) {
            (_, Quantile::Exact { joined, .. }) => {
                for number in elements_of_joined(joined) {
                    self.add_number(number, error);
                }
            }
            (Quantile::Sketch(one), Quantile::Sketch(other)) => one.merge(other),
            (Quantile::Exact { joined, .. }, Quantile::Sketch(other)) => {
                let mut sketch = other.clone();
                let mapping = mapping(error);
                for number in elements_of_joined(joined) {
                    sketch.add(number, &mapping);
                }
                *self = Quantile::Sketch(sketch);
            }
        }
    }

    /// Appends the quantile, unless there is no value.
    pub fn push(&self, share: Share, error: f64, out: &mut Vec<u8>) {
        match self {
            Quantile::Exact { count: 0, .. } => {}
            Quantile::Exact { joined, count } => {
                let mut numbers: Vec<(usize, &[u8])> = elements_of_joined(joined).enumerate().collect();
                let rank = share.rank(*count) as usize;
                if rank < numbers.len() {
                    let (_, quantile, _) = numbers.select_nth_unstable_by(rank, |a, b| {
                        // Of 1 and 1.0 the first comes first.
                        compare_numbers(a.1, b.1).then(a.0.cmp(&b.0))
                    });
                    out.extend_from_slice(quantile.1);
                }
            }
            Quantile::Sketch(sketch) => {
                push_float(sketch.value_at(share.rank(sketch.count()), &mapping(error)), out);
            }
        }
    }

    /// The values as one piece of bytes, under the first of two tags; or under
    /// the second the sketch: the buckets below zero, the count of zeros as a
    /// number, the buckets above zero. Buckets are their number, and of each
    /// the distance from the index before (signed) and the count (a number).
    pub fn save(&self, tags: [u8; 2], out: &mut Vec<u8>) {
        match self {
            Quantile::Exact { joined, .. } => {
                out.push(tags[0]);
                push_bytes(joined, out);
            }
            Quantile::Sketch(sketch) => {
                out.push(tags[1]);
                save_buckets(&sketch.below_zero, out);
                push_number(sketch.zeros, out);
                save_buckets(&sketch.above_zero, out);
            }
        }
    }

    pub fn load_exact(input: &mut &[u8]) -> Result<Quantile, AggError> {
        let joined = take_bytes(input)?.to_vec();
        let count = elements_of_joined(&joined).count() as u64;
        Ok(Quantile::Exact { joined, count })
    }

    pub fn load_sketch(input: &mut &[u8]) -> Result<Quantile, AggError> {
        Ok(Quantile::Sketch(Sketch {
            below_zero: load_buckets(input)?,
            zeros: take_number(input)?,
            above_zero: load_buckets(input)?,
        }))
    }
}

type Buckets = BTreeMap<i32, u64>;

/// How many values fell into which bucket; index `i` holds the sizes between
/// two powers of gamma, where gamma is a little above 1 and follows from the
/// error.
#[derive(Clone, Default)]
pub(super) struct Sketch {
    below_zero: Buckets,
    /// Also what is too small for a normal float.
    zeros: u64,
    above_zero: Buckets,
}

/// The library's mapping from values to buckets; number of bins and least value
/// matter only to its store.
fn mapping(error: f64) -> Config {
    Config::new(error, 2048, 1e-9)
}

impl Sketch {
    fn add(&mut self, number: &[u8], mapping: &Config) {
        let value = std::str::from_utf8(number).ok().and_then(|text| text.parse::<f64>().ok());
        // What is beyond the range of floats counts as its end.
        let value = value.unwrap_or(0.0).clamp(f64::MIN, f64::MAX);
        let size = value.abs();
        if size < f64::MIN_POSITIVE {
            self.zeros += 1;
            return;
        }
        let buckets = if value < 0.0 { &mut self.below_zero } else { &mut self.above_zero };
        *buckets.entry(mapping.key(size)).or_default() += 1;
    }

    fn merge(&mut self, other: &Sketch) {
        for (buckets, others) in [(&mut self.below_zero, &other.below_zero), (&mut self.above_zero, &other.above_zero)]
        {
            for (index, count) in others {
                *buckets.entry(*index).or_default() += count;
            }
        }
        self.zeros += other.zeros;
    }

    fn count(&self) -> u64 {
        let values = self.below_zero.values().chain(self.above_zero.values());
        values.sum::<u64>() + self.zeros
    }

    /// The value of this rank, which counts from 0.
    fn value_at(&self, rank: u64, mapping: &Config) -> f64 {
        let below = self.below_zero.iter().rev().map(|(&index, &count)| (-mapping.value(index), count));
        let above = self.above_zero.iter().map(|(&index, &count)| (mapping.value(index), count));
        let mut at_or_below = 0;
        for (value, count) in below.chain([(0.0, self.zeros)]).chain(above) {
            at_or_below += count;
            if at_or_below > rank {
                return value.clamp(f64::MIN, f64::MAX);
            }
        }
        0.0
    }
}

fn save_buckets(buckets: &Buckets, out: &mut Vec<u8>) {
    push_number(buckets.len() as u64, out);
    let mut before = 0;
    for (&index, &count) in buckets {
        push_signed(i64::from(index) - before, out);
        push_number(count, out);
        before = index.into();
    }
}

fn load_buckets(input: &mut &[u8]) -> Result<Buckets, AggError> {
    let mut buckets = Buckets::new();
    let mut before = 0i64;
    for _ in 0..take_number(input)? {
        before = before.checked_add(take_signed(input)?).ok_or(AggError::Damaged)?;
        let index = i32::try_from(before).map_err(|_| AggError::Damaged)?;
        buckets.insert(index, take_number(input)?);
    }
    Ok(buckets)
}
