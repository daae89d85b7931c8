//! Which windows there are, and the panes that they are made of.
//!
//! Time is cut into panes so that no window cuts through one. Window `k` begins with the pane
//! `k * slide` and has `length` panes; with `--cumulate` it ends with the pane `k` and begins with the
//! first one of its round. Both are counted from the epoch, backwards too.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::duration::show_ms;
use crate::event::EventTime;
use crate::interval::{Extent, Interval, Unit, begin_of_day};

/// Windows and their panes.
#[derive(Clone, Debug)]
pub struct Layout {
    borders: Borders,
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// A window of so many panes begins every so many panes.
    Sliding { length: i64, slide: i64 },
    /// A window ends with each pane; all of a round of so many panes begin with its first one.
    Cumulating { round: i64 },
}

/// Where panes begin.
#[derive(Clone, Debug)]
enum Borders {
    /// Every so many ms.
    Fixed { width_ms: i64, offset_ms: i64 },
    /// Every so many units of a calendar.
    Calendar { unit: Unit, count: i64, zone: TimeZone, offset_ms: i64 },
}

impl Layout {
    /// Windows of `length` that begin every `slide`, from the epoch and `offset_ms` on; with a
    /// `zone`, whole days and what is longer are those of its calendar.
    ///
    /// # Errors
    /// Windows that there are none of, and what would do.
    pub fn sliding(length: Extent, slide: Extent, offset_ms: i64, zone: Option<&TimeZone>) -> Result<Layout, String> {
        if let Extent::Plain(slide_ms) = slide
            && offset_ms.unsigned_abs() >= slide_ms
        {
            let offset = show_ms(offset_ms.unsigned_abs());
            return Err(format!("--offset {offset} is not less than SLIDE {}", slide.show()));
        }
        let has_months = matches!((length, slide), (Extent::Months(_), _) | (_, Extent::Months(_)));
        if has_months || zone.is_some() {
            let zone = zone.cloned().unwrap_or(TimeZone::UTC);
            if let Some(layout) = Layout::calendar(length, slide, offset_ms, zone) {
                return Ok(layout);
            }
            if has_months {
                return Err(format!(
                    "LEN {} is no multiple of SLIDE {}: months and years slide by months or years",
                    length.show(),
                    slide.show()
                ));
            }
        }
        let [Extent::Plain(length), Extent::Plain(slide)] = [length, slide] else {
            return Err("months and years slide by months or years".to_owned());
        };
        let [length, slide] = [length, slide].map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        let width_ms = greatest_common_divisor(length, slide);
        Ok(Layout {
            borders: Borders::Fixed { width_ms, offset_ms },
            shape: Shape::Sliding { length: length / width_ms, slide: slide / width_ms },
        })
    }

    /// Of whole units of the calendar; none if they are no such.
    fn calendar(length: Extent, slide: Extent, offset_ms: i64, zone: TimeZone) -> Option<Layout> {
        let ((length_unit, length), (unit, count)) = (length.in_units()?, slide.in_units()?);
        let (unit, length, count) = match (length_unit, unit) {
            (one, other) if one == other => (unit, length, count),
            (Unit::Week, Unit::Day) => (Unit::Day, length * 7, count),
            (Unit::Day, Unit::Week) => (Unit::Day, length, count * 7),
            _ => return None,
        };
        let shape = if length % count == 0 {
            Shape::Sliding { length: length / count, slide: 1 }
        } else if count % length == 0 {
            Shape::Sliding { length: 1, slide: count / length }
        } else {
            let width = greatest_common_divisor(length, count);
            Shape::Sliding { length: length / width, slide: count / width }
        };
        let count = greatest_common_divisor(length, count);
        Some(Layout { borders: Borders::Calendar { unit, count, zone, offset_ms }, shape })
    }

