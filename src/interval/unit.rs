//! Days, weeks and months, and their numbers.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// From midnight to midnight.
    Day,
    /// From Monday on.
    Week,
    /// From the first day on.
    Month,
}

impl Unit {
    /// The number of the unit that a day is in, from 1970 on; weeks begin on Monday.
    pub fn number(self, date: Date) -> i64 {
        let days = || i64::from((date - Date::constant(1970, 1, 1)).get_days());
        match self {
            Unit::Day => days(),
            // 1970 began on a Thursday.
            Unit::Week => (days() + 3).div_euclid(7),
            Unit::Month => i64::from(date.year() - 1970) * 12 + i64::from(date.month()) - 1,
        }
    }

    /// The first day of a unit.
    pub fn date(self, number: i64) -> Date {
        let epoch = Date::constant(1970, 1, 1);
        debug_assert_eq!(epoch.weekday(), Weekday::Thursday);
        match self {
            Unit::Day => epoch.saturating_add(number.days()),
            Unit::Week => epoch.saturating_add((number * 7 - 3).days()),
            Unit::Month => epoch.saturating_add(number.months()),
        }
    }
}
