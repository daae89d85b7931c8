//! Partial results of one key, a pane each, oldest first, and the result of
//! all of them.

use std::collections::VecDeque;

use crate::agg::{Accumulator, AggError, Aggregation, Aggregator};

/// How the result of the panes that are left follows when the oldest leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// What leaves is subtracted from the sum of all: counts, sums, averages.
    Subtract,
    /// Two stacks: each partial result is merged twice in its life, however
    /// long the window is.
    TwoStacks,
    /// Merged when asked for: the result is as long as all parts together, so
    /// that writing it is the work, and stacks would keep every suffix of it.
    Concatenate,
}

impl Strategy {
    /// The one that suits an aggregation.
    pub fn of(aggregator: &Aggregator) -> Strategy {
        match aggregator.aggregation() {
            Some(aggregation) if aggregation.is_subtractable() => Strategy::Subtract,
            Some(Aggregation::Collect | Aggregation::Distinct) => Strategy::Concatenate,
            _ => Strategy::TwoStacks,
        }
    }
}

/// The partial results of one key.
pub enum Partials {
    /// See [`Strategy::Subtract`].
    Subtract {
        /// Of all panes.
        total: Accumulator,
        /// Of each.
        parts: VecDeque<Accumulator>,
    },
    /// See [`Strategy::TwoStacks`].
    TwoStacks {
        /// From each of the older panes to the newest of them; the last is of
        /// all of them.
        front: Vec<Accumulator>,
        /// Of each of the newer panes.
        back: Vec<Accumulator>,
        /// Of the newer panes together.
        back_total: Accumulator,
    },
    /// See [`Strategy::Concatenate`].
    Concatenate {
        /// Of each.
        parts: VecDeque<Accumulator>,
    },
}

impl Partials {
    /// Of no pane.
    pub fn new(strategy: Strategy, aggregator: &Aggregator) -> Partials {
        let nothing = || aggregator.accumulator();
        match strategy {
            Strategy::Subtract => Partials::Subtract { total: nothing(), parts: VecDeque::new() },
            Strategy::TwoStacks => Partials::TwoStacks { front: Vec::new(), back: Vec::new(), back_total: nothing() },
            Strategy::Concatenate => Partials::Concatenate { parts: VecDeque::new() },
        }
    }

    /// A pane comes in.
    pub fn push(&mut self, part: Accumulator, aggregator: &mut Aggregator) -> Result<(), AggError> {
        match self {
            Partials::Subtract { total, parts } => {
                aggregator.merge(total, &part)?;
                parts.push_back(part);
            }
            Partials::TwoStacks { back, back_total, .. } => {
                aggregator.merge(back_total, &part)?;
                back.push(part);
            }
            Partials::Concatenate { parts } => parts.push_back(part),
        }
        Ok(())
    }

    /// The oldest pane leaves.
    pub fn pop(&mut self, aggregator: &mut Aggregator) -> Result<(), AggError> {
        match self {
            Partials::Subtract { total, parts } => match parts.pop_front() {
                Some(oldest) => aggregator.subtract(total, &oldest),
                None => Ok(()),
            },
            Partials::TwoStacks { front, back, back_total } => {
                if front.is_empty() {
                    while let Some(mut part) = back.pop() {
                        if let Some(later) = front.last() {
                            aggregator.merge(&mut part, later)?;
                        }
                        front.push(part);
                    }
                    *back_total = aggregator.accumulator();
                }
                front.pop();
                Ok(())
            }
            Partials::Concatenate { parts } => {
                parts.pop_front();
                Ok(())
            }
        }
    }

    /// Lets `take` see the result of all panes.
    pub fn result<R>(
        &self,
        aggregator: &mut Aggregator,
        take: impl FnOnce(&Aggregator, &Accumulator) -> R,
    ) -> Result<R, AggError> {
        match self {
            Partials::Subtract { total, .. } => Ok(take(aggregator, total)),
            Partials::TwoStacks { front, back, back_total } => match front.last() {
                None => Ok(take(aggregator, back_total)),
                Some(older) if back.is_empty() => Ok(take(aggregator, older)),
                Some(older) => {
                    let mut all = older.clone();
                    aggregator.merge(&mut all, back_total)?;
                    Ok(take(aggregator, &all))
                }
            },
            Partials::Concatenate { parts } => {
                let mut all = aggregator.accumulator();
                for part in parts {
                    aggregator.merge(&mut all, part)?;
                }
                Ok(take(aggregator, &all))
            }
        }
    }
}