    /// From each multiple of `length` on, up to each `step` within it.
    ///
    /// # Errors
    /// As [`Layout::sliding`].
    pub fn cumulating(length: Extent, step: Extent, offset_ms: i64, zone: Option<&TimeZone>) -> Result<Layout, String> {
        let Layout { borders, shape } = Layout::sliding(length, step, offset_ms, zone)?;
        match shape {
            Shape::Sliding { length: round, slide: 1 } => Ok(Layout { borders, shape: Shape::Cumulating { round } }),
            _ => Err(format!("--cumulate: LEN {} is no multiple of STEP {}", length.show(), step.show())),
        }
    }

    /// The pane of a moment.
    #[inline]
    pub fn pane(&self, time: EventTime) -> i64 {
        match &self.borders {
            Borders::Fixed { width_ms, offset_ms } => (time - offset_ms).div_euclid(*width_ms),
            Borders::Calendar { unit, count, zone, offset_ms } => {
                let moment = Timestamp::from_millisecond(time - offset_ms).unwrap_or(Timestamp::MAX);
                unit.number(zone.to_datetime(moment).date()).div_euclid(*count)
            }
        }
    }

    /// When a pane begins.
    fn border(&self, pane: i64) -> EventTime {
        match &self.borders {
            Borders::Fixed { width_ms, offset_ms } => pane * width_ms + offset_ms,
            Borders::Calendar { unit, count, zone, offset_ms } => {
                begin_of_day(unit.date(pane * count), zone).map_or(EventTime::MAX, |begin| begin + offset_ms)
            }
        }
    }

    /// When a pane begins, and when it ends.
    pub fn pane_bounds(&self, pane: i64) -> (EventTime, EventTime) {
        (self.border(pane), self.border(pane + 1))
    }

    /// The first window that a pane is in, and the last; none for a pane in a gap.
    #[inline]
    pub fn windows(&self, pane: i64) -> Option<(i64, i64)> {
        match self.shape {
            Shape::Sliding { length, slide } => {
                let last = pane.div_euclid(slide);
                let first = (pane - length).div_euclid(slide) + 1;
                (first <= last).then_some((first, last))
            }
            Shape::Cumulating { round } => Some((pane, pane.div_euclid(round) * round + round - 1)),
        }
    }

    /// The panes of a window, from the first to the one behind the last.
    #[inline]
    pub fn panes(&self, window: i64) -> (i64, i64) {
        match self.shape {
            Shape::Sliding { length, slide } => (window * slide, window * slide + length),
            Shape::Cumulating { round } => (window.div_euclid(round) * round, window + 1),
        }
    }

    /// When a window begins, and when it ends.
    pub fn bounds(&self, window: i64) -> (EventTime, EventTime) {
        let (first, end) = self.panes(window);
        (self.border(first), self.border(end))
    }

    /// The first window that ends after a moment.
    pub fn first_open(&self, time: EventTime) -> i64 {
        let pane = self.pane(time);
        match self.shape {
            Shape::Sliding { length, slide } => (pane - length).div_euclid(slide) + 1,
            Shape::Cumulating { .. } => pane,
        }
    }

    /// Whether panes begin and end with batches of this interval.
    pub fn fits(&self, interval: Interval) -> bool {
        match (interval, &self.borders) {
            (Interval::Fixed(ms), _) => {
                let (start, end) = self.pane_bounds(0);
                (end - start).unsigned_abs().is_multiple_of(ms)
            }
            (Interval::Calendar(calendar), Borders::Calendar { unit, count, zone, offset_ms: 0 }) => {
                calendar.has_borders_of_units(*unit, *count, zone)
            }
            (Interval::Calendar(_), _) => false,
        }
    }

    /// Whether a window may have more than one pane.
    pub fn has_panes(&self) -> bool {
        !matches!(self.shape, Shape::Sliding { length: 1, .. })
    }
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layout(length: &str, slide: &str, zone: Option<&str>) -> Result<Layout, String> {
        let zone = zone.map(|zone| TimeZone::get(zone).unwrap());
        Layout::sliding(Extent::parse(length)?, Extent::parse(slide)?, 0, zone.as_ref())
    }

