//! When a record says that it happened.

use std::fmt;

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::text::{self, Read};
use super::{EventTime, FIRST, LAST};
use crate::expr::Program;
use crate::record::number::advice_on_text;
use crate::record::{self, Kind};

/// What a number counts, since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    #[default]
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Nanoseconds.
    Nanoseconds,
}

impl TimeUnit {
    /// A number of this unit times ten to this power is one of milliseconds.
    fn power_to_ms(self) -> i32 {
        match self {
            TimeUnit::Seconds => 3,
            TimeUnit::Milliseconds => 0,
            TimeUnit::Microseconds => -3,
            TimeUnit::Nanoseconds => -6,
        }
    }
}

/// How times are written.
#[derive(Clone, Debug)]
pub struct TimeForm {
    /// What numbers count.
    pub unit: TimeUnit,
    /// How strings are to be read, in the manner of strptime; RFC 3339 without it.
    pub format: Option<String>,
    /// The zone of times that name none.
    pub zone: TimeZone,
}

impl Default for TimeForm {
    fn default() -> TimeForm {
        TimeForm { unit: TimeUnit::default(), format: None, zone: TimeZone::UTC }
    }
}

/// Reads the times of records.
///
/// ```
/// use sstream::connect::{TimeForm, TimeOf, TimeUnit, program};
///
/// let seconds = TimeForm { unit: TimeUnit::Seconds, ..TimeForm::default() };
/// let mut time = TimeOf::new(program("--time", ".at", &[]).unwrap(), seconds);
/// assert_eq!(time.read(br#"{"at":1469283110.5}"#), Ok(1_469_283_110_500));
/// assert_eq!(time.read(br#"{"at":"2016-07-23T14:11:50Z"}"#), Ok(1_469_283_110_000));
/// assert!(time.read(b"{}").is_err(), "a bad record");
/// ```
#[derive(Clone, Debug)]
pub struct TimeOf {
    program: Program,
    form: TimeForm,
    value: Vec<u8>,
}

/// Why a record has no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotATime(String);

impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotATime {}

impl NotATime {
    /// No stream has been seen yet that says what a record's time is.
    pub(super) fn unknown() -> NotATime {
        NotATime("no --time says what the time of a record is".to_owned())
    }
}

impl TimeOf {
    /// Takes the one result of `program` for a record's time. A plain path is read from the
    /// record's bytes.
    pub fn new(program: Program, form: TimeForm) -> TimeOf {
        TimeOf { program, form, value: Vec::new() }
    }

    /// The record's time.
    ///
    /// # Errors
    /// Why it has none, which makes it a bad record.
    #[inline]
    pub fn read(&mut self, record: &[u8]) -> Result<EventTime, NotATime> {
        let TimeOf { program, form, value } = self;
        let mut results = 0_u32;
        let run = program.run(record, &[], &mut |result| {
            results += 1;
            value.clear();
            value.extend_from_slice(result);
        });
        match (run, results) {
            (Err(error), _) => Err(NotATime(format!("--time: {error}"))),
            (Ok(()), 0) => Err(NotATime(format!("--time {} gives nothing", program.source()))),
            (Ok(()), 1) => form.read(value),
            (Ok(()), _) => Err(NotATime(format!("--time {} gives {results} results", program.source()))),
        }
    }
}

impl TimeForm {
    /// The moment that a value names.
    ///
    /// # Errors
    /// Why it names none.
    #[inline]
    pub fn read(&self, value: &[u8]) -> Result<EventTime, NotATime> {
        match record::kind(value) {
            Some(Kind::Number) => self.of_number(value),
            Some(Kind::String) => self.of_text(value),
            Some(Kind::Null) => Err(NotATime("no time: the value of --time is null".to_owned())),
            _ => Err(not_a_time(value, "a number or a string is wanted")),
        }
    }

