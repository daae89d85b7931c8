//! Partial results, and how they become one.

use crate::agg::{Accumulator, AggError, Aggregation, Aggregator};

/// A partial result.
#[derive(Clone)]
pub(super) enum Part {
    /// Of values in any order.
    Merged(Accumulator),
    /// Values with their numbers in order of arrival, where that order counts: the first, the last, or
    /// all of them.
    Listed(Vec<(u64, Box<[u8]>)>),
}

/// How partial results are made.
pub(super) struct Making {
    pub aggregator: Aggregator,
    listing: Listing,
}

/// What is kept of values whose order of arrival counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listing {
    /// Nothing: values are merged.
    None,
    First,
    Last,
    All,
}

impl Making {
    /// Of values that come in another order than that in which they are merged, if `is_out_of_order`.
    pub fn new(aggregator: Aggregator, is_out_of_order: bool) -> Making {
        let listing = match aggregator.aggregation() {
            Some(Aggregation::First) if is_out_of_order => Listing::First,
            Some(Aggregation::Last) if is_out_of_order => Listing::Last,
            Some(Aggregation::Collect) if is_out_of_order => Listing::All,
            _ => Listing::None,
        };
        Making { aggregator, listing }
    }

    /// Whether a result has every value in it, so that it costs that much to give it.
    pub fn has_all(&self) -> bool {
        self.listing == Listing::All
    }

    /// The result of nothing.
    pub fn part(&self) -> Part {
        match self.listing {
            Listing::None => Part::Merged(self.aggregator.accumulator()),
            _ => Part::Listed(Vec::new()),
        }
    }

    /// Adds a value, the `number`th that arrived; `ranked` is what `top` gives of it.
    pub fn add(&mut self, into: &mut Part, number: u64, value: &[u8], ranked: &[u8]) -> Result<(), AggError> {
        match into {
            Part::Merged(accumulator) => return self.aggregator.add_by(accumulator, value, ranked),
            Part::Listed(list) => match self.listing {
                Listing::First if !list.is_empty() => {}
                Listing::Last => *list = vec![(number, value.into())],
                _ => list.push((number, value.into())),
            },
        }
        Ok(())
    }

    /// Merges in what is behind it in the order of time, into nothing at first.
    pub fn merge_into(&mut self, all: &mut Option<Part>, later: &Part) -> Result<(), AggError> {
        match all {
            None => *all = Some(later.clone()),
            Some(all) => self.merge(all, later)?,
        }
        Ok(())
    }

    /// Merges in what is behind it in the order of time.
    pub fn merge(&mut self, into: &mut Part, later: &Part) -> Result<(), AggError> {
        match (into, later) {
            (Part::Merged(accumulator), Part::Merged(later)) => self.aggregator.merge(accumulator, later)?,
            (Part::Listed(list), Part::Listed(later)) => {
                let is_wanted = |one: &(u64, _), two: &(u64, _)| match self.listing {
                    Listing::First => two.0 < one.0,
                    _ => two.0 > one.0,
                };
                match (&mut list[..], &later[..]) {
                    ([one], [two]) if self.listing != Listing::All => {
                        if is_wanted(one, two) {
                            one.clone_from(two);
                        }
                    }
                    _ => list.extend_from_slice(later),
                }
            }
            _ => return Err(AggError::Mixed),
        }
        Ok(())
    }

    /// The result.
    pub fn finished(&mut self, part: Part) -> Result<Accumulator, AggError> {
        match part {
            Part::Merged(accumulator) => Ok(accumulator),
            Part::Listed(mut list) => {
                list.sort_unstable_by_key(|(number, _)| *number);
                let mut result = self.aggregator.accumulator();
                list.iter().try_for_each(|(_, value)| self.aggregator.add(&mut result, value))?;
                Ok(result)
            }
        }
    }

    /// Appends a partial result as bytes. Of a list: each number, then the length of the value, then the value.
    pub fn save(&self, part: &Part, out: &mut Vec<u8>) {
        match part {
            Part::Merged(accumulator) => self.aggregator.save(accumulator, out),
            Part::Listed(list) => {
                for (number, value) in list {
                    out.extend_from_slice(&number.to_le_bytes());
                    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
                    out.extend_from_slice(value);
                }
            }
        }
    }

    /// Reads what [`Making::save`] gave.
    pub fn load(&self, mut saved: &[u8]) -> Option<Part> {
        if self.listing == Listing::None {
            let accumulator = self.aggregator.load(&mut saved).ok()?;
            return saved.is_empty().then_some(Part::Merged(accumulator));
        }
        let mut list = Vec::new();
        while let Some((number, rest)) = saved.split_first_chunk() {
            let (length, rest) = rest.split_first_chunk()?;
            let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            list.push((u64::from_le_bytes(*number), value.into()));
            saved = rest;
        }
        saved.is_empty().then_some(Part::Listed(list))
    }
}