    fn ms(text: &str) -> EventTime {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    /// The windows that a moment is in, by their bounds.
    fn windows_of(layout: &Layout, time: EventTime) -> Vec<(EventTime, EventTime)> {
        let windows = layout.windows(layout.pane(time));
        windows.into_iter().flat_map(|(first, last)| first..=last).map(|window| layout.bounds(window)).collect()
    }

    #[test]
    fn days_of_23_and_of_25_hours_are_days() {
        let berlin = layout("1d", "1d", Some("Europe/Berlin")).unwrap();
        let hours = |noon: &str| {
            let [(start, end)] = windows_of(&berlin, ms(noon))[..] else { panic!() };
            (end - start) / 3_600_000
        };
        assert_eq!(["2016-03-26T12:00:00Z", "2016-03-27T12:00:00Z", "2016-10-30T12:00:00Z"].map(hours), [24, 23, 25]);
        let [(start, _)] = windows_of(&berlin, ms("2016-07-23T22:00:00Z"))[..] else { panic!() };
        assert_eq!(start, ms("2016-07-23T22:00:00Z"), "midnight in Berlin");
    }

    #[test]
    fn weeks_begin_on_monday_and_months_have_their_days() {
        let bounds = |length: &str, zone: Option<&str>, time: &str| {
            let layout = layout(length, length, zone).unwrap();
            let [(start, end)] = windows_of(&layout, ms(time))[..] else { panic!() };
            [start, end].map(|ms| Timestamp::from_millisecond(ms).unwrap().to_string())
        };
        assert_eq!(bounds("1w", Some("UTC"), "2016-07-23T14:00:00Z"), ["2016-07-18T00:00:00Z", "2016-07-25T00:00:00Z"]);
        assert_eq!(bounds("1w", None, "2016-07-23T14:00:00Z"), ["2016-07-21T00:00:00Z", "2016-07-28T00:00:00Z"]);
        assert_eq!(bounds("1month", None, "2016-02-29T23:59:59Z"), ["2016-02-01T00:00:00Z", "2016-03-01T00:00:00Z"]);
        assert_eq!(
            bounds("1y", Some("America/New_York"), "1969-07-20T20:17:00Z"),
            ["1969-01-01T05:00:00Z", "1970-01-01T05:00:00Z"]
        );
    }

    #[test]
    fn a_week_slides_by_days() {
        let layout = layout("1w", "1d", Some("Europe/Berlin")).unwrap();
        let windows = windows_of(&layout, ms("2016-10-30T12:00:00Z"));
        assert_eq!(windows.len(), 7);
        assert_eq!((windows[0].1 - windows[0].0) / 3_600_000, 7 * 24 + 1, "the one of 25 hours is its last");
    }

    #[test]
    fn what_there_is_none_of_is_told() {
        assert!(layout("1month", "1d", None).unwrap_err().contains("by months or years"));
        let offset = Layout::sliding(Extent::Plain(10), Extent::Plain(5), -5, None);
        assert!(offset.unwrap_err().contains("is not less than SLIDE"));
        assert!(Layout::cumulating(Extent::Plain(10), Extent::Plain(4), 0, None).unwrap_err().contains("multiple"));
        assert!(Extent::parse("0y").is_err() && Extent::parse("1x").is_err());
    }

    #[test]
    fn cumulating_windows_begin_together() {
        let layout = Layout::cumulating(Extent::Plain(10), Extent::Plain(5), 0, None).unwrap();
        assert_eq!(windows_of(&layout, 12), [(10, 15), (10, 20)]);
        assert_eq!(windows_of(&layout, 17), [(10, 20)]);
    }

    proptest! {
        #[test]
        fn a_moment_is_in_all_windows_that_hold_it(
            length in 1_u64..40, slide in 1_u64..40, offset in -39_i64..40, time in -200_i64..200
        ) {
            prop_assume!(offset.unsigned_abs() < slide);
            let layout = Layout::sliding(Extent::Plain(length), Extent::Plain(slide), offset, None).unwrap();
            let want: Vec<_> = (-300..300).map(|k| k * slide as i64 + offset)
                .filter(|start| (*start..start + length as i64).contains(&time))
                .map(|start| (start, start + length as i64)).collect();
            prop_assert_eq!(windows_of(&layout, time), want);
        }
    }
}
