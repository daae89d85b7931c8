//! Times as logs write them, to milliseconds since the epoch.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A day ahead, at most, of the batch is a time without a year; else it is of the year before.
const AHEAD_MS: i64 = 24 * 3_600_000;

/// A time as it stands there, perhaps without a year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// None where the log writes none.
    pub year: Option<i64>,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    /// To 23.
    pub hour: i64,
    /// To 59.
    pub minute: i64,
    /// To 60: a leap second is the next minute's first.
    pub second: i64,
    /// To 999.
    pub ms: i64,
    /// Minutes east of UTC, where the log writes them.
    pub offset: Option<i64>,
}

/// What makes times of what is written.
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// The zone of times that name none; none is UTC.
    pub zone: Option<TimeZone>,
    /// The year of times that have none; by the batch's time if not told.
    pub year: Option<i64>,
}

impl Times {
    /// Milliseconds since the epoch; none if there is no such time.
    pub fn ms(&self, written: &Written, now_ms: u64) -> Option<i64> {
        let now_ms = i64::try_from(now_ms).ok()?;
        match written.year.or(self.year) {
            Some(year) => self.in_year(written, year),
            None => {
                let year = year_of(now_ms);
                // Where it is the 29th of February, not every year has one.
                [year + 1, year, year - 1, year - 2, year - 3, year - 4]
                    .into_iter()
                    .filter_map(|year| self.in_year(written, year))
                    .find(|ms| *ms <= now_ms + AHEAD_MS)
            }
        }
    }

    fn in_year(&self, written: &Written, year: i64) -> Option<i64> {
        let Written { month, day, hour, minute, second, ms, .. } = *written;
        let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
        if !is_time || !(1..=12).contains(&month) || day < 1 || day > days_in(month, year) {
            return None;
        }
        let seconds = days_from_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        let offset_s = match (written.offset, &self.zone) {
            (Some(minutes), _) => minutes * 60,
            (None, None) => 0,
            (None, Some(zone)) => {
                let second = second.min(59);
                let of = |number: i64| i8::try_from(number).ok();
                let (month, day, hour, minute, second) = (of(month)?, of(day)?, of(hour)?, of(minute)?, of(second)?);
                let civil = DateTime::new(i16::try_from(year).ok()?, month, day, hour, minute, second, 0).ok()?;
                let there = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
                i64::from(zone.to_offset(there).seconds())
            }
        };
        Some((seconds - offset_s) * 1000 + ms)
    }
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the epoch in the Gregorian calendar, years counted from March.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn year_of(ms: i64) -> i64 {
    let days = ms.div_euclid(86_400_000);
    let guess = 1970 + days.div_euclid(366);
    // A guess that is too early by a day a year is put right.
    (guess..guess + 300).take_while(|year| days_from_epoch(*year, 1, 1) <= days).last().unwrap_or(guess)
}

/// `Jan` to `Dec`: from 1.
pub fn month(name: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    MONTHS.iter().position(|month| *month == name).map(|index| index as i64 + 1)
}

/// All of a text as a number, without a sign.
#[inline]
pub fn digits(text: &str) -> Option<i64> {
    let is_short = !text.is_empty() && text.len() <= 9;
    let number =
        text.bytes().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')));
    number.filter(|_| is_short)
}

/// `HH:MM:SS`, perhaps with a fraction behind a point or comma.
pub fn clock(text: &str, written: &mut Written) -> Option<()> {
    let (clock, fraction) = text.find(['.', ',']).map_or((text, ""), |at| (&text[..at], &text[at + 1..]));
    let mut parts = clock.split(':');
    written.hour = digits(parts.next()?)?;
    written.minute = digits(parts.next()?)?;
    written.second = digits(parts.next()?)?;
    if !fraction.is_empty() {
        let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
        written.ms = digits(format!("{fraction:0<3}").get(..3)?).filter(|_| is_number)?;
    }
    parts.next().is_none().then_some(())
}

/// `YYYY-MM-DD`, or with slashes, in which case the year may have two digits.
pub fn date(text: &str, written: &mut Written) -> Option<()> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let year = parts.next()?;
    written.year = Some(digits(year)? + if year.len() == 2 { 2000 } else { 0 });
    written.month = digits(parts.next()?)?;
    written.day = digits(parts.next()?)?;
    parts.next().is_none().then_some(())
}

/// `+0200`, `+02:00`, `Z`.
pub fn offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = (text.get(1..3)?, text.get(3..)?);
    Some(sign * (digits(hours)? * 60 + digits(minutes.trim_start_matches(':'))?))
}

/// `2024-01-05T10:00:00.123+01:00`, with an offset or without.
pub fn rfc3339(text: &str) -> Option<Written> {
    let mut written = Written::default();
    let (day, rest) = text.split_once(['T', 't'])?;
    date(day, &mut written)?;
    let end = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    clock(&rest[..end], &mut written)?;
    if end < rest.len() {
        written.offset = Some(offset(&rest[end..])?);
    }
    Some(written)
}
