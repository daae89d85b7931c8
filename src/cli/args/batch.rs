//! Where batches end: after a time, or after so many records.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::duration;
use crate::interval::{Extent, Interval, is_same_everywhere, parse_zone};
use crate::source::engine::cut::Count;

/// The interval of batches by count, whose times are their numbers: as a virtual clock counts unless it is told
/// otherwise.
const COUNTED: Interval = Interval::Fixed(1000);

/// What `--batch` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// So far apart, in a zone that is named beside it, if one is.
    Every(Extent),
    /// So far apart, as the calendar of a zone has it.
    By(Interval),
    /// So many records; or so long after the first of them.
    Count(Count),
}

impl Default for Batching {
    fn default() -> Batching {
        Batching::Every(Extent::Plain(1000))
    }
}

impl Batching {
    /// Reads `10s`, `1d,Europe/Berlin`, `1000n` or `1000n,5s`.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Batching, String> {
        let (count, at_most) = match text.split_once(',') {
            Some((count, at_most)) => (count, Some(at_most)),
            None => (text, None),
        };
        let Some(records) = count.trim_end().strip_suffix('n') else {
            let extent = Extent::parse(count)?;
            let is_duration = |text: &str| text.trim_start().starts_with(|first: char| first.is_ascii_digit());
            if at_most.is_some_and(is_duration) {
                return Err(format!(
                    "'{count}' is no count of records: 1000n,5s is 1000 records, or 5s after the first"
                ));
            }
            let Some(zone) = at_most else { return Ok(Batching::Every(extent)) };
            let zone = parse_zone(zone).map_err(|reason| format!("'{zone}' {reason}"))?;
            return Interval::new(extent, Some(&zone)).map(Batching::By);
        };
        let records = records.parse().ok().filter(|records| *records > 0);
        let records = records.ok_or_else(|| format!("'{count}' is no count of records, as 1000n is"))?;
        let at_most = at_most.map(|text| duration::parse_ms(text.trim())).transpose()?.map(Duration::from_millis);
        Ok(Batching::Count(Count { records, at_most }))
    }

    /// How far apart batches are.
    pub fn interval(self) -> Interval {
        match self {
            Batching::Every(extent) => extent.into(),
            Batching::By(interval) => interval,
            Batching::Count(_) => COUNTED,
        }
    }

    /// The same in a zone, unless it names one itself or is the same in all.
    ///
    /// # Errors
    /// What does not end with the days of a zone.
    pub fn in_zone(self, zone: Option<&TimeZone>) -> Result<Batching, String> {
        match self {
            Batching::Every(extent) => Interval::new(extent, zone).map(Batching::By),
            other => Ok(other),
        }
    }

    /// Whether a zone beside it says where batches end.
    pub fn goes_by_zone(self) -> bool {
        matches!(self, Batching::Every(extent) if !is_same_everywhere(extent))
    }

    /// When a batch is full, where that is by count.
    pub fn count(self) -> Option<Count> {
        match self {
            Batching::Every(_) | Batching::By(_) => None,
            Batching::Count(count) => Some(count),
        }
    }
}

impl fmt::Display for Batching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Batching::Every(extent) => f.write_str(&extent.show()),
            Batching::By(interval) => interval.fmt(f),
            Batching::Count(Count { records, at_most: None }) => write!(f, "{records}n"),
            Batching::Count(Count { records, at_most: Some(at_most) }) => {
                write!(f, "{records}n,{}", duration::show_ms(at_most.as_millis() as u64))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_by_time_or_by_count() {
        for text in ["10s", "1000n", "1n,500ms", "1d,Europe/Berlin", "6h,Asia/Kolkata", "1month,America/New_York"] {
            assert_eq!(Batching::parse(text).unwrap().to_string(), text);
        }
        for (text, says) in [
            ("10", "needs a unit"),
            ("0n", "no count"),
            ("xn", "no count"),
            ("5s,10n", "1000n,5s is"),
            ("10n,5", "needs a unit"),
            ("10n,", "durations are written"),
            ("1d,Europe/Nowhere", "no time zone"),
            ("7h,Europe/Berlin", "no part of a day"),
        ] {
            assert!(Batching::parse(text).unwrap_err().contains(says), "{text}: {:?}", Batching::parse(text));
        }
    }
}