    fn of_number(&self, number: &[u8]) -> Result<EventTime, NotATime> {
        let ms = match plain_integer(number) {
            Some(integer) if self.unit == TimeUnit::Milliseconds => Some(integer),
            Some(integer) => scaled(integer, self.unit.power_to_ms()),
            None => floor_scaled(number, self.unit.power_to_ms()),
        };
        let within = ms.filter(|ms| (FIRST..=LAST).contains(ms));
        within.ok_or_else(|| not_a_time(number, "it is not between the years 0001 and 9999: see --time-unit"))
    }

    fn of_text(&self, json: &[u8]) -> Result<EventTime, NotATime> {
        let text = record::unescape(json);
        let moment = match &self.format {
            None => match text::read(&text) {
                Some(Read::Moment(ms)) => Ok(ms),
                Some(Read::Local(ms)) => self.of_local(ms),
                None => Err(advice_on_text(json)
                    .unwrap_or("RFC 3339 is wanted, as 2016-07-23T14:11:50Z: --time-format reads others")
                    .to_owned()),
            },
            Some(format) => self.of_format(format, &text),
        };
        match moment {
            Ok(ms) if (FIRST..=LAST).contains(&ms) => Ok(ms),
            Ok(_) => Err(not_a_time(json, "it is not between the years 0001 and 9999")),
            Err(reason) => Err(not_a_time(json, &reason)),
        }
    }

    /// The moment at which the zone's clock shows so many ms since 1970-01-01T00:00.
    fn of_local(&self, local_ms: i64) -> Result<EventTime, String> {
        if self.zone == TimeZone::UTC {
            return Ok(local_ms);
        }
        let utc = jiff::Timestamp::from_millisecond(local_ms).map_err(|error| error.to_string())?;
        self.in_zone(jiff::tz::Offset::UTC.to_datetime(utc))
    }

    fn in_zone(&self, local: DateTime) -> Result<EventTime, String> {
        let zoned = self.zone.to_ambiguous_timestamp(local).compatible().map_err(|error| error.to_string())?;
        Ok(zoned.as_millisecond())
    }

    fn of_format(&self, format: &str, text: &[u8]) -> Result<EventTime, String> {
        let parts = BrokenDownTime::parse(format, text)
            .map_err(|error| format!("it does not read as --time-format {format}: {error}"))?;
        let has_zone = parts.offset().is_some() || parts.iana_time_zone().is_some();
        if has_zone || parts.timestamp().is_some() {
            let moment = parts.to_timestamp().map_err(|error| format!("--time-format {format}: {error}"))?;
            return Ok(moment.as_nanosecond().div_euclid(1_000_000) as EventTime);
        }
        // A format with no time of the day means the day's first moment.
        let date = parts.to_date().map_err(|error| format!("--time-format {format}: {error}"))?;
        let local = parts.to_datetime().unwrap_or_else(|_| date.at(0, 0, 0, 0));
        self.in_zone(local)
    }
}

fn not_a_time(value: &[u8], reason: &str) -> NotATime {
    let shown: String = String::from_utf8_lossy(value).chars().take(60).collect();
    NotATime(format!("{shown} is no time: {reason}"))
}

/// A number written as an integer of at most 18 digits.
#[inline]
fn plain_integer(number: &[u8]) -> Option<i64> {
    let (digits, sign) = match number {
        [b'-', digits @ ..] => (digits, -1),
        digits => (digits, 1),
    };
    if digits.len() > 18 {
        return None;
    }
    let (eights, rest) = digits.as_chunks();
    let value = eights.iter().try_fold(0, |value, eight| Some(value * 100_000_000 + eight_digits(*eight)?))?;
    let value = rest
        .iter()
        .try_fold(value, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))?;
    Some(sign * value)
}

