//! The batch clock: when batches are cut, as pure arithmetic on clock readings.
//!
//! Batch T holds what arrived in [T - interval, T), and cuts fall on multiples
//! of the interval since the Unix epoch, as Spark's `RecurringTimer` makes them,
//! or where the calendar of a zone has a border ([`Interval`]).
//! The wall clock decides; while it is behind the last cut (it was set back),
//! cuts follow the monotonic clock instead, so that no batch time comes twice.

use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::frame::BatchTime;
use crate::interval::Interval;
use crate::signal::StopSignal;

/// Both clocks, read at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Time since the Unix epoch.
    pub wall: Duration,
    /// Time since some fixed moment, which nobody sets.
    pub monotonic: Duration,
}

impl Reading {
    /// Milliseconds since the Unix epoch.
    pub fn wall_ms(self) -> u64 {
        self.wall.as_millis() as u64
    }
}

/// Where readings come from: the system, or a test.
pub trait Clock {
    /// Reads both clocks.
    fn read(&self) -> Reading;

    /// Waits for `timeout`, or until the process is asked to stop. May return
    /// early for no reason.
    fn wait(&self, stop: &StopSignal, timeout: Duration) -> io::Result<()>;
}

/// The system's clocks. The only place that asks them.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    pub fn new() -> SystemClock {
        SystemClock { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn read(&self) -> Reading {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Reading { wall, monotonic: self.started.elapsed() }
    }

    fn wait(&self, stop: &StopSignal, timeout: Duration) -> io::Result<()> {
        // A time too long for the system is for ever.
        let timeout = Timespec::try_from(timeout).ok();
        match poll(&mut [PollFd::from_borrowed_fd(stop.wake(), PollFlags::IN)], timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The latest moment at which a wait is looked at again: a wall clock that is
/// set forward, or a suspend, must not be noticed an hour later.
const LONGEST_WAIT: Duration = Duration::from_millis(1000);

/// Says when the open batch is to be cut.
#[derive(Clone, Debug)]
pub struct BatchClock {
    interval: Interval,
    last: BatchTime,
    /// The batch that is open.
    open: BatchTime,
    /// The monotonic time that belongs to `last`.
    anchor: Duration,
}

impl BatchClock {
    /// A clock whose open batch is the one whose interval `now` is in.
    pub fn start(interval: Interval, now: Reading) -> BatchClock {
        BatchClock::after(interval, BatchTime(interval.up_to(now.wall_ms())), now)
    }

    /// A clock whose last batch was `last`: a restart. Intervals missed since
    /// then are due at once; when `last` is still to come by the wall clock, the
    /// next batch waits until then.
    pub fn after(interval: Interval, last: BatchTime, now: Reading) -> BatchClock {
        let mut clock = BatchClock { interval, last, open: last.after(interval), anchor: now.monotonic };
        clock.set_anchor(now);
        clock
    }

    /// The batch that is open.
    pub fn open(&self) -> BatchTime {
        self.open
    }

    /// Where its interval begins.
    pub fn begin(&self) -> BatchTime {
        self.last
    }

    /// How many batches are over: the open one, and those after it that were
    /// missed altogether.
    pub fn due(&self, now: Reading) -> u64 {
        let over_ms = if now.wall_ms() >= self.last.0 {
            now.wall_ms() - self.last.0
        } else {
            now.monotonic.saturating_sub(self.anchor).as_millis() as u64
        };
        match self.interval {
            Interval::Fixed(ms) => over_ms / ms,
            Interval::Calendar(_) if self.last.0 + over_ms < self.open.0 => 0,
            Interval::Calendar(_) => self.interval.count(self.last.0, self.last.0 + over_ms),
        }
    }

    /// How long to wait before asking [`BatchClock::due`] again; zero when a
    /// batch is due.
    pub fn wait(&self, now: Reading) -> Duration {
        self.until_cut(now).min(LONGEST_WAIT)
    }

    /// How long the open batch still has, if nobody sets the clock.
    pub fn until_cut(&self, now: Reading) -> Duration {
        if now.wall_ms() >= self.last.0 {
            Duration::from_millis(self.open.0).saturating_sub(now.wall)
        } else {
            (self.anchor + self.length()).saturating_sub(now.monotonic)
        }
    }

    /// Closes the open batch and opens the next one.
    pub fn cut(&mut self, now: Reading) -> BatchTime {
        self.anchor += self.length();
        self.last = self.open;
        self.open = self.last.after(self.interval);
        self.set_anchor(now);
        self.last
    }

    /// How long the open batch is.
    fn length(&self) -> Duration {
        Duration::from_millis(self.open.0.saturating_sub(self.last.0))
    }

    fn set_anchor(&mut self, now: Reading) {
        if let Some(since) = now.wall.checked_sub(Duration::from_millis(self.last.0)) {
            self.anchor = now.monotonic.saturating_sub(since);
        }
    }
}

#[cfg(test)]
pub mod testing {
    //! A clock that stands still but for those who wait on it.

    use std::cell::Cell;

    use super::*;

    /// Shared by a test and what it tests.
    #[derive(Debug)]
    pub struct ManualClock(Cell<Reading>);

    impl ManualClock {
        /// A clock whose wall stands at `wall_ms`.
        pub fn at(wall_ms: u64) -> ManualClock {
            ManualClock(Cell::new(Reading { wall: Duration::from_millis(wall_ms), monotonic: Duration::ZERO }))
        }

        /// Time goes by.
        pub fn advance(&self, by: Duration) {
            let now = self.0.get();
            self.0.set(Reading { wall: now.wall + by, monotonic: now.monotonic + by });
        }

        /// Somebody sets the wall clock, or the machine has slept.
        pub fn set_wall(&self, wall_ms: u64) {
            self.0.set(Reading { wall: Duration::from_millis(wall_ms), ..self.0.get() });
        }
    }

    impl Clock for ManualClock {
        fn read(&self) -> Reading {
            self.0.get()
        }

        fn wait(&self, stop: &StopSignal, timeout: Duration) -> io::Result<()> {
            if !stop.is_asked() {
                self.advance(timeout);
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall_ms: u64, monotonic_ms: u64) -> Reading {
        Reading { wall: Duration::from_millis(wall_ms), monotonic: Duration::from_millis(monotonic_ms) }
    }

    /// Cuts all that is due and returns the times.
    fn cuts(clock: &mut BatchClock, now: Reading) -> Vec<u64> {
        (0..clock.due(now)).map(|_| clock.cut(now).0).collect()
    }

    #[test]
    fn cuts_fall_on_multiples_of_the_interval() {
        let mut clock = BatchClock::start(Interval::Fixed(1000), at(5_300, 0));
        assert_eq!(clock.open(), BatchTime(6000));
        assert_eq!(clock.wait(at(5_300, 0)), Duration::from_millis(700));
        assert_eq!(cuts(&mut clock, at(5_999, 699)), [0u64; 0]);
        assert_eq!(cuts(&mut clock, at(6_000, 700)), [6000]);
        assert_eq!(cuts(&mut clock, at(7_999, 2_699)), [7000]);
    }

    #[test]
    fn a_suspend_is_caught_up_in_order() {
        let mut clock = BatchClock::start(Interval::Fixed(1000), at(5_300, 0));
        assert_eq!(cuts(&mut clock, at(9_100, 10)), [6000, 7000, 8000, 9000]);
        assert_eq!(clock.wait(at(9_100, 10)), Duration::from_millis(900));
    }

    #[test]
    fn a_clock_set_back_goes_on_by_the_monotonic_one() {
        let mut clock = BatchClock::start(Interval::Fixed(1000), at(10_300, 0));
        assert_eq!(cuts(&mut clock, at(11_050, 750)), [11_000]);
        // An hour back: the next cuts come a second apart all the same.
        assert_eq!(clock.wait(at(7_000, 800)), Duration::from_millis(900));
        assert_eq!(cuts(&mut clock, at(7_899, 1_699)), [0u64; 0]);
        assert_eq!(cuts(&mut clock, at(7_900, 1_700)), [12_000]);
        assert_eq!(cuts(&mut clock, at(8_900, 2_700)), [13_000]);
        // The wall clock is right again.
        assert_eq!(cuts(&mut clock, at(14_000, 3_400)), [14_000]);
        assert_eq!(clock.wait(at(14_000, 3_400)), Duration::from_millis(1000));
    }

    #[test]
    fn a_restart_inside_an_interval_waits_for_the_next() {
        // The batch 6000 was closed early, at 5.3 s; 7000 may not begin before 6 s.
        let mut clock = BatchClock::after(Interval::Fixed(1000), BatchTime(6000), at(5_300, 0));
        assert_eq!(cuts(&mut clock, at(6_999, 0)), [0u64; 0]);
        assert_eq!(cuts(&mut clock, at(7_000, 0)), [7000]);
    }

    #[test]
    fn a_restart_catches_up() {
        let mut clock = BatchClock::after(Interval::Fixed(1000), BatchTime(2000), at(5_300, 0));
        assert_eq!(cuts(&mut clock, at(5_300, 0)), [3000, 4000, 5000]);
    }

    /// 2026-10-24T22:00Z, midnight in Berlin: the day that begins has 25 hours.
    const MIDNIGHT_MS: u64 = 1_792_879_200_000;
    const HOUR_MS: u64 = 3_600_000;

    #[test]
    fn days_end_at_midnight_where_the_zone_is() {
        let days = Interval::parse_calendar("1d,Europe/Berlin").unwrap();
        let mut clock = BatchClock::start(days, at(MIDNIGHT_MS - 900_000, 0));
        assert_eq!(clock.open(), BatchTime(MIDNIGHT_MS));
        assert_eq!(clock.until_cut(at(MIDNIGHT_MS - 900_000, 0)), Duration::from_millis(900_000));
        let later = |ms: u64| at(MIDNIGHT_MS + ms, 900_000 + ms);
        assert_eq!(cuts(&mut clock, later(0)), [MIDNIGHT_MS]);
        assert_eq!(cuts(&mut clock, later(25 * HOUR_MS - 1)), [0u64; 0]);
        assert_eq!(cuts(&mut clock, later(25 * HOUR_MS)), [MIDNIGHT_MS + 25 * HOUR_MS]);
        // A suspend is caught up in order.
        assert_eq!(cuts(&mut clock, later(80 * HOUR_MS)), [49, 73].map(|hours| MIDNIGHT_MS + hours * HOUR_MS));
    }

    #[test]
    fn a_clock_set_back_on_a_long_day_goes_on_by_the_monotonic_one() {
        let days = Interval::parse_calendar("1d,Europe/Berlin").unwrap();
        let mut clock = BatchClock::after(days, BatchTime(MIDNIGHT_MS), at(MIDNIGHT_MS + 1000, 1000));
        let back = |monotonic_ms: u64| at(MIDNIGHT_MS - 10 * 24 * HOUR_MS, monotonic_ms);
        assert_eq!(cuts(&mut clock, back(25 * HOUR_MS - 1)), [0u64; 0]);
        assert_eq!(cuts(&mut clock, back(25 * HOUR_MS)), [MIDNIGHT_MS + 25 * HOUR_MS]);
        assert_eq!(cuts(&mut clock, back(49 * HOUR_MS - 1)), [0u64; 0]);
        assert_eq!(cuts(&mut clock, back(49 * HOUR_MS)), [MIDNIGHT_MS + 49 * HOUR_MS]);
    }
}
