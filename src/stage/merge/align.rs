//! Which batches of several streams belong together, and when they are there:
//! events of every side in, aligned batches out. No threads, no I/O, no clock.
//!
//! - Batch T comes out once every side has ended T, begins later, or is over.
//! - A batch that a side lacks (before its first, after its close) is empty.
//! - Batches come out without gaps, from the earliest first batch of any side
//!   to the latest last one, as every stream has them.
//! - A side that breaks off (cut off, or closed with an error) takes effect
//!   where its missing batch would be: the batches before it still come out,
//!   none after.
//!
//! So what comes out depends on the streams alone, never on which side was
//! faster.

use std::collections::VecDeque;

use crate::frame::BatchTime;
use crate::interval::Interval;

/// More empty batches than these, where no side has one, are no gap but two
/// clocks.
const MAX_GAP: u64 = 1_000_000;

/// Aligns the batches `B` of several sides.
pub(super) struct Align<B> {
    interval: Interval,
    sides: Vec<Side<B>>,
    next: Option<BatchTime>,
}

struct Side<B> {
    /// Batches that ended and were not given, without gaps.
    complete: VecDeque<(BatchTime, B)>,
    /// What follows these.
    coming: Coming,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coming {
    /// A batch of a time that is not known yet.
    Anything,
    /// This batch.
    Batch(BatchTime),
    /// Nothing, the side was closed.
    Nothing,
    /// Nothing: the side broke off in this batch, or before its first.
    Broken(Option<BatchTime>),
}

/// What can be done with what has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<B> {
    /// Nothing before something more has come.
    Wait,
    /// To give this batch; a side that lacks it has `None`.
    Batch(BatchTime, Vec<Option<B>>),
    /// To end as this side did, which broke off.
    Broken(usize),
    /// To refuse the streams: no side has a batch from the first time up to the
    /// second, and that is too long.
    Apart(BatchTime, BatchTime),
    /// To close: every side is closed and all was given.
    Close,
}

impl<B> Align<B> {
    /// For so many sides, before any of them has sent a batch.
    pub(super) fn new(sides: usize, interval: Interval) -> Align<B> {
        let side = || Side { complete: VecDeque::new(), coming: Coming::Anything };
        Align { interval, sides: std::iter::repeat_with(side).take(sides).collect(), next: None }
    }

    /// The side has begun this batch.
    pub(super) fn open(&mut self, side: usize, time: BatchTime) {
        self.sides[side].coming = Coming::Batch(time);
    }

    /// The side has ended this batch.
    pub(super) fn end(&mut self, side: usize, time: BatchTime, batch: B) {
        let side = &mut self.sides[side];
        side.complete.push_back((time, batch));
        side.coming = Coming::Batch(time.after(self.interval));
    }

    /// The side has closed.
    pub(super) fn close(&mut self, side: usize) {
        self.sides[side].coming = Coming::Nothing;
    }

    /// The side has broken off: cut off, or closed with an error.
    pub(super) fn break_off(&mut self, side: usize) {
        let coming = &mut self.sides[side].coming;
        *coming = Coming::Broken(match *coming {
            Coming::Batch(time) => Some(time),
            _ => None,
        });
    }

    /// What is to be done now; to be asked again until it is to wait.
    pub(super) fn step(&mut self) -> Step<B> {
        let is_broken = |side: &Side<B>| side.complete.is_empty() && side.coming == Coming::Broken(None);
        if let Some(broken) = self.sides.iter().position(is_broken) {
            return Step::Broken(broken);
        }
        if self.sides.iter().any(|side| side.coming == Coming::Anything) {
            return Step::Wait;
        }
        let Some(earliest) = self.sides.iter().filter_map(Side::earliest).min() else {
            return Step::Close;
        };
        let time = self.next.unwrap_or(earliest);
        if earliest.0 > time.0.saturating_add(MAX_GAP.saturating_mul(self.interval.ms())) {
            return Step::Apart(time, earliest);
        }
        let awaited = |side: &Side<B>| side.complete.is_empty() && side.earliest().is_some_and(|next| next <= time);
        let is_broken = |side: &Side<B>| awaited(side) && matches!(side.coming, Coming::Broken(_));
        if let Some(broken) = self.sides.iter().position(is_broken) {
            return Step::Broken(broken);
        }
        if self.sides.iter().any(awaited) {
            return Step::Wait;
        }
        self.next = Some(time.after(self.interval));
        let take = |side: &mut Side<B>| {
            let has_it = side.complete.front().is_some_and(|(first, _)| *first == time);
            if has_it { side.complete.pop_front().map(|(_, batch)| batch) } else { None }
        };
        Step::Batch(time, self.sides.iter_mut().map(take).collect())
    }
}

