//! JSON values as Parquet stores them, without loss: what does not fit is refused.

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use sstream::connect::record::{Kind, kind, unescape};

use crate::schema::{Leaf, Unit};

/// What a number counts that is a time, or how its text is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeText {
    /// A number of so many nanoseconds each; a string is RFC 3339.
    Count(i64),
    /// A string in a form of strptime's.
    Format(String),
}

/// How times of a column are written in records.
#[derive(Clone, Debug)]
pub struct Times {
    /// What numbers and strings mean.
    pub text: TimeText,
    /// The zone of those that name none.
    pub zone: TimeZone,
}

impl Default for Times {
    fn default() -> Times {
        Times { text: TimeText::Count(1_000_000), zone: TimeZone::UTC }
    }
}

/// Integers up to this have a floating-point number of their own.
const EXACT: u64 = 1 << 53;

/// An integer, also one that is written as 1.0 or 1e3.
pub fn integer(number: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(number).ok()?;
    text.parse::<i64>().map(i128::from).ok().or_else(|| decimal(text, 38, 0))
}

/// A floating-point number: the nearest one, but an integer has to be exact.
pub fn double(number: &[u8]) -> Option<f64> {
    let float: f64 = fast_float2::parse(number).ok()?;
    if !float.is_finite() {
        return None;
    }
    let is_short = number.len() <= 15 || number.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E'));
    let is_exact = || {
        let text = std::str::from_utf8(number).ok()?;
        let integer: i128 = text.parse().ok()?;
        // Between the two a float is an integer, and is one of 128 bits up to 2¹²⁷.
        Some(integer.unsigned_abs() <= u128::from(EXACT) || float as i128 == integer)
    };
    (is_short || is_exact() == Some(true)).then_some(float)
}

/// The digits of a number with so many behind the point; none if it has more, or is too large.
pub fn decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (is_negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => (true, mantissa),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Behind so many digits of both the number ends, as one of the last place.
    let end = i64::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_add(scale.into())?;
    let mut value: i128 = 0;
    let limit = 10_i128.pow(precision.into());
    let mut at = 0;
    for digit in whole.bytes().chain(fraction.bytes()).map(|byte| i128::from(byte - b'0')) {
        if at < end {
            value = value.checked_mul(10)?.checked_add(digit)?;
            if value >= limit {
                return None;
            }
        } else if digit != 0 {
            return None;
        }
        at += 1;
    }
    while at < end && value != 0 {
        value = value.checked_mul(10).filter(|value| *value < limit)?;
        at += 1;
    }
    Some(if is_negative { -value } else { value })
}

/// Days since 1970.
pub fn days(text: &str) -> Option<i32> {
    let date: Date = text.parse().ok().filter(|_| text.len() >= 10 && !text.contains(['T', 't', ' ', ':']))?;
    let since = date.since(Date::constant(1970, 1, 1)).ok()?;
    Some(since.get_days())
}

/// A moment, in the unit of a column; what is finer is cut off towards the past.
///
/// # Errors
/// Why the value is none.
pub fn moment(value: &[u8], unit: Unit, is_utc: bool, times: &Times) -> Result<i64, String> {
    let nanoseconds = match kind(value) {
        Some(Kind::Number) => of_number(value, &times.text)?,
        Some(Kind::String) => of_text(&unescape(value), is_utc, times)?,
        _ => return Err("a number or a string is wanted".to_owned()),
    };
    let divisor = match unit {
        Unit::Ms => 1_000_000,
        Unit::Us => 1_000,
        Unit::Ns => 1,
    };
    i64::try_from(nanoseconds.div_euclid(divisor)).map_err(|_| "it is too far from 1970 for the column".to_owned())
}

fn of_number(number: &[u8], text: &TimeText) -> Result<i128, String> {
    let TimeText::Count(nanoseconds) = text else {
        return Err("a string is wanted, as --timestamp has a format for it".to_owned());
    };
    let nanoseconds = i128::from(*nanoseconds);
    let shown = std::str::from_utf8(number).unwrap_or_default();
    if let Ok(integer) = shown.parse::<i64>() {
        return Ok(i128::from(integer) * nanoseconds);
    }
    // With a fraction: as many digits behind the point as a nanosecond has in it.
    let places = nanoseconds.ilog10() as u8;
    let cut = cut_fraction(shown, places);
    decimal(&cut, 38, places).ok_or_else(|| "it is too far from 1970".to_owned())
}

/// Without the digits that are finer than a nanosecond.
fn cut_fraction(text: &str, places: u8) -> String {
    match text.split_once('.') {
        Some((whole, fraction)) if !fraction.contains(['e', 'E']) && fraction.len() > usize::from(places) => {
            format!("{whole}.{}", &fraction[..usize::from(places)])
        }
        _ => text.to_owned(),
    }
}

