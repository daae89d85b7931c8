//! How far the times of a stream's records have come.
//!
//! Rules, as measured of Spark 3.5.8's Structured Streaming (`EventTimeWatermarkExec`), but that
//! there is no watermark before the first record, where Spark begins at 0:
//!
//! - after a batch the watermark is the greatest time so far minus the delay, over all records, late
//!   ones and duplicates too; it never goes back;
//! - a record is late by the watermark from before its batch, and what the watermark after a batch
//!   closes comes out in that batch.

use super::EventTime;
use crate::frame::{BatchTime, Watermark};

/// The watermark that a stage goes by: its own, by `--watermark`, or its input's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermarks {
    source: Source,
    current: Option<Watermark>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Input,
    Own {
        delay_ms: i64,
        idle_ms: Option<i64>,
        greatest: Option<EventTime>,
        /// Whether records are told of by the input's watermark, the greatest of those that have seen them.
        is_of_parts: bool,
        /// The newest batch that had a record; and by how much the watermark was behind it.
        newest: Option<(BatchTime, i64)>,
        has_record: bool,
    },
}

impl Watermarks {
    /// The input's.
    pub fn of_input() -> Watermarks {
        Watermarks { source: Source::Input, current: None }
    }

    /// `delay_ms` behind the greatest time so far. With `idle_ms`, when no record has come for so
    /// long, by the times of batches, the watermark goes on with these.
    pub fn own(delay_ms: u64, idle_ms: Option<u64>) -> Watermarks {
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        Watermarks {
            source: Source::Own {
                delay_ms: ms(delay_ms),
                idle_ms: idle_ms.map(ms),
                greatest: None,
                is_of_parts: false,
                newest: None,
                has_record: false,
            },
            current: None,
        }
    }

    /// For a part of the stage: the records of all parts were seen where they were dealt, and the input's
    /// watermark is what became of them there, with this one's delay.
    pub fn of_parts(mut self) -> Watermarks {
        if let Source::Own { is_of_parts, .. } = &mut self.source {
            *is_of_parts = true;
        }
        self
    }

    /// Whether the watermark is this stage's own.
    pub fn is_own(&self) -> bool {
        matches!(self.source, Source::Own { .. })
    }

    /// Takes the time of a record, be it late or not.
    #[inline]
    pub fn observe(&mut self, time: EventTime) {
        if let Source::Own { greatest, has_record, is_of_parts: false, .. } = &mut self.source {
            *has_record = true;
            if greatest.is_none_or(|greatest| greatest < time) {
                *greatest = Some(time);
            }
        }
    }

    /// Takes what another one has seen, which began as the same.
    pub fn merge(&mut self, other: &Watermarks) {
        if let Source::Own { greatest: Some(time), has_record: true, .. } = other.source {
            self.observe(time);
        }
    }

    /// The watermark as of the last batch that ended: what lateness is judged by.
    #[inline]
    pub fn current(&self) -> Option<Watermark> {
        self.current
    }

    /// Whether `time` is behind the watermark or at it.
    #[inline]
    pub fn has_reached(&self, time: EventTime) -> bool {
        self.current.is_some_and(|Watermark(current)| time <= current)
    }

    /// The batch is over, `input` being the watermark in its end: the watermark from now on.
    pub fn end(&mut self, batch: BatchTime, input: Option<Watermark>) -> Option<Watermark> {
        let next = match &mut self.source {
            Source::Input => input,
            Source::Own { delay_ms, idle_ms, greatest, is_of_parts, newest, has_record } => {
                if let (true, Some(Watermark(ms))) = (*is_of_parts, input) {
                    *has_record = true;
                    *greatest = (*greatest).max(Some(ms.saturating_add(*delay_ms)));
                }
                let next = greatest.map(|greatest| greatest.saturating_sub(*delay_ms));
                let batch_ms = i64::try_from(batch.0).unwrap_or(i64::MAX);
                let mut idle = None;
                if std::mem::take(has_record) {
                    let current = next.max(self.current.map(|Watermark(ms)| ms));
                    *newest = current.map(|current| (batch, current));
                } else if let (Some(idle_ms), Some((since, at))) = (*idle_ms, *newest) {
                    let silent_ms = batch_ms.saturating_sub(i64::try_from(since.0).unwrap_or(i64::MAX));
                    idle = (silent_ms >= idle_ms).then(|| at.saturating_add(silent_ms));
                }
                next.max(idle).map(Watermark)
            }
        };
        self.current = self.current.max(next);
        self.current
    }

