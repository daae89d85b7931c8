//! What a key has in its panes, and the results of its windows, one after the other.
//!
//! A window's result is made of its panes' partial results. Windows that follow each other share
//! most of theirs: by [`Roll`] as long as what is shared does not change, else by [`Blocks`].

use std::collections::VecDeque;

use super::blocks::Blocks;
use super::pane::Pane;
use super::part::Making;
use super::roll::Roll;
use crate::agg::{Accumulator, AggError};
use crate::event::EventTime;

/// The panes of a key, oldest first.
#[derive(Default)]
pub(super) struct Panes {
    pub panes: VecDeque<Pane>,
    shared: Shared,
}

/// What windows share.
#[derive(Default)]
enum Shared {
    #[default]
    Nothing,
    Rolling(Box<Roll>),
    Changing(Box<Blocks>),
}

impl Panes {
    /// The pane with this number, which is a new one if need be, and is about to change.
    pub fn pane(&mut self, number: i64, making: &Making) -> &mut Pane {
        self.touched(number);
        // Records come mostly in order: the newest pane first.
        let at = match self.panes.back() {
            Some(newest) if newest.number == number => self.panes.len(),
            Some(newest) if newest.number > number => self.panes.partition_point(|pane| pane.number <= number),
            _ => self.panes.len(),
        };
        if at > 0 && self.panes[at - 1].number == number {
            return &mut self.panes[at - 1];
        }
        let (first, part) = (EventTime::MAX, making.part());
        self.panes.insert(at, Pane { number, first, part, is_changed: false, is_saved: false });
        &mut self.panes[at]
    }

    /// A pane changes: what was made of it is not valid any more.
    #[inline]
    fn touched(&mut self, number: i64) {
        match &mut self.shared {
            Shared::Nothing => {}
            Shared::Rolling(roll) if !roll.has_seen(number) => {}
            Shared::Rolling(_) => self.shared = Shared::Changing(Box::default()),
            Shared::Changing(blocks) => blocks.touched(number),
        }
    }

    /// The result of the panes from `first` up to and without `end`, if there are any. Calls for
    /// later windows are cheap.
    pub fn result(&mut self, first: i64, end: i64, making: &mut Making) -> Result<Option<Accumulator>, AggError> {
        let from = self.panes.partition_point(|pane| pane.number < first);
        let mut within = self.panes.range(from..).take_while(|pane| pane.number < end);
        let Some(one) = within.next() else { return Ok(None) };
        if within.next().is_none() {
            return making.finished(one.part.clone()).map(Some);
        }
        if making.has_all() {
            let mut all = making.part();
            let mut within = self.panes.range(from..).take_while(|pane| pane.number < end);
            within.try_for_each(|pane| making.merge(&mut all, &pane.part))?;
            return making.finished(all).map(Some);
        }
        // Making stacks costs what the window has: only once so many windows were made in other ways.
        let is_calm = |blocks: &Blocks| blocks.calm() >= self.panes.len();
        match &self.shared {
            Shared::Rolling(roll) if roll.is_beyond(first, end) => self.shared = Shared::Changing(Box::default()),
            Shared::Rolling(roll) if !roll.is_before(first) => {}
            Shared::Changing(blocks) if !is_calm(blocks) => {}
            _ => self.shared = Shared::Rolling(Box::new(Roll::new(first))),
        }
        let result = match &mut self.shared {
            Shared::Rolling(roll) => roll.slide(&self.panes, first, end, making)?,
            Shared::Changing(blocks) => blocks.result(&self.panes, first, end, making)?,
            Shared::Nothing => None,
        };
        result.map(|part| making.finished(part)).transpose()
    }

