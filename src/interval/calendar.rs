//! The calendar of a place: when its hours, days, weeks and months begin.
//!
//! A part of a day ends each time that the clock of the place shows a multiple of it, counted from midnight: where the
//! clock is set back over such a time it shows it twice, and where it is set forward over one, the part ends at that
//! moment. So 1h has 25 ends on the day that has 25 hours, and 6h has four, one of them after 7 hours.
//! Days, weeks (from Monday), months and years end where a day begins.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

use super::extent::{DAY_MS, Extent};
use super::unit::Unit;
use crate::duration::show_ms;

const MINUTE_MS: u64 = 60_000;

/// When a day begins, in ms since the epoch: at midnight, or where the clock goes on from if there is none. `None` where
/// no time is known.
pub fn begin_of_day(date: Date, zone: &TimeZone) -> Option<i64> {
    moment_of(date.at(0, 0, 0, 0), zone)
}

/// When the clock of a zone shows this: the first time if it does so twice, and where it is set forward if it
/// never does.
fn moment_of(local: DateTime, zone: &TimeZone) -> Option<i64> {
    let shown = zone.to_ambiguous_timestamp(local);
    let is_passed_over = matches!(shown.offset(), AmbiguousOffset::Gap { .. });
    let moment_ms = shown.compatible().ok()?.as_millisecond();
    if !is_passed_over {
        return Some(moment_ms);
    }
    let change = zone.preceding(moment(moment_ms + 1)).next();
    Some(change.map_or(moment_ms, |change| change.timestamp().as_millisecond()))
}

/// The moment of so many ms, or the last one that there is.
fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A zone, by its name.
#[derive(Debug)]
struct Place {
    name: String,
    zone: TimeZone,
}

/// The zones that were asked for: a process has to do with few, and each is kept as long as it lives.
static PLACES: Mutex<Vec<&'static Place>> = Mutex::new(Vec::new());

impl Place {
    fn of(zone: &TimeZone) -> &'static Place {
        let name = zone.iana_name().unwrap_or("UTC");
        let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.iter().find(|place| place.name == name) {
            return place;
        }
        let place: &'static Place = Box::leak(Box::new(Place { name: name.to_owned(), zone: zone.clone() }));
        places.push(place);
        place
    }
}

/// Hours, days, weeks or months of a place.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    step: Step,
    place: &'static Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// A part of a day, in ms: whole minutes.
    Clock(u64),
    /// So many units.
    Dates(Unit, i64),
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Calendar) -> bool {
        self.step == other.step && self.place.name == other.place.name
    }
}

impl Eq for Calendar {}

/// How far a window reaches back from a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// So many steps.
    Steps(u64),
    /// To the same time of an earlier day, or of a day of an earlier month.
    Dates(Extent),
}

impl Calendar {
    /// Of steps of this length in a zone.
    ///
    /// # Errors
    /// What does not end with the days, and what would do.
    pub fn new(extent: Extent, zone: &TimeZone) -> Result<Calendar, String> {
        let step = match (extent, extent.in_units()) {
            (_, Some((unit, count))) => Step::Dates(unit, count),
            (Extent::Plain(ms), None) if DAY_MS.is_multiple_of(ms) && ms.is_multiple_of(MINUTE_MS) => Step::Clock(ms),
            _ => {
                return Err(format!(
                    "{} is no part of a day, as 30m, 1h or 6h are, and no whole days, weeks, months or years",
                    extent.show()
                ));
            }
        };
        Ok(Calendar { step, place: Place::of(zone) })
    }

    /// So many months of UTC.
    pub(super) fn of_months(months: u32) -> Calendar {
        Calendar { step: Step::Dates(Unit::Month, months.into()), place: Place::of(&TimeZone::UTC) }
    }

