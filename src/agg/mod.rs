//! Aggregations: what `sstream-reduce`, `sstream-window` and `sstream-state`
//! compute, from one implementation.
//!
//! An [`Aggregation`] is the plain definition (`top:10`). An [`Aggregator`] is
//! made from it and works on any number of [`Accumulator`]s, one a key: values
//! are added in order, the results of later records are merged in behind, and
//! where the aggregation [can](Aggregation::is_subtractable) the oldest are
//! taken out again. Merging leaves its operand as it was, so partial results
//! can be used again and again while a window slides.
//!
//! | aggregation | result | memory of a key |
//! |---|---|---|
//! | count, sum, avg | exact; rounded once, when written | 32 bytes |
//! | min, max, first, last | a value as it was written | 32 bytes and the value |
//! | collect, distinct | values as they were written, in order | all of them |
//! | top:N | the N greatest records, greatest first | at most 2 N records |
//! | count-distinct | exact up to 1,024 different values, then an estimate with the relative standard error `--error` (two thirds of the results are that near) | the values, then 16 KiB for 0.01, four times that for half the error |
//! | quantile:Q | exact up to 1,024 values (nearest rank), then at most the relative error `--error` off | the values, then about 12 bytes for each 2 % step between the least and the greatest, for an error of 0.01 |
//!
//! An aggregation by expression (`--expr` of `$a` and `$b`) is any [`Combine`].

mod accumulators;
mod count_distinct;
mod definition;
mod distinct;
mod error;
mod names;
mod persist;
mod quantile;
pub(crate) mod saved;
mod top;
mod total;

pub use accumulators::Accumulators;
pub use count_distinct::MAX_EXACT as MAX_EXACT_COUNT_DISTINCT;
pub use definition::{Aggregation, Share};
pub use error::{AggError, DefinitionError};
pub use names::{DEFAULT_ERROR, ERROR_RANGE, NAMES};
pub use quantile::MAX_EXACT as MAX_EXACT_QUANTILE;

use crate::record::compare;
use count_distinct::CountDistinct;
use distinct::DistinctRecords;
use quantile::Quantile;
use top::Top;
use total::Total;

/// An associative function of two values, as a jq expression of `$a` and `$b`.
pub trait Combine: Send {
    /// Appends to `out` the value that `a` and the later `b` make together, as
    /// canonical JSON, and says whether there is one: null is a value, the
    /// expression `empty` gives none.
    fn combine(&mut self, a: &[u8], b: &[u8], out: &mut Vec<u8>) -> Result<bool, AggError>;

    /// Nothing more is to be combined: a command is ended and waited for.
    fn close(&mut self) -> Result<(), AggError> {
        Ok(())
    }
}

enum Function {
    BuiltIn(Aggregation),
    Expression(Box<dyn Combine>),
}

/// Works on the accumulators of one aggregation; holds what they share.
pub struct Aggregator {
    function: Function,
    buffer: Vec<u8>,
    /// Whether null is no value.
    passes_null: bool,
}

/// A result in the making. An error leaves it as it was.
#[derive(Clone)]
pub struct Accumulator(State);

#[derive(Clone)]
enum State {
    Count(u64),
    Total(Total),
    /// Of min, max, first, last and expressions: a value, which is never empty.
    One(Vec<u8>),
    /// Values with commas between.
    Collected(Vec<u8>),
    Distinct(Box<DistinctRecords>),
    CountDistinct(Box<CountDistinct>),
    Top(Box<Top>),
    Quantile(Box<Quantile>),
}

impl Aggregator {
    /// The aggregator of one of the built-in aggregations.
    pub fn new(aggregation: Aggregation) -> Aggregator {
        Aggregator { function: Function::BuiltIn(aggregation), buffer: Vec::new(), passes_null: false }
    }

    /// The aggregator of an associative expression. Its result for one value is
    /// that value, and `combine` is called for each further one.
    pub fn expression(combine: Box<dyn Combine>) -> Aggregator {
        Aggregator { function: Function::Expression(combine), buffer: Vec::new(), passes_null: false }
    }

    /// The same for values that were computed, by `--of`: null is no value then, as in SQL, and
    /// the result of nulls alone is null, a count of 0 or an empty array. For `first`, `last` and
    /// an expression null is a value as any other.
    #[must_use]
    pub fn passing_null(mut self) -> Aggregator {
        use Aggregation::{First, Last};
        self.passes_null = self.aggregation().is_some_and(|aggregation| !matches!(aggregation, First | Last));
        self
    }

    /// Whether a value is none.
    #[inline]
    pub fn passes_over(&self, value: &[u8]) -> bool {
        self.passes_null && value == b"null"
    }

    /// The stream is over, see [`Combine::close`].
    pub fn close(&mut self) -> Result<(), AggError> {
        match &mut self.function {
            Function::BuiltIn(_) => Ok(()),
            Function::Expression(combine) => combine.close(),
        }
    }