    /// The least time of the records in the panes from `first` on.
    pub fn first_time(&self, first: i64) -> EventTime {
        let from = match self.panes.front() {
            Some(oldest) if oldest.number < first => self.panes.partition_point(|pane| pane.number < first),
            _ => 0,
        };
        self.panes.get(from).map_or(EventTime::MAX, |pane| pane.first)
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
        if let Shared::Changing(blocks) = &mut self.shared {
            blocks.drop_before(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use proptest::prelude::*;

    use super::*;
    use crate::agg::{Aggregator, Combine};

    /// Joins texts, and counts how often: the order shows, and the cost.
    struct Join(Arc<AtomicUsize>);

    impl Combine for Join {
        fn combine(&mut self, a: &[u8], b: &[u8], out: &mut Vec<u8>) -> Result<bool, AggError> {
            self.0.fetch_add(1, Relaxed);
            out.extend_from_slice(a);
            out.extend_from_slice(b);
            Ok(true)
        }
    }

    fn making() -> (Making, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        (Making::new(Aggregator::expression(Box::new(Join(count.clone()))), true), count)
    }

    fn add(panes: &mut Panes, number: i64, value: &[u8], making: &mut Making) {
        let pane = panes.pane(number, making);
        making.add(&mut pane.part, 0, value, value).unwrap();
    }

    fn result(panes: &mut Panes, first: i64, end: i64, making: &mut Making) -> Vec<u8> {
        let (mut out, result) = (Vec::new(), panes.result(first, end, making).unwrap());
        result.map(|result| making.aggregator.write(&result, &mut out));
        out
    }

    #[test]
    fn a_record_in_an_old_pane_costs_a_logarithm_of_what_is_held() {
        const LENGTH: i64 = 3600;
        let (mut making, merges) = making();
        let mut panes = Panes::default();
        // One text of each pane would be joined with thousands: an empty one is all that is.
        (0..LENGTH).for_each(|number| add(&mut panes, number, b"", &mut making));
        let mut most = 0;
        for second in 0..2 * LENGTH {
            let before = merges.load(Relaxed);
            add(&mut panes, second + LENGTH, b"", &mut making);
            add(&mut panes, second + 1 + (second * 37) % (LENGTH - 1), b"", &mut making);
            result(&mut panes, second + 1, second + 1 + LENGTH, &mut making);
            panes.drop_before(second + 2, |_| {});
            // The blocks are made once.
            most = if second > 1 { most.max(merges.load(Relaxed) - before) } else { 0 };
        }
        assert!(most <= 100, "{most} merges a second");
    }

    #[test]
    fn without_such_records_it_costs_what_comes_and_goes() {
        for length in [60, 3600] {
            let (mut making, merges) = making();
            let mut panes = Panes::default();
            for second in 0..4 * length {
                add(&mut panes, second, b"", &mut making);
                result(&mut panes, second + 1 - length, second + 1, &mut making);
                panes.drop_before(second + 2 - length, |_| {});
            }
            let each = merges.load(Relaxed) as f64 / (4 * length) as f64;
            assert!(each < 3.1, "{each} merges a second");
        }
    }

    proptest! {
        #[test]
        fn whatever_changes_a_window_is_its_panes_in_order(
            steps in prop::collection::vec((0_i64..120, 0_i64..100, 1_i64..90), 1..60),
        ) {
            let (mut making, _) = making();
            let mut panes = Panes::default();
            let mut model = std::collections::BTreeMap::<i64, String>::new();
            // Numbers below 0 too; no window begins before what was dropped.
            let mut dropped = -40;
            for (step, (number, first, length)) in (0..).zip(steps) {
                let (number, first) = (dropped.max(number - 40), dropped.max(first - 40));
                add(&mut panes, number, format!("{step},").as_bytes(), &mut making);
                model.entry(number).or_default().push_str(&format!("{step},"));
                let want: String = model.range(first..first + length).map(|(_, text)| text.as_str()).collect();
                let got = result(&mut panes, first, first + length, &mut making);
                prop_assert_eq!(String::from_utf8(got).unwrap(), want);
                if step % 7 == 6 {
                    panes.drop_before(first, |_| {});
                    model = model.split_off(&first);
                    dropped = first;
                }
            }
        }
    }
}