impl<B> Side<B> {
    /// The next batch that the side has, or would have had.
    fn earliest(&self) -> Option<BatchTime> {
        match (self.complete.front(), self.coming) {
            (Some((time, _)), _) => Some(*time),
            (None, Coming::Batch(time) | Coming::Broken(Some(time))) => Some(time),
            (None, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INTERVAL_MS: u64 = 10;

    /// What a side does, one event after the other.
    #[derive(Clone, Copy, Debug)]
    enum Event {
        Open(u64),
        End(u64),
        Close,
        Break,
    }

    /// A whole side: its batches, whether each has blocks, and how it ends.
    #[derive(Clone, Debug)]
    struct Script {
        first: u64,
        batches: Vec<bool>,
        /// Breaks off, and there in the middle of a batch.
        breaks: Option<bool>,
    }

    impl Script {
        fn events(&self) -> Vec<Event> {
            let mut events = Vec::new();
            let mut time = self.first * INTERVAL_MS;
            for has_blocks in &self.batches {
                events.extend(has_blocks.then_some(Event::Open(time)));
                events.push(Event::End(time));
                time += INTERVAL_MS;
            }
            match self.breaks {
                None => events.push(Event::Close),
                Some(inside) => {
                    events.extend(inside.then_some(Event::Open(time)));
                    events.push(Event::Break);
                }
            }
            events
        }

        fn has(&self, time: u64) -> bool {
            (self.first..self.first + self.batches.len() as u64).contains(&time)
        }

        /// The first batch or what would be one; none for an empty stream.
        fn start(&self) -> Option<u64> {
            (!self.batches.is_empty() || self.breaks == Some(true)).then_some(self.first)
        }

        /// Where it breaks off, in units of the interval.
        fn broken_at(&self) -> Option<u64> {
            self.breaks.map(|_| match self.start() {
                None => 0,
                Some(first) => first + self.batches.len() as u64,
            })
        }
    }

    fn script() -> impl Strategy<Value = Script> {
        (1u64..12, prop::collection::vec(any::<bool>(), 0..8), prop::option::weighted(0.3, any::<bool>()))
            .prop_map(|(first, batches, breaks)| Script { first, batches, breaks })
    }

    type Batch = (u64, Vec<Option<(usize, u64)>>);

    /// What must come out, from the whole streams at once.
    fn model(scripts: &[Script]) -> (Vec<Batch>, bool) {
        let end = |script: &Script| script.first + script.batches.len() as u64;
        let broken = scripts.iter().filter_map(Script::broken_at).min();
        let first = scripts.iter().filter_map(Script::start).min().unwrap_or(0);
        let last = scripts.iter().filter(|script| script.start().is_some()).map(end).max().unwrap_or(0);
        let batches = (first..last.min(broken.unwrap_or(u64::MAX)))
            .map(|time| {
                let of = |(index, script): (usize, &Script)| script.has(time).then_some((index, time * INTERVAL_MS));
                (time * INTERVAL_MS, scripts.iter().enumerate().map(of).collect())
            })
            .collect();
        (batches, broken.is_some())
    }

    fn feed(align: &mut Align<(usize, u64)>, side: usize, event: Event) {
        match event {
            Event::Open(time) => align.open(side, BatchTime(time)),
            Event::End(time) => align.end(side, BatchTime(time), (side, time)),
            Event::Close => align.close(side),
            Event::Break => align.break_off(side),
        }
    }

    /// Delivers the scripts' events in this order of sides, and the rest side by
    /// side; the batches and the last step.
    fn deliver(scripts: &[Script], order: &[usize]) -> (Vec<Batch>, Step<(usize, u64)>) {
        let mut events: Vec<VecDeque<Event>> = scripts.iter().map(|script| script.events().into()).collect();
        let mut align = Align::new(scripts.len(), Interval::Fixed(INTERVAL_MS));
        let rest = (0..scripts.len()).flat_map(|side| std::iter::repeat_n(side, 100));
        let mut out = Vec::new();
        for side in order.iter().map(|side| side % scripts.len()).chain(rest) {
            let Some(event) = events[side].pop_front() else { continue };
            feed(&mut align, side, event);
            loop {
                match align.step() {
                    Step::Wait => break,
                    Step::Batch(time, sides) => out.push((time.0, sides)),
                    last => return (out, last),
                }
            }
        }
        panic!("still waiting after all events: {scripts:?}");
    }

    proptest! {
        #[test]
        fn any_interleaving_gives_what_the_streams_say(
            scripts in prop::collection::vec(script(), 1..4), order in prop::collection::vec(0usize..3, 0..40)
        ) {
            let (batches, breaks) = model(&scripts);
            let (out, last) = deliver(&scripts, &order);
            prop_assert_eq!(out, batches);
            match last {
                Step::Broken(side) => prop_assert!(breaks && scripts[side].breaks.is_some()),
                last => prop_assert!(!breaks && last == Step::Close),
            }
        }
    }

    /// Steps until it is to wait: the batches' times.
    fn times(align: &mut Align<()>) -> Vec<u64> {
        std::iter::from_fn(|| match align.step() {
            Step::Batch(time, _) => Some(time.0),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn a_batch_comes_out_as_soon_as_no_side_can_add_to_it() {
        let mut align = Align::new(2, Interval::Fixed(10));
        align.end(0, BatchTime(10), ());
        assert_eq!(align.step(), Step::Wait, "the other side may begin at 10 too, or sooner");
        align.open(1, BatchTime(30));
        assert_eq!(times(&mut align), [10]);
        align.end(0, BatchTime(20), ());
        align.end(0, BatchTime(30), ());
        assert_eq!(times(&mut align), [20], "30 is open on the other side");
        align.end(1, BatchTime(30), ());
        assert_eq!(times(&mut align), [30]);
        align.close(0);
        assert_eq!(align.step(), Step::Wait);
        align.end(1, BatchTime(40), ());
        assert_eq!(times(&mut align), [40]);
        align.close(1);
        assert_eq!(align.step(), Step::Close);
    }

    #[test]
    fn where_no_side_has_a_batch_empty_ones_come_out() {
        let mut align = Align::new(2, Interval::Fixed(10));
        align.end(0, BatchTime(10), ());
        align.close(0);
        align.open(1, BatchTime(50));
        assert_eq!(times(&mut align), [10, 20, 30, 40]);
    }

    #[test]
    fn days_of_a_calendar_follow_each_other_as_they_are() {
        let days = Interval::parse_calendar("1d,Europe/Berlin").unwrap();
        let midnight_ms = 1_792_879_200_000;
        let mut align = Align::new(2, days);
        align.end(0, BatchTime(midnight_ms), ());
        align.close(0);
        // Two days later, of which the first has 25 hours.
        align.open(1, BatchTime(midnight_ms + 49 * 3_600_000));
        assert_eq!(times(&mut align), [midnight_ms, midnight_ms + 25 * 3_600_000]);
    }

    #[test]
    fn clocks_that_have_nothing_in_common_are_refused() {
        let mut align = Align::new(2, Interval::Fixed(1000));
        align.end(0, BatchTime(1000), ());
        align.close(0);
        align.open(1, BatchTime(1_700_000_000_000));
        assert_eq!(times(&mut align), [1000]);
        assert_eq!(align.step(), Step::Apart(BatchTime(2000), BatchTime(1_700_000_000_000)));
        let mut align = Align::new(1, Interval::Fixed(1000));
        align.end(0, BatchTime(1_700_000_000_000), ());
        assert_eq!(times(&mut align), [1_700_000_000_000], "a late beginning is no gap");
    }
}
