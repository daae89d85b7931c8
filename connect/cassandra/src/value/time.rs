//! Times and dates.

use jiff::civil;
use sstream::connect::TimeForm;

/// Ms since 1970, of a number of these or of RFC 3339.
pub fn timestamp(json: &[u8]) -> Option<i64> {
    TimeForm::default().read(json).ok()
}

/// The day of a date as `2016-07-23`: 1970-01-01 is 2^31.
pub fn date(text: &str) -> Option<u32> {
    const FIRST: civil::Date = civil::date(1970, 1, 1);
    // A date with a time behind it is read as a date too, and would lose the time.
    let date: civil::Date = text.parse().ok().filter(|_| text.len() == "2016-07-23".len())?;
    u32::try_from(i64::from((date - FIRST).get_days()) + (1 << 31)).ok()
}

/// The nanoseconds since midnight of a time as `14:11:50.123`.
pub fn time(text: &str) -> Option<i64> {
    let is_form = text.as_bytes().get(2) == Some(&b':') && text.bytes().all(|byte| b"0123456789:.".contains(&byte));
    let time: civil::Time = text.parse().ok().filter(|_| is_form)?;
    // There is no 61st second here.
    let seconds = text.split(':').nth(2).unwrap_or("0");
    let since_midnight = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    (!seconds.starts_with("60")).then_some(since_midnight * 1_000_000_000 + i64::from(time.subsec_nanosecond()))
}
