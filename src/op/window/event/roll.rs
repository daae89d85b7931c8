//! What a window shares with the one behind it.

use std::collections::VecDeque;

use super::pane::Pane;
use super::part::{Making, Part};
use crate::agg::AggError;

/// What the window given last shares with the next one, in two stacks: so a further window costs what
/// came and what left, not its length.
pub(super) struct Roll {
    /// Results from a pane to the end of the front, the oldest pane last.
    front: Vec<(i64, Part)>,
    /// The result of the panes behind the front, up to and without `end`.
    back: Option<Part>,
    back_start: i64,
    /// Where the window given last begins and ends.
    first: i64,
    end: i64,
}

impl Roll {
    /// Of no pane yet, for windows from `first` on.
    pub fn new(first: i64) -> Roll {
        Roll { front: Vec::new(), back: None, back_start: first, first, end: first }
    }

    /// Whether a pane is in it already.
    pub fn has_seen(&self, number: i64) -> bool {
        number < self.end
    }

    /// Whether nothing in it is in windows from `first` on.
    pub fn is_before(&self, first: i64) -> bool {
        self.end < first
    }

    /// Whether it has come too far for the window from `first` up to `end`.
    pub fn is_beyond(&self, first: i64, end: i64) -> bool {
        self.first > first || self.end > end
    }

    /// Slides on to the window from `first` up to and without `end`.
    pub fn slide(
        &mut self,
        panes: &VecDeque<Pane>,
        first: i64,
        end: i64,
        making: &mut Making,
    ) -> Result<Option<Part>, AggError> {
        let from = panes.partition_point(|pane| pane.number < self.end);
        for pane in panes.range(from..).take_while(|pane| pane.number < end) {
            making.merge_into(&mut self.back, &pane.part)?;
        }
        (self.first, self.end) = (first, end);
        while self.front.last().is_some_and(|(number, _)| *number < first) {
            self.front.pop();
        }
        if self.front.is_empty() && self.back_start < first {
            // All that is left is in the back: it becomes the front.
            self.back = None;
            let from = panes.partition_point(|pane| pane.number < first);
            let to = panes.partition_point(|pane| pane.number < end);
            for pane in panes.range(from..to).rev() {
                let mut part = pane.part.clone();
                if let Some((_, later)) = self.front.last() {
                    making.merge(&mut part, later)?;
                }
                self.front.push((pane.number, part));
            }
            self.back_start = end;
        }
        let mut result = self.front.last().map(|(_, front)| front.clone());
        if let Some(back) = &self.back {
            making.merge_into(&mut result, back)?;
        }
        Ok(result)
    }
}