/// The number that eight digits are, all at once: neighbours are put together, then pairs, then fours. A time of today in
/// ms has thirteen, and one after the other they were 7 % of a window's time.
fn eight_digits(digits: [u8; 8]) -> Option<i64> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    const ZEROS: u64 = u64::from_le_bytes(*b"00000000");
    let digits = u64::from_le_bytes(digits);
    // With 6 more, what is above 9 carries into the high half.
    if digits & HIGH != ZEROS || digits.wrapping_add(0x0606_0606_0606_0606) & HIGH != ZEROS {
        return None;
    }
    let pairs = (digits & !HIGH).wrapping_mul((10 << 8) + 1) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul((100 << 16) + 1) >> 16;
    let all = (fours & 0x0000_ffff_0000_ffff).wrapping_mul((10_000 << 32) + 1) >> 32;
    Some(all.cast_signed())
}

/// The integer times a power of ten, cut off towards the past.
fn scaled(integer: i64, power: i32) -> Option<i64> {
    let factor = 10_i64.pow(power.unsigned_abs());
    if power < 0 { Some(integer.div_euclid(factor)) } else { integer.checked_mul(factor) }
}

/// The same of any JSON number: its exact value, not that of the nearest float.
fn floor_scaled(number: &[u8], power: i32) -> Option<i64> {
    let text = std::str::from_utf8(number).ok()?;
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (is_negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => (true, mantissa),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // Where the point stands in the digits of both once the number is one of ms.
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(power);
    let leading_zeros = digits.iter().take_while(|digit| **digit == b'0').count() as i64;
    if digits.iter().all(|digit| *digit == b'0') {
        return Some(0);
    }
    // Beyond the year 9999 anyway, and no text is that long.
    if point - leading_zeros > 18 {
        return None;
    }
    let place = |at: i64| usize::try_from(at).ok().and_then(|at| digits.get(at)).map_or(0, |digit| digit - b'0');
    let value = (leading_zeros..point).fold(0_i64, |value, at| value * 10 + i64::from(place(at)));
    let is_cut = digits.iter().skip(usize::try_from(point).unwrap_or(0)).any(|digit| *digit != b'0');
    Some(if is_negative { -value - i64::from(is_cut) } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(unit: TimeUnit, format: Option<&str>, zone: &str) -> TimeForm {
        TimeForm { unit, format: format.map(str::to_owned), zone: TimeZone::get(zone).unwrap() }
    }

    fn read(source: &str, form: &TimeForm, record: &str) -> Result<EventTime, String> {
        let mut time = TimeOf::new(Program::parse(source, &[]).unwrap(), form.clone());
        time.read(record.as_bytes()).map_err(|reason| reason.to_string())
    }

    #[test]
    fn numbers_in_four_units() {
        for (unit, number, want) in [
            (TimeUnit::Milliseconds, "1469283110123", 1_469_283_110_123),
            (TimeUnit::Milliseconds, "-1.5", -2),
            (TimeUnit::Milliseconds, "1.469283110123e12", 1_469_283_110_123),
            (TimeUnit::Seconds, "1469283110", 1_469_283_110_000),
            (TimeUnit::Seconds, "1469283110.1239", 1_469_283_110_123),
            (TimeUnit::Seconds, "-0.0001", -1),
            (TimeUnit::Seconds, "0e99", 0),
            (TimeUnit::Microseconds, "1469283110123999", 1_469_283_110_123),
            (TimeUnit::Microseconds, "-1", -1),
            (TimeUnit::Nanoseconds, "1469283110123999999", 1_469_283_110_123),
            (TimeUnit::Nanoseconds, "1", 0),
        ] {
            assert_eq!(read(".", &form(unit, None, "UTC"), number), Ok(want), "{unit:?} {number}");
        }
        for (unit, number) in [
            (TimeUnit::Milliseconds, "1e300"),
            (TimeUnit::Seconds, "1469283110000"),
            (TimeUnit::Seconds, "1e999999999"),
        ] {
            assert!(read(".", &form(unit, None, "UTC"), number).unwrap_err().contains("0001 and 9999"));
        }
    }

    #[test]
    fn strings_with_and_without_a_zone() {
        let berlin = form(TimeUnit::default(), None, "Europe/Berlin");
        let utc = TimeForm::default();
        assert_eq!(read(".t", &utc, r#"{"t":"2016-07-23T14:11:50.5Z"}"#), Ok(1_469_283_110_500));
        assert_eq!(read(".t", &utc, r#"{"t":"2016-07-23 14:11:50"}"#), Ok(1_469_283_110_000));
        assert_eq!(read(".t", &berlin, r#"{"t":"2016-07-23 16:11:50"}"#), Ok(1_469_283_110_000));
        assert_eq!(read(".t", &berlin, r#"{"t":"2016-07-23T14:11:50Z"}"#), Ok(1_469_283_110_000));
        // Skipped by the clock, and there twice.
        assert_eq!(read(".", &berlin, "\"2016-03-27T02:30:00\""), read(".", &utc, "\"2016-03-27T01:30:00Z\""));
        assert_eq!(read(".", &berlin, "\"2016-10-30T02:30:00\""), read(".", &utc, "\"2016-10-30T00:30:00Z\""));
    }

    #[test]
    fn formats_of_strptime() {
        let access = form(TimeUnit::default(), Some("%d/%b/%Y:%H:%M:%S %z"), "UTC");
        assert_eq!(read(".", &access, "\"23/Jul/2016:16:11:50 +0200\""), Ok(1_469_283_110_000));
        let local = form(TimeUnit::default(), Some("%Y-%m-%d %H:%M:%S%.f"), "Europe/Berlin");
        assert_eq!(read(".", &local, "\"2016-07-23 16:11:50.123\""), Ok(1_469_283_110_123));
        let day = form(TimeUnit::default(), Some("%d.%m.%Y"), "UTC");
        assert_eq!(read(".", &day, "\"23.07.2016\""), Ok(1_469_232_000_000));
        let epoch = form(TimeUnit::default(), Some("%s"), "UTC");
        assert_eq!(read(".", &epoch, "\"1469283110\""), Ok(1_469_283_110_000));
        assert!(read(".", &access, "\"yesterday\"").unwrap_err().contains("does not read as --time-format %d/"));
    }

    #[test]
    fn what_is_no_time_says_why() {
        let utc = TimeForm::default();
        for (source, record, reason) in [
            (".t", "{}", "null"),
            (".t", r#"{"t":true}"#, "true is no time: a number or a string"),
            (".t", r#"{"t":"soon"}"#, "\"soon\" is no time: RFC 3339"),
            ("empty", "1", "gives nothing"),
            ("1, 2", "1", "gives 2 results"),
            (".t", "5", "--time: "),
        ] {
            let error = read(source, &utc, record).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    proptest! {
        #[test]
        fn decimals_are_cut_towards_the_past(seconds in -62_135_596_800_i64..253_402_300_799, nanos in 0_u32..1_000_000_000) {
            let number = if seconds < 0 && nanos > 0 {
                format!("-{}.{:09}", -(seconds + 1), 1_000_000_000 - nanos)
            } else {
                format!("{seconds}.{nanos:09}")
            };
            let want = seconds * 1000 + i64::from(nanos / 1_000_000);
            prop_assert_eq!(read(".", &form(TimeUnit::Seconds, None, "UTC"), &number), Ok(want), "{}", number);
        }

        #[test]
        fn integers_are_read_eight_digits_at_once(number in "-?[0-9]{1,18}", at in 0..18usize, byte: u8) {
            prop_assert_eq!(plain_integer(number.as_bytes()), number.parse().ok());
            let mut other = number.into_bytes();
            let at = at % other.len();
            other[at] = byte;
            let is_number = other[usize::from(other[0] == b'-')..].iter().all(u8::is_ascii_digit);
            prop_assert_eq!(plain_integer(&other).is_some(), is_number);
        }
    }
}
