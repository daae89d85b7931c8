//! Window arithmetic: which batches a window holds, and when one comes out.
//!
//! At each batch time T that is a multiple of the slide (since the epoch, so
//! that separate pipelines join), one window comes out, of the batches in
//! (T - length, T]. Spark's windows fall on multiples of the slide since the
//! start of the job; all else is as in `WindowedDStream`. Over batches of a calendar length and slide are
//! the calendar's too: a month that slides by a day, or a week that slides by six hours.

use crate::duration::show_ms;
use crate::frame::BatchTime;
use crate::interval::{Calendar, Extent, Interval, Reach};

/// A window's length and slide over a stream of some interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    length: Length,
    /// How far apart windows are.
    slide: Interval,
}

/// How far a window reaches back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    /// In ms.
    Fixed(u64),
    /// By the calendar of the batches.
    Calendar(Calendar, Reach),
}

/// Of one ms, until a head has said what batches there are.
impl Default for Span {
    fn default() -> Span {
        Span { length: Length::Fixed(1), slide: Interval::Fixed(1) }
    }
}

impl Span {
    /// Checks a length and a slide (by default the interval) against the
    /// interval of the input. The error names the nearest that would do, or
    /// the `--batch` that would.
    pub fn new(length: Extent, slide: Option<Extent>, interval: Interval) -> Result<Span, String> {
        match interval {
            Interval::Fixed(interval_ms) => Span::fixed(length, slide, interval_ms),
            Interval::Calendar(calendar) => {
                let refuse = |what: &str, reason: String| format!("the window's {what} {reason}");
                let reach = calendar.reach(length).map_err(|reason| refuse("length", reason))?;
                let slide = match slide {
                    Some(slide) => calendar.coarser(slide).map_err(|reason| refuse("slide", reason))?,
                    None => calendar,
                };
                Ok(Span { length: Length::Calendar(calendar, reach), slide: Interval::Calendar(slide) })
            }
        }
    }

    fn fixed(length: Extent, slide: Option<Extent>, interval_ms: u64) -> Result<Span, String> {
        let plain = |extent: Extent| {
            extent.plain_ms().ok_or_else(|| {
                format!(
                    "{}: months and years are of a calendar: by --time, or over batches of one, as --batch 1d \
                     --time-zone Europe/Berlin; else give days, as 30d",
                    extent.show()
                )
            })
        };
        let length_ms = plain(length)?;
        let slide_ms = slide.map_or(Ok(interval_ms), plain)?;
        for (what, given_ms) in [("length", length_ms), ("slide", slide_ms)] {
            if !given_ms.is_multiple_of(interval_ms) {
                let below = given_ms - given_ms % interval_ms;
                let above = show_ms(below + interval_ms);
                let nearest = if below == 0 { above } else { format!("{} or {above}", show_ms(below)) };
                return Err(format!(
                    "the window's {what} {} is no multiple of the batch interval {}: the nearest are {nearest}, \
                     or cut batches of --batch {} at the first stage",
                    show_ms(given_ms),
                    show_ms(interval_ms),
                    show_ms(greatest_common_divisor(greatest_common_divisor(length_ms, slide_ms), interval_ms)),
                ));
            }
        }
        Ok(Span { length: Length::Fixed(length_ms), slide: Interval::Fixed(slide_ms) })
    }

    /// How far apart windows are.
    pub fn slide(&self) -> Interval {
        self.slide
    }

    /// Whether a window comes out at this batch time.
    pub fn is_due(&self, time: BatchTime) -> bool {
        self.slide.is_border(time.0)
    }

    /// The first batch time, from `time` on, at which a window comes out.
    pub fn next_due(&self, time: BatchTime) -> BatchTime {
        BatchTime(self.slide.at_or_after(time.0))
    }

    /// Which batches the window that comes out at `due` holds.
    pub fn held_at(&self, due: BatchTime) -> HeldBatches {
        let after_ms = match self.length {
            Length::Fixed(ms) => due.0.checked_sub(ms),
            Length::Calendar(calendar, reach) => Some(calendar.back(due.0, reach)),
        };
        HeldBatches { after: after_ms.map(BatchTime), up_to: due }
    }
}

/// The batches that a window holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldBatches {
    /// None where the window reaches back behind the epoch.
    after: Option<BatchTime>,
    up_to: BatchTime,
}

impl HeldBatches {
    /// Whether the batch of this time is one.
    pub fn has(&self, time: BatchTime) -> bool {
        Some(time) > self.after && time <= self.up_to
    }
}