    /// The definition, if this is not an expression.
    pub fn aggregation(&self) -> Option<&Aggregation> {
        match &self.function {
            Function::BuiltIn(aggregation) => Some(aggregation),
            Function::Expression(_) => None,
        }
    }

    /// As [`Aggregation::is_subtractable`].
    pub fn is_subtractable(&self) -> bool {
        self.aggregation().is_some_and(Aggregation::is_subtractable)
    }

    /// As [`Aggregation::gives_records`].
    pub fn gives_records(&self) -> bool {
        self.aggregation().is_some_and(Aggregation::gives_records)
    }

    /// A new accumulator, of no value.
    pub fn accumulator(&self) -> Accumulator {
        let Function::BuiltIn(aggregation) = &self.function else {
            return Accumulator(State::One(Vec::new()));
        };
        Accumulator(match aggregation {
            Aggregation::Count => State::Count(0),
            Aggregation::Sum | Aggregation::Avg => State::Total(Total::default()),
            Aggregation::Min | Aggregation::Max | Aggregation::First | Aggregation::Last => State::One(Vec::new()),
            Aggregation::Collect => State::Collected(Vec::new()),
            Aggregation::Distinct => State::Distinct(Box::default()),
            Aggregation::CountDistinct { .. } => State::CountDistinct(Box::default()),
            Aggregation::Top { .. } => State::Top(Box::default()),
            Aggregation::Quantile { .. } => State::Quantile(Box::default()),
        })
    }

    /// Adds a value, which is later than all that were added before.
    #[inline]
    pub fn add(&mut self, into: &mut Accumulator, value: &[u8]) -> Result<(), AggError> {
        if self.passes_over(value) {
            return Ok(());
        }
        match &mut into.0 {
            State::Count(count) => {
                *count += 1;
                Ok(())
            }
            State::Total(total) => total.add(value),
            state => self.add_other(state, value, value),
        }
    }

    /// Adds a record by `value`, which was computed of it: the records of
    /// `top` are ranked by it, everything else aggregates the value itself.
    #[inline]
    pub fn add_by(&mut self, into: &mut Accumulator, value: &[u8], record: &[u8]) -> Result<(), AggError> {
        match &mut into.0 {
            State::Top(_) if self.passes_over(value) => Ok(()),
            state @ State::Top(_) => self.add_other(state, value, record),
            _ => self.add(into, value),
        }
    }

    fn add_other(&mut self, state: &mut State, value: &[u8], record: &[u8]) -> Result<(), AggError> {
        let Aggregator { function, buffer, .. } = self;
        match (state, function) {
            (State::One(one), function) => add_one(one, value, function, buffer)?,
            (State::Collected(joined), _) => append_joined(joined, value),
            (State::Distinct(records), _) => {
                records.add(value, buffer);
            }
            (State::CountDistinct(values), Function::BuiltIn(Aggregation::CountDistinct { error })) => {
                values.add(value, *error, buffer);
            }
            (State::Top(top), Function::BuiltIn(Aggregation::Top { count })) => {
                top.add(value, record, *count);
            }
            (State::Quantile(values), Function::BuiltIn(Aggregation::Quantile { error, .. })) => {
                values.add(value, *error)?;
            }
            _ => return Err(AggError::Mixed),
        }
        Ok(())
    }

    /// Merges in the result of values that are all later than those in `into`.
    pub fn merge(&mut self, into: &mut Accumulator, later: &Accumulator) -> Result<(), AggError> {
        let Aggregator { function, buffer, .. } = self;
        match (&mut into.0, &later.0, function) {
            (State::Count(count), State::Count(more), _) => *count += more,
            (State::Total(total), State::Total(more), _) => total.merge(more),
            (State::One(_), State::One(value), _) if value.is_empty() => {}
            (State::One(one), State::One(value), function) => add_one(one, value, function, buffer)?,
            (State::Collected(joined), State::Collected(more), _) => {
                if !more.is_empty() {
                    append_joined(joined, more);
                }
            }
            (State::Distinct(records), State::Distinct(more), _) => records.merge(more, buffer),
            (
                State::CountDistinct(values),
                State::CountDistinct(more),
                Function::BuiltIn(Aggregation::CountDistinct { error }),
            ) => values.merge(more, *error, buffer),
            (State::Top(top), State::Top(more), Function::BuiltIn(Aggregation::Top { count })) => {
                top.merge(more, *count);
            }
            (
                State::Quantile(values),
                State::Quantile(more),
                Function::BuiltIn(Aggregation::Quantile { error, .. }),
            ) => values.merge(more, *error),
            _ => return Err(AggError::Mixed),
        }
        Ok(())
    }

    /// Takes a value out again, if the aggregation is subtractable.
    pub fn remove(&self, from: &mut Accumulator, value: &[u8]) -> Result<(), AggError> {
        if self.passes_over(value) {
            return Ok(());
        }
        match &mut from.0 {
            State::Count(count) => *count = count.saturating_sub(1),
            State::Total(total) => total.remove(value)?,
            _ => return Err(AggError::NotSubtractable),
        }
        Ok(())
    }

