//! How far apart the batches of a stream are: always so many milliseconds, or as the calendar of a place has it.
//!
//! A batch ends at a border. Whoever has to know which batch comes next, where one begins, or how many there are
//! between two times asks here, and adds no milliseconds itself.

mod calendar;
mod extent;
mod unit;

use std::fmt;

use jiff::tz::TimeZone;

pub use calendar::{Calendar, Reach, begin_of_day};
pub use extent::Extent;
pub use unit::Unit;

use crate::duration::show_ms;

/// What divides this ends at the same moments in every zone of today.
const QUARTER_MS: u64 = 900_000;

/// How far apart batches are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// So many milliseconds, at least one; borders are their multiples since the Unix epoch.
    Fixed(u64),
    /// Parts of days, days, weeks, months.
    Calendar(Calendar),
}

/// The least there is.
impl Default for Interval {
    fn default() -> Interval {
        Interval::Fixed(1)
    }
}

impl From<u64> for Interval {
    fn from(ms: u64) -> Interval {
        Interval::Fixed(ms)
    }
}

/// Of UTC, where no zone is named.
impl From<Extent> for Interval {
    fn from(extent: Extent) -> Interval {
        match extent {
            Extent::Plain(ms) => Interval::Fixed(ms),
            Extent::Months(months) => Interval::Calendar(Calendar::of_months(months)),
        }
    }
}

impl Interval {
    /// Batches of this length, in a zone if one is given. What is the same in every zone, as seconds are, knows
    /// no zone.
    ///
    /// # Errors
    /// What does not end with the days of a zone, and what would do.
    pub fn new(extent: Extent, zone: Option<&TimeZone>) -> Result<Interval, String> {
        let Some(zone) = zone.filter(|_| !is_same_everywhere(extent)) else { return Ok(extent.into()) };
        let calendar = Calendar::new(extent, zone)?;
        Ok(match extent {
            Extent::Plain(ms) if calendar.zone() == "UTC" && calendar.is_same_in_utc() => Interval::Fixed(ms),
            _ => Interval::Calendar(calendar),
        })
    }

    /// Reads `1d,Europe/Berlin`, as a calendar is written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse_calendar(text: &str) -> Result<Interval, String> {
        let (extent, zone) = text.split_once(',').ok_or("a calendar is a length and a zone, as 1d,Europe/Berlin")?;
        Interval::new(Extent::parse(extent)?, Some(&parse_zone(zone)?))
    }

    /// What [`Interval::ms`] and [`Interval::calendar_text`] said.
    pub fn of_parts(ms: u64, calendar: Option<&str>) -> Option<Interval> {
        match calendar {
            Some(text) => Interval::parse_calendar(text).ok(),
            None => (ms > 0).then_some(Interval::Fixed(ms)),
        }
    }

    /// The calendar, as a head has it.
    pub fn calendar_text(self) -> Option<String> {
        match self {
            Interval::Fixed(_) => None,
            Interval::Calendar(calendar) => Some(calendar.to_string()),
        }
    }

    /// Milliseconds between two borders; by a calendar about so many.
    pub fn ms(self) -> u64 {
        match self {
            Interval::Fixed(ms) => ms,
            Interval::Calendar(calendar) => calendar.about_ms(),
        }
    }

    /// The first border after a time.
    pub fn after(self, time_ms: u64) -> u64 {
        match self {
            Interval::Fixed(ms) => (time_ms / ms + 1).saturating_mul(ms),
            Interval::Calendar(calendar) => calendar.after(time_ms),
        }
    }

    /// The last border up to a time.
    pub fn up_to(self, time_ms: u64) -> u64 {
        match self {
            Interval::Fixed(ms) => time_ms - time_ms % ms,
            Interval::Calendar(calendar) => calendar.up_to(time_ms),
        }
    }

    /// The first border from a time on.
    pub fn at_or_after(self, time_ms: u64) -> u64 {
        if self.is_border(time_ms) { time_ms } else { self.after(time_ms) }
    }

    /// Whether a batch may end at this time.
    pub fn is_border(self, time_ms: u64) -> bool {
        self.up_to(time_ms) == time_ms
    }

    /// Where the batch begins that ends at this time.
    pub fn begin(self, end_ms: u64) -> u64 {
        match self {
            Interval::Fixed(ms) => end_ms.saturating_sub(ms),
            Interval::Calendar(calendar) => calendar.up_to(end_ms.saturating_sub(1)),
        }
    }

    /// How long after this time, that of a batch, the next batch ends.
    pub fn length(self, time_ms: u64) -> u64 {
        match self {
            Interval::Fixed(ms) => ms,
            Interval::Calendar(calendar) => calendar.after(time_ms).saturating_sub(time_ms),
        }
    }

    /// How many borders there are after one time and up to another.
    pub fn count(self, after_ms: u64, up_to_ms: u64) -> u64 {
        match self {
            Interval::Fixed(ms) => (up_to_ms / ms).saturating_sub(after_ms / ms),
            Interval::Calendar(_) => {
                self.borders(after_ms).take_while(|border_ms| *border_ms <= up_to_ms).count() as u64
            }
        }
    }

    /// The time of the batch that comes so many batches after that of `time_ms`.
    pub fn nth_after(self, time_ms: u64, batches: u64) -> u64 {
        match self {
            Interval::Fixed(ms) => time_ms.saturating_add(batches.saturating_mul(ms)),
            Interval::Calendar(_) => (0..batches).fold(time_ms, |time_ms, _| self.after(time_ms)),
        }
    }

    /// The time of the batch that comes so many batches before it.
    pub fn nth_before(self, time_ms: u64, batches: u64) -> u64 {
        match self {
            Interval::Fixed(ms) => time_ms.saturating_sub(batches.saturating_mul(ms)),
            Interval::Calendar(calendar) => calendar.back(time_ms, Reach::Steps(batches)),
        }
    }

    fn borders(self, after_ms: u64) -> impl Iterator<Item = u64> {
        std::iter::successors(Some(self.after(after_ms)), move |time_ms| Some(self.after(*time_ms)))
            .take_while(|time_ms| *time_ms < u64::MAX)
    }
}

/// As a user would write it: `10s`, `1d,Europe/Berlin`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interval::Fixed(ms) => f.write_str(&show_ms(*ms)),
            Interval::Calendar(calendar) => calendar.fmt(f),
        }
    }
}

/// Whether batches of this length end at the same moments in every zone.
pub fn is_same_everywhere(extent: Extent) -> bool {
    extent.plain_ms().is_some_and(|ms| QUARTER_MS.is_multiple_of(ms))
}

/// A zone by its name, for an option that names one.
///
/// ```
/// use sstream::connect::parse_zone;
///
/// assert_eq!(parse_zone("Europe/Berlin").unwrap().iana_name(), Some("Europe/Berlin"));
/// assert!(parse_zone("Mars").unwrap_err().contains("no time zone"));
/// ```
///
/// # Errors
/// There is none of that name.
pub fn parse_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| "is no time zone: names are as Europe/Berlin, America/New_York or UTC".to_owned())
}

#[cfg(test)]
mod tests;
