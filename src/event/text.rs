//! Times as text: RFC 3339 and what is close to it, without a detour by a general parser.

use super::EventTime;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A time that was read from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// With a zone: a moment.
    Moment(EventTime),
    /// Without one: milliseconds since 1970-01-01T00:00 on the clock of some zone.
    Local(i64),
}

/// Reads `2016-07-23T14:11:50.123Z`, with an offset (`+02:00`, `+0200`) in the place of the `Z` or
/// none, with a space or a small `t` in the place of the `T`, or a date alone. `None` if it is
/// something else, or no such day or time.
pub(super) fn read(text: &[u8]) -> Option<Read> {
    let mut rest = Digits(text);
    let year = rest.number(4)?;
    rest.byte(b'-')?;
    let month = rest.number(2)?;
    rest.byte(b'-')?;
    let day = rest.number(2)?;
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) || year == 0 {
        return None;
    }
    let date_ms = days_since_epoch(year, month, day) * DAY_MS;
    if rest.0.is_empty() {
        return Some(Read::Local(date_ms));
    }
    rest.byte(b'T').or_else(|| rest.byte(b't')).or_else(|| rest.byte(b' '))?;
    let hour = rest.number(2)?;
    rest.byte(b':')?;
    let minute = rest.number(2)?;
    let second = match rest.byte(b':') {
        Some(()) => rest.number(2)?,
        None => 0,
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let fraction_ms = match rest.byte(b'.').or_else(|| rest.byte(b',')) {
        Some(()) => rest.fraction_ms()?,
        None => 0,
    };
    // There is no 23:59:60 in POSIX time.
    let second = second.min(59);
    let local_ms = date_ms + ((hour * 60 + minute) * 60 + second) * 1000 + fraction_ms;
    match rest.0 {
        [] => Some(Read::Local(local_ms)),
        b"Z" | b"z" => Some(Read::Moment(local_ms)),
        _ => Some(Read::Moment(local_ms - rest.offset_minutes()? * MINUTE_MS)),
    }
}

/// What is still to be read.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// A fraction of a second, of which whole milliseconds count.
    fn fraction_ms(&mut self) -> Option<i64> {
        let digits = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (fraction, rest) = self.0.split_at(digits);
        self.0 = rest;
        let digit = |place: usize| i64::from(fraction.get(place).map_or(0, |digit| digit - b'0'));
        (digits > 0).then(|| digit(0) * 100 + digit(1) * 10 + digit(2))
    }

    /// `+02:00`, `-0330`, `+01`, to the end.
    fn offset_minutes(&mut self) -> Option<i64> {
        let sign = if self.byte(b'+').is_some() {
            1
        } else {
            self.byte(b'-')?;
            -1
        };
        let hours = self.number(2)?;
        let minutes = match self.0 {
            [] => 0,
            _ => {
                let _ = self.byte(b':');
                self.number(2)?
            }
        };
        (self.0.is_empty() && hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar. Years are counted from March, so that
/// the leap day is a year's last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{FIRST, LAST};
    use proptest::prelude::*;

    #[test]
    fn moments_and_local_times() {
        for (text, want) in [
            ("2016-07-23T14:11:50Z", Read::Moment(1_469_283_110_000)),
            ("2016-07-23t14:11:50.9999999999z", Read::Moment(1_469_283_110_999)),
            ("2016-07-23 16:11:50.1+02:00", Read::Moment(1_469_283_110_100)),
            ("2016-07-23 10:41:50,05-0330", Read::Moment(1_469_283_110_050)),
            ("2016-07-23T16:11:50+02", Read::Moment(1_469_283_110_000)),
            ("2016-07-23T14:11:50", Read::Local(1_469_283_110_000)),
            ("2016-07-23T14:11", Read::Local(1_469_283_060_000)),
            ("2016-07-23", Read::Local(1_469_232_000_000)),
            ("2016-12-31T23:59:60Z", Read::Moment(1_483_228_799_000)),
            ("0001-01-01T00:00:00Z", Read::Moment(FIRST)),
            ("9999-12-31T23:59:59.999Z", Read::Moment(LAST)),
            ("1969-12-31T23:59:59.999Z", Read::Moment(-1)),
        ] {
            assert_eq!(read(text.as_bytes()), Some(want), "{text}");
        }
        for text in [
            "",
            "2016",
            "2016-13-01",
            "2015-02-29",
            "2016-07-23T",
            "2016-07-23T24:00:00Z",
            "2016-07-23T14:60:00Z",
            "2016-07-23T14:11:50.Z",
            "2016-07-23T14:11:50+",
            "2016-07-23T14:11:50+02:00x",
            "2016-07-23T14:11:50 Z",
            "0000-01-01T00:00:00Z",
            "+2016-07-23",
            "2016-7-23",
            "2016-07-23T14:11:61Z",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_read_as_jiff_writes_it(ms in FIRST..=LAST) {
            let text = jiff::Timestamp::from_millisecond(ms).unwrap().to_string();
            prop_assert_eq!(read(text.as_bytes()), Some(Read::Moment(ms)), "{}", text);
        }

        #[test]
        fn no_text_is_too_odd(text in "[0-9TZ:+ .-]{0,40}") {
            read(text.as_bytes());
        }
    }
}