    /// Takes out what `oldest` covers, if the aggregation is subtractable.
    pub fn subtract(&self, from: &mut Accumulator, oldest: &Accumulator) -> Result<(), AggError> {
        match (&mut from.0, &oldest.0) {
            (State::Count(count), State::Count(less)) => *count = count.saturating_sub(*less),
            (State::Total(total), State::Total(less)) => total.subtract(less),
            (State::Count(_) | State::Total(_), _) => return Err(AggError::Mixed),
            _ => return Err(AggError::NotSubtractable),
        }
        Ok(())
    }

    /// Appends the result as one canonical JSON value (`top` and `distinct`: an
    /// array) and says whether there is one: of no values only `count` has a
    /// result, 0.
    pub fn write(&self, from: &Accumulator, out: &mut Vec<u8>) -> bool {
        if from.is_empty() && !matches!(from.0, State::Count(_)) {
            // There were values, and all of them were null.
            let of_nulls: &[u8] = match from.0 {
                State::Collected(_) | State::Distinct(_) | State::Top(_) => b"[]",
                State::CountDistinct(_) => b"0",
                _ => b"null",
            };
            out.extend_from_slice(if self.passes_null { of_nulls } else { b"" });
            return self.passes_null;
        }
        match (&from.0, self.aggregation()) {
            (State::Count(count), _) => push_count(*count, out),
            (State::Total(total), Some(Aggregation::Avg)) => total.sum.push_quotient(total.count, out),
            (State::Total(total), _) => total.sum.push(out),
            (State::One(value), _) => out.extend_from_slice(value),
            (State::Collected(joined), _) => push_array([joined.as_slice()].into_iter(), out),
            (State::Distinct(records), _) => records.push(out),
            (State::CountDistinct(values), _) => push_count(values.count(), out),
            (State::Top(top), aggregation) => push_array(top.records(limit_of(aggregation)), out),
            (State::Quantile(values), Some(Aggregation::Quantile { share, error })) => {
                values.push(*share, *error, out);
            }
            (State::Quantile(_), _) => return false,
        }
        true
    }

    /// Gives `each` the result of no value at all: only `count` has one, 0.
    pub fn write_of_nothing(&self, mut each: impl FnMut(&[u8])) {
        if let Some(Aggregation::Count) = self.aggregation() {
            each(b"0");
        }
    }

    /// Gives `each` the records of the result one by one if they
    /// [are such](Aggregation::gives_records), else the one result.
    pub fn write_each(&self, from: &Accumulator, mut each: impl FnMut(&[u8])) {
        match &from.0 {
            State::Distinct(records) => records.iter().for_each(each),
            State::Top(top) => top.records(limit_of(self.aggregation())).for_each(each),
            _ => {
                let mut result = Vec::new();
                if self.write(from, &mut result) {
                    each(&result);
                }
            }
        }
    }
}

impl Accumulator {
    /// Whether it covers no value.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            State::Count(count) => *count == 0,
            State::Total(total) => total.count == 0,
            State::One(value) => value.is_empty(),
            State::Collected(joined) => joined.is_empty(),
            State::Distinct(records) => records.len() == 0,
            State::CountDistinct(values) => values.is_empty(),
            State::Top(top) => top.is_empty(),
            State::Quantile(values) => values.is_empty(),
        }
    }
}

/// Lets one value and a later one become one.
fn add_one(one: &mut Vec<u8>, later: &[u8], function: &mut Function, buffer: &mut Vec<u8>) -> Result<(), AggError> {
    let is_replaced = one.is_empty()
        || match function {
            Function::BuiltIn(Aggregation::Min) => compare(later, one).is_lt(),
            Function::BuiltIn(Aggregation::Max) => compare(later, one).is_gt(),
            Function::BuiltIn(Aggregation::First) => false,
            Function::BuiltIn(Aggregation::Last) => true,
            Function::BuiltIn(_) => return Err(AggError::Mixed),
            Function::Expression(combine) => {
                buffer.clear();
                if !combine.combine(one, later, buffer)? {
                    return Err(AggError::NoResult);
                }
                std::mem::swap(one, buffer);
                return Ok(());
            }
        };
    if is_replaced {
        one.clear();
        one.extend_from_slice(later);
    }
    Ok(())
}

fn append_joined(joined: &mut Vec<u8>, value: &[u8]) {
    if !joined.is_empty() {
        joined.push(b',');
    }
    joined.extend_from_slice(value);
}

fn push_array<'a>(records: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    out.push(b'[');
    for (index, record) in records.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(record);
    }
    out.push(b']');
}

fn push_count(mut count: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] += (count % 10) as u8;
        count /= 10;
        if count == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// How many records a `top` keeps.
fn limit_of(aggregation: Option<&Aggregation>) -> usize {
    match aggregation {
        Some(Aggregation::Top { count }) => *count,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
