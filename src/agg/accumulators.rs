//! Many accumulators of one aggregation, by index: one a key.

use super::{Accumulator, AggError, Aggregation, Aggregator, State};

/// A column of accumulators. Counts, of which word counts hold millions, take
/// 8 bytes each, and adding to one is an addition.
pub enum Accumulators {
    /// Of `count`.
    Counts(Vec<u64>),
    /// Of everything else.
    Any(Vec<Accumulator>),
}

impl Accumulators {
    /// An empty column for the accumulators of `aggregator`.
    pub fn new(aggregator: &Aggregator) -> Accumulators {
        match aggregator.aggregation() {
            Some(Aggregation::Count) => Accumulators::Counts(Vec::new()),
            _ => Accumulators::Any(Vec::new()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Accumulators::Counts(counts) => counts.len(),
            Accumulators::Any(any) => any.len(),
        }
    }

    /// How many bytes they take, without what one holds beyond its fixed size.
    pub fn bytes(&self) -> usize {
        match self {
            Accumulators::Counts(counts) => size_of_val(&counts[..]),
            Accumulators::Any(any) => size_of_val(&any[..]),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends an accumulator of no value; its index is the length before.
    #[inline]
    pub fn push(&mut self, aggregator: &Aggregator) {
        match self {
            Accumulators::Counts(counts) => counts.push(0),
            Accumulators::Any(any) => any.push(aggregator.accumulator()),
        }
    }

    /// Takes the last accumulator away.
    pub fn pop(&mut self) {
        match self {
            Accumulators::Counts(counts) => drop(counts.pop()),
            Accumulators::Any(any) => drop(any.pop()),
        }
    }

    /// Whether adding is counting, whatever the value.
    #[inline]
    pub fn is_counting(&self) -> bool {
        matches!(self, Accumulators::Counts(_))
    }

    /// Adds `count` values to the accumulator at `index`, which has to be there,
    /// if this [is counting](Accumulators::is_counting).
    #[inline]
    pub fn add_count(&mut self, index: usize, count: u64) {
        if let Accumulators::Counts(counts) = self {
            counts[index] += count;
        }
    }

    /// Lets the accumulator at `index`, which has to be there, cover no value
    /// and take little memory.
    pub fn reset(&mut self, index: usize, aggregator: &Aggregator) {
        match self {
            Accumulators::Counts(counts) => counts[index] = 0,
            Accumulators::Any(any) => any[index] = aggregator.accumulator(),
        }
    }

    /// Puts the accumulator with the index `order[i]`, which has to be there, at
    /// `i`. What is not in `order` is dropped.
    pub fn reorder(&mut self, order: &[u32]) {
        match self {
            Accumulators::Counts(counts) => *counts = order.iter().map(|&from| counts[from as usize]).collect(),
            Accumulators::Any(any) => {
                let nothing = || Accumulator(State::Count(0));
                let take = |from: &u32| std::mem::replace(&mut any[*from as usize], nothing());
                let reordered = order.iter().map(take).collect();
                *any = reordered;
            }
        }
    }

    /// Reads something of the accumulator at `index`, which has to be there, so
    /// that it is in the caches. What is returned means nothing.
    #[inline]
    pub fn fetch(&self, index: usize) -> u64 {
        match self {
            Accumulators::Counts(counts) => counts[index],
            Accumulators::Any(any) => u64::from(any[index].is_empty()),
        }
    }

    /// As [`Aggregator::add_by`], to the accumulator at `index`, which has to
    /// be there.
    #[inline]
    pub fn add_by(
        &mut self,
        aggregator: &mut Aggregator,
        index: usize,
        value: &[u8],
        record: &[u8],
    ) -> Result<(), AggError> {
        match self {
            Accumulators::Counts(counts) => {
                counts[index] += u64::from(!aggregator.passes_over(value));
                Ok(())
            }
            Accumulators::Any(any) => aggregator.add_by(&mut any[index], value, record),
        }
    }

    /// The accumulator at `index`, which has to be there.
    pub fn get(&self, index: usize) -> Accumulator {
        match self {
            Accumulators::Counts(counts) => Accumulator(State::Count(counts[index])),
            Accumulators::Any(any) => any[index].clone(),
        }
    }

    /// As [`Aggregator::save`], of the accumulator at `index`, which has to be
    /// there.
    pub fn save(&self, aggregator: &Aggregator, index: usize, out: &mut Vec<u8>) {
        match self {
            Accumulators::Counts(counts) => aggregator.save(&Accumulator(State::Count(counts[index])), out),
            Accumulators::Any(any) => aggregator.save(&any[index], out),
        }
    }

    /// Lets `change` work on the accumulator at `index`, which has to be there:
    /// for merging, subtracting, loading, writing.
    pub fn update<R>(&mut self, index: usize, change: impl FnOnce(&mut Accumulator) -> R) -> R {
        match self {
            Accumulators::Counts(counts) => {
                let mut accumulator = Accumulator(State::Count(counts[index]));
                let result = change(&mut accumulator);
                if let State::Count(count) = accumulator.0 {
                    counts[index] = count;
                }
                result
            }
            Accumulators::Any(any) => change(&mut any[index]),
        }
    }

    /// As [`Aggregator::write`], of the accumulator at `index`.
    pub fn write(&self, aggregator: &Aggregator, index: usize, out: &mut Vec<u8>) -> bool {
        match self {
            Accumulators::Counts(counts) => {
                super::push_count(counts[index], out);
                true
            }
            Accumulators::Any(any) => aggregator.write(&any[index], out),
        }
    }

    /// As [`Aggregator::write_each`], of the accumulator at `index`.
    pub fn write_each(&self, aggregator: &Aggregator, index: usize, mut each: impl FnMut(&[u8])) {
        match self {
            Accumulators::Counts(counts) => {
                let mut result = Vec::new();
                super::push_count(counts[index], &mut result);
                each(&result);
            }
            Accumulators::Any(any) => aggregator.write_each(&any[index], each),
        }
    }

    /// Takes all out, and leaves room for as many.
    pub fn clear(&mut self) {
        match self {
            Accumulators::Counts(counts) => counts.clear(),
            Accumulators::Any(any) => any.clear(),
        }
    }
}