fn of_text(text: &[u8], is_utc: bool, times: &Times) -> Result<i128, String> {
    let zone = if is_utc { &times.zone } else { &TimeZone::UTC };
    let local = |local: DateTime| {
        let zoned = zone.to_ambiguous_timestamp(local).compatible().map_err(|error| error.to_string())?;
        Ok(zoned.as_nanosecond())
    };
    match &times.text {
        TimeText::Format(format) => {
            let parts = BrokenDownTime::parse(format, text)
                .map_err(|error| format!("it does not read as {format}: {error}"))?;
            if parts.offset().is_some() || parts.iana_time_zone().is_some() || parts.timestamp().is_some() {
                return parts.to_timestamp().map(|moment| moment.as_nanosecond()).map_err(|error| error.to_string());
            }
            let date = parts.to_date().map_err(|error| error.to_string())?;
            local(parts.to_datetime().unwrap_or_else(|_| date.at(0, 0, 0, 0)))
        }
        TimeText::Count(_) => {
            let parser = DateTimeParser::new();
            if let Ok(moment) = parser.parse_timestamp(text)
                && is_utc
            {
                return Ok(moment.as_nanosecond());
            }
            match parser.parse_datetime(text) {
                // One with a zone is a moment, and a column without zones has no moments.
                Ok(read) if is_utc || parser.parse_timestamp(text).is_err() => local(read),
                Ok(_) => Err("it has a zone, and the column has none".to_owned()),
                Err(_) => Err("it is not as 2016-07-23T14:11:50Z; --timestamp COLUMN=FORMAT reads others".to_owned()),
            }
        }
    }
}

/// The smallest and the greatest integer of a type.
pub fn bounds(bits: u8, is_signed: bool) -> (i128, i128) {
    match is_signed {
        true => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
        false => (0, (1 << bits) - 1),
    }
}

/// Why a value does not go into a column of this type.
pub fn refusal(leaf: Leaf, value: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(value).chars().take(60).collect();
    match (leaf, kind(value)) {
        (Leaf::Float | Leaf::Double, Some(Kind::Number)) => {
            format!("{shown} has no floating-point number: a decimal(38,0) in --schema keeps its digits")
        }
        _ => format!("{shown} is not {}", leaf.word()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_refused() {
        for (text, precision, scale, want) in [
            ("0", 1, 0, Some(0)),
            ("-1.50", 3, 2, Some(-150)),
            ("1.5", 3, 2, Some(150)),
            ("1.505", 5, 2, None),
            ("1.500", 3, 2, Some(150)),
            ("99.99", 4, 2, Some(9999)),
            ("100", 4, 2, None),
            ("1e2", 5, 2, Some(10_000)),
            ("15e-1", 2, 1, Some(15)),
            ("12345678901234567890.1234567890", 38, 10, Some(123_456_789_012_345_678_901_234_567_890)),
            ("99999999999999999999999999999999999999", 38, 0, Some(99_999_999_999_999_999_999_999_999_999_999_999_999)),
            ("100000000000000000000000000000000000000", 38, 0, None),
            ("1e999999999999999999999", 38, 0, None),
            ("1e400", 38, 0, None),
            ("0e400", 38, 0, Some(0)),
            ("1e-400", 38, 0, None),
            ("x", 38, 0, None),
            ("", 38, 0, None),
            ("1.2.3", 38, 0, None),
        ] {
            assert_eq!(decimal(text, precision, scale), want, "{text}");
        }
    }

    #[test]
    fn integers_of_doubles_are_exact() {
        for (text, is_there) in [
            ("0.1", true),
            ("9007199254740992", true),
            ("9007199254740993", false),
            ("9007199254740994", true),
            ("123456789012345678901234567890", false),
            ("1e300", true),
            ("1e400", false),
            ("0.12345678901234567890123", true),
            ("-12", true),
        ] {
            assert_eq!(double(text.as_bytes()).is_some(), is_there, "{text}");
        }
        assert_eq!((integer(b"1.0"), integer(b"1e3"), integer(b"1.5")), (Some(1), Some(1000), None));
        assert_eq!(bounds(8, true), (-128, 127));
        assert_eq!(bounds(64, false), (0, u64::MAX.into()));
    }

    #[test]
    fn moments_of_text_and_numbers() {
        let utc = Times::default();
        let read = |value: &str, unit, times: &Times| moment(value.as_bytes(), unit, true, times);
        assert_eq!(read("\"1970-01-01T00:00:01.123456789Z\"", Unit::Us, &utc), Ok(1_123_456));
        assert_eq!(read("\"1970-01-01T01:00:00+01:00\"", Unit::Ns, &utc), Ok(0));
        assert_eq!(read("\"1970-01-01 00:00:00\"", Unit::Ms, &utc), Ok(0));
        assert_eq!(read("\"1970-01-02\"", Unit::Ms, &utc), Ok(86_400_000));
        assert_eq!(read("\"1969-12-31T23:59:59.9999Z\"", Unit::Ms, &utc), Ok(-1));
        assert_eq!(read("1500", Unit::Us, &utc), Ok(1_500_000));
        assert_eq!(read("1.5", Unit::Us, &utc), Ok(1500));
        assert!(read("\"soon\"", Unit::Us, &utc).unwrap_err().contains("--timestamp"));
        assert!(read("true", Unit::Us, &utc).is_err());
        assert!(read("9223372036854775807", Unit::Ns, &utc).unwrap_err().contains("too far"));
        let seconds = Times { text: TimeText::Count(1_000_000_000), zone: TimeZone::UTC };
        assert_eq!(read("1.123456789123", Unit::Ns, &seconds), Ok(1_123_456_789));
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let log = Times { text: TimeText::Format("%d/%b/%Y:%H:%M:%S".to_owned()), zone: berlin };
        assert_eq!(read("\"01/Jan/1970:01:00:00\"", Unit::Ms, &log), Ok(0));
        assert_eq!(moment(b"\"1970-01-01T00:00:01\"", Unit::Ms, false, &utc), Ok(1000));
        assert!(moment(b"\"1970-01-01T00:00:01Z\"", Unit::Ms, false, &utc).is_err());
        assert_eq!((days("1970-01-02"), days("1969-12-31"), days("1970-01-02T00:00")), (Some(1), Some(-1), None));
    }
}
