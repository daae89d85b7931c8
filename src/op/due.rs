//! What is over once a time has been reached, in any order.
//!
//! A radix heap: since a time that was reached never comes back, things need not be in order. They are in
//! bins by the highest digit in which their time differs from the time that was reached, so that a time
//! that is reached empties bins whole, and looks into things one by one in a single bin. A thing is moved as
//! often as its time has digits that count, whatever else is there.

use std::mem::take;

use crate::event::{EventTime, ordered};

/// The bits of a digit.
const BITS: u32 = 4;

const DIGITS: usize = 1 << BITS;

/// Things, by when they are over. What that is of a thing is not kept here, but asked for.
#[derive(Debug)]
pub struct Due<T> {
    /// Everything that is over at this time has been given.
    reached: EventTime,
    /// By level, the place of the digit, and digit.
    bins: Vec<Vec<T>>,
    /// What was over already when it came.
    overdue: Vec<T>,
}

impl<T> Default for Due<T> {
    fn default() -> Due<T> {
        let levels = (u64::BITS / BITS) as usize;
        let bins = (0..levels * DIGITS).map(|_| Vec::new()).collect();
        Due { reached: EventTime::MIN, bins, overdue: Vec::new() }
    }
}

impl<T> Due<T> {
    /// The thing is over at `time`.
    #[inline]
    pub fn push(&mut self, time: EventTime, thing: T) {
        match bin(self.reached, time) {
            Some((level, digit)) => self.bins[level * DIGITS + digit].push(thing),
            None => self.overdue.push(thing),
        }
    }

    /// Gives what is over at `time`, in any order; `time_of` says when a thing is.
    pub fn reach(&mut self, time: EventTime, time_of: impl Fn(&T) -> EventTime, mut over: impl FnMut(T)) {
        take(&mut self.overdue).into_iter().for_each(&mut over);
        let Some((level, digit)) = bin(self.reached, time) else { return };
        let from = digit_of(self.reached, level);
        self.reached = time;
        // All digits of the levels below are before that one.
        for bin in &mut self.bins[..level * DIGITS] {
            take(bin).into_iter().for_each(&mut over);
        }
        for bin in &mut self.bins[level * DIGITS..][from..digit] {
            take(bin).into_iter().for_each(&mut over);
        }
        for thing in take(&mut self.bins[level * DIGITS + digit]) {
            let thing_time = time_of(&thing);
            if thing_time <= time { over(thing) } else { self.push(thing_time, thing) }
        }
    }

    /// Makes other things of them, that are over at the same times.
    pub fn map(&mut self, other: impl Fn(T) -> T) {
        for bin in self.bins.iter_mut().chain([&mut self.overdue]) {
            *bin = take(bin).into_iter().map(&other).collect();
        }
    }

    /// About how many bytes that takes.
    pub fn bytes(&self) -> usize {
        self.bins.iter().chain([&self.overdue]).map(|bin| bin.len() * size_of::<T>()).sum()
    }
}

/// The level and the digit that tell a time from one that was reached; none if it is not after that.
#[inline]
fn bin(reached: EventTime, time: EventTime) -> Option<(usize, usize)> {
    if time <= reached {
        return None;
    }
    let differing = (reached ^ time) as u64;
    let level = (differing.ilog2() / BITS) as usize;
    Some((level, digit_of(time, level)))
}

/// The digit of a time at a level, the greatest for the latest times.
#[inline]
fn digit_of(time: EventTime, level: usize) -> usize {
    (ordered(time) >> (level as u32 * BITS)) as usize & (DIGITS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_over_is_given_once(
            steps in prop::collection::vec((prop::collection::vec(-300_i64..3000, 0..12), 0_i64..200), 1..40),
            begin in -100_i64..100,
        ) {
            let mut due = Due::default();
            let (mut there, mut now, mut number) = (Vec::new(), begin, 0_u32);
            for (times, forward) in steps {
                for time in times {
                    // Some are over when they come.
                    due.push(now + time, (now + time, number));
                    there.push((now + time, number));
                    number += 1;
                }
                now += forward;
                let mut over = Vec::new();
                due.reach(now, |(time, _)| *time, |thing| over.push(thing));
                over.sort_unstable();
                let mut want: Vec<_> = there.extract_if(.., |(time, _)| *time <= now).collect();
                want.sort_unstable();
                prop_assert_eq!(over, want);
            }
            let mut left = 0;
            due.reach(EventTime::MAX, |(time, _)| *time, |_| left += 1);
            prop_assert_eq!(left, there.len());
            prop_assert_eq!(due.bytes(), 0);
        }
    }
}