    /// The name of its zone.
    pub fn zone(self) -> &'static str {
        &self.place.name
    }

    /// Whether multiples of the step since the epoch are its borders in UTC: weeks begin on Monday, and months have no
    /// multiples.
    pub(super) fn is_same_in_utc(self) -> bool {
        matches!(self.step, Step::Clock(_) | Step::Dates(Unit::Day, _))
    }

    /// How long a step is, about: days have 24 hours here, months 30 days, and years 365.
    pub fn about_ms(self) -> u64 {
        let (days, count) = match self.step {
            Step::Clock(ms) => return ms,
            Step::Dates(Unit::Day, count) => (1, count),
            Step::Dates(Unit::Week, count) => (7, count),
            Step::Dates(Unit::Month, count) if count % 12 == 0 => (365, count / 12),
            Step::Dates(Unit::Month, count) => (30, count),
        };
        DAY_MS * days * count.unsigned_abs()
    }

    /// The first border after a time, both in ms since the epoch; `u64::MAX` if none is known.
    pub fn after(self, time_ms: u64) -> u64 {
        let Ok(time_ms) = i64::try_from(time_ms) else { return u64::MAX };
        if Timestamp::from_millisecond(time_ms).is_err() {
            return u64::MAX;
        }
        let next_ms = match self.step {
            Step::Clock(ms) => Some(self.shown_after(time_ms, ms as i64)),
            Step::Dates(unit, count) => {
                let number = self.number(time_ms, unit, count);
                (number..number + 4).find_map(|number| self.begin(number, unit, count).filter(|ms| *ms > time_ms))
            }
        };
        next_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(u64::MAX)
    }

    /// The last border up to a time; 0 if that is before the epoch.
    pub fn up_to(self, time_ms: u64) -> u64 {
        let time_ms = i64::try_from(time_ms).unwrap_or(i64::MAX).min(Timestamp::MAX.as_millisecond());
        let last_ms = match self.step {
            Step::Clock(ms) => Some(self.shown_up_to(time_ms, ms as i64)),
            Step::Dates(unit, count) => {
                let number = self.number(time_ms, unit, count);
                let mut numbers = (number - 2..number + 2).rev();
                numbers.find_map(|number| self.begin(number, unit, count).filter(|ms| *ms <= time_ms))
            }
        };
        last_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
    }

    /// Which of the steps of so many units a time is in.
    fn number(self, time_ms: i64, unit: Unit, count: i64) -> i64 {
        unit.number(self.place.zone.to_datetime(moment(time_ms)).date()).div_euclid(count)
    }

    /// When that step begins.
    fn begin(self, number: i64, unit: Unit, count: i64) -> Option<i64> {
        begin_of_day(unit.date(number * count), &self.place.zone)
    }

    /// So much the clock is ahead of UTC.
    fn offset_ms(self, time_ms: i64) -> i64 {
        i64::from(self.place.zone.to_offset(moment(time_ms)).seconds()) * 1000
    }

    /// When the clock shows a multiple of `width_ms` next.
    fn shown_after(self, time_ms: i64, width_ms: i64) -> i64 {
        let mut from_ms = time_ms;
        loop {
            let offset_ms = self.offset_ms(from_ms);
            let next_ms = ((from_ms + offset_ms).div_euclid(width_ms) + 1) * width_ms - offset_ms;
            let change = self.place.zone.following(moment(from_ms)).next();
            let set_ms = change.map_or(i64::MAX, |change| change.timestamp().as_millisecond());
            if set_ms > next_ms {
                return next_ms;
            }
            if is_shown(set_ms + offset_ms, set_ms + self.offset_ms(set_ms), width_ms) {
                return set_ms;
            }
            from_ms = set_ms;
        }
    }

    /// When it showed one last.
    fn shown_up_to(self, time_ms: i64, width_ms: i64) -> i64 {
        let mut to_ms = time_ms;
        loop {
            let offset_ms = self.offset_ms(to_ms);
            let last_ms = (to_ms + offset_ms).div_euclid(width_ms) * width_ms - offset_ms;
            let change = self.place.zone.preceding(moment(to_ms + 1)).next();
            let set_ms = change.map_or(i64::MIN, |change| change.timestamp().as_millisecond());
            if set_ms <= last_ms {
                return last_ms;
            }
            if is_shown(set_ms + self.offset_ms(set_ms - 1), set_ms + offset_ms, width_ms) {
                return set_ms;
            }
            to_ms = set_ms - 1;
        }
    }

    /// These steps, longer ones, if each of their borders is one of these.
    ///
    /// # Errors
    /// They are not, and what would do.
    pub fn coarser(self, extent: Extent) -> Result<Calendar, String> {
        let coarse = Calendar::new(extent, &self.place.zone)?;
        if self.has_borders_of(coarse.step) { Ok(coarse) } else { Err(self.misfit(extent)) }
    }

    /// Whether so many units in this zone begin at borders.
    pub fn has_borders_of_units(self, unit: Unit, count: i64, zone: &TimeZone) -> bool {
        zone.iana_name() == Some(self.zone()) && self.has_borders_of(Step::Dates(unit, count))
    }

    fn has_borders_of(self, longer: Step) -> bool {
        match (self.step, longer) {
            (Step::Clock(own_ms), Step::Clock(ms)) => ms % own_ms == 0,
            (Step::Clock(_) | Step::Dates(Unit::Day, 1), Step::Dates(..)) => true,
            (Step::Dates(own, own_count), Step::Dates(unit, count)) => own == unit && count % own_count == 0,
            (Step::Dates(..), Step::Clock(_)) => false,
        }
    }

    /// How a window of this length reaches back, if it is one of whole steps.
    ///
    /// # Errors
    /// It is not, and what would do.
    pub fn reach(self, extent: Extent) -> Result<Reach, String> {
        let of_units = extent.in_units().is_some();
        let is_multiple = |step_ms: u64| extent.plain_ms().is_some_and(|ms| ms.is_multiple_of(step_ms));
        let fits = match self.step {
            Step::Clock(own_ms) => of_units || is_multiple(own_ms) && extent.plain_ms() < Some(DAY_MS),
            Step::Dates(Unit::Day, 1) => of_units,
            Step::Dates(Unit::Day | Unit::Week, _) => is_multiple(self.about_ms()),
            Step::Dates(Unit::Month, count) => {
                matches!(extent, Extent::Months(months) if i64::from(months) % count == 0)
            }
        };
        match extent {
            _ if !fits => Err(self.misfit(extent)),
            Extent::Plain(ms) if !of_units => Ok(Reach::Steps(ms / self.about_ms())),
            _ => Ok(Reach::Dates(extent)),
        }
    }

    fn misfit(self, extent: Extent) -> String {
        let own = self.show_step();
        let fit = match self.step {
            Step::Clock(_) => format!("multiples of {own} within a day, and whole days, weeks, months or years"),
            Step::Dates(Unit::Day, 1) => "whole days, weeks, months or years".to_owned(),
            Step::Dates(..) => format!("multiples of {own}"),
        };
        format!("{} does not go with batches of {self}: {fit} do", extent.show())
    }

    /// The border that is so far before this one.
    pub fn back(self, time_ms: u64, reach: Reach) -> u64 {
        let extent = match reach {
            Reach::Steps(steps) => return (0..steps).fold(time_ms, |ms, _| self.up_to(ms.saturating_sub(1))),
            Reach::Dates(extent) => extent,
        };
        let length = match extent {
            Extent::Plain(ms) => Span::new().try_days((ms / DAY_MS) as i64),
            Extent::Months(months) => Span::new().try_months(i64::from(months)),
        };
        let local = self.place.zone.to_datetime(moment(i64::try_from(time_ms).unwrap_or(i64::MAX)));
        let before = length.map_or(DateTime::MIN, |length| local.saturating_sub(length));
        moment_of(before, &self.place.zone).and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
    }

    /// A step, as a user would write it.
    pub fn show_step(self) -> String {
        match self.step {
            Step::Clock(ms) => show_ms(ms),
            Step::Dates(Unit::Day, count) => format!("{count}d"),
            Step::Dates(Unit::Week, count) => format!("{count}w"),
            Step::Dates(Unit::Month, count) if count % 12 == 0 => format!("{}y", count / 12),
            Step::Dates(Unit::Month, count) => format!("{count}month"),
        }
    }
}

/// As `--batch` and a head have it: `1d,Europe/Berlin`.
impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.show_step(), self.place.name)
    }
}

/// Whether a clock that is set from one time to another shows a multiple of `width_ms` then, or passes one over.
fn is_shown(from_ms: i64, to_ms: i64, width_ms: i64) -> bool {
    let last_ms = to_ms.div_euclid(width_ms) * width_ms;
    last_ms == to_ms || last_ms >= from_ms
}