    /// What a checkpoint keeps of it.
    pub fn save(&self, out: &mut Vec<u8>) {
        let mut number = |number: Option<i64>| {
            out.push(u8::from(number.is_some()));
            out.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
        };
        number(self.current.map(|Watermark(ms)| ms));
        if let Source::Own { greatest, newest, .. } = &self.source {
            number(*greatest);
            number(newest.map(|(batch, _)| batch.0 as i64));
            number(newest.map(|(_, at)| at));
        }
    }

    /// Takes what [`Watermarks::save`] gave to one of the same kind; false if it is none.
    pub fn load(&mut self, saved: &[u8]) -> bool {
        let mut numbers = saved.chunks(9).map(|number| match number {
            [0, ..] if number.len() == 9 => Some(None),
            [1, ms @ ..] => Some(Some(i64::from_le_bytes(ms.try_into().ok()?))),
            _ => None,
        });
        let Some(Some(current)) = numbers.next() else { return false };
        self.current = current.map(Watermark);
        if let Source::Own { greatest, newest, .. } = &mut self.source {
            let (Some(Some(most)), Some(Some(batch)), Some(Some(at))) =
                (numbers.next(), numbers.next(), numbers.next())
            else {
                return false;
            };
            *greatest = most;
            *newest = batch.zip(at).map(|(batch, at)| (BatchTime(batch as u64), at));
        }
        numbers.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(watermarks: &mut Watermarks, batches: &[&[EventTime]]) -> Vec<Option<i64>> {
        let ends = (1..).zip(batches).map(|(number, times)| {
            times.iter().for_each(|time| watermarks.observe(*time));
            watermarks.end(BatchTime(number * 1000), None).map(|Watermark(ms)| ms)
        });
        ends.collect()
    }

    #[test]
    fn it_is_behind_the_greatest_time_and_never_goes_back() {
        let mut watermarks = Watermarks::own(5000, None);
        let ends = run(&mut watermarks, &[&[], &[1000, 11_000], &[], &[2000], &[31_000]]);
        assert_eq!(ends, [None, Some(6000), Some(6000), Some(6000), Some(26_000)]);
        assert!(watermarks.has_reached(26_000) && !watermarks.has_reached(26_001));
    }

    #[test]
    fn without_one_of_its_own_a_stage_goes_by_its_inputs() {
        let mut watermarks = Watermarks::of_input();
        watermarks.observe(1_000_000);
        let ends = [None, Some(5), Some(7)].map(|ms| watermarks.end(BatchTime(1000), ms.map(Watermark)));
        assert_eq!(ends, [None, Some(Watermark(5)), Some(Watermark(7))]);
    }

    #[test]
    fn in_silence_it_goes_on_with_the_batches() {
        let mut watermarks = Watermarks::own(500, Some(2000));
        let ends = run(&mut watermarks, &[&[], &[], &[10_000], &[], &[], &[], &[10_500], &[50_000]]);
        let want = [None, None, Some(9500), Some(9500), Some(11_500), Some(12_500), Some(12_500), Some(49_500)];
        assert_eq!(ends, want);
    }

    #[test]
    fn a_part_has_that_of_all_who_dealt() {
        let batches: [[&[EventTime]; 2]; 5] =
            [[&[], &[]], [&[10_000], &[11_000, 3]], [&[], &[]], [&[], &[]], [&[9], &[]]];
        let (mut whole, mut part) = (Watermarks::own(500, Some(2000)), Watermarks::own(500, Some(2000)).of_parts());
        for (number, batch) in (1..).zip(&batches) {
            let time = BatchTime(number * 1000);
            let dealt = batch.iter().filter_map(|times| {
                let mut watermarks = Watermarks::own(500, None);
                times.iter().for_each(|time| watermarks.observe(*time));
                watermarks.end(time, None)
            });
            let dealt = dealt.max();
            batch.iter().flat_map(|times| times.iter()).for_each(|time| whole.observe(*time));
            // Its own records say no more.
            part.observe(1_000_000);
            assert_eq!(part.end(time, dealt), whole.end(time, None));
        }
        assert_eq!(part.current(), Some(Watermark(12_500)));
    }

    proptest! {
        #[test]
        fn restored_anywhere_it_is_undisturbed(
            batches in prop::collection::vec(prop::collection::vec(-50_i64..50, 0..4), 0..12), at in 0_usize..12, idle: bool
        ) {
            let make = || Watermarks::own(7, idle.then_some(2000));
            let (mut whole, mut part) = (make(), make());
            for (number, times) in (1..).zip(&batches) {
                if number as usize == at {
                    let mut saved = Vec::new();
                    part.save(&mut saved);
                    part = make();
                    prop_assert!(part.load(&saved));
                }
                for watermarks in [&mut whole, &mut part] {
                    times.iter().for_each(|time| watermarks.observe(*time));
                    watermarks.end(BatchTime(number * 1000), None);
                }
                prop_assert_eq!(&whole, &part);
            }
        }
    }
}
