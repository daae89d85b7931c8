//! A length of time as somebody gives it.

use super::unit::Unit;
use crate::duration::{parse_ms, show_ms};

/// A day of 24 hours, in ms.
pub(super) const DAY_MS: u64 = 86_400_000;

const WEEK_MS: u64 = 7 * DAY_MS;

/// A length of time as it is given: plain, or of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// In ms.
    Plain(u64),
    /// Months.
    Months(u32),
}

impl From<u64> for Extent {
    fn from(ms: u64) -> Extent {
        Extent::Plain(ms)
    }
}

impl Extent {
    /// Reads `10s`, `1d`, `1w`, `1month`, `1y`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Extent, String> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let months = match unit {
            "month" | "months" | "M" => 1,
            "y" | "yr" | "year" | "years" => 12,
            _ => return parse_ms(text).map(Extent::Plain),
        };
        match number.parse::<u32>().ok().and_then(|number| number.checked_mul(months)) {
            Some(months @ 1..=120_000) => Ok(Extent::Months(months)),
            _ => Err("is no number of months or years, as 1month or 1y".to_owned()),
        }
    }

    /// Its ms, if it has so many always.
    pub fn plain_ms(self) -> Option<u64> {
        match self {
            Extent::Plain(ms) => Some(ms),
            Extent::Months(_) => None,
        }
    }

    /// As a user would write it.
    pub fn show(self) -> String {
        match self {
            Extent::Plain(ms) => show_ms(ms),
            Extent::Months(months) => format!("{months}month"),
        }
    }

    /// As so many units of the calendar, if it is one.
    pub fn in_units(self) -> Option<(Unit, i64)> {
        match self {
            Extent::Months(months) => Some((Unit::Month, months.into())),
            Extent::Plain(ms) if ms % WEEK_MS == 0 => Some((Unit::Week, (ms / WEEK_MS) as i64)),
            Extent::Plain(ms) if ms % DAY_MS == 0 => Some((Unit::Day, (ms / DAY_MS) as i64)),
            Extent::Plain(_) => None,
        }
    }
}
