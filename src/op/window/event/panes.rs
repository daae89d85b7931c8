//! What a key has in its panes, and the results of its windows, one after the other.
//!
//! A window's result is made of its panes' partial results. Windows that follow each other share
//! most of theirs: what they share is kept in two stacks ([`Roll`]), so that a further window costs
//! what came and what left, not its length.

use std::collections::VecDeque;

use crate::agg::{Accumulator, AggError, Aggregator};
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

/// A partial result.
#[derive(Clone)]
pub(super) enum Part {
    /// Of values in any order.
    Merged(Accumulator),
    /// Values with their numbers in order of arrival, where that order counts: each number, then
    /// the length of the value, then the value.
    Listed(Vec<(u64, Box<[u8]>)>),
}

/// The panes of a key, oldest first.
#[derive(Default)]
pub(super) struct Panes {
    pub panes: VecDeque<Pane>,
    roll: Option<Box<Roll>>,
}

/// How results are made of panes.
pub(super) struct Making<'a> {
    pub aggregator: &'a mut Aggregator,
    /// Only the first value counts, or only the last, or all: of [`Part::Listed`].
    pub listing: Listing,
}

/// What is kept of values whose order of arrival counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// Nothing: values are merged.
    None,
    First,
    Last,
    All,
}

/// What the window given last shares with the next one.
struct Roll {
    /// Results from a pane to the end of the front, the oldest pane last.
    front: Vec<(i64, Accumulator)>,
    /// The result of the panes behind the front, up to and without `end`.
    back: Option<Accumulator>,
    back_start: i64,
    end: i64,
}

impl Panes {
    /// The pane with this number, which is a new one if need be.
    pub fn pane(&mut self, number: i64, making: &Making<'_>) -> &mut Pane {
        // Records come mostly in order: the newest pane first.
        let at = match self.panes.back() {
            Some(newest) if newest.number > number => self.panes.partition_point(|pane| pane.number <= number),
            _ => self.panes.len(),
        };
        if at == 0 || self.panes[at - 1].number != number {
            let part = match making.listing {
                Listing::None => Part::Merged(making.aggregator.accumulator()),
                _ => Part::Listed(Vec::new()),
            };
            self.panes.insert(at, Pane { number, first: EventTime::MAX, part, is_changed: false, is_saved: false });
            self.touched(number);
            return &mut self.panes[at];
        }
        self.touched(number);
        &mut self.panes[at - 1]
    }

    /// A pane has changed: what was made of it is not valid any more.
    fn touched(&mut self, number: i64) {
        if self.roll.as_ref().is_some_and(|roll| number < roll.end) {
            self.roll = None;
        }
    }

    /// The result of the panes from `first` up to and without `end`, if there are any. Calls for
    /// later windows are cheap.
    pub fn result(&mut self, first: i64, end: i64, making: &mut Making<'_>) -> Result<Option<Accumulator>, AggError> {
        if let Some(only) = self.only(first, end) {
            return only.part.finished(making).map(Some);
        }
        if making.listing != Listing::None {
            return self.listed(first, end, making);
        }
        let is_behind = |roll: &Roll| roll.end > end || roll.end < first;
        if self.roll.as_deref().is_none_or(is_behind) {
            self.roll = Some(Box::new(Roll { front: Vec::new(), back: None, back_start: first, end: first }));
        }
        let Some(mut roll) = self.roll.take() else { return Ok(None) };
        let result = roll.slide(&self.panes, first, end, making.aggregator);
        self.roll = Some(roll);
        result
    }

    /// The least time of the records in the panes from `first` on.
    pub fn first_time(&self, first: i64) -> EventTime {
        let from = self.panes.partition_point(|pane| pane.number < first);
        self.panes.get(from).map_or(EventTime::MAX, |pane| pane.first)
    }

    /// The pane within, if there is one and no other.
    fn only(&self, first: i64, end: i64) -> Option<&Pane> {
        let from = self.panes.partition_point(|pane| pane.number < first);
        let within = |at: usize| self.panes.get(at).filter(|pane| pane.number < end);
        within(from).filter(|_| within(from + 1).is_none())
    }

    /// The same where the order of arrival counts.
    fn listed(&mut self, first: i64, end: i64, making: &mut Making<'_>) -> Result<Option<Accumulator>, AggError> {
        let from = self.panes.partition_point(|pane| pane.number < first);
        let mut values: Vec<&(u64, Box<[u8]>)> = Vec::new();
        for pane in self.panes.range(from..).take_while(|pane| pane.number < end) {
            if let Part::Listed(list) = &pane.part {
                values.extend(list);
            }
        }
        if values.is_empty() {
            return Ok(None);
        }
        values.sort_unstable_by_key(|(number, _)| *number);
        let mut result = making.aggregator.accumulator();
        values.iter().try_for_each(|(_, value)| making.aggregator.add(&mut result, value))?;
        Ok(Some(result))
    }

