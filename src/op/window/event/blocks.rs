//! Results of eight panes, of eight times eight, and so on: for windows whose panes still change.
//!
//! Two stacks ([`Roll`](super::roll::Roll)) are made anew when a pane changes that is in them. Here a pane
//! that changes takes one block of each level with it, and a window is made of a few blocks of each:
//! both cost the logarithm of the window's length.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use super::pane::Pane;
use super::part::{Making, Part};
use crate::agg::AggError;

/// A block of a level has two to this power of the level below.
const BITS: u32 = 3;

/// As many panes as a window can have are in a block of this level.
const MAX_LEVEL: u32 = 63 / BITS;

/// The blocks that were needed, and are still valid.
#[derive(Default)]
pub(super) struct Blocks {
    /// By level, from 1 on, and number.
    parts: BTreeMap<(u32, i64), Part>,
    /// No block is of a higher level.
    top: u32,
    /// How many results were made since a pane changed.
    calm: usize,
}

impl Blocks {
    /// A pane has changed.
    pub fn touched(&mut self, number: i64) {
        self.calm = 0;
        for level in 1..=self.top {
            self.parts.remove(&(level, number >> (level * BITS)));
        }
    }

    /// How many results were made since a pane changed.
    pub fn calm(&self) -> usize {
        self.calm
    }

    /// No window has a pane before `first` any more.
    pub fn drop_before(&mut self, first: i64) {
        for level in 1..=self.top {
            let range = (level, i64::MIN)..(level, first >> (level * BITS));
            while let Some(key) = self.parts.range(range.clone()).next().map(|(key, _)| *key) {
                self.parts.remove(&key);
            }
        }
    }

    /// The result of the panes from `first` up to and without `end`, if there are any.
    pub fn result(
        &mut self,
        panes: &VecDeque<Pane>,
        first: i64,
        end: i64,
        making: &mut Making,
    ) -> Result<Option<Part>, AggError> {
        self.calm += 1;
        let mut result: Option<Part> = None;
        let mut at = panes.partition_point(|pane| pane.number < first);
        while let Some(pane) = panes.get(at).filter(|pane| pane.number < end) {
            let level = largest(pane.number, first, end);
            let within = within(panes, at, level, pane.number >> (level * BITS));
            at = within.end;
            let part = self.part(panes, within, level, pane.number >> (level * BITS), making)?;
            making.merge_into(&mut result, part)?;
        }
        Ok(result)
    }

    /// The result of a block, which has the panes `within`, at least one.
    fn part<'a>(
        &'a mut self,
        panes: &'a VecDeque<Pane>,
        within: Range<usize>,
        level: u32,
        number: i64,
        making: &mut Making,
    ) -> Result<&'a Part, AggError> {
        if level == 0 || within.len() == 1 {
            return Ok(&panes[within.start].part);
        }
        if !self.parts.contains_key(&(level, number)) {
            let mut made: Option<Part> = None;
            let mut at = within.start;
            while at < within.end {
                let number = panes[at].number >> ((level - 1) * BITS);
                let child = self::within(panes, at, level - 1, number);
                at = child.end;
                let part = self.part(panes, child, level - 1, number, making)?;
                making.merge_into(&mut made, part)?;
            }
            self.top = self.top.max(level);
            self.parts.insert((level, number), made.unwrap_or_else(|| making.part()));
        }
        self.parts.get(&(level, number)).ok_or(AggError::Mixed)
    }
}

/// The level of the largest block that has this pane and no other than those from `first` up to and
/// without `end`.
fn largest(pane: i64, first: i64, end: i64) -> u32 {
    let fits = |level: &u32| {
        let shift = level * BITS;
        let start = pane >> shift << shift;
        start >= first && start.checked_add(1 << shift).is_some_and(|block_end| block_end <= end)
    };
    (1..MAX_LEVEL).take_while(fits).last().unwrap_or(0)
}

/// Where the panes of a block are, the first of which is at `at`.
fn within(panes: &VecDeque<Pane>, at: usize, level: u32, number: i64) -> Range<usize> {
    // Most often there are as many as it may have.
    let full = at + (1_usize << (level * BITS).min(32));
    let is_within = |pane: &Pane| pane.number >> (level * BITS) == number;
    if level == 0 {
        return at..at + 1;
    }
    if panes.get(full - 1).is_some_and(is_within) {
        return at..full;
    }
    at..panes.partition_point(|pane| pane.number >> (level * BITS) <= number)
}