/// The greatest number that both are multiples of.
pub fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(length_ms: u64, slide_ms: Option<u64>) -> Result<Span, String> {
        Span::new(length_ms.into(), slide_ms.map(Extent::from), Interval::Fixed(1000))
    }

    #[test]
    fn a_window_reaches_back_from_its_time() {
        let span = span(3000, Some(2000)).unwrap();
        //   batches  1 2 3 4 5 6 7 s
        //   at 4       [2 3 4]
        //   at 6           [4 5 6]
        let due: Vec<u64> = (1..8).filter(|s| span.is_due(BatchTime(s * 1000))).collect();
        assert_eq!(due, [2, 4, 6]);
        let held: Vec<u64> = (1..8).filter(|s| span.held_at(BatchTime(4000)).has(BatchTime(s * 1000))).collect();
        assert_eq!(held, [2, 3, 4]);
        assert_eq!(span.next_due(BatchTime(4000)), BatchTime(4000));
        assert_eq!(span.next_due(BatchTime(4001)), BatchTime(6000));
    }

    #[test]
    fn what_is_no_multiple_is_refused_with_the_nearest() {
        let error = span(2500, None).unwrap_err();
        assert!(
            error.contains("length 2s500ms") && error.contains("2s or 3s") && error.contains("--batch 500ms"),
            "{error}"
        );
        let error = span(30_000, Some(300)).unwrap_err();
        assert!(
            error.contains("slide 300ms") && error.contains("are 1s,") && error.contains("--batch 100ms"),
            "{error}"
        );
        assert_eq!(span(30_000, None).unwrap().slide(), Interval::Fixed(1000));
    }

    /// Over batches of `batch` in Berlin.
    fn in_berlin(batch: &str, length: &str, slide: Option<&str>) -> Result<Span, String> {
        let interval = Interval::parse_calendar(&format!("{batch},Europe/Berlin")).unwrap();
        Span::new(Extent::parse(length).unwrap(), slide.map(|slide| Extent::parse(slide).unwrap()), interval)
    }

    /// How many batches of `batch` the window at `due` holds, and how many hours they are.
    fn held(batch: &str, length: &str, slide: Option<&str>, due: &str) -> (usize, u64) {
        let due_ms = due.parse::<jiff::Timestamp>().unwrap().as_millisecond().unsigned_abs();
        let span = in_berlin(batch, length, slide).unwrap();
        assert!(span.is_due(BatchTime(due_ms)), "{due}");
        let batches = Interval::parse_calendar(&format!("{batch},Europe/Berlin")).unwrap();
        let held = span.held_at(BatchTime(due_ms));
        let times = std::iter::successors(Some(due_ms), |end_ms| Some(batches.begin(*end_ms)));
        let times: Vec<u64> = times.take_while(|end_ms| held.has(BatchTime(*end_ms))).collect();
        (times.len(), (due_ms - batches.begin(times[times.len() - 1])) / 3_600_000)
    }

    #[test]
    fn windows_over_a_calendar_are_as_long_as_the_calendar_has_it() {
        // Monday, the day after the one of 25 hours, at midnight.
        let monday = "2026-10-25T23:00:00Z";
        assert_eq!(held("1d", "1d", None, monday), (1, 25));
        assert_eq!(held("1d", "7d", Some("1d"), monday), (7, 7 * 24 + 1));
        assert_eq!(held("1d", "1w", Some("1w"), monday), (7, 7 * 24 + 1));
        assert_eq!(held("1h", "1d", Some("1d"), monday), (25, 25));
        assert_eq!(held("6h", "1d", Some("6h"), monday), (4, 25));
        // Parts of a day are so many batches.
        assert_eq!(held("1h", "6h", Some("1h"), "2026-10-25T02:00:00Z"), (6, 6));
        assert_eq!(held("6h", "12h", Some("6h"), "2026-10-25T05:00:00Z"), (2, 13));
        // A month of 31 days, with that one; and February.
        assert_eq!(held("1d", "1month", Some("1month"), "2026-10-31T23:00:00Z"), (31, 31 * 24 + 1));
        assert_eq!(held("1d", "1month", Some("1d"), "2026-03-30T22:00:00Z"), (31, 31 * 24 - 1));
        assert_eq!(held("1month", "1y", None, "2026-12-31T23:00:00Z"), (12, 365 * 24));
    }

    #[test]
    fn what_does_not_fit_a_calendar_is_refused_with_what_does() {
        let error = in_berlin("1d", "36h", None).unwrap_err();
        assert!(error.contains("length 1day 12h") || error.contains("length 1day12h"), "{error}");
        assert!(error.contains("whole days, weeks, months"), "{error}");
        assert!(in_berlin("6h", "1d", Some("4h")).unwrap_err().contains("multiples of 6h within a day"));
        assert!(in_berlin("1h", "36h", None).is_err());
        assert!(in_berlin("1w", "1month", None).unwrap_err().contains("multiples of 1w"));
        assert!(in_berlin("1d", "1month", Some("1d")).is_ok());
        assert!(Span::new(Extent::Months(1), None, Interval::Fixed(1000)).unwrap_err().contains("--time-zone"));
    }
}