    /// Takes away a pane that nothing was added to.
    pub fn remove(&mut self, number: i64) {
        self.panes.retain(|pane| pane.number != number);
    }

    /// Takes away the panes before `first`, and gives each to `gone`.
    pub fn drop_before(&mut self, first: i64, mut gone: impl FnMut(Pane)) {
        while self.panes.front().is_some_and(|pane| pane.number < first)
            && let Some(pane) = self.panes.pop_front()
        {
            gone(pane);
        }
    }
}

impl Pane {
    /// Appends it as bytes.
    pub fn save(&self, aggregator: &Aggregator, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.first.to_le_bytes());
        self.part.save(aggregator, out);
    }

    /// Reads what [`Pane::save`] gave.
    pub fn load(&mut self, making: &Making<'_>, saved: &[u8]) -> Option<()> {
        let (first, part) = saved.split_first_chunk()?;
        (self.first, self.part) = (EventTime::from_le_bytes(*first), Part::load(making, part)?);
        Some(())
    }
}

impl Part {
    /// Adds a value, the `number`th that arrived; `ranked` is what `top` gives of it.
    pub fn add(&mut self, making: &mut Making<'_>, number: u64, value: &[u8], ranked: &[u8]) -> Result<(), AggError> {
        match self {
            Part::Merged(accumulator) => making.aggregator.add_by(accumulator, value, ranked),
            Part::Listed(list) => {
                match making.listing {
                    Listing::First if !list.is_empty() => {}
                    Listing::Last => *list = vec![(number, value.into())],
                    _ => list.push((number, value.into())),
                }
                Ok(())
            }
        }
    }

    /// The result if nothing else is in the window.
    fn finished(&self, making: &mut Making<'_>) -> Result<Accumulator, AggError> {
        match self {
            Part::Merged(accumulator) => Ok(accumulator.clone()),
            Part::Listed(list) => {
                let mut result = making.aggregator.accumulator();
                list.iter().try_for_each(|(_, value)| making.aggregator.add(&mut result, value))?;
                Ok(result)
            }
        }
    }

    /// Appends it as bytes.
    pub fn save(&self, aggregator: &Aggregator, out: &mut Vec<u8>) {
        match self {
            Part::Merged(accumulator) => aggregator.save(accumulator, out),
            Part::Listed(list) => {
                for (number, value) in list {
                    out.extend_from_slice(&number.to_le_bytes());
                    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
                    out.extend_from_slice(value);
                }
            }
        }
    }

    /// Reads what [`Part::save`] gave.
    pub fn load(making: &Making<'_>, mut saved: &[u8]) -> Option<Part> {
        if making.listing == Listing::None {
            let accumulator = making.aggregator.load(&mut saved).ok()?;
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

impl Roll {
    /// Slides on to the window from `first` up to and without `end`.
    fn slide(
        &mut self,
        panes: &VecDeque<Pane>,
        first: i64,
        end: i64,
        aggregator: &mut Aggregator,
    ) -> Result<Option<Accumulator>, AggError> {
        // Lists do not come here.
        let merged = |pane: &'_ Pane| match &pane.part {
            Part::Merged(accumulator) => Some(accumulator.clone()),
            Part::Listed(_) => None,
        };
        let from = panes.partition_point(|pane| pane.number < self.end);
        for part in panes.range(from..).take_while(|pane| pane.number < end).filter_map(merged) {
            match &mut self.back {
                None => self.back = Some(part),
                Some(back) => aggregator.merge(back, &part)?,
            }
        }
        self.end = end;
        while self.front.last().is_some_and(|(number, _)| *number < first) {
            self.front.pop();
        }
        if self.front.is_empty() && self.back_start < first {
            // All that is left is in the back: it becomes the front.
            self.back = None;
            let from = panes.partition_point(|pane| pane.number < first);
            let to = panes.partition_point(|pane| pane.number < end);
            for pane in panes.range(from..to).rev() {
                let Some(mut part) = merged(pane) else { continue };
                if let Some((_, later)) = self.front.last() {
                    aggregator.merge(&mut part, later)?;
                }
                self.front.push((pane.number, part));
            }
            self.back_start = end;
        }
        match (self.front.last(), &self.back) {
            (None, back) => Ok(back.clone()),
            (Some((_, front)), None) => Ok(Some(front.clone())),
            (Some((_, front)), Some(back)) => {
                let mut result = front.clone();
                aggregator.merge(&mut result, back)?;
                Ok(Some(result))
            }
        }
    }
}
